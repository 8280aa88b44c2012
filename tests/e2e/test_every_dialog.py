"""Fault 17 on every dialog of every page: what is open for one subject never meets another one.

Each dialog is opened and left by Back, Forward, Reload and a typed address, over a line with round
trips of 600 ms where the browser turns the page itself. `CASES` names every dialog that the states
of the CRM register; one that is missing fails the first test.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from functools import partial
from typing import Any, NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlmodel import Session

from tests.support.engine import Engine
from tests.support.journey import PATIENCE_MS, hydrated, opened, sign_in
from tests.support.links import links_of
from tests.support.office import totp
from tests.support.server import Server, running_server
from tests.support.slow_line import SlowLine, slow_line
from tests.support.stage import CLERK, LEAD, OWNER, PASSWORD_HASH, Stage, set_stage
from upstage_crm import upstage_crm as app_module
from upstage_crm.audit.events import Channel
from upstage_crm.change_requests.disputes import freezing
from upstage_crm.change_requests.lifecycle.locked_request import LockedRequest
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.limits import alerts
from upstage_crm.change_requests.model.rules import FreezeCause
from upstage_crm.change_requests.model.thresholds import (
    Ruling,
    Verdict,
    Wire,
)
from upstage_crm.core.clock import FrozenClock
from upstage_crm.households import commands as households
from upstage_crm.households.rules import RelationKind
from upstage_crm.inventory import house_holds, seatings
from upstage_crm.orders import basket_lines, baskets, returns, sale
from upstage_crm.orders import queries as orders
from upstage_crm.orders.views import Contact, OrderReason, OrderView, Seller, Tender
from upstage_crm.pages.dialog_state import DialogMixin
from upstage_crm.patrons.details import edit_contacts, notes
from upstage_crm.patrons.queries import get_by_number
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.payments.views import Method
from upstage_crm.privacy import erasure
from upstage_crm.programme import commands as programme
from upstage_crm.programme import performances, pictures
from upstage_crm.programme import queries as events
from upstage_crm.programme.picture_reading import Picture
from upstage_crm.programme.prices import price_lists, price_types, window_commands
from upstage_crm.programme.prices.price_lists import NewPrices
from upstage_crm.programme.prices.views import Audience, Cell, SaleChannel
from upstage_crm.programme.prices.window_commands import NewWindow
from upstage_crm.proof import integrity
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Role, StaffMember
from upstage_crm.team import invitations
from upstage_crm.tills import shifts, till_commands
from upstage_crm.venues import commands, plans
from upstage_crm.venues.design import FIELDS

assert app_module.app, "every state is registered when the app is made"

ROUND_TRIP_S = 0.6
OTHER = "Theodore Abara"
PHONE_ROW = re.compile("Propose change.*Phone number")
PHONE = {"phone": {"phone": "+1 212 555 0188"}}

# One entry for each change of what the page shows: address, heading, title, dialog.
RECORDER = """
window.upstageFrames = [];
(function look() {
  const heading = document.querySelector("h1"), dialog = document.querySelector("[role=dialog]");
  const frame = [location.pathname, heading ? heading.innerText : "", document.title,
    dialog ? dialog.innerText : ""];
  const last = window.upstageFrames.at(-1);
  if (!last || frame.some((words, place) => words !== last[place])) {
    window.upstageFrames.push(frame);
  }
  requestAnimationFrame(look);
})()
"""


class Frame(NamedTuple):
    """What the browser drew at one moment."""

    path: str
    heading: str
    title: str
    dialog: str


@dataclass
class House:
    """A server behind a slow line, and the subjects of its dialogs by name."""

    server: Server
    line: SlowLine
    stage: Stage
    paths: dict[str, str] = field(default_factory=dict[str, str])
    names: dict[str, str] = field(default_factory=dict[str, str])

    def url(self, path: str) -> str:
        return f"http://localhost:{self.line.port}{path}"

    def note(self, key: str, path: str, name: str) -> None:
        self.paths[key], self.names[key] = path, name


class Case(NamedTuple):
    """One dialog: whose it is, how it is opened, and where the tab turns to while it is open."""

    subject: str
    open: Callable[[Page], None]
    elsewhere: str = "other"
    who: str = OWNER
    about: str = ""  # what the dialog says about its subject, unless it is the name of the page


def button(name: str) -> Callable[[Page], None]:
    """Press the first button of this name."""
    return lambda page: page.get_by_role("button", name=re.compile(name)).first.click()


def in_menu(name: str) -> Callable[[Page], None]:
    """Press an item of the page's menu of rarer actions."""

    def press(page: Page) -> None:
        page.get_by_role("button", name="More actions").click()
        page.get_by_role("menuitem", name=re.compile(name)).click()

    return press


