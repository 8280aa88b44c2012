"""What patrons read in a real browser: in each language on a phone, and without a link."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.accessibility import assert_accessible, assert_fits_narrow_screens
from tests.support.browser import ARGUMENTS, find_browser
from tests.support.links import decision_url
from tests.support.server import running_server
from tests.support.stage import Stage, set_stage
from upstage_crm.change_requests.lifecycle import staff_commands
from upstage_crm.change_requests.model.rules import ReasonCode
from upstage_crm.core.languages import LANGUAGES, speaker
from upstage_crm.mail import queries as mails
from upstage_crm.mail.message import MailMessage
from upstage_crm.mail.placeholders import Secrets, fill
from upstage_crm.patrons import commands as patrons
from upstage_crm.patrons.queries import get_by_number

say = speaker("ar")
PHONE = {"width": 360, "height": 800}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to an Arabic patron: the link in its mail, and the mail.

    `others` are links of other patrons, one of every language.
    """

    link: str
    html: str
    others: Mapping[str, str]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder = tmp_path_factory.mktemp("arabic")
    database_url = f"sqlite:///{folder / 'upstage.db'}"
    stage = set_stage(database_url)
    with running_server(folder, database_url=database_url) as server:
        parts = stage.parts
        with parts.database.transaction() as session:
            patron = get_by_number(session, stage.numbers[0])
            patrons.edit(
                parts.staff_context(session, stage.owner),
                patron_id=patron.id,
                free={"language": "ar", "time_zone": "Africa/Cairo"},
            )
            proposed = staff_commands.propose(
                parts.staff_context(session, stage.owner),
                patron_id=patron.id,
                changes={
                    "phone": {"phone": "+1 212 555 0188"},
                    "address": {
                        "address_line1": "12 Lantern Street",
                        "address_city": "New York",
                        "address_postcode": "10001",
                        "address_country": "US",
                    },
                },
                reason_code=ReasonCode.ASKED_BY_PHONE,
                reason_text="Rang this morning, 10:30.",
                parsing=parts.context(),
            )
        mail, link = decision_url(parts, proposed.request_id, server.url)
        with parts.database.reading() as session:
            frozen = MailMessage.from_json(mails.mail(session, mail).payload).html
        secrets = Secrets(
            tokens={"decision": link.rpartition("/")[2]}, codes={"decision": "7QK2-M9XD"}
        )
        others = {language: asked_in(language, stage, server.url) for language in LANGUAGES}
        yield Asked(link, fill(frozen, mail_id=mail, secrets=secrets), others)


def asked_in(language: str, stage: Stage, url: str) -> str:
    """The link of one more patron, who reads `language`."""
    parts, number = stage.parts, stage.add(f"reads.{language}@example.com")
    with parts.database.transaction() as session:
        patron, staff = get_by_number(session, number), parts.staff_context(session, stage.owner)
        patrons.edit(staff, patron_id=patron.id, free={"language": language})
        proposed = staff_commands.propose(
            staff,
            patron_id=patron.id,
            changes={"phone": {"phone": "+1 212 555 0188"}, "name": {"given_name": "Mara"}},
            reason_code=ReasonCode.ASKED_BY_PHONE,
            reason_text="",
            parsing=parts.context(),
        )
    return decision_url(parts, proposed.request_id, url)[1]


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=PHONE, device_scale_factor=2)  # type: ignore[arg-type]
    yield context.new_page()
    context.close()


def assert_reads_from_the_right(page: Page, title: str) -> None:
    heading = page.get_by_role("heading", level=1).first
    expect(heading).to_have_text(title)
    gaps = heading.evaluate("""element => {
        const line = document.createRange();
        line.selectNodeContents(element);
        const text = line.getBoundingClientRect();
        return [document.documentElement.clientWidth - text.right, text.left];
    }""")
    assert gaps[0] < gaps[1], "the title starts at the right"
    assert heading.evaluate("element => getComputedStyle(element).direction") == "rtl"
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_page(phone: Page, asked: Asked, tmp_path: Path) -> None:
    phone.goto(asked.link, wait_until="commit")
    phone.locator("[data-hydrated=true]").first.wait_for(state="attached")
    expect(phone.get_by_role("button", name=say("Approve all"), exact=True)).to_be_visible()
    phone.screenshot(path=tmp_path / "page.png", full_page=True)

    assert_reads_from_the_right(phone, say("May we change your details?"))
    for part in (phone.locator("html"), phone.locator("[data-hydrated]").first):
        assert (part.get_attribute("lang"), part.get_attribute("dir")) == ("ar", "rtl")
    assert phone.title().startswith(say("May we change your details?"))
    assert_accessible(phone)


def test_the_simple_page(phone: Page, asked: Asked, tmp_path: Path) -> None:
    phone.goto(asked.link, wait_until="commit")
    phone.goto(phone.url.replace("/confirm/", "/confirm/plain"))
    phone.screenshot(path=tmp_path / "simple.png", full_page=True)

    assert_reads_from_the_right(phone, say("May we change your details?"))
    assert_accessible(phone)


def test_the_mail(phone: Page, asked: Asked, tmp_path: Path) -> None:
    phone.set_content(asked.html)
    phone.screenshot(path=tmp_path / "mail.png", full_page=True)

    assert_reads_from_the_right(phone, say("May we change your details?"))


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_a_decision_from_question_to_receipt_fits_a_phone_in_every_language(
    phone: Page, asked: Asked, language: str
) -> None:
    """Titles, buttons and dates are as long as the language makes them."""
    said = speaker(language)
    phone.goto(asked.others[language], wait_until="commit")
    phone.locator("[data-hydrated=true]").first.wait_for(state="attached")
    expect(phone.get_by_role("heading", level=1)).to_have_text(said("May we change your details?"))
    assert_in_one_language(phone, language)
    simple = phone.url.replace("/confirm/", "/confirm/plain")

    phone.get_by_role("button", name=said("Approve all"), exact=True).click()
    expect(phone.get_by_role("heading", level=1)).to_have_text(said("Approved. Thank you"))
    assert_in_one_language(phone, language)
    phone.goto(simple)
    assert_in_one_language(phone, language)
    phone.goto(simple.replace("/plain", "/receipt"))
    expect(phone.get_by_role("heading", level=1)).to_have_text(said("A change was approved"))
    assert_in_one_language(phone, language)


def assert_in_one_language(page: Page, language: str) -> None:
    """The document says its language, fits every narrow screen, and breaks no phone number."""
    assert page.locator("html").get_attribute("lang") == language
    assert_fits_narrow_screens(page)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    number = page.get_by_text("+1 212 555 0199").last
    assert number.evaluate("element => element.getClientRects().length") == 1


@pytest.mark.parametrize("path", ["/confirm/", "/confirm/plain"])
def test_without_a_link_both_pages_speak_the_browsers_language(
    browser: Browser, asked: Asked, path: str
) -> None:
    # A context's `locale` does not reach the websocket in every Chromium; the switch does.
    arguments = [*ARGUMENTS, "--accept-lang=fr-CH"]
    french = browser.browser_type.launch(executable_path=find_browser(), args=arguments)
    try:
        page = french.new_page()
        page.goto(asked.link.partition("/c/")[0] + path, wait_until="commit")

        expect(page.get_by_role("heading", level=1)).to_have_text(speaker("fr")("Enter your code"))
    finally:
        french.close()
