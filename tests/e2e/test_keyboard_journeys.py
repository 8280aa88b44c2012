"""Everyday journeys without a mouse, counted.

A step is one thing that a clerk decides: a key, or words that are typed with the Enter that ends
them. Nothing here is clicked, and every key is the one that the sheet of shortcuts names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.support.journey import PageOf, hydrated, opened
from tests.support.server import Server
from tests.support.stage import CLERK, Stage
from upstage_crm.patrons import queries
from upstage_crm.patrons.details import edit_contacts


@dataclass
class Keys:
    """A clerk at the keyboard; `steps` is what was decided."""

    page: Page
    steps: int = 0

    def press(self, *keys: str) -> None:
        """Press keys that belong together, as `g` and `r` do."""
        for key in keys:
            self.page.keyboard.press(key)
        self.steps += 1

    def enter(self, words: str, ends_with: str = "Enter") -> None:
        """Type into what has the focus, and send it."""
        self.page.keyboard.type(words)
        self.page.keyboard.press(ends_with)
        self.steps += 1

    def find(self, words: str, shown: str) -> None:
        """Ask the palette for a record, an action or a page, and go to the first that it shows."""
        self.press("Control+k")
        box = self.page.get_by_role("combobox", name="Search or go to")
        expect(box).to_be_focused()
        self.page.keyboard.type(words)
        first = self.page.get_by_role("option").first
        expect(first).to_contain_text(shown)
        self.page.keyboard.press("Enter")
        self.steps += 1

    def shows(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(re.compile(heading))
        hydrated(self.page)


@pytest.fixture
def clerk(page_of: PageOf, house: tuple[Server, Stage]) -> Keys:
    page = page_of(CLERK)
    opened(page, f"{house[0].url}/")
    return Keys(page)


def propose(keys: Keys, caller: str, address: str) -> None:
    """From anywhere to a sent proposal; the reason of the tab's last one is remembered."""
    name = caller.partition("@")[0].title()
    keys.find(caller, name)
    keys.shows(name)
    keys.press("c")
    dialog = keys.page.get_by_role("dialog")
    expect(dialog.get_by_label("Email address")).to_be_focused()
    keys.page.keyboard.type(address)
    reason = dialog.get_by_label("Reason", exact=True)
    if not reason.input_value():
        reason.press("A")
        keys.steps += 1
        expect(reason).not_to_have_value("")
    keys.page.keyboard.press("Control+Enter")
    keys.steps += 1
    expect(dialog).to_be_hidden()
    expect(keys.page.get_by_text("View request").first).to_be_visible()


def request_of(stage: Stage, keys: Keys, name: str) -> str:
    """A request about a patron of this name, and its reference."""
    stage.add(f"{name}@example.com")
    propose(keys, f"{name}@example.com", f"{name}@example.org")
    href = keys.page.locator("#main a[href^='/requests/']").first.get_attribute("href") or ""
    keys.steps = 0
    return href.strip("/").rpartition("/")[2]


def test_a_patron_is_found_and_a_proposal_sent_in_four_steps(
    clerk: Keys, house: tuple[Server, Stage]
) -> None:
    request_of(house[1], clerk, "earlier")  # the tab remembers the reason from now on
    house[1].add("nextcaller@example.com")

    propose(clerk, "nextcaller@example.com", "next@example.org")

    assert clerk.steps == 4


def test_a_caller_is_identified_by_an_old_email_in_two_steps(
    clerk: Keys, house: tuple[Server, Stage]
) -> None:
    stage, old = house[1], "maiden.name@example.com"
    number = stage.add("caller@example.com")
    parts = stage.parts
    with parts.database.transaction() as session:
        edit_contacts.add(
            parts.staff_context(session, stage.owner),
            patron_id=queries.get_by_number(session, number).id,
            field="email",
            raw={"email": old},
            parsing=parts.context(),
        )

    clerk.find(old, "Caller")

    clerk.shows("Caller")
    expect(clerk.page.locator("#main").get_by_text(old, exact=True)).to_be_visible()
    assert clerk.steps == 2


def test_a_request_is_found_by_its_reference_in_two_steps(
    clerk: Keys, house: tuple[Server, Stage]
) -> None:
    reference = request_of(house[1], clerk, "byreference")
    opened(clerk.page, f"{house[0].url}/")

    clerk.find(reference.lower(), reference)

    clerk.shows(f"Request {reference}")
    assert clerk.steps == 2