def in_row(row: str, name: str) -> Callable[[Page], None]:
    """Press a button in the row that holds these words."""

    def press(page: Page) -> None:
        found = page.get_by_role("row", name=re.compile(row))
        found.get_by_role("button", name=name).click()

    return press


def chosen(name: str, row: str = "\\w\\w-") -> Callable[[Page], None]:
    """Choose the first row of a list, and press what is done with all that are chosen."""

    def press(page: Page) -> None:
        page.get_by_role("checkbox", name=re.compile(f"^Choose {row}")).first.check()
        page.get_by_role("button", name=name, exact=True).click()

    return press


def in_order(buyer: str, name: str) -> Callable[[Page], None]:
    """Find the order of a buyer at the till, and press a button of it."""

    def press(page: Page) -> None:
        page.get_by_role("combobox", name="Order").fill(buyer)
        page.get_by_role("option", name=re.compile(buyer)).click()
        page.get_by_role("region", name="Order").get_by_role("button", name=name).click()

    return press


PRESS = "max@theatre.example"
# Pages that are about no one record.
LISTS = {page.route.rstrip("/") for page in app_module.PAGES}
CASES: dict[str, Case] = {
    "ProposeState.propose": Case("mara", button("Propose change")),
    "RevealState.reveal": Case("born", button("Show Date of birth"), who=CLERK),
    "PatronCareState.clear": Case("disputed", button("Review dispute")),
    "PatronCareState.protect": Case("mara", in_menu("Mark as protected")),
    "PatronCareState.unprotect": Case("protected", in_menu("Remove protection")),
    "PatronCareState.status": Case("mara", in_menu("Change status")),
    "PatronCareState.confirm_change": Case("guarded", button("Confirm")),
    "PatronCareState.decline_change": Case("guarded", button("Decline")),
    "PatronCareState.erase": Case("mara", in_menu("Erase")),
    "PatronCareState.confirm_erasure": Case("leaving", button("Confirm")),
    "PatronCareState.decline_erasure": Case("leaving", button("Decline")),
    "ContactsState.add_contact": Case("housed", button("Add contact")),
    "ContactsState.remove_contact": Case("housed", button("Remove .*housed@work.example")),
    "HouseholdState.join": Case("housed", button("Add to household")),
    "HouseholdState.leave": Case("housed", button("^Leave")),
    "HouseholdState.head": Case("housed", button("Make head")),
    "HouseholdState.relate": Case("housed", button("Add relationship")),
    "HouseholdState.unrelate": Case("housed", button("Remove ?: ")),
    "NotesState.add_note": Case("housed", button("Add note")),
    "NotesState.change_note": Case("housed", button("Edit the note")),
    "NotesState.remove_note": Case("housed", button("Remove the note")),
    "PreferencesState.preference": Case("letters", button("Change ?: ")),
    "AddPatronState.add": Case("list", button("Add patron"), elsewhere="queue"),
    "SaveViewState.save": Case(
        "unproven", button("Save view"), elsewhere="queue", about="Save this view"
    ),
    "PatronTagsState.tag": Case(
        "list", chosen("Tag", row="[A-Z]"), elsewhere="queue", about="1 patron chosen"
    ),
    "PatronTagsState.untag": Case(
        "list", chosen("Untag", row="[A-Z]"), elsewhere="queue", about="1 patron chosen"
    ),
    "BulkProposeState.propose": Case(
        "list", chosen("Propose change", row="[A-Z]"), elsewhere="queue", about="1 patron chosen"
    ),
    "AddEventState.add_event": Case("events", button("Add event"), elsewhere="queue"),
    "EventDialogState.edit_event": Case("event", button("Change"), elsewhere="queue"),
    "EventDialogState.translate": Case("event", button("Translate French"), elsewhere="queue"),
    "EventDialogState.copy_event": Case("event", button("Copy event"), elsewhere="queue"),
    "EventDialogState.remove_picture": Case("event", button("Remove picture"), elsewhere="queue"),
    "SeasonCopyState.copy_season": Case(
        "events", button("Copy season"), elsewhere="queue", about="Copy season"
    ),
    "EventDialogState.add_performances": Case(
        "event", button("Add performances"), elsewhere="queue"
    ),
    "WindowDialogState.add_window": Case("prices", button("Add sale window"), elsewhere="queue"),
    "WindowDialogState.change_window": Case("prices", button("^Change"), elsewhere="queue"),
    "WindowDialogState.remove_window": Case("prices", button("^Remove"), elsewhere="queue"),
    "PriceTypeDialogState.add_price_type": Case(
        "types", button("Add price type"), elsewhere="queue", about="Add price type"
    ),
    "PriceTypeDialogState.edit_price_type": Case(
        "types", button("^Change Adult"), elsewhere="queue", about="Adult"
    ),
    "PriceTypeDialogState.add_tax_rate": Case(
        "types", button("Add tax rate"), elsewhere="queue", about="Add tax rate"
    ),
    **{
        f"PerformanceBulkState.{edit}": Case(
            "event", chosen(words, row=".*2030"), elsewhere="queue"
        )
        for edit, words in (
            ("on_sale", "Put on sale"),
            ("pause", "Pause"),
            ("change", "Change time or hall"),
            ("cancel", "Cancel performances"),
        )
    },
    **{
        f"CalendarBulkState.{edit}": Case(
            "calendar", chosen(words, row=""), elsewhere="queue", about="2 performances"
        )
        for edit, words in (
            ("on_sale", "Put on sale"),
            ("pause", "Pause"),
            ("change", "Change time or hall"),
            ("cancel", "Cancel performances"),
        )
    },
    "HouseDialogState.hold_seats_back": Case("house", button("Hold seats back"), elsewhere="queue"),
    "HouseDialogState.release_seats": Case(
        "house", button("Release"), elsewhere="queue", about="H · Stalls, row A, seat 1"
    ),
    "PlanMoveState.take_plan": Case("house", button("Look at the newest plan"), elsewhere="queue"),
    "ShiftDialogState.open_shift": Case(
        "till", button("Open a shift at Foyer"), elsewhere="queue", who=LEAD, about="Foyer"
    ),
    **{
        f"ShiftDialogState.{name}": Case("shift", button(words), elsewhere="queue", about="Bar")
        for name, words in (
            ("move_cash", "Move cash"),
            ("shift_report", "X report"),
            ("close_shift", "Close shift"),
        )
    },
    "TillReturnState.return_tickets": Case(
        "shift", in_order("Rita", "Return"), elsewhere="queue", about="Return tickets"
    ),
    "OrderDialogState.return_tickets": Case("order", button("^Return"), elsewhere="queue"),
    "OrderDialogState.reissue_tickets": Case("order", button("Issue again"), elsewhere="queue"),
    "SeatDialogState.propose_seat": Case(
        "order", button("Propose another seat"), elsewhere="queue"
    ),
    "OrderDialogState.give_money_back": Case("owed", button("Give money back"), elsewhere="queue"),
    "OrderRevealState.reveal_contact": Case(
        "masked", button("Show Phone"), elsewhere="queue", who=PRESS, about="Show: phone"
    ),
    "TillDialogState.add_till": Case(
        "shifts", button("Add till"), elsewhere="queue", about="Add till"
    ),
    "TillDialogState.rename_till": Case(
        "shifts", button("Rename Foyer"), elsewhere="queue", about="Foyer"
    ),
    "TillDialogState.retire_till": Case(
        "shifts", button("Retire Foyer"), elsewhere="queue", about="Foyer"
    ),
    "TillDialogState.close_left_open": Case(
        "shifts", button("Close the shift at Bar"), elsewhere="queue", about="Bar"
    ),
    "TillDialogState.past_report": Case(
        "shifts", button("Report of Bar"), elsewhere="queue", about="Bar"
    ),
    "AddVenueState.add_venue": Case("venues", button("Add venue"), elsewhere="queue"),
    "VenueDialogState.edit_venue": Case("venue", button("Change"), elsewhere="queue"),
    "VenueDialogState.add_hall": Case("venue", button("Add hall"), elsewhere="queue"),
    "VenueDialogState.edit_hall": Case("venue", button("Change Loft"), elsewhere="queue"),
    "RequestTaskState.withdraw": Case("pending", button("Withdraw"), elsewhere="request"),
    "RequestTaskState.resend": Case("asked", button("Send again"), elsewhere="request"),
    "RequestTaskState.code": Case(
        "pending", button("Enter code from phone call"), elsewhere="request"
    ),
    "RequestTaskState.decline": Case("identified", button("Decline"), elsewhere="request"),
    "RequestTaskState.explain": Case("letter", button("Record the letter"), elsewhere="request"),
    "RequestTaskState.revert": Case("applied", button("Undo change"), elsewhere="request"),
    "RequestTaskState.assign": Case("pending", button("who answers"), elsewhere="request"),
    "RequestTaskState.comment": Case("pending", button("Add comment"), elsewhere="request"),
    "RequestBulkState.resend": Case(
        "queue", chosen("Send again"), elsewhere="list", about="1 request chosen"
    ),
    "RequestBulkState.release": Case(
        "queue", chosen("Release"), elsewhere="list", about="1 request chosen"
    ),
    "RequestBulkState.withdraw": Case(
        "queue", chosen("Withdraw"), elsewhere="list", about="1 request chosen"
    ),
    "TeamDialogState.invite": Case("invite", button("Invite"), elsewhere="queue"),
    "TeamDialogState.member": Case("member", in_row("ray@", "Manage"), elsewhere="queue"),
    "TeamDialogState.freeze": Case("thief", button("Freeze account"), elsewhere="queue"),
    "TeamDialogState.close_alert": Case("thief", button("Close alert"), elsewhere="queue"),
    "TeamDialogState.withdraw_invitation": Case(
        "guest", in_row("nia@", "Withdraw"), elsewhere="queue"
    ),
    "RestoreState.restore": Case("altered", button("Restore"), elsewhere="queue"),
    "AccountDialogState.remove_app": Case(
        "account", lambda page: card(page, "Authenticator app"), elsewhere="queue", who=LEAD
    ),
    "AccountDialogState.remove_passkey": Case(
        "passkey", lambda page: card(page, "Passkeys"), elsewhere="queue", who=LEAD
    ),
    "AccountDialogState.make_codes": Case(
        "account", button("Make new codes"), elsewhere="queue", who=LEAD
    ),
}


