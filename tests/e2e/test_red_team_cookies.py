"""Games with cookies and tabs: chosen ones, doubled ones, those of others, those of the past."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests.support.raw_http import Answer, ask, press
from tests.support.settings import PROVIDER
from tests.support.siege import PRIVATE, House, besieged, leaks
from tests.support.stage import CLERK, PASSWORD, READER
from upstage_crm.admin.patron_list.list_state import PatronListState
from upstage_crm.audit.events import OPERATOR, Channel
from upstage_crm.change_requests.model.rules import RequestState
from upstage_crm.confirm.state import ConfirmState
from upstage_crm.http.session_cookie import (
    NAME,
    SECURE_NAME,
)
from upstage_crm.staff import accounts
from upstage_crm.tables import metadata

LOAD = f"{PatronListState.get_full_name()}.load"
LIST = {"pathname": "/patrons", "asPath": "/patrons/"}
CONFIRM = ConfirmState.get_full_name()
HTTPS = "https://crm.example.org"
CHOSEN = "C" * 43  # the length of one of ours


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with besieged(tmp_path_factory.mktemp("cookies"), requests=2) as built:
        yield built


def sign_in(house: House, email: str, *, cookie: str = "", origin: str = "") -> Answer:
    form = {"email": email, "password": PASSWORD, "next": "/patrons/"}
    return press(
        house.server,
        "/auth/sign-in",
        form,
        cookie=cookie,
        **({"Origin": origin} if origin else {}),
    )


def session_in(answer: Answer, name: str = NAME) -> str:
    """The session that an answer gives to the browser, "" when it gives none."""
    given = [made.partition(";")[0] for made in answer.cookies if made.startswith(f"{name}=")]
    return given[0].partition("=")[2].strip('"') if given else ""


def is_inside(house: House, cookie: str) -> bool:
    """Whether a browser with these cookies is shown staff pages; a socket must say the same."""
    page = ask(house.server, "/patrons/", Cookie=cookie)
    assert page.status in (200, 303)
    assert (page.status == 200) == hears_patrons(house, cookie)
    return page.status == 200


def hears_patrons(house: House, cookie: str) -> bool:
    with house.wire("probe-" + hashlib.sha256(cookie.encode()).hexdigest(), cookie=cookie) as wire:
        wire.join()
        wire.event(LOAD, router=LIST)
        while True:
            text = wire.until('"event"')
            if "/sign-in/" in text and "_redirect" in text:
                return False
            if PRIVATE[0] in text:
                return True


def known_sessions(house: House) -> set[str]:
    with house.stage.parts.database.reading() as session:
        query = sa.select(metadata.tables["staff_session"].c.id)
        return set(session.connection().execute(query).scalars())


# --- sessions that an attacker has chosen -------------------------------------------------------


def test_a_session_that_was_set_before_is_never_adopted(house: House) -> None:
    """Who could slip a cookie to our clerk must not find the clerk's session behind it."""
    readers, former = (house.cookie_of(who).partition("=")[2] for who in (READER, CLERK))
    given: set[str] = set()
    for chosen in (CHOSEN, readers, former, "", "x"):
        answer = sign_in(house, CLERK, cookie=f"{NAME}={chosen}")

        assert (answer.status, answer.location) == (303, "/patrons/")
        made = session_in(answer)
        assert made not in (chosen, "")
        assert len(made) >= 43
        given.add(made)

    assert len(given) == 5, "each sign-in has a session of its own"
    assert hashlib.sha256(CHOSEN.encode()).hexdigest() not in known_sessions(house)
    assert not is_inside(house, f"{NAME}={CHOSEN}")
    for ended in (readers, former):
        assert not is_inside(house, f"{NAME}={ended}"), "a thief who held it before is out"


def test_a_refused_sign_in_gives_no_session_and_takes_none(house: House) -> None:
    before = known_sessions(house)
    for email, password in ((CLERK, "wrong"), ("nobody@theatre.example", PASSWORD)):
        form = {"email": email, "password": password}
        answer = press(house.server, "/auth/sign-in", form, cookie=house.cookie)
        assert answer.cookies == ()
    assert before == known_sessions(house)
    assert is_inside(house, house.cookie)


