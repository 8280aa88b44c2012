"""A guest's order is filed after its sale, and is the patron's once the mailbox is proven."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.support.factories import Desk
from tests.support.houses import seat
from tests.support.shop import INA, Shop, open_shop
from upstage_crm.audit.events import Action
from upstage_crm.core.languages import SOURCE
from upstage_crm.orders import filing
from upstage_crm.orders.views import Contact, OrderView
from upstage_crm.patrons import queries

A1, A2 = seat("A", 1), seat("A", 2)


@pytest.fixture
def shop(desk: Desk) -> Shop:
    return open_shop(desk)


def file(shop: Shop) -> int:
    shop.desk.clock.advance(timedelta(seconds=10))
    return shop.run(filing.file_orders)


def claimed(shop: Shop, order: OrderView) -> object:
    with shop.desk.database.reading() as session:
        query = sa.text("SELECT claimed_at FROM orders WHERE id = :id")
        return session.connection().execute(query, {"id": order.id}).scalar_one()


def test_an_order_goes_beside_the_record_whose_address_it_names(shop: Shop) -> None:
    ina = shop.desk.patron(email=INA.email)
    order = shop.sold(A1)
    assert shop.order(order.id).patron_id is None

    assert file(shop) == 1
    assert shop.order(order.id).patron_id == ina.id
    assert claimed(shop, order) is None  # the name of an address proves nothing
    line = shop.desk.lines(action=Action.ORDER_FILED)[-1]
    assert (line.facts["order"], line.facts["new"]) == (order.reference, False)
    assert file(shop) == 0


def test_an_unknown_guest_gets_a_record_without_name_or_address(shop: Shop) -> None:
    contact = Contact(email="new@example.org", name="Nora New", language="de")
    order = shop.sold(A1, contact=contact)
    file(shop)

    patron_id = shop.order(order.id).patron_id
    assert patron_id is not None
    record = shop.desk.read(lambda s: queries.get(s, patron_id))
    assert set(record.values.values()) == {None}
    assert record.free["language"] == "de"
    assert record.name == f"Patron {record.number}"


def test_nothing_of_a_sale_without_an_address_is_filed(shop: Shop) -> None:
    order = shop.sold(A1, contact=Contact(language=SOURCE))

    assert file(shop) == 0
    assert shop.order(order.id).patron_id is None


def test_a_proven_mailbox_claims_its_order_once(shop: Shop) -> None:
    order = shop.sold(A1)
    assert not shop.run(lambda c: filing.claim(c, order_id=order.id))
    file(shop)

    assert shop.run(lambda c: filing.claim(c, order_id=order.id))
    assert claimed(shop, order) is not None
    assert not shop.run(lambda c: filing.claim(c, order_id=order.id))


def test_an_approved_address_takes_no_guest_order_along(shop: Shop) -> None:
    """Case 40: the match of a string proves nothing."""
    order = shop.sold(A1)
    file(shop)
    filed_at = shop.order(order.id).patron_id
    mara = shop.desk.patron(email="mara@example.com")
    request, link = shop.desk.asked(mara, INA.email)
    shop.desk.decide(link)
    shop.desk.take_effect(request, after=timedelta(days=4))

    assert shop.desk.read(lambda s: queries.get(s, mara.id)).values["email"] == INA.email
    assert shop.order(order.id).patron_id == filed_at != mara.id
