"""Attacks over the websocket of the real server, without a browser to hold an attacker back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

import pytest
from reflex_base.registry import RegistrationContext

from tests.support.server import answers
from tests.support.siege import A_TOKEN, PRIVATE, House, besieged, leaks
from tests.support.wire import Refused, Wire
from upstage_crm.admin.guard import FRAMEWORK_HANDLERS
from upstage_crm.admin.patron_list.list_state import PatronListState
from upstage_crm.patrons import commands as patrons
from upstage_crm.patrons.tables import PatronKind
from upstage_crm.upstage_crm import PUBLIC_HANDLERS
from upstage_crm.web.environment import SOCKET_MESSAGE_LIMIT

CONNECT = "reflex___state____state.hydrate_and_load"
HANDLERS = RegistrationContext.get().event_handlers
GUARDED = sorted(
    name
    for name in set(HANDLERS) - PUBLIC_HANDLERS - FRAMEWORK_HANDLERS
    if not name.endswith(".setvar")
)
LOAD = f"{PatronListState.get_full_name()}.load"
LIST = {"pathname": "/patrons", "asPath": "/patrons/"}
CALLS = 200


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with besieged(tmp_path_factory.mktemp("attacked")) as built:
        yield built


def told(wire: Wire) -> list[str]:
    """Private words that reached a connection."""
    everything = "".join(wire.heard)
    return [word for word in PRIVATE if word in everything]


# --- handlers over the socket -------------------------------------------------------------------


def test_an_outsider_gets_nothing_from_any_staff_handler(house: House) -> None:
    before = house.dump()
    with house.wire("outsider") as wire:
        wire.join()
        for name in GUARDED:
            wire.event(name, router=LIST)
            wire.event(name, router=LIST, form={"email": "x@example.org"})
            handler = HANDLERS[name].handler.fn
            own = list(handler.__code__.co_varnames[1 : handler.__code__.co_argcount])
            wire.event(name, router=LIST, **dict.fromkeys(own, "email"))
            assert "/sign-in/" in wire.until("_redirect"), name

        assert told(wire) == []
    assert before == house.dump()


def test_a_member_gets_an_answer_on_the_same_way(house: House) -> None:
    """Else the test above would prove nothing."""
    with house.wire("member", cookie=house.cookie) as wire:
        wire.join()
        wire.event(LOAD, router=LIST)
        wire.until(PRIVATE[0])


def test_the_first_event_of_a_connection_is_guarded_too(house: House) -> None:
    """Reflex lets it travel inside the packet that opens the connection."""
    with house.wire("first") as wire:
        wire.join({"event": {"name": LOAD, "payload": {}, "router_data": LIST}})
        assert "/sign-in/" in wire.until("_redirect")
        assert told(wire) == []


def test_a_cookie_in_the_event_is_not_the_cookie_of_the_browser(house: House) -> None:
    headers = {"cookie": house.cookie, "Cookie": house.cookie}
    with house.wire("dressed", headers=[("X-Cookie", house.cookie)]) as wire:
        wire.join({"headers": headers, "cookie": house.cookie})
        wire.event(LOAD, router=LIST | {"headers": headers, "sid": "1", "ip": "::1", **headers})
        assert "/sign-in/" in wire.until("_redirect")


@pytest.mark.parametrize("name", ["connect", "\\u0063onnect"])
def test_nobody_says_anew_who_they_are(house: House, name: str) -> None:
    """The socket's own handlers answer to their names; a second "connect" would bring its own
    headers, address and tab token."""
    environ = {
        "QUERY_STRING": "token=forged",
        "asgi.scope": {"client": ["203.0.113.9", 1], "headers": []},
    }
    with house.wire("honest") as wire:
        wire.join()
        wire.say(f'42/_event,["{name}",{json.dumps(environ)}]')
        wire.event(CONNECT)
        wire.until("is_hydrated")
        assert not [text for text in wire.heard if "203.0.113.9" in text or "forged" in text]


def test_whoever_takes_over_a_tab_silently_is_sent_nothing(house: House) -> None:
    """No event, so no cookie is asked for: only the next live update could bring something."""
    with house.wire("desk", cookie=house.cookie) as dana:
        dana.join()
        dana.event(LOAD, router=LIST)
        dana.until(PRIVATE[0])
    with taken_over(house, "desk") as thief:
        with house.wire("witness", cookie=house.cookie) as witness:
            witness.join()
            witness.event(LOAD, router=LIST)
            witness.until(PRIVATE[0])

            add_patron(house, "Zora", "Latecomer")

            witness.until("Latecomer")
        thief.event(CONNECT)
        thief.until("is_hydrated")
        assert told(thief) == []
        assert "Latecomer" not in "".join(thief.heard)


def taken_over(house: House, token: str) -> Wire:
    """A connection with another browser's tab token, as soon as that browser is gone."""
    while True:
        wire = house.wire(token)
        wire.join()
        if not any("new_token" in text for text in wire.heard):
            return wire
        wire.close()


