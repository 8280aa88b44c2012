"""A season in the browser: an event with its picture goes on sale, is paused, moved and copied."""

from __future__ import annotations

import re
from datetime import date, time
from pathlib import Path
from typing import Literal

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.support.accessibility import assert_accessible, assert_fits_narrow_screens
from tests.support.journey import PageOf, hydrated, opened
from tests.support.server import Server
from tests.support.stage import OWNER, Stage
from upstage_crm.demo.season import prices
from upstage_crm.programme import commands as programme
from upstage_crm.programme import queries
from upstage_crm.venues import commands as venues
from upstage_crm.venues import plans
from upstage_crm.venues.design import FIELDS

THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@pytest.fixture(scope="module")
def hall(house: tuple[Server, Stage]) -> str:
    """A hall with a plan, in which Macbeth is performed four times in March 2031; its id."""
    parts, owner = house[1].parts, house[1].owner
    with parts.database.transaction() as session:
        context = parts.staff_context(session, owner)
        venue = venues.add_venue(context, typed={"name": "The Barn", "address": "Field Lane"})
        hall_id = venues.add_hall(context, venue_id=venue, typed={"name": "Loft"})
        stalls = FIELDS | {"name": "Stalls", "rows": "3", "seats": "4"}
        plans.save(context, hall_id=hall_id, after=0, sections=[stalls])
        event = programme.add_event(context, typed={"title": "Macbeth"})
        days = [date(2031, 3, day) for day in (1, 7, 8, 14)]
        programme.add_performances(
            context, event_id=event, hall_id=hall_id, days=days, at=time(19, 30)
        )
    return hall_id


def is_accessible(page: Page) -> None:
    expect(page.locator("main [aria-busy=true]")).to_have_count(0)  # rows are paler meanwhile
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        assert_accessible(page)


def choose(page: Page, act: str) -> None:
    """Choose every performance, and press what is done with them."""
    page.get_by_role("checkbox", name="Choose every performance").check()
    page.get_by_role("button", name=act, exact=True).click()


def price(stage: Stage, title: str) -> None:
    """Give an event prices and a sale window, as `test_price_journey` does in the browser."""
    with stage.parts.database.transaction() as session:
        context = stage.parts.staff_context(session, stage.owner)
        _, [event] = queries.events(session, text=title)
        setting = prices.setting_of(context)
        prices.add_prices(context, setting, event_id=event.id, top=30)
        today = context.now.date()
        prices.add_windows(context, event_id=event.id, today=today, weeks=0)