def card(page: Page, title: str) -> None:
    """Press Remove in the card of this title."""
    section = page.locator("section").filter(has=page.get_by_role("heading", name=title))
    section.get_by_role("button", name="Remove").first.click()


def heirs(kind: type[Any]) -> Iterator[type[Any]]:
    for heir in kind.__subclasses__():
        yield heir
        yield from heirs(heir)


def test_every_dialog_is_among_the_cases() -> None:
    registered = {
        f"{state.__name__}.{name}"
        for state in heirs(DialogMixin)
        if state.__module__.startswith("upstage_crm.") and not state.__name__.endswith("Mixin")
        for name in state.dialogs
    }

    assert set(CASES) == registered


# --- a house in which every dialog has a subject ------------------------------------------------


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("dialogs")
    database_url = f"sqlite:///{folder / 'upstage.db'}"
    stage = set_stage(database_url)
    with slow_line() as line:
        settings = {"UPSTAGE_PUBLIC_URL": f"http://localhost:{line.port}"}
        with running_server(folder, database_url=database_url, settings=settings) as server:
            line.target = int(server.url.rpartition(":")[2])
            made = House(server, line, stage)
            furnish(made)
            yield made


def furnish(house: House) -> None:
    """Bring records, requests and accounts into the states in which each dialog is offered."""
    parts = house.stage.parts
    engine = Engine(parts.database, FrozenClock(parts.clock.now()))
    engine.room, engine.codec = parts.notifier, parts.codec
    owner = engine._owner = house.stage.owner
    second = engine.staff("Olga", Role.OWNER)
    engine.staff("Max", Role.MARKETING, email=PRESS, password_hash=PASSWORD_HASH)

    def record(key: str, patron: PatronRecord, name: str) -> PatronRecord:
        house.note(key, f"/patrons/{patron.number}/", name)
        return patron

    def request(key: str, proposed: Proposed) -> Proposed:
        house.note(key, f"/requests/{proposed.reference}/", f"Request {proposed.reference}")
        return proposed

    with parts.database.reading() as session:
        mara, other = (get_by_number(session, n) for n in house.stage.numbers[:2])
    record("mara", mara, "Mara Lindqvist")
    record("other", other, OTHER)
    disputed = record("disputed", engine.patron("dora@example.com", "Dora", "Dispute"), "Dora")
    protected = record("protected", engine.patron("pru@example.com", "Pru", "Public"), "Pru")
    leaving = record("leaving", engine.patron("lea@example.com", "Lea", "Leaving"), "Lea")
    record("spare", engine.patron("sam@example.com", "Sam", "Spare"), "Sam Spare")
    born = engine.patron("bea@example.com", "Bea", "Born", date_of_birth="1961-03-04")
    record("born", born, "Bea Born")
    engine.protect(protected, owner)
    guarded = record("guarded", engine.patron("gus@example.com", "Gus", "Guarded"), "Gus")
    engine.protect(guarded, owner)
    engine.ask_to_unprotect(guarded, second)
    engine.act(second, erasure.request_erasure, patron_id=leaving.id, reason="by letter")
    dispute(engine, disputed)

    early = Engine(parts.database, FrozenClock(engine.now - timedelta(minutes=10)))
    early.room, early.codec, early._owner = engine.room, engine.codec, owner
    asked = early.propose(early.patron("asa@example.com", "Asa", "Asked"), "asa@example.org")
    request("asked", asked)
    request("pending", engine.propose(engine.patron("pia@example.com", "Pia", "Pending"), None))
    request("request", engine.propose(other, changes=PHONE))
    request("identified", engine.identify(engine.patron("ida@example.com", "Ida"), second, PHONE))
    letter = engine.identify(engine.patron("", "Lea", "Letter"), second, PHONE)
    engine.vouch(letter, owner)
    request("letter", letter)
    applied = engine.propose(engine.patron("ann@example.com", "Ann", "Applied"), changes=PHONE)
    engine.decide(links_of(parts, applied.request_id)["decision"])
    request("applied", applied)

    thief = engine.staff("Vic", Role.BOX_OFFICE, email="vic@theatre.example")
    ruling = Ruling(verdict=Verdict.QUARANTINE, wire=Wire.AT_ONCE, count=8, limit=5)
    engine.act(thief, alerts.open_now, ruling=ruling)
    engine.write(
        lambda s: invitations.invite(
            StaffContext(session=s, now=engine.now, notifier=parts.post, actor=owner),
            email="nia@theatre.example",
            display_name="Nia",
            desk="",
            role=Role.MANAGER,
        )
    )
    alter(engine, engine.staff("Alma", Role.READ_ONLY))
    housed = record("housed", engine.patron("hana@example.com", "Hana", "Housed"), "Hana Housed")
    kin = engine.patron("kim@example.com", "Kim", "Kin")
    engine.act(owner, households.join, patron_id=kin.id, other_id=housed.id)
    partner = RelationKind.PARTNER
    engine.act(owner, households.relate, patron_id=housed.id, other_id=kin.id, kind=partner)
    engine.act(owner, notes.add, patron_id=housed.id, text="Sits on the aisle.")
    work = {"email": "housed@work.example"}
    engine.act(
        owner,
        edit_contacts.add,
        patron_id=housed.id,
        field="email",
        raw=work,
        parsing=engine.context,
    )
    house.note("letters", f"/patrons/{housed.number}/?tab=communications", "Hana Housed")
    barn = {"name": "The Barn", "address": "Field Lane"}
    venue = engine.write(lambda s: commands.add_venue(engine.staff_context(s, owner), typed=barn))
    hall = engine.write(
        lambda s: commands.add_hall(
            engine.staff_context(s, owner), venue_id=venue, typed={"name": "Loft"}
        )
    )
    event = engine.write(
        lambda s: programme.add_event(engine.staff_context(s, owner), typed={"title": "Hamlet"})
    )
    engine.write(
        lambda s: programme.add_performances(
            engine.staff_context(s, owner),
            event_id=event,
            hall_id=hall,
            days=[date(2030, 3, 1)],
            at=time(19, 30),
        )
    )
    picture = Picture(sizes={320: (200, b"jpeg")}, digest="d" * 64)
    engine.write(
        lambda s: pictures.set_picture(
            engine.staff_context(s, owner),
            event_id=event,
            version=1,
            picture=picture,
            alt="A skull",
        )
    )
    house.note("event", f"/events/{event}/", "Hamlet")
    house.note("prices", f"/events/{event}/prices/", "Hamlet")
    engine.act(owner, price_types.add_price_type, typed={"name": "Adult"})
    window = NewWindow(
        audience=Audience.PUBLIC, channels=[SaleChannel.PHONE], opens_at=parts.clock.now()
    )
    engine.act(owner, window_commands.add_windows, event_id=event, new=window)
    performance = _laid_out(engine, owner, hall, event)
    house.note("calendar", "/calendar/?day=2030-03-01&view=list", "Calendar")
    house.note("house", f"/events/{event}/{performance}/", "Hamlet")
    house.note("venue", f"/venues/{venue}/", "The Barn")
    engine.act(owner, till_commands.add, name="Foyer")
    bar = engine.act(owner, till_commands.add, name="Bar")
    engine.act(owner, shifts.open_shift, till_id=bar, float_amount=100_00)
    _sell(house, engine, hall)
    for key, path, name in (
        ("altered", "/audit/", "Audit"),
        ("list", "/patrons/", "Patrons"),
        ("unproven", "/patrons/?email=unproven", "Patrons"),
        ("queue", "/requests/", "Requests"),
        ("venues", "/venues/", "Venues"),
        ("events", "/events/", "Events"),
        ("types", "/prices/", "Price types"),
        ("till", "/box-office/", "Open a shift"),
        ("shift", "/box-office/", "Box office"),
        ("shifts", "/box-office/shifts/", "Tills and shifts"),
        ("invite", "/team/", "Team"),
        ("member", "/team/", "Team"),
        ("thief", "/team/", "Team"),
        ("guest", "/team/", "Team"),
        ("account", "/account/", "Your account"),
        ("passkey", "/account/", "Your account"),
    ):
        house.note(key, path, name)


