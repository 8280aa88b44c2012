"""A websocket without a browser: whatever an attacker would say to the server, and what it answers.

with Wire(server, token="any text") as wire:
    wire.join()
    wire.event("some.handler", text="x")
    wire.until("_redirect")
"""

from __future__ import annotations

import json
import socket
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.utilities import LocalProtocolError

from tests.support.server import Server

PATIENCE_S = 10


class Refused(AssertionError):
    """The server did not take the connection; `status` is its answer."""

    def __init__(self, status: int) -> None:
        super().__init__(f"refused with {status}")
        self.status = status


class Closed(AssertionError):
    """The server ended the connection."""


class Wire:
    """One connection. `heard` is every text that came, oldest first."""

    def __init__(
        self,
        server: Server,
        *,
        token: str = "a-tab",
        cookie: str = "",
        origin: str | None = None,
        headers: Iterable[tuple[str, str]] = (),
        path: str = "",
        line: socket.socket | None = None,
    ) -> None:
        """Connect to the server, or use a `line` that leads to it."""
        place = urlsplit(server.url)
        self.heard: list[str] = []
        self._socket = line or socket.create_connection(("127.0.0.1", place.port or 0), PATIENCE_S)
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._events: deque[Any] = deque()
        self._text = ""
        extra = [(name.encode(), text.encode("latin-1")) for name, text in headers]
        extra.append((b"Origin", (server.url if origin is None else origin).encode()))
        if cookie:
            extra.append((b"Cookie", cookie.encode()))
        target = path or f"/_event/?EIO=4&transport=websocket&token={quote(token)}"
        self._send(Request(host=place.netloc, target=target, extra_headers=extra))
        while not isinstance(answer := self._next(), AcceptConnection):
            if isinstance(answer, RejectConnection):
                self.close()
                raise Refused(answer.status_code)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop the connection without a word."""
        self._socket.close()

    def join(self, auth: Any = None) -> None:
        """Do what Reflex's page does first; `auth` may carry its first event."""
        self.say("40/_event," + ("" if auth is None else json.dumps(auth)))
        self.until('40/_event,{"sid"')

    def event(self, name: Any, /, *, router: Any = None, **payload: Any) -> None:
        """Send one event of Reflex's protocol."""
        event = {"name": name, "payload": payload, "router_data": router or {"pathname": "/"}}
        self.say("42/_event," + json.dumps(["event", event]))

    def say(self, text: str) -> None:
        """Send one text."""
        self._send(TextMessage(text))

    def say_binary(self, data: bytes) -> None:
        """Send one binary frame."""
        self._send(BytesMessage(data))

    def say_bytes(self, raw: bytes) -> None:
        """Put bytes on the line, whatever they are."""
        self._socket.sendall(raw)

    def until(self, part: str) -> str:
        """Return the next text that holds `part`; fail when the server falls silent or ends."""
        while True:
            text = self._hear()
            if part in text:
                return text

    def farewell(self) -> None:
        """Say good-bye and hear what was still under way; it is no error to be cut off before."""
        with suppress(ConnectionError, LocalProtocolError):
            self._send(CloseConnection(code=1000))
        self.until_closed()

    def until_closed(self) -> None:
        """Return when the server has ended the connection; fail when it does not."""
        try:
            while True:
                self._hear()
        except (Closed, ConnectionError):
            return

    def _hear(self) -> str:
        while True:
            event = self._next()
            if isinstance(event, TextMessage):
                self._text += event.data
                if event.message_finished:
                    text, self._text = self._text, ""
                    self.heard.append(text)
                    if text != "2":
                        return text
                    self.say("3")  # the server's own "are you there?"
            elif isinstance(event, Ping):
                self._send(event.response())
            elif isinstance(event, CloseConnection):
                raise Closed(str(event.code))

    def _next(self) -> Any:
        while not self._events:
            received = self._socket.recv(65_536)
            if not received:
                raise Closed("without a word")
            self._protocol.receive_data(received)
            self._events.extend(self._protocol.events())
        return self._events.popleft()

    def _send(self, event: Any) -> None:
        self._socket.sendall(self._protocol.send(event))
