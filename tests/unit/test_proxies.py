"""Whose word about a visitor's address is believed."""

from __future__ import annotations

import asyncio
import logging
from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest

from upstage_crm.web.proxies import ClientAddress

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

VISITOR, LIE = "203.0.113.9", "198.51.100.66"
TRUSTED = ("127.0.0.1/32", "10.0.0.0/8", "fd00::/8")


def seen(peer: str | None, *forwarded: str, kind: str = "http", trusted: tuple[str, ...]) -> str:
    """The address that the app sees."""
    found: list[str] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        found.append((scope["client"] or ("",))[0])

    async def nothing(*_: object) -> object:
        raise AssertionError

    scope = {
        "type": kind,
        "scheme": "http",
        "headers": [(b"x-forwarded-for", line.encode()) for line in forwarded],
        "client": None if peer is None else (peer, 1),
    }
    wrapped = ClientAddress(app, trusted=[ip_network(text) for text in trusted])
    asyncio.run(wrapped(scope, nothing, nothing))  # type: ignore[arg-type]
    return found[0]


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("127.0.0.1", (VISITOR,), VISITOR),
        ("10.1.2.3", (VISITOR,), VISITOR),
        ("fd00::1", (VISITOR,), VISITOR),
        ("127.0.0.1", (f"{LIE}, {VISITOR}",), VISITOR),
        ("127.0.0.1", (LIE, VISITOR), VISITOR),
        ("127.0.0.1", (f"{VISITOR}, 10.9.9.9",), VISITOR),
        ("127.0.0.1", ("2001:db8::7",), "2001:db8::7"),
        ("127.0.0.1", (), "127.0.0.1"),
        ("127.0.0.1", ("",), "127.0.0.1"),
        ("127.0.0.2", (LIE,), "127.0.0.2"),
        (VISITOR, (LIE,), VISITOR),
        (VISITOR, (f"{LIE}, 127.0.0.1",), VISITOR),
    ],
)
def test_the_address_is_the_one_that_a_trusted_proxy_names(
    peer: str, forwarded: tuple[str, ...], address: str, kind: str
) -> None:
    assert seen(peer, *forwarded, kind=kind, trusted=TRUSTED) == address


@pytest.mark.parametrize("peer", ["127.0.0.1", "10.1.2.3", VISITOR, "testclient", None])
def test_without_the_setting_no_proxy_is_trusted(peer: str | None) -> None:
    assert seen(peer, LIE, trusted=()) == (peer or "")


async def test_a_header_that_is_not_believed_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)

    async def app(*_: object) -> None:
        pass

    wrapped = ClientAddress(app, trusted=[ip_network("127.0.0.1/32")])
    for peer, headers in (
        ("127.0.0.1", [(b"x-forwarded-for", VISITOR.encode())]),
        (VISITOR, []),
    ):
        scope = {"type": "http", "headers": headers, "client": (peer, 1)}
        await wrapped(scope, app, app)  # type: ignore[arg-type]
    assert caplog.records == []
    for _ in range(3):
        scope = {"type": "http", "headers": [(b"x-forwarded-for", b"x")], "client": ("::1", 1)}
        await wrapped(scope, app, app)  # type: ignore[arg-type]

    (line,) = caplog.records
    assert "UPSTAGE_TRUSTED_PROXIES" in line.message
    assert line.__dict__["peer"] == "::1"
