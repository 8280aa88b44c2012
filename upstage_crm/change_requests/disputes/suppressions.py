"""Two staff members let us write to an address again, or find out that it is not the patron's."""

from __future__ import annotations

from sqlmodel import Session, col, select

from upstage_crm.audit import recorded, trail
from upstage_crm.audit.events import Action, AuditEvent, Channel
from upstage_crm.change_requests.model.dispute_tables import PatronFreezeRow
from upstage_crm.change_requests.model.errors import (
    NoteMissing,
    NotSuppressed,
)
from upstage_crm.change_requests.model.rules import Finding
from upstage_crm.change_requests.model.tables import ChangeRequestRow
from upstage_crm.change_requests.model.views import SuppressionView
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.change_requests.reads import requests, second_person
from upstage_crm.core.email_address import parse_email
from upstage_crm.core.text import REMARK_LIMIT, clean_block
from upstage_crm.organisation.settings import details
from upstage_crm.patrons import suppressions
from upstage_crm.patrons.tables import PatronRow, SuppressedAddressRow
from upstage_crm.patrons.views import SuppressionCause
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, StaffMember, ensure_may


def lift(context: StaffContext[Notifier], *, suppression_id: str, note: str) -> bool:
    """Let us write to a suppressed address again; the second member who says so lifts it.

    The first has to say why; the address hears of it by a mail. Returns whether it is lifted now.

    Raises:
        Forbidden; NotSuppressed: it is not (any more).
        NoteMissing: the first has to give a reason. InvalidText: it is too long.
        All that `second_person.ensure_second` raises, once a colleague has asked for it.
    """
    session, actor, now = context.session, context.actor, context.now
    ensure_may(actor, Permission.CLEAR_FREEZE)
    words = clean_block(note, REMARK_LIMIT)
    row = _locked(session, suppression_id)
    patron = session.get_one(PatronRow, requests.patron_of(session, row.request_id))
    second_person.ensure_second(context, first_id=row.first_id, patron=patron)
    is_second = row.first_id is not None
    if not is_second and not words:
        raise NoteMissing
    if is_second:
        row.second_id, row.second_label, row.lifted_at = (
            actor.id,
            actor.label,
            now,
        )
    else:
        row.first_id, row.first_label, row.first_note = actor.id, actor.label, words
    session.add(row)
    session.flush()
    if is_second:
        context.notifier.tell_lifted(
            session,
            address=row.address_key,
            patron=patron if row.patron_id else None,
            request=session.get_one(ChangeRequestRow, row.request_id),
            key=row.id,
            organisation=details(session),
            now=now,
        )
    action = Action.SUPPRESSION_LIFTED if is_second else Action.LIFTING_ASKED
    trail.record(session, [_event(row, action, actor, words)], now=now)
    return is_second


def of_request(session: Session, request_id: str) -> SuppressionView | None:
    """The suppression that came of a request and still stands, if there is one."""
    query = select(SuppressedAddressRow).where(
        SuppressedAddressRow.request_id == request_id,
        col(SuppressedAddressRow.lifted_at).is_(None),
    )
    row = session.exec(query.order_by(col(SuppressedAddressRow.id))).first()
    if row is None:
        return None
    return SuppressionView(
        id=row.id,
        address=row.address_key,
        cause=row.cause,
        created_at=row.created_at,
        first_id=row.first_id or "",
        first_label=row.first_label or "",
        first_note=row.first_note,
    )


def found_out(
    context: StaffContext[object], *, row: PatronFreezeRow, address: str, finding: Finding
) -> list[AuditEvent]:
    """Put a mailbox out that two members found not to be the patron's; record what is returned.

    Where it had objected, what it disowned may be written to again.
    """
    session, actor = context.session, context.actor
    key = parse_email(address).key
    requests.lock(session, row.request_id)  # what is suppressed belongs to the request
    suppressions.suppress(
        session,
        address_key=key,
        patron_id=row.patron_id,
        cause=SuppressionCause.FOUND,
        request_id=row.request_id,
        now=context.now,
    )
    events = [
        AuditEvent(
            action=Action.MAILBOX_OUT,
            actor=actor.as_actor(),
            channel=Channel.CRM,
            patron_id=row.patron_id,
            request_id=row.request_id,
            facts={"cause": SuppressionCause.FOUND.value},
            values={"address": key},
        )
    ]
    if finding is not Finding.OBJECTOR_NOT_PATRONS:
        return events
    query = select(SuppressedAddressRow).where(
        SuppressedAddressRow.patron_id == row.patron_id,
        SuppressedAddressRow.cause == SuppressionCause.DISOWNED,
        col(SuppressedAddressRow.lifted_at).is_(None),
    )
    for disowned in session.exec(query).all():
        recorded.prove(session, "change_request", disowned.request_id)
        # The finding is the word of the same two people.
        disowned.first_id = disowned.first_id or row.first_id
        disowned.first_label = disowned.first_label or row.first_label
        disowned.second_id, disowned.second_label = actor.id, actor.label
        disowned.lifted_at = context.now
        session.add(disowned)
        events.append(_event(disowned, Action.SUPPRESSION_LIFTED, actor, ""))
    session.flush()
    return events


def _locked(session: Session, suppression_id: str) -> SuppressedAddressRow:
    known = session.get(SuppressedAddressRow, suppression_id)
    if known is None:
        raise NotSuppressed
    # The one lock order: the patron first.
    requests.lock_patron(session, known.request_id)
    query = select(SuppressedAddressRow).where(SuppressedAddressRow.id == suppression_id)
    fresh = query.with_for_update().execution_options(populate_existing=True)
    row = session.exec(fresh).one()
    recorded.prove(session, "change_request", row.request_id)
    if row.lifted_at is not None:
        raise NotSuppressed
    return row


def _event(row: SuppressedAddressRow, action: Action, actor: StaffMember, words: str) -> AuditEvent:
    values = {"address": row.address_key} | ({"note": words} if words else {})
    return AuditEvent(
        action=action,
        actor=actor.as_actor(),
        channel=Channel.CRM,
        patron_id=row.patron_id,
        request_id=row.request_id,
        facts={"cause": row.cause.value},
        values=dict(values),
    )