def test_an_event_goes_on_sale_is_paused_moved_and_copied(
    page_of: PageOf, house: tuple[Server, Stage], hall: str, tmp_path: Path
) -> None:
    server, stage = house
    page = opened(page_of(OWNER), f"{server.url}/events/")
    page.get_by_role("button", name="Add event").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Title").fill("Hamlet")
    dialog.get_by_label("Running time").fill("150")
    dialog.get_by_label("Credits").fill("Director: Ana Ruiz")
    dialog.get_by_role("button", name="Add event").click()
    expect(page.get_by_role("heading", level=1, name="Hamlet")).to_be_visible()

    page.get_by_role("button", name="Add performances").click()
    dialog.get_by_label("Hall").select_option(value=hall)
    dialog.get_by_label("Day", exact=True).fill("2030-03-01")
    dialog.get_by_label("Time").fill("19:30")
    for weekday in ("Friday", "Saturday"):
        dialog.get_by_label(weekday).check()
    dialog.get_by_label("Last day of the series").fill("2030-03-09")
    dialog.get_by_label("Relaxed").check()
    dialog.get_by_role("button", name="Add").click()
    expect(page.get_by_text("4 performances added.")).to_be_visible()

    choose(page, "Put on sale")
    expect(dialog.get_by_text("Zone A has no price.")).to_be_visible()
    dialog.get_by_role("button", name="Cancel").click()
    price(stage, "Hamlet")
    page.get_by_role("button", name="Put on sale", exact=True).click()
    expect(dialog.get_by_text("4 go on sale at once.")).to_be_visible()
    dialog.get_by_role("button", name="Put on sale").click()
    expect(page.get_by_text("4 performances put on sale.")).to_be_visible()
    expect(page.get_by_text("On sale", exact=True)).to_have_count(4)

    choose(page, "Change time or hall")
    dialog.get_by_label("Time").fill("20:00")
    expect(dialog.get_by_text("4 performances, 4 on sale.")).to_be_visible()
    expect(dialog.get_by_text("4 change.")).to_be_visible()
    dialog.get_by_role("button", name="Change").click()
    expect(page.get_by_text("4 performances changed.")).to_be_visible()
    expect(page.get_by_text("8:00 PM").first).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone.")).to_be_visible()
    expect(page.get_by_text("8:00 PM")).to_have_count(0)

    picture = tmp_path / "prince.png"
    Image.new("RGB", (1000, 600), (90, 20, 40)).save(picture)
    page.get_by_label("Picture file").set_input_files(picture)
    page.get_by_label("What the picture shows").fill("A prince with a skull")
    page.get_by_role("button", name="Save picture").click()
    expect(page.get_by_text("The picture is kept.")).to_be_visible()
    shown = page.get_by_role("img", name="A prince with a skull")
    expect(shown).to_be_visible()
    assert shown.evaluate("image => image.naturalWidth") == 800
    broken = tmp_path / "broken.png"
    broken.write_bytes(picture.read_bytes()[:300])
    page.get_by_label("Picture file").set_input_files(broken)
    page.get_by_role("button", name="Save picture").click()
    expect(page.get_by_role("heading", name="This picture was not kept")).to_be_visible()
    page.get_by_role("link", name="Back to the event").click()
    hydrated(page)

    page.get_by_role("button", name="Translate French").click()
    dialog.get_by_label("Title").fill("Hamlet, prince du Danemark")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Hamlet, prince du Danemark")).to_be_visible()
    is_accessible(page)
    assert_fits_narrow_screens(page)

    page.get_by_role("button", name="Copy event").click()
    dialog.get_by_label("Title").fill("Hamlet, once more")
    dialog.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("heading", level=1, name="Hamlet, once more")).to_be_visible()
    expect(page.get_by_text("Hamlet, prince du Danemark")).to_be_visible()
    expect(page.get_by_role("img", name="A prince with a skull")).to_be_visible()


def test_the_calendar_turns_by_keyboard_and_shows_the_same_as_a_list(
    page_of: PageOf, house: tuple[Server, Stage], hall: str
) -> None:
    server, _ = house
    page = opened(page_of(OWNER), f"{server.url}/calendar/?day=2031-02-15")
    heading = page.locator("header").get_by_text("February 2031")
    expect(heading).to_be_visible()
    page.keyboard.press("l")
    expect(page.locator("header").get_by_text("March 2031")).to_be_visible()
    expect(page.get_by_text("4 performances", exact=True)).to_be_visible()
    is_accessible(page)

    page.get_by_label("View").select_option(label="List")
    expect(page.get_by_role("row")).to_have_count(5)
    is_accessible(page)
    assert_fits_narrow_screens(page)
    boxes = page.get_by_role("checkbox", name=re.compile("^Choose Macbeth"))
    for box in (0, 1):
        boxes.nth(box).check()
    page.get_by_role("button", name="Change time or hall").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Macbeth · 2 performances")).to_be_visible()
    dialog.get_by_label("Time").fill("18:00")
    expect(dialog.get_by_text("2 change.")).to_be_visible()
    is_accessible(page)
    dialog.get_by_role("button", name="Change", exact=True).click()
    expect(page.get_by_text("2 performances changed.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone.")).to_be_visible()
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("h")
    expect(page.get_by_text("Nothing is performed in these days")).to_be_visible()
    page.get_by_label("Season").select_option(label="Any season")
    page.get_by_label("View").select_option(label="Month")
    page.get_by_role("heading", level=1).click()  # a key of one letter is not for a field
    page.keyboard.press("l")
    expect(page.get_by_role("link", name="Macbeth")).to_have_count(4)
    expect(page).to_have_url(re.compile("day=2031-03-01"))
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Macbeth").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Macbeth")).to_be_visible()
