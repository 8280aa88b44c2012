"""What every journey does: open a page and wait until it can be used, sign in, read a mail."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import FrameLocator, Page, ViewportSize, expect

from tests.support.server import Server
from tests.support.stage import CLERK, PASSWORD

PATIENCE_MS = 30_000
_REFERENCE = re.compile(r"\w\w-\w\w\w")
PHONE: ViewportSize = {"width": 360, "height": 740}
PageOf = Callable[[str], Page]


def opened(page: Page, url: str) -> Page:
    page.goto(url, wait_until="commit")
    hydrated(page)
    return page


def hydrated(page: Page) -> None:
    page.locator("[data-hydrated=true]").first.wait_for(state="attached")


def sign_in(page: Page, server: Server, email: str = CLERK) -> None:
    opened(page, f"{server.url}/sign-in/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    hydrated(page)


def open_mail(page: Page, server: Server, subject: str) -> FrameLocator:
    """Open the newest mail of the built-in mailbox whose subject has these words."""
    opened(page, f"{server.url}/mailbox/")
    page.get_by_role("link", name=re.compile(subject)).first.click()
    return page.frame_locator("iframe").first


def start_proposal(page: Page, server: Server, number: int) -> None:
    """Open the dialog for the email address of a record."""
    opened(page, f"{server.url}/patrons/{number}/")
    page.get_by_role("button", name=re.compile("Propose change")).first.click()


def send_proposal(page: Page) -> str:
    """Send what the dialog holds; return the reference of the request."""
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").select_option("asked_by_phone")
    dialog.get_by_role("button", name="Send proposal").click()
    expect(dialog).to_be_hidden()
    link = page.locator("a[href^='/requests/']").filter(has_text=_REFERENCE).first
    found = _REFERENCE.search(link.inner_text())
    assert found is not None
    return found[0]


def link_in(mail: FrameLocator, words: str) -> str:
    """Where a link of an open mail leads."""
    href = mail.get_by_role("link", name=re.compile(words)).first.get_attribute("href")
    assert href is not None
    return href