def test_no_page_of_others_signs_anybody_in(house: House) -> None:
    """Signed in under a stranger's account, a clerk would type patrons into it."""
    ours, before = house.server.url, known_sessions(house)
    for origin in (
        "null",
        "https://evil.example",
        f"{ours}.evil.example",
        f"{ours}@evil.example",
        f"{ours}/",
        ours.upper(),
        ours.replace("http:", "https:"),
        ours.rpartition(":")[0],
        f"{ours}, https://evil.example",
        f"{ours}\x00",
        "\xff",
    ):
        answer = sign_in(house, CLERK, origin=origin)
        assert answer.status in (400, 403), origin
        assert answer.cookies == (), origin
    assert before == known_sessions(house)


# --- names and numbers of cookies ---------------------------------------------------------------


def test_only_the_very_name_counts(house: House) -> None:
    good = house.session
    for cookie in (
        f"{SECURE_NAME}={good}",
        f"__Secure-{NAME}={good}",
        f"{NAME.upper()}={good}",
        f"{NAME}[]={good}",
        f"{NAME}%3D{good}",
        f"{NAME.replace('-', '%2d')}={good}",
        f"{NAME} ={good}",
        f"{NAME}\t={good}",
        f"x{NAME}={good}",
        f"${NAME}={good}",
        f"{NAME}=={good}",
        f"{NAME}={good}x",
        f"{NAME}={good[:-1]}",
        f"{NAME}={good.swapcase()}",
        f"{NAME}={good},x=y",
        f"x=y,{NAME}={good}",
        f"x={NAME}={good}",
        f"{NAME}={hashlib.sha256(good.encode()).hexdigest()}",
        f"{NAME}=%{ord(good[0]):02x}{good[1:]}",
        good,
        f"={good}",
    ):
        assert not is_inside(house, cookie), cookie.replace(good, "*")
    assert is_inside(house, f"{NAME}={good}")
    assert is_inside(house, f'a="b; c; {NAME}={good}; =;')


def test_a_second_cookie_of_the_name_gives_nobody_more(house: House) -> None:
    """Whichever counts, page and socket agree, and none makes two halves into a whole."""
    reader, half = house.cookie_of(READER), house.session[:21]
    for cookie in (
        f"{NAME}={CHOSEN}; {NAME}={CHOSEN}",
        f"{NAME}={half}; {NAME}={house.session[21:]}",
        f"{NAME}=; {NAME}=",
    ):
        assert not is_inside(house, cookie)
    for cookie in (f"{reader}; {NAME}={CHOSEN}", f"{NAME}={CHOSEN}; {reader}"):
        is_inside(house, cookie)  # compares page and socket


def test_many_and_long_cookies_of_others_hide_nothing_and_break_nothing(house: House) -> None:
    junk = "; ".join(f"a{number}={'x' * 40}" for number in range(150))
    assert is_inside(house, f"{junk}; {house.cookie}")
    links = "; ".join(f"upstage-link-{number:012d}={'y' * 300}" for number in range(100))
    for path in ("/confirm/plain?link=000000000001", "/confirm/receipt?link=000000000001"):
        answer = ask(house.server, path, Cookie=links)
        assert answer.status == 404, path
        assert leaks(answer.body) == []
    opened = ask(house.server, f"/c/{house.token(0)}", Cookie=links)
    assert opened.status == 303
    assert len(opened.cookies) == 96  # the oldest 95 go, so that six remain
    assert ask(house.server, "/patrons/", Cookie=f"{NAME}={'z' * 15_000}").status == 303


# --- sessions of the past -----------------------------------------------------------------------


def test_an_ended_session_opens_nothing_anywhere(house: House) -> None:
    cookie = house.cookie_of(CLERK)
    before_it_ends = outlook(house, cookie)
    with house.wire("left open", cookie=cookie) as wire:
        wire.join()
        wire.event(LOAD, router=LIST)
        wire.until(PRIVATE[0])

        left = press(house.server, "/auth/sign-out", {}, cookie=cookie)

        assert left.location == "/sign-in/?signed_out=1"
        told = len(wire.heard)
        wire.event(LOAD, router=LIST)
        wire.until("/sign-in/")
        assert not [text for text in wire.heard[told:] if PRIVATE[0] in text]
    assert {200} == set(before_it_ends.values())
    assert {303} == set(outlook(house, cookie).values())
    assert not is_inside(house, cookie)


def outlook(house: House, cookie: str) -> dict[str, int]:
    paths = ("/patrons/", "/requests/", "/mailbox/")
    return {path: ask(house.server, path, Cookie=cookie).status for path in paths}