def alter(engine: Engine, member: StaffMember) -> None:
    """Change an account outside the CRM, and find it."""
    engine.forge(f"UPDATE staff SET desk = 'vault' WHERE id = '{member.id}'")
    found = engine.read(lambda s: list(integrity.examine(s, [("staff", member.id)])))
    engine.write(lambda s: integrity.note(s, found, (), now=engine.now))


def dispute(engine: Engine, patron: PatronRecord) -> None:
    """Freeze a record, as an objection does."""
    proposed = engine.propose(patron, changes=PHONE)

    def freeze(session: Any) -> None:
        case = LockedRequest.by_id(engine.command_context(session), proposed.request_id)
        freezing.freeze(
            case, FreezeCause.REVERT_BLOCKED, channel=Channel.SCHEDULE, outcome="an objection"
        )
        case.record()

    engine.write(freeze)


@pytest.fixture(scope="module")
def desks(browser: Browser, house: House) -> Iterator[Callable[[str], Page]]:
    """One browser for each account, signed in; the manager has both second factors.

    They are new, so the manager is no one's second person for a week.
    """
    contexts: dict[str, BrowserContext] = {}
    pages: dict[str, Page] = {}

    def desk(email: str) -> Page:
        if email not in pages:
            contexts[email] = browser.new_context()
            page = pages[email] = contexts[email].new_page()
            page.set_default_timeout(PATIENCE_MS)
            page.add_init_script(RECORDER)
            sign_in(page, Server(house.url(""), "", house.server.process), email)
            if email == LEAD:
                enrol(page, house)
        return pages[email]

    yield desk
    for context in contexts.values():
        context.close()


