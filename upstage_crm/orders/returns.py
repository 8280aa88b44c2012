"""Takes tickets back: the seats are free again, and what was paid for them is owed or given back.

A return ends tickets, a refund moves money; `return_tickets` does both when both are meant.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, AuditEvent
from upstage_crm.inventory import selling as inventory
from upstage_crm.inventory.views import Wanted
from upstage_crm.ledger import books
from upstage_crm.ledger.views import Posting, PostingKind
from upstage_crm.orders import order_postings, order_refunds, steps
from upstage_crm.orders.errors import NothingToReturn, PerformanceBegun, StepKeyTaken
from upstage_crm.orders.views import Seller, StepKind, TicketState
from upstage_crm.payments.views import RefundCause
from upstage_crm.programme import queries as programme
from upstage_crm.staff.command_context import CommandContext, StaffContext
from upstage_crm.staff.roles import Permission, ensure_may


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What a return did: what is owed for it, and how much of that was given back already."""

    step_id: str
    amount: int
    refunded: int
    was_done: bool = False


def return_tickets(
    context: StaffContext[object],
    seller: Seller,
    *,
    order_id: str,
    ticket_ids: Collection[str],
    reason: str,
    key: str,
    is_refunded: bool = True,
) -> Returned:
    """Take tickets of an order back, for a staff member; the same `key` does it once.

    Raises:
        Forbidden: the staff member may not refund orders.
        NothingToReturn, UnknownOrder, UnknownTicket, TicketNotValid, PerformanceBegun,
            StepKeyTaken.
        RefundTooHigh, RefundAboveLimit, ShiftMissing: the money cannot be given back so.
    """
    ensure_may(context.actor, Permission.REFUND_ORDERS)
    done = take_back(
        context,
        seller,
        order_id=order_id,
        ticket_ids=ticket_ids,
        reason=reason,
        key=key,
        is_refunded=is_refunded,
    )
    if not done.was_done:
        if done.refunded:
            order_refunds.ensure_within_limit(context.session, context.actor, order_id)
        order = steps.lock_order(context.session, order_id)
        record(
            context,
            Action.TICKETS_RETURNED,
            order,
            tickets=len(set(ticket_ids)),
            amount=done.amount,
            refunded=done.refunded,
            reason=reason,
        )
    return done


def take_back(
    context: CommandContext[object],
    seller: Seller,
    *,
    order_id: str,
    ticket_ids: Collection[str],
    reason: str,
    key: str,
    is_refunded: bool,
) -> Returned:
    """The same for who holds the tickets, once the caller has proven that; nothing is recorded.

    Raises:
        NothingToReturn, UnknownOrder, UnknownTicket, TicketNotValid, PerformanceBegun,
            StepKeyTaken.
        RefundTooHigh, ShiftMissing: the money cannot be given back so.
    """
    session, now = context.session, context.now
    if not ticket_ids:
        raise NothingToReturn
    tickets = steps.tickets_of(session, order_id, sorted(ticket_ids))
    known = steps.of_key(session, key)
    if known is not None:
        if known["order_id"] != order_id:
            raise StepKeyTaken
        return Returned(step_id=known["id"], amount=-known["total"], refunded=0, was_done=True)
    ensure_ahead(session, {row["performance_id"] for row in tickets}, context)
    valid = [row for row in tickets if row["state"] is TicketState.VALID]
    if valid:
        inventory.give_back(session, sale=order_id, wanted=wanted_of(valid), now=now)
    steps.lock_order(session, order_id)
    amount = sum(row["amount"] for row in tickets)
    step_id = steps.begin(
        context,
        seller,
        order_id=order_id,
        kind=StepKind.RETURN,
        key=key,
        total=-amount,
        reason=reason,
    )
    booked, reversed_by = steps.take_back(
        context, order_id=order_id, step_id=step_id, tickets=tickets, state=TicketState.RETURNED
    )
    books.post(
        session,
        Posting(
            kind=PostingKind.RETURN,
            legs=(*order_postings.taken_back(booked, reversed_by), order_postings.owed(amount)),
            order_id=order_id,
            step_id=step_id,
            shift_id=seller.shift_id,
            staff_id=seller.staff_id,
        ),
        now=now,
    )
    if is_refunded and amount:
        parts = order_refunds.shares(session, order_id, amount)
        order_refunds.give_back(
            context, seller, parts, cause=RefundCause.RETURNED, reason=reason, key=step_id
        )
    return Returned(step_id=step_id, amount=amount, refunded=amount if is_refunded else 0)


def wanted_of(tickets: Sequence[sa.RowMapping]) -> Wanted:
    """The seats and places of tickets, as inventory is asked for them."""
    seats: dict[str, set[str]] = {}
    places: dict[str, int] = {}
    for row in tickets:
        if row["seat_id"]:
            seats.setdefault(row["performance_id"], set()).add(row["seat_id"])
        else:
            places[row["pool_id"]] = places.get(row["pool_id"], 0) + 1
    return Wanted(seats={each: frozenset(ids) for each, ids in seats.items()}, places=places)


def ensure_ahead(
    session: Session, performance_ids: Collection[str], context: CommandContext[object]
) -> None:
    """Refuse to change tickets of a performance that has begun.

    Raises:
        PerformanceBegun: one of them has.
    """
    for performance_id in performance_ids:
        if programme.performance(session, performance_id).starts_at <= context.now:
            raise PerformanceBegun


def record(
    context: StaffContext[object], action: Action, order: sa.RowMapping, **facts: Any
) -> None:
    """One entry of the staff member's about an order."""
    event = AuditEvent(
        action=action,
        actor=context.actor.as_actor(),
        channel=context.channel,
        patron_id=order["patron_id"],
        facts={"order": order["reference"], **facts},
    )
    trail.record(context.session, [event], now=context.now)
