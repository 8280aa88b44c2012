"""The doors of the CRM over HTTP: second factors, wrong passwords, mailed links, fresh proofs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.support.door import EMAIL, STRONG, Door, asked, invite, knock, link_in
from tests.support.factories import CHEAP_PASSWORD
from tests.support.pipeline import installed
from tests.support.soft_passkey import SoftPasskey
from tests.support.visitor import OURS
from upstage_crm.audit.events import Action
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.http import session_cookie as cookies
from upstage_crm.mail.message import MailKind
from upstage_crm.staff.auth import passkeys, second_factor, security, sessions, throttle
from upstage_crm.staff.auth.security import SecurityPolicy
from upstage_crm.staff.auth.sessions import FRESH_FOR
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Role
from upstage_crm.wiring import Runtime

FOREIGN = "https://evil.example"
FORMS = ["/auth/sign-in", "/auth/prove", "/auth/passkey", "/auth/join", "/auth/reset"]


@pytest.fixture
def made(database: Database, clock: FrozenClock) -> Iterator[Runtime]:
    with installed(database, clock) as runtime:
        yield runtime


@pytest.fixture
def door(made: Runtime) -> Door:
    return Door(made)


# --- the second factor ----------------------------------------------------------------------------


def test_after_the_password_the_second_factor_is_all_there_is(door: Door) -> None:
    secret = door.enrol(door.inside())
    browser = door.browser()
    assert door.sign_in(browser, next="/audit/") == "/sign-in/second/?next=/audit/"
    half = dict(browser.cookies)
    answer = browser.get("/audit/")
    assert (
        answer.status_code,
        answer.headers["location"],
    ) == (303, "/sign-in/second/?next=/audit/")

    assert door.prove(browser, code=door.code(secret), next="/audit/") == "/audit/"

    assert browser.get("/audit/").status_code == 200
    assert half[cookies.NAME] != browser.cookies[cookies.NAME]
    copied = door.browser()
    copied.cookies = half
    assert copied.get("/audit/").status_code == 303, "the half-open cookie is dead"


def test_the_password_is_no_second_factor(door: Door) -> None:
    door.enrol(door.inside())
    browser = door.browser()
    door.sign_in(browser)

    assert asked(door.prove(browser, password=CHEAP_PASSWORD))["refused"]
    assert browser.get("/audit/").status_code == 303


def test_a_passkey_opens_as_well(door: Door) -> None:
    browser = door.inside()
    key = SoftPasskey("localhost", OURS)
    with door.made.database.transaction() as session:
        found = sessions.find_any(session, browser.cookies[cookies.NAME], now=door.clock.now())
        assert found is not None
        challenge = second_factor.new_challenge(session, found, now=door.clock.now())
    options = passkeys.creation_options(
        door.made.site, staff_id=door.staff_id, account=EMAIL, challenge=challenge, known=[]
    )
    form = {"answer": key.create(options), "label": "Laptop"}
    assert browser.post("/auth/passkey", form).headers["location"] == "/account/?added=1"
    other = door.browser()
    door.sign_in(other)
    with door.made.database.transaction() as session:
        found = sessions.find_any(session, other.cookies[cookies.NAME], now=door.clock.now())
        assert found is not None
        challenge = second_factor.new_challenge(session, found, now=door.clock.now())
    options = passkeys.request_options(door.made.site, challenge=challenge, known=[])

    assert door.prove(other, answer=key.use(options)) == "/"

    assert other.get("/audit/").status_code == 200


def test_wrong_codes_are_slowed_down_across_sessions(door: Door) -> None:
    secret = door.enrol(door.inside())
    for _ in range(throttle.PAIR_LIMIT):
        browser = door.browser()
        door.sign_in(browser)
        assert "refused" in asked(door.prove(browser, code="000000"))
    browser = door.browser()
    door.sign_in(browser)

    assert asked(door.prove(browser, code=door.code(secret)))["wait"]
    door.clock.advance(timedelta(minutes=1))
    assert door.prove(browser, code=door.code(secret)) == "/"


def test_whoever_must_enrol_sees_the_account_page_alone(door: Door) -> None:
    browser = door.inside()
    with door.made.database.transaction() as session:
        policy = SecurityPolicy(second_factor=frozenset({Role.OWNER}))
        security.change(
            StaffContext(session=session, now=door.clock.now(), notifier=None, actor=door.owner()),
            proposed=policy,
        )

    assert browser.get("/patrons/").headers["location"] == "/account/"
    assert browser.get("/account/").status_code == 200
    assert browser.get("/mailbox/export.csv").headers["location"] == "/account/"


# --- a fresh proof --------------------------------------------------------------------------------


def test_an_export_asks_again_after_a_quarter_of_an_hour(door: Door) -> None:
    browser = door.inside()
    assert browser.get("/mailbox/export.csv").status_code == 200
    door.clock.advance(FRESH_FOR)
    answer = browser.get("/mailbox/export.csv")
    assert answer.headers["location"].startswith("/sign-in/again/?")
    before = browser.cookies[cookies.NAME]

    assert asked(door.prove(browser, password="wrong"))["refused"]
    assert door.prove(browser, password=CHEAP_PASSWORD, next="/mailbox/") == "/mailbox/"

    assert browser.get("/mailbox/export.csv").status_code == 200
    assert before != browser.cookies[cookies.NAME]
    assert Action.STAFF_PROVEN in door.actions()


def test_a_passkey_is_not_added_by_an_old_session(door: Door) -> None:
    browser = door.inside()
    door.clock.advance(FRESH_FOR)

    location = browser.post("/auth/passkey", {"answer": "{}"}).headers["location"]

    assert location.startswith("/sign-in/again/?")


# --- wrong passwords ------------------------------------------------------------------------------


def test_guessing_is_slowed_down_and_the_right_one_waits_too(door: Door) -> None:
    browser = door.browser()
    for _ in range(throttle.PAIR_LIMIT):
        assert asked(door.sign_in(browser, password="wrong"))["refused"]

    assert asked(door.sign_in(browser))["wait"] == ["1"]
    door.clock.advance(timedelta(seconds=31))
    assert door.sign_in(browser) == "/"


def test_an_unknown_name_waits_like_a_known_one(door: Door) -> None:
    """Case 9's uniform refusal: counting must not tell who has an account."""
    browser = door.browser()
    for _ in range(throttle.PAIR_LIMIT):
        door.sign_in(browser, email="nobody@desk.example", password="wrong")

    assert asked(door.sign_in(browser, email="Nobody@desk.example"))["wait"] == ["1"]
    assert door.sign_in(browser) == "/", "and another name from there does not"


