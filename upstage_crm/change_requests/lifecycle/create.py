"""Writes a new request, and ends the open ones that it supersedes. Proposal and desk share it.

The patron is locked and everything has been checked before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from upstage_crm.audit.events import Action, Actor, Channel
from upstage_crm.audit.trail import canonical
from upstage_crm.change_requests.lifecycle import locked_request
from upstage_crm.change_requests.lifecycle.checks import key_of
from upstage_crm.change_requests.lifecycle.locked_request import LockedRequest
from upstage_crm.change_requests.model.errors import ChangeWaits
from upstage_crm.change_requests.model.field_change import FieldChange
from upstage_crm.change_requests.model.policy import Policy, to_json
from upstage_crm.change_requests.model.rules import (
    ChangeKind,
    FieldOutcome,
    HeldFor,
    ReasonCode,
    RequestPath,
    RequestState,
)
from upstage_crm.change_requests.model.tables import ChangeRequestRow, FieldChangeRow, ReviewRow
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.change_requests.reads import requests
from upstage_crm.change_requests.reads.references import references
from upstage_crm.core.ids import new_id, new_reference
from upstage_crm.links.claims import Reviewer
from upstage_crm.mail.message import MailKind
from upstage_crm.patrons import fields
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.staff.command_context import CommandContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposer:
    """Whose wish a request is: a staff member's, or the patron's own. `id` is None for a patron."""

    id: str | None
    label: str
    actor: Actor
    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a new request says besides its fields; `reason_text` is cleaned already."""

    reason_code: ReasonCode
    reason_text: str
    held_for: HeldFor | None = None
    path: RequestPath = RequestPath.LINK


def start(
    context: CommandContext[Notifier],
    *,
    by: Proposer,
    patron: PatronRow,
    parsed: Sequence[FieldChange],
    draft: Draft,
    policy: Policy,
) -> tuple[LockedRequest, list[Superseded]]:
    """Write a request with its field changes and reviews; return it and what it superseded."""
    session, now = context.session, context.now
    keys = [change.field.key for change in parsed]
    replaced = supersede(context, by=by, patron=patron, field_keys=keys)
    expires_at = now + policy.link_life
    request = ChangeRequestRow(
        id=new_id(now),
        reference=_free_reference(session),
        patron_id=patron.id,
        state=RequestState.HELD if draft.held_for else RequestState.PENDING,
        reason_code=draft.reason_code,
        reason_text=draft.reason_text,
        proposer_id=by.id,
        proposer_label=by.label,
        created_at=now,
        expires_at=expires_at,
        last_sent_at=now,
        policy=to_json(policy),
        path=draft.path,
        held_for=draft.held_for,
    )
    session.add(request)
    session.flush()
    _add_changes(session, request, patron, parsed)
    locked = LockedRequest.opened(context, patron=patron, request=request)
    return locked, replaced


def proposed_values(locked: LockedRequest) -> dict[str, str | None]:
    """The personal values of a new request, named as the trail names them."""
    words = locked.request.reason_text
    values: dict[str, str | None] = {"reason": words} if words else {}
    for change in locked.changes:
        values |= locked_request.old_and_new(change)
    return values


def _add_changes(
    session: Session,
    request: ChangeRequestRow,
    patron: PatronRow,
    parsed: Sequence[FieldChange],
) -> None:
    is_desk = request.path is RequestPath.DESK
    for change in parsed:
        row = FieldChangeRow(
            id=new_id(request.created_at),
            request_id=request.id,
            patron_id=patron.id,
            field=change.field.key,
            current_value=canonical(dict(change.current)),
            proposed_value=canonical(dict(change.proposed)),
            proposed_key=key_of(change.field, change.proposed),
            kind=ChangeKind.DESK if is_desk else ChangeKind.CHANGE,
            outcome=FieldOutcome.HELD if request.held_for else FieldOutcome.PENDING,
        )
        session.add(row)
        session.flush()
        for reviewer in change.asked:
            is_proposed = reviewer is Reviewer.PROPOSED and change.field.is_mailbox
            mailbox = change.field.mailbox(change.proposed) if is_proposed else patron.email
            session.add(
                ReviewRow(
                    id=new_id(request.created_at),
                    field_change_id=row.id,
                    request_id=request.id,
                    reviewer=reviewer,
                    mailbox=mailbox or "",
                    is_binding=reviewer in change.binding,
                )
            )
    session.flush()


