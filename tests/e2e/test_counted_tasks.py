"""Everyday tasks of staff, counted: a press, a key or one input that is filled is one step.

What a clerk does with a caller on the line is as long as these numbers say, and no longer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from playwright.sync_api import Locator, Page, expect

from tests.e2e.test_staff_journeys import make_stale
from tests.support.journey import PageOf, hydrated, opened
from tests.support.links import decision_url, links_of
from tests.support.server import Server
from tests.support.stage import CLERK, OWNER, PASSWORD, Stage
from upstage_crm.change_requests.lifecycle import staff_commands
from upstage_crm.change_requests.model.rules import ReasonCode
from upstage_crm.confirm import fixed_copy
from upstage_crm.patrons.queries import get_by_number

REFERENCE = re.compile(r"\w\w-\w\w\w")


@dataclass
class Hands:
    """The hands of a staff member; `steps` is what they did."""

    page: Page
    steps: int = 0

    def press(self, name: str, within: Page | Locator | None = None, role: str = "button") -> None:
        place = within or self.page
        place.get_by_role(role, name=re.compile(name)).first.click()  # pyright: ignore[reportArgumentType]
        self.steps += 1

    def fill(self, label: str, text: str, within: Page | Locator | None = None) -> None:
        (within or self.page).get_by_label(label).first.fill(text)
        self.steps += 1

    def choose(self, label: str, option: str, within: Page | Locator | None = None) -> None:
        (within or self.page).get_by_label(label, exact=True).first.select_option(label=option)
        self.steps += 1

    def tick(self, label: str, within: Page | Locator | None = None) -> None:
        (within or self.page).get_by_label(label).first.check()
        self.steps += 1

    def open(self, summary: str) -> None:
        self.page.get_by_text(summary).click()
        self.steps += 1

    def key(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.steps += 1


def ask(stage: Stage, number: int, changes: Mapping[str, Mapping[str, str]]) -> str:
    """Propose something an hour ago; return the id of the request, whose mail may be sent again."""
    parts = stage.parts
    with parts.database.transaction() as session:
        context = parts.staff_context(
            session, stage.owner, now=parts.clock.now() - timedelta(hours=1)
        )
        proposed = staff_commands.propose(
            context,
            patron_id=get_by_number(session, number).id,
            changes=changes,
            reason_code=ReasonCode.ASKED_BY_PHONE,
            reason_text="",
            parsing=parts.context(),
        )
    return proposed.request_id


def change_address(hands: Hands, server: Server, caller: str, new: str, reason: str) -> None:
    """From the dashboard to the sent proposal, for a patron on the phone."""
    opened(hands.page, f"{server.url}/")
    hands.fill("Find a patron", caller)
    hands.key("Enter")
    hands.press("Propose change")
    dialog = hands.page.get_by_role("dialog")
    hands.fill("Email address", new, dialog)
    if reason:
        hands.choose("Reason", reason, dialog)
    hands.press("Send proposal", dialog)
    expect(dialog).to_be_hidden()
    expect(hands.page.get_by_text("View request").first).to_be_visible()


def test_a_callers_address_takes_five_steps(page_of: PageOf, house: tuple[Server, Stage]) -> None:
    """The first call of a shift takes one more: its reason is remembered for the next one."""
    server, stage = house
    clerk = page_of(CLERK)
    stage.add("first.caller@example.com")
    stage.add("second.caller@example.com")

    first = Hands(clerk)
    change_address(
        first, server, "first.caller@example.com", "first@example.org", "Asked for by phone"
    )
    second = Hands(clerk)
    change_address(second, server, "second.caller@example.com", "second@example.org", "")

    assert first.steps == 6
    assert second.steps == 5


def test_a_mistake_in_a_proposal_takes_three_steps(
    page_of: PageOf, house: tuple[Server, Stage]
) -> None:
    """Withdraw and propose again: the newer proposal replaces the wrong one."""
    server, stage = house
    clerk = page_of(CLERK)
    stage.add("mistaken@example.com")
    change_address(
        Hands(clerk), server, "mistaken@example.com", "wrong@example.org", "Asked for by phone"
    )
    clerk.get_by_role("link", name=REFERENCE).first.click()
    expect(clerk.get_by_role("heading", name=re.compile("Request"))).to_be_visible()

    hands = Hands(clerk)
    hands.press("Correct", role="link")
    dialog = clerk.get_by_role("dialog")
    hands.fill("Email address", "right@example.org", dialog)
    hands.press("Send proposal", dialog)
    expect(dialog).to_be_hidden()

    assert hands.steps == 3
    expect(clerk.get_by_text("right@example.org").first).to_be_visible()


def test_what_bounced_last_month_takes_two_steps(
    page_of: PageOf, house: tuple[Server, Stage]
) -> None:
    server, _stage = house
    clerk = page_of(CLERK)
    opened(clerk, f"{server.url}/requests/")

    hands = Hands(clerk)
    hands.press("Undeliverable", role="link")
    expect(clerk).to_have_url(re.compile("view=undeliverable"))
    hands.choose("Dates", "Ended: last month")
    expect(clerk).to_have_url(re.compile("when=last-month"))

    assert hands.steps == 2


def test_one_patrons_trail_is_exported_in_three_steps(
    page_of: PageOf, house: tuple[Server, Stage]
) -> None:
    _server, stage = house
    owner = page_of(OWNER)
    number = stage.numbers[0]

    hands = Hands(owner)
    hands.press("Audit", role="link")
    hands.fill("Search the trail", f"patron {number}")
    expect(owner).to_have_url(re.compile(f"q=patron.{number}"))
    with owner.expect_download() as download:
        hands.press("Export", role="link")

    assert hands.steps == 3
    assert f"{number}" in download.value.path().read_text("utf-8")


def test_a_name_and_a_phone_number_in_one_request_take_eight_steps(
    page_of: PageOf, house: tuple[Server, Stage]
) -> None:
    server, stage = house
    clerk = page_of(CLERK)
    stage.add("newly.wed@example.com")
    opened(clerk, f"{server.url}/")

    hands = Hands(clerk)
    hands.fill("Find a patron", "newly.wed@example.com")
    hands.key("Enter")
    hands.press("^Propose change ?: ?Name$")
    dialog = clerk.get_by_role("dialog")
    hands.press("^Phone number$", dialog)
    hands.fill("Given name", "Juno", dialog)
    hands.fill("Phone number", "+1 212 555 0163", dialog)
    hands.choose("Reason", "Asked for by phone", dialog)
    hands.press("Send proposal", dialog)
    expect(dialog).to_be_hidden()

    assert hands.steps == 8
    for field in ("Name", "Phone number"):
        seen = clerk.get_by_role("link", name=re.compile(f"View request ?: ?{field}"))
        expect(seen).to_be_visible()


def test_a_mail_that_never_came_is_sent_again_in_five_steps(
    page_of: PageOf, house: tuple[Server, Stage]
) -> None:
    server, stage = house
    clerk = page_of(CLERK)
    ask(stage, stage.add("never.came@example.com"), {"phone": {"phone": "+1 212 555 0164"}})
    opened(clerk, f"{server.url}/")

    hands = Hands(clerk)
    hands.fill("Find a patron", "never.came@example.com")
    hands.key("Enter")
    hands.press("View request", role="link")
    hands.press("Send again")
    dialog = clerk.get_by_role("dialog")
    hands.press("Send again", dialog)
    expect(dialog).to_be_hidden()

    assert hands.steps == 5


def test_a_patron_who_may_be_known_is_added_in_five_steps(
    page_of: PageOf, house: tuple[Server, Stage]
) -> None:
    """The warning comes while the name is typed, so nothing is sent in vain."""
    server, _stage = house
    clerk = page_of(CLERK)
    opened(clerk, f"{server.url}/patrons/")

    hands = Hands(clerk)
    hands.press("Add patron")
    dialog = clerk.get_by_role("dialog")
    hands.fill("Given name", "Mara", dialog)
    hands.fill("Family name", "Lindqvist", dialog)
    expect(dialog.get_by_text("This may be someone we already know")).to_be_visible()
    hands.tick("None of them: add anyway", dialog)
    hands.press("Add patron", dialog)
    expect(clerk.get_by_text("Added.")).to_be_visible()

    assert hands.steps == 5


def test_a_patron_approves_with_one_press_and_says_why_not_with_three(
    page_of: PageOf, house: tuple[Server, Stage]
) -> None:
    server, stage = house
    links: list[str] = []
    for email, digits in (("says.yes@example.com", "0165"), ("says.no@example.com", "0166")):
        request_id = ask(stage, stage.add(email), {"phone": {"phone": f"+1 212 555 {digits}"}})
        links.append(decision_url(stage.parts, request_id, server.url)[1])

    approving = Hands(opened(page_of(""), links[0]))
    approving.press("^Approve$")
    expect(approving.page.get_by_role("heading", level=1)).to_contain_text("Approved")
    rejecting = Hands(opened(page_of(""), links[1]))
    rejecting.open(fixed_copy.COMMENT_SUMMARY)
    rejecting.fill(fixed_copy.COMMENT_LABEL, "That is my old number.")
    rejecting.press(fixed_copy.COMMENT_SEND)
    expect(rejecting.page.get_by_role("heading", level=1)).to_contain_text("Rejected")

    assert approving.steps == 1
    assert rejecting.steps == 3


def test_the_old_address_stops_a_change_with_one_press(
    page_of: PageOf, house: tuple[Server, Stage]
) -> None:
    server, stage = house
    number = stage.add("stays.here@example.com")
    request_id = ask(stage, number, {"email": {"email": "goes.there@example.org"}})
    token = stage.parts.codec.mint(links_of(stage.parts, request_id)["notice"])

    hands = Hands(opened(page_of(""), f"{server.url}/c/{token}"))
    hands.press(fixed_copy.KEEP)
    expect(hands.page.get_by_role("heading", level=1)).to_contain_text("Nothing was changed")

    assert hands.steps == 1
    assert stage.email_of(number) == "stays.here@example.com"


def test_who_invites_is_asked_before_anything_is_typed(
    page_of: PageOf, house: tuple[Server, Stage]
) -> None:
    server, stage = house
    owner = page_of(OWNER)
    opened(owner, f"{server.url}/team/")
    make_stale(stage)

    hands = Hands(owner)
    hands.press("Invite")
    expect(owner.get_by_role("heading", name="Is it still you?")).to_be_visible()
    hydrated(owner)
    hands.fill("Password", PASSWORD)
    hands.press("Continue")
    expect(owner.get_by_role("heading", name="Team")).to_be_visible()
    hydrated(owner)
    hands.press("Invite")
    dialog = owner.get_by_role("dialog")
    expect(dialog).to_be_visible()
    hands.fill("Email", "lee@theatre.example", dialog)
    hands.fill("Name", "Lee", dialog)
    hands.choose("Role", "Box office", dialog)
    hands.press("Send invitation", dialog)
    expect(owner.get_by_role("row", name=re.compile("lee@theatre.example"))).to_be_visible()

    assert hands.steps == 8
