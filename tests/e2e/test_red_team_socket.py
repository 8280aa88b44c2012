"""Thousands of events that no page of ours would send: from outside, from the desk, from a reader.

They are drawn from a seed (`tests.support.hostile`), so a failure repeats. What reaches a handler
and what is stopped before it may differ from draw to draw; that nothing is told, written or broken
may not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

import pytest
import sqlalchemy as sa
from reflex_base.registry import RegistrationContext

from tests.support.hostile import Hostile
from tests.support.proof import KEYS
from tests.support.raw_http import ask
from tests.support.server import answers
from tests.support.siege import PRIVATE, House, besieged, leaks
from tests.support.stage import CLERK, READER
from tests.support.wire import Refused
from upstage_crm.admin.guard import FRAMEWORK_HANDLERS
from upstage_crm.audit.events import Action
from upstage_crm.proof.verifying import verify
from upstage_crm.tables import metadata
from upstage_crm.upstage_crm import PUBLIC_HANDLERS
from upstage_crm.wiring import PROTECTED

CONNECT = "reflex___state____state.hydrate_and_load"
FAILED = next(name for name in FRAMEWORK_HANDLERS if name.endswith("frontend_exception"))
HANDLERS = {
    name: list(signature(known.handler.fn).parameters)[1:]
    for name, known in RegistrationContext.get().event_handlers.items()
}
PUBLIC = {name.rpartition(".")[0] for name in PUBLIC_HANDLERS}  # the states that answer any visitor
STATE = "reflex___state____state.upstage_crm___admin___guard____admin_state"
PAGES = {
    "/patrons": f"{STATE}.upstage_crm___admin___patron_list___list_state____patron_list_state.load",
}
BATCH = 100
TABS = 5
OUTSIDERS, MEMBERS = 10_000, 1_500


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with besieged(tmp_path_factory.mktemp("bombarded"), requests=2) as built:
        yield built


@dataclass
class Bombardment:
    """What came back, and what the server wrote down meanwhile."""

    sent: int = 0
    heard: list[str] = field(default_factory=list)
    log: str = ""

    def told(self, words: Sequence[str]) -> list[str]:
        everything = "".join(self.heard)
        return [word for word in words if word in everything]

    def count(self, part: str) -> int:
        return sum(part in text for text in self.heard)


def bombard(house: House, *, seed: int, events: int, cookie: str = "") -> Bombardment:
    """Send `events` hostile events over many connections, and wait until all are dealt with."""
    reference = house.requests[0].reference
    hostile = Hostile(seed, HANDLERS, number=house.stage.numbers[0], reference=reference)
    made, before = Bombardment(), len(house.server.log)
    for batch in range(events // BATCH):
        with house.wire(f"{seed}-{batch % TABS}", cookie=cookie) as wire:
            wire.say(hostile.event())  # before it has joined
            wire.join()
            for page, load in PAGES.items():
                wire.event(load, router={"pathname": page, "asPath": f"{page}/"})
            for _ in range(BATCH):
                wire.say(hostile.event())
            mark = f"mark-{batch}-"
            wire.event(CONNECT, router={"pathname": "/nowhere", "asPath": f"/nowhere/?{mark}"})
            wire.until(mark)
            wire.say_binary(hostile.binary())
            wire.say(hostile.junk())
            wire.farewell()
            made.heard += wire.heard
            made.sent += BATCH + 1
    made.log = house.server.log[before:]
    return made


def assert_unharmed(house: House, made: Bombardment) -> None:
    assert answers(f"{house.server.url}/health")
    assert leaks_of_traces(made) == []
    assert "Traceback" not in made.log
    assert re.findall(r'"status": 5\d\d', made.log) == []


def leaks_of_traces(made: Bombardment) -> list[str]:
    return [word for word in leaks("".join(made.heard)) if word not in PRIVATE]


def test_an_outsider_reaches_nothing_with_ten_thousand_events(house: House) -> None:
    before = house.dump()

    made = bombard(house, seed=1, events=OUTSIDERS)

    assert made.sent >= OUTSIDERS
    assert_unharmed(house, made)
    assert made.told(PRIVATE) == []
    assert before == house.dump()
    # Else none of them came as far as our own guard, or as a page that is for everybody.
    assert made.count('"_redirect"') > OUTSIDERS // 10
    assert [state for state in PUBLIC if not made.count(f'"{state}"')] == []
    assert len(made.log) < OUTSIDERS, "nothing at length, whatever was sent"


def test_a_clerk_breaks_nothing_and_decides_nothing_for_a_patron(house: House) -> None:
    before = {number: house.stage.values_of(number) for number in house.stage.numbers}

    made = bombard(house, seed=2, events=MEMBERS, cookie=house.cookie_of(CLERK))

    assert_unharmed(house, made)
    assert before == {number: house.stage.values_of(number) for number in house.stage.numbers}
    with house.stage.parts.database.reading() as session:
        assert verify(session, protected=PROTECTED, public_keys=KEYS).is_clean
    assert PRIVATE[0] in made.told(PRIVATE), "else the way was not open"


def test_a_reader_changes_nothing_and_sees_no_mail(house: House) -> None:
    cookie = house.cookie_of(READER)
    before = without_own(house)

    made = bombard(house, seed=3, events=MEMBERS, cookie=cookie)

    assert_unharmed(house, made)
    assert before == without_own(house)
    assert made.told(subjects(house)) == []
    assert PRIVATE[0] in made.told(PRIVATE), "else the way was not open"


def without_own(house: House) -> dict[str, list[Any]]:
    """Every row but those of a member's own account: sessions, a new app, a wrong password.

    What the trail and the log of touched rows say of them is theirs as well.
    """
    tables = house.dump()
    for name in ("staff_session", "staff_totp", "sign_in_failure", "audit_head", "audit_value"):
        del tables[name]
    (reader,) = [row[0] for row in tables["staff"] if READER in row]
    columns = {name: list(metadata.tables[name].c.keys()) for name in tables}

    def others(name: str) -> list[Any]:
        places = [columns[name].index(column) for column in ("subject", "row_id")]
        found = [tuple(row[place] for place in places) for row in tables[name]]
        return [ref for ref in found if ref != ("staff", reader) and ref[0] != "staff_session"]

    action = columns["audit_entry"].index("action")
    of_own = (Action.SESSIONS_ENDED, Action.ROWS_RECORDED)
    told = [row[action] for row in tables["audit_entry"] if row[action] not in of_own]
    return {
        **tables,
        "audit_entry": told,
        "recorded_row": others("recorded_row"),
        "touched_row": others("touched_row"),
    }


def subjects(house: House) -> list[str]:
    query = sa.select(metadata.tables["mail_outbox"].c.subject)
    with house.stage.parts.database.reading() as session:
        return list(session.connection().execute(query).scalars())


def test_a_stranger_does_not_fill_the_log(house: House) -> None:
    """Everybody may say what a browser's script failed with."""
    before = len(house.server.log)
    with house.wire("complains") as wire:
        wire.join()
        for number in range(500):
            wire.event(FAILED, info=f"{number} {'x' * 2_000}", component_stack="")
        wire.event(CONNECT, router={"pathname": "/nowhere", "asPath": "/nowhere/?heard-all"})
        wire.until("heard-all")

    assert len(house.server.log) - before < 30_000


