"""Giving tickets away over HTTP: the giver's form, and the recipient's page."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette

from tests.support.factories import Desk
from tests.support.houses import LaidOut, on_sale
from tests.support.shopping import Shopper, ask_for_link, bought, link_of, shopping
from upstage_crm.confirm import routes as confirm
from upstage_crm.core.languages import LANGUAGES
from upstage_crm.mail.message import MailKind
from upstage_crm.portal.acquirer import routes as acquirer
from upstage_crm.portal.found_orders import give_tickets
from upstage_crm.portal.limits import Limit
from upstage_crm.portal.routes import ROUTES

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
APP = Starlette(routes=[*ROUTES, *acquirer.routes(is_offered=True), *confirm.ROUTES])
BEN = "ben@example.org"


@pytest.fixture
def made(desk: Desk) -> LaidOut:
    return on_sale(desk)


@pytest.fixture
def giver(desk: Desk, made: LaidOut) -> Iterator[Shopper]:
    """A browser that has opened the link to an order of two tickets."""
    with shopping(desk, APP) as shop:
        bought(shop, made)
        reference = desk.scalar("SELECT reference FROM orders")
        ask_for_link(shop, reference)
        phone = Shopper(APP)
        phone.get(link_of(desk))
        yield phone


def form(giver: Shopper) -> str:
    return giver.get("/tickets/give").text


def choices(page: str) -> list[str]:
    return re.findall(r'name="ticket" value="(\w+)"', page)


def offered(giver: Shopper, *, to: str = BEN, count: int = 1) -> httpx.Response:
    """Offer the first tickets of the form."""
    chosen = choices(form(giver))[:count]
    return giver.send("/tickets/give", ticket=chosen, email=to)


def opened(desk: Desk, to: str = BEN) -> tuple[Shopper, str]:
    """The recipient's browser, and the page that the link in the mail leads to."""
    web = Shopper(APP)
    desk.deliver()
    [path] = re.findall(r"/c/[\w.-]+", desk.mailbox.to(to)[-1].text)
    entered = web.get(path)
    assert entered.status_code == 303
    return web, entered.headers["location"]


def say(web: Shopper, page: str, answer: str, **more: str) -> httpx.Response:
    once = re.findall(r'name="nonce" value="([^"]*)"', web.get(page).text)
    given = {"nonce": once[0] if once else "", "read": "yes", **more}
    return web.send(page, answer=answer, **given)


def test_a_ticket_goes_from_one_mailbox_to_another(desk: Desk, giver: Shopper) -> None:
    assert "Give tickets to someone" in giver.get("/tickets/mine").text
    assert offered(giver).status_code == 303
    waiting = form(giver)
    assert len(choices(waiting)) == 1, "the other ticket"
    assert "b•••@" in waiting
    assert BEN not in waiting
    assert giver.get("/tickets/mine").text.count('class="qr"') == 2, "still the giver's"

    web, page = opened(desk)
    asked = web.get(page).text
    assert "Would you like these tickets?" in asked
    assert "ina@example.org" not in asked
    assert say(web, page, "yes").status_code == 303
    assert "The tickets are yours" in web.get(page).text

    after = giver.get("/tickets/mine").text
    assert after.count('class="qr"') == 1
    assert "You gave this ticket to" in after
    assert "Offered to" not in form(giver)
    kinds = [kind for kind, _, _ in desk.queued()]
    assert kinds[-2:] == [MailKind.TICKETS_RECEIVED, MailKind.OFFER_ANSWERED]


@on_sqlite
def test_opening_changes_nothing_and_a_second_yes_is_no_error(desk: Desk, giver: Shopper) -> None:
    offered(giver, count=2)
    web, page = opened(desk)
    before = desk.dump()
    for _ in range(3):
        web.get(page)
        giver.get("/tickets/give")
    assert before == desk.dump()

    say(web, page, "yes")
    once = desk.dump()
    assert say(web, page, "no").status_code == 303
    assert once == desk.dump()
    assert "There is no ticket here" in form(giver)


@on_sqlite
def test_a_no_and_an_offer_taken_back_are_calm_pages(desk: Desk, giver: Shopper) -> None:
    offered(giver)
    web, page = opened(desk)
    say(web, page, "no")
    assert "You did not take the tickets" in web.get(page).text

    offered(giver)
    web, page = opened(desk)
    [offer_id] = re.findall(r'name="offer" value="(\w+)"', form(giver))
    assert giver.send("/tickets/give/back", offer=offer_id).status_code == 303
    assert "This offer is over" in web.get(page).text
    refused = giver.send("/tickets/give/back", offer=offer_id)
    assert refused.status_code == 409
    assert "This offer is over" in refused.text


@on_sqlite
@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"email": BEN}, "Choose at least one ticket."),
        ({"email": "no address", "ticket": "own"}, "This is not a whole email address"),
        ({"email": "ina@example.org", "ticket": "own"}, "go to this address already"),
        ({"email": BEN, "ticket": "another"}, "This did not work"),
    ],
)
def test_what_cannot_be_offered_is_said(
    desk: Desk, giver: Shopper, fields: dict[str, str], said: str
) -> None:
    own = choices(form(giver))[0]
    given = {name: own if value == "own" else value for name, value in fields.items()}
    before = desk.dump()

    answer = giver.send("/tickets/give", **given)

    assert answer.status_code == 409
    assert said in answer.text
    assert before == desk.dump()


@on_sqlite
def test_an_incomplete_answer_is_shown_again(desk: Desk, giver: Shopper) -> None:
    offered(giver)
    web, page = opened(desk)
    before = desk.dump()

    assert "Choose one of the answers first" in say(web, page, "maybe").text
    assert "Tick the box" in say(web, page, "yes", read="").text
    assert "open for a long time" in say(web, page, "yes", nonce="1.2").text
    foreign = web.post(page, data={"answer": "yes"}, headers={"origin": "https://evil.example"})
    assert foreign.status_code == 403
    assert before == desk.dump()


@on_sqlite
def test_who_holds_no_link_gives_nothing(desk: Desk, giver: Shopper) -> None:
    ticket = choices(form(giver))[0]
    other = Shopper(APP)
    before = desk.dump()

    assert other.get("/tickets/give").status_code == 404
    assert other.send("/tickets/give", ticket=ticket, email=BEN).status_code == 404
    assert other.get("/confirm/offer").status_code == 404
    foreign = giver.post(
        "/tickets/give",
        data={"ticket": ticket, "email": BEN},
        headers={"origin": "https://evil.example"},
    )
    assert foreign.status_code == 409
    assert before == desk.dump()


@on_sqlite
def test_offers_are_slowed(giver: Shopper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(give_tickets, "OFFERS", Limit("offers", 1, 1, 600.0))
    offered(giver)

    assert "Too many attempts" in offered(giver).text


@on_sqlite
@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_the_pages_speak_the_readers_language(desk: Desk, giver: Shopper, language: str) -> None:
    page = giver.get(f"/tickets/give?lang={language}")
    assert f'lang="{language}"' in page.text
    giver.post(
        f"/tickets/give?lang={language}",
        data={"ticket": choices(page.text)[0], "email": BEN},
        headers={"origin": "http://localhost:3000"},
    )
    web, address = opened(desk)
    assert f'lang="{language}"' in web.get(address).text
    if language != "en":
        assert "Would you like" not in web.get(address).text
