"""A mail provider that answers as a test tells it to, over real HTTP on this machine."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DRIP_S = 0.02


class Manner(Enum):
    """How an answer is given."""

    WHOLE = "whole"
    HANG = "hang"  # never, until the server stops
    DROP = "drop"  # the connection is closed instead
    TRUNCATE = "truncate"  # half of it, then the connection is closed
    DRIP = "drip"  # a byte at a time, for ever


@dataclass(frozen=True)
class Answer:
    """One scripted answer. `body` is sent as it is when bytes, as JSON otherwise."""

    status: int = 200
    body: Any = field(default_factory=lambda: {"id": "re_accepted"})
    headers: Mapping[str, str] = field(default_factory=dict)
    manner: Manner = Manner.WHOLE

    def content(self) -> bytes:
        """The body as it goes over the wire."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Received:
    """One request as it arrived; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


class FaultServer:
    """Gives the scripted answers in order, then `default` for ever."""

    def __init__(self) -> None:
        self.script: deque[Answer] = deque()
        self.default = Answer()
        self.received: list[Received] = []
        self.stopping = threading.Event()
        self.url = ""

    def will(self, *answers: Answer) -> None:
        """Answer the next requests with `answers`."""
        self.script.extend(answers)


@contextmanager
def fault_server() -> Iterator[FaultServer]:
    """Give a running server for the length of the block."""
    server = _Server(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.state
    finally:
        server.state.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.state = FaultServer()
        self.state.url = f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._respond()

    def do_POST(self) -> None:
        self._respond()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the test looks at `received`."""

    def _respond(self) -> None:
        state = self.server.state
        length = int(self.headers.get("content-length", 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(length)
        state.received.append(Received(self.command, self.path, headers, body))
        answer = state.script.popleft() if state.script else state.default
        if answer.manner is Manner.HANG:
            state.stopping.wait()
        if answer.manner in (Manner.HANG, Manner.DROP):
            self.close_connection = True
            return
        self._give(answer)

    def _give(self, answer: Answer) -> None:
        content = answer.content()
        given = {"content-type": "application/json", **answer.headers}
        if answer.manner is not Manner.DRIP:
            given["content-length"] = str(len(content))
        self.send_response(answer.status)
        for name, value in given.items():
            self.send_header(name, value)
        self.end_headers()
        if answer.manner is Manner.DRIP:
            self._drip()
        elif answer.manner is Manner.TRUNCATE:
            self.wfile.write(content[: len(content) // 2])
        else:
            self.wfile.write(content)

    def _drip(self) -> None:
        try:
            while not self.server.state.stopping.wait(DRIP_S):
                self.wfile.write(b" ")
                self.wfile.flush()
        except OSError:
            self.close_connection = True  # the client has had enough
