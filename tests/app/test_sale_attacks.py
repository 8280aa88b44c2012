"""A hostile clerk and a hostile order of events: no way around what a sale has to be paid with."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.factories import Desk, together, unchanged
from tests.support.houses import seat
from tests.support.shop import ADULT, CHILD, INA, Shop, open_shop
from upstage_crm.audit.events import Action
from upstage_crm.inventory.views import SeatState
from upstage_crm.ledger.views import Account
from upstage_crm.orders import basket_lines, order_refunds, sale, settlement
from upstage_crm.orders.errors import (
    BasketOver,
    RefundAboveLimit,
    StepKeyTaken,
    TendersDiffer,
    TicketNotValid,
)
from upstage_crm.orders.settlement import Facts, Outcome, Said
from upstage_crm.orders.views import BasketKind, BasketState, Seller, Tender
from upstage_crm.payments import commands, queries
from upstage_crm.payments.errors import NotCaptured
from upstage_crm.payments.views import Method, PaymentView, RefundCause
from upstage_crm.programme.prices.views import CompReason, SaleChannel
from upstage_crm.staff.roles import Role

A1, A2, A3, B1 = seat("A", 1), seat("A", 2), seat("A", 3), seat("B", 1)
PORTAL = Seller(channel=SaleChannel.PORTAL)


@pytest.fixture
def shop(desk: Desk) -> Shop:
    return open_shop(desk)


def clerk(shop: Shop, role: Role) -> Shop:
    member = shop.desk.staff("Vic", role)
    return replace(shop, clerk=member, seller=replace(shop.seller, actor=member))


def begun(shop: Shop, basket: str) -> PaymentView:
    """A card payment of a basket that nothing was captured of."""
    return shop.run(lambda c: settlement.begin(c, PORTAL, basket_id=basket, contact=INA))


def settled(shop: Shop, payment: PaymentView, said: Said) -> Outcome:
    return shop.run(
        lambda c: settlement.settle(c, PORTAL, payment_id=payment.id, facts=Facts(said=said))
    )


# --- exchanges ----------------------------------------------------------------------------------


def test_cheaper_tickets_are_no_way_around_the_limit_of_a_role(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_refunds, "MOST_BACK", {Role.BOX_OFFICE: ADULT - CHILD})
    order, vic = shop.sold(A1, A2), clerk(shop, Role.BOX_OFFICE)
    first, second = (one.id for one in order.tickets)
    one, other = (shop.open(kind=BasketKind.EXCHANGE) for _ in range(2))
    shop.add(one, A3, kind=shop.child)
    shop.add(other, B1, kind=shop.child)

    vic.exchange(order, one, first)
    unchanged(shop.desk, lambda: vic.exchange(order, other, second), RefundAboveLimit)
    assert shop.balance(Account.TERMINAL_CLEARING) == ADULT + CHILD


def test_tickets_given_away_by_an_exchange_are_in_the_trail(shop: Shop) -> None:
    order = shop.sold(A1)
    basket = shop.open(kind=BasketKind.EXCHANGE)
    shop.run(
        lambda c: basket_lines.add_seats(
            c,
            shop.seller,
            basket,
            performance_id=shop.performance,
            seats={B1: shop.comp},
            comp_reason=CompReason.PRESS,
        )
    )
    shop.exchange(order, basket, order.tickets[0].id)

    line = shop.desk.lines(action=Action.TICKETS_GIVEN)[-1]
    assert (line.facts["order"], line.facts["tickets"]) == (order.reference, 1)
    assert line.facts["reason"] == CompReason.PRESS.value


def test_an_exchange_is_not_paid_by_what_was_not_captured_for_it(shop: Shop) -> None:
    order, other = shop.sold(A1), shop.filled(A2)
    waiting = begun(shop, other)
    basket = shop.filled(A3, B1, kind=BasketKind.EXCHANGE)
    old = order.tickets[0].id

    for payment_id in (waiting.id, ""):
        card = Tender(method=Method.CARD, amount=ADULT, payment_id=payment_id)

        def pay(tender: Tender = card) -> object:
            return shop.exchange(order, basket, old, tenders=[tender])

        unchanged(shop.desk, pay, NotCaptured)


def test_a_basket_that_was_exchanged_in_one_order_does_nothing_in_another(shop: Shop) -> None:
    order, other = shop.sold(A1), shop.sold(A2)
    basket = shop.filled(B1, kind=BasketKind.EXCHANGE)
    shop.exchange(order, basket, order.tickets[0].id)
    unchanged(shop.desk, lambda: shop.exchange(other, basket, other.tickets[0].id), BasketOver)


# --- payments -----------------------------------------------------------------------------------


def test_one_captured_payment_does_not_pay_twice_in_a_sale(shop: Shop) -> None:
    basket = replace(shop, seller=PORTAL).filled(A1)
    payment = begun(shop, basket)
    settled(shop, payment, Said.EXPIRED)
    shop.add(basket, A2)
    shop.desk.write(lambda s: commands.captured(s, payment.id, now=shop.desk.now))
    half = Tender(method=Method.CARD, amount=ADULT, payment_id=payment.id)

    unchanged(
        shop.desk,
        lambda: shop.run(
            lambda c: sale.sell(c, PORTAL, basket_id=basket, contact=INA, tenders=[half, half])
        ),
        NotCaptured,
    )
    unchanged(
        shop.desk,
        lambda: shop.run(
            lambda c: sale.sell(c, PORTAL, basket_id=basket, contact=INA, tenders=[half])
        ),
        TendersDiffer,
    )


def test_a_late_payment_leaves_the_basket_to_the_one_that_is_open(shop: Shop) -> None:
    basket = replace(shop, seller=PORTAL).filled(A1)
    late = begun(shop, basket)
    settled(shop, late, Said.EXPIRED)
    shop.add(basket, A2)
    now_open = begun(shop, basket)

    assert settled(shop, late, Said.CAPTURED) is Outcome.GIVEN_BACK
    assert shop.view(basket).state is BasketState.PAYING
    assert settled(shop, now_open, Said.CAPTURED) is Outcome.SOLD
    refunds = shop.desk.read(lambda s: queries.refunds_of(s, late.id))
    assert [(one.amount, one.cause) for one in refunds] == [(ADULT, RefundCause.SEATS_GONE)]
    assert shop.made.states() == {A1: SeatState.SOLD, A2: SeatState.SOLD}


# --- returns ------------------------------------------------------------------------------------


def test_the_key_of_one_order_says_nothing_of_another(shop: Shop) -> None:
    order, other = shop.sold(A1), shop.sold(A2)
    shop.take_back(order, order.tickets[0].id, key="same")
    unchanged(
        shop.desk,
        lambda: shop.take_back(other, other.tickets[0].id, key="same"),
        StepKeyTaken,
    )


def test_two_clerks_who_take_one_place_back_give_its_money_once(shop: Shop) -> None:
    """Places have no seat that could stop the second one: the ticket itself has to."""
    basket = shop.open()
    shop.add_places(basket, {shop.adult: 3})
    order = shop.order(shop.sell(basket).order_id)
    ticket = order.tickets[0].id
    results = together(
        *(lambda n=n: shop.take_back(order, ticket, key=f"clerk-{n}") for n in range(4))
    )

    refused = [each for each in results if isinstance(each, Exception)]
    assert [type(each) for each in refused] == [TicketNotValid] * 3
    assert shop.order(order.id).total == 2 * ADULT
    assert shop.balance(Account.TERMINAL_CLEARING) == 2 * ADULT
    assert shop.balance(Account.REFUNDS_DUE) == 0


def test_a_hold_is_over_at_its_very_instant_and_not_before(shop: Shop) -> None:
    basket = shop.filled(A1)
    until = shop.view(basket).until
    assert until is not None
    shop.desk.clock.advance(until - shop.desk.now - timedelta(seconds=1))
    assert shop.view(basket).is_held
    shop.desk.clock.advance(timedelta(seconds=1))
    assert not shop.view(basket).is_held
    shop.filled(A1)
