"""One value that can be right for many patrons, proposed to each of them.

Every patron is asked by a request of their own, in a transaction of its own, with every check and
tripwire of a single proposal. What the preview says may have changed by the time of the press.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from sqlmodel import col, select

from upstage_crm.change_requests.lifecycle import create, staff_commands
from upstage_crm.change_requests.lifecycle.checks import check, needs_second
from upstage_crm.change_requests.limits import proposal_limits
from upstage_crm.change_requests.limits.proposal_limits import Aim
from upstage_crm.change_requests.model import policy_store
from upstage_crm.change_requests.model.errors import (
    AlreadyProposed,
    FieldHidden,
    NothingHeld,
    NothingProposed,
    NothingToChange,
    TooManyProposals,
)
from upstage_crm.change_requests.model.field_change import FieldChange
from upstage_crm.change_requests.model.policy import Policy
from upstage_crm.change_requests.model.rules import HeldFor, ReasonCode
from upstage_crm.change_requests.model.thresholds import Verdict, judge
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.change_requests.reads import requests
from upstage_crm.core.errors import Invalid, UpstageError
from upstage_crm.organisation.settings import home
from upstage_crm.patrons.errors import UnknownField
from upstage_crm.patrons.fields import FIELDS, Context, Part, ProtectedField
from upstage_crm.patrons.queries import access_of, seen_name, values_of
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.staff.command_context import StaffContext

SHARED: Mapping[str, Part] = {
    part.name: part for entry in FIELDS.values() for part in entry.parts if part.is_shared
}
"""The parts that can be proposed for many patrons, by their columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedChange:
    """`text` for one column of `SHARED`; the rest of the field stays as each record holds it."""

    column: str
    text: str
    reason_code: ReasonCode
    reason_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A patron who cannot be asked: the name as the member reads it, and the refusal."""

    name: str
    number: int
    error: UpstageError


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPreview:
    """Who would be asked, as ids in the order of the requests, and who is left out.

    `held` counts those whose request waits before any email leaves, by what it waits for;
    `refused` those whom the limit of a member's proposals would not let through any more.
    """

    applies: tuple[str, ...]
    held: Mapping[HeldFor, int]
    refused: int
    left_out: tuple[LeftOut, ...]


def preview(
    context: StaffContext[object],
    patron_ids: Collection[str],
    change: SharedChange,
    *,
    parsing: Context,
) -> SharedPreview:
    """Return what `propose` for each of these patrons would do now; nothing is locked or written.

    Raises:
        UnknownField, NothingProposed; Invalid: the value can be right for no patron.
    """
    field, session = _field_of(change), context.session
    policy = policy_store.for_proposal(session, now=context.now)
    query = select(PatronRow).where(col(PatronRow.id).in_(patron_ids)).order_by(col(PatronRow.id))
    asked: list[tuple[PatronRow, bool]] = []
    left_out: list[LeftOut] = []
    for patron in session.exec(query).all():
        try:
            parsed = _checked(context, patron, field, change, parsing=parsing, policy=policy)
        except UpstageError as error:
            if _is_of_value(error, change):
                raise
            left_out.append(_left_out(context, patron, error))
        else:
            asked.append((patron, needs_second(policy, patron, parsed)))
    held, refused = _forecast(context, asked, policy)
    return SharedPreview(
        applies=tuple(patron.id for patron, _second in asked),
        held=held,
        refused=refused,
        left_out=tuple(left_out),
    )


def propose(
    context: StaffContext[Notifier], *, patron_id: str, change: SharedChange, parsing: Context
) -> staff_commands.Proposed:
    """Propose the value to one patron; the caller notes a refusal: `proposal_limits.note_refused`.

    Raises:
        FieldHidden, NothingHeld, UnknownField, NothingProposed; all that `staff_commands.propose`
        raises.
    """
    field = _field_of(change)
    patron = proposal_limits.lock(context.session, actor=context.actor, patron_id=patron_id)
    return staff_commands.propose(
        context,
        patron_id=patron_id,
        changes=_corrected(context, patron, field, change),
        reason_code=change.reason_code,
        reason_text=change.reason_text,
        parsing=parsing,
    )


def stops_all(error: UpstageError) -> bool:
    """Whether what refused one patron refuses all that would follow: the member's own limit."""
    return type(error) is TooManyProposals


