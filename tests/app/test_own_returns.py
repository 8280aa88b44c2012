"""Buyers return tickets themselves: within the house's rule, once, and paid back as it came."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest

from tests.app.test_letters import Office
from tests.app.test_patron_accounts import signed_in
from tests.app.test_portal_orders import claimed, filed
from tests.app.test_transfers import Giving
from tests.support.factories import Desk, together, unchanged
from tests.support.houses import LaidOut, on_sale, seat
from tests.support.pipeline import installed
from tests.support.shop import ADULT, open_shop
from tests.support.shopping import APP, Shopper, bought, said, shopping
from upstage_crm.audit.events import Action, ActorKind, Channel
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.ledger.views import Account
from upstage_crm.orders import basket_lines
from upstage_crm.orders.errors import NothingToReturn, StepKeyTaken, TicketNotValid, UnknownTicket
from upstage_crm.orders.returns import Returned
from upstage_crm.orders.transfers import moving_seats, own_returns
from upstage_crm.orders.transfers.errors import (
    OfferedBefore,
    OwnReturnNotOffered,
    OwnReturnOfComp,
    OwnReturnOfUsed,
    OwnReturnTooLate,
    SeatProposedBefore,
    TransferWaits,
)
from upstage_crm.orders.transfers.views import SeatMoveReason
from upstage_crm.orders.views import OrderView, StepKind, TicketState
from upstage_crm.organisation import return_hours
from upstage_crm.organisation.errors import ReturnTimeRefused
from upstage_crm.payments import queries as payments
from upstage_crm.programme.prices.views import CompReason
from upstage_crm.staff.errors import Forbidden
from upstage_crm.staff.roles import Role

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
A1, A2 = seat("A", 1), seat("A", 2)
HOURS = 24


class Returning(Giving):
    """A buyer who returns tickets; `scanned` is what the door has seen."""

    scanned: tuple[str, ...] = ()

    def allow(self, hours: int | None = HOURS) -> None:
        self.desk.act(self.desk.owner, return_hours.change, hours=hours)

    def give_back(self, order: OrderView, *at: int, key: str = "once") -> Returned:
        return self.give_back_ids(order, [order.tickets[each].id for each in at], key)

    def give_back_ids(self, order: OrderView, ids: list[str], key: str = "once") -> Returned:
        return self.by_clock.do(
            lambda c: own_returns.return_own(
                c,
                order_id=order.id,
                ticket_ids=ids,
                key=key,
                in_window=lambda *_: self.in_window,
                were_scanned=lambda *_: self.scanned,
            )
        )

    def card(self, *seats: str) -> OrderView:
        return self.by_clock.sold_by_card(*seats)


@pytest.fixture
def buyer(database: Database, clock: FrozenClock) -> Iterator[Returning]:
    with installed(database, clock) as parts:
        yield Returning(Office(parts, open_shop(Desk(database, clock)), clock))


def test_a_ticket_paid_by_card_is_free_again_and_its_money_goes_to_the_card(
    buyer: Returning,
) -> None:
    buyer.allow()
    order = buyer.card(A1, A2)
    shown = buyer.desk.read(lambda s: own_returns.sums(s, order.id, [order.tickets[0].id]))
    done = buyer.give_back(order, 0)

    after = buyer.shop.order(order.id)
    [refund] = buyer.by_clock.refunds(order)
    assert (shown.to_card, shown.at_desk) == (ADULT, 0)
    assert (done.amount, done.refunded, refund.amount) == (ADULT, ADULT, ADULT)
    assert [each.state for each in after.tickets] == [TicketState.RETURNED, TicketState.VALID]
    assert [each.kind for each in after.steps] == [StepKind.SALE, StepKind.RETURN]
    assert after.steps[-1].staff_id == ""
    [line] = buyer.desk.lines(action=Action.TICKETS_RETURNED)
    assert (line.actor.kind, line.channel) == (ActorKind.PATRON, Channel.PATRON_PAGE)
    assert buyer.desk.chain_is_whole()
    assert buyer.shop.sold(A1).tickets, "the seat can be bought by another buyer"


def test_what_was_paid_at_the_till_stays_owed_by_the_box_office(buyer: Returning) -> None:
    buyer.allow()
    order = buyer.sold(A1, A2)
    shown = buyer.desk.read(
        lambda s: own_returns.sums(s, order.id, [each.id for each in order.tickets])
    )
    before = buyer.shop.balance(Account.REFUNDS_DUE)
    done = buyer.give_back(order, 0, 1)

    [payment] = buyer.desk.read(lambda s: payments.of_order(s, order.id))
    assert (shown.to_card, shown.at_desk) == (0, 2 * ADULT)
    assert (done.amount, done.refunded, payment.refunded) == (2 * ADULT, 0, 0)
    assert abs(buyer.shop.balance(Account.REFUNDS_DUE) - before) == 2 * ADULT


def test_the_same_press_again_does_it_once(buyer: Returning) -> None:
    buyer.allow()
    order = buyer.card(A1, A2)
    buyer.give_back(order, 0)
    once = buyer.desk.dump()
    assert buyer.give_back(order, 0).was_done
    assert once == buyer.desk.dump()
    unchanged(buyer.desk, lambda: buyer.give_back(order, 0, key="another"), TicketNotValid)
    other = buyer.card(seat("A", 3))
    unchanged(buyer.desk, lambda: buyer.give_back(other, 0), StepKeyTaken)


@pytest.mark.parametrize("keys", [("same", "same"), ("one", "two")])
def test_two_tabs_at_once_return_a_ticket_once(buyer: Returning, keys: tuple[str, str]) -> None:
    buyer.allow()
    order = buyer.card(A1)
    outcomes = together(*(partial(buyer.give_back, order, 0, key=key) for key in keys))

    assert len(outcomes) == 2
    assert [each.amount for each in buyer.by_clock.refunds(order)] == [ADULT]
    assert len(buyer.desk.lines(action=Action.TICKETS_RETURNED)) == 1
    assert len(buyer.shop.order(order.id).steps) == 2


def test_nothing_is_returned_until_an_owner_allows_it(buyer: Returning) -> None:
    order = buyer.card(A1)
    unchanged(buyer.desk, lambda: buyer.give_back(order, 0), OwnReturnNotOffered)
    buyer.allow()
    buyer.allow(None)
    unchanged(buyer.desk, lambda: buyer.give_back(order, 0), OwnReturnNotOffered)


def test_the_time_to_return_ends_to_the_second(buyer: Returning) -> None:
    buyer.allow()
    order = buyer.card(A1, A2)
    clock = buyer.office.clock
    clock.advance(buyer.office.starts_at() - timedelta(hours=HOURS) - clock.now())
    buyer.give_back(order, 0)
    clock.advance(timedelta(seconds=1))
    unchanged(buyer.desk, lambda: buyer.give_back(order, 1, key="late"), OwnReturnTooLate)
    buyer.allow(0)
    buyer.until_doors()
    unchanged(buyer.desk, lambda: buyer.give_back(order, 1, key="late"), OwnReturnTooLate)


def test_a_ticket_that_is_offered_or_given_away_is_not_returned(buyer: Returning) -> None:
    buyer.allow()
    order = buyer.sold(A1, A2)
    buyer.offer(order, 0)
    unchanged(buyer.desk, lambda: buyer.give_back(order, 0), OfferedBefore)
    buyer.answer(accepts=True)
    unchanged(buyer.desk, lambda: buyer.give_back(order, 0, 1), OfferedBefore)
    assert buyer.give_back(order, 1).amount == ADULT


def test_a_gift_of_the_house_and_a_ticket_with_another_seat_in_question_wait(
    buyer: Returning,
) -> None:
    buyer.allow()
    shop = buyer.shop
    basket = shop.open()
    shop.run(
        lambda c: basket_lines.add_seats(
            c,
            shop.seller,
            basket,
            performance_id=shop.performance,
            seats={A1: shop.comp},
            comp_reason=next(iter(CompReason)),
        )
    )
    gift = shop.order(shop.sell(basket, []).order_id)
    unchanged(buyer.desk, lambda: buyer.give_back(gift, 0), OwnReturnOfComp)
    order = buyer.sold(A2)
    shop.act(
        lambda c: moving_seats.propose(
            c,
            buyer.by_clock.mailer,
            order_id=order.id,
            ticket_id=order.tickets[0].id,
            seat_id=seat("B", 1),
            reason=SeatMoveReason.BROKEN,
        )
    )
    unchanged(buyer.desk, lambda: buyer.give_back(order, 0), SeatProposedBefore)


def test_what_may_not_be_returned_is_refused_by_its_reason(buyer: Returning) -> None:
    buyer.allow()
    order, other = buyer.card(A1), buyer.card(A2)
    foreign = [other.tickets[0].id]
    unchanged(buyer.desk, lambda: buyer.give_back(order), NothingToReturn)
    unchanged(buyer.desk, lambda: buyer.give_back_ids(order, foreign), UnknownTicket)
    buyer.scanned = (order.tickets[0].id,)
    unchanged(buyer.desk, lambda: buyer.give_back(order, 0), OwnReturnOfUsed)
    buyer.scanned, buyer.in_window = (), True
    buyer.shop.desk.patron(email="ina@example.org")
    filed(buyer.desk)
    unchanged(buyer.desk, lambda: buyer.give_back(order, 0), TransferWaits)


@on_sqlite
def test_an_owner_chooses_the_hours(buyer: Returning) -> None:
    desk = buyer.desk
    assert desk.read(return_hours.return_hours) is None
    for hours in (0, 336, None):
        buyer.allow(hours)
        assert desk.read(return_hours.return_hours) == hours
    for hours in (-1, 337):
        unchanged(desk, lambda n=hours: buyer.allow(n), ReturnTimeRefused)
    manager = desk.staff("Max", Role.MANAGER)
    unchanged(desk, lambda: desk.act(manager, return_hours.change, hours=3), Forbidden)


@pytest.fixture
def made(desk: Desk) -> LaidOut:
    return on_sale(desk)


@pytest.fixture
def web(desk: Desk, made: LaidOut) -> Iterator[Shopper]:
    """A browser in which the patron who bought two tickets by card is signed in."""
    with shopping(desk) as shopper:
        desk.patron(email="ina@example.org")
        bought(shopper, made)
        filed(desk)
        yield signed_in(desk)


def page_of(desk: Desk) -> str:
    [reference] = claimed(desk)
    return f"/my/order/return?order={reference}"


def test_a_patron_returns_a_ticket_after_seeing_what_comes_back(web: Shopper, desk: Desk) -> None:
    desk.act(desk.owner, return_hours.change, hours=0)
    address = page_of(desk)
    assert f'href="{address}"' in web.get(address.replace("/return", "")).text
    ids = re.findall(r'name="ticket" value="(\w+)"', web.get(address).text)
    before = desk.dump()
    asked = web.get(f"{address}&ticket={ids[0]}").text
    assert before == desk.dump()
    assert "goes back to the card" in asked
    assert re.findall(r'name="ticket" value="(\w+)"', asked) == ids[:1]
    [key] = re.findall(r'name="key" value="(\w+)"', asked)

    sent = web.send(address, ticket=ids[:1], key=key)
    again = web.send(address, ticket=ids[:1], key=key)

    assert sent.status_code == again.status_code == 303
    assert "The tickets are returned" in web.get(sent.headers["location"]).text
    assert desk.scalar("SELECT count(*) FROM refund") == 1
    assert "This ticket was returned" in web.get(address.replace("/return", "")).text
    refused = web.send(address, ticket=ids[:1], key="another")
    assert refused.status_code == 409
    assert "no longer valid" in said(refused)


@on_sqlite
def test_without_the_owners_word_the_page_leads_to_the_box_office(web: Shopper, desk: Desk) -> None:
    address = page_of(desk)
    assert "Tickets are returned at the box office" in web.get(address).text


@on_sqlite
def test_strangers_and_forms_of_other_sites_return_nothing(web: Shopper, desk: Desk) -> None:
    desk.act(desk.owner, return_hours.change, hours=0)
    address = page_of(desk)
    [ticket, _] = re.findall(r'name="ticket" value="(\w+)"', web.get(address).text)
    before = desk.dump()

    foreign = web.post(address, data={"ticket": ticket}, headers={"origin": "https://evil.example"})
    stranger = Shopper(APP).send(address, ticket=[ticket], key="k")

    assert foreign.status_code == 409
    assert stranger.headers["location"] == "/my/"
    assert Shopper(APP).get(address).headers["location"] == "/my/"
    assert before == desk.dump()