def _free_reference(session: Session) -> str:
    while True:
        reference = new_reference()
        query = select(ChangeRequestRow.id).where(ChangeRequestRow.reference == reference)
        if session.exec(query).first() is None:
            return reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Superseded:
    """The fields of one older request that ended, and who had heard of it."""

    locked: LockedRequest
    changes: list[FieldChangeRow]
    told: list[Reviewer]


def supersede(
    context: CommandContext[Notifier],
    *,
    by: Proposer,
    patron: PatronRow,
    field_keys: Sequence[str],
) -> list[Superseded]:
    """End the open field changes of `field_keys`: a newer proposal takes their place.

    Returns what ended; record the events of each case, and call `say_goodbye` once it is known who
    gets the newer mail.

    Raises:
        ChangeWaits: an approved change of one of the fields is about to take effect.
    """
    session = context.session
    standing = requests.open_fields(session, patron.id)
    taken = [change for key, change in standing.items() if key in field_keys]
    ensure_none_waits(session, taken)
    ended: list[Superseded] = []
    for request_id in sorted({change.request_id for change in taken}):
        locked = LockedRequest.opened(
            context, patron=patron, request=requests.lock(session, request_id)
        )
        mailed = locked.mailed()
        superseded = [c for c in locked.undecided if c.field in field_keys]
        locked.settle(superseded, FieldOutcome.SUPERSEDED)
        facts = {"fields": ", ".join(change.field for change in superseded)}
        locked.note(Action.REQUEST_SUPERSEDED, by.actor, by.channel, facts=dict(facts))
        state = locked.close()
        if state.is_open:
            _ask_for_the_rest(locked)
        elif locked.request.answerable_id != by.id or state is not RequestState.SUPERSEDED:
            # Its replacer does not know what a patron had answered to its other fields.
            locked.tell_proposer()
        ended.append(Superseded(locked=locked, changes=superseded, told=mailed))
    return ended


def ensure_none_waits(session: Session, taken: Iterable[FieldChangeRow]) -> None:
    """What is approved and takes effect later is not superseded: staff may withdraw it.

    Raises:
        ChangeWaits.
    """
    for change in taken:
        if change.outcome is FieldOutcome.WAITING:
            reference = references(session, [change.request_id])[change.request_id]
            raise ChangeWaits(reference=reference, until=change.applies_at)


def say_goodbye(ended: Sequence[Superseded], *, besides: Collection[str | None]) -> None:
    """Tell every mailbox that heard of an ended request, except those in `besides`.

    Those get the newer request's own mail, which says more than a goodbye.
    """
    for old in ended:
        locked = old.locked
        if locked.request.state.is_open:
            continue
        matter = locked.matter(old.changes)
        locked.notifier.tell_ended(
            locked.session,
            matter,
            kind=MailKind.CHANGE_SUPERSEDED,
            to=[who for who in old.told if matter.address_of(who) not in besides],
            now=locked.now,
        )


def same_open_request(
    session: Session,
    *,
    patron_id: str,
    wanted: Mapping[str, Mapping[str, str | None]],
    now: datetime,
) -> ChangeRequestRow | None:
    """The open request that already proposes exactly `wanted` (field key → values by column).

    Another spelling is another value: José corrects Jose. A request whose time is up does not
    count, although it is not closed yet: it cannot be answered.
    """
    held = requests.open_fields(session, patron_id)
    same = [
        held[key].request_id
        for key, proposed in wanted.items()
        if key in held
        and fields.field(key).same(requests.values(held[key].proposed_value), proposed)
    ]
    matching = set(same)
    if len(same) != len(wanted) or len(matching) != 1:
        return None
    query = select(ChangeRequestRow).where(
        ChangeRequestRow.id == matching.pop(),
        sa.or_(
            col(ChangeRequestRow.state).in_((RequestState.HELD, RequestState.WAITING)),
            col(ChangeRequestRow.expires_at) > now,
        ),
    )
    return session.exec(query).first()


def _ask_for_the_rest(locked: LockedRequest) -> None:
    """What is left of a request is asked anew, if its question had not left yet."""
    unsent = locked_request.cancel_asking(
        locked.session, request_id=locked.request.id, now=locked.now
    )
    if unsent and locked.request.state is RequestState.PENDING:
        locked.ask(locked.undecided, again=True)