def enrol(page: Page, house: House) -> None:
    """Set up an authenticator app and a passkey."""
    device = page.context.new_cdp_session(page)
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
    opened(page, house.url("/account/"))
    page.get_by_role("button", name="Set up authenticator app").click()
    secret = page.get_by_text("No camera?").locator("code").inner_text()
    page.get_by_label("Code").fill(totp(secret, int(house.stage.parts.clock.now().timestamp())))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("list", name="Recovery codes")).to_be_visible()
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_label("Name").fill("Box office laptop")
    page.get_by_role("button", name="Create it now").click()
    expect(page.get_by_text("Your passkey works from now on.")).to_be_visible()


# --- leaving a dialog ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_a_dialog_ends_with_its_page(house: House, desks: Callable[[str], Page], name: str) -> None:
    case = CASES[name]
    page = desks(case.who)
    here, elsewhere = house.paths[case.subject], house.paths[case.elsewhere]
    mine, others = house.names[case.subject], house.names[case.elsewhere]
    names = {here.partition("?")[0]: mine, elsewhere: others}
    dialog = page.get_by_role("dialog")

    def is_shown(heading: str) -> None:
        """The page of this heading is there and was read, and nothing is over it."""
        expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
        hydrated(page)
        expect(dialog).to_have_count(0)

    def open_it() -> None:
        case.open(page)
        expect(dialog).to_be_visible()

    turn(page, elsewhere)
    is_shown(others)
    turn(page, here)
    is_shown(mine)
    open_it()
    assert_names_its_subject(house, case, dialog.inner_text())
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    house.line.round_trip_s = ROUND_TRIP_S
    try:
        forget_frames(page)
        page.go_back()
        is_shown(others)
        page.go_forward()
        is_shown(mine)
        assert_nothing_stayed(frames(page), elsewhere)
        assert_under_their_own_address(frames(page), names)
    finally:
        house.line.round_trip_s = 0

    open_it()
    page.reload(wait_until="commit")
    is_shown(mine)
    assert [frame for frame in frames(page) if frame.dialog] == []
    house.line.round_trip_s = ROUND_TRIP_S
    try:
        forget_frames(page)
        page.go_back()  # to a page whose code this document may not have fetched yet
        is_shown(others)
        records = {path: name for path, name in names.items() if path.rstrip("/") not in LISTS}
        assert_under_their_own_address(frames(page), records)
    finally:
        house.line.round_trip_s = 0

    turn(page, here)
    is_shown(mine)
    open_it()
    opened(page, house.url(elsewhere))
    is_shown(others)
    assert [frame for frame in frames(page) if frame.dialog or mine in frame.heading] == []


