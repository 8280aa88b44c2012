"""Erasure and orders: an open order refuses an erasure, and what was typed is emptied."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.erasing import erase
from tests.support.factories import Desk, unchanged
from tests.support.houses import seat
from tests.support.proof import verified
from tests.support.shop import ADULT, Shop, open_shop
from upstage_crm.change_requests.model.errors import ErasureBlocked
from upstage_crm.core.when import zone
from upstage_crm.orders import baskets
from upstage_crm.orders.views import Contact, OrderView, Tender
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.payments import refunds
from upstage_crm.payments.views import Method
from upstage_crm.privacy import erasure
from upstage_crm.privacy.erasure import Blocker, BlockerKind
from upstage_crm.staff.roles import Role
from upstage_crm.wording.consequences import erasing_words
from upstage_crm.wording.sentences import blocker_sentence

A1, A2 = seat("A", 1), seat("A", 2)
TYPED = Contact(email="typed@example.org", name="Wilhelmina Typed", phone="+49 30 555 0177")
OTHERS = Contact(email="guest@example.org", name="Ola Guest", phone="+49 30 555 0188")
WORDS = ("typed@", "wilhelmina", "5550177", "555 0177", "parked for")


@pytest.fixture
def shop(desk: Desk) -> Shop:
    return open_shop(desk)


def bought(shop: Shop, patron: PatronRecord, *seats: str, method: Method) -> OrderView:
    basket = shop.filled(*seats, patron_id=patron.id)
    paid = [Tender(method=method, amount=ADULT * len(seats))]
    return shop.order(shop.sell(basket, paid, contact=TYPED).order_id)


def blockers(shop: Shop, patron: PatronRecord) -> tuple[Blocker, ...]:
    desk = shop.desk
    return desk.read(lambda s: erasure.blockers(s, patron.id, now=desk.now))


def ask(shop: Shop, patron: PatronRecord) -> None:
    lead = shop.desk.staff("Lea", Role.PRIVACY_LEAD)
    unchanged(
        shop.desk,
        lambda: shop.desk.act(
            lead, erasure.request_erasure, patron_id=patron.id, reason="Asked by letter"
        ),
        ErasureBlocked,
    )


def test_what_is_open_of_an_order_stands_in_the_way(shop: Shop) -> None:
    patron = shop.desk.patron()
    order = bought(shop, patron, A1, method=Method.INVOICE)
    (ticket,) = blockers(shop, patron)
    assert (ticket.kind, ticket.reference) == (BlockerKind.FUTURE_TICKET, order.reference)
    assert ticket.until is not None
    assert ticket.until > shop.desk.now
    said = blocker_sentence(ticket, zone("UTC"))
    assert order.reference in said
    assert str(ticket.until.year) in said
    ask(shop, patron)

    shop.take_back(order, order.tickets[0].id, is_refunded=False)
    assert [one.kind for one in blockers(shop, patron)] == [BlockerKind.MONEY_OWED]


def test_a_refund_on_its_way_stands_in_the_way_until_it_has_left(shop: Shop) -> None:
    patron = shop.desk.patron()
    order = bought(shop, patron, A1, method=Method.INVOICE)
    shop.take_back(order, order.tickets[0].id)
    (one,) = blockers(shop, patron)
    assert (one.kind, one.until) == (BlockerKind.REFUND_ON_ITS_WAY, None)

    refund = shop.desk.scalar("SELECT id FROM refund")
    shop.desk.write(lambda s: refunds.refund_done(s, refund, now=shop.desk.now))
    assert blockers(shop, patron) == ()


def test_erasure_empties_what_was_typed_and_keeps_what_was_sold(shop: Shop) -> None:
    desk = shop.desk
    patron = desk.patron(given_name="Wilhelmina", family_name="Typed")
    order = bought(shop, patron, A1, method=Method.TERMINAL)
    basket = shop.filled(A2, patron_id=patron.id)
    shop.run(lambda c: baskets.keep_contact(c, basket, TYPED))
    shop.run(lambda c: baskets.park(c, basket, label="Parked for Wilhelmina"))
    other = shop.sold(seat("B", 1), contact=OTHERS)
    until = blockers(shop, patron)[0].until
    assert until is not None
    desk.clock.advance(until - desk.now + timedelta(minutes=1))
    assert blockers(shop, patron) == ()
    assert "1 order" in erasing_words(desk.read(lambda s: erasure.erasing(s, patron.id)))
    before = repr(desk.dump()).casefold()
    assert [word for word in WORDS if word not in before] == ["5550177"]

    erase(desk, patron)

    left = repr(desk.dump()).casefold()
    assert [word for word in WORDS if word in left] == []
    now = shop.order(order.id)
    assert now.contact == Contact(language=TYPED.language)
    assert (now.total, now.tickets) == (order.total, order.tickets)
    assert shop.order(other.id) == other
    assert verified(desk).is_clean
