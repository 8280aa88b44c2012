"""Erases a patron's values: the guard's second path, for two staff members together.

The record keeps its number, every request its state, the trail its chain and every receipt its
signature; none of them says any more whose they were. What stands in the way is shown first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Session, col, select

from upstage_crm.audit import recorded, trail
from upstage_crm.audit.events import Action, AuditEvent, Channel
from upstage_crm.change_requests.limits import proposal_limits
from upstage_crm.change_requests.model.dispute_tables import (
    ErasureRow,
    PatronFreezeRow,
    RecordChangeRow,
)
from upstage_crm.change_requests.model.errors import (
    AlreadyWaiting,
    ErasureBlocked,
    NoteMissing,
    NothingWaits,
)
from upstage_crm.change_requests.model.rules import (
    OPEN_STATES,
    RequestState,
)
from upstage_crm.change_requests.model.tables import (
    ChangeRequestRow,
    DeskConfirmationRow,
    FieldChangeRow,
    RequestCommentRow,
    ReviewRow,
)
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.change_requests.reads import evidence, revert_windows, second_person
from upstage_crm.core.db import table_of
from upstage_crm.core.ids import new_id
from upstage_crm.core.text import REMARK_LIMIT, clean_block
from upstage_crm.households import commands as households
from upstage_crm.mail import blanking
from upstage_crm.mail.outbox import OUTBOX
from upstage_crm.orders import queries as order_queries
from upstage_crm.orders.records import patron_orders, personal_data
from upstage_crm.orders.records.patron_orders import HeldOrder
from upstage_crm.organisation.settings import details
from upstage_crm.patron_accounts import sessions
from upstage_crm.patrons import erasure as records
from upstage_crm.patrons import queries as patron_queries
from upstage_crm.patrons.errors import PatronErased
from upstage_crm.patrons.tables import PatronRow, PatronStatus, SuppressedAddressRow
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may
from upstage_crm.waiting_list import joining

_request, _change = table_of(ChangeRequestRow), table_of(FieldChangeRow)
_review, _confirmation = table_of(ReviewRow), table_of(DeskConfirmationRow)
_comment = table_of(RequestCommentRow)
_freeze, _erasure = table_of(PatronFreezeRow), table_of(ErasureRow)
_record_change = table_of(RecordChangeRow)
_suppressed = table_of(SuppressedAddressRow)


class BlockerKind(StrEnum):
    """Why a patron cannot be erased now."""

    OPEN_REQUEST = "open_request"
    REVERT_WINDOW = "revert_window"
    FROZEN = "frozen"
    FUTURE_TICKET = "future_ticket"
    REFUND_ON_ITS_WAY = "refund_on_its_way"
    MONEY_OWED = "money_owed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """One thing that stands in the way; `until` is when it ends by itself, None when it does not.

    `reference` is the request or the order that it is about, "" when there is none.
    """

    kind: BlockerKind
    reference: str = ""
    until: datetime | None = None


def blockers(session: Session, patron_id: str, *, now: datetime) -> tuple[Blocker, ...]:
    """Everything that stands in the way of an erasure; empty when nothing does."""
    found: list[Blocker] = []
    query = select(ChangeRequestRow).where(
        ChangeRequestRow.patron_id == patron_id, col(ChangeRequestRow.state).in_(OPEN_STATES)
    )
    for request in session.exec(query.order_by(col(ChangeRequestRow.id))):
        until = request.expires_at if request.state is RequestState.PENDING else None
        kind = BlockerKind.OPEN_REQUEST
        found.append(Blocker(kind=kind, reference=request.reference, until=until))
    for reference, until in revert_windows.of_patron(session, patron_id, now=now).items():
        found.append(Blocker(kind=BlockerKind.REVERT_WINDOW, reference=reference, until=until))
    if evidence.is_frozen(session, patron_id):
        found.append(Blocker(kind=BlockerKind.FROZEN))
    for order in patron_orders.held(session, patron_id, now=now):
        found += _blocking(order)
    return tuple(found)


def _blocking(order: HeldOrder) -> Iterator[Blocker]:
    """What of an order has to come to its end first."""
    reference = order.reference
    if order.tickets:
        kind = BlockerKind.FUTURE_TICKET
        yield Blocker(kind=kind, reference=reference, until=order.until)
    if order.on_its_way:
        yield Blocker(kind=BlockerKind.REFUND_ON_ITS_WAY, reference=reference)
    if order.owed:
        yield Blocker(kind=BlockerKind.MONEY_OWED, reference=reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasing:
    """What an erasure empties besides the record, and whether a last email can tell the patron."""

    requests: int
    mails: int
    orders: int
    is_told: bool


def erasing(session: Session, patron_id: str) -> Erasing:
    """Count what erasing a patron would empty; nothing is changed."""
    connection = session.connection()
    requests = sa.select(sa.func.count()).where(_request.c.patron_id == patron_id)
    mails = sa.select(sa.func.count()).where(OUTBOX.c.patron_id == patron_id)
    patron = session.get_one(PatronRow, patron_id)
    return Erasing(
        requests=connection.execute(requests).scalar_one(),
        mails=connection.execute(mails).scalar_one(),
        orders=order_queries.count_of_patron(session, patron_id),
        is_told=Notifier.can_tell_erased(patron),
    )


def find_waiting(session: Session, patron_id: str) -> ErasureRow | None:
    """The erasure of a patron that waits for its second person; there is one at most."""
    query = select(ErasureRow).where(
        ErasureRow.patron_id == patron_id,
        col(ErasureRow.confirmed_at).is_(None),
        col(ErasureRow.declined_at).is_(None),
    )
    return session.exec(query).first()


def request_erasure(context: StaffContext[object], *, patron_id: str, reason: str) -> None:
    """Ask for the erasure of a patron's values; nothing is erased before a second member confirms.

    Raises:
        Forbidden, UnknownPatron; OwnRecord: it is the actor's own record.
        NoteMissing: without a reason. InvalidText: it is too long.
        PatronErased, AlreadyWaiting; ErasureBlocked: carries the `blockers`.
    """
    session, actor, now = context.session, context.actor, context.now
    ensure_may(actor, Permission.ERASE_PATRON)
    words = clean_block(reason, REMARK_LIMIT)
    if not words:
        raise NoteMissing
    patron = patron_queries.lock(session, patron_id)
    second_person.ensure_not_own(actor, patron)
    _ensure_possible(session, patron, now)
    if find_waiting(session, patron_id) is not None:
        raise AlreadyWaiting
    row = ErasureRow(
        id=new_id(now),
        patron_id=patron_id,
        reason=words,
        requested_by=actor.id,
        requested_label=actor.label,
        requested_at=now,
    )
    session.add(row)
    session.flush()
    _record(context, Action.ERASURE_REQUESTED, patron, {"reason": words})


def decline_erasure(context: StaffContext[object], *, patron_id: str, note: str) -> None:
    """Take back or refuse an erasure that waits: those who may confirm one may stop one.

    Raises:
        Forbidden, UnknownPatron; NothingWaits: no erasure waits.
        NoteMissing: why has to be said. InvalidText: it is too long.
    """
    session = context.session
    ensure_may(context.actor, Permission.ERASE_PATRON)
    words = clean_block(note, REMARK_LIMIT)
    patron = patron_queries.lock(session, patron_id)
    row = _waiting(session, patron_id)
    if not words:
        raise NoteMissing
    row.declined_at = context.now
    session.add(row)
    session.flush()
    _record(context, Action.ERASURE_DECLINED, patron, {"note": words})


def confirm_erasure(context: StaffContext[Notifier], *, patron_id: str) -> None:
    """Confirm as second person, and erase: all of it in this transaction.

    The person is told by a last mail to the current address; it is blanked once it has settled
    (see `left_to_blank`).

    Raises:
        Forbidden, UnknownPatron; NothingWaits: no erasure waits.
        All that `second_person.ensure_second` raises.
        ErasureBlocked: something has come in the way since; carries the `blockers`.
    """
    session, actor, now = context.session, context.actor, context.now
    ensure_may(actor, Permission.ERASE_PATRON)
    patron = patron_queries.lock(session, patron_id)
    row = _waiting(session, patron_id)
    second_person.ensure_second(context, first_id=row.requested_by, patron=patron)
    _ensure_possible(session, patron, now)
    blanking.withdraw_queued(session, patron_id=patron_id, now=now)
    context.notifier.tell_erased(session, patron, organisation=details(session), now=now)
    row.confirmed_by, row.confirmed_label, row.confirmed_at = (
        actor.id,
        actor.label,
        now,
    )
    session.add(row)
    session.flush()
    _empty(context, patron)
    row.done_at = now
    session.add(row)
    session.flush()
    _record(context, Action.PATRON_ERASED, patron, {})


def left_to_blank(session: Session, *, limit: int = 100) -> tuple[str, ...]:
    """Ids of erased patrons about whom a mail has settled since, and is not blank yet."""
    query = (
        sa.select(_erasure.c.patron_id)
        .join(OUTBOX, OUTBOX.c.patron_id == _erasure.c.patron_id)
        .where(_erasure.c.done_at.is_not(None), blanking.TO_BLANK)
        .distinct()
        .limit(limit)
    )
    return tuple(session.connection().execute(query).scalars())


def was_done_since(session: Session, since: datetime) -> bool:
    """Whether a patron was erased after `since`."""
    query = sa.select(_erasure.c.id).where(_erasure.c.done_at > since).limit(1)
    return session.connection().execute(query).first() is not None


def _empty(context: StaffContext[Notifier], patron: PatronRow) -> None:
    """Empty every row about the patron; the guards let this through while the erasure runs."""
    session, now = context.session, context.now
    connection = session.connection()
    connection.execute(
        sa.update(_record_change)
        .where(
            _record_change.c.patron_id == patron.id,
            _record_change.c.done_at.is_(None),
            _record_change.c.declined_at.is_(None),
        )
        .values(declined_at=now)
    )
    requests = sa.select(_request.c.id).where(_request.c.patron_id == patron.id)
    locked = requests.order_by(_request.c.id).with_for_update()
    for request_id in connection.execute(locked).scalars().all():
        recorded.prove(session, "change_request", request_id)
    changes = {"current_value": "{}", "proposed_value": "{}", "proposed_key": ""}
    for table, is_theirs, values in (
        (_change, _change.c.patron_id == patron.id, changes),
        (_review, _review.c.request_id.in_(requests), {"mailbox": "", "comment": ""}),
        (_confirmation, _confirmation.c.request_id.in_(requests), {"note": "", "answers": "{}"}),
        (_request, _request.c.patron_id == patron.id, {"reason_text": ""}),
        (_comment, _comment.c.request_id.in_(requests), {"text": ""}),
        (_freeze, _freeze.c.patron_id == patron.id, {"first_note": "", "second_note": ""}),
        (_suppressed, _suppressed.c.patron_id == patron.id, {"address_key": "", "first_note": ""}),
        (_erasure, _erasure.c.patron_id == patron.id, {"reason": ""}),
        (_record_change, _record_change.c.patron_id == patron.id, {"reason": ""}),
    ):
        connection.execute(sa.update(table).where(is_theirs).values(**values))
    proposal_limits.forget_mailboxes(session, patron_id=patron.id)
    trail.forget(session, patron_id=patron.id)
    blanking.blank(session, patron_ids=[patron.id])
    households.forget(session, patron_id=patron.id)
    personal_data.forget(session, patron_id=patron.id)
    joining.forget_address(context, email_key=patron.email_key or "")
    sessions.forget(session, patron_id=patron.id)
    records.empty(session, row=patron, now=now)
    session.expire_all()


def _ensure_possible(session: Session, patron: PatronRow, now: datetime) -> None:
    if patron.status is PatronStatus.ERASED:
        raise PatronErased
    if found := blockers(session, patron.id, now=now):
        raise ErasureBlocked(blockers=found)


def _waiting(session: Session, patron_id: str) -> ErasureRow:
    row = find_waiting(session, patron_id)
    if row is None:
        raise NothingWaits
    return row


def _record(
    context: StaffContext[object], action: Action, patron: PatronRow, values: dict[str, str | None]
) -> None:
    event = AuditEvent(
        action=action,
        actor=context.actor.as_actor(),
        channel=Channel.CRM,
        patron_id=patron.id,
        facts={"number": patron.number},
        values=values,
    )
    trail.record(context.session, [event], now=context.now)
