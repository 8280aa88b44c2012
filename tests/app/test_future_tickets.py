"""What goes with an address: tickets and orders make a stake, and are named to some readers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.factories import NEW, OLD, Desk, days
from tests.support.houses import seat
from tests.support.shop import INA, Shop, open_shop
from upstage_crm.change_requests.lifecycle import preview
from upstage_crm.change_requests.model.reviewers import RECENT_ORDER
from upstage_crm.change_requests.model.rules import ReasonCode
from upstage_crm.change_requests.reads import evidence
from upstage_crm.orders import filing
from upstage_crm.orders.records import patron_orders
from upstage_crm.orders.views import OrderView
from upstage_crm.patrons import queries
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.patrons.views import PatronRecord

A1, A2, A3 = seat("A", 1), seat("A", 2), seat("A", 3)
TOLD = "Your tickets for coming performances (2)"


@pytest.fixture
def shop(desk: Desk) -> Shop:
    return open_shop(desk)


def bought(shop: Shop, patron: PatronRecord, *seats: str) -> OrderView:
    return shop.order(shop.sell(shop.filled(*seats, patron_id=patron.id)).order_id)


def has_stake(shop: Shop, patron: PatronRecord) -> bool:
    desk = shop.desk
    return desk.read(
        lambda s: evidence.gather(s, s.get_one(PatronRow, patron.id), now=desk.now).has_stake
    )


def proven(shop: Shop) -> PatronRecord:
    patron = shop.desk.patron()
    shop.desk.arrange("UPDATE patron SET email_verified_at = created_at")
    return patron


def test_an_order_of_two_years_is_a_stake_and_an_older_one_is_none(shop: Shop) -> None:
    shop.sold(A1)  # somebody else's: from now on orders are kept here
    shop.desk.clock.advance(timedelta(hours=1))
    patron = shop.desk.patron()
    assert not has_stake(shop, patron)

    order = bought(shop, patron, A2)
    assert has_stake(shop, patron)
    shop.take_back(order, order.tickets[0].id)
    shop.desk.clock.advance(RECENT_ORDER - timedelta(hours=1))
    assert has_stake(shop, patron)
    shop.desk.clock.advance(timedelta(hours=2))
    assert not has_stake(shop, patron)


def test_what_is_owed_from_an_old_order_is_a_stake(shop: Shop) -> None:
    shop.sold(A1)
    patron = shop.desk.patron()
    order = bought(shop, patron, A2)
    shop.take_back(order, order.tickets[0].id, is_refunded=False)
    shop.desk.clock.advance(RECENT_ORDER + timedelta(days=1))

    (held,) = shop.desk.read(lambda s: patron_orders.held(s, patron.id, now=shop.desk.now))
    assert (held.owed > 0, held.tickets) == (True, 0)
    assert has_stake(shop, patron)


def test_a_record_from_before_the_first_order_keeps_its_stake(shop: Shop) -> None:
    patron = shop.desk.patron()
    shop.desk.clock.advance(timedelta(days=31))
    assert has_stake(shop, patron)
    shop.sold(A1)
    assert has_stake(shop, patron)


def test_the_dialog_says_how_many_tickets_go_with_the_address(shop: Shop) -> None:
    patron = proven(shop)
    desk = shop.desk

    def tickets(**changes: dict[str, str]) -> int:
        return desk.act(
            desk.owner,
            preview.preview,
            patron_id=patron.id,
            changes=changes,
            reason_code=ReasonCode.ASKED_BY_PHONE,
            reason_text="",
            parsing=desk.context,
        ).tickets

    assert tickets(email={"email": NEW}) == 0
    order = bought(shop, patron, A1, A2)
    assert tickets(email={"email": NEW}) == 2
    assert tickets(phone={"phone": "+1 212 555 0199"}) == 0
    shop.take_back(order, order.tickets[0].id)
    assert tickets(email={"email": NEW}) == 1


def test_the_current_mailbox_reads_the_number_and_the_proposed_one_never(shop: Shop) -> None:
    patron, desk = proven(shop), shop.desk
    bought(shop, patron, A1, A2)
    desk.propose(patron, NEW)
    desk.deliver()

    (notice,) = desk.mailbox.to(OLD)
    assert TOLD in notice.text
    assert "coming performances (2)" in notice.html
    assert desk.review(desk.claims(OLD)).tickets == 2
    for mail in desk.mailbox.to(NEW):
        assert "performances" not in mail.text + mail.html
    assert desk.review(desk.claims(NEW)).tickets == 0


def test_a_mailbox_that_has_proven_nothing_does_not_read_the_number(shop: Shop) -> None:
    patron, desk = shop.desk.patron(), shop.desk
    desk.arrange("UPDATE patron SET email_verified_at = NULL")
    desk.clock.advance(days(31))
    bought(shop, patron, A1, A2)
    desk.propose(patron, NEW)
    desk.deliver()

    (notice,) = desk.mailbox.to(OLD)
    assert "performances" not in notice.text
    assert desk.review(desk.claims(OLD)).tickets == 0


def test_a_guests_order_is_no_number_that_anybody_reads(shop: Shop) -> None:
    """Case 40: it is filed beside the record, and goes with no address before it is claimed."""
    patron, desk = shop.desk.patron(email=INA.email), shop.desk
    desk.arrange("UPDATE patron SET email_verified_at = created_at")
    order = shop.sold(A1)
    desk.clock.advance(timedelta(seconds=10))
    shop.run(filing.file_orders)
    request = desk.propose(patron, NEW)
    desk.deliver()

    assert "performances" not in desk.mailbox.to(INA.email)[0].text
    desk.decide(desk.claims(NEW))
    desk.take_effect(request, after=days(4))
    assert desk.read(lambda s: queries.get(s, patron.id)).values["email"] == NEW
    now = shop.order(order.id)
    assert (now.patron_id, now.is_claimed) == (patron.id, False)
    assert replace(now.contact) == INA