def typed(change: SharedChange) -> dict[str, dict[str, str]]:
    """What the member typed, by field and column: what the tripwires count of a refusal."""
    return {_field_of(change).key: {change.column: change.text}}


def named(
    context: StaffContext[object], refused: Mapping[str, UpstageError]
) -> tuple[LeftOut, ...]:
    """The patrons of refusals, which come by patron id, as the member reads them."""
    query = select(PatronRow).where(col(PatronRow.id).in_(refused)).order_by(col(PatronRow.id))
    return tuple(
        _left_out(context, patron, refused[patron.id]) for patron in context.session.exec(query)
    )


def _left_out(context: StaffContext[object], patron: PatronRow, error: UpstageError) -> LeftOut:
    name = seen_name(patron, context.actor.role)
    return LeftOut(name=name, number=patron.number, error=error)


def _field_of(change: SharedChange) -> ProtectedField:
    if change.column not in SHARED:
        raise UnknownField(key=change.column)
    if not change.text.strip():
        raise NothingProposed
    return next(entry for entry in FIELDS.values() if change.column in entry.columns)


def _checked(
    context: StaffContext[object],
    patron: PatronRow,
    field: ProtectedField,
    change: SharedChange,
    *,
    parsing: Context,
    policy: Policy,
) -> tuple[FieldChange, ...]:
    session, now = context.session, context.now
    parsed = check(
        context,
        patron=patron,
        changes=_corrected(context, patron, field, change),
        parsing=parsing,
        policy=policy,
        override=False,
    )
    wanted = {each.field.key: each.proposed for each in parsed}
    same = create.same_open_request(session, patron_id=patron.id, wanted=wanted, now=now)
    if same is not None:
        raise AlreadyProposed(reference=same.reference)
    standing = requests.open_fields(session, patron.id)
    create.ensure_none_waits(session, [standing[key] for key in wanted if key in standing])
    return parsed


def _corrected(
    context: StaffContext[object], patron: PatronRow, field: ProtectedField, change: SharedChange
) -> dict[str, dict[str, str]]:
    """The inputs of a proposal: the field as the record holds it, with the one part replaced.

    A member who does not read the field would learn from the answer what it holds.
    """
    access = access_of(patron, context.actor.role, home=home(context.session))
    if not access.sees(field.key):
        raise FieldHidden
    held = field.pick(values_of(patron))
    if field.is_empty(held):
        raise NothingHeld
    inputs = {column: text or "" for column, text in held.items()}
    return {field.key: {**inputs, change.column: change.text}}


def _is_of_value(error: UpstageError, change: SharedChange) -> bool:
    """Whether the proposed value itself is refused, for any patron."""
    if not isinstance(error, Invalid) or isinstance(error, NothingToChange):
        return False
    # Another part is at fault where a country needs what this one record does not hold.
    return error.facts.get("part", change.column) == change.column


def _forecast(
    context: StaffContext[object], asked: Collection[tuple[PatronRow, bool]], policy: Policy
) -> tuple[Mapping[HeldFor, int], int]:
    """What the tripwires would hold and refuse of so many proposals, as far as numbers tell."""
    found, refused = Counter[HeldFor](), 0
    first = next(iter(asked), None)
    if first is None:
        return found, refused
    thresholds = policy.thresholds
    own, hour = proposal_limits.count_attempts(
        context,
        patron=first[0],
        aim=Aim(),
        is_replacing=False,
        decides_alone=False,
        thresholds=thresholds,
    )
    for place, (_patron, second) in enumerate(asked):
        counts = replace(
            own,
            blink=own.blink + place,
            recent=own.recent + place,
            hour=own.hour + place,
            night=own.night + place,
            attempts=own.attempts + place,
            high_value=0,
            has_alert=own.has_alert or found[HeldFor.QUARANTINE] > 0,
        )
        verdict = judge(counts, thresholds, local_hour=hour).verdict
        held = proposal_limits.held_for(verdict, needs_second=second)
        if verdict is Verdict.REFUSED:
            refused += 1
        elif held is not None:
            found[held] += 1
    return found, refused
