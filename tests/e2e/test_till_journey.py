"""The till in a browser, by keys that are counted: walk-up, known patron, will-call, exchange."""

from __future__ import annotations

import re
from datetime import time, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.support.journey import PageOf, opened
from tests.support.server import Server
from tests.support.stage import CLERK, LEAD, OWNER, Stage
from upstage_crm.core.money import in_words
from upstage_crm.demo.season import prices, venues
from upstage_crm.inventory import seatings
from upstage_crm.orders import queries as orders
from upstage_crm.organisation.settings import details
from upstage_crm.programme import commands, performances, queries
from upstage_crm.programme.prices import window_commands
from upstage_crm.programme.prices.views import Audience, SaleChannel
from upstage_crm.programme.prices.window_commands import NewWindow
from upstage_crm.tills import till_commands

REFERENCE = re.compile(r"[0-9A-Z]{2}-[0-9A-Z]{3}")


class Keys:
    """A keyboard that counts: a name that is typed is one entry, as a scan with its Enter is."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.count = 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self._page.keyboard.press(key)
        self.count += len(keys)

    def type(self, text: str) -> None:
        self._page.keyboard.type(text)
        self.count += 1

    def scan(self, code: str) -> None:
        self._page.keyboard.insert_text(code)
        self._page.keyboard.press("Enter")
        self.count += 1


@pytest.fixture(scope="module")
def shop(house: tuple[Server, Stage]) -> tuple[Server, Stage]:
    """Two performances on sale, the first one in three hours, and a till for each clerk."""
    stage = house[1]
    parts, now = stage.parts, stage.parts.clock.now()
    with parts.database.transaction() as session:
        context = parts.staff_context(session, stage.owner)
        venues.add(context)
        halls = {one.name.partition(",")[0]: one.id for one in queries.hall_choices(session)}
        event = commands.add_event(context, typed={"title": "Hamlet"})
        soon = (now + timedelta(hours=3)).astimezone(details(session).zone)
        for start in (soon, soon + timedelta(days=2)):
            commands.add_performances(
                context,
                event_id=event,
                hall_id=halls["Playhouse"],
                days=[start.date()],
                at=time(start.hour, start.minute),
            )
        ids = [one.id for one in queries.event(session, event).performances]
        for performance_id in ids:
            seatings.lay_out(context, performance_id=performance_id)
        prices.add_prices(context, prices.setting_of(context), event_id=event, top=40)
        window = NewWindow(
            audience=Audience.PUBLIC,
            channels=list(SaleChannel),
            opens_at=now - timedelta(days=1),
            closes_at=None,
        )
        window_commands.add_windows(context, event_id=event, new=window)
        performances.put_on_sale(context, performance_ids=ids, checks=())
        for name in ("Foyer", "Bar", "Door"):
            till_commands.add(context, name=name)
    return house


def at_the_till(page: Page, server: Server, till: str, *, is_training: bool = False) -> Page:
    """The screen of a till with an open shift."""
    opened(page, f"{server.url}/box-office/")
    page.get_by_role("button", name=f"Open a shift at {till}").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Float").fill("100")
    if is_training:
        dialog.get_by_label("Training").check()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Tickets")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hamlet")
    return page


def sold(page: Page) -> str:
    """The reference of what was sold or exchanged last."""
    told = page.get_by_role("status").filter(has_text=re.compile("Sold|Exchanged"))
    expect(told).to_be_visible()
    found = REFERENCE.search(told.inner_text())
    assert found is not None
    return found[0]


def test_a_walk_up_a_known_patron_will_call_and_an_exchange_in_few_keys(
    page_of: PageOf, shop: tuple[Server, Stage]
) -> None:
    server, stage = shop
    page = at_the_till(page_of(OWNER), server, "Foyer")

    keys = Keys(page)
    keys.press("2", "Enter", "Enter")
    walk_up = sold(page)
    assert keys.count == 3

    keys = Keys(page)
    keys.press("/")
    keys.type("lindq")
    expect(page.get_by_role("option", name=re.compile("Mara Lindqvist"))).to_be_visible()
    keys.press("Enter", "2", "Enter", "Enter")
    expect(page.get_by_text("Sold").first).not_to_contain_text(walk_up)
    known = sold(page)
    assert keys.count == 6

    keys = Keys(page)
    keys.press("*")
    keys.type("lindq")
    expect(page.get_by_role("option", name=re.compile(known))).to_be_visible()
    keys.press("Enter")
    expect(page.get_by_text("2 tickets handed out.")).to_be_visible()
    assert keys.count == 3

    with stage.parts.database.reading() as session:
        order = orders.by_reference(session, walk_up)
    ticket = order.tickets[0]
    code = stage.parts.ticket_keys.draw(
        ticket_id=ticket.id, version=1, performance_id=ticket.performance_id
    )
    keys = Keys(page)
    keys.scan(code)
    expect(page.get_by_role("heading", name=f"Order {walk_up}")).to_be_visible()
    keys.press("F6")
    expect(page.get_by_text(f"Exchange of {walk_up}: 1 ticket")).to_be_visible()
    keys.press("ArrowDown")
    keys.type("1C")
    keys.press("Enter")
    expect(page.get_by_text("To give back")).to_be_visible()
    told = page.get_by_text(re.compile(r"\$\d+\.\d\d in cash")).inner_text()
    keys.press("Enter")
    assert sold(page) == walk_up
    assert keys.count <= 6
    with stage.parts.database.reading() as session:
        order = orders.by_reference(session, walk_up)
    assert len({one.performance_id for one in order.valid}) == 2
    # Which of the best seats it is, and so its price, is chance.
    (other,) = (one for one in order.valid if one.performance_id != ticket.performance_id)
    assert in_words(ticket.amount - other.amount, "USD") in told


def test_a_customer_sees_the_total_and_the_change_of_a_split_sale(
    page_of: PageOf, shop: tuple[Server, Stage]
) -> None:
    server, _ = shop
    page = at_the_till(page_of(LEAD), server, "Bar")
    display = opened(page.context.new_page(), f"{server.url}/box-office/display/")
    page.bring_to_front()

    page.keyboard.press("2")
    page.keyboard.press("Enter")
    expect(display.get_by_text("To pay")).to_be_visible()
    page.keyboard.type("10")
    page.keyboard.press("F4")
    page.keyboard.type("slip 7")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Still to pay")).to_be_visible()
    page.keyboard.type("100")
    page.keyboard.press("F2")

    sold(page)
    expect(page.get_by_text(re.compile(r"Change \$\d+"))).to_be_visible()
    expect(display.get_by_text("Thank you")).to_be_visible()


def test_marked_seats_are_held_and_escape_asks_before_it_lets_them_go(
    page_of: PageOf, shop: tuple[Server, Stage]
) -> None:
    server, _ = shop
    page = at_the_till(page_of(CLERK), server, "Door", is_training=True)
    expect(page.get_by_text("Training: nothing is sold")).to_be_visible()
    seats = page.get_by_role("img", name="Seats of the performance")
    box = seats.bounding_box()
    assert box is not None

    page.get_by_label("Tickets").fill("")
    row_a = page.locator(".u-till-map text").filter(has_text=re.compile("^A$")).first
    at = row_a.bounding_box()
    assert at is not None
    page.mouse.click(at["x"] + at["width"] / 2 + 0.045 * box["width"], at["y"] + at["height"] / 2)
    expect(page.get_by_text("1 seat marked")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=re.compile("^Remove Stalls"))).to_have_count(1)

    page.keyboard.press("Escape")
    expect(page.get_by_text("Enter lets them go, Esc keeps them.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name=re.compile("^Remove Stalls"))).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=re.compile("^Remove Stalls"))).to_have_count(0)
