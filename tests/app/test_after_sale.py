"""After its sale: tickets of an order are taken back or exchanged, and the money follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.factories import Desk, together, unchanged
from tests.support.houses import seat
from tests.support.shop import ADULT, CHILD, Shop, open_shop
from upstage_crm.audit.events import Action
from upstage_crm.core.errors import Forbidden
from upstage_crm.inventory.views import SeatState
from upstage_crm.ledger.views import Account
from upstage_crm.orders import exchanges
from upstage_crm.orders.errors import (
    BasketOver,
    NothingToReturn,
    PerformanceBegun,
    RefundTooHigh,
    TendersDiffer,
    TicketNotValid,
    UnknownTicket,
)
from upstage_crm.orders.views import BasketKind, Tender, TicketState
from upstage_crm.payments.views import Method
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role

A1, A2, A3, B1 = seat("A", 1), seat("A", 2), seat("A", 3), seat("B", 1)
STRANGERS = [role for role in Role if Permission.REFUND_ORDERS not in PERMISSIONS[role]]
BOOKS = (
    Account.TERMINAL_CLEARING,
    Account.DEFERRED_INCOME,
    Account.DEFERRED_FEES,
    Account.TAX,
    Account.REFUNDS_DUE,
)


@pytest.fixture
def shop(desk: Desk) -> Shop:
    return open_shop(desk)


def books(shop: Shop) -> dict[Account, int]:
    return {account: shop.balance(account) for account in BOOKS}


def test_a_returned_ticket_frees_its_seat_and_its_money_goes_back(shop: Shop) -> None:
    order = shop.sold(A1, A2)
    first, second = order.tickets
    done = shop.take_back(order, first.id)

    assert (done.amount, done.refunded) == (ADULT, ADULT)
    assert shop.made.states() == {A2: SeatState.SOLD}
    now = shop.order(order.id)
    assert [one.state for one in now.tickets] == [TicketState.RETURNED, TicketState.VALID]
    assert now.total == ADULT
    assert shop.balance(Account.REFUNDS_DUE) == 0
    assert shop.balance(Account.TERMINAL_CLEARING) == ADULT
    shop.take_back(order, second.id)
    assert set(books(shop).values()) == {0}


def test_a_return_without_a_refund_leaves_the_money_owed(shop: Shop) -> None:
    order = shop.sold(A1)
    done = shop.take_back(order, order.tickets[0].id, is_refunded=False)

    assert (done.amount, done.refunded) == (ADULT, 0)
    assert shop.balance(Account.REFUNDS_DUE) == -ADULT
    assert shop.balance(Account.TERMINAL_CLEARING) == ADULT


def test_the_same_key_takes_back_once(shop: Shop) -> None:
    order = shop.sold(A1, A2)
    first = order.tickets[0].id
    results = together(*(lambda: shop.take_back(order, first) for _ in range(4)))

    done = [each for each in results if not isinstance(each, Exception)]
    assert len({each.step_id for each in done}) == 1  # type: ignore[attr-defined]
    assert shop.balance(Account.TERMINAL_CLEARING) == ADULT


def test_what_cannot_be_taken_back_is_refused(shop: Shop) -> None:
    order, other = shop.sold(A1), shop.sold(A2)
    ticket = order.tickets[0].id

    unchanged(shop.desk, lambda: shop.take_back(order), NothingToReturn)
    unchanged(shop.desk, lambda: shop.take_back(order, other.tickets[0].id), UnknownTicket)
    shop.take_back(order, ticket)
    unchanged(shop.desk, lambda: shop.take_back(order, ticket, key="again"), TicketNotValid)
    shop.desk.clock.advance(timedelta(days=400))
    unchanged(shop.desk, lambda: shop.take_back(other, other.tickets[0].id), PerformanceBegun)


@pytest.mark.parametrize("role", STRANGERS)
def test_who_may_not_refund_is_refused(shop: Shop, role: Role) -> None:
    order = shop.sold(A1)
    other = replace(shop, clerk=shop.desk.staff("Vic", role))
    unchanged(shop.desk, lambda: other.take_back(order, order.tickets[0].id), Forbidden)


def test_a_refund_goes_back_to_the_tenders_it_came_from(shop: Shop) -> None:
    basket = shop.filled(A1, A2)
    parts = [
        Tender(method=Method.INVOICE, amount=5_000),
        Tender(method=Method.TERMINAL, amount=2_000),
    ]
    order = shop.order(shop.sell(basket, parts).order_id)
    shop.take_back(order, order.tickets[0].id)

    assert shop.balance(Account.TERMINAL_CLEARING) == 0  # the newest first
    assert shop.balance(Account.INVOICES_OWED) == 5_000  # until the invoice is settled
    assert shop.balance(Account.REFUNDS_DUE) == -(ADULT - 2_000)


def test_a_return_is_in_the_trail(shop: Shop) -> None:
    order = shop.sold(A1)
    shop.take_back(order, order.tickets[0].id)

    facts = shop.desk.lines(action=Action.TICKETS_RETURNED)[-1].facts
    assert (facts["order"], facts["tickets"], facts["reason"]) == (order.reference, 1, "Ill")


def test_an_exchange_carries_what_was_paid(shop: Shop) -> None:
    order = shop.sold(A1)
    basket = shop.filled(B1, kind=BasketKind.EXCHANGE)
    done = shop.exchange(order, basket, order.tickets[0].id)

    assert shop.made.states() == {B1: SeatState.SOLD}
    now = shop.order(order.id)
    assert [one.state for one in now.tickets] == [TicketState.EXCHANGED, TicketState.VALID]
    assert now.valid[0].id == done.ticket_ids[0]
    assert now.total == ADULT
    assert shop.balance(Account.TERMINAL_CLEARING) == ADULT
    assert shop.exchange(order, basket, order.tickets[0].id).was_done


def test_the_difference_of_an_exchange_is_paid_or_given_back(shop: Shop) -> None:
    order = shop.sold(A1)
    dearer = shop.filled(B1, A3, kind=BasketKind.EXCHANGE)
    old = order.tickets[0].id

    def look(basket: str) -> exchanges.Difference:
        return shop.run(
            lambda c: exchanges.difference(c, basket_id=basket, order_id=order.id, ticket_ids=[old])
        )

    assert (look(dearer).to_pay, look(dearer).to_give_back) == (ADULT, 0)
    unchanged(shop.desk, lambda: shop.exchange(order, dearer, old), TendersDiffer)
    shop.exchange(order, dearer, old, tenders=[Tender(method=Method.TERMINAL, amount=ADULT)])
    assert shop.balance(Account.TERMINAL_CLEARING) == 2 * ADULT

    cheaper = shop.open(kind=BasketKind.EXCHANGE)
    shop.add(cheaper, A1, kind=shop.child)
    both = [one.id for one in shop.order(order.id).valid]
    shop.exchange(order, cheaper, *both)
    assert shop.order(order.id).total == CHILD
    assert shop.balance(Account.TERMINAL_CLEARING) == CHILD
    assert shop.balance(Account.REFUNDS_DUE) == 0


def test_an_exchange_needs_a_basket_of_its_kind(shop: Shop) -> None:
    order = shop.sold(A1)
    basket = shop.filled(B1)
    unchanged(shop.desk, lambda: shop.exchange(order, basket, order.tickets[0].id), BasketOver)


def test_two_exchanges_of_each_others_rows_wait_for_no_one(shop: Shop) -> None:
    one, other = shop.sold(A1), shop.sold(B1)
    first = shop.filled(seat("B", 2), kind=BasketKind.EXCHANGE)
    second = shop.filled(A2, kind=BasketKind.EXCHANGE)
    results = together(
        lambda: shop.exchange(one, first, one.tickets[0].id),
        lambda: shop.exchange(other, second, other.tickets[0].id),
    )
    assert not [each for each in results if isinstance(each, Exception)]


def test_more_than_was_paid_is_not_given_back(shop: Shop) -> None:
    from upstage_crm.orders import order_refunds

    order = shop.sold(A1)
    with pytest.raises(RefundTooHigh):
        shop.desk.read(lambda s: order_refunds.shares(s, order.id, ADULT + 1))
