"""From the basket to the tickets, over HTTP, with the built-in test acquirer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.app.test_portal_basket import choose, held
from tests.support.confirming import serving
from tests.support.factories import Desk
from tests.support.houses import LaidOut, on_sale
from tests.support.shopping import (
    APP,
    Shopper,
    best,
    bought,
    charge,
    path,
    said,
    to_card,
    types,
)
from upstage_crm.inventory.views import SeatState
from upstage_crm.jobs import card_payments
from upstage_crm.portal import limits, memory
from upstage_crm.wiring import Runtime

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
DECLINED = "4000 0000 0000 0002"


@pytest.fixture
def made(desk: Desk) -> LaidOut:
    return on_sale(desk)


@pytest.fixture
def parts(desk: Desk) -> Iterator[Runtime]:
    memory.forget_all()
    limits.pace.forget()
    with serving(desk) as made:
        yield made
    memory.forget_all()


@pytest.fixture
def web(parts: Runtime) -> Shopper:
    assert parts.cards.is_offered
    return Shopper(APP)


def test_a_guest_buys_with_an_address_alone_and_has_the_tickets_at_once(
    web: Shopper, made: LaidOut
) -> None:
    page = bought(web, made)

    assert page.text.count('class="ticket"') == 2
    assert page.text.count('class="qr"') == 2
    assert "ina@example.org" in page.text
    assert list(made.states().values()) == [SeatState.SOLD, SeatState.SOLD]
    assert page.headers["cache-control"] == "no-store"


@on_sqlite
def test_the_tickets_stay_while_the_next_basket_is_filled(web: Shopper, made: LaidOut) -> None:
    bought(web, made)

    best(web, made)

    assert web.get("/basket/").text.count('class="line-place"') == 2
    assert web.get("/basket/tickets").text.count('class="ticket"') == 2


@on_sqlite
def test_the_tickets_are_files_too(web: Shopper, made: LaidOut) -> None:
    bought(web, made)

    pdf = web.get("/basket/tickets.pdf")
    entry = web.get(f"/basket/tickets.ics?performance={made.performance}")
    other = web.get("/basket/tickets.ics?performance=none")

    assert pdf.content.startswith(b"%PDF")
    assert "SUMMARY:Hamlet" in entry.text
    assert other.status_code == 404


@on_sqlite
def test_a_stranger_sees_no_tickets(web: Shopper, made: LaidOut) -> None:
    bought(web, made)
    stranger = Shopper(APP)

    for place in ("/basket/tickets", "/basket/tickets.pdf", "/basket/tickets.ics"):
        assert stranger.get(place).headers["location"] == "/basket/"


def test_a_declined_card_costs_nothing_and_loses_nothing(web: Shopper, made: LaidOut) -> None:
    best(web, made)
    page = to_card(web)

    declined = charge(web, page, DECLINED)
    again = charge(web, page)

    assert declined.status_code == 402
    assert "declined" in declined.text.lower()
    assert again.status_code == 303


@on_sqlite
def test_the_basket_stays_as_it_is_while_it_is_paid_until_the_buyer_stops(
    web: Shopper, made: LaidOut
) -> None:
    best(web, made)
    page = to_card(web)

    paying = web.get("/basket/")
    refused = web.send("/basket/keep")
    same = to_card(web)
    web.send("/basket/stop")
    stopped = web.get("/basket/")
    late = charge(web, page)

    assert "You are paying for this basket." in paying.text
    assert 'class="plain" aria-label' not in paying.text
    assert "You are paying for this basket." in said(refused)
    assert same == page
    assert "We keep your seats until" in stopped.text
    assert "Nothing was charged" in late.text
    assert held(made) == 2


@on_sqlite
def test_another_browser_comes_back_to_a_page_without_any_data(web: Shopper, made: LaidOut) -> None:
    best(web, made)
    back = path(charge(web, to_card(web)).headers["location"])
    bank_app = Shopper(APP)

    page = bank_app.get(back)

    assert "Thank you, it is paid" in page.text
    assert "ina@" not in page.text
    assert "Hamlet" not in page.text
    assert bank_app.get("/basket/tickets").headers["location"] == "/basket/"
    assert bank_app.get(f"{back}/state").json() == {"state": "paid"}


@on_sqlite
def test_while_the_bank_has_not_answered_nobody_is_asked_to_pay_again(
    web: Shopper, made: LaidOut
) -> None:
    best(web, made)
    page = to_card(web)
    back = re.findall(r"/basket/paid/\w+", _return_of(web, page))

    waiting = web.get(back[0])

    assert "Please do not pay again." in waiting.text
    assert web.get(f"{back[0]}/state").json() == {"state": "open"}


@on_sqlite
def test_a_lost_answer_is_found_by_the_clock(
    web: Shopper, desk: Desk, made: LaidOut, parts: Runtime
) -> None:
    best(web, made)
    page = to_card(web)

    lost = charge(web, page, fault="no_answer")
    desk.clock.advance(timedelta(minutes=3))
    card_payments.do_what_is_due(parts, is_minute=True)
    tickets = web.get("/basket/tickets")

    assert lost.status_code == 504
    assert tickets.text.count('class="ticket"') == 2


@on_sqlite
def test_no_payment_has_this_name(web: Shopper) -> None:
    page = web.get("/basket/paid/none")

    assert page.status_code == 404
    assert "Nothing was charged." in page.text


@on_sqlite
def test_what_is_free_needs_no_card(web: Shopper, desk: Desk, made: LaidOut) -> None:
    """A price may be zero; then the tickets come at once."""
    free_of_charge(desk, made)
    best(web, made)

    answer = web.send("/basket/pay", email="ina@example.org")

    assert answer.headers["location"] == "/basket/tickets"
    assert web.get("/basket/tickets").text.count('class="ticket"') == 2


@on_sqlite
def test_a_payment_needs_seats_that_are_still_held(web: Shopper, desk: Desk, made: LaidOut) -> None:
    choose(web, made, 0)
    desk.clock.advance(timedelta(minutes=13))

    answer = web.send("/basket/pay", email="ina@example.org")

    assert "The time is over." in said(answer)
    assert 'value="ina@example.org"' in answer.text


def _return_of(web: Shopper, page: str) -> str:
    """Where the provider would lead back to, which its rows know."""
    from upstage_crm.wiring import runtime

    parts = runtime()
    assert parts.cards.acquirer is not None
    found = parts.cards.acquirer.page(page.rpartition("/")[2], now=parts.clock.now())
    assert found is not None
    assert web
    return found.return_url


def free_of_charge(desk: Desk, made: LaidOut) -> None:
    """Let everything of the event cost nothing from now on."""
    from upstage_crm.programme.prices import price_lists
    from upstage_crm.programme.prices.price_lists import NewPrices

    [old] = desk.read(lambda s: price_lists.versions(s, made.event))
    new = NewPrices(
        amounts=dict.fromkeys(old.prices, 0),
        fees=(),
        tax_rate_id=old.tax.id,
        starts_at=desk.now,
    )
    desk.act(desk.owner, price_lists.save, event_id=made.event, after=old.version, new=new)
    assert types(made)