def test_what_is_sent_is_about_the_patron_of_the_page(
    house: House, desks: Callable[[str], Page]
) -> None:
    """The press that asked the wrong person: Alice's dialog over Gerald's record."""
    page, dialog = desks(OWNER), desks(OWNER).get_by_role("dialog")
    house.line.round_trip_s = ROUND_TRIP_S
    try:
        opened(page, house.url(house.paths["mara"]))
        page.get_by_role("button", name=PHONE_ROW).click()
        dialog.get_by_label("Phone number").fill("+1 212 555 0123")
        page.go_back()
        expect(dialog).to_have_count(0)
        opened(page, house.url(house.paths["spare"]))
        page.get_by_role("button", name=PHONE_ROW).click()
        expect(dialog).to_contain_text("Sam Spare")
        expect(dialog.get_by_label("Phone number")).to_have_value("")
        dialog.get_by_label("Phone number").fill("+1 212 555 0124")
        dialog.get_by_label("Reason").select_option("asked_by_phone")
        dialog.get_by_role("button", name="Send proposal").click()
        expect(page.get_by_text("Sent. The record changes when it is approved.")).to_be_visible()
    finally:
        house.line.round_trip_s = 0
    expect(page.get_by_text("(212) 555-0124").first).to_be_visible()
    opened(page, house.url(house.paths["mara"]) + "?tab=changes")
    expect(page.get_by_text("No changes have been proposed yet.")).to_be_visible()


