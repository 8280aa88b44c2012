"""Removes a record's protection, and changes its status: what a thief does before proposing.

Protection keeps a new address from counting without the old one's yes. A record that is not active
lets go of its address, so that another record may have it. Both leave a reason in the trail;
removing protection takes two people, and so does the status of a record with a stake.
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, AuditEvent, Channel
from upstage_crm.change_requests.disputes import freezing
from upstage_crm.change_requests.model.dispute_tables import RecordChangeRow
from upstage_crm.change_requests.model.errors import (
    AlreadyWaiting,
    NoteMissing,
    NothingWaits,
    PatronFrozen,
    RecordMoved,
    StatusRefused,
)
from upstage_crm.change_requests.model.rules import (
    Cause,
    RecordChangeKind,
)
from upstage_crm.change_requests.notifications import record_change_mails
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.change_requests.reads import evidence, revert_windows, second_person
from upstage_crm.core.ids import new_id
from upstage_crm.core.text import REMARK_LIMIT, clean_block
from upstage_crm.patrons import marks
from upstage_crm.patrons import queries as patron_queries
from upstage_crm.patrons.errors import PatronErased
from upstage_crm.patrons.tables import PatronRow, PatronStatus
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, StaffMember, ensure_may, may

BY_HAND = (PatronStatus.ACTIVE, PatronStatus.INACTIVE, PatronStatus.DECEASED)


def needs_second(session: Session, patron: PatronRow, *, now: datetime) -> bool:
    """Whether a change of this patron's status takes a second person.

    It does where there is something to lose, and while a change may still be undone: nothing
    comes back to a record that is not active.
    """
    is_undoable = bool(revert_windows.of_patron(session, patron.id, now=now))
    return is_undoable or evidence.is_worth_a_theft(session, patron, now=now)


def find_waiting(session: Session, patron_id: str) -> tuple[RecordChangeRow, ...]:
    """The changes of a record that wait for their second person; one of a kind at most."""
    query = select(RecordChangeRow).where(
        RecordChangeRow.patron_id == patron_id,
        col(RecordChangeRow.done_at).is_(None),
        col(RecordChangeRow.declined_at).is_(None),
    )
    return tuple(session.exec(query.order_by(col(RecordChangeRow.id))))


def ask_to_unprotect(context: StaffContext[object], *, patron_id: str, reason: str) -> None:
    """Ask for the removal of a protection; it stays until another member confirms.

    Raises:
        Forbidden, UnknownPatron, PatronErased; OwnRecord: it is the actor's own record.
        NoteMissing: without a reason. InvalidText: it is too long.
        RecordMoved: the patron is not protected. AlreadyWaiting.
    """
    ensure_may(context.actor, Permission.PROTECT_PATRON)
    patron = _begun(context.session, context.actor, patron_id, reason)
    if not patron.is_protected:
        raise RecordMoved
    kind = RecordChangeKind.UNPROTECT
    _ask(context, patron, kind=kind, reason=reason, needs_second=True)


def change_status(
    context: StaffContext[Notifier], *, patron_id: str, status: PatronStatus, reason: str
) -> bool:
    """Change a record's status, or ask for it where it takes a second person.

    What is open about a patron who is not active any more is withdrawn. Returns whether it is
    done.

    Raises:
        Forbidden, UnknownPatron, PatronErased; OwnRecord: it is the actor's own record.
        NoteMissing: without a reason. InvalidText: it is too long.
        StatusRefused: it is the record's own, or none that is chosen by hand.
        PatronFrozen: the record is in dispute. AlreadyWaiting.
        AddressTaken: another live patron has the address meanwhile.
    """
    session = context.session
    ensure_may(context.actor, Permission.CHANGE_STATUS)
    patron = _begun(session, context.actor, patron_id, reason)
    if status is patron.status or status not in BY_HAND:
        raise StatusRefused
    if evidence.is_frozen(session, patron_id):
        raise PatronFrozen
    row = _ask(
        context,
        patron,
        kind=RecordChangeKind.STATUS,
        reason=reason,
        needs_second=needs_second(session, patron, now=context.now),
        status=status,
    )
    if row.needs_second:
        return False
    _carry_out(context, row, patron)
    return True


def confirm(context: StaffContext[Notifier], *, patron_id: str, kind: RecordChangeKind) -> None:
    """Confirm as second person what waits, and carry it out.

    The patron's mailbox is told that a protection was removed.

    Raises:
        Forbidden, UnknownPatron; NothingWaits: nothing of this kind waits.
        All that `second_person.ensure_second` raises.
        RecordMoved: the record is not what it was. PatronFrozen: it is in dispute.
        AddressTaken: another live patron has the address meanwhile.
    """
    session, actor = context.session, context.actor
    ensure_may(actor, Permission.CONFIRM_RECORD_CHANGE)
    patron = patron_queries.lock(session, patron_id)
    row = _waiting(session, patron_id, kind)
    second_person.ensure_second(context, first_id=row.requested_by, patron=patron)
    if kind is RecordChangeKind.STATUS and evidence.is_frozen(session, patron_id):
        raise PatronFrozen
    row.confirmed_by, row.confirmed_label, row.confirmed_at = (
        actor.id,
        actor.label,
        context.now,
    )
    session.add(row)
    session.flush()
    _carry_out(context, row, patron)


def decline(
    context: StaffContext[object], *, patron_id: str, kind: RecordChangeKind, note: str
) -> None:
    """Refuse what waits, or take back what one asked for oneself: the record stays as it is.

    Raises:
        Forbidden, UnknownPatron; NothingWaits: nothing of this kind waits.
        NoteMissing: why has to be said. InvalidText: it is too long.
    """
    session = context.session
    words = clean_block(note, REMARK_LIMIT)
    patron = patron_queries.lock(session, patron_id)
    row = _waiting(session, patron_id, kind)
    if not may_decline(context.actor, row):
        ensure_may(context.actor, Permission.CONFIRM_RECORD_CHANGE)
    if not words:
        raise NoteMissing
    row.declined_at = context.now
    session.add(row)
    session.flush()
    _record(context, Action.RECORD_CHANGE_DECLINED, patron, row, {"note": words})


def may_decline(actor: StaffMember, row: RecordChangeRow) -> bool:
    """Whether a member may stop what waits: its requester may, and those who may confirm it."""
    return row.requested_by == actor.id or may(actor, Permission.CONFIRM_RECORD_CHANGE)


def _begun(session: Session, actor: StaffMember, patron_id: str, reason: str) -> PatronRow:
    """The locked patron, once the actor and the reason are fit to ask for something."""
    if not clean_block(reason, REMARK_LIMIT):
        raise NoteMissing
    patron = patron_queries.lock(session, patron_id)
    second_person.ensure_not_own(actor, patron)
    if patron.status is PatronStatus.ERASED:
        raise PatronErased
    return patron


def _ask(
    context: StaffContext[object],
    patron: PatronRow,
    *,
    kind: RecordChangeKind,
    reason: str,
    needs_second: bool,
    status: PatronStatus | None = None,
) -> RecordChangeRow:
    session = context.session
    if any(row.kind is kind for row in find_waiting(session, patron.id)):
        raise AlreadyWaiting
    row = RecordChangeRow(
        id=new_id(context.now),
        patron_id=patron.id,
        kind=kind,
        status_from=patron.status if status else None,
        status_to=status,
        needs_second=needs_second,
        reason=clean_block(reason, REMARK_LIMIT),
        requested_by=context.actor.id,
        requested_label=context.actor.label,
        requested_at=context.now,
    )
    session.add(row)
    session.flush()
    if needs_second:
        values = {"note": row.reason}
        _record(context, Action.RECORD_CHANGE_ASKED, patron, row, values)
    return row


def _carry_out(context: StaffContext[Notifier], row: RecordChangeRow, patron: PatronRow) -> None:
    """Change the record; the guard lets it through while the row is confirmed and not done."""
    session, now = context.session, context.now
    action, withdrawn = Action.PATRON_UNPROTECTED, list[AuditEvent]()
    if row.kind is RecordChangeKind.UNPROTECT:
        if not patron.is_protected:
            raise RecordMoved
        marks.unprotect(session, patron_id=patron.id)
        record_change_mails.tell_unprotected(context, patron, key=row.id)
    else:
        assert row.status_to is not None
        if patron.status is not row.status_from:
            raise RecordMoved
        action = Action.STATUS_CHANGED
        if row.status_to is not PatronStatus.ACTIVE:
            withdrawn = freezing.withdraw_all(context, patron, Cause.PATRON_INACTIVE)
        marks.change_status(session, row=patron, status=row.status_to, now=now)
    row.done_at = now
    session.add(row)
    session.flush()
    trail.record(
        session,
        [*withdrawn, _event(action, context.actor, patron, row, {"note": row.reason})],
        now=now,
    )


def _waiting(session: Session, patron_id: str, kind: RecordChangeKind) -> RecordChangeRow:
    waiting = [row for row in find_waiting(session, patron_id) if row.kind is kind]
    if not waiting:
        raise NothingWaits
    return waiting[0]


def _record(
    context: StaffContext[object],
    action: Action,
    patron: PatronRow,
    row: RecordChangeRow,
    values: dict[str, str],
) -> None:
    trail.record(
        context.session, [_event(action, context.actor, patron, row, values)], now=context.now
    )


def _event(
    action: Action,
    actor: StaffMember,
    patron: PatronRow,
    row: RecordChangeRow,
    values: dict[str, str],
) -> AuditEvent:
    facts: dict[str, str | int | bool | None] = {"kind": row.kind.value, "first": row.requested_by}
    if row.status_to is not None and row.status_from is not None:
        facts |= {"status.old": row.status_from.value, "status.new": row.status_to.value}
    return AuditEvent(
        action=action,
        actor=actor.as_actor(),
        channel=Channel.CRM,
        patron_id=patron.id,
        facts=facts,
        values=dict(values),
    )