def add_patron(house: House, given: str, family: str) -> None:
    parts = house.stage.parts
    with parts.database.transaction() as session:
        patrons.add(
            parts.staff_context(session, house.stage.owner),
            kind=PatronKind.PERSON,
            raw={"given_name": given, "family_name": family},
            free={},
            parsing=parts.context(),
        )


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost", "http://localhost:1", "file://"]
)
def test_pages_of_others_get_no_socket(house: House, origin: str) -> None:
    with pytest.raises(Refused) as refused:
        house.wire(origin=origin, cookie=house.cookie)
    assert refused.value.status in (400, 403)


# --- what is no protocol ------------------------------------------------------------------------

DEEP = "[" * 20_000 + "]" * 20_000
EVENTS: list[object] = [
    7,
    "text",
    "{}",
    None,
    [1],
    {},
    {"name": 7},
    {"name": None, "payload": {}},
    {"name": {}, "payload": {}, "router_data": {}},
    {"name": "x", "payload": 7, "router_data": 7},
    {"name": CONNECT, "payload": [1]},
    {"name": CONNECT, "payload": {}, "router_data": {"pathname": 7, "asPath": []}},
    {"name": CONNECT, "payload": {"vars": {"a.b": 1}, "hashes": 7}},
    {"name": "no.such.handler", "payload": {"text": f"{A_TOKEN} {PRIVATE[1]}"}},
    {"name": f"{A_TOKEN} {PRIVATE[1]}"},
    {"name": LOAD, "payload": {"text": "\ud800"}},
]
MESSAGES: list[object] = [
    [],
    {},
    7,
    [None],
    [[]],
    [7, 7],
    ["event"],
    ["event", {"name": CONNECT}, {"name": CONNECT}],
    ["connect"],
    ["connect", 7, 7],
    ["disconnect"],
    ["__class__", {}],
    ["trigger_event", "connect"],
    ["client_error", {"message": f"{A_TOKEN} {PRIVATE[1]}"}],
    *(["event", event] for event in EVENTS),
]
FRAMES = [
    "",
    "9",
    "0{}",
    "1",
    "4",
    "40",
    "40/_event",
    "40/nowhere,",
    f"40/_event,{DEEP}",
    *(f"40/_event,{json.dumps({'event': event})}" for event in EVENTS),
    "41/_event,",
    "42",
    "42/_event,",
    f"42/_event,{DEEP}",
    *(f"42/_event,{json.dumps(message)}" for message in MESSAGES),
    '42/_event,99999999999999999999["event",{}]',
    '4299999,["event",{}]',
    '45999999-/_event,["event",{}]',
    '451-/_event,["event",{"_placeholder":true,"num":0}]',
    '451-/_event,["event",{"_placeholder":true,"num":-1}]',
    "43/_event,1[]",
    "44/_event,{}",
    "bAAAA",
    "6",
    "\x00",
    "4" * 5_000,
]


@pytest.mark.parametrize("is_joined", [True, False])
def test_what_is_no_protocol_hurts_nobody(house: House, is_joined: bool) -> None:
    before = house.dump()
    for number, frame in enumerate(FRAMES):
        with house.wire(f"odd-{number}") as wire:
            if is_joined:
                wire.join()
            wire.say(frame)
            wire.farewell()
            assert leaks("".join(wire.heard)) == [], frame[:80]
        assert answers(f"{house.server.url}/health"), frame[:80]
    assert before == house.dump()


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff" * 64,
        b"\x81\xfe",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x82\x80\x00\x00\x00\x00",
        b"\x88\x00",
    ],
    ids=["noise", "half a head", "another protocol", "empty binary", "close without mask"],
)
def test_bytes_that_are_no_frames_end_the_connection_only(house: House, raw: bytes) -> None:
    with house.wire("noise") as wire:
        wire.join()
        wire.say_bytes(raw)
    assert answers(f"{house.server.url}/health")


def test_a_message_above_the_limit_ends_the_connection_only(house: House) -> None:
    with house.wire("large") as wire:
        wire.join()
        wire.event(LOAD, text="x" * (2 * SOCKET_MESSAGE_LIMIT))
        wire.until_closed()
    assert answers(f"{house.server.url}/health")


def test_many_connections_that_come_and_go_leave_the_server_well(house: House) -> None:
    for number in range(CALLS):
        with suppress(Refused), house.wire(f"passing-{number}") as wire:  # there may be no room
            if number % 2:
                wire.say("40/_event,")

    with house.wire("afterwards", cookie=house.cookie) as wire:
        wire.join()
        wire.event(CONNECT)
        wire.until("is_hydrated")


def test_the_log_holds_no_token_and_no_address(house: House) -> None:
    """After all of the above: the last test of the file."""
    with house.wire("last", cookie=house.cookie) as wire:
        wire.join()
        wire.event(LOAD, router=LIST | {"asPath": f"/patrons/?q={PRIVATE[1]}&t={A_TOKEN}"})
        wire.until("Lindqvist")
    log = house.server.log

    assert house.session not in log
    assert A_TOKEN.rpartition(".")[2] not in log
    assert [word for word in PRIVATE if "@" in word and word in log] == []
    assert "\nTraceback" not in log, "a trace that did not pass our masks"
