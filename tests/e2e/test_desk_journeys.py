"""Journeys that take more: several fields, an undo, two people at the desk, a code."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.support.journey import (
    PageOf,
    hydrated,
    link_in,
    open_mail,
    opened,
    send_proposal,
    start_proposal,
)
from tests.support.server import Server
from tests.support.stage import CLERK, LEAD, OWNER, Stage
from upstage_crm.confirm import fixed_copy


def answer(page: Page, answers: dict[str, str]) -> None:
    """Answer some fields by themselves and send it."""
    page.get_by_text(fixed_copy.EACH_SUMMARY).click()
    for field, words in answers.items():
        group = page.get_by_role("group", name=field)
        group.get_by_label(words, exact=True).check()
    page.get_by_role("button", name=fixed_copy.EACH_SEND).click()


def test_five_fields_are_answered_one_by_one_and_partly_approved(
    page_of: PageOf, house: tuple[Server, Stage], tmp_path: Path
) -> None:
    """Case 49."""
    server, stage = house
    number = stage.numbers[0]
    clerk = page_of(CLERK)
    start_proposal(clerk, server, number)
    dialog = clerk.get_by_role("dialog")
    dialog.get_by_label("Email address").fill("mara.five@example.org")
    for label in ("Phone number", "Name", "Postal address", "Date of birth"):
        dialog.get_by_role("button", name=label, exact=True).click()
    dialog.get_by_label("Phone number").fill("+1 212 555 0142")
    dialog.get_by_label("Given name").fill("Maren")
    dialog.get_by_label("Family name").fill("Lindqvist")
    dialog.get_by_label(re.compile("Address line 1|Street")).first.fill("5 Harbour Row")
    dialog.get_by_label(re.compile("Town|City")).first.fill("Boston")
    dialog.get_by_label("Country").select_option("US")
    dialog.get_by_label("Date of birth").fill("1961-03-04")
    clerk.screenshot(path=tmp_path / "five-dialog.png")
    reference = send_proposal(clerk)

    # The notice tells of a date of birth as well, which the clerk does not see.
    notice = "replace this email address"
    open_mail(clerk, server, notice)
    expect(clerk.get_by_role("heading", name="No access")).to_be_visible()
    patron = page_of("")
    opened(patron, link_in(open_mail(page_of(LEAD), server, notice), "Yes, switch now"))
    patron.screenshot(path=tmp_path / "five-page.png", full_page=True)
    answer(
        patron,
        {
            "Email address": "Approve",
            "Phone number": "Approve",
            "Name": "Reject",
            "Postal address": "Approve",
            "Date of birth": "Reject",
        },
    )
    # The new address has not answered yet.
    expect(patron.get_by_role("heading", level=1)).to_contain_text("We have your answer")
    stranger = page_of("")
    opened(stranger, link_in(open_mail(clerk, server, "may we use this address"), "Approve"))
    stranger.get_by_role("button", name=fixed_copy.APPROVE, exact=True).click()
    expect(stranger.get_by_role("heading", level=1)).to_contain_text("Approved. Thank you")
    patron.reload()
    expect(patron.get_by_role("heading", level=1)).to_contain_text("Partly approved")
    patron.screenshot(path=tmp_path / "five-done.png", full_page=True)

    values = stage.values_of(number)
    assert (
        values["email"],
        values["phone"],
        values["address_line1"],
    ) == ("mara.five@example.org", "+12125550142", "5 Harbour Row")
    assert (values["given_name"], values["date_of_birth"]) == ("Mara", None)
    opened(clerk, f"{server.url}/requests/{reference}/")
    expect(clerk.get_by_text("Partly approved").first).to_be_visible()
    expect(clerk.get_by_role("link", name=re.compile("^PDF")).first).to_be_visible()
    clerk.screenshot(path=tmp_path / "five-request.png", full_page=True)


def test_an_objection_after_the_approval_puts_back_and_two_members_clear(
    page_of: PageOf, house: tuple[Server, Stage], tmp_path: Path
) -> None:
    """Case 39."""
    server, stage = house
    number = stage.numbers[1]
    clerk = page_of(CLERK)
    start_proposal(clerk, server, number)
    clerk.get_by_role("dialog").get_by_label("Email address").fill("theo.new@example.org")
    send_proposal(clerk)
    stranger = page_of("")
    opened(stranger, link_in(open_mail(clerk, server, "may we use this address"), "Approve"))
    stranger.get_by_role("button", name=fixed_copy.APPROVE, exact=True).click()
    expect(stranger.get_by_role("heading", level=1)).to_contain_text(re.compile("approved", re.I))
    assert stage.email_of(number) == "theo.new@example.org"

    told = open_mail(clerk, server, "have changed|has changed")
    owner = page_of("")
    opened(owner, link_in(told, "I didn’t ask for this"))
    owner.screenshot(path=tmp_path / "objection.png", full_page=True)
    owner.get_by_role("button", name="Undo this change").click()
    expect(owner.get_by_role("heading", level=1)).to_contain_text("We have undone the change")
    assert stage.email_of(number) == "theo.abara@example.net"

    for email in (OWNER, LEAD):
        lead = page_of(email)
        opened(lead, f"{server.url}/patrons/{number}/")
        expect(lead.get_by_text("This record is in dispute")).to_be_visible()
        lead.get_by_role("button", name="Review dispute").click()
        lead.get_by_role("dialog").get_by_label("Your notes").fill("Called him: not his doing.")
        lead.get_by_role("button", name="Save findings").click()
        expect(lead.get_by_role("dialog")).to_be_hidden()
    expect(lead.get_by_text("This record is in dispute")).to_be_hidden()


def test_two_members_change_an_address_at_the_desk_after_the_wait(
    page_of: PageOf, house: tuple[Server, Stage], tmp_path: Path
) -> None:
    server, stage = house
    number = stage.numbers[2]
    clerk = page_of(CLERK)
    start_proposal(clerk, server, number)
    dialog = clerk.get_by_role("dialog")
    dialog.get_by_label("Email address").fill("ines.desk@example.org")
    dialog.get_by_label("The patron has lost access to their current email").check()
    dialog.get_by_label("How did you check their identity?").select_option("in_person")
    dialog.get_by_label("What did you check?").fill("Passport; the photograph fits.")
    clerk.screenshot(path=tmp_path / "desk-dialog.png")
    reference = send_proposal(clerk)
    opened(clerk, f"{server.url}/requests/{reference}/")
    expect(clerk.get_by_text("took the first step yourself")).to_be_visible()

    lead = page_of(OWNER)
    opened(lead, f"{server.url}/requests/{reference}/")
    expect(lead.get_by_text("Passport; the photograph fits.").first).to_be_visible()
    lead.screenshot(path=tmp_path / "desk-task.png", full_page=True)
    lead.get_by_role("button", name=re.compile("Confirm")).first.click()
    expect(lead.get_by_text("Pending").first).to_be_visible()
    notice = open_mail(lead, server, "record will change")
    assert "/c/" in link_in(notice, "No, keep this address")
    patron = page_of("")
    opened(patron, link_in(open_mail(lead, server, "may we use this address"), "Approve"))
    patron.get_by_role("button", name=fixed_copy.APPROVE, exact=True).click()
    expect(patron.get_by_role("heading", level=1)).to_contain_text("taking effect later")
    opened(lead, f"{server.url}/requests/{reference}/")
    expect(lead.get_by_role("heading", name="Approved, takes effect on")).to_be_visible()
    lead.screenshot(path=tmp_path / "desk-waits.png", full_page=True)
    assert stage.email_of(number) == "ines@example.org"

    stage.pass_time(reference, 73, url=server.url)
    opened(lead, f"{server.url}/requests/{reference}/")
    expect(lead.get_by_text("Approved").first).to_be_visible()
    assert stage.email_of(number) == "ines.desk@example.org"


def test_a_code_opens_the_request_without_a_link_but_not_for_staff(
    page_of: PageOf, house: tuple[Server, Stage], tmp_path: Path
) -> None:
    server, stage = house
    number = stage.numbers[3]
    clerk = page_of(CLERK)
    start_proposal(clerk, server, number)
    clerk.get_by_role("dialog").get_by_label("Email address").fill("kai.code@example.org")
    reference = send_proposal(clerk)
    text = open_mail(clerk, server, "may we use this address").locator("body").inner_text()
    code = re.search(r"the code (\w{4}-\w{4})", text)
    assert code is not None

    # The clerk's own browser is turned away, with the same reference and code.
    opened(clerk, f"{server.url}/confirm/")
    enter(clerk, reference, code[1])
    expect(clerk.get_by_text("Staff do not answer for patrons")).to_be_visible()

    patron = page_of("")
    opened(patron, f"{server.url}/confirm/")
    patron.screenshot(path=tmp_path / "code.png", full_page=True)
    enter(patron, reference, "ABCD-EFGH")
    expect(patron.get_by_text("is wrong, or there were too many")).to_be_visible()
    enter(patron, reference.lower().replace("-", " "), code[1].lower())
    hydrated(patron)
    assert code[1] not in patron.url
    patron.get_by_role("button", name=fixed_copy.APPROVE, exact=True).click()
    expect(patron.get_by_role("heading", level=1)).to_contain_text(re.compile("approved", re.I))
    assert stage.email_of(number) == "kai.code@example.org"


def enter(page: Page, reference: str, code: str) -> None:
    page.locator("input[name=reference]").fill(reference)
    page.locator("input[name=code]").fill(code)
    page.get_by_role("button", name=fixed_copy.CODE_OPEN).click()
