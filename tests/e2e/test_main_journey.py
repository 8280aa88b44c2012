"""The main job, three times: in the built-in mailbox, through the provider, and without scripts."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.emulator import API_KEY, running_emulator
from tests.support.journey import PATIENCE_MS, hydrated, opened, sign_in
from tests.support.mail_reader import emulator_mails, links, to
from tests.support.server import Server, running_server
from tests.support.stage import CLERK, Stage, set_stage
from upstage_crm.confirm import fixed_copy


def propose_email(page: Page, server: Server, number: int, email: str) -> str:
    """Propose a new address on the record's page and return the request's reference."""
    opened(page, f"{server.url}/patrons/{number}/")
    row = page.get_by_role("button", name=re.compile("Propose change.*Email|Propose change")).first
    row.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Email address").fill(email)
    dialog.get_by_label("Reason").select_option("asked_by_phone")
    dialog.get_by_label("Message to the patron").fill("Rang this morning from a new account.")
    dialog.get_by_role("button", name="Send proposal").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("Pending").first).to_be_visible()
    link = page.locator("a[href^='/requests/']").filter(has_text=re.compile(r"\w\w-\w\w\w")).first
    reference = re.search(r"\w\w-\w\w\w", link.inner_text())
    assert reference is not None
    return reference[0]


def test_a_proposal_is_approved_and_both_sides_are_told_in_the_built_in_mailbox(
    page: Page, house: tuple[Server, Stage]
) -> None:
    server, stage = house
    number = stage.numbers[0]
    sign_in(page, server)

    propose_email(page, server, number, "mara.new@example.org")
    assert stage.email_of(number) == "mara@example.com"

    opened(page, f"{server.url}/mailbox/")
    page.get_by_role("link", name=re.compile("may we use this address")).first.click()
    frame = page.frame_locator("iframe").first
    with page.context.expect_page() as popup:
        frame.get_by_role("link", name=re.compile("Approve")).first.click()
    patron = popup.value
    patron.set_default_timeout(PATIENCE_MS)
    hydrated(patron)
    assert "/c/" not in patron.url
    assert stage.email_of(number) == "mara@example.com"

    patron.get_by_role("button", name=re.compile("Approve")).click()
    expect(patron.get_by_role("heading", level=1)).to_contain_text(re.compile("approved", re.I))
    assert stage.email_of(number) == "mara.new@example.org"

    opened(page, f"{server.url}/patrons/{number}/")
    expect(page.get_by_text("mara.new@example.org").first).to_be_visible()
    opened(page, f"{server.url}/mailbox/")
    for address in ("mara@example.com", "mara.new@example.org", CLERK):
        expect(page.get_by_text(address).first).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("now uses this|has changed"))).to_have_count(2)


def test_a_rejection_with_a_reason_reaches_the_clerk_while_the_request_is_on_screen(
    page: Page, browser: Browser, house: tuple[Server, Stage]
) -> None:
    server, stage = house
    number = stage.numbers[1]
    sign_in(page, server)
    reference = propose_email(page, server, number, "theo.new@example.org")
    link = decision_link(page, server)
    opened(page, f"{server.url}/requests/{reference}/")
    expect(page.get_by_text("Pending").first).to_be_visible()

    context = browser.new_context()
    patron = context.new_page()
    patron.set_default_timeout(PATIENCE_MS)
    opened(patron, link)
    patron.get_by_text(fixed_copy.COMMENT_SUMMARY).click()
    patron.get_by_label(fixed_copy.COMMENT_LABEL).fill("Please keep the old one.")
    patron.get_by_role("button", name=fixed_copy.COMMENT_SEND).click()
    expect(patron.get_by_role("heading", level=1)).to_contain_text(
        re.compile("stays|rejected", re.I)
    )
    context.close()

    expect(page.get_by_text("Rejected").first).to_be_visible()
    expect(page.get_by_text("Please keep the old one.").first).to_be_visible()
    assert stage.email_of(number) == "theo.abara@example.net"


def decision_link(page: Page, server: Server) -> str:
    """The approve link of the newest decision mail, read out of the mail itself."""
    opened(page, f"{server.url}/mailbox/")
    page.get_by_role("link", name=re.compile("may we use this address")).first.click()
    link = page.frame_locator("iframe").first.get_by_role("link", name=re.compile("Approve")).first
    href = link.get_attribute("href")
    assert href is not None
    return href


def test_the_same_journey_without_javascript(
    page: Page, browser: Browser, house: tuple[Server, Stage]
) -> None:
    server, stage = house
    number = stage.numbers[2]
    sign_in(page, server)
    propose_email(page, server, number, "ines.new@example.org")
    link = decision_link(page, server)

    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    approve_without_scripts(context, link)
    context.close()

    assert stage.email_of(number) == "ines.new@example.org"


def approve_without_scripts(context: BrowserContext, link: str) -> None:
    patron = context.new_page()
    patron.set_default_timeout(PATIENCE_MS)
    patron.goto(link)
    expect(patron.get_by_role("button", name=re.compile("Approve"))).to_have_count(0)
    patron.get_by_role("link", name=re.compile("simple page")).click()
    patron.get_by_role("radio", name=re.compile("^Approve")).check()
    patron.get_by_role("button").last.click()
    expect(patron.get_by_role("radio", name=re.compile("^Approve"))).to_be_visible()
    patron.get_by_role("radio", name=re.compile("^Approve")).check()
    patron.get_by_role("checkbox").check()
    patron.get_by_role("button").last.click()
    expect(patron.get_by_role("heading", level=1)).to_contain_text(re.compile("approved", re.I))


def test_the_same_journey_through_the_provider(browser: Browser, tmp_path: Path) -> None:
    with running_emulator() as emulator:
        settings = {
            "RESEND_API_KEY": API_KEY,
            "RESEND_API_URL": emulator.url,
            "UPSTAGE_MAIL_FROM": "Lantern Street Theatre <box-office@lantern-street.example>",
        }
        database_url = f"sqlite:///{tmp_path / 'upstage.db'}"
        stage = set_stage(database_url, settings)
        with running_server(tmp_path, database_url=database_url, settings=settings) as server:
            number = stage.numbers[0]
            office = browser.new_context()
            page = office.new_page()
            page.set_default_timeout(PATIENCE_MS)
            sign_in(page, server)
            propose_email(page, server, number, "mara.new@example.org")
            office.close()

            notice, request = emulator_mails(emulator.url, at_least=2)
            assert [to(notice), to(request)] == ["mara@example.com", "mara.new@example.org"]
            assert "Mara" not in str(request["html"]) + str(request["text"])
            assert "mara@example.com" not in str(request["html"]) + str(request["text"])

            context = browser.new_context()
            patron = context.new_page()
            patron.set_default_timeout(PATIENCE_MS)
            opened(patron, links(request)[0])
            patron.get_by_role("button", name=re.compile("Approve")).dblclick()
            expect(patron.get_by_role("heading", level=1)).to_contain_text(
                re.compile("approved", re.I)
            )
            context.close()

            mails = emulator_mails(emulator.url, at_least=5)
            told = sorted(to(mail) for mail in mails[2:])
            assert sorted([CLERK, "mara.new@example.org", "mara@example.com"]) == told
            assert stage.email_of(number) == "mara.new@example.org"
            token = links(request)[0].partition("/c/")[2].partition("?")[0]
            assert token not in server.log