def test_a_request_is_withdrawn_in_three_steps(clerk: Keys, house: tuple[Server, Stage]) -> None:
    reference = request_of(house[1], clerk, "withdrawing")
    opened(clerk.page, f"{house[0].url}/requests/{reference}/")

    clerk.find("withdraw", "Withdraw")
    expect(clerk.page.get_by_role("dialog", name="Withdraw this request?")).to_be_visible()
    clerk.press("Control+Enter")

    expect(clerk.page.get_by_text("is withdrawn").first).to_be_visible()
    assert clerk.steps == 3


def test_a_comment_takes_two_steps(clerk: Keys, house: tuple[Server, Stage]) -> None:
    reference = request_of(house[1], clerk, "commented")
    opened(clerk.page, f"{house[0].url}/requests/{reference}/")

    clerk.press("n")
    expect(clerk.page.get_by_role("dialog").get_by_label("Comment")).to_be_focused()
    clerk.enter("She rings back on Monday", "Control+Enter")

    expect(clerk.page.get_by_text("She rings back on Monday")).to_be_visible()
    assert clerk.steps == 2


def test_who_answers_for_a_request_is_changed_in_three_steps(
    clerk: Keys, house: tuple[Server, Stage]
) -> None:
    reference = request_of(house[1], clerk, "answered")
    opened(clerk.page, f"{house[0].url}/requests/{reference}/")

    clerk.find("who answers", "who answers for it")
    expect(clerk.page.get_by_role("dialog").get_by_label("Colleague")).to_be_focused()
    clerk.press("Control+Enter")

    expect(clerk.page.get_by_text("They are told the outcome").first).to_be_visible()
    assert clerk.steps == 3


def test_two_requests_of_the_queue_are_withdrawn_in_seven_steps(
    clerk: Keys, house: tuple[Server, Stage]
) -> None:
    for name in ("bulkone", "bulktwo"):
        request_of(house[1], clerk, name)

    clerk.press("g", "r")
    clerk.shows("Requests")
    expect(clerk.page.get_by_role("checkbox").nth(1)).to_be_visible()
    for _row in range(2):
        clerk.press("j")
        clerk.press("x")
    expect(clerk.page.get_by_text("2 requests chosen")).to_be_visible()
    clerk.press("w")
    expect(clerk.page.get_by_role("dialog").get_by_text("Applies to")).to_be_visible()
    clerk.press("Control+Enter")

    expect(clerk.page.get_by_text("2 requests withdrawn.").first).to_be_visible()
    assert clerk.steps == 7


def test_the_first_request_of_the_queue_opens_in_three_steps(
    clerk: Keys, house: tuple[Server, Stage]
) -> None:
    request_of(house[1], clerk, "firstrow")

    clerk.press("g", "r")
    clerk.shows("Requests")
    expect(clerk.page.locator(".u-row-link").first).to_be_visible()
    clerk.press("j")
    clerk.press("Enter")

    clerk.shows(r"Request \w\w-\w\w\w")
    assert clerk.steps == 3


def test_a_list_is_searched_in_two_steps(clerk: Keys, house: tuple[Server, Stage]) -> None:
    reference = request_of(house[1], clerk, "searched")
    opened(clerk.page, f"{house[0].url}/requests/")
    expect(clerk.page.locator(".u-row-link").first).to_be_visible()

    clerk.press("/")
    expect(clerk.page.get_by_role("searchbox")).to_be_focused()
    clerk.enter(reference)

    clerk.shows(f"Request {reference}")
    assert clerk.steps == 2


def test_every_page_of_the_menu_is_one_step_away(clerk: Keys) -> None:
    for key, heading in (("p", "Patrons"), ("r", "Requests"), ("m", "Mailbox"), ("d", "Dashboard")):
        before = clerk.steps
        clerk.press("g", key)
        clerk.shows(heading)
        assert clerk.steps == before + 1
        # Else the focus stays on nothing, and a screen reader does not say that the page turned.
        expect(clerk.page.get_by_role("heading", level=1)).to_be_focused()


def test_the_keys_are_explained_and_the_sheet_is_left_in_two_steps(clerk: Keys) -> None:
    clerk.press("?")
    sheet = clerk.page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet.get_by_text("Write a comment")).to_be_visible()
    clerk.press("Escape")

    expect(sheet).to_be_hidden()
    assert clerk.steps == 2
