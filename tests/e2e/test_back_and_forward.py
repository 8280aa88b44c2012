"""Back and Forward bring a list back as it was left: its address, its rows and its place."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.journey import PageOf, hydrated, opened, send_proposal, start_proposal
from tests.support.server import Server
from tests.support.stage import OWNER, Stage

ROW = "#main .u-row-link"
LISTS = {
    "requests": ("/requests/?view=all&when=30-days", ROW),
    "mailbox": ("/mailbox/?when=30-days", ROW),
    "audit": ("/audit/?when=30-days", "#main a[href^='/requests/'], #main a[href^='/patrons/']"),
}


def owner_of(page_of: PageOf, house: tuple[Server, Stage], name: str) -> Page:
    """An owner at a small window, in a house with some requests and their emails."""
    server, stage = house
    page = page_of(OWNER)
    page.set_viewport_size({"width": 400, "height": 400})
    for number in range(2):
        start_proposal(page, server, stage.add(f"{name}{number}@example.com"))
        address = f"{name}{number}@example.org"
        page.get_by_role("dialog").get_by_label("Email address").fill(address)
        send_proposal(page)
    return page


@pytest.mark.parametrize("name", LISTS)
def test_a_list_comes_back_where_it_was_left(
    page_of: PageOf, house: tuple[Server, Stage], name: str
) -> None:
    path, links = LISTS[name]
    owner = owner_of(page_of, house, name)
    opened(owner, f"{house[0].url}{path}")
    link = owner.locator(links).last
    link.scroll_into_view_if_needed()
    place = owner.evaluate("Math.round(scrollY)")
    assert place > 100

    link.click()
    expect(owner).not_to_have_url(re.compile(re.escape(path) + "$"))
    hydrated(owner)
    owner.go_back()

    expect(owner).to_have_url(re.compile(re.escape(path) + "$"))
    expect(owner.locator(links).last).to_be_in_viewport()
    assert abs(owner.evaluate("Math.round(scrollY)") - place) <= 2

    owner.go_forward()
    expect(owner).not_to_have_url(re.compile(re.escape(path) + "$"))
