"""A patron signs in by a code, takes the data home and signs out, with and without scripts."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.accessibility import assert_accessible, assert_fits_narrow_screens
from tests.support.journey import PageOf
from tests.support.playhouse import Playhouse, says
from tests.support.server import Server
from tests.support.stage import Stage
from upstage_crm.confirm import fixed_copy
from upstage_crm.mail.message import MailKind

CODE = re.compile(r"page that asked for it: (\d{6})")
CHANGE_CODE = re.compile(r"type the code there: (\d{6})")


def looked_at(page: Page, *, has_scripts: bool = True) -> None:
    """Nothing is wrong with the page in either theme, and it fits a small phone."""
    if not has_scripts:
        return  # axe is a script itself
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        assert_accessible(page)
    assert_fits_narrow_screens(page)


def asked_for_code(page: Page, server: Server, email: str) -> None:
    page.goto(f"{server.url}/my/")
    says(page, "Sign in")
    page.get_by_label("Your email address").fill(email)
    page.get_by_role("button", name="Send me a code").click()
    expect(page.get_by_text("Please look into your mailbox.")).to_be_visible()


@pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "plain"])
def test_a_patron_signs_in_by_the_code_and_takes_the_data_home(
    browser: Browser, page_of: PageOf, house: tuple[Server, Stage], has_scripts: bool
) -> None:
    server, stage = house
    play = Playhouse(page_of, house)
    email = f"ada.{'scripts' if has_scripts else 'plain'}@example.org"
    stage.add(email)
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, java_script_enabled=has_scripts, locale="en-GB"
    )
    phone = context.new_page()

    asked_for_code(phone, server, email)
    found = CODE.search(play.read(email, MailKind.SIGN_IN_CODE))
    assert found is not None
    phone.get_by_label("The six digits of the email").fill(found[1])
    phone.get_by_role("button", name="Sign in").click()
    expect(phone.get_by_text(f"You are signed in with {email}.")).to_be_visible()
    looked_at(phone, has_scripts=has_scripts)

    phone.get_by_role("link", name="See what we hold about you").click()
    expect(phone.get_by_text(email)).to_be_visible()
    looked_at(phone, has_scripts=has_scripts)
    with phone.expect_download() as download:
        phone.get_by_role("button", name="Download everything").click()
    assert email in json.dumps(json.loads(download.value.path().read_text("utf-8")))

    phone.get_by_role("link", name="Back to my account").click()
    phone.get_by_role("button", name="Sign out here").click()
    phone.goto(f"{server.url}/my/")
    says(phone, "Sign in")
    looked_at(phone, has_scripts=has_scripts)
    context.close()


def test_an_address_that_no_record_has_reads_the_same(
    browser: Browser, house: tuple[Server, Stage]
) -> None:
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    asked_for_code(page, house[0], "no.patron@example.org")
    looked_at(page)
    page.get_by_label("The six digits of the email").fill("000000")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    looked_at(page)
    context.close()


@pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "plain"])
@pytest.mark.parametrize("width", [360, 1360])
def test_a_patron_changes_their_own_email_and_the_old_address_objects(
    browser: Browser,
    page_of: PageOf,
    house: tuple[Server, Stage],
    has_scripts: bool,
    width: int,
) -> None:
    """New proves, old objects; a phone number before that changes at once."""
    server, stage = house
    play = Playhouse(page_of, house)
    which = f"{'scripts' if has_scripts else 'plain'}.{width}"
    email, new = f"eda.{which}@example.org", f"eda.new.{which}@example.org"
    number = stage.add(email)
    context = browser.new_context(
        viewport={"width": width, "height": 740}, java_script_enabled=has_scripts, locale="en-GB"
    )
    page = context.new_page()
    asked_for_code(page, server, email)
    found = CODE.search(play.read(email, MailKind.SIGN_IN_CODE))
    assert found is not None
    page.get_by_label("The six digits of the email").fill(found[1])
    page.get_by_role("button", name="Sign in").click()

    changed(page, play, email, "Phone number", "12345", has_scripts=has_scripts)
    expect(page.get_by_role("alert")).to_contain_text("whole phone number")
    expect(page.get_by_label("Phone number")).to_have_value("12345")
    changed(page, play, email, "Phone number", "+44 20 7946 0018", has_scripts=has_scripts)
    expect(page.get_by_text("changed on your record")).to_be_visible()
    assert stage.values_of(number)["phone"] == "+442079460018"
    looked_at(page, has_scripts=has_scripts)

    changed(page, play, email, "Email address", new, has_scripts=has_scripts)
    expect(page.get_by_text("we have asked the new address")).to_be_visible()
    assert stage.email_of(number) == email
    yes = play.answer(new, MailKind.DECISION_REQUEST, fixed_copy.APPROVE, fixed_copy.APPROVE)
    says(yes, "Approved. Thank you")
    assert stage.email_of(number) == new
    page.goto(f"{server.url}/my/data")
    says(page, "Sign in")  # the session was the old mailbox's

    undone = play.answer(
        email, MailKind.CHANGE_APPLIED, "I didn’t ask for this", "Undo this change"
    )
    says(undone, "We have undone the change")
    assert stage.email_of(number) == email
    context.close()


def changed(
    page: Page, play: Playhouse, email: str, label: str, value: str, *, has_scripts: bool
) -> None:
    """Type a new value and, where it is taken, the code that is mailed for it."""
    page.goto(f"{play.server.url}/my/data")
    page.get_by_role("link", name=f"Change: {label}").click()
    looked_at(page, has_scripts=has_scripts)
    page.get_by_label(label).fill(value)
    page.get_by_role("button", name="Email me the code").click()
    refused, beside = page.get_by_role("alert"), page.locator("dd").filter(has_text=value)
    expect(refused.or_(beside)).to_be_visible()
    looked_at(page, has_scripts=has_scripts)
    if refused.count():
        return
    play.wait_for_quiet()
    found = CHANGE_CODE.search(play.read(email, MailKind.OWN_CHANGE_CODE))
    assert found is not None
    page.get_by_label("The six digits of the email").fill(found[1])
    page.get_by_role("button", name="Change it").or_(
        page.get_by_role("button", name="Ask the new address")
    ).click()