def test_a_right_password_forgives_the_wrong_ones(door: Door) -> None:
    browser = door.browser()
    for _ in range(3):
        for _ in range(throttle.PAIR_LIMIT - 1):
            door.sign_in(browser, password="wrong")
        assert door.sign_in(browser) == "/"


def test_somebody_who_guesses_from_everywhere_does_not_lock_the_owner_out(door: Door) -> None:
    own = door.inside()
    with door.made.database.transaction() as session:
        for number in range(throttle.NAME_LIMIT + 3):
            knock(session, door, network=f"198.51.{number}.0")

    assert asked(door.sign_in(door.browser()))["wait"], "a browser that was never here"
    assert door.sign_in(own) == "/", "the owner's own"


# --- devices --------------------------------------------------------------------------------------


def test_a_new_device_is_news_and_a_known_one_is_not(door: Door) -> None:
    first = door.inside()
    assert door.mails(MailKind.STAFF_NOTICE) == [], "the very first is expected"
    door.sign_in(first)
    assert door.mails(MailKind.STAFF_NOTICE) == []

    door.inside()

    (text,) = door.mails(MailKind.STAFF_NOTICE)
    assert "New sign-in to your account" in text
    assert Action.NEW_DEVICE in door.actions()


def test_signing_in_again_ends_what_the_browser_held(door: Door) -> None:
    """Session fixation: a cookie that an attacker planted before is void afterwards."""
    browser = door.inside()
    planted = dict(browser.cookies)

    door.sign_in(browser)

    other = door.browser()
    other.cookies = planted
    assert other.get("/audit/").status_code == 303
    assert browser.get("/audit/").status_code == 200


# --- links from mails -----------------------------------------------------------------------------


def test_an_invited_person_joins_and_signs_in(door: Door) -> None:
    path = invite(door)
    browser = door.browser()
    answer = browser.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in/join/")
    assert answer.headers["referrer-policy"] == "no-referrer"

    form = {"display_name": "Nia", "password": STRONG}
    answer = browser.post("/auth/join", form)
    assert answer.headers["location"] == "/sign-in/?joined=1"
    assert f'{cookies.LINK}="";' in answer.headers["set-cookie"]
    fields = {"email": "nia@desk.example", "password": STRONG}
    assert door.sign_in(browser, **fields) == "/"
    assert browser.get(path).status_code == 303
    refused = browser.post("/auth/join", form).headers["location"]
    assert refused == "/sign-in/join/?problem=staff_link_dead"


