"""An evening at the door in the browser: scans with a network, without one, and with it again."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.support.accessibility import assert_accessible
from tests.support.factories import Desk
from tests.support.houses import seat
from tests.support.journey import PATIENCE_MS, PHONE, PageOf, sign_in
from tests.support.server import Server
from tests.support.shop import Shop, open_shop
from tests.support.stage import CLERK, Stage
from tests.support.tickets import NEXT_SEAT, TICKET, codes_on
from upstage_crm.core.clock import FrozenClock
from upstage_crm.orders.files import print_page
from upstage_crm.orders.views import OrderView

SOLD_AT = datetime(2026, 11, 20, 12, tzinfo=UTC)  # before the performance that the shop sells


@pytest.fixture(scope="module")
def shop(house: tuple[Server, Stage]) -> Shop:
    _, stage = house
    return open_shop(Desk(stage.parts.database, FrozenClock(SOLD_AT)))


@pytest.fixture
def usher(browser: Browser, house: tuple[Server, Stage]) -> Iterator[Page]:
    """A phone with a member of the box office signed in."""
    server, _ = house
    context = browser.new_context(viewport=PHONE, locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    sign_in(page, server, CLERK)
    yield page
    context.close()


def code(stage: Stage, order: OrderView, at: int = 0) -> str:
    ticket = order.tickets[at]
    return stage.parts.ticket_keys.draw(
        ticket_id=ticket.id, version=1, performance_id=ticket.performance_id
    )


def ready(page: Page, url: str) -> Page:
    page.goto(url)
    page.locator("html[data-ready=true]").wait_for(state="attached")
    return page


def scan(page: Page, digits: str, says: str) -> None:
    """Type as a scanner does, wherever the cursor is, and read the answer."""
    page.locator("#code").focus()
    page.keyboard.insert_text(digits)
    page.keyboard.press("Enter")
    expect(page.locator("[data-result] .verdict")).to_contain_text(says)


def test_a_door_goes_on_without_a_network_and_sends_its_scans_later(
    usher: Page, house: tuple[Server, Stage], shop: Shop
) -> None:
    server, stage = house
    order = shop.sold(seat("A", 1), seat("A", 2), seat("A", 3))
    page = ready(usher, f"{server.url}/door/{shop.performance}/")
    assert_accessible(page)
    scan(page, code(stage, order, 0), "Valid")
    expect(page.locator("[data-inside]")).to_have_text("1")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    page.wait_for_function("async () => await caches.match(location.href) !== undefined")

    page.context.set_offline(True)
    late = shop.sold(seat("B", 1))
    scan(page, code(stage, order, 1), "Valid")
    scan(page, code(stage, order, 1), "Already in")
    scan(page, code(stage, late), "Let in, not checked")
    scan(page, "1" * 212, "Not our ticket")
    expect(page.locator("[data-net]")).to_contain_text("Not sent yet: 4")
    expect(page.locator("[data-result]")).to_have_attribute("data-tone", "bad")
    assert_accessible(page)

    ready(page, page.url)
    scan(page, code(stage, order, 1), "Already in")
    expect(page.locator("[data-net]")).to_contain_text("Not sent yet: 5")

    page.context.set_offline(False)
    expect(page.locator("[data-net]")).to_have_text("Online.")
    expect(page.locator("[data-inside]")).to_have_text("3")
    page.get_by_role("link", name="Who should not be in").click()
    expect(page.get_by_text("Everyone who went in has a ticket that counts")).to_be_visible()
    assert_accessible(page)


def test_the_page_is_complete_without_a_script(
    browser: Browser, house: tuple[Server, Stage], shop: Shop, usher: Page
) -> None:
    server, stage = house
    order = shop.sold(seat("B", 2))
    context = browser.new_context(java_script_enabled=False, viewport=PHONE)
    context.add_cookies(usher.context.cookies())  # pyright: ignore[reportArgumentType]  # its own
    page = context.new_page()
    page.goto(f"{server.url}/door/{shop.performance}/")

    page.get_by_label("Ticket code").fill(code(stage, order))
    page.get_by_role("button", name="Check").click()

    expect(page.locator("[data-result]")).to_contain_text("Stalls, row B, seat 2")
    expect(page.locator("[data-result]")).to_have_attribute("data-tone", "good")
    context.close()


def test_the_codes_on_narrow_paper_are_read_from_the_page(page_of: PageOf) -> None:
    page = page_of("")
    page.set_content(print_page.tickets_page([TICKET, NEXT_SEAT]))

    picture = Image.open(io.BytesIO(page.screenshot(full_page=True)))

    assert sorted(codes_on(picture)) == sorted([TICKET.code, NEXT_SEAT.code])
    assert_accessible(page)
