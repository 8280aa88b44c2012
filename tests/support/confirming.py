"""A runtime over a test's desk, whose links the patron's pages accept, and a browser for them."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from tests.support.factories import Desk
from tests.support.keyring import SECRET_KEYS
from tests.support.settings import PUBLIC
from upstage_crm import wiring
from upstage_crm.mail.sending.local_sender import LocalSender
from upstage_crm.settings import Settings
from upstage_crm.wiring import Runtime

HTTPS = "https://crm.example.org"
OURS = "http://localhost:3000"


class Browser:
    """Asks `app` (ASGI) over HTTP in this process, without scripts; threads may share it.

    Keeps cookies as a browser does, also the secure ones; follows no redirect.
    """

    def __init__(self, app: Any, *, base_url: str = OURS) -> None:
        self._transport = httpx.ASGITransport(app=app)
        self._base_url = base_url
        self.cookies = httpx.Cookies()

    def request(self, method: str, path: str, **how: Any) -> httpx.Response:
        """Send one request; `how` is what `httpx` takes."""

        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=self._transport, base_url=self._base_url, cookies=self.cookies
            ) as client:
                answer = await client.request(method, f"{self._base_url}{path}", **how)
                self.cookies = client.cookies
                return answer

        return asyncio.run(ask())

    def get(self, path: str, **how: Any) -> httpx.Response:
        """Open an address."""
        return self.request("GET", path, **how)

    def post(self, path: str, **how: Any) -> httpx.Response:
        """Send a form."""
        return self.request("POST", path, **how)


@contextmanager
def serving(
    desk: Desk, *, public_url: str = "", more: Mapping[str, str] | None = None
) -> Generator[Runtime]:
    """Make the process's runtime from `desk`: same database, clock and key; nothing is sent.

    `more` are settings of the operator.
    """
    environ = {"UPSTAGE_SECRET_KEYS": SECRET_KEYS}
    if public_url:
        environ = PUBLIC | environ | {"UPSTAGE_PUBLIC_URL": public_url}
    environ |= more or {}
    made = wiring.build(
        Settings.load(environ), database=desk.database, clock=desk.clock, sender=LocalSender()
    )
    wiring.install(made)
    try:
        yield made
    finally:
        wiring.install(None)


def tokens(desk: Desk, to: str) -> list[str]:
    """The tokens in the mails to an address, oldest first, mails that wait delivered first."""
    desk.deliver()
    return desk.tokens(to)


def cookie(desk: Desk, *found: str) -> str:
    """The Cookie header of a browser that opened these links, without https."""
    return "; ".join(f"upstage-link-{desk.codec.read(token).key}={token}" for token in found)


def tampered(token: str) -> str:
    """The same token with another signature of the right form."""
    head, body, signature = token.split(".")
    first = "A" if signature[0] != "A" else "B"
    return f"{head}.{body}.{first}{signature[1:]}"
