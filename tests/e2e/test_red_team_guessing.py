"""Guessing who is known: from words, from headers, and from the time that an answer takes.

Times are compared as the shortest of tries that take turns: a busy machine can only lengthen a try.
Where the ways differ by what they do, no number of tries brings their shortest together.
"""

from __future__ import annotations

import itertools
import math
import re
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from tests.support.raw_http import Answer, ask, press
from tests.support.siege import House, besieged
from tests.support.stage import PASSWORD, PATRONS, READER
from upstage_crm.admin.patron_list.list_state import PatronListState
from upstage_crm.admin.patrons.add_state import AddPatronState
from upstage_crm.admin.patrons.propose_state import ProposeState
from upstage_crm.audit.events import OPERATOR, Channel
from upstage_crm.http.even_time import TAKES_S
from upstage_crm.staff import accounts
from upstage_crm.staff.auth import passwords
from upstage_crm.staff.roles import Role
from upstage_crm.tables import metadata

TRIES, MOST_TRIES = 15, 40
NETWORKS = itertools.count()
FACTOR = 1.5
MEMBER, GONE = "guessed@theatre.example", "gone@theatre.example"
VOLATILE = ("date", "x-request-id")

Try = Callable[[], Answer]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """With a member and a former one whose passwords are hashed as in earnest."""
    folder, settings = tmp_path_factory.mktemp("guessed"), {"UPSTAGE_TRUSTED_PROXIES": "127.0.0.1"}
    with besieged(folder, requests=2, settings=settings) as built:
        hashed, parts = passwords.hash_password(PASSWORD), built.stage.parts
        with parts.database.transaction() as session:
            how = {"actor": OPERATOR, "channel": Channel.COMMAND_LINE, "now": parts.clock.now()}
            for email in (MEMBER, GONE):
                accounts.add(
                    session,
                    email=email,
                    display_name="Sam",
                    desk="",
                    role=Role.READ_ONLY,
                    password_hash=hashed,
                    **how,
                )
            accounts.disable(session, email=GONE, **how)
        yield built


def looks(answer: Answer, *echoed: str) -> tuple[object, ...]:
    """What can be seen of an answer, without what was typed and what is never twice the same."""
    body, headers = answer.body, dict(answer.headers)
    for name in VOLATILE:
        headers.pop(name, None)
    for text in echoed:
        body = body.replace(text, "…")
        headers = {name: value.replace(text, "…") for name, value in headers.items()}
    if echoed:
        headers.pop("content-length", None)
    return answer.status, tuple(sorted(headers.items())), answer.cookies, body


def assert_alike(ways: Mapping[str, Try]) -> None:
    """Try the ways in turns until the shortest times are alike, `MOST_TRIES` times at most."""
    shortest = dict.fromkeys(ways, math.inf)
    for turn in range(MOST_TRIES):
        for name, way in ways.items():
            begun = time.perf_counter()
            way()
            shortest[name] = min(shortest[name], time.perf_counter() - begun)
        if turn and are_alike(shortest):
            return
    assert are_alike(shortest), {name: f"{1000 * took:.1f} ms" for name, took in shortest.items()}


def are_alike(times: Mapping[str, float]) -> bool:
    return max(times.values()) <= FACTOR * min(times.values())


# --- signing in ---------------------------------------------------------------------------------


def refusals(house: House) -> dict[str, Try]:
    def attempt(email: str, password: str) -> Try:
        form = {"email": email, "password": password, "next": "/patrons/"}
        # Each from another network: one that has to wait is answered before anything is checked.
        return lambda: press(
            house.server, "/auth/sign-in", form, X_Forwarded_For=f"198.51.{next(NETWORKS)}.7"
        )

    return {
        "a member, a wrong password": attempt(MEMBER, "not the password of anybody"),
        "nobody": attempt("nobody@theatre.example", PASSWORD),
        "somebody who has left": attempt(GONE, PASSWORD),
        "a patron": attempt(PATRONS[0]["email"], PASSWORD),
        "no address": attempt("no address at all", PASSWORD),
        "a very long password": attempt(MEMBER, "x" * 100_000),
    }


def test_every_refused_sign_in_looks_the_same(house: House) -> None:
    seen = {name: looks(attempt()) for name, attempt in refusals(house).items()}

    assert len(set(seen.values())) == 1, seen
    assert "/sign-in/?refused=1&next=/patrons/" in str(seen["nobody"])
    form = {"email": MEMBER, "password": PASSWORD, "next": "/patrons/"}
    right = press(house.server, "/auth/sign-in", form)
    assert right.location == "/patrons/", "else none was refused for its own reason"


def test_no_refused_sign_in_takes_longer_than_another(house: House) -> None:
    """The others differ from these only before the password is looked at, and by little."""
    ways = refusals(house)
    told_apart = ("a member, a wrong password", "nobody", "somebody who has left")
    assert_alike({name: ways[name] for name in told_apart})


# --- the code form ------------------------------------------------------------------------------


def guesses(house: House) -> dict[str, Try]:
    def attempt(reference: str, code: str) -> Try:
        form = {"reference": reference, "code": code}
        return lambda: press(house.server, "/confirm/code", form)

    known = house.requests[1].reference
    return {
        "known": attempt(known, "AAAA-AAAA"),
        "unknown": attempt("ZZ-ZZZ", "AAAA-AAAA"),
        "no reference": attempt("?", "AAAA-AAAA"),
        "nothing": attempt("", ""),
    }


