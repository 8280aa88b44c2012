"""What is given back from a page of the CRM comes from a drawer whose shift is open until then."""

from __future__ import annotations

import threading

import pytest
from sqlmodel import Session

from tests.support.factories import Desk
from tests.support.houses import seat
from tests.support.shop import ADULT, Shop, open_shop
from upstage_crm.admin.orders.desk_seller import desk_seller
from upstage_crm.core.errors import UpstageError
from upstage_crm.orders import returns
from upstage_crm.orders.errors import ShiftMissing
from upstage_crm.orders.views import OrderView, Tender
from upstage_crm.payments.views import Method
from upstage_crm.tills import queries, shifts, till_commands
from upstage_crm.tills.errors import ShiftClosed
from upstage_crm.tills.views import ShiftReport

A_MOMENT_S = 0.5  # in which another transaction ends, unless it has to wait for ours


def opened(desk: Desk, *, is_training: bool = False) -> str:
    """A shift of the owner at a till of its own."""
    till = desk.act(desk.owner, till_commands.add, name="Foyer")
    how = {"till_id": till, "float_amount": 0, "is_training": is_training}
    return desk.act(desk.owner, shifts.open_shift, **how)


class Drawer:
    """An open shift of the owner, and a ticket that was sold for cash in it."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.shift = desk, opened(desk)
        self.shop: Shop = open_shop(desk, seller=desk.owner, shift_id=self.shift)
        paid = [Tender(method=Method.CASH, amount=ADULT)]
        basket = self.shop.filled(seat("A", 1))
        self.order: OrderView = self.shop.order(self.shop.sell(basket, paid).order_id)

    def give_back(self, session: Session) -> None:
        """As the dialog of an order does it, in the transaction of its command."""
        returns.return_tickets(
            self.desk.staff_context(session, self.desk.owner),
            desk_seller(session, self.desk.owner),
            order_id=self.order.id,
            ticket_ids=[self.order.tickets[0].id],
            reason="cannot_come",
            key="dialog",
        )

    def close(self, session: Session) -> None:
        context = self.desk.staff_context(session, self.desk.owner)
        shifts.close(context, shift_id=self.shift, counted_cash=0)

    def report(self) -> ShiftReport:
        return self.desk.read(lambda s: queries.report(s, self.shift))


@pytest.fixture
def drawer(desk: Desk) -> Drawer:
    return Drawer(desk)


def test_a_shift_is_closed_after_what_is_given_back_from_its_drawer(drawer: Drawer) -> None:
    """A colleague who closes it meanwhile waits, and counts the money that has gone."""
    database = drawer.desk.database
    closing = threading.Thread(target=lambda: database.attempt(drawer.close))
    with database.transaction() as session:
        seller = desk_seller(session, drawer.desk.owner)
        assert seller.shift_id == drawer.shift
        closing.start()
        closing.join(A_MOMENT_S)
        drawer.give_back(session)
    closing.join()

    assert drawer.report().expected_cash == 0
    assert drawer.desk.scalar("SELECT count(*) FROM refund WHERE state = 'done'") == 1


def test_nothing_is_given_back_from_a_drawer_whose_shift_closes_at_this_moment(
    drawer: Drawer,
) -> None:
    database = drawer.desk.database
    refused: list[UpstageError] = []

    def give_back() -> None:
        try:
            database.attempt(drawer.give_back)
        except UpstageError as error:
            refused.append(error)

    giving = threading.Thread(target=give_back)
    with database.transaction() as session:
        drawer.close(session)
        giving.start()
        giving.join(A_MOMENT_S)
    giving.join()

    # On SQLite the closed shift is seen at once: then there is no drawer at all.
    assert [type(each) for each in refused] in ([ShiftClosed], [ShiftMissing])
    assert drawer.report().expected_cash == ADULT
    assert drawer.desk.scalar("SELECT count(*) FROM refund") == 0


def test_a_training_has_no_drawer(desk: Desk) -> None:
    opened(desk, is_training=True)

    assert desk.read(lambda s: desk_seller(s, desk.owner)).shift_id == ""
