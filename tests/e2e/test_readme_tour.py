"""The five-minute tour of README.md, pressed word for word."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.support.journey import PATIENCE_MS, PageOf, hydrated, open_mail, opened
from tests.support.project import ROOT
from tests.support.server import Server
from tests.support.stage import OWNER, Stage

OLD, NEW = "tour@patron.example", "tour.new@patron.example"


def pressed_in_mail(page: Page, server: Server, subject: str, button: str) -> Page:
    """Press a button in the newest mail of this subject, and the same one on the page it opens."""
    mail = open_mail(page, server, subject)
    with page.context.expect_page() as popup:
        mail.get_by_role("link", name=button).first.click()
    patron = popup.value
    patron.set_default_timeout(PATIENCE_MS)
    hydrated(patron)
    patron.get_by_role("button", name=button).first.click()
    return patron


def test_the_tour(page_of: PageOf, house: tuple[Server, Stage]) -> None:
    server, stage = house
    number = stage.add(OLD)
    window, other = page_of(OWNER), page_of(OWNER)

    # 1. and 2.
    opened(window, server.url)
    window.get_by_role("link", name="Patrons", exact=True).click()
    window.get_by_text(OLD, exact=True).first.click()
    expect(window).to_have_url(f"{server.url}/patrons/{number}/")
    beside = re.compile("Propose change.*Email address")
    window.get_by_role("button", name=beside).click()
    dialog = window.get_by_role("dialog")
    dialog.get_by_label("Email address").fill(NEW)
    dialog.get_by_label("Reason").select_option("asked_by_phone")
    dialog.get_by_role("button", name="Send proposal").click()
    expect(dialog).to_be_hidden()

    # 3. and 4.
    opened(other, server.url)
    other.get_by_role("link", name="Mailbox", exact=True).click()
    for address in (OLD, NEW):
        expect(other.get_by_text(address, exact=True)).to_have_count(1)
    patron = pressed_in_mail(other, server, "may we use this address", "Approve")
    expect(patron.get_by_role("heading", level=1)).to_contain_text("taking effect later")
    patron.close()
    expect(window.get_by_text("Approved, takes effect").first).to_be_visible()
    assert stage.email_of(number) == OLD

    # 5.
    patron = pressed_in_mail(other, server, "replace this email address", "Yes, switch now")
    expect(patron.get_by_role("heading", level=1)).to_contain_text("Approved")
    expect(window.get_by_text(NEW, exact=True).first).to_be_visible()
    assert stage.email_of(number) == NEW
    opened(other, f"{server.url}/mailbox/")
    expect(other.get_by_role("link", name=re.compile("now uses this|has changed"))).to_have_count(2)


def test_what_the_tour_presses_is_what_the_readme_says() -> None:
    tour = (ROOT / "README.md").read_text("utf-8").partition("## The five-minute tour")[2]
    tour = tour.partition("\n## ")[0]

    said = re.findall(r"\*([^*]+)\*", tour.partition("More to try")[0])

    assert [" ".join(words.split()) for words in said] == [
        "Patrons",
        "Propose change",
        "Mailbox",
        "Approve",
        "Approved, takes effect",
        "Yes, switch now",
    ]
