"""Random stories of the whole of sales against a simple model: tickets, seats, money and books."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from tests.support.factories import Desk
from tests.support.houses import performance_in, seat
from tests.support.shop import ADULT, CHILD, INA, Shop, open_shop
from upstage_crm.core.errors import UpstageError
from upstage_crm.inventory import sale_steps
from upstage_crm.inventory.views import SeatState
from upstage_crm.ledger.views import Account
from upstage_crm.orders import baskets, settlement
from upstage_crm.orders.settlement import Facts, Outcome, Said
from upstage_crm.orders.views import BasketKind, Tender, TicketState
from upstage_crm.payments import queries as payments
from upstage_crm.payments.views import Method, PaymentState

pytestmark = pytest.mark.each_database

SEATS = [seat(row, number) for row in "AB" for number in range(1, 5)]
seats = st.sets(st.sampled_from(SEATS), min_size=1, max_size=3)
TAKEN = (Account.TERMINAL_CLEARING, Account.INVOICES_OWED, Account.CARD_CLEARING)
HELD_FOR_LATER = (Account.DEFERRED_INCOME, Account.DEFERRED_FEES, Account.TAX)


class Story(RuleBasedStateMachine):
    """One performance, its baskets, orders and payments. What is refused changes nothing."""

    shop: Shop
    days = count()
    open_ones = Bundle("open_ones")
    paying = Bundle("paying")
    orders = Bundle("orders")

    @initialize()
    def begin(self) -> None:
        desk = self.shop.desk
        day = date(2027, 1, 1) + timedelta(days=next(Story.days))
        made = self.shop.made
        made.performance = performance_in(desk, made.hall, made.event, day)
        desk.act(desk.owner, sale_steps.put_on_sale, performance_ids=[made.performance], checks=())
        made.pool = made.house().pools[0].id
        self.start = {account: self.shop.balance(account) for account in Account}
        self.sold_for: dict[str, int] = {}

    def tried(self, work: Callable[[], Any]) -> Any:
        """The outcome, or None where it was refused by a type."""
        try:
            return work()
        except UpstageError:
            return None

    @rule(target=open_ones, chosen=seats, places=st.integers(0, 2), is_child=st.booleans())
    def choose(self, chosen: set[str], places: int, is_child: bool) -> Any:
        shop = self.shop
        basket = shop.open()
        kind = shop.child if is_child else shop.adult
        self.tried(lambda: shop.add(basket, *sorted(chosen), kind=kind))
        if places:
            self.tried(lambda: shop.add_places(basket, {shop.adult: places}))
        return basket

    @rule(basket=open_ones)
    def let_go(self, basket: str) -> None:
        self.tried(lambda: self.shop.run(lambda c: baskets.let_go(c, basket)))

    @rule(target=orders, basket=open_ones, is_split=st.booleans())
    def sell(self, basket: str, is_split: bool) -> Any:
        total = self.shop.view(basket).total
        part = total // 2 if is_split else 0
        tenders = [
            Tender(method=method, amount=amount)
            for method, amount in ((Method.INVOICE, part), (Method.TERMINAL, total - part))
            if amount
        ]
        done = self.tried(lambda: self.shop.sell(basket, tenders))
        return multiple() if done is None or done.was_sold else done.order_id

    @rule(target=paying, basket=open_ones)
    def pay_by_card(self, basket: str) -> Any:
        def begin(context: Any) -> Any:
            return settlement.begin(context, self.shop.seller, basket_id=basket, contact=INA)

        payment = self.tried(lambda: self.shop.run(begin))
        return multiple() if payment is None else payment.id

    @rule(target=orders, payment=paying, said=st.sampled_from(list(Said)), twice=st.booleans())
    def the_provider_says(self, payment: str, said: Said, twice: bool) -> Any:
        """In any order, late and doubled: what was captured is sold once, or goes back."""

        def settle() -> Outcome:
            return self.shop.run(
                lambda c: settlement.settle(
                    c, self.shop.seller, payment_id=payment, facts=Facts(said=said)
                )
            )

        before = self.shop.desk.read(lambda s: payments.payment(s, payment))
        outcome = settle()
        if twice:
            assert settle() is outcome or outcome is Outcome.FAILED
        after = self.shop.desk.read(lambda s: payments.payment(s, payment))
        return after.order_id if after.order_id and not before.order_id else multiple()

    @rule(order=orders, chosen=st.integers(0, 3), is_refunded=st.booleans(), again=st.booleans())
    def take_back(self, order: str, chosen: int, is_refunded: bool, again: bool) -> None:
        view = self.shop.order(order)
        ids = [one.id for one in view.tickets[chosen : chosen + 1 + chosen % 2]]
        for _ in range(1 + again):
            self.tried(lambda: self.shop.take_back(view, *ids, is_refunded=is_refunded))

    @rule(order=orders, chosen=seats, is_child=st.booleans())
    def exchange(self, order: str, chosen: set[str], is_child: bool) -> None:
        shop, view = self.shop, self.shop.order(order)
        basket = shop.open(kind=BasketKind.EXCHANGE)
        kind = shop.child if is_child else shop.adult
        if self.tried(lambda: shop.add(basket, *sorted(chosen), kind=kind)) is None:
            return
        old = [one.id for one in view.valid[:2]]
        carried = sum(one.amount for one in view.valid[:2])
        more = len(chosen) * (CHILD if is_child else ADULT) - carried
        paid = [Tender(method=Method.TERMINAL, amount=more)] if more > 0 else []
        self.tried(lambda: shop.exchange(view, basket, *old, tenders=paid))

    @rule(minutes=st.integers(1, 14))
    def wait(self, minutes: int) -> None:
        self.shop.desk.clock.advance(timedelta(minutes=minutes))

    @invariant()
    def the_books_are_what_the_tickets_say(self) -> None:
        if not hasattr(self, "start"):
            return
        moved = {each: self.shop.balance(each) - self.start[each] for each in Account}
        assert sum(moved.values()) == 0
        valid = self.tickets(TicketState.VALID)
        assert -sum(moved[each] for each in HELD_FOR_LATER) == sum(row.amount for row in valid)
        captured, refunded, pending = self.money()
        assert sum(moved[each] for each in TAKEN) == captured - refunded
        owed = captured - refunded - sum(row.amount for row in valid)
        assert -moved[Account.REFUNDS_DUE] == owed >= pending >= 0

    @invariant()
    def seats_and_tickets_agree(self) -> None:
        if not hasattr(self, "start"):
            return
        valid = self.tickets(TicketState.VALID)
        sold = {one for one, state in self.shop.made.states().items() if state is SeatState.SOLD}
        assert sold == {row.seat_id for row in valid if row.seat_id}
        assert len(sold) == sum(1 for row in valid if row.seat_id)
        pool = self.shop.made.house().pools[0]
        assert pool.sold == sum(1 for row in valid if row.pool_id)

    @invariant()
    def no_captured_payment_is_alone(self) -> None:
        if not hasattr(self, "start"):
            return
        for row in self.rows(
            "SELECT p.id FROM payment p WHERE p.state = 'captured' AND p.order_id = '' AND NOT "
            "EXISTS (SELECT 1 FROM refund r WHERE r.payment_id = p.id AND r.amount = p.amount)"
        ):
            raise AssertionError(row.id)

    def tickets(self, state: TicketState) -> list[Any]:
        return self.rows(
            "SELECT amount, seat_id, pool_id FROM ticket WHERE performance_id = :p AND state = :s",
            p=self.shop.made.performance,
            s=state.value,
        )

    def money(self) -> tuple[int, int, int]:
        """What this story has captured, given back, and promised to give back."""
        paid = self.rows(
            "SELECT id, amount FROM payment WHERE state = :s AND basket_id IN (SELECT basket_id "
            "FROM basket_line WHERE performance_id = :p)",
            s=PaymentState.CAPTURED.value,
            p=self.shop.made.performance,
        )
        given = {
            state: sum(
                row.amount
                for row in self.rows(
                    "SELECT payment_id, amount FROM refund WHERE state = :s", s=state
                )
                if row.payment_id in {one.id for one in paid}
            )
            for state in ("done", "pending")
        }
        return sum(row.amount for row in paid), given["done"], given["pending"]

    def rows(self, query: str, **given: Any) -> list[Any]:
        with self.shop.desk.database.reading() as session:
            return list(session.connection().execute(sa.text(query), given).all())


def test_whatever_happens_tickets_seats_and_books_agree(desk: Desk) -> None:
    shop = open_shop(desk)

    class OwnStory(Story):
        pass

    OwnStory.shop = shop
    run_state_machine_as_test(
        OwnStory,
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            phases=(Phase.explicit, Phase.generate),
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