def test_two_tabs_each_keep_to_their_own_subject(
    house: House, desks: Callable[[str], Page]
) -> None:
    """The second tab is opened from the first one, and begins with a copy of what that stored."""
    first = desks(OWNER)
    opened(first, house.url(house.paths["mara"]))
    first.get_by_role("button", name="Propose change").first.click()
    expect(first.get_by_role("dialog")).to_contain_text("Mara Lindqvist")
    with first.context.expect_page() as born:
        first.evaluate("path => { window.open(path) }", house.paths["other"])
    second = born.value
    expect(second.get_by_role("heading", level=1)).to_have_text(OTHER)
    hydrated(second)
    expect(second.get_by_role("dialog")).to_have_count(0)
    second.get_by_role("button", name="Propose change").first.click()
    expect(second.get_by_role("dialog")).to_contain_text(OTHER)

    expect(first.get_by_role("dialog")).to_contain_text("Mara Lindqvist")
    dialog = first.get_by_role("dialog")
    dialog.get_by_label("Email address").fill("mara@tab.example")
    dialog.get_by_label("Reason").select_option("asked_by_phone")
    dialog.get_by_role("button", name="Send proposal").click()
    expect(first.get_by_text("mara@tab.example").first).to_be_visible()
    expect(first.get_by_role("heading", level=1)).to_have_text("Mara Lindqvist")

    expect(second.get_by_role("dialog")).to_contain_text(OTHER)
    opened(second, house.url(house.paths["other"]))
    expect(second.get_by_text("tab.example")).to_have_count(0)
    second.close()


def test_a_lost_connection_takes_nothing_of_what_is_typed(
    house: House, desks: Callable[[str], Page]
) -> None:
    page = desks(OWNER)
    opened(page, house.url(house.paths["other"]))
    page.get_by_role("button", name="Propose change").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Email address").fill("theo@tab.example")

    house.line.cut()
    expect(page.get_by_text("Connection lost")).to_be_visible()
    assert page.locator(".u-offline path").first.bounding_box(), "its icon needs no network"
    house.line.mend()
    expect(page.get_by_text("Connection lost")).to_be_hidden()
    hydrated(page)

    expect(dialog).to_contain_text(OTHER)
    expect(dialog.get_by_label("Email address")).to_have_value("theo@tab.example")


def test_what_is_sent_without_a_connection_is_kept_and_arrives(
    house: House, desks: Callable[[str], Page]
) -> None:
    page = desks(OWNER)
    opened(page, house.url(house.paths["other"]))
    page.get_by_role("button", name="Add note").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("Sits at the aisle")

    house.line.cut()
    expect(page.get_by_text("What you send is kept")).to_be_visible()
    dialog.get_by_role("button", name="Save note").click()
    house.line.mend()

    expect(dialog).to_be_hidden()
    expect(page.get_by_text("Sits at the aisle")).to_be_visible()


