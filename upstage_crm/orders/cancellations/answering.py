"""The buyer's answer: money back, another date, or keeping a ticket for the new time.

Everything is looked at again behind the locks; the second answer changes nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from upstage_crm.core.errors import UpstageError
from upstage_crm.inventory import queries as inventory
from upstage_crm.inventory import selling
from upstage_crm.ledger import books
from upstage_crm.ledger.views import Account, Leg, Posting, PostingKind
from upstage_crm.links.claims import LinkClaims, LinkRefused, Purpose
from upstage_crm.orders import basket_lines, basket_prices, baskets, order_postings, sale, steps
from upstage_crm.orders.basket_reading import read, wanted_of
from upstage_crm.orders.cancellations import offers, settling
from upstage_crm.orders.cancellations.errors import (
    AnsweredBefore,
    AnswerTooLate,
    DateNotPossible,
)
from upstage_crm.orders.cancellations.offering import BY_ITSELF
from upstage_crm.orders.cancellations.settling import DisruptedOrder
from upstage_crm.orders.cancellations.views import Answer, DisruptionKind, Stage
from upstage_crm.orders.errors import TicketNotValid
from upstage_crm.orders.returns import take_back
from upstage_crm.orders.views import BasketKind, BasketState, BasketView, StepKind
from upstage_crm.programme import queries as programme
from upstage_crm.programme.views import PerformanceState
from upstage_crm.staff.command_context import CommandContext


def answer(
    context: CommandContext[object],
    *,
    claims: LinkClaims,
    chosen: Answer,
    performance_id: str = "",
) -> None:
    """Record what a buyer chose by a link, and do it. `performance_id` is the other date.

    Raises:
        LinkRefused: the link is not for this, or no longer counts.
        AnsweredBefore, AnswerTooLate: it was settled, or the time is over.
        DateNotPossible: the other date has no room for the tickets, or costs more; nothing is done.
    """
    session = context.session
    if claims.purpose is not Purpose.CHOICE:
        raise LinkRefused
    row = settling.find(session, claims.request_id)
    if row is None or claims.version != row.link_version:
        raise LinkRefused
    _ensure_open(row, context)
    _ensure_fits(row.kind, chosen)
    if chosen is Answer.ANOTHER_DATE:
        _rebook(context, row, performance_id)
        return
    if chosen is Answer.REFUND and row.kind is DisruptionKind.MOVED:
        _give_tickets_back(context, row)
        return
    steps.lock_order(session, row.order_id)
    settling.settle(context, _locked_open(context, row.id), chosen)


def _ensure_fits(kind: DisruptionKind, chosen: Answer) -> None:
    legal = {
        DisruptionKind.CANCELLED: (Answer.REFUND, Answer.ANOTHER_DATE),
        DisruptionKind.MOVED: (Answer.REFUND, Answer.KEEP),
    }
    if chosen not in legal[kind]:
        raise LinkRefused


def _ensure_open(row: DisruptedOrder, context: CommandContext[object]) -> None:
    if row.stage is not Stage.OFFERED:
        raise AnswerTooLate if row.answer is Answer.SILENCE else AnsweredBefore
    if row.answer_until is None or context.now >= row.answer_until:
        raise AnswerTooLate


def _locked_open(context: CommandContext[object], disrupted_id: str) -> DisruptedOrder:
    row = settling.lock(context.session, disrupted_id)
    _ensure_open(row, context)
    return row


def _give_tickets_back(context: CommandContext[object], row: DisruptedOrder) -> None:
    """The buyer cannot come at the new time: the tickets are returned, and paid back."""
    tickets = offers.tickets_of(context.session, row)
    if not tickets:
        raise AnsweredBefore
    try:
        done = take_back(
            context,
            BY_ITSELF,
            order_id=row.order_id,
            ticket_ids=[each.id for each in tickets],
            reason="",
            key=f"cancel:{row.id}",
            is_refunded=False,
        )
    except TicketNotValid as error:
        raise AnsweredBefore from error
    locked = _locked_open(context, row.id)
    settling.set_values(context.session, row.id, amount=done.amount)
    settling.settle(context, settling.lock(context.session, locked.id), Answer.REFUND)


def _rebook(context: CommandContext[object], row: DisruptedOrder, performance_id: str) -> None:
    """Put the tickets of an order into another performance of the event, as the buyer chose.

    Raises:
        DateNotPossible: nothing is done.
    """
    session = context.session
    old = offers.tickets_of(session, row)
    about = programme.performance(session, row.performance_id)
    try:
        new = programme.performance(session, performance_id)
        is_there = new.state is PerformanceState.ON_SALE and new.starts_at > context.now
        if new.event_id != about.event_id or not is_there:
            raise DateNotPossible
        _sell(context, row, _hold(context, old, performance_id))
    except (AnsweredBefore, AnswerTooLate):
        raise
    except UpstageError as error:
        raise DateNotPossible from error


def _hold(
    context: CommandContext[object],
    old: list[offers.TicketRow],
    performance_id: str,
) -> BasketView:
    """A basket with as many of the best seats in the same zones, and places of the same names."""
    session = context.session
    seats: defaultdict[str, Counter[str]] = defaultdict(Counter)
    places: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for each in old:
        (seats if each.seat_id else places)[each.zone][each.type_id] += 1
    basket_id = baskets.open_basket(context, BY_ITSELF, kind=BasketKind.EXCHANGE)
    for zone, choices in sorted(seats.items()):
        basket_lines.add_best(
            context,
            BY_ITSELF,
            basket_id,
            performance_id=performance_id,
            choices=choices,
            zone=zone,
        )
    if places:
        house = inventory.house(session, performance_id, now=context.now)
        pools = {pool.name: pool.id for pool in house.pools}
        for zone, choices in sorted(places.items()):
            if zone not in pools:
                raise DateNotPossible
            basket_lines.add_places(
                context, BY_ITSELF, basket_id, pool_id=pools[zone], choices=choices
            )
    return read(session, basket_id, now=context.now)


def _sell(context: CommandContext[object], row: DisruptedOrder, view: BasketView) -> None:
    """Sell what is held for what is owed, and give back the rest."""
    session, now = context.session, context.now
    wanted = wanted_of(view.lines)
    selling.sell(session, holder=view.id, sale=row.order_id, wanted=wanted, now=now)
    priced = basket_prices.price(session, view.lines, BY_ITSELF, now=view.priced_at, is_proven=True)
    sale.ensure_promised(view, priced)
    order = steps.lock_order(session, row.order_id)
    locked = _locked_open(context, row.id)
    if priced.total > min(locked.amount, settling.owed_of(session, row.order_id)):
        raise DateNotPossible
    step_id = steps.begin(
        context,
        BY_ITSELF,
        order_id=row.order_id,
        kind=StepKind.EXCHANGE,
        key=view.id,
        total=priced.total,
    )
    issued = steps.issue(
        context,
        order_id=row.order_id,
        step_id=step_id,
        lines=view.lines,
        priced=priced,
        holder_id=order["patron_id"],
    )
    # The old tickets are void already, and what was paid for them is owed.
    books.post(
        session,
        Posting(
            kind=PostingKind.EXCHANGE,
            legs=(
                Leg(Account.REFUNDS_DUE, priced.total),
                *order_postings.sold(issued.booked),
            ),
            order_id=row.order_id,
            step_id=step_id,
        ),
        now=now,
    )
    baskets.turn(session, view.id, BasketState.SOLD, now=now, order_id=row.order_id)
    settling.set_values(session, locked.id, rebooked=priced.total)
    settling.settle(context, settling.lock(session, locked.id), Answer.ANOTHER_DATE)
