"""Freezes a record that is in dispute, and clears it when two staff members have looked into it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import SYSTEM, Action, AuditEvent, Channel
from upstage_crm.change_requests import freezes, queries, second_person
from upstage_crm.change_requests.errors import NoteMissing, NotFrozen
from upstage_crm.change_requests.mails import Mailroom
from upstage_crm.change_requests.rules import Cause, FreezeCause
from upstage_crm.change_requests.settling import Case
from upstage_crm.change_requests.tables import PatronFreezeRow
from upstage_crm.core.ids import new_id
from upstage_crm.core.text import clean_block
from upstage_crm.patrons import commands as patrons
from upstage_crm.patrons import queries as patron_queries
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.staff import accounts
from upstage_crm.staff.roles import Permission, StaffMember, ensure_may

NOTE_LIMIT = 500  # characters


def withdraw_others(
    case: Case, cause: Cause, *, channel: Channel, field_keys: Collection[str] | None = None
) -> None:
    """Withdraw the patron's other open requests, or those about `field_keys`, for a cause."""
    standing = queries.open_fields(case.session, case.patron.id)
    wanted = {
        change.request_id
        for key, change in standing.items()
        if field_keys is None or key in field_keys
    }
    for request_id in sorted(wanted - {case.request.id}):
        other = Case.opened(
            case.session,
            patron=case.patron,
            request=queries.lock(case.session, request_id),
            mailroom=case.mailroom,
            now=case.now,
        )
        other.withdraw(cause, channel=channel)
        case.events += other.events


def withdraw_all(
    session: Session, patron: PatronRow, cause: Cause, *, mailroom: Mailroom, now: datetime
) -> list[AuditEvent]:
    """Withdraw every open request of a locked patron; return what is to be recorded."""
    standing = queries.open_fields(session, patron.id)
    events: list[AuditEvent] = []
    for request_id in sorted({change.request_id for change in standing.values()}):
        request = queries.lock(session, request_id)
        case = Case.opened(session, patron=patron, request=request, mailroom=mailroom, now=now)
        case.withdraw(cause, channel=Channel.CRM)
        events += case.events
    return events


def freeze(case: Case, cause: FreezeCause, *, channel: Channel, outcome: str) -> None:
    """Freeze the patron's record, and alert everybody who may clear it; once for each dispute.

    `outcome` says in a short phrase what happened to the request.
    """
    if freezes.is_frozen(case.session, case.patron.id):
        return
    row = PatronFreezeRow(
        id=new_id(case.now),
        patron_id=case.patron.id,
        request_id=case.request.id,
        cause=cause,
        opened_at=case.now,
    )
    case.session.add(row)
    case.session.flush()
    patrons.flag(case.session, patron_id=case.patron.id)
    case.note(Action.PATRON_FROZEN, SYSTEM, channel, facts={"cause": cause.value})
    case.mailroom.tell_frozen(
        case.session,
        case.matter(),
        to=accounts.who_may(case.session, Permission.CLEAR_FREEZE),
        outcome=outcome,
        key=row.id,
        now=case.now,
    )


def clear(
    session: Session, *, actor: StaffMember, patron_id: str, note: str, now: datetime
) -> bool:
    """Say that a frozen record was looked into; the second member who says so clears it.

    Returns whether the record is cleared now.

    Raises:
        Forbidden, UnknownPatron, NotFrozen; OwnRecord: it is the actor's own record.
        NoteMissing: what was found has to be said. InvalidText: it is too long.
        All that `second_person.ensure_second` raises, once somebody has looked.
    """
    ensure_may(actor, Permission.CLEAR_FREEZE)
    words = clean_block(note, NOTE_LIMIT)
    patron = patron_queries.lock(session, patron_id)
    row = freezes.find(session, patron_id)
    if row is None:
        raise NotFrozen
    if not words:
        raise NoteMissing
    second_person.ensure_second(session, actor, first_id=row.first_id, patron=patron, now=now)
    is_second = row.first_id is not None
    if is_second:
        row.second_id, row.second_label, row.second_note = actor.id, actor.label, words
        row.cleared_at = now
    else:
        row.first_id, row.first_label, row.first_note = actor.id, actor.label, words
        row.first_at = now
    session.add(row)
    session.flush()
    if is_second:
        patrons.unflag(session, patron_id=patron_id)
    event = AuditEvent(
        action=Action.FREEZE_CLEARED if is_second else Action.FREEZE_LOOKED_AT,
        actor=actor.as_actor(),
        channel=Channel.CRM,
        patron_id=patron_id,
        request_id=row.request_id,
        values={"note": words},
    )
    trail.record(session, [event], now=now)
    return is_second
