"""Requests as bytes, and answers as they come: no library tidies either."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from tests.support.server import Server

PATIENCE_S = 10
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    """What came back, undecoded where it matters. Status 0: the server hung up without a word."""

    status: int
    headers: dict[str, str]
    body: str
    cookies: tuple[str, ...] = ()
    raw: bytes = b""

    @property
    def location(self) -> str:
        return self.headers.get("location", "")

    @property
    def count(self) -> int:
        """How many answers there are: two for what was taken for two requests."""
        return self.raw.count(b"HTTP/1.1 ")


def ask(
    server: Server,
    path: str,
    *,
    method: str = "GET",
    host: str | None = None,
    body: bytes | str | None = None,
    source: str = "",
    **headers: str,
) -> Answer:
    """Send a request exactly as it is written, from an address of this machine."""
    raw = written(server, path, method=method, host=host, body=body, **headers)
    return exchange(server, raw, source=source)


def written(
    server: Server,
    path: str,
    *,
    method: str = "GET",
    host: str | None = None,
    body: bytes | str | None = None,
    **headers: str,
) -> bytes:
    """A request as it travels."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {place_of(server) if host is None else host}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    sent = body.encode() if isinstance(body, str) else body or b""
    if body is not None:
        lines.append(f"Content-Length: {len(sent)}")
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + sent


def press(
    server: Server, path: str, form: dict[str, str], *, cookie: str = "", **headers: str
) -> Answer:
    """Send a form as one of our own pages does."""
    sent = {"Origin": server.url, "Content_Type": FORM, **headers}
    if cookie:
        sent["Cookie"] = cookie
    return ask(server, path, method="POST", body=urlencode(form).encode(), **sent)


def exchange(
    server: Server, raw: bytes, *, silence_s: float = PATIENCE_S, source: str = ""
) -> Answer:
    """Put bytes on the line and read until the server hangs up, or says nothing for a while.

    The line is never closed halfway: the server would take that for a client that is gone.
    """
    port = urlsplit(server.url).port or 0
    received = b""
    own = (source, 0) if source else None
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S, own) as line:
        line.settimeout(silence_s)
        try:
            line.sendall(raw)
            while more := line.recv(65_536):
                received += more
        except TimeoutError:
            if silence_s == PATIENCE_S:
                raise
        except ConnectionError:
            pass  # it would not hear the rest
    return read(received)


def read(received: bytes) -> Answer:
    """The first answer in what came."""
    head, _, body = received.partition(b"\r\n\r\n")
    status, *fields = head.decode("latin-1").split("\r\n")
    pairs = [(name.lower(), value.strip()) for name, _, value in (f.partition(":") for f in fields)]
    words = status.split()
    return Answer(
        int(words[1]) if len(words) > 1 else 0,
        dict(pairs),
        body.decode("utf-8", "replace"),
        tuple(value for name, value in pairs if name == "set-cookie"),
        received,
    )


def place_of(server: Server) -> str:
    """Host and port, as a browser names them."""
    return urlsplit(server.url).netloc


def is_at_home(server: Server, location: str) -> bool:
    """Whether a redirect stays with us, as a browser reads it."""
    if location.startswith("/"):
        return not location.startswith(("//", "/\\"))
    return location.startswith(f"{server.url}/")
