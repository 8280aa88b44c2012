"""The doors of the CRM when many push at once: strangers, guesses, and no room."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from tests.support.door import EMAIL, STRONG, Door, asked, invite, knock
from tests.support.factories import CHEAP_PASSWORD, together
from tests.support.pipeline import installed
from upstage_crm.audit.events import Action
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.http import session_cookie as cookies
from upstage_crm.mail.message import MailKind
from upstage_crm.staff.auth import hashing, second_factor, sessions, throttle
from upstage_crm.staff.auth.hashing import Lane
from upstage_crm.staff.auth.sessions import SignedIn

pytestmark = pytest.mark.each_database


@pytest.fixture
def door(database: Database, clock: FrozenClock) -> Iterator[Door]:
    with installed(database, clock) as runtime:
        yield Door(runtime)


# --- strangers and the member's own browser -------------------------------------------------------


def test_links_that_a_stranger_asks_for_do_not_count_as_wrong_passwords(door: Door) -> None:
    """The stranger sits in the member's own network: behind a proxy that is everybody."""
    own, stranger = door.inside(), door.browser()
    for number in range(throttle.NETWORK_LIMIT + 5):
        stranger.post("/auth/forgot", {"email": f"nobody{number}@desk.example"})
        stranger.post("/auth/forgot", {"email": EMAIL})

    assert door.sign_in(door.browser()) == "/", "a browser that was never here"
    assert door.sign_in(own) == "/"
    assert own.post("/auth/forgot", {"email": EMAIL}).status_code == 303
    newest = links_asked_for(door)
    own.post("/auth/forgot", {"email": EMAIL})
    assert links_asked_for(door) == newest + 1, "the member's own browser may still ask"


def links_asked_for(door: Door) -> int:
    return len(door.mails(MailKind.STAFF_PASSWORD_LINK))


def test_wrong_passwords_of_a_neighbour_do_not_keep_the_member_out(door: Door) -> None:
    own = door.inside()
    secret = door.enrol(own)
    for number in range(throttle.NETWORK_LIMIT + 5):
        stranger = door.browser()
        door.sign_in(stranger, password="wrong")
        door.sign_in(stranger, email=f"nobody{number}@desk.example", password="wrong")

    assert "wait" in asked(door.sign_in(door.browser()))
    assert door.sign_in(own) == "/sign-in/second/?next=/"
    assert door.prove(own, code=door.code(secret)) == "/"


def test_a_neighbour_who_goes_on_guessing_does_not_lengthen_the_members_own_pause(
    door: Door,
) -> None:
    own = door.inside()
    for _ in range(throttle.PAIR_LIMIT):
        assert "refused" in asked(door.sign_in(own, password="wrong"))
    assert asked(door.sign_in(own))["wait"] == ["1"]
    door.clock.advance(timedelta(seconds=29))
    door.sign_in(door.browser(), password="wrong")
    door.clock.advance(timedelta(seconds=2))

    assert door.sign_in(own) == "/"


def test_a_known_browser_guesses_no_more_than_any_other(door: Door) -> None:
    own = door.inside()
    for _ in range(throttle.PAIR_LIMIT):
        assert "refused" in asked(door.sign_in(own, password="wrong"))

    assert "wait" in asked(door.sign_in(own))


def test_the_old_password_is_not_guessed_in_an_open_session(door: Door) -> None:
    """`proof` of the same member, by the same count."""
    browser = door.inside()
    for _ in range(throttle.PAIR_LIMIT):
        assert "refused" in asked(door.prove(browser, password="wrong"))

    assert "wait" in asked(door.prove(browser, password=CHEAP_PASSWORD))


# --- many at once ---------------------------------------------------------------------------------


def test_of_sixty_guesses_at_once_five_are_tried(door: Door) -> None:
    network = "192.0.2.0"

    def guess() -> bool:
        with door.made.database.transaction() as session:
            return not knock(session, door, network=network)

    tried = together(*[guess] * 60)

    assert [result for result in tried if isinstance(result, Exception)] == []
    assert sum(map(bool, tried)) == throttle.PAIR_LIMIT


def test_of_sixty_forms_at_once_five_passwords_are_checked(door: Door) -> None:
    """The rest is told to wait, or that there is no room now."""

    def press() -> int:
        form = {"email": EMAIL, "password": "wrong"}
        return door.browser().post("/auth/sign-in", form).status_code

    assert set(together(*[press] * 60)) <= {303, 503}
    assert 1 <= door.actions().count(Action.SIGN_IN_REFUSED) <= throttle.PAIR_LIMIT


def test_a_recovery_code_opens_once_when_two_browsers_give_it_at_once(door: Door) -> None:
    """The second one comes while the first is not committed yet."""
    browser = door.inside()
    token = browser.cookies[cookies.NAME]
    door.enrol(browser)
    now, sealer = door.clock.now(), door.made.sealer

    def signed_in(session: Session) -> SignedIn:
        found = sessions.find_any(session, token, now=now)
        assert found is not None
        return found

    with door.made.database.transaction() as session:
        codes = second_factor.new_codes(session, signed_in(session), now=now)

    def give(session: Session) -> str | None:
        return second_factor.give_code(
            session, signed_in(session), code=codes[0], sealer=sealer, now=now
        )

    def give_second() -> str | None:
        with door.made.database.transaction() as session:
            return give(session)

    with ThreadPoolExecutor(1) as pool:
        with door.made.database.transaction() as session:
            first = give(session)
            second = pool.submit(give_second)
            wait_until_blocked(door.made.database)
        assert (first, second.result()) == (second_factor.RECOVERY_CODE, None)


def wait_until_blocked(database: Database) -> None:
    """Return when Postgres holds another transaction up; SQLite holds it up before it begins."""
    blocked = sa.text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    while database.engine.dialect.name == "postgresql":
        with database.reading() as session:
            if session.connection().execute(blocked).scalar_one():
                return


# --- no room --------------------------------------------------------------------------------------


def test_a_sign_in_without_room_is_told_to_try_again(door: Door) -> None:
    browser = door.browser()
    with ExitStack() as stack:
        for _ in range(hashing.SHARE):
            stack.enter_context(door.made.hashing.queue(Lane.STRANGER, "127.0.0.0"))
        answer = browser.post(
            "/auth/sign-in", {"email": EMAIL, "password": CHEAP_PASSWORD, "next": "/audit/"}
        )

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "Many people are signing in right now. Wait 5 seconds, then try again." in answer.text
    assert 'href="/sign-in/?next=/audit/"' in answer.text
    assert cookies.NAME not in browser.cookies
    assert door.sign_in(browser, next="/audit/") == "/audit/", "nothing was counted"


def test_strangers_in_the_queue_do_not_keep_a_known_browser_out(door: Door) -> None:
    own = door.inside()
    with ExitStack() as stack:
        for number in range(hashing.QUEUE):
            stack.enter_context(door.made.hashing.queue(Lane.STRANGER, f"{number}"))

        assert door.browser().post("/auth/sign-in", {"email": EMAIL}).status_code == 503
        assert door.sign_in(own) == "/"


@pytest.mark.parametrize("path", ["/auth/join", "/auth/prove"])
def test_every_form_with_a_password_is_told_when_there_is_no_room(door: Door, path: str) -> None:
    browser = door.inside()
    browser.get(invite(door))
    with ExitStack() as stack:
        for number in range(hashing.QUEUE):
            stack.enter_context(door.made.hashing.queue(Lane.KNOWN, f"{number}"))
        answer = browser.post(path, {"display_name": "Nia", "password": STRONG})

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
