"""Which messages of the websocket reach Reflex: what its own pages send, in the shape they send it.

Reflex's socket answers to any message whose name fits one of its methods. `connect` is one: sent as
a message it would set the headers, the address and the tab of a connection that stands already, and
the trail would keep a network that its visitor made up. And whatever it cannot read fails inside
it, with a trace in the log for each message: a stranger could bury every other line there.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NoReturn, cast
from urllib.parse import urlsplit

from reflex_base.registry import RegistrationContext

from upstage_crm.web.environment import SOCKET_MESSAGE_LIMIT

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

DEEPEST: Final = 20  # levels of lists and objects; our forms have three, a reader's stack 1,000
_CLOSE, _PONG = "1", "3"  # engine.io's own
_CONNECT, _DISCONNECT, _EVENT = "40", "41", "42"
_PACKET = re.compile(r"(4[012])/_event(?:,(.*))?", re.DOTALL)
_HALF = re.compile(r"\\ud[89a-f]", re.IGNORECASE)  # of a character, mostly beside the other half
_LOGGERS = ("engineio.server", "socketio.server")

_log = logging.getLogger(__name__)


def is_handler(name: str) -> bool:
    """Whether there is a handler of this name for Reflex to call."""
    return name in RegistrationContext.get().event_handlers


class EventsOnly:
    """Drops every text of a websocket that none of our pages would send, and every binary one."""

    def __init__(self, app: ASGIApp, *, is_known: Callable[[str], bool] = is_handler) -> None:
        self._app = app
        self._is_known = is_known
        for name in _LOGGERS:
            # Each brings a handler of its own, which would print all again without our masks.
            logging.getLogger(name).handlers.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the connection on, and of what comes over it only what is ours."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return

        async def receive_ours() -> Message:
            while True:
                message = await receive()
                if message["type"] != "websocket.receive" or self._passes(message):
                    return message
                _log.debug("a message was dropped: none of our pages sends such")

        await self._app(scope, receive_ours, send)

    def _passes(self, message: Message) -> bool:
        text = message.get("text")
        if not isinstance(text, str):
            return False
        # What is too long is engine.io's to refuse: it ends the connection, unread.
        return len(text) > SOCKET_MESSAGE_LIMIT or is_ours(text, is_known=self._is_known)


def is_ours(text: str, *, is_known: Callable[[str], bool]) -> bool:
    """Whether a text has the shape of one that our pages send; `is_known` knows handlers' names.

    What an event asks for is not looked at here: that is the business of `admin.guard`.
    """
    found = _PACKET.fullmatch(text)
    if found is None:
        return text in (_CLOSE, _PONG)
    kind, said = found[1], found[2] or ""
    if not said:
        return kind in (_CONNECT, _DISCONNECT)
    try:
        data = _read(said)
    except (ValueError, RecursionError):
        return False
    if kind == _CONNECT:
        return _is_introduction(data, is_known)
    return kind == _EVENT and _is_message(data, is_known)


def _read(said: str) -> object:
    """What JSON says.

    Raises:
        ValueError: it is none, or more than pages say: a number that is none (JSON knows neither
            NaN nor Infinity), half a character (an answer with it could not be sent), a depth at
            which what handles it later would fail.
        RecursionError: it is deeper than can be read at all.
    """
    data = json.loads(said, parse_constant=_refuse)
    if _HALF.search(said):
        json.dumps(data, ensure_ascii=False).encode()
    if not _is_shallow(data):
        raise ValueError("too deep")
    return data


def _is_introduction(data: object, is_known: Callable[[str], bool]) -> bool:
    """What a page says of itself when it connects; its first event may travel along."""
    if not isinstance(data, dict):
        return False
    given = cast("dict[str, object]", data)
    return "event" not in given or _is_event(given["event"], is_known)


def _is_message(data: object, is_known: Callable[[str], bool]) -> bool:
    if not isinstance(data, list):
        return False
    match cast("list[object]", data):
        case ["ping"]:
            return True
        case ["client_error", dict()]:
            return True
        case ["event", event]:
            return _is_event(event, is_known)
        case _:
            return False


def _is_event(given: object, is_known: Callable[[str], bool]) -> bool:
    if not isinstance(given, dict):
        return False
    event = cast("dict[str, object]", given)
    name, payload = event.get("name"), event.get("payload", {})
    if not isinstance(name, str) or not isinstance(payload, dict):
        return False
    return is_known(name) and _is_place(event.get("router_data", {}))


def _is_place(given: object) -> bool:
    """Whether it says where a browser is: a path of ours, and a query of texts."""
    if not isinstance(given, dict):
        return False
    place = cast("dict[str, object]", given)
    pattern, shown, query = (
        place.get("pathname", ""),
        place.get("asPath", ""),
        place.get("query", {}),
    )
    if not isinstance(pattern, str) or not isinstance(shown, str):
        return False
    if not isinstance(query, dict):  # a null, too, ends in a trace of Reflex's
        return False
    asked = cast("dict[str, object]", query)
    return all(isinstance(value, str) for value in asked.values()) and _is_path(shown)


def _is_path(shown: str) -> bool:
    if shown and not shown.startswith("/"):
        return False
    try:
        urlsplit(shown)  # half an IPv6 address is none
    except ValueError:
        return False
    return True


def _is_shallow(data: object) -> bool:
    level = [data]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return True
    return False


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(cast("dict[str, object]", value).values())
    return cast("list[object]", value) if isinstance(value, list) else []


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
