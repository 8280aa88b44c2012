"""A performance on sale: seats in two zones and standing places, prices, a till."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlmodel import Session

from tests.support.factories import Desk
from tests.support.houses import FLOOR, STALLS, LaidOut, laid_out
from upstage_crm.ledger import queries as ledger
from upstage_crm.ledger.views import Account
from upstage_crm.orders import basket_lines, baskets, exchanges, queries, returns, sale
from upstage_crm.orders.basket_reading import read
from upstage_crm.orders.views import BasketView, Contact, OrderView, Seller, Sold, Tender
from upstage_crm.payments.views import Method
from upstage_crm.programme import performances
from upstage_crm.programme.prices import price_lists, price_types, window_commands
from upstage_crm.programme.prices.price_lists import NewPrices
from upstage_crm.programme.prices.views import Audience, Cell, Fee, SaleChannel
from upstage_crm.programme.prices.window_commands import NewWindow
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import StaffMember

T = TypeVar("T")
ADULT, CHILD = 3_500, 1_200
INA = Contact(email="ina@example.org", name="Ina Example")


@dataclass
class Shop:
    """What is on sale, and who sells it. Each verb is one transaction, as surfaces run it."""

    made: LaidOut
    clerk: StaffMember
    seller: Seller
    adult: str
    child: str
    comp: str

    @property
    def desk(self) -> Desk:
        return self.made.desk

    @property
    def performance(self) -> str:
        return self.made.performance

    def open(self, **how: Any) -> str:
        """An empty basket of the seller."""
        return self.run(lambda c: baskets.open_basket(c, self.seller, **how))

    def add(self, basket: str, *seats: str, kind: str = "") -> BasketView:
        """Put seats into a basket."""
        wanted = dict.fromkeys(seats, kind or self.adult)
        return self.run(
            lambda c: basket_lines.add_seats(
                c, self.seller, basket, performance_id=self.performance, seats=wanted
            )
        )

    def add_places(self, basket: str, choices: Mapping[str, int]) -> BasketView:
        """Put standing places into a basket."""
        return self.run(
            lambda c: basket_lines.add_places(
                c, self.seller, basket, pool_id=self.made.pool, choices=choices
            )
        )

    def best(self, basket: str, choices: Mapping[str, int], zone: str = "") -> BasketView:
        """Put the best seats into a basket."""
        return self.run(
            lambda c: basket_lines.add_best(
                c,
                self.seller,
                basket,
                performance_id=self.performance,
                choices=choices,
                zone=zone,
            )
        )

    def filled(self, *seats: str, **how: Any) -> str:
        """A basket with seats in it."""
        basket = self.open(**how)
        self.add(basket, *seats)
        return basket

    def view(self, basket: str) -> BasketView:
        """A basket as it is now."""
        return self.desk.read(lambda s: read(s, basket, now=self.desk.now))

    def sell(
        self, basket: str, tenders: Sequence[Tender] | None = None, contact: Contact = INA
    ) -> Sold:
        """Sell a basket, by a card terminal if nothing is said."""
        total = self.view(basket).total
        paid = [Tender(method=Method.TERMINAL, amount=total)] if tenders is None else tenders
        return self.run(
            lambda c: sale.sell(c, self.seller, basket_id=basket, contact=contact, tenders=paid)
        )

    def sold(self, *seats: str, **how: Any) -> OrderView:
        """An order of seats."""
        return self.order(self.sell(self.filled(*seats), **how).order_id)

    def order(self, order_id: str) -> OrderView:
        """An order as it is now."""
        return self.desk.read(lambda s: queries.order(s, order_id))

    def take_back(self, order: OrderView, *ticket_ids: str, **how: Any) -> returns.Returned:
        """The clerk takes tickets back."""
        given = {"reason": "Ill", "key": f"return-{'-'.join(ticket_ids)}", **how}
        return self.act(
            lambda c: returns.return_tickets(
                c, self.seller, order_id=order.id, ticket_ids=ticket_ids, **given
            )
        )

    def exchange(
        self, order: OrderView, basket: str, *ticket_ids: str, tenders: Sequence[Tender] = ()
    ) -> exchanges.Exchanged:
        """The clerk exchanges tickets for what a basket holds."""
        return self.act(
            lambda c: exchanges.exchange(
                c,
                self.seller,
                basket_id=basket,
                order_id=order.id,
                ticket_ids=ticket_ids,
                tenders=tenders,
            )
        )

    def balance(self, account: Account) -> int:
        """What an account of the books says now."""
        return self.desk.read(lambda s: ledger.balance(s, account))

    def run(self, work: Callable[[Any], T]) -> T:
        """The seller runs a command."""
        return self.desk.database.attempt(lambda s: work(self.desk.command_context(s)))

    def act(self, work: Callable[[StaffContext[Any]], T]) -> T:
        """The clerk runs a command of staff."""
        return self.desk.database.attempt(lambda s: work(self.desk.staff_context(s, self.clerk)))


def open_shop(
    desk: Desk,
    *,
    seller: StaffMember | None = None,
    shift_id: str = "",
    sections: Sequence[Mapping[str, str]] = (STALLS, FLOOR),
) -> Shop:
    """A performance on sale at the box office, by the portal and on the phone."""
    made = laid_out(desk, sections)
    owner = desk.owner
    adult, child = (
        desk.act(owner, price_types.add_price_type, typed={"name": name})
        for name in ("Adult", "Child")
    )
    comp = desk.act(owner, price_types.add_price_type, typed={"name": "Guest"}, is_comp=True)
    vat = desk.act(owner, price_types.add_tax_rate, typed={"name": "VAT", "rate": "20"})
    zones = {one.zone for one in desk.read(lambda s: _zones(s, made.performance))} | (
        {"Floor"} if made.pool else set()
    )
    amounts = {
        Cell(zone, kind): amount
        for zone in zones
        for kind, amount in ((adult, ADULT), (child, CHILD))
    }
    desk.act(
        owner,
        price_lists.save,
        event_id=made.event,
        after=0,
        new=NewPrices(
            amounts=amounts,
            fees=[Fee("Booking fee", 100)],
            tax_rate_id=vat,
            starts_at=desk.now,
        ),
    )
    desk.act(
        owner,
        window_commands.add_windows,
        event_id=made.event,
        new=NewWindow(
            audience=Audience.PUBLIC,
            channels=list(SaleChannel),
            opens_at=desk.now,
            closes_at=None,
        ),
    )
    desk.act(owner, performances.put_on_sale, performance_ids=[made.performance], checks=())
    clerk = seller or owner
    return Shop(
        made=made,
        clerk=clerk,
        seller=Seller(channel=SaleChannel.BOX_OFFICE, actor=clerk, shift_id=shift_id),
        adult=adult,
        child=child,
        comp=comp,
    )


def _zones(session: Session, performance_id: str) -> list[Any]:
    from upstage_crm.inventory import queries as inventory

    return list(inventory.places_of(session, performance_id).values())
