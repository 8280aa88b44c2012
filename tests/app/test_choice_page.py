"""The page on which a buyer chooses, over HTTP without a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from starlette.applications import Starlette

from tests.support.called_off import CalledOff
from tests.support.confirming import OURS, Browser, serving, tampered, tokens
from tests.support.factories import Desk
from tests.support.houses import seat
from tests.support.shop import ADULT, INA, open_shop
from upstage_crm.confirm import nonce, routes
from upstage_crm.confirm.plain_html import POLICY
from upstage_crm.core.languages import LANGUAGES
from upstage_crm.orders.views import Contact, OrderView

PAGE = "/confirm/tickets"
A1, A2 = seat("A", 1), seat("A", 2)
# What a page says does not depend on the kind of database; what it writes might.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def off(desk: Desk) -> CalledOff:
    return CalledOff(open_shop(desk, shift_id="shift"))


@pytest.fixture
def order(off: CalledOff) -> OrderView:
    return off.sold_by_card(A1, A2)


@pytest.fixture
def web(desk: Desk) -> Iterator[Browser]:
    with serving(desk):
        yield Browser(Starlette(routes=routes.ROUTES))


def opened(off: CalledOff, web: Browser, to: str = INA.email) -> str:
    """Tell all, open the newest link; return its key."""
    off.tell()
    token = tokens(off.shop.desk, to)[-1]
    answer = web.get(f"/c/{token}")
    key = off.shop.desk.codec.read(token).key
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?link={key}")
    return key


def show(web: Browser, key: str) -> httpx.Response:
    return web.get(PAGE, params={"link": key})


def choices(page: str) -> list[str]:
    return re.findall(r'name="answer" value="([^"]+)"', page)


def send(web: Browser, key: str, *, origin: str = OURS, **given: str) -> httpx.Response:
    """Submit the form of the page as it is now."""
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', show(web, key).text))
    data = {**hidden, **given}
    return web.post(PAGE, params={"link": key}, data=data, headers={"origin": origin})


def title(page: httpx.Response) -> str:
    found = re.search(r"<h1>(.*?)</h1>", page.text)
    assert found is not None
    return found[1]


def test_opening_changes_nothing(off: CalledOff, web: Browser, order: OrderView) -> None:
    off.cancel()
    key = opened(off, web)
    before = off.shop.desk.dump()
    cookie = {"cookie": "; ".join(f"{name}={value}" for name, value in web.cookies.items())}

    def visit(number: int) -> int:
        method = ("GET", "HEAD", "OPTIONS")[number % 3]
        return web.request(method, f"{PAGE}?link={key}", headers=cookie).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(visit, range(24))) == {200, 405}
    assert before == off.shop.desk.dump()
    assert off.refunds(order) == []


def test_a_complete_choice_gives_the_money_back(
    off: CalledOff, web: Browser, order: OrderView
) -> None:
    off.cancel()
    key = opened(off, web)
    page = show(web, key)
    assert title(page) == "Your performance is cancelled"
    assert choices(page.text) == ["refund"]

    done = send(web, key, answer="refund", read="yes")
    assert done.status_code == 303
    assert [each.amount for each in off.refunds(order)] == [2 * ADULT]
    after = show(web, key)
    assert title(after) == "You get your money back"
    assert choices(after.text) == []
    assert send(web, key, answer="refund", read="yes").status_code == 303, "no error"
    assert len(off.refunds(order)) == 1


def test_another_date_is_chosen_by_its_words(
    off: CalledOff, web: Browser, order: OrderView
) -> None:
    new = off.another_date()
    off.cancel()
    key = opened(off, web)
    assert choices(show(web, key).text) == ["refund", f"date-{new}"]
    assert "11 December 2026" in show(web, key).text

    assert send(web, key, answer=f"date-{new}", read="yes").status_code == 303
    assert {one.performance_id for one in off.shop.order(order.id).valid} == {new}
    assert title(show(web, key)) == "You have tickets for another date"


@on_sqlite
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Choose one of the answers first"),
        ({"answer": "refund"}, "Tick the box"),
        ({"answer": "keep", "read": "yes"}, "Choose one of the answers first"),
        ({"answer": "date-nothing", "read": "yes"}, "Choose one of the answers first"),
        ({"answer": "refund", "read": "yes", "nonce": "1.2"}, "open for a long time"),
    ],
)
def test_an_incomplete_form_is_shown_again(
    off: CalledOff, web: Browser, order: OrderView, given: dict[str, str], said: str
) -> None:
    off.cancel()
    key = opened(off, web)
    answer = send(web, key, **given)

    assert answer.status_code == 200
    assert said in answer.text
    assert off.refunds(order) == []


@on_sqlite
@pytest.mark.usefixtures("order")
def test_a_form_of_another_site_chooses_nothing(
    off: CalledOff, web: Browser, order: OrderView
) -> None:
    off.cancel()
    key = opened(off, web)
    answer = send(web, key, origin="https://evil.example", answer="refund", read="yes")
    assert answer.status_code == 403
    assert off.refunds(order) == []


@on_sqlite
@pytest.mark.usefixtures("order")
def test_a_page_that_was_open_too_long_asks_again(off: CalledOff, web: Browser) -> None:
    off.cancel()
    key = opened(off, web)
    token = tokens(off.shop.desk, INA.email)[-1]
    old = nonce.nonce(token, now=off.shop.desk.now)
    off.shop.desk.clock.advance(nonce.LIFE * 1.1)
    assert "open for a long time" in send(web, key, answer="refund", read="yes", nonce=old).text


@on_sqlite
@pytest.mark.usefixtures("order")
def test_a_link_that_is_not_ours_has_a_calm_page(off: CalledOff, web: Browser) -> None:
    off.cancel()
    key = opened(off, web)
    web.cookies.clear()
    assert show(web, key).status_code == 404
    assert title(show(web, key)) == "This link does not work"
    forged = tampered(tokens(off.shop.desk, INA.email)[-1])
    assert web.get(f"/c/{forged}").headers["location"].endswith("link=invalid")


@on_sqlite
@pytest.mark.usefixtures("order")
def test_a_later_link_replaces_an_older_one(off: CalledOff, web: Browser) -> None:
    off.move(later=2)
    key = opened(off, web)
    assert choices(show(web, key).text) == ["keep", "refund"]
    off.cancel()
    off.tell()
    assert title(show(web, key)) == "A newer email from us replaces this one"
    assert choices(show(web, key).text) == []


def test_who_cannot_come_gives_the_tickets_back(
    off: CalledOff, web: Browser, order: OrderView
) -> None:
    off.move(later=2)
    key = opened(off, web)
    page = show(web, key)
    assert title(page) == "Your performance has moved"
    assert send(web, key, answer="refund", read="yes").status_code == 303
    assert [each.amount for each in off.refunds(order)] == [2 * ADULT]
    assert off.shop.order(order.id).valid == ()
    assert title(show(web, key)) == "You get your money back"


@on_sqlite
@pytest.mark.parametrize("language", list(LANGUAGES))
def test_mail_and_page_speak_the_language_of_the_order(
    off: CalledOff, web: Browser, language: str
) -> None:
    shop = off.shop
    contact = Contact(email=f"{language}@example.org", name="Ina Example", language=language)
    off.captured(off.pay_by_card(shop.filled(A1), contact))
    off.another_date()
    off.cancel()
    key = opened(off, web, contact.email)
    page = show(web, key)

    assert f'<html lang="{language}"' in page.text
    assert ("Your performance is cancelled" in page.text) == (language == "en")
    assert "Ina" not in page.text
    assert len(page.content) < 10_000
    assert page.headers["content-security-policy"] == POLICY
    (mail,) = shop.desk.mailbox.to(contact.email)
    assert ("This performance is cancelled" in mail.text) == (language == "en")