def test_opening_a_link_fifty_times_changes_nothing(door: Door) -> None:
    """Case 3, for staff: mail scanners open every link."""
    path = invite(door)
    before = door.actions()
    for _ in range(50):
        door.browser().get(path)

    assert before == door.actions()


def test_a_link_is_not_burned_by_a_detour(door: Door) -> None:
    """Case 47: a colleague who wanders off to the sign-in page and back still joins."""
    browser = door.browser()
    browser.get(invite(door))
    door.sign_in(browser, password="wrong")
    browser.get("/audit/")
    browser.post("/auth/forgot", {"email": EMAIL})

    form = {"display_name": "Nia", "password": STRONG}
    assert browser.post("/auth/join", form).headers["location"] == "/sign-in/?joined=1"


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "password_too_short"),
        ("password123456", "password_too_easy"),
        ("qwertyuiop123", "password_too_easy"),
        ("nia@desk.example", "password_too_easy"),
        ("NiaNiaNiaNia", "password_too_easy"),
    ],
)
def test_a_password_that_is_known_or_near_is_refused(door: Door, password: str, code: str) -> None:
    browser = door.browser()
    browser.get(invite(door))

    form = {"display_name": "Nia", "password": password}
    location = browser.post("/auth/join", form).headers["location"]

    assert f"/sign-in/join/?problem={code}" == location


def test_a_forgotten_password_is_answered_alike_for_everybody(door: Door) -> None:
    browser = door.browser()
    answers = {
        (answer.status_code, answer.headers["location"], answer.text)
        for email in (EMAIL, "nobody@desk.example", "", "no address", "\0")
        for answer in [browser.post("/auth/forgot", {"email": email})]
    }

    assert len(answers) == 1
    path = link_in(door, MailKind.STAFF_PASSWORD_LINK)
    assert browser.get(path).headers["location"] == "/sign-in/reset/"
    form = {"password": STRONG}
    assert browser.post("/auth/reset", form).headers["location"] == "/sign-in/?changed=1"
    assert asked(door.sign_in(browser))["refused"]
    assert door.sign_in(browser, password=STRONG) == "/"


def test_a_forgotten_password_is_answered_before_anything_depends_on_the_account(
    door: Door,
) -> None:
    """No clock can tell who has an account: until the answer is out, nothing is looked up."""
    door.disabled("gone@desk.example")
    emails = (EMAIL, "nobody@desk.example", "gone@desk.example", "no address", "")
    told = {email: door.statements_around_the_answer(email) for email in emails}

    assert [before for before, _after in told.values()] == [[]] * 5
    assert all(after for _before, after in told.values()), "else nothing was seen"
    assert len(door.mails(MailKind.STAFF_PASSWORD_LINK)) == 1


def test_nobody_fills_a_mailbox_with_links(door: Door) -> None:
    browser = door.browser()
    for _ in range(20):
        browser.post("/auth/forgot", {"email": EMAIL})

    assert len(door.mails(MailKind.STAFF_PASSWORD_LINK)) == throttle.PAIR_LIMIT


@pytest.mark.parametrize(
    "path", ["/auth/link/", "/auth/link/x", "/auth/link/a.b.c", "/auth/link/é"]
)
def test_a_link_that_is_none_leads_to_a_calm_page(door: Door, path: str) -> None:
    answer = door.browser().get(path)

    assert answer.status_code == 303
    assert answer.headers["location"].endswith("problem=staff_link_dead")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", [*FORMS, "/auth/forgot"])
def test_a_form_of_another_site_is_refused(door: Door, path: str) -> None:
    browser = door.inside()
    before = door.actions()

    assert browser.post(path, {"code": "1", "email": EMAIL}, origin=FOREIGN).status_code == 403
    assert before == door.actions()


@pytest.mark.parametrize("path", FORMS)
def test_a_form_without_a_session_or_link_does_nothing(door: Door, path: str) -> None:
    browser = door.browser()

    answer = browser.post(path, {"password": STRONG, "code": "000000", "answer": "{}"})

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in/")
    assert cookies.NAME not in browser.cookies
