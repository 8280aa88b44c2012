"""Takes tickets back from their buyer, who has opened the order: within what an owner allows.

What was paid by card goes back to the card at once. Cash, a card terminal and an invoice need the
box office: that part stays owed by the order, which staff give back as they give back any.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, AuditEvent, Channel
from upstage_crm.core.errors import UpstageError
from upstage_crm.orders import order_refunds, returns, steps
from upstage_crm.orders.errors import NothingToReturn, TicketNotValid
from upstage_crm.orders.transfers import seat_proposal
from upstage_crm.orders.transfers.errors import (
    OfferedBefore,
    OwnReturnNotOffered,
    OwnReturnOfComp,
    OwnReturnOfUsed,
    OwnReturnTooLate,
    SeatProposedBefore,
)
from upstage_crm.orders.transfers.giving import BUYER, InWindow, ensure_no_window
from upstage_crm.orders.transfers.ticket_offers import TRANSFER, has_time
from upstage_crm.orders.transfers.views import TransferState
from upstage_crm.orders.views import Seller, TicketState
from upstage_crm.organisation.return_hours import return_hours
from upstage_crm.payments.views import Method, RefundCause
from upstage_crm.programme import queries as programme
from upstage_crm.programme.prices.price_types import price_types
from upstage_crm.programme.prices.views import SaleChannel
from upstage_crm.staff.command_context import CommandContext

_BY_BUYER: Final = Seller(channel=SaleChannel.PORTAL)

WereScanned = Callable[[Session, Mapping[str, str]], Collection[str]]
"""Which tickets the door has seen, of some by their id with the performance of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnSums:
    """What comes back, in minor units: `to_card` by itself, `at_desk` at the box office."""

    currency: str
    to_card: int
    at_desk: int


def sums(session: Session, order_id: str, ticket_ids: Collection[str]) -> ReturnSums:
    """What a return of tickets would give back, to be shown before it is made.

    Raises:
        UnknownTicket. RefundTooHigh: the order's payments have less left.
    """
    tickets = steps.tickets_of(session, order_id, sorted(ticket_ids))
    amount = sum(row["amount"] for row in tickets)
    parts = order_refunds.shares(session, order_id, amount)
    to_card = sum(part.amount for part in parts if part.payment.method is Method.CARD)
    currency = parts[0].payment.currency if parts else ""
    return ReturnSums(currency=currency, to_card=to_card, at_desk=amount - to_card)


def returnable(
    session: Session,
    order_id: str,
    ticket_ids: Collection[str],
    *,
    were_scanned: WereScanned,
    now: datetime,
) -> frozenset[str]:
    """Those of an order's tickets that their buyer may return now."""
    return frozenset(
        row["id"]
        for row in steps.tickets_of(session, order_id, sorted(ticket_ids))
        if _problem(session, order_id, [row], were_scanned, now) is None
    )


def return_own(
    context: CommandContext[object],
    *,
    order_id: str,
    ticket_ids: Collection[str],
    key: str,
    in_window: InWindow,
    were_scanned: WereScanned,
) -> returns.Returned:
    """Take tickets of an order back from its buyer; the same `key` does it once.

    Raises:
        NothingToReturn, UnknownOrder, UnknownTicket, TicketNotValid, StepKeyTaken.
        OwnReturnNotOffered, OwnReturnTooLate, OwnReturnOfComp, OwnReturnOfUsed: the house's rules.
        OfferedBefore, SeatProposedBefore: something else is under way with a ticket.
        TransferWaits: the buyer's record may still be put back.
        RefundTooHigh: the order's payments have less left.
    """
    session, now = context.session, context.now
    if not ticket_ids:
        raise NothingToReturn
    tickets = steps.tickets_of(session, order_id, sorted(ticket_ids))
    if steps.of_key(session, key) is None:
        problem = _problem(session, order_id, tickets, were_scanned, now)
        if problem is not None:
            raise problem
    done = returns.take_back(
        context,
        _BY_BUYER,
        order_id=order_id,
        ticket_ids=ticket_ids,
        reason="",
        key=key,
        is_refunded=False,
    )
    if done.was_done:
        return done
    # What was committed until the locks were taken counts: a yes to an offer, a scan at the door.
    problem = _under_way(session, tickets) or _scanned(session, tickets, were_scanned)
    if problem is not None:
        raise problem
    refunded = _to_card(context, order_id, done)
    order = steps.lock_order(session, order_id)
    ensure_no_window(session, order["patron_id"], tickets, in_window)
    event = AuditEvent(
        action=Action.TICKETS_RETURNED,
        actor=BUYER,
        channel=Channel.PATRON_PAGE,
        patron_id=order["patron_id"],
        facts={
            "order": order["reference"],
            "tickets": len(tickets),
            "amount": done.amount,
            "refunded": refunded,
        },
    )
    trail.record(session, [event], now=now)
    return returns.Returned(step_id=done.step_id, amount=done.amount, refunded=refunded)


def _to_card(context: CommandContext[object], order_id: str, done: returns.Returned) -> int:
    parts = [
        part
        for part in order_refunds.shares(context.session, order_id, done.amount)
        if part.payment.method is Method.CARD
    ]
    order_refunds.give_back(
        context, _BY_BUYER, parts, cause=RefundCause.RETURNED, reason="", key=done.step_id
    )
    return sum(part.amount for part in parts)


def _problem(
    session: Session,
    order_id: str,
    tickets: Collection[Any],
    were_scanned: WereScanned,
    now: datetime,
) -> UpstageError | None:
    """Why their buyer may not return tickets; None where they may."""
    hours = return_hours(session)
    if hours is None:
        return OwnReturnNotOffered()
    proposed = seat_proposal.of_order(session, order_id, now=now)
    asked = {each.ticket_id for each in proposed if each.is_open}
    kinds = price_types(session)
    for row in tickets:
        place = row["place"]
        if row["state"] is not TicketState.VALID:
            return TicketNotValid(place=place)
        about = programme.performance(session, row["performance_id"])
        is_timely = has_time(about.state, about.starts_at, now=now)
        if not is_timely or now > about.starts_at - timedelta(hours=hours):
            return OwnReturnTooLate(place=place)
        if kinds[row["type_id"]].is_comp:
            return OwnReturnOfComp(place=place)
        if row["id"] in asked:
            return SeatProposedBefore(place=place)
    return _under_way(session, tickets) or _scanned(session, tickets, were_scanned)


def _under_way(session: Session, tickets: Collection[Any]) -> OfferedBefore | None:
    live = sa.select(TRANSFER.c.ticket_id).where(
        TRANSFER.c.ticket_id.in_([row["id"] for row in tickets]),
        TRANSFER.c.state != TransferState.ENDED,
    )
    taken = set(session.connection().execute(live).scalars())
    places = [row["place"] for row in tickets if row["id"] in taken]
    return OfferedBefore(place=", ".join(places)) if places else None


def _scanned(
    session: Session, tickets: Collection[Any], were_scanned: WereScanned
) -> OwnReturnOfUsed | None:
    seen = were_scanned(session, {row["id"]: row["performance_id"] for row in tickets})
    places = [row["place"] for row in tickets if row["id"] in seen]
    return OwnReturnOfUsed(place=", ".join(places)) if places else None