def test_the_code_form_does_not_tell_which_references_there_are(house: House) -> None:
    """In words, in headers, and in time; also when the tries for one are used up."""
    ways = guesses(house)
    echoed = {"known": house.requests[1].reference, "unknown": "ZZ-ZZZ", "no reference": '"?"'}
    seen: list[tuple[object, ...]] = []
    took: dict[str, list[float]] = {name: [] for name in ways}

    def timed(name: str) -> None:
        begun = time.perf_counter()
        answer = ways[name]()
        took[name].append(time.perf_counter() - begun)
        assert answer.status == 400
        if name in echoed:
            blank = re.sub(r'id="reference" name="reference" value="[^"]*"', "", answer.body)
            seen.append((*looks(answer, answer.body)[:3], blank))

    # They rest in the server, not on a processor: many at a time take as long as one.
    with ThreadPoolExecutor(2 * len(ways)) as pool:
        list(pool.map(timed, TRIES * list(ways)))

    assert len(set(seen)) == 1
    shortest = {name: min(times) for name, times in took.items()}
    assert are_alike(shortest), shortest
    assert min(min(times) for times in took.values()) >= TAKES_S
    # They came at once, and yet each was counted: now the right code opens nothing either.
    right = house.stage.parts.codec.short_code(house.claims(1))
    form = {"reference": house.requests[1].reference, "code": right}
    assert press(house.server, "/confirm/code", form).status == 400


def test_the_right_code_opens_after_the_same_time(house: House) -> None:
    """Else the refusals above might be those of a form that opens nothing."""
    code = house.stage.parts.codec.short_code(house.claims(0))
    form = {"reference": house.requests[0].reference, "code": code}
    begun = time.perf_counter()

    answer = press(house.server, "/confirm/code", form)

    assert time.perf_counter() - begun >= TAKES_S
    assert f"/confirm/?link={house.claims(0).key}" == answer.location


# --- what is there and what is not --------------------------------------------------------------


def pairs(house: House) -> list[tuple[str, str, str]]:
    """An address with a place for a name, a name that exists, and one that does not."""
    with house.stage.parts.database.reading() as session:
        query = sa.select(metadata.tables["mail_outbox"].c.id)
        mail = str(session.connection().execute(query).scalars().first())
    number, reference = str(house.stage.numbers[0]), house.requests[0].reference
    key = house.claims(0).key
    return [
        ("/patrons/{}/", number, "99999"),
        ("/requests/{}/", reference, "ZZ-ZZZ"),
        ("/mailbox/raw/{}", mail, "f" * len(mail)),
        ("/mailbox/?mail={}", mail, "f" * len(mail)),
        ("/mailbox/sample?mail={}", "decision_request.proposed", "no_such.mail"),
        ("/requests/receipt/{}.json", mail, "f" * len(mail)),
        ("/confirm/?link={}", key, "A" * len(key)),
        ("/confirm/plain?link={}", key, "A" * len(key)),
        ("/confirm/receipt?link={}", key, "A" * len(key)),
        ("/confirm/receipt.pdf?link={}", key, "A" * len(key)),
        ("/c/{}", house.token(0)[:-2], "A" * 200),
    ]


def test_what_is_there_looks_to_a_stranger_like_what_is_not(house: House) -> None:
    for path, there, not_there in pairs(house):
        seen = [
            looks(ask(house.server, path.format(name)), name, name.upper())
            for name in (there, not_there)
        ]
        assert seen[0] == seen[1], path


def test_what_a_reader_may_not_see_looks_like_what_is_not_there(house: House) -> None:
    cookie = house.cookie_of(READER)
    for path, there, not_there in pairs(house)[2:6]:
        seen = [
            looks(ask(house.server, path.format(name), Cookie=cookie), name)
            for name in (there, not_there)
        ]
        assert seen[0] == seen[1], path


def test_no_handler_tells_a_stranger_whether_an_address_is_taken(house: House) -> None:
    taken, free = PATRONS[0]["email"], "free.address@example.com"

    def heard(email: str) -> list[str]:
        form = {"email": email, "given_name": "A", "family_name": "B", "reason": "asked_by_phone"}
        with house.wire(f"asks for {len(email)} {email[0]}") as wire:
            wire.join()
            for name, payload in (
                (f"{PatronListState.get_full_name()}.search", {"text": email}),
                (f"{AddPatronState.get_full_name()}.add", {"form": form}),
                (f"{ProposeState.get_full_name()}.typed", {"part": "email", "text": email}),
                (f"{ProposeState.get_full_name()}.check", {}),
                (f"{ProposeState.get_full_name()}.send", {"form": form}),
            ):
                place = {"pathname": "/patrons", "asPath": "/patrons/"}
                wire.event(name, router=place, **payload)
                wire.until("/sign-in/")
            wire.farewell()
            # What differs by nature: the socket's own name, and the tab's.
            named = "".join(wire.heard[1:])
            return re.findall(r'"name":"[^"]*"|"path":"[^"]*"', named)

    assert heard(taken) == heard(free)
