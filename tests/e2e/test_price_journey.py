"""The concert hall is priced by keyboard, goes on sale, and gets dearer: in the browser."""

from __future__ import annotations

from datetime import date, time

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.support.journey import PageOf, hydrated, opened
from tests.support.server import Server
from tests.support.stage import OWNER, Stage
from upstage_crm.demo.season import prices as demo_prices
from upstage_crm.demo.season import venues as demo_venues
from upstage_crm.programme import commands, queries


def concert(stage: Stage) -> str:
    """An event with two performances in the demo's concert hall, without prices; its id."""
    parts = stage.parts
    with parts.database.transaction() as session:
        context = parts.staff_context(session, stage.owner)
        demo_venues.add(context)
        demo_prices.setting_of(context)
        event = commands.add_event(context, typed={"title": "Winter Serenades"})
        hall = next(
            each for each in queries.hall_choices(session) if each.name.startswith("Concert Hall")
        )
        days = [date(2030, 3, 1), date(2030, 3, 2)]
        commands.add_performances(
            context, event_id=event, hall_id=hall.id, days=days, at=time(19, 30)
        )
    return event


def add_window(page: Page, who: str, where: str, day: str) -> None:
    page.get_by_role("button", name="Add sale window").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Who").select_option(label=who)
    dialog.get_by_label(where).check()
    dialog.get_by_label("Opens").fill(day)
    dialog.get_by_role("button", name="Add").click()
    expect(page.get_by_text("1 sale window added.")).to_be_visible()


def test_a_concert_hall_is_priced_by_keyboard_and_put_on_sale(
    page_of: PageOf, house: tuple[Server, Stage]
) -> None:
    server, stage = house
    page = opened(page_of(OWNER), f"{server.url}/events/{concert(stage)}/")
    page.get_by_role("link", name="Prices", exact=True).click()
    expect(page.get_by_text("Not everything has a price")).to_be_visible()
    hydrated(page)

    page.get_by_label("Adult, zone A").focus()
    for amount in ("55", "42", "free"):  # down a column
        page.keyboard.type(amount)
        page.keyboard.press("Enter")
    page.keyboard.press("Shift+Enter")
    expect(page.get_by_label("Adult, zone B")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Concession, zone B")).to_be_focused()
    page.keyboard.type("34")
    page.keyboard.press("Control+Enter")
    told = page.get_by_text("Adult, zone C: Write the amount in digits, such as 12.50.")
    expect(told).to_be_visible()
    expect(page.get_by_label("Adult, zone C")).to_be_focused()
    expect(page.get_by_label("Adult, zone C")).to_have_attribute("aria-invalid", "true")
    assert Axe().run(page).response["violations"] == []

    page.keyboard.type("28")  # what is focused is marked, so this replaces it
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Saved as version 1.")).to_be_visible()
    expect(page.get_by_text("Not everything has a price")).to_be_hidden()
    expect(page.get_by_label("Adult, zone B")).to_have_value("42.00")

    add_window(page, "Everyone", "Box office", "2026-01-01")
    add_window(page, "Members", "Online", "2029-01-01")
    rows = page.get_by_role("table", name="Sale windows").get_by_role("row")
    expect(rows.nth(1)).to_contain_text("Open")
    expect(rows.nth(2)).to_contain_text("Later")

    page.get_by_label("Adult, zone A").fill("60")
    page.get_by_role("button", name="Save as version 2").click()
    expect(page.get_by_text("Saved as version 2.")).to_be_visible()
    page.get_by_role("button", name="Bring back Version 1").click()
    expect(page.get_by_text("Version 1 is back, as version 3.")).to_be_visible()
    expect(page.get_by_label("Adult, zone A")).to_have_value("55.00")
