"""A new house in the browser: a venue, its halls, a plan built by hand, and the plan as a file."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.support.journey import PageOf, hydrated, opened
from tests.support.server import Server
from tests.support.stage import OWNER, Stage

# The whole house of 2,000 seats: what is typed about each section.
SECTIONS = (
    ({"Name": "Stalls", "Rows": "25", "Seats in a row": "40", "Aisles after seat": "10, 30"}, {}),
    ({"Name": "Left", "Rows": "25", "Seats in a row": "10"}, {"Where": "To the left of it"}),
    ({"Name": "Right", "Rows": "25", "Seats in a row": "10"}, {"Where": "To the right of it"}),
    ({"Name": "Balcony", "Rows": "10", "Seats in a row": "50", "Price zone": "B"}, {}),
)
WHEELCHAIRS = "A1-4"
# How long a practised person takes (keystroke-level model, in seconds): to decide, to point and
# press, to type a character with an ordinary speed.
DECIDE, PRESS, KEY = 1.35, 1.3, 0.28
BY_HAND_AT_MOST = 180
SIZES = ("1,000 seats", "1,250 seats", "1,500 seats", "2,000 seats")


def by_hand() -> float:
    """How long it takes a person to say what the plan is, without the time the page takes."""
    said = [text for texts, _ in SECTIONS for text in texts.values()] + [WHEELCHAIRS]
    chosen = sum(len(choices) for _, choices in SECTIONS)
    presses = len(SECTIONS) + len(said) + 2 * chosen + 1  # sections, inputs, choices, save
    return presses * (DECIDE + PRESS) + KEY * sum(len(text) for text in said)


def add_hall(page: Page, name: str) -> None:
    page.get_by_role("button", name="Add hall").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_role("button", name="Add hall").click()
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


def open_plan(page: Page, hall: str) -> None:
    page.get_by_role("link", name=f"Seat plan of {hall}").click()
    expect(page.get_by_role("heading", level=1, name=hall)).to_be_visible()
    hydrated(page)


def test_a_house_of_two_thousand_seats_is_built_by_hand(
    page_of: PageOf, house: tuple[Server, Stage], tmp_path: Path
) -> None:
    server, _ = house
    page = opened(page_of(OWNER), f"{server.url}/venues/")
    page.get_by_role("button", name="Add venue").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("The Barn")
    dialog.get_by_label("Address").fill("Field Lane")
    dialog.get_by_role("button", name="Add venue").click()
    expect(page.get_by_role("heading", level=1, name="The Barn")).to_be_visible()
    for hall in ("Great Hall", "Twin"):
        add_hall(page, hall)
    venue = page.url

    open_plan(page, "Great Hall")
    began = monotonic()
    for (texts, choices), size in zip(SECTIONS, SIZES, strict=True):
        count = page.get_by_role("group", name="Sections").get_by_role("button").count()
        page.get_by_role("button", name="Add section").click()
        sections = page.get_by_role("group", name="Sections").get_by_role("button")
        expect(sections).to_have_count(count + 1)
        expect(sections.nth(count)).to_have_attribute("aria-pressed", "true")
        for label, text in texts.items():
            page.get_by_label(label, exact=True).or_(
                page.get_by_label(f"{label} (optional)", exact=True)
            ).fill(text)
        for label, choice in choices.items():
            page.get_by_label(label).select_option(label=choice)
        expect(page.get_by_role("img", name=f"Great Hall: {size}")).to_be_visible()
    page.get_by_label("Wheelchair spaces").fill("A1-4, Z9")
    expect(page.get_by_text("This section has no such seat: “Z9”.").first).to_be_visible()
    page.get_by_label("Wheelchair spaces").fill(WHEELCHAIRS)
    legend = page.get_by_role("listitem").filter(has_text="Wheelchair space")
    expect(legend).to_be_visible()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.get_by_role("button", name="Save as version 1").click()
    expect(page.get_by_text("Saved as version 1.")).to_be_visible()
    took = by_hand() + monotonic() - began
    assert took <= BY_HAND_AT_MOST, f"2,000 seats take {took:.0f} s by hand"

    with page.expect_download() as download:
        page.get_by_role("link", name="Download Version 1").click()
    file = tmp_path / "plan.json"
    download.value.save_as(file)
    opened(page, venue)
    open_plan(page, "Twin")
    page.get_by_label("Seat plan file").set_input_files(file)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("Imported as version 1.")).to_be_visible()
    expect(page.get_by_role("img", name="Great Hall: 2,000 seats")).to_be_visible()

    file.write_text("[]", "utf-8")
    page.get_by_label("Seat plan file").set_input_files(file)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("heading", name="This file was not imported")).to_be_visible()
    expect(page.get_by_text("It must be an object.")).to_be_visible()
