"""Journeys of staff: join by a mail, a second factor by app and by passkey, a fresh proof."""

from __future__ import annotations

import re
from datetime import timedelta

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.support.journey import PageOf, hydrated, opened
from tests.support.keyring import arrange
from tests.support.office import totp
from tests.support.server import Server
from tests.support.stage import CLERK, LEAD, OWNER, PASSWORD, PASSWORD_HASH, Stage
from upstage_crm.audit.events import OPERATOR, Channel
from upstage_crm.change_requests.lifecycle import staff_commands
from upstage_crm.change_requests.model import policy_store
from upstage_crm.change_requests.model.policy import DEFAULT
from upstage_crm.change_requests.model.rules import (
    ReasonCode,
    RequestState,
)
from upstage_crm.change_requests.reads import requests
from upstage_crm.mail import eml, queries
from upstage_crm.mail.message import MailKind
from upstage_crm.patrons import commands as patrons
from upstage_crm.patrons.queries import get_by_number
from upstage_crm.patrons.tables import PatronKind
from upstage_crm.staff import accounts
from upstage_crm.staff.auth.sessions import FRESH_FOR
from upstage_crm.staff.roles import Role

NEW = "nia@theatre.example"
STRONG = "seven velvet lanterns burning"


def link_to(stage: Stage, kind: MailKind, to: str) -> str:
    """The link in the newest mail to an address: the real mail, as its reader gets it."""
    with stage.parts.database.reading() as session:
        found = queries.mails(session, kind=kind).items
        stored = [queries.mail(session, mail.id) for mail in found if mail.to_address == to]
    text = eml.readable(stored[0], stage.parts.codec).text
    match = re.search(r"/auth/link/[\w.-]+", text)
    assert match is not None
    return match[0]