def test_a_disabled_account_is_out_in_the_middle_of_its_work(house: House) -> None:
    cookie = house.cookie_of(READER)
    parts = house.stage.parts
    with house.wire("disabled", cookie=cookie) as wire:
        wire.join()
        wire.event(LOAD, router=LIST)
        wire.until(PRIVATE[0])
        with parts.database.transaction() as session:
            accounts.disable(
                session,
                email=READER,
                actor=OPERATOR,
                channel=Channel.COMMAND_LINE,
                now=parts.clock.now(),
            )
        wire.event(LOAD, router=LIST)
        wire.until("/sign-in/")
    assert not is_inside(house, cookie)


# --- tabs of others -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "token", ["", "desk", "../desk", "desk\0", "d" * 5_000, "desk&token=other", "%64esk", "*"]
)
def test_the_name_of_a_tab_opens_nothing(house: House, token: str) -> None:
    """While its owner is there, and whatever one calls it."""
    with house.wire("desk", cookie=house.cookie) as dana:
        dana.join()
        dana.event(LOAD, router=LIST)
        dana.until(PRIVATE[0])
        with house.wire(token) as thief:
            thief.join()
            if token:
                thief.event(LOAD, router=LIST)
                thief.until("/sign-in/")
            thief.farewell()
            assert [word for word in PRIVATE if word in "".join(thief.heard)] == []
        dana.event(LOAD, router=LIST)
        dana.until(PRIVATE[0])


# --- links of others ----------------------------------------------------------------------------


def test_the_link_of_one_request_opens_no_other(house: House) -> None:
    """Case by case: key and token of two requests, of two purposes, and with a session in it."""
    mine, others = house.claims(0), house.claims(1)
    notice = house.claims(0, "notice")
    mint, before = house.stage.parts.codec.mint, house.substance()
    for key, token in (
        (mine.key, mint(others)),
        (others.key, mint(mine)),
        (mine.key, mint(notice)),
        (notice.key, mint(mine)),
        (mine.key, house.session),
        (mine.key, mine.key),
    ):
        cookie = f"upstage-link-{key}={token}"
        for path in ("plain", "receipt", "receipt.json", "receipt.pdf"):
            answer = ask(house.server, f"/confirm/{path}?link={key}", Cookie=cookie)
            assert answer.status == 404, path
            assert leaks(answer.body) == [], path
        with house.wire(f"swapped-{token[-20:]}-{key}", cookie=cookie) as wire:
            wire.join()
            place = {"pathname": "/confirm", "asPath": f"/confirm/?link={key}"}
            for name in ("load", "approve", "reject", "object_to"):
                wire.event(f"{CONFIRM}.{name}", router=place)
            wire.until("This link does not work")
            wire.farewell()
            assert leaks("".join(wire.heard)) == []
    assert before == house.substance()
    assert RequestState.PENDING is house.state(0) is house.state(1)


# --- under https --------------------------------------------------------------------------------


def test_under_https_only_a_cookie_that_nobody_else_can_set_counts(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """A page of another host of the domain may set any cookie but one with `__Host-`."""
    folder = tmp_path_factory.mktemp("https")
    settings = PROVIDER | {"UPSTAGE_PUBLIC_URL": HTTPS}
    with besieged(folder, requests=1, settings=settings) as house:
        secure, plain = f"{SECURE_NAME}={house.session}", f"{NAME}={house.session}"
        assert ask(house.server, "/patrons/", Cookie=plain).status == 303
        assert ask(house.server, "/patrons/", Cookie=secure).status == 200
        assert ask(house.server, "/patrons/", Cookie=f"{NAME}=x; {secure}").status == 200

        given = sign_in(house, CLERK, cookie=f"{SECURE_NAME}={CHOSEN}", origin=HTTPS)
        assert session_in(given, SECURE_NAME) not in ("", CHOSEN)
        assert len(given.cookies) == 2, "the session, and the browser's own"
        for made in (text.lower() for text in given.cookies):
            assert made.startswith("__host-")
            assert "; secure" in made
            assert "; path=/;" in f"{made};"
            assert "domain" not in made

        claims, token = house.claims(0), house.token(0)
        link = f"upstage-link-{claims.key}={token}"
        for cookie, is_open in ((link, False), (f"__Host-{link}", True)):
            page = ask(house.server, f"/confirm/plain?link={claims.key}", Cookie=cookie)
            assert is_open == ('name="answer"' in page.body), cookie[:20]
