"""Sells at a till: one way for a real shift, one for a training, which writes nothing.

Both take the basket as it was read last and return it as it is now.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from sqlmodel import Session

from upstage_crm.box_office.sale.till_refunds import Back, given_back
from upstage_crm.core.ids import new_id
from upstage_crm.inventory import queries as inventory
from upstage_crm.inventory import seats
from upstage_crm.inventory.errors import NoSeatsTogether, PlacesTaken, SeatsTaken
from upstage_crm.orders import basket_lines, basket_prices, baskets, exchanges, sale
from upstage_crm.orders import queries as orders
from upstage_crm.orders.basket_reading import read
from upstage_crm.orders.views import (
    BasketKind,
    BasketLine,
    BasketState,
    BasketView,
    Contact,
    Seller,
    Tender,
    TicketView,
)
from upstage_crm.organisation.currency import currency
from upstage_crm.payments.views import Method
from upstage_crm.pricing.errors import CompNotAllowed
from upstage_crm.programme.prices.views import CompReason, SaleChannel
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import StaffMember
from upstage_crm.tills import gifts, shifts
from upstage_crm.tills.views import ShiftView

TRAINING = "TRAINING"
"""What stands in the place of an order's reference in a training."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tickets:
    """What is taken into the sale: so many of each price type, by its id.

    `seat_ids` are those that were marked, `pool_id` places without numbers; without either the
    best seats are taken, of `zone` if one is named. `patron_id` is whose order a new sale will be.
    """

    performance_id: str
    choices: Mapping[str, int]
    zone: str = ""
    seat_ids: Sequence[str] = ()
    pool_id: str = ""
    comp_reason: CompReason | None = None
    patron_id: str | None = None

    @property
    def types(self) -> list[str]:
        """The price type of each ticket."""
        return [type_id for type_id, count in self.choices.items() for _ in range(count)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was sold. A training has tickets, too, and no order. `back` is what an exchange gave
    back.
    """

    reference: str
    order_id: str
    tickets: Sequence[TicketView]
    back: Back = field(default_factory=Back)


class TillSales(Protocol):
    """How a shift sells."""

    def add(
        self, context: StaffContext[object], view: BasketView | None, wanted: Tickets
    ) -> BasketView:
        """Hold tickets, all or none."""
        ...

    def remove(
        self, context: StaffContext[object], view: BasketView, keys: Collection[str]
    ) -> BasketView:
        """Let go of some of them."""
        ...

    def let_go(self, context: StaffContext[object], view: BasketView) -> None:
        """Let go of everything."""
        ...

    def choose_patron(
        self, context: StaffContext[object], view: BasketView, patron_id: str | None
    ) -> BasketView:
        """Say whose order it is."""
        ...

    def park(self, context: StaffContext[object], view: BasketView, label: str) -> BasketView:
        """Put the sale aside under a few words, or with "" take it up again."""
        ...

    def sell(
        self, context: StaffContext[object], view: BasketView, tenders: Sequence[Tender]
    ) -> Done:
        """Sell what is in the basket."""
        ...


def ensure_given_alone(actor: StaffMember, view: BasketView) -> None:
    """Refuse complimentary tickets that need a second person.

    Raises:
        CompNotAllowed: they do.
    """
    count = sum(1 for line in view.lines if line.comp_reason is not None)
    if count and not gifts.may_give_alone(actor, count):
        raise CompNotAllowed


def seller_at(shift: ShiftView, actor: StaffMember) -> Seller:
    """Who sells in this shift."""
    return Seller(channel=SaleChannel.BOX_OFFICE, actor=actor, shift_id=shift.id)


def sales_of(shift: ShiftView, actor: StaffMember, old: OldTickets | None = None) -> TillSales:
    """How this shift sells, or exchanges the `old` tickets."""
    seller = seller_at(shift, actor)
    if shift.is_training:
        return Practice(seller)
    return RealSales(seller) if old is None else Exchanging(seller, old)


@dataclass(frozen=True, slots=True)
class RealSales:
    """Sells for real, in the transaction in which the shift is seen to be open."""

    seller: Seller

    def add(
        self, context: StaffContext[object], view: BasketView | None, wanted: Tickets
    ) -> BasketView:
        """Hold tickets, all or none."""
        shifts.ensure_open(context.session, self.seller.shift_id)
        basket_id = view.id if view else self._opened(context, wanted)
        how = {"comp_reason": wanted.comp_reason}
        if wanted.pool_id:
            return basket_lines.add_places(
                context,
                self.seller,
                basket_id,
                pool_id=wanted.pool_id,
                choices=wanted.choices,
                **how,
            )
        if wanted.seat_ids:
            return basket_lines.add_seats(
                context,
                self.seller,
                basket_id,
                performance_id=wanted.performance_id,
                seats=dict(zip(wanted.seat_ids, wanted.types, strict=True)),
                **how,
            )
        return basket_lines.add_best(
            context,
            self.seller,
            basket_id,
            performance_id=wanted.performance_id,
            choices=wanted.choices,
            zone=wanted.zone,
            seed=_seed(basket_id),
            **how,
        )

    def remove(
        self, context: StaffContext[object], view: BasketView, keys: Collection[str]
    ) -> BasketView:
        """Let go of some of them."""
        return basket_lines.remove(context, self.seller, view.id, keys=keys)

    def let_go(self, context: StaffContext[object], view: BasketView) -> None:
        """Let go of everything."""
        baskets.let_go(context, view.id)

    def choose_patron(
        self, context: StaffContext[object], view: BasketView, patron_id: str | None
    ) -> BasketView:
        """Say whose order it is."""
        baskets.choose_patron(context, view.id, patron_id=patron_id)
        return read(context.session, view.id, now=context.now)

    def park(self, context: StaffContext[object], view: BasketView, label: str) -> BasketView:
        """Put the sale aside under a few words, or with "" take it up again."""
        baskets.park(context, view.id, label=label)
        return read(context.session, view.id, now=context.now)

    def sell(
        self, context: StaffContext[object], view: BasketView, tenders: Sequence[Tender]
    ) -> Done:
        """Sell what is in the basket."""
        shifts.ensure_open(context.session, self.seller.shift_id)
        ensure_given_alone(context.actor, view)
        sold = sale.sell(
            context, self.seller, basket_id=view.id, contact=Contact(), tenders=tenders
        )
        order = orders.order(context.session, sold.order_id)
        return Done(reference=sold.reference, order_id=sold.order_id, tickets=order.tickets)

    def _opened(self, context: StaffContext[object], wanted: Tickets) -> str:
        return baskets.open_basket(context, self.seller, patron_id=wanted.patron_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class OldTickets:
    """What is exchanged: tickets of one order, with what was paid for them in minor units."""

    order_id: str
    reference: str
    ticket_ids: tuple[str, ...]
    types: Mapping[str, int]  # how many of each price type, by its id
    carried: int


@dataclass(frozen=True, slots=True)
class Exchanging(RealSales):
    """Holds the new seats of an exchange; selling them gives the old ones back."""

    old: OldTickets

    def sell(
        self, context: StaffContext[object], view: BasketView, tenders: Sequence[Tender]
    ) -> Done:
        """Exchange the old tickets for what is in the basket."""
        shifts.ensure_open(context.session, self.seller.shift_id)
        ensure_given_alone(context.actor, view)
        done = exchanges.exchange(
            context,
            self.seller,
            basket_id=view.id,
            order_id=self.old.order_id,
            ticket_ids=self.old.ticket_ids,
            tenders=tenders,
        )
        order = orders.order(context.session, done.order_id)
        return Done(
            reference=order.reference,
            order_id=order.id,
            tickets=[one for one in order.tickets if one.id in done.ticket_ids],
            back=given_back(context.session, order.id, step_id=done.step_id),
        )

    def _opened(self, context: StaffContext[object], wanted: Tickets) -> str:
        del wanted
        return exchanges.open_basket(context, self.seller, order_id=self.old.order_id)


@dataclass(frozen=True, slots=True)
class Practice:
    """Plays a sale: real prices and seats are read, nothing is held, and nothing is written but
    the cash that the count of the training expects.
    """

    seller: Seller

    def add(
        self, context: StaffContext[object], view: BasketView | None, wanted: Tickets
    ) -> BasketView:
        """Hold tickets, all or none."""
        session, now = context.session, context.now
        known = view or self._empty(session, wanted, now)
        new = _practised(session, known, wanted, now)
        return self._priced(session, known, [*known.lines, *new], now)

    def remove(
        self, context: StaffContext[object], view: BasketView, keys: Collection[str]
    ) -> BasketView:
        """Let go of some of them."""
        left = [line for line in view.lines if line.key not in keys]
        return self._priced(context.session, view, left, context.now)

    def let_go(self, context: StaffContext[object], view: BasketView) -> None:
        """Let go of everything."""
        del context, view

    def choose_patron(
        self, context: StaffContext[object], view: BasketView, patron_id: str | None
    ) -> BasketView:
        """Say whose order it is."""
        del context
        return replace(view, patron_id=patron_id)

    def park(self, context: StaffContext[object], view: BasketView, label: str) -> BasketView:
        """Put the sale aside under a few words, or with "" take it up again."""
        del context
        return replace(view, label=label)

    def sell(
        self, context: StaffContext[object], view: BasketView, tenders: Sequence[Tender]
    ) -> Done:
        """Sell what is in the basket."""
        sale.ensure_tenders(view.total, view.currency, tenders, self.seller)
        cash = sum(one.amount for one in tenders if one.method is Method.CASH)
        shifts.practise(context, shift_id=self.seller.shift_id, cash=cash)
        return Done(reference=TRAINING, order_id="", tickets=[])

    def _empty(self, session: Session, wanted: Tickets, now: datetime) -> BasketView:
        return BasketView(
            id=new_id(now),
            kind=BasketKind.SALE,
            state=BasketState.OPEN,
            channel=self.seller.channel,
            patron_id=wanted.patron_id,
            language="en",
            label="",
            currency=currency(session),
            lines=(),
            until=now,
            extensions_left=0,
            priced_at=now,
            order_id=None,
        )

    def _priced(
        self, session: Session, view: BasketView, lines: Sequence[BasketLine], now: datetime
    ) -> BasketView:
        priced = basket_prices.price(session, lines, self.seller, now=now, is_new=True)
        amounts = {one.line.key: one.amount for one in priced.lines}
        return replace(view, lines=tuple(replace(line, amount=amounts[line.key]) for line in lines))


def _practised(
    session: Session, view: BasketView, wanted: Tickets, now: datetime
) -> list[BasketLine]:
    """The lines that a real sale would hold, of what is free now and not in this basket."""
    mine = {line.seat_id for line in view.lines if line.performance_id == wanted.performance_id}
    if wanted.pool_id:
        return _places(session, view, wanted, now)
    free = inventory.free_seats(session, wanted.performance_id, now=now) - mine
    places = inventory.places_of(session, wanted.performance_id)
    chosen: Sequence[str] | None = wanted.seat_ids
    if not chosen:
        in_zone = {each for each in free if not wanted.zone or places[each].zone == wanted.zone}
        seating = seats.seating(session, wanted.performance_id)
        ranked = seats.ranked_plan_of(session, seating["plan_id"])
        chosen = ranked.choose(in_zone, len(wanted.types), seed=_seed(view.id))
    if chosen is None:
        raise NoSeatsTogether(size=len(wanted.types))
    if taken := set(chosen) - free:
        raise seats.about(session, SeatsTaken, wanted.performance_id, taken)
    return [
        BasketLine(
            key=f"{wanted.performance_id}:{seat_id}",
            performance_id=wanted.performance_id,
            seat_id=seat_id,
            pool_id="",
            place=places[seat_id].words,
            zone=places[seat_id].zone,
            type_id=type_id,
            comp_reason=wanted.comp_reason,
            amount=0,
        )
        for seat_id, type_id in zip(chosen, wanted.types, strict=True)
    ]


def _places(session: Session, view: BasketView, wanted: Tickets, now: datetime) -> list[BasketLine]:
    house = inventory.house(session, wanted.performance_id, now=now)
    pool = next(one for one in house.pools if one.id == wanted.pool_id)
    held = sum(1 for line in view.lines if line.pool_id == pool.id)
    if held + len(wanted.types) > pool.free:
        raise PlacesTaken(pool=pool.name, left=pool.free - held)
    return [
        BasketLine(
            key=f"{pool.id}:{held + n}",
            performance_id=wanted.performance_id,
            seat_id="",
            pool_id=pool.id,
            place=pool.name,
            zone=pool.name,
            type_id=type_id,
            comp_reason=wanted.comp_reason,
            amount=0,
        )
        for n, type_id in enumerate(wanted.types)
    ]


def _seed(basket_id: str) -> int:
    """Near-equal seats are not the same for every basket."""
    return int(basket_id[-6:], 16)
