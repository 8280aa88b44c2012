"""Every page in both themes and on narrow screens: nothing for axe to find, nothing cut off."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.support.accessibility import (
    assert_accessible,
    assert_fits_narrow_screens,
    assert_nothing_moves,
)
from tests.support.links import decision_url
from tests.support.server import Server, running_server
from tests.support.stage import OWNER, PASSWORD, Stage, set_stage
from upstage_crm.change_requests.desk import identify
from upstage_crm.change_requests.lifecycle import staff_commands
from upstage_crm.change_requests.model.rules import DeskMethod, ReasonCode
from upstage_crm.demo.season import programme, venues
from upstage_crm.demo.staff import ORGANISATION
from upstage_crm.inventory import house_holds, seatings
from upstage_crm.inventory import queries as inventory
from upstage_crm.patrons import edit_tags
from upstage_crm.patrons.details import edit_preferences, notes
from upstage_crm.patrons.details.preferences import Answer, Basis, ContactChannel, Purpose, Source
from upstage_crm.patrons.queries import get_by_number
from upstage_crm.programme import queries as events
from upstage_crm.venues import queries

Theme = Literal["light", "dark"]

STAFF_PAGES = (
    "/",
    "/patrons/",
    "/patrons/?email=none&status=active&tag=donor",
    "/patrons/?q=marra&colour=red",
    "/patrons/{number}/",
    "/patrons/{number}/?tab=changes",
    "/patrons/{number}/?tab=communications",
    "/patrons/{number}/?tab=privacy",
    "/patrons/{number}/?tab=audit",
    "/patrons/{long}/",
    "/patrons/999999/",
    "/requests/",
    "/requests/{reference}/",
    "/requests/{held}/",
    "/requests/00-000/",
    "/events/",
    "/events/{event}/",
    "/events/{event}/prices/",
    "/prices/",
    "/events/{concert}/{performance}/",
    "/calendar/",
    "/calendar/?view=list&season=season-2026&day=tomorrow",
    "/box-office/",
    "/box-office/shifts/",
    "/box-office/display/",
    "/venues/",
    "/venues/{venue}/",
    "/venues/{venue}/{hall}/",
    "/mailbox/",
    "/mailbox/?mail={mail}",
    "/mailbox/gallery/?mail=decision_request.proposed&lang=ar&scheme=dark",
    "/audit/",
    "/settings/",
    "/team/",
    "/account/",
    "/sign-in/again/",
)
OPEN_PAGES = (
    "/sign-in/",
    "/sign-in/forgot/",
    "/sign-in/join/",
    "/confirm/",
    "/confirm/plain",
)


class House:
    """A server with one pending request, and what its pages are about."""

    def __init__(self, server: Server, stage: Stage) -> None:
        self.server = server
        self.stage = stage
        parts, number = stage.parts, stage.numbers[0]
        with parts.database.transaction() as session:
            patron = get_by_number(session, number)
            proposed = staff_commands.propose(
                parts.staff_context(session, stage.owner),
                patron_id=patron.id,
                changes={"email": {"email": "mara.new@example.org"}},
                reason_code=ReasonCode.ASKED_BY_PHONE,
                reason_text="Rang this morning.",
                parsing=parts.context(),
            )
            edit_tags.add(
                parts.staff_context(session, stage.owner), patron_ids=[patron.id], text="friend"
            )
            edit_preferences.answer(
                parts.staff_context(session, stage.owner),
                patron_id=patron.id,
                cell=(ContactChannel.EMAIL, Purpose.NEWS),
                answer=Answer.YES,
                basis=Basis.CONSENT,
                source=Source.PHONE,
            )
            notes.add(
                parts.staff_context(session, stage.owner), patron_id=patron.id, text="At the aisle"
            )
            other = get_by_number(session, stage.numbers[1])
            held = identify.propose(
                parts.staff_context(session, stage.owner),
                patron_id=other.id,
                changes={"email": {"email": "theo.new@example.org"}},
                reason_code=ReasonCode.ASKED_AT_DESK,
                reason_text="",
                method=DeskMethod.IN_PERSON,
                note="Passport seen.",
                parsing=parts.context(),
            )
            venues.add(parts.staff_context(session, stage.owner))
            today = parts.clock.now().date()
            programme.add(parts.staff_context(session, stage.owner), today=today)
            self.event = events.events(session)[1][0].id
            self.concert = events.events(session, text="Serenades")[1][0].id
            self.performance = events.event(session, self.concert).performances[0].id
            seatings.lay_out(
                parts.staff_context(session, stage.owner), performance_id=self.performance
            )
            now = parts.clock.now()
            free = inventory.free_seats(session, self.performance, now=now)
            house_holds.hold_back(
                parts.staff_context(session, stage.owner),
                performance_id=self.performance,
                letter="H",
                reason="For the director",
                seat_ids=sorted(free)[:3],
            )
            self.venue = queries.venues(session)[0].id
            halls = queries.venue(session, self.venue).halls
        self.hall = next(hall.id for hall in halls if hall.texts["name"] == "Playhouse")
        self.mail, self.link = decision_url(parts, proposed.request_id, server.url)
        # Without a place to break: a name and an address as long as the widest phone.
        self.long = stage.add(f"{'w' * 40}+{'m' * 20}@example.org")
        self.number, self.reference = number, proposed.reference
        self.held = held.reference

    def url(self, path: str) -> str:
        filled = path.format(
            number=self.number,
            long=self.long,
            reference=self.reference,
            held=self.held,
            mail=self.mail,
            venue=self.venue,
            hall=self.hall,
            event=self.event,
            concert=self.concert,
            performance=self.performance,
        )
        return self.server.url + filled


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("pages")
    with running_server(folder) as server:
        yield House(server, set_stage(server.database_url))


def seated(browser: Browser, house: House, look: Mapping[str, Any]) -> Page:
    """The browser of an owner who is signed in, and looks at pages in one way."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}, **look).new_page()
    opened(page, house.url("/sign-in/"))
    page.get_by_label("Email").fill(OWNER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    return page


@pytest.fixture(scope="module", params=["light", "dark"])
def office(request: pytest.FixtureRequest, browser: Browser, house: House) -> Iterator[Page]:
    page = seated(browser, house, {"color_scheme": request.param})
    yield page
    page.context.close()


@pytest.fixture(scope="module", params=["light", "dark", "forced"])
def any_office(request: pytest.FixtureRequest, browser: Browser, house: House) -> Iterator[Page]:
    """The same, and with the colours of the system and without motion."""
    forced = {"forced_colors": "active", "reduced_motion": "reduce"}
    look = forced if request.param == "forced" else {"color_scheme": request.param}
    page = seated(browser, house, look)
    yield page
    page.context.close()


@pytest.mark.parametrize("path", STAFF_PAGES)
def test_staff_page(office: Page, house: House, path: str) -> None:
    opened(office, house.url(path))
    expect(office.get_by_role("heading", level=1)).to_be_visible()

    assert_accessible(office)
    assert_fits_narrow_screens(office)


def preview(page: Page) -> Locator:
    page.locator(".u-row-link").first.focus()
    page.keyboard.press("Space")
    return page.get_by_role("complementary", name="Preview")


def filter_menu(page: Page) -> Locator:
    page.get_by_role("button", name="Filter", exact=True).click()
    page.keyboard.press("ArrowDown")
    return page.get_by_role("menuitem").first


def columns_menu(page: Page) -> Locator:
    page.get_by_text("Columns", exact=True).click()
    return page.get_by_role("checkbox", name="Phone")


def suggestions(page: Page) -> Locator:
    page.get_by_role("combobox", name="Filter by a tag or a town").fill("friend")
    return page.get_by_role("option", name="friend")


def bulk_bar(page: Page) -> Locator:
    page.get_by_role("checkbox", name=re.compile("^Choose")).nth(1).check()
    return page.get_by_text(re.compile("1 (patron|request) chosen"))


def palette(page: Page) -> Locator:
    page.keyboard.press("Control+k")
    page.keyboard.type("mara")
    return page.get_by_role("option", name=re.compile("Mara"))


def shortcuts(page: Page) -> Locator:
    page.keyboard.press("?")
    return page.get_by_role("dialog", name="Keyboard shortcuts")


OPENED: dict[str, tuple[str, Callable[[Page], Locator]]] = {
    "preview": ("/patrons/", preview),
    "filter menu": ("/patrons/", filter_menu),
    "menu of columns": ("/patrons/", columns_menu),
    "suggestions": ("/patrons/", suggestions),
    "bulk bar of patrons": ("/patrons/", bulk_bar),
    "bulk bar of requests": ("/requests/?view=all", bulk_bar),
    "palette": ("/", palette),
    "palette over a record": ("/patrons/{number}/", palette),
    "shortcuts": ("/", shortcuts),
}


@pytest.mark.parametrize("name", OPENED)
def test_what_opens_over_a_page(any_office: Page, house: House, name: str) -> None:
    path, show = OPENED[name]
    opened(any_office, house.url(path))
    expect(any_office.get_by_role("heading", level=1)).to_be_visible()

    shown = show(any_office)

    expect(shown.first).to_be_visible()
    assert_accessible(any_office)
    assert_fits_narrow_screens(any_office)
    assert_nothing_moves(any_office)


@pytest.mark.parametrize("path", ["/", "/patrons/", "/patrons/{number}/", "/requests/"])
def test_a_page_in_the_colours_of_the_system(browser: Browser, house: House, path: str) -> None:
    look = {"forced_colors": "active", "reduced_motion": "reduce"}
    page = seated(browser, house, look)
    opened(page, house.url(path))
    expect(page.get_by_role("heading", level=1)).to_be_visible()

    assert_accessible(page)
    assert_fits_narrow_screens(page)
    assert_nothing_moves(page)
    page.context.close()


@pytest.mark.parametrize("show", [palette, suggestions, filter_menu])
def test_what_is_picked_is_seen_in_the_colours_of_the_system(
    browser: Browser, house: House, show: Callable[[Page], Locator]
) -> None:
    """Backgrounds and shadows are not drawn then: what is picked needs a line around it."""
    page = seated(browser, house, {"forced_colors": "active"})
    opened(page, house.url("/patrons/"))
    expect(page.locator(".u-row-link").first).to_be_visible()

    show(page)

    picked = page.locator("[role=option][aria-selected=true], [role=menuitem][data-highlighted]")
    expect(picked.first).to_be_visible()
    assert picked.first.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    page.context.close()


def test_a_long_menu_is_scrolled_on_a_small_screen(office: Page, house: House) -> None:
    opened(office, house.url("/patrons/"))
    office.set_viewport_size({"width": 360, "height": 560})
    filter_menu(office)

    office.keyboard.press("End")

    expect(office.get_by_role("menuitem").last).to_be_in_viewport()
    office.keyboard.press("Escape")
    office.set_viewport_size({"width": 1280, "height": 800})


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_copy_of_what_is_held(browser: Browser, house: House, theme: Theme) -> None:
    page = seated(browser, house, {"color_scheme": theme})
    page.goto(house.url("/patrons/data/{number}.html"))
    expect(page.get_by_role("heading", level=1)).to_be_visible()

    assert_accessible(page)
    assert_fits_narrow_screens(page)
    page.context.close()


def test_a_held_request_has_no_heads_over_nothing(office: Page, house: House) -> None:
    """No email was sent and no receipt issued, so neither has a table."""
    opened(office, house.url("/requests/{held}/"))
    expect(office.get_by_role("heading", name="The change")).to_be_visible()

    expect(office.get_by_role("columnheader")).to_have_count(0)
    empty = office.locator(
        ".u-card-body:empty, .u-card-flush:empty, .u-card-body > :only-child:empty"
    )
    expect(empty).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", [*OPEN_PAGES, "link", "link without scripts"])
def test_open_page(browser: Browser, house: House, path: str, theme: Theme) -> None:
    has_scripts = path not in ("/confirm/plain", "link without scripts")
    context = browser.new_context(color_scheme=theme)
    page = context.new_page()
    if path.startswith("link"):
        page.goto(house.link, wait_until="commit")
        if not has_scripts:
            page.goto(page.url.replace("/confirm/", "/confirm/plain"))
    else:
        page.goto(house.url(path), wait_until="commit")
    if has_scripts:
        page.locator("[data-hydrated=true]").first.wait_for(state="attached")
    expect(page.get_by_role("heading", level=1).first).to_be_visible()

    assert_accessible(page)
    assert_fits_narrow_screens(page)
    context.close()


def opened(page: Page, url: str) -> None:
    page.goto(url, wait_until="commit")
    page.locator("[data-hydrated=true]").first.wait_for(state="attached")


# The letter before each end of a line within an element.
LINE_ENDS = """element => {
    const ends = [], walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    let above = null, before = "";
    while (walker.nextNode()) {
        const node = walker.currentNode;
        for (let at = 0; at < node.length; at++) {
            range.setStart(node, at);
            range.setEnd(node, at + 1);
            const top = Math.round(range.getBoundingClientRect().top);
            if (above !== null && top > above + 4) ends.push(before);
            [above, before] = [top, node.data[at]];
        }
    }
    return ends;
}"""


def test_an_address_is_broken_after_its_signs_and_nowhere_else(
    browser: Browser, house: House
) -> None:
    context = browser.new_context(viewport={"width": 180, "height": 740})
    page = context.new_page()
    opened(page, house.link)

    shown = page.get_by_text("mara.new@example.org", exact=True).first
    expect(shown).to_be_visible()
    ends = shown.evaluate(LINE_ENDS)
    context.close()

    assert ends != []
    assert set(ends) <= {"@", "."}


@pytest.mark.parametrize("path", ["/patrons/", "/settings/", "/sign-in/again/"])
def test_a_phone_does_not_zoom_into_an_input(
    browser: Browser, office: Page, house: House, path: str
) -> None:
    """Phones enlarge the whole page for an input whose letters are smaller than 16 px."""
    context = browser.new_context(
        storage_state=office.context.storage_state(),
        viewport={"width": 360, "height": 740},
        has_touch=True,
        is_mobile=True,
    )
    page = context.new_page()
    opened(page, house.url(path))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    inputs = page.locator("input:visible, select:visible, textarea:visible").and_(
        page.locator(":not([type=checkbox]):not([type=radio])")
    )
    expect(inputs.first).to_be_visible()

    sizes = inputs.evaluate_all("all => all.map(one => parseFloat(getComputedStyle(one).fontSize))")
    context.close()

    assert min(sizes) >= 16


def test_keyboard_alone_reaches_both_decisions(browser: Browser, house: House) -> None:
    context: BrowserContext = browser.new_context()
    page = context.new_page()
    opened(page, house.link)
    reached: set[str] = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.innerText || ''").strip())
    assert {"Approve", "Reject"} <= reached
    context.close()


# Every element that moved up or down although no person did anything.
SHIFTS = """
window.upstageMoved = [];
new PerformanceObserver(list => {
  const sources = list.getEntries().flatMap(entry => [...entry.sources]);
  for (const {node, previousRect, currentRect} of sources)
    if (node && previousRect.y !== currentRect.y && currentRect.height)
      window.upstageMoved.push(node.className || node.nodeName);
}).observe({type: "layout-shift", buffered: true});
"""


@pytest.mark.parametrize("path", ["/", "/patrons/", "/requests/", "/team/"])
def test_what_is_read_later_moves_nothing(
    browser: Browser, office: Page, house: House, path: str
) -> None:
    """Room is kept for names, roles and tabs. Where there is a banner, it moves the page whole."""
    context = browser.new_context(
        storage_state=office.context.storage_state(), viewport={"width": 1280, "height": 800}
    )
    page = context.new_page()
    page.add_init_script(SHIFTS)
    opened(page, house.url(path))
    expect(page.get_by_role("row").or_(page.get_by_text("Nothing needs you")).first).to_be_visible()
    expect(page.get_by_text(ORGANISATION.name).first).to_be_visible()

    moved = page.evaluate("window.upstageMoved")
    context.close()

    assert set(moved) <= {"u-main"}
