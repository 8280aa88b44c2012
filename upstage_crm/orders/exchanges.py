"""Exchanges tickets: new seats for old ones, at the prices of now, in one transaction.

What was paid for the old tickets is carried, never priced again. The new seats are held by a
basket of kind `exchange`; old and new ones are locked together, in the order of their ids.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from upstage_crm.audit.events import Action
from upstage_crm.inventory import selling as inventory
from upstage_crm.inventory.views import Wanted
from upstage_crm.ledger import books
from upstage_crm.ledger.views import Posting, PostingKind
from upstage_crm.orders import (
    basket_prices,
    baskets,
    order_postings,
    order_refunds,
    returns,
    sale,
    steps,
)
from upstage_crm.orders.basket_reading import read, view_of, wanted_of
from upstage_crm.orders.errors import BasketEmpty, BasketOver, NothingToReturn
from upstage_crm.orders.views import (
    BasketKind,
    BasketState,
    Seller,
    StepKind,
    Tender,
    TicketState,
)
from upstage_crm.payments.views import RefundCause
from upstage_crm.staff.command_context import CommandContext, StaffContext
from upstage_crm.staff.roles import Permission, ensure_may


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What an exchange comes to, in minor units: `carried` was paid for the old tickets."""

    currency: str
    carried: int
    new: int

    @property
    def to_pay(self) -> int:
        """What the buyer adds; 0 where something is given back instead."""
        return max(self.new - self.carried, 0)

    @property
    def to_give_back(self) -> int:
        """What the buyer gets back; 0 where something is to be paid."""
        return max(self.carried - self.new, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanged:
    """What an exchange did: `given_back` is in minor units, `was_done` says it was done before."""

    order_id: str
    ticket_ids: tuple[str, ...]
    step_id: str = ""
    given_back: int = 0
    was_done: bool = False


def difference(
    context: CommandContext[object], *, basket_id: str, order_id: str, ticket_ids: Collection[str]
) -> Difference:
    """What an exchange would come to, to be shown before it is made.

    Raises:
        UnknownBasket, UnknownTicket: there is no such thing.
    """
    view = read(context.session, basket_id, now=context.now)
    tickets = steps.tickets_of(context.session, order_id, sorted(ticket_ids))
    carried = sum(row["amount"] for row in tickets)
    return Difference(currency=view.currency, carried=carried, new=view.total)


def exchange(
    context: StaffContext[object],
    seller: Seller,
    *,
    basket_id: str,
    order_id: str,
    ticket_ids: Collection[str],
    tenders: Sequence[Tender],
    reason: str = "",
) -> Exchanged:
    """Exchange tickets of an order for what a basket holds, for a staff member.

    Raises:
        Forbidden: the staff member may not sell, or not refund where money goes back.
        RefundAboveLimit: the role may not give so much of one order back.
        UpstageError: as `swap`.
    """
    ensure_may(context.actor, Permission.SELL_TICKETS)
    done = swap(
        context,
        seller,
        basket_id=basket_id,
        order_id=order_id,
        ticket_ids=ticket_ids,
        tenders=tenders,
        reason=reason,
    )
    if not done.was_done:
        # Cheaper tickets are no way around who gives money back, and how much of it.
        if done.given_back:
            ensure_may(context.actor, Permission.REFUND_ORDERS)
            order_refunds.ensure_within_limit(context.session, context.actor, order_id)
        order = steps.lock_order(context.session, order_id)
        view = read(context.session, basket_id, now=context.now)
        sale.record_gifts(context, seller, view, order["reference"])
        returns.record(
            context,
            Action.TICKETS_EXCHANGED,
            order,
            old=len(set(ticket_ids)),
            new=len(done.ticket_ids),
            reason=reason,
        )
    return done


def swap(
    context: CommandContext[object],
    seller: Seller,
    *,
    basket_id: str,
    order_id: str,
    ticket_ids: Collection[str],
    tenders: Sequence[Tender],
    reason: str = "",
) -> Exchanged:
    """The same for who holds the tickets, once the caller has proven that; nothing is recorded.

    A basket that was exchanged before does nothing again.

    Raises:
        NothingToReturn, BasketEmpty, BasketOver: there is nothing to exchange.
        UnknownOrder, UnknownTicket, TicketNotValid, PerformanceBegun: the old tickets.
        SeatsLost, PlacesLost, PriceChanged: the new ones.
        TendersDiffer, ShiftMissing, NotCaptured, RefundTooHigh: the difference is not settled so.
    """
    session, now = context.session, context.now
    if not ticket_ids:
        raise NothingToReturn
    row = baskets.lock(session, basket_id)
    if row["state"] is BasketState.SOLD and row["order_id"] == order_id:
        return Exchanged(order_id=order_id, ticket_ids=(), was_done=True)
    if row["state"] is not BasketState.OPEN or row["kind"] is not BasketKind.EXCHANGE:
        raise BasketOver(state=row["state"].value)
    view = view_of(session, row, now)
    if not view.lines:
        raise BasketEmpty
    old = steps.tickets_of(session, order_id, sorted(ticket_ids))
    returns.ensure_ahead(session, {each["performance_id"] for each in old}, context)
    carried = sum(each["amount"] for each in old)
    sums = Difference(currency=view.currency, carried=carried, new=view.total)
    sale.ensure_paid(session, view, sums.to_pay, tenders, seller)
    new_wanted, old_wanted = wanted_of(view.lines), returns.wanted_of(old)
    inventory.lock(session, _both(new_wanted, old_wanted))
    inventory.give_back(session, sale=order_id, wanted=old_wanted, now=now)
    inventory.sell(session, holder=basket_id, sale=order_id, wanted=new_wanted, now=now)
    priced = basket_prices.price(session, view.lines, seller, now=view.priced_at, is_proven=True)
    sale.ensure_promised(view, priced)
    order = steps.lock_order(session, order_id)
    step_id = steps.begin(
        context,
        seller,
        order_id=order_id,
        kind=StepKind.EXCHANGE,
        key=basket_id,
        total=sums.new - carried,
        reason=reason,
    )
    booked, reversed_by = steps.take_back(
        context, order_id=order_id, step_id=step_id, tickets=old, state=TicketState.EXCHANGED
    )
    issued = steps.issue(
        context,
        order_id=order_id,
        step_id=step_id,
        lines=view.lines,
        priced=priced,
        holder_id=order["patron_id"],
    )
    legs = [
        *order_postings.taken_back(booked, reversed_by),
        *order_postings.sold(issued.booked),
        *order_postings.paid(tenders),
        order_postings.owed(sums.to_give_back),
    ]
    sale.take(context, seller, view, order_id, tenders)
    books.post(
        session,
        Posting(
            kind=PostingKind.EXCHANGE,
            legs=tuple(legs),
            order_id=order_id,
            step_id=step_id,
            shift_id=seller.shift_id,
            staff_id=seller.staff_id,
        ),
        now=now,
    )
    if sums.to_give_back:
        parts = order_refunds.shares(session, order_id, sums.to_give_back)
        order_refunds.give_back(
            context, seller, parts, cause=RefundCause.EXCHANGED, reason=reason, key=step_id
        )
    baskets.turn(session, basket_id, BasketState.SOLD, now=now, order_id=order_id)
    return Exchanged(
        order_id=order_id,
        ticket_ids=issued.ticket_ids,
        step_id=step_id,
        given_back=sums.to_give_back,
    )


def open_basket(context: CommandContext[object], seller: Seller, *, order_id: str) -> str:
    """Open the basket that holds the new seats of an order's exchange.

    Raises:
        UnknownOrder: there is none with this id.
    """
    order = steps.lock_order(context.session, order_id)
    return baskets.open_basket(
        context, seller, kind=BasketKind.EXCHANGE, patron_id=order["patron_id"]
    )


def _both(one: Wanted, other: Wanted) -> Wanted:
    seats = {
        each: one.seats.get(each, frozenset()) | other.seats.get(each, frozenset())
        for each in {*one.seats, *other.seats}
    }
    return Wanted(seats=seats, places=dict.fromkeys({*one.places, *other.places}, 1))