def enter(page: Page, server: Server, email: str, password: str = PASSWORD) -> None:
    """Give name and password, and wait for whatever comes then."""
    opened(page, f"{server.url}/sign-in/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def make_stale(stage: Stage) -> None:
    """Let a quarter of an hour pass for every session."""
    now = stage.parts.clock.now()
    past = (now - FRESH_FOR - timedelta(minutes=1)).replace(tzinfo=None).isoformat(" ")
    with stage.parts.database.transaction() as session:
        arrange(session, "UPDATE staff_session SET proven_at = :past", {"past": past}, now=now)


def test_somebody_is_invited_joins_and_is_let_go(
    page_of: PageOf, house: tuple[Server, Stage]
) -> None:
    server, stage = house
    owner = page_of(OWNER)
    opened(owner, f"{server.url}/team/")
    owner.get_by_role("button", name="Invite").click()
    dialog = owner.get_by_role("dialog")
    dialog.get_by_label("Email").fill(NEW)
    dialog.get_by_label("Name").fill("Nia")
    dialog.get_by_label("Role").select_option("manager")
    dialog.get_by_role("button", name="Send invitation").click()
    expect(owner.get_by_role("row", name=re.compile(NEW))).to_contain_text("Manager")

    guest = page_of("")
    opened(guest, server.url + link_to(stage, MailKind.STAFF_INVITATION, NEW))
    expect(guest).to_have_url(f"{server.url}/sign-in/join/")
    expect(guest.get_by_text("Morgan, house management")).to_be_visible()
    guest.get_by_label("Password").fill("password123456")
    guest.get_by_role("button", name="Join the team").click()
    expect(guest.get_by_text("Too easy to guess")).to_be_visible()
    hydrated(guest)
    guest.get_by_label("Password").fill(STRONG)
    guest.get_by_role("button", name="Join the team").click()
    expect(guest.get_by_text("Your account is ready")).to_be_visible()
    enter(guest, server, NEW, STRONG)
    expect(guest.get_by_role("heading", name="Dashboard")).to_be_visible()

    opened(owner, f"{server.url}/team/")
    owner.get_by_role("row", name=re.compile(NEW)).get_by_role("button", name="Manage").click()
    owner.get_by_role("button", name="Disable account").click()
    expect(owner.get_by_role("row", name=re.compile(NEW))).to_contain_text("Disabled")
    guest.goto(f"{server.url}/patrons/")
    expect(guest).to_have_url(re.compile("/sign-in/"))


def test_an_authenticator_app_is_set_up_asked_for_and_asked_again(
    page_of: PageOf, house: tuple[Server, Stage]
) -> None:
    server, stage = house
    lead = page_of(LEAD)
    opened(lead, f"{server.url}/account/")
    lead.get_by_role("button", name="Set up authenticator app").click()
    expect(lead.get_by_alt_text(re.compile("QR code"))).to_be_visible()
    secret = lead.get_by_text("No camera?").locator("code").inner_text()
    lead.get_by_label("Code").fill("000000")
    lead.get_by_role("button", name="Confirm").click()
    expect(lead.get_by_text("That code didn’t work")).to_be_visible()
    clock = stage.parts.clock
    lead.get_by_label("Code").fill(totp(secret, int(clock.now().timestamp())))
    lead.get_by_role("button", name="Confirm").click()
    found = Axe().run(lead)
    assert found.violations_count == 0, found.generate_report()
    codes = lead.get_by_role("list", name="Recovery codes").get_by_role("listitem")
    expect(codes).to_have_count(10)
    spare = codes.first.inner_text()

    other = page_of("")
    enter(other, server, LEAD)
    expect(other.get_by_role("heading", name="One more step")).to_be_visible()
    found = Axe().run(other)
    assert found.violations_count == 0, found.generate_report()
    opened(other, f"{server.url}/patrons/")
    expect(other).to_have_url(re.compile("/sign-in/second/"))
    other.get_by_label("Code").fill(spare)
    other.get_by_role("button", name="Continue").click()
    expect(other.get_by_role("heading", name="Patrons")).to_be_visible()

    make_stale(stage)
    opened(other, f"{server.url}/account/")
    make_codes(other)
    expect(other.get_by_role("heading", name="Is it still you?")).to_be_visible()
    hydrated(other)
    later = totp(secret, int(clock.now().timestamp()) + 30)
    other.get_by_label("Code").fill(later)
    other.get_by_role("button", name="Continue").click()
    expect(other).to_have_url(f"{server.url}/account/")
    hydrated(other)
    make_codes(other)
    codes = other.get_by_role("list", name="Recovery codes")
    expect(codes).to_be_visible()
    expect(other.get_by_role("button", name="Copy codes")).to_be_visible()

    other.emulate_media(media="print")
    expect(codes).to_be_visible()
    expect(other.get_by_role("heading", level=1)).to_be_hidden()  # alone on the sheet
    other.emulate_media(media="screen")
    other.get_by_role("button", name="I have saved them").click()
    expect(codes).to_be_hidden()


def make_codes(page: Page) -> None:
    """Ask for new recovery codes, and say that it is meant."""
    page.get_by_role("button", name="Make new codes").click()
    page.get_by_role("dialog").get_by_role("button", name="Make new codes").click()


def test_a_passkey_is_as_good_as_an_app(page_of: PageOf, house: tuple[Server, Stage]) -> None:
    server, _stage = house
    clerk = page_of(CLERK)
    device = clerk.context.new_cdp_session(clerk)
    device.send("WebAuthn.enable")
    device.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    opened(clerk, f"{server.url}/account/")
    clerk.get_by_role("button", name="Add a passkey").click()
    clerk.get_by_label("Name").fill("Box office laptop")
    clerk.get_by_role("button", name="Create it now").click()
    expect(clerk.get_by_text("Your passkey works from now on.")).to_be_visible()
    expect(clerk.get_by_text("Box office laptop")).to_be_visible()

    hydrated(clerk)
    clerk.get_by_role("button", name="Sign out", exact=True).first.click()
    expect(clerk).to_have_url(re.compile("/sign-in/"))
    enter(clerk, server, CLERK)
    expect(clerk.get_by_role("heading", name="One more step")).to_be_visible()
    hydrated(clerk)
    clerk.get_by_role("button", name="Use a passkey").click()

    expect(clerk.get_by_role("heading", name="Dashboard")).to_be_visible()


def test_a_forgotten_password_comes_back_by_mail(
    page_of: PageOf, house: tuple[Server, Stage]
) -> None:
    server, stage = house
    reader = page_of("")
    opened(reader, f"{server.url}/sign-in/")
    reader.get_by_role("link", name="Forgotten your password?").click()
    expect(reader.get_by_role("heading", name="Forgotten password")).to_be_visible()
    hydrated(reader)
    reader.get_by_label("Email").fill("ray@theatre.example")
    reader.get_by_role("button", name="Email me a link").click()
    expect(reader.get_by_text("an email with a link is on its way")).to_be_visible()
    link = link_to(stage, MailKind.STAFF_PASSWORD_LINK, "ray@theatre.example")
    opened(reader, server.url + link)
    reader.get_by_label("New password").fill(STRONG)
    reader.get_by_role("button", name="Set password").click()
    expect(reader.get_by_text("your password was changed")).to_be_visible()

    enter(reader, server, "ray@theatre.example", STRONG)

    expect(reader.get_by_role("heading", name="Dashboard")).to_be_visible()


def propose_many(stage: Stage, email: str, count: int) -> list[str]:
    """Propose for `count` patrons as a stolen session would; return the references."""
    parts = stage.parts
    references: list[str] = []
    for number in range(count):
        with parts.database.transaction() as session:
            found = accounts.find_by_email_key(session, email)
            assert found is not None
            patron = patrons.add(
                parts.staff_context(session, stage.owner),
                kind=PatronKind.PERSON,
                raw={"given_name": f"Pia{number}", "email": f"pia{number}@example.com"},
                free={},
                parsing=parts.context(),
                even_if_duplicate=True,
            )
            proposed = staff_commands.propose(
                parts.staff_context(session, accounts.member_of(found)),
                patron_id=get_by_number(session, patron).id,
                changes={"email": {"email": f"pia{number}@evil{number}.example"}},
                reason_code=ReasonCode.ASKED_BY_PHONE,
                reason_text="",
                parsing=parts.context(),
            )
        references.append(proposed.reference)
    return references


def test_unusual_proposals_are_seen_released_and_stopped(
    page_of: PageOf, house: tuple[Server, Stage]
) -> None:
    server, stage = house
    with stage.parts.database.transaction() as session:
        # Other journeys run unwatched, because they propose at a machine's speed.
        policy_store.change(stage.parts.staff_context(session, stage.owner), proposed=DEFAULT)
        vic = accounts.add(
            session,
            email="vic@theatre.example",
            display_name="Vic",
            desk="box office",
            role=Role.BOX_OFFICE,
            password_hash=PASSWORD_HASH,
            actor=OPERATOR,
            channel=Channel.COMMAND_LINE,
            now=stage.parts.clock.now(),
        )
    assert vic
    references = propose_many(stage, "vic@theatre.example", 8)
    thief = page_of("vic@theatre.example")
    owner = page_of(OWNER)
    expect(owner.get_by_text("Unusual proposals on hold")).to_be_visible()

    opened(owner, f"{server.url}/requests/{references[-1]}/")
    owner.get_by_role("button", name="Release").click()
    expect(owner.get_by_text("Released. The patron is asked now.")).to_be_visible()

    opened(owner, f"{server.url}/team/")
    expect(owner.get_by_text("Unusual proposals: Vic, box office")).to_be_visible()
    found = Axe().run(owner)
    assert found.violations_count == 0, found.generate_report()
    owner.get_by_role("button", name="Freeze account").click()
    question = owner.get_by_role("dialog")
    expect(question).to_contain_text("Vic, box office · vic@theatre.example")
    expect(question).to_contain_text(re.compile("Withdraws 8 open requests and sends \\d+ emails?"))
    question.get_by_role("button", name="Freeze account").click()
    expect(owner.get_by_role("row", name=re.compile("vic@"))).to_contain_text("Disabled")
    thief.goto(f"{server.url}/patrons/")
    expect(thief).to_have_url(re.compile("/sign-in/"))
    with stage.parts.database.reading() as session:
        for reference in references:
            assert RequestState.WITHDRAWN is requests.get(session, reference).state
