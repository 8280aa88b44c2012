"""Which texts of a websocket pass to Reflex, and what happens to all others."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from typing import TYPE_CHECKING, Any

import pytest

from upstage_crm.web.environment import SOCKET_MESSAGE_LIMIT
from upstage_crm.web.socket_messages import DEEPEST, EventsOnly, is_ours

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

PLACE = {"pathname": "/patrons/[number]", "asPath": "/patrons/7/?q=a#b", "query": {"number": "7"}}
EVENT: dict[str, Any] = {"name": "known", "payload": {"form": {"a": "b"}}, "router_data": PLACE}


def passes(text: str) -> bool:
    return is_ours(text, is_known={"known"}.__contains__)


def event(**changed: Any) -> str:
    return "42/_event," + json.dumps(["event", {**EVENT, **changed}])


def place(**changed: Any) -> str:
    return event(router_data={**PLACE, **changed})


def nested(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "3",
        "40/_event",
        "40/_event,",
        "41/_event,",
        "40/_event," + json.dumps({"event": EVENT, "state_schema": "abc"}),
        "40/_event,{}",
        '42/_event,["ping"]',
        '42/_event,["client_error",{"message":"x"}]',
        event(),
        event(payload={}, traceparent="00-1-2-01"),
        '42/_event,["event",{"name":"known"}]',
        place(query={}),
        place(asPath="//patrons//"),
        event(payload={"text": "\N{PILE OF POO} é \\ud800"}),
    ],
)
def test_what_our_pages_send_passes(text: str) -> None:
    assert passes(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2",
        "2probe",
        "5",
        "6",
        "4",
        "40",
        "42",
        "bAAAA",
        "43/_event,1[]",
        "44/_event,{}",
        '451-/_event,["event",{"_placeholder":true,"num":0}]',
        "40/admin,",
        "40/_event/,",
        "40/_event,7",
        "40/_event,[]",
        '40/_event,{"event":7}',
        "41/_event,{}",
        "42/_event",
        "42/_event,",
        "42/_event,{}",
        "42/_event,[]",
        '42/_event,7["ping"]',
        '42/_event,["connect",{}]',
        '42/_event,["disconnect"]',
        '42/_event,["ping",1]',
        '42/_event,["client_error"]',
        '42/_event,["client_error","x"]',
        '42/_event,["event"]',
        '42/_event,["event",{"name":"known"},{}]',
        '42/_event,["event",{"name":"known","payload":{"a":NaN}}]',
        '42/_event,["event",{"name":"known","payload":{"a":-Infinity}}]',
        f'42/_event,["event",{{"name":"known","payload":{{"a":{"9" * 5_000}}}}}]',
        f"42/_event,{'[' * 20_000}{']' * 20_000}",
        event(name="unknown"),
        event(name=7),
        event(name=["known"]),
        event(payload=[]),
        event(payload=None),
        event(payload={"text": "\ud800"}),
        event(payload={"\udfff": "text"}),
        event(payload={"form": nested(DEEPEST)}),
        event(router_data=[]),
        place(pathname=7),
        place(asPath=None),
        place(asPath={}),
        place(asPath="http://[::1"),
        place(asPath="//[::1"),
        place(asPath="patrons"),
        place(asPath="/\ud800"),
        place(query=None),
        place(query=[]),
        place(query="q=a"),
        place(query={"q": ["a"]}),
    ],
)
def test_whatever_else_there_is_does_not(text: str) -> None:
    assert not passes(text)


def test_depth_alone_does_not_decide() -> None:
    assert passes(event(payload={"form": nested(5)}))


def test_a_connection_goes_on_without_what_was_dropped() -> None:
    """The app hears the first message of ours after it; the end of a connection always arrives."""
    ours = event()
    too_long = "4" * (SOCKET_MESSAGE_LIMIT + 1)  # engine.io refuses it by its length, unread
    incoming: deque[Message] = deque(
        [
            {"type": "websocket.connect"},
            {"type": "websocket.receive", "bytes": b"\x00", "text": None},
            {"type": "websocket.receive", "text": '42/_event,["connect",{}]'},
            {"type": "websocket.receive", "text": ours},
            {"type": "websocket.receive", "bytes": ours.encode()},
            {"type": "websocket.receive", "text": too_long},
            {"type": "websocket.disconnect", "code": 1000},
        ]
    )
    heard: list[str] = []

    async def app(_scope: Scope, receive: Receive, _send: Send) -> None:
        while (message := await receive())["type"] != "websocket.disconnect":
            heard.append(message.get("text", message["type"]))

    async def receive() -> Message:
        return incoming.popleft()

    async def send(_message: Message) -> None:
        raise AssertionError("nothing is said")

    gate = EventsOnly(app, is_known={"known"}.__contains__)
    asyncio.run(gate({"type": "websocket"}, receive, send))

    assert ["websocket.connect", ours, too_long] == heard
