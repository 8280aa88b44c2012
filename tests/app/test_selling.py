"""From a basket to an order: what is held, promised, paid, sold, booked, and refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, IntegrityError

from tests.support.factories import Desk, together, unchanged
from tests.support.houses import seat
from tests.support.shop import ADULT, CHILD, INA, Shop, open_shop
from upstage_crm.core.errors import Forbidden
from upstage_crm.demo.attacks.attack_orders import order_attempts
from upstage_crm.inventory.errors import HoldLapsed, SeatsLost, SeatsTaken
from upstage_crm.inventory.views import SeatState
from upstage_crm.ledger.views import Account
from upstage_crm.orders import basket_lines, baskets
from upstage_crm.orders.errors import (
    BasketEmpty,
    BasketOver,
    BuyerGone,
    ContactMissing,
    PriceChanged,
    ShiftMissing,
    TendersDiffer,
    UnknownBasket,
)
from upstage_crm.orders.views import BasketState, Contact, Seller, Tender, TicketState
from upstage_crm.patrons.tables import PatronStatus
from upstage_crm.payments.errors import NotCaptured
from upstage_crm.payments.views import Method
from upstage_crm.pricing.errors import CompNotAllowed, NotOnSale
from upstage_crm.programme import performances
from upstage_crm.programme.prices.views import CompReason, SaleChannel
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role
from upstage_crm.wording.sentences import sentence

pytestmark = pytest.mark.each_database

A1, A2, A3, B1 = seat("A", 1), seat("A", 2), seat("A", 3), seat("B", 1)
STRANGERS = [role for role in Role if Permission.SELL_TICKETS not in PERMISSIONS[role]]


@pytest.fixture
def shop(desk: Desk) -> Shop:
    return open_shop(desk)


def test_what_is_chosen_is_held_at_the_price_that_is_promised(shop: Shop) -> None:
    basket = shop.open()
    view = shop.add(basket, A1, A2)
    view = shop.add_places(basket, {shop.child: 2})

    assert [(line.place, line.amount) for line in view.lines] == [
        ("Stalls, row A, seat 1", ADULT),
        ("Stalls, row A, seat 2", ADULT),
        ("Floor", CHILD),
        ("Floor", CHILD),
    ]
    assert view.total == 2 * ADULT + 2 * CHILD
    assert view.until == shop.desk.now + timedelta(minutes=12)
    assert shop.made.states() == {A1: SeatState.HELD, A2: SeatState.HELD}
    assert shop.made.house().pools[0].held == 2


def test_a_sale_is_an_order_with_tickets_and_balanced_books(shop: Shop) -> None:
    order = shop.sold(A1, A2)

    assert order.total == 2 * ADULT
    assert order.contact == INA
    assert [one.state for one in order.tickets] == [TicketState.VALID] * 2
    assert shop.made.states() == {A1: SeatState.SOLD, A2: SeatState.SOLD}
    # 35.00 with 20 % tax: 5.83; the fee of 1.00 carries 0.17 of it.
    assert shop.balance(Account.TERMINAL_CLEARING) == 2 * ADULT
    assert shop.balance(Account.TAX) == -2 * 583
    assert shop.balance(Account.DEFERRED_FEES) == -2 * 83
    assert shop.balance(Account.DEFERRED_INCOME) == -2 * (ADULT - 583 - 83)


def test_a_basket_is_sold_once_however_often_it_is_asked_for(shop: Shop) -> None:
    basket = shop.filled(A1)
    first, again = shop.sell(basket), shop.sell(basket)

    assert (again.order_id, again.was_sold) == (first.order_id, True)
    assert again.ticket_ids == first.ticket_ids
    assert shop.balance(Account.TERMINAL_CLEARING) == ADULT
    results = together(*(lambda: shop.sell(basket) for _ in range(6)))
    assert {each.order_id for each in results} == {first.order_id}  # type: ignore[attr-defined]


def test_places_without_numbers_are_sold_with_a_ticket_each(shop: Shop) -> None:
    basket = shop.open()
    shop.add_places(basket, {shop.adult: 2, shop.child: 1})
    order = shop.order(shop.sell(basket).order_id)

    assert [one.place for one in order.tickets] == ["Floor"] * 3
    assert order.total == 2 * ADULT + CHILD
    assert shop.made.house().pools[0].sold == 3


def test_the_best_seats_can_be_asked_for_in_a_zone(shop: Shop) -> None:
    basket = shop.open()
    view = shop.best(basket, {shop.adult: 1, shop.child: 1})

    assert {line.type_id for line in view.lines} == {shop.adult, shop.child}
    assert view.total == ADULT + CHILD


def test_several_tenders_pay_one_order(shop: Shop) -> None:
    basket = shop.filled(A1, A2)
    parts = [
        Tender(method=Method.TERMINAL, amount=5_000, note="slip 17"),
        Tender(method=Method.INVOICE, amount=2_000),
    ]
    shop.sell(basket, parts)

    assert shop.balance(Account.TERMINAL_CLEARING) == 5_000
    assert shop.balance(Account.INVOICES_OWED) == 2_000


def test_what_is_not_paid_exactly_is_refused(shop: Shop) -> None:
    basket = shop.filled(A1)
    for tenders, refusal in (
        ([], TendersDiffer),
        ([Tender(method=Method.TERMINAL, amount=ADULT - 1)], TendersDiffer),
        ([Tender(method=Method.TERMINAL, amount=ADULT + 1)], TendersDiffer),
        (
            [
                Tender(method=Method.TERMINAL, amount=ADULT + 5),
                Tender(method=Method.INVOICE, amount=-5),
            ],
            TendersDiffer,
        ),
        ([Tender(method=Method.CASH, amount=ADULT)], ShiftMissing),
        ([Tender(method=Method.CARD, amount=ADULT)], NotCaptured),
    ):
        unchanged(shop.desk, lambda tenders=tenders: shop.sell(basket, tenders), refusal)
    error = unchanged(shop.desk, lambda: shop.sell(basket, []), TendersDiffer)
    assert sentence(error) == "To be paid: $35.00. Entered: $0.00."


def test_the_portal_needs_an_address_and_the_till_none(shop: Shop) -> None:
    basket = shop.filled(A1)
    portal = replace(shop, seller=Seller(channel=SaleChannel.PORTAL))

    unchanged(shop.desk, lambda: portal.sell(basket, contact=Contact()), ContactMissing)
    assert shop.sell(basket, contact=Contact()).reference


def test_a_lapsed_basket_sells_while_its_seats_are_free_and_not_afterwards(shop: Shop) -> None:
    first, second = shop.filled(A1), shop.filled(A2)
    shop.desk.clock.advance(timedelta(minutes=13))
    shop.filled(A2)

    assert shop.sell(first).reference
    unchanged(shop.desk, lambda: shop.sell(second), SeatsLost)
    unchanged(shop.desk, lambda: shop.add(second, A3), HoldLapsed)


def test_a_lapsed_basket_is_held_again_at_the_prices_of_now(shop: Shop) -> None:
    basket = shop.filled(A1, A2)
    shop.desk.clock.advance(timedelta(minutes=13))
    assert not shop.view(basket).is_held

    view = shop.run(lambda c: basket_lines.hold_again(c, shop.seller, basket))
    assert view.is_held
    assert view.priced_at == shop.desk.now


def test_what_is_let_go_is_free_and_stays_over(shop: Shop) -> None:
    basket = shop.filled(A1)
    shop.run(lambda c: baskets.keep_contact(c, basket, INA))
    shop.run(lambda c: baskets.let_go(c, basket))

    assert shop.made.states() == {}
    assert shop.view(basket).state is BasketState.LET_GO
    unchanged(shop.desk, lambda: shop.sell(basket), BasketOver)
    unchanged(shop.desk, lambda: shop.add(basket, A1), BasketOver)
    with shop.desk.database.reading() as session:
        kept = session.connection().execute(sa.text("SELECT contact FROM basket")).scalars()
        assert set(kept) == {"{}"}


def test_removed_lines_are_free_and_places_stay_as_many_as_are_left(shop: Shop) -> None:
    basket = shop.filled(A1, A2)
    view = shop.add_places(basket, {shop.adult: 3})
    gone = [view.lines[-1].key, f"{shop.performance}:{A2}"]
    view = shop.run(lambda c: basket_lines.remove(c, shop.seller, basket, keys=gone))

    assert shop.made.states() == {A1: SeatState.HELD}
    assert shop.made.house().pools[0].held == 2
    assert view.total == 3 * ADULT


def test_an_empty_or_unknown_basket_is_refused(shop: Shop) -> None:
    basket = shop.open()
    unchanged(shop.desk, lambda: shop.sell(basket, []), BasketEmpty)
    unchanged(shop.desk, lambda: shop.view("x"), UnknownBasket)


def test_seats_of_another_basket_are_refused_by_name(shop: Shop) -> None:
    shop.filled(A1)
    other = shop.open()
    error = unchanged(shop.desk, lambda: shop.add(other, A1, A2), SeatsTaken)
    assert sentence(error) == "Taken already: Stalls, row A, seat 1. Nothing was held."


def test_a_paused_performance_sells_what_is_held_and_nothing_new(shop: Shop) -> None:
    basket = shop.filled(A1)
    shop.desk.act(shop.desk.owner, performances.pause, performance_ids=[shop.performance])

    unchanged(shop.desk, lambda: shop.add(basket, A2), NotOnSale)
    assert shop.sell(basket).reference


@pytest.mark.parametrize("role", STRANGERS)
def test_who_may_not_sell_is_refused(desk: Desk, role: Role) -> None:
    shop = open_shop(desk, seller=desk.staff("Vic", role))
    basket = shop.filled(A1)
    unchanged(desk, lambda: shop.sell(basket), Forbidden)


def test_tickets_are_given_away_by_who_may_and_with_a_reason(desk: Desk) -> None:
    shop = open_shop(desk)
    clerk = replace(shop, seller=replace(shop.seller, actor=desk.staff("Vic", Role.BOX_OFFICE)))
    basket = shop.filled(A1)
    types = {f"{shop.performance}:{A1}": shop.comp}
    change = basket_lines.set_types

    def give(who: Shop) -> object:
        reason = CompReason.PRESS
        return who.run(lambda c: change(c, who.seller, basket, types=types, comp_reason=reason))

    unchanged(desk, lambda: give(clerk), CompNotAllowed)
    give(shop)
    order = shop.order(shop.sell(basket, []).order_id)

    assert order.total == 0
    facts = desk.lines()[-1].facts
    assert (facts["order"], facts["tickets"], facts["reason"]) == (order.reference, 1, "press")


def test_nothing_is_sold_to_a_closed_record(shop: Shop) -> None:
    ina = shop.desk.patron()
    basket = shop.filled(A1, patron_id=ina.id)
    shop.desk.set_status(ina, PatronStatus.DECEASED)

    unchanged(shop.desk, lambda: shop.sell(basket), BuyerGone)


def test_prices_that_are_not_those_of_the_promise_are_refused(shop: Shop) -> None:
    basket = shop.filled(A1)
    with shop.desk.database.transaction() as session:
        session.connection().execute(sa.text("UPDATE basket_line SET amount = 1"))

    paid = [Tender(method=Method.TERMINAL, amount=1)]
    error = unchanged(shop.desk, lambda: shop.sell(basket, paid), PriceChanged)
    assert error.facts == {"before": "$0.01", "now": "$35.00"}


def test_sixty_four_buyers_of_one_seat_get_one_ticket(shop: Shop) -> None:
    buyers = 64 if shop.desk.database.engine.dialect.name == "sqlite" else 16
    baskets_of = [shop.open() for _ in range(buyers)]

    def buy(basket: str) -> object:
        shop.add(basket, A1)
        return shop.sell(basket)

    results = together(*(lambda basket=basket: buy(basket) for basket in baskets_of))
    refused = [each for each in results if isinstance(each, SeatsTaken)]
    assert len(refused) == buyers - 1
    assert shop.balance(Account.TERMINAL_CLEARING) == ADULT


def test_who_has_the_database_changes_nothing_that_was_sold(shop: Shop) -> None:
    order = shop.sold(A1, A2)
    shop.take_back(order, order.tickets[1].id)
    shop.sold(B1)
    with shop.desk.database.engine.connect() as connection:
        # What has the shape of ours is found later, by its seal.
        attempts = [one for one in order_attempts(connection) if not one.notices]
    before, passed = shop.desk.dump(), list[str]()
    for attempt in attempts:
        *prepared, last = attempt.statements
        with shop.desk.database.engine.connect() as connection:
            for statement in prepared:  # what comes before the attempt itself is refused nowhere
                connection.execute(sa.text(statement))
            try:
                connection.execute(sa.text(last))
            except DatabaseError:
                continue
        passed.append(attempt.words)

    assert len(attempts) > 35
    assert passed == []
    assert shop.desk.dump() == before


def test_the_database_refuses_a_second_valid_ticket_of_a_seat(shop: Shop) -> None:
    order = shop.sold(A1, A2)
    shop.take_back(order, order.tickets[1].id)
    second = (
        "INSERT INTO ticket SELECT 'x', t.order_id, l.id, t.performance_id, t.seat_id, t.pool_id, "
        "t.place, t.zone, t.type_id, t.amount, t.state, t.holder_id, 1, NULL, t.salt, NULL, "
        "t.created_at FROM ticket t JOIN order_line l ON l.order_id = t.order_id "
        "WHERE t.state = 'valid' AND l.reverses <> ''"
    )
    with pytest.raises(IntegrityError), shop.desk.database.transaction() as session:
        session.connection().execute(sa.text(second))
