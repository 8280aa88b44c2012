"""A guest finds a performance, chooses seats, pays and holds the tickets, on any screen.

With and without scripts: the same pages, the same forms.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, time
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.accessibility import assert_accessible, assert_fits_narrow_screens
from tests.support.journey import PATIENCE_MS, PageOf
from tests.support.playhouse import Playhouse
from tests.support.server import Server
from tests.support.stage import Stage
from upstage_crm.demo.season import prices
from upstage_crm.demo.season import venues as demo_venues
from upstage_crm.inventory import sale_steps
from upstage_crm.mail.message import MailKind
from upstage_crm.organisation import return_hours
from upstage_crm.portal import addresses
from upstage_crm.programme import commands, queries
from upstage_crm.programme.views import Access
from upstage_crm.wiring import SALE_CHECKS

THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SEATS = 1_200
VISA = "4242424242424242"
Visit = Callable[..., Page]


@dataclass
class Buyer:
    """Somebody with a browser, whose presses and fields are counted."""

    page: Page
    has_scripts: bool
    presses: int = 0
    fields: int = 0

    def press(self, words: str) -> None:
        self.page.get_by_role("button", name=re.compile(words)).first.click()
        self.presses += 1

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(re.compile(label)).first.fill(text)
        self.fields += 1

    def two_adults(self) -> None:
        if self.has_scripts:
            self.press(r"^\+ Adult")
            self.press(r"^\+ Adult")
        else:
            self.fill("Adult", "2")


@pytest.fixture(scope="module")
def concert(house: tuple[Server, Stage]) -> str:
    """The path of a concert in the hall of 1,200 seats, on sale on two evenings."""
    parts, owner = house[1].parts, house[1].owner
    with parts.database.transaction() as session:
        context = parts.staff_context(session, owner)
        demo_venues.add(context)
        halls = {one.name.partition(",")[0]: one.id for one in queries.hall_choices(session)}
        texts = {"title": "Requiem", "genre": "Concert", "running_minutes": "90"}
        event = commands.add_event(context, typed=texts)
        for day, access in ((date(2031, 3, 1), [Access.CAPTIONED]), (date(2031, 3, 8), [])):
            commands.add_performances(
                context,
                event_id=event,
                hall_id=halls["Concert Hall"],
                days=[day],
                at=time(19, 30),
                access=access,
            )
        prices.add_prices(context, prices.setting_of(context), event_id=event, top=40)
        prices.add_windows(context, event_id=event, today=context.now.date(), weeks=0)
        ids = [one.id for one in queries.event(session, event).performances]
        sale_steps.put_on_sale(context, performance_ids=ids, checks=SALE_CHECKS)
        return addresses.event_path(queries.event(session, event))


@pytest.fixture
def visit(browser: Browser, house: tuple[Server, Stage]) -> Iterator[Visit]:
    """Opens a path in a browser of its own; the test fails if the browser complains."""
    contexts, complaints = [], list[str]()

    def go(path: str, *, width: int = 1360, has_scripts: bool = True) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            java_script_enabled=has_scripts,
            locale="en-GB",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(house[0].url + path)
        return page

    yield go
    for context in contexts:
        context.close()
    assert not complaints, f"the browser complained: {complaints}"


def first_performance(page: Page) -> None:
    page.locator(".dates a").first.click()
    expect(page.get_by_role("heading", level=2).first).to_be_visible()


def is_accessible(page: Page) -> None:
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        assert_accessible(page)
    page.emulate_media(color_scheme="light")


def ready(page: Page) -> None:
    """The map is drawn and knows what is free."""
    page.locator("#map[data-ready]").wait_for()


@pytest.mark.parametrize("width", [360, 1360])
@pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "plain"])
def test_a_guest_buys_two_best_seats(
    visit: Visit, concert: str, width: int, has_scripts: bool
) -> None:
    """TICKETING §5: at most 5 presses and 3 fields from the performance to paid."""
    page = visit("/whats-on/", width=width, has_scripts=has_scripts)
    page.get_by_role("link", name="Requiem").click()
    first_performance(page)

    buyer = Buyer(page, has_scripts)
    buyer.two_adults()
    buyer.press("Find the best seats")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your basket")
    buyer.fill("Your email address", "ina@example.org")
    buyer.press("^Pay")
    buyer.fill("card number", VISA)
    buyer.press("^Pay")

    expect(page.get_by_role("heading", level=1)).to_have_text("Your tickets")
    expect(page.locator(".qr svg")).to_have_count(2)
    assert buyer.presses <= 5
    assert buyer.fields <= 3


def test_seats_are_chosen_on_the_map_by_keyboard_alone(visit: Visit, concert: str) -> None:
    page = visit(concert)
    first_performance(page)
    ready(page)
    grid = page.locator("#map-frame svg")

    grid.locator("[tabindex='0']").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")

    expect(page.locator("#sum")).to_have_text("Seats chosen: 2. Total: $80.00")
    expect(page.locator("#live")).to_have_text(re.compile("row B, seat .*chosen by you"))
    assert page.locator("#seats input:checked").count() == 2
    names = grid.evaluate("map => [...map.querySelectorAll('use')].map(seat => seat.ariaLabel)")
    assert len(set(names)) == SEATS
    assert all(re.match(r"[\w ]+, row \w+, seat \d+, \$", name) for name in names)

    page.get_by_role("button", name="Keep these seats").click()
    expect(page.locator(".line-place")).to_have_count(2)


def test_the_map_and_the_list_are_one_choice(visit: Visit, concert: str) -> None:
    page = visit(concert)
    first_performance(page)
    ready(page)
    box = page.locator("#seats input[name=seat]").nth(30)
    value = int(box.get_attribute("value") or "")
    seat = page.locator("#map-frame use").nth(value)

    page.locator("#seats summary").first.click()
    box.check()
    expect(seat).to_have_attribute("aria-selected", "true")
    seat.click()

    expect(box).not_to_be_checked()
    expect(page.locator("#sum")).to_have_text("No seats chosen yet")


def test_a_seat_that_went_meanwhile_is_shown_and_said(visit: Visit, concert: str) -> None:
    first, second = visit(concert), visit(concert)
    for page in (first, second):
        first_performance(page)
        ready(page)
        page.locator("#map-frame use[aria-disabled=false]").nth(100).click()
    first.get_by_role("button", name="Keep these seats").click()
    expect(first.locator(".line-place")).to_have_count(1)

    second.get_by_role("button", name="Keep these seats").click()

    expect(second.get_by_role("alert")).to_contain_text("Another visitor was faster")


def test_a_page_that_a_browser_translates_goes_on_working(visit: Visit, concert: str) -> None:
    """A translator puts every text of a page into elements of its own."""
    page = visit(concert)
    first_performance(page)
    ready(page)
    page.evaluate(
        """() => {
            const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            const all = [];
            while (texts.nextNode()) if (texts.currentNode.data.trim()) all.push(texts.currentNode);
            for (const text of all) {
                const font = document.createElement("font");
                text.replaceWith(font);
                font.append(text);
            }
        }"""
    )

    page.locator("#map-frame use[aria-disabled=false]").first.click()
    page.get_by_role("button", name="Keep these seats").click()

    expect(page.locator(".line-place")).to_have_count(1)


def test_every_page_is_accessible_and_fits_a_narrow_screen(visit: Visit, concert: str) -> None:
    page = visit("/whats-on/")
    for path in (
        "/whats-on/",
        "/whats-on/?view=calendar&month=2031-03",
        "/whats-on/?lang=ar",
        "/whats-on/?genre=None",
        concert,
        "/whats-on/nothing-0123456789/",
        "/basket/",
        "/basket/paid/none",
    ):
        page.goto(page.url.partition("/whats-on")[0].partition("/basket")[0] + path)
        is_accessible(page)
        assert_fits_narrow_screens(page)
    page.goto(page.url.partition("/basket")[0] + concert)
    first_performance(page)
    ready(page)
    is_accessible(page)
    assert_fits_narrow_screens(page)
    here = page.url
    for language in ("ar", "de", "en"):
        page.goto(f"{here}?lang={language}")
        assert_fits_narrow_screens(page)
    buyer = Buyer(page, has_scripts=True)
    buyer.two_adults()
    buyer.press("Find the best seats")
    expect(page.locator(".line-place")).to_have_count(2)
    is_accessible(page)
    assert_fits_narrow_screens(page)
    buyer.fill("Your email address", "ina@example.org")
    buyer.press("^Pay")
    buyer.fill("card number", VISA)
    buyer.press("^Pay")
    expect(page.locator(".qr svg")).to_have_count(2)
    is_accessible(page)
    assert_fits_narrow_screens(page)


@pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "plain"])
def test_a_guest_makes_an_account_says_how_to_be_contacted_and_returns_a_ticket(
    visit: Visit,
    concert: str,
    page_of: PageOf,
    house: tuple[Server, Stage],
    has_scripts: bool,
) -> None:
    play, parts = Playhouse(page_of, house), house[1].parts
    email = f"noa.{'scripts' if has_scripts else 'plain'}@example.org"
    with parts.database.transaction() as session:
        return_hours.change(parts.staff_context(session, house[1].owner), hours=24)
    page = visit(concert, width=360, has_scripts=has_scripts)
    first_performance(page)
    buyer = Buyer(page, has_scripts)
    buyer.two_adults()
    buyer.press("Find the best seats")
    buyer.fill("Your email address", email)
    buyer.press("^Pay")
    buyer.fill("card number", VISA)
    buyer.press("^Pay")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your tickets")
    play.wait_for_filing()

    page.goto(f"{house[0].url}/my/")
    page.get_by_role("link", name="Create an account").click()
    looked_at(page, has_scripts=has_scripts)
    buyer.fill("Your email address", email)
    buyer.fill("Given name", "Noa")
    buyer.press("Create my account")
    found = re.search(r"page that asked for it: (\d{6})", play.read(email, MailKind.SIGN_IN_CODE))
    assert found is not None
    buyer.fill("The six digits", found[1])
    buyer.press("^Sign in$")
    expect(page.get_by_text(f"You are signed in with {email}.")).to_be_visible()

    page.get_by_role("link", name="How we may contact you").click()
    page.get_by_role("group", name="News and offers: By email").get_by_label("Yes").check()
    buyer.press("Save my answers")
    expect(page.get_by_text("Your answers are saved.")).to_be_visible()
    looked_at(page, has_scripts=has_scripts)

    page.get_by_role("link", name="Back to my account").click()
    page.get_by_role("link", name="Requiem").first.click()
    page.get_by_role("link", name="Return tickets").click()
    page.get_by_role("checkbox").first.check()
    looked_at(page, has_scripts=has_scripts)
    buyer.press("See what comes back")
    expect(page.get_by_text("goes back to the card that you paid with")).to_be_visible()
    looked_at(page, has_scripts=has_scripts)
    buyer.press("Return these tickets")
    expect(page.get_by_text("no longer open the door")).to_be_visible()
    expect(page.get_by_role("checkbox")).to_have_count(1)


def looked_at(page: Page, *, has_scripts: bool) -> None:
    """Nothing is wrong with the page in either theme, and it fits a small phone."""
    if has_scripts:  # axe is a script itself
        is_accessible(page)
        assert_fits_narrow_screens(page)
