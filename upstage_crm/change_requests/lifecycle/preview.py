"""Shows staff, before anything is sent, who would be mailed and what each reader would read.

It applies the same checks and the same masking as the proposal itself, and writes nothing. A test
compares it with what is sent. What the member who proposes may not see is masked besides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from upstage_crm.change_requests.lifecycle import create
from upstage_crm.change_requests.lifecycle.checks import (
    check,
    needs_second,
)
from upstage_crm.change_requests.model import policy_store
from upstage_crm.change_requests.model.field_change import FieldChange
from upstage_crm.change_requests.model.reasons import REASONS
from upstage_crm.change_requests.model.reviewers import is_trusted
from upstage_crm.change_requests.model.rules import (
    ReasonCode,
    RequestPath,
)
from upstage_crm.change_requests.model.tables import ChangeRequestRow
from upstage_crm.change_requests.model.views import FieldView
from upstage_crm.change_requests.reads import requests
from upstage_crm.core.languages import SOURCE, speaker
from upstage_crm.links.claims import Reviewer
from upstage_crm.orders.records import patron_orders
from upstage_crm.patrons.advice import Advice, AdviceCode, advise_reason
from upstage_crm.patrons.errors import UnknownPatron
from upstage_crm.patrons.fields import FIELDS, Context
from upstage_crm.patrons.queries import access_of, name_of, seen_name, values_of
from upstage_crm.patrons.spellings import mentions
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.patrons.visibility import FieldAccess, MailboxAccess
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.names import label_for_patrons
from upstage_crm.staff.roles import Role

_Mailbox = tuple[Reviewer, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one mailbox will read. `decides` is False for the notice that only tells."""

    reviewer: Reviewer
    mailbox: str
    decides: bool
    patron_name: str
    reason_text: str
    fields: tuple[FieldView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalPreview:
    """A proposal that could be sent now.

    `readings` come in the order of the mails: who is told first, then who decides. `standing` is
    the reference of the open request that proposes exactly this already ("" when none does),
    `replaced` are those of open requests that this one would supersede. `reason_sentence` is ""
    until a reason is chosen. `tells_current` says whether the current mailbox hears of it.
    `tickets` for performances to come go with the address, where that is to change.
    """

    readings: tuple[Reading, ...]
    proposer: str
    reason_sentence: str
    expires_at: datetime
    time_zone: str
    standing: str
    replaced: tuple[str, ...]
    needs_second: bool
    tells_current: bool
    advice: tuple[Advice, ...]
    tickets: int


def preview(
    context: StaffContext[object],
    *,
    patron_id: str,
    changes: Mapping[str, Mapping[str, str]],
    reason_code: ReasonCode | None,
    reason_text: str,
    parsing: Context,
    override: bool = False,
    ask_both: bool = False,
    path: RequestPath = RequestPath.LINK,
) -> ProposalPreview:
    """Return what `staff_commands.propose` with the same arguments would send; write nothing.

    `reason_text` is taken as typed: what is wrong with it is refused when it is sent.

    Raises:
        UnknownPatron, ChangeWaits, and all that `checks.check` raises.
    """
    session, actor, now = context.session, context.actor, context.now
    patron = session.get(PatronRow, patron_id)
    if patron is None:
        raise UnknownPatron
    policy = policy_store.for_proposal(session, now=now)
    parsed = check(
        context,
        patron=patron,
        changes=changes,
        parsing=parsing,
        policy=policy,
        override=override,
        ask_both=ask_both,
        path=path,
    )
    proposed = {change.field.key: change.proposed for change in parsed}
    standing = create.same_open_request(session, patron_id=patron_id, wanted=proposed, now=now)
    open_fields = requests.open_fields(session, patron_id)
    taken = {field: row for field, row in open_fields.items() if field in proposed}
    replaced = {row.request_id for row in taken.values()}
    if standing is None:
        create.ensure_none_waits(session, taken.values())
    return ProposalPreview(
        # No one is written to about a change at the desk before a second person has confirmed it.
        readings=()
        if path is RequestPath.DESK
        else _readings(patron, parsed, reason_text.strip(), actor.role, parsing.region, now),
        proposer=label_for_patrons(actor.label, speaker(SOURCE)),
        reason_sentence=REASONS[reason_code].sentence if reason_code else "",
        expires_at=now + policy.link_life,
        time_zone=patron.time_zone,
        standing=standing.reference if standing else "",
        needs_second=needs_second(policy, patron, parsed),
        tells_current=any(Reviewer.CURRENT in change.asked for change in parsed),
        replaced=() if standing else _references(session, replaced),
        advice=_advice(patron, parsed, reason_text, actor.role, parsing),
        tickets=patron_orders.future_tickets(session, patron_id, now=now)
        if any(change.field.is_mailbox for change in parsed)
        else 0,
    )


def _readings(
    patron: PatronRow,
    parsed: Sequence[FieldChange],
    reason_text: str,
    viewer: Role,
    home: str,
    now: datetime,
) -> tuple[Reading, ...]:
    asked = {reviewer for change in parsed for reviewer in change.asked}
    is_proven = is_trusted(patron.email_verified_at, now=now)
    return tuple(
        _reading(
            patron,
            parsed,
            MailboxAccess(reviewer, address, is_trusted=is_proven, home=home),
            reason_text,
            viewer,
        )
        for reviewer, address in _mailboxes(patron, parsed)
        if reviewer in asked
    )


def _reading(
    patron: PatronRow,
    parsed: Sequence[FieldChange],
    reader: MailboxAccess,
    reason_text: str,
    viewer: Role,
) -> Reading:
    reviewer, access = reader.reviewer, access_of(patron, viewer, home=reader.home)
    is_current = reviewer is Reviewer.CURRENT
    name = seen_name(patron, viewer) if reader.reads_freely else name_of(patron)
    return Reading(
        reviewer=reviewer,
        mailbox=access.mailbox(reader.address) if is_current else reader.address,
        decides=any(reviewer in change.binding for change in parsed),
        patron_name=reader.name(name),
        reason_text=reader.words(reason_text),
        fields=tuple(
            _as_read(change, access, reader)
            for change in parsed
            if reader.sees(change.field.key)
            and (not reader.is_stranger or reviewer in change.asked)
        ),
    )


def _mailboxes(patron: PatronRow, parsed: Sequence[FieldChange]) -> tuple[_Mailbox, _Mailbox]:
    """The two mailboxes that may be asked, in the order of their mails."""
    proposed = (change.field.mailbox(change.proposed) for change in parsed)
    new = next((mailbox for mailbox in proposed if mailbox), "")
    return (Reviewer.CURRENT, patron.email or ""), (Reviewer.PROPOSED, new)


def _as_read(change: FieldChange, access: FieldAccess, reader: MailboxAccess) -> FieldView:
    now, then = reader.values(change.field, change.current, change.proposed)
    # What the mailbox would read in full, the member who proposes may not see.
    if reader.reads(change.field, change.current, is_proposed=False):
        now = access.show(change.field, change.current)
    return FieldView(field=change.field.key, now=now, proposed=then)


def _references(session: Session, request_ids: set[str]) -> tuple[str, ...]:
    query = select(ChangeRequestRow.reference).where(col(ChangeRequestRow.id).in_(request_ids))
    return tuple(sorted(session.exec(query)))


def _advice(
    patron: PatronRow,
    parsed: Sequence[FieldChange],
    reason_text: str,
    viewer: Role,
    context: Context,
) -> tuple[Advice, ...]:
    of_values = [a for c in parsed for a in c.field.advise(c.proposed, c.current)]
    shown = "\n".join(change.field.show(change.proposed) for change in parsed)
    # Who may not see a value must not learn by guessing that it is this one.
    access, held = access_of(patron, viewer, home=context.region), values_of(patron)
    of_words = [
        Advice(AdviceCode.HELD_VALUE_IN_TEXT, {"label": entry.label.lower()})
        for entry in FIELDS.values()
        if access.sees(entry.key) and mentions(reason_text, entry, held)
    ]
    return (
        *of_values,
        *of_words,
        *advise_reason(reason_text, proposed=shown, region=context.region),
    )
