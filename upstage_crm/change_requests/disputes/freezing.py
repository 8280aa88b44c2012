"""Freezes a record that is in dispute; what two staff members find out together ends that."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlmodel import Session, col, select

from upstage_crm.audit import trail
from upstage_crm.audit.events import SYSTEM, Action, AuditEvent, Channel
from upstage_crm.change_requests.disputes import suppressions
from upstage_crm.change_requests.lifecycle.locked_request import LockedRequest
from upstage_crm.change_requests.model.dispute_tables import PatronFreezeRow
from upstage_crm.change_requests.model.errors import (
    NoteMissing,
    NotFrozen,
    OtherFinding,
)
from upstage_crm.change_requests.model.rules import (
    Cause,
    DeskMethod,
    Finding,
    FreezeCause,
)
from upstage_crm.change_requests.model.tables import ChangeRequestRow
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.change_requests.reads import evidence, requests, second_person
from upstage_crm.core.ids import new_id
from upstage_crm.core.text import REMARK_LIMIT, clean_block
from upstage_crm.links.claims import Reviewer
from upstage_crm.patrons import marks
from upstage_crm.patrons import queries as patron_queries
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.staff import accounts
from upstage_crm.staff.command_context import CommandContext, StaffContext
from upstage_crm.staff.roles import Permission, ensure_may


def withdraw_others(
    locked: LockedRequest,
    cause: Cause,
    *,
    channel: Channel,
    field_keys: Collection[str] | None = None,
) -> None:
    """Withdraw the patron's other open requests, or those about `field_keys`, for a cause."""
    standing = requests.open_fields(locked.session, locked.patron.id)
    request_ids = {
        change.request_id
        for key, change in standing.items()
        if field_keys is None or key in field_keys
    }
    for request_id in sorted(request_ids - {locked.request.id}):
        other = locked.other(request_id)
        other.withdraw(cause, channel=channel)
        locked.events += other.events


def withdraw_all(
    context: CommandContext[Notifier], patron: PatronRow, cause: Cause
) -> list[AuditEvent]:
    """Withdraw every open request of a locked patron; return what is to be recorded."""
    standing = requests.open_fields(context.session, patron.id)
    events: list[AuditEvent] = []
    for request_id in sorted({change.request_id for change in standing.values()}):
        request = requests.lock(context.session, request_id)
        locked = LockedRequest.opened(context, patron=patron, request=request)
        locked.withdraw(cause, channel=Channel.CRM)
        events += locked.events
    return events


def freeze(locked: LockedRequest, cause: FreezeCause, *, channel: Channel, outcome: str) -> None:
    """Freeze the patron's record, and alert everybody who may clear it; once for each dispute.

    `outcome` says in a short phrase what happened to the request.
    """
    if evidence.is_frozen(locked.session, locked.patron.id):
        return
    row = PatronFreezeRow(
        id=new_id(locked.now),
        patron_id=locked.patron.id,
        request_id=locked.request.id,
        cause=cause,
        opened_at=locked.now,
    )
    locked.session.add(row)
    locked.session.flush()
    marks.flag(locked.session, patron_id=locked.patron.id)
    locked.note(Action.PATRON_FROZEN, SYSTEM, channel, facts={"cause": cause.value})
    locked.notifier.tell_frozen(
        locked.session,
        locked.matter(),
        to=accounts.who_may(locked.session, Permission.CLEAR_FREEZE),
        outcome=outcome,
        key=row.id,
        now=locked.now,
    )


def clear(
    context: StaffContext[object],
    *,
    patron_id: str,
    note: str,
    finding: Finding = Finding.NOTHING_WRONG,
    method: DeskMethod | None = None,
) -> bool:
    """Say what was found out about a dispute, and how; the second member who agrees ends it.

    A finding that a mailbox is not the patron's puts it out, and needs no dispute: a former partner
    with the old mailbox must not stop every change for ever. Returns whether it is ended now.

    Raises:
        Forbidden, UnknownPatron, NotFrozen; OwnRecord: it is the actor's own record.
        NoteMissing: what was found has to be said, and how. InvalidText: it is too long.
        All that `second_person.ensure_second` raises, once a colleague has looked.
        OtherFinding: the first member found out something else.
    """
    session, actor, now = context.session, context.actor, context.now
    ensure_may(actor, Permission.CLEAR_FREEZE)
    words = clean_block(note, REMARK_LIMIT)
    patron = patron_queries.lock(session, patron_id)
    row = evidence.find_freeze(session, patron_id)
    if not words or (finding is not Finding.NOTHING_WRONG and method is None):
        if row is None and finding is Finding.NOTHING_WRONG and not patron.is_flagged:
            raise NotFrozen
        raise NoteMissing
    first_id = row.first_id if row else None
    second_person.ensure_second(context, first_id=first_id, patron=patron)
    if row is None:
        row = _opened_by_staff(session, patron, finding, now)
    is_second = row.first_id is not None
    if is_second and (row.finding or Finding.NOTHING_WRONG) is not finding:
        raise OtherFinding(finding=(row.finding or Finding.NOTHING_WRONG).value)
    mailbox = _found_not_to_be_theirs(session, row, patron, finding)
    if is_second:
        row.second_id, row.second_label, row.second_note = (
            actor.id,
            actor.label,
            words,
        )
        row.cleared_at = now
    else:
        row.first_id, row.first_label, row.first_note = actor.id, actor.label, words
        row.first_at, row.finding, row.method = now, finding, method
    session.add(row)
    session.flush()
    events = [
        AuditEvent(
            action=Action.FREEZE_CLEARED if is_second else Action.FREEZE_LOOKED_AT,
            actor=actor.as_actor(),
            channel=Channel.CRM,
            patron_id=patron_id,
            request_id=row.request_id,
            facts={"finding": finding.value, "method": method.value if method else None},
            values={"note": words},
        )
    ]
    if is_second:
        marks.unflag(session, patron_id=patron_id)
        if mailbox is not None:
            events += suppressions.found_out(context, row=row, address=mailbox, finding=finding)
    trail.record(session, events, now=now)
    return is_second


def _opened_by_staff(
    session: Session, patron: PatronRow, finding: Finding, now: datetime
) -> PatronFreezeRow:
    """The dispute that a first finding begins, about the newest request of a patron."""
    if finding is Finding.NOTHING_WRONG and not patron.is_flagged:
        raise NotFrozen
    newest = (
        select(ChangeRequestRow.id)
        .where(ChangeRequestRow.patron_id == patron.id)
        .order_by(col(ChangeRequestRow.id).desc())
    )
    request_id = session.exec(newest).first()
    if request_id is None:
        raise NotFrozen
    row = PatronFreezeRow(
        id=new_id(now),
        patron_id=patron.id,
        request_id=request_id,
        cause=FreezeCause.ASKED_BY_STAFF,
        opened_at=now,
    )
    session.add(row)
    session.flush()
    return row


def _found_not_to_be_theirs(
    session: Session, row: PatronFreezeRow, patron: PatronRow, finding: Finding
) -> str | None:
    """The mailbox that a finding puts out: the record's own, or the one that objected."""
    if finding is Finding.NOTHING_WRONG:
        return None
    if finding is Finding.CURRENT_NOT_PATRONS:
        found = patron.email
    else:
        changes = requests.fields_of(session, [row.request_id]).get(row.request_id, [])
        displaced = (requests.mailbox_of(change, Reviewer.CURRENT) for change in changes)
        found = next((mailbox for mailbox in displaced if mailbox), None)
    if found is None:
        raise NotFrozen
    return found
