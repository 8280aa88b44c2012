"""What only a browser shows: rows that open and can be copied from, notices that are in sight."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.support.journey import PageOf, hydrated, opened
from tests.support.server import Server
from tests.support.stage import CLERK, OWNER, Stage

MARKED = "String(window.getSelection())"


def row_of(page: Page, server: Server, stage: Stage) -> tuple[str, str]:
    """Open the list of patrons; return the address of the first one, and where its row leads."""
    opened(page, f"{server.url}/patrons/")
    number = stage.numbers[0]
    return stage.email_of(number) or "", f"/patrons/{number}/"


def test_an_address_can_be_marked_and_copied_out_of_a_list(
    page_of: PageOf, house: tuple[Server, Stage]
) -> None:
    server, stage = house
    page = page_of(CLERK)
    email, _href = row_of(page, server, stage)

    box = page.get_by_text(email, exact=True).bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 1, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 1, middle, steps=5)
    page.mouse.up()

    assert len(page.evaluate(MARKED)) >= len(email) - 1
    expect(page).to_have_url(f"{server.url}/patrons/")


def test_a_press_in_a_row_opens_it_and_the_middle_button_does_so_in_a_new_tab(
    page_of: PageOf, house: tuple[Server, Stage]
) -> None:
    server, stage = house
    page = page_of(CLERK)
    email, href = row_of(page, server, stage)

    with page.context.expect_page() as beside:
        page.get_by_text(email, exact=True).click(button="middle")
    expect(beside.value).to_have_url(server.url + href)
    expect(page).to_have_url(f"{server.url}/patrons/")

    page.get_by_text(email, exact=True).click()
    expect(page).to_have_url(server.url + href)


def test_what_became_of_a_press_is_seen_where_the_page_is_scrolled_to(
    page_of: PageOf, house: tuple[Server, Stage]
) -> None:
    """B16: the second factor is saved far below the top of the team's page."""
    server, _stage = house
    page = page_of(OWNER)
    page.set_viewport_size({"width": 1280, "height": 500})
    opened(page, f"{server.url}/team/")
    hydrated(page)

    page.get_by_label("Marketing", exact=True).check()
    page.get_by_role("button", name="Save").click()

    saved = page.get_by_text(re.compile("^Saved"))
    expect(saved).to_be_in_viewport()
    expect(page.get_by_role("button", name="Save")).to_be_in_viewport()