def _laid_out(engine: Engine, owner: StaffMember, hall: str, event: str) -> str:
    """Lay a performance out and hold a seat of it back; return its id."""
    stalls = FIELDS | {"name": "Stalls", "rows": "3", "seats": "6"}
    engine.act(owner, plans.save, hall_id=hall, after=0, sections=[stalls])
    performance = engine.read(lambda s: events.event(s, event)).performances[0].id
    engine.act(owner, seatings.lay_out, performance_id=performance)
    engine.act(
        owner,
        house_holds.hold_back,
        performance_id=performance,
        letter="H",
        reason="For the director",
        seat_ids=["Stalls-A-1"],
    )
    engine.act(owner, plans.save, hall_id=hall, after=1, sections=[stalls | {"rows": "4"}])
    return performance


def _sell(house: House, engine: Engine, hall: str) -> None:
    """Sell tickets for a performance of its own; one of them is given back."""
    owner = house.stage.owner
    event = engine.act(owner, programme.add_event, typed={"title": "Requiem"})
    engine.act(
        owner,
        programme.add_performances,
        event_id=event,
        hall_id=hall,
        days=[date(2030, 3, 2)],
        at=time(19, 30),
    )
    performance = engine.read(lambda s: events.event(s, event)).performances[0].id
    engine.act(owner, seatings.lay_out, performance_id=performance)
    adult = next(iter(engine.read(price_types.price_types)))
    new = NewPrices(
        amounts={Cell("A", adult): 3_500},
        fees=[],
        tax_rate_id=engine.act(owner, price_types.add_tax_rate, typed={"name": "Tax", "rate": "5"}),
        starts_at=engine.now,
    )
    engine.act(owner, price_lists.save, event_id=event, after=0, new=new)
    window = NewWindow(audience=Audience.PUBLIC, channels=list(SaleChannel), opens_at=engine.now)
    engine.act(owner, window_commands.add_windows, event_id=event, new=window)
    engine.act(owner, performances.put_on_sale, performance_ids=[performance], checks=())
    seller = Seller(channel=SaleChannel.BOX_OFFICE, actor=owner)

    def sell(session: Session, contact: Contact) -> str:
        context = engine.staff_context(session, owner)
        basket = baskets.open_basket(context, seller)
        view = basket_lines.add_best(
            context, seller, basket, performance_id=performance, choices={adult: 1}
        )
        tender = Tender(method=Method.TERMINAL, amount=view.total)
        return sale.sell(
            context, seller, basket_id=basket, contact=contact, tenders=[tender]
        ).order_id

    def sold(key: str, contact: Contact) -> OrderView:
        order_id = engine.write(partial(sell, contact=contact))
        order = engine.read(lambda s: orders.order(s, order_id))
        house.note(key, f"/orders/{order.reference}/", f"Order {order.reference}")
        return order

    sold("order", Contact(name="Rita Return"))
    sold("masked", Contact(name="Ola", phone="+442079460958"))
    owed = sold("owed", Contact(name="Owen Owed"))
    engine.act(
        owner,
        returns.return_tickets,
        seller=seller,
        order_id=owed.id,
        ticket_ids=[owed.tickets[0].id],
        reason=OrderReason.CANNOT_COME,
        key="owed",
        is_refunded=False,
    )


def turn(page: Page, path: str) -> None:
    """Turn to a page as a link does: without loading the document."""
    page.evaluate(
        "path => { history.pushState({}, '', path); dispatchEvent(new PopStateEvent('popstate')) }",
        path,
    )


def frames(page: Page) -> list[Frame]:
    return [Frame(*frame) for frame in page.evaluate("window.upstageFrames")]


def forget_frames(page: Page) -> None:
    page.evaluate("window.upstageFrames = []")


def assert_names_its_subject(house: House, case: Case, words: str) -> None:
    """The heading of the dialog, or the line below it, says whom it is about."""
    expected = {
        "list": "Add patron",
        "venues": "Add venue",
        "events": "Add event",
        "invite": "Invite",
        "member": "Ray, front of house · ray@theatre.example",
        "thief": "Vic, box office · vic@theatre.example",
        "guest": "Nia · nia@theatre.example",
        "account": LEAD,
        "passkey": "Box office laptop",
        "altered": "Account of Alma",
    }
    name = expected.get(case.subject, house.names[case.subject].removeprefix("Request "))
    assert (case.about or name) in " ".join(words.splitlines()[:2])


def assert_nothing_stayed(seen: list[Frame], elsewhere: str) -> None:
    """No dialog outlived the press on Back."""
    left = next(place for place, frame in enumerate(seen) if frame.path == elsewhere)
    assert [frame for frame in seen[left:] if frame.dialog] == []


def assert_under_their_own_address(seen: list[Frame], names: dict[str, str]) -> None:
    """No frame drew the name of one subject under the address of another one."""
    for path, name in names.items():
        under = [frame for frame in seen if frame.path != path]
        assert [frame for frame in under if name in frame.heading or name in frame.title] == []