def test_no_handshake_takes_over_a_connection(house: House) -> None:
    """Neither by the name that the server gave to it, nor by an older or another transport."""
    # Not the house's own session: a clerk of the attacks above may have ended it.
    with house.wire("held", cookie=house.cookie_of(CLERK)) as wire:
        wire.join()
        sid = json.loads(wire.heard[0][1:])["sid"]
        for query in (
            f"EIO=4&transport=websocket&sid={sid}",
            f"EIO=4&transport=polling&sid={sid}",
            "EIO=4&transport=websocket&sid=%00",
            "EIO=4&transport=websocket&sid=<script>alert(1)</script>",
            "EIO=4&transport=polling",
            "EIO=3&transport=websocket",
            "EIO=NaN&transport=websocket",
            "EIO=4&transport=x&j=y",
            "",
        ):
            path = f"/_event/?{query}"
            with pytest.raises(Refused) as refused:
                house.wire(path=path)
            assert refused.value.status in (400, 403), query
            for method in ("GET", "POST", "OPTIONS"):
                answer = ask(house.server, path, method=method, Content_Length="0")
                assert answer.status in (200, 400), query
                assert leaks(answer.body) == [], query
                assert "html" not in answer.headers.get("content-type", ""), query
        wire.event(PAGES["/patrons"], router={"pathname": "/patrons", "asPath": "/patrons/"})
        wire.until(PRIVATE[0])
    assert "Traceback" not in house.server.log
