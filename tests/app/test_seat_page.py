"""Another seat over HTTP: the mail that asks, and the page that the holder answers on."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette

from tests.app.test_give_tickets import opened, say
from tests.support.called_off import CalledOff
from tests.support.factories import Desk
from tests.support.houses import seat
from tests.support.shop import INA, Shop, open_shop
from tests.support.shopping import Shopper, shopping
from upstage_crm.confirm import routes as confirm
from upstage_crm.core.languages import LANGUAGES
from upstage_crm.mail.message import MailKind
from upstage_crm.orders.transfers import moving_seats
from upstage_crm.orders.views import Contact

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
APP = Starlette(routes=confirm.ROUTES)
A1, B1 = seat("A", 1), seat("B", 1)


@pytest.fixture
def shop(desk: Desk) -> Iterator[Shop]:
    with shopping(desk, APP):
        yield open_shop(desk)


def asked(shop: Shop, language: str = "en") -> str:
    """Sell a ticket and propose another seat to its buyer; the offer's id."""
    contact = Contact(email=INA.email, name=INA.name, language=language)
    order = shop.sold(A1, contact=contact)
    return shop.act(
        lambda c: moving_seats.propose(
            c,
            CalledOff(shop).mailer,
            order_id=order.id,
            ticket_id=order.tickets[0].id,
            seat_id=B1,
            reason="equipment",
        )
    )


def page_of(desk: Desk) -> tuple[Shopper, str]:
    web, page = opened(desk, INA.email)
    assert page.startswith("/confirm/seat?")
    return web, page


def test_the_holder_sees_both_seats_and_says_yes(desk: Desk, shop: Shop) -> None:
    asked(shop)
    web, page = page_of(desk)
    shown = web.get(page)
    assert shown.status_code == 200
    beside = re.findall(r"<section><h2>(.*?)</h2><p><bdi>(.*?)</bdi>", shown.text)
    assert beside == [
        ("Your seat now", "Stalls, row A, seat 1"),
        ("Proposed", "Stalls, row B, seat 1"),
    ]
    assert "The place is needed for equipment of the performance." in shown.text
    assert "<script" not in shown.text
    assert INA.email not in shown.text

    assert say(web, page, "yes").status_code == 303

    after = web.get(page).text
    assert "You have a new seat" in after
    assert "<form" not in after
    [seat_id] = desk.column("SELECT seat_id FROM ticket WHERE state = 'valid'")
    assert seat_id == B1
    kinds = [kind for kind, _, _ in desk.queued()]
    assert kinds[-2:] == [MailKind.SEAT_MOVE_ENDED, MailKind.STAFF_NOTICE]


@on_sqlite
def test_opening_changes_nothing_and_a_second_press_is_no_error(desk: Desk, shop: Shop) -> None:
    asked(shop)
    web, page = page_of(desk)
    before = desk.dump()
    for _ in range(3):
        web.get(page)
    assert before == desk.dump()

    say(web, page, "no")
    assert "You keep your seat" in web.get(page).text
    once = desk.dump()
    assert say(web, page, "yes").status_code == 303
    assert once == desk.dump()


@on_sqlite
def test_an_incomplete_or_foreign_answer_is_shown_again(desk: Desk, shop: Shop) -> None:
    asked(shop)
    web, page = page_of(desk)
    before = desk.dump()

    assert "Choose one of the answers first" in say(web, page, "maybe").text
    assert "Tick the box" in say(web, page, "yes", read="").text
    assert "open for a long time" in say(web, page, "yes", nonce="1.2").text
    foreign = web.post(page, data={"answer": "yes"}, headers={"origin": "https://evil.example"})
    assert foreign.status_code == 403
    assert Shopper(APP).get("/confirm/seat").status_code == 404
    assert before == desk.dump()


@on_sqlite
def test_a_seat_that_is_gone_is_said_and_the_ticket_stays(desk: Desk, shop: Shop) -> None:
    asked(shop)
    web, page = page_of(desk)
    desk.forge(
        "UPDATE seat_state SET state = 'free', holder = NULL, expires_at = NULL "
        "WHERE state = 'held'",
        unguarded=True,
    )

    assert "The other seat can no longer be had" in say(web, page, "yes").text
    assert desk.column("SELECT seat_id FROM ticket WHERE state = 'valid'") == [A1]


@on_sqlite
def test_when_its_time_is_over_the_page_is_calm(desk: Desk, shop: Shop) -> None:
    asked(shop)
    web, page = page_of(desk)
    desk.clock.advance(moving_seats.ANSWER_WITHIN)

    late = web.get(page)

    assert late.status_code == 200
    assert "This question is closed" in late.text
    assert say(web, page, "yes").status_code == 303


@on_sqlite
@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_mail_and_page_speak_the_holders_language(desk: Desk, shop: Shop, language: str) -> None:
    asked(shop, language)
    web, page = page_of(desk)
    shown = web.get(page).text
    assert f'lang="{language}"' in shown
    say(web, page, "yes")
    after = web.get(page).text
    desk.deliver()
    if language != "en":
        mails = "".join(mail.subject + mail.text for mail in desk.mailbox.to(INA.email))
        for english in ("another seat", "Your seat", "new seat", "Proposed:", "equipment"):
            assert english not in shown + after + mails
