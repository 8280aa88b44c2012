"""What stands between the network and the app: everything that must hold for every request.

`edge` gives the wrappers in the order in which Reflex applies them (`api_transformer`), so the
last one is met first by a request.
"""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from upstage_crm.http.patron_paths import BUILT_PAGES
from upstage_crm.pages.calm_page import CalmPage
from upstage_crm.settings import Settings, is_loopback
from upstage_crm.web.environment import ROOT
from upstage_crm.web.headers import SecurityHeaders, inline_script_hashes
from upstage_crm.web.last_resort import START_PAGE, LastResort
from upstage_crm.web.proxies import ClientAddress
from upstage_crm.web.request_log import RequestLog
from upstage_crm.web.visitor_limits import BODY_WITHIN_S, RequestLimit

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    LimitOf = Callable[[Scope, int], Awaitable[int]]
    HouseName = Callable[[], Awaitable[str]]

BODY_LIMIT = 262_144  # bytes; our largest form is a few kilobytes

# What Reflex serves beside our pages. It takes uploads of 50 MB from strangers, and its own checks
# know nothing of our database; ours is `/health`.
FRAMEWORK_PLACES = frozenset({"_upload", "_health", "_all_routes", "auth-codespace", "ping"})

_PLAIN = [(b"content-type", b"text/plain; charset=utf-8")]
_LAST = [*_PLAIN, (b"connection", b"close")]  # the rest of the body is not read
_HTML = [(b"content-type", b"text/html; charset=utf-8")]

NOT_FOUND = CalmPage(
    title="There is no page here",
    lines=(
        "The address may be mistyped, or the page has moved.",
        "Did you follow a link in an email? Some mail programs cut long ones: open it there again.",
    ),
    action=START_PAGE,
)


def edge(
    settings: Settings,
    pages: Path = ROOT / BUILT_PAGES,
    *,
    body_limit: LimitOf | None = None,
    house: HouseName | None = None,
) -> list[Callable[[ASGIApp], ASGIApp]]:
    """Return the wrappers, innermost first.

    `body_limit` lets a route take a larger body; `house` tells whose website it is.
    """
    hashes = inline_script_hashes(pages)
    return [
        lambda app: Closed(app, places=FRAMEWORK_PLACES),
        lambda app: NotFoundPage(app, house=house),
        lambda app: BodyLimit(app, limit_of=body_limit),
        RequestLimit,
        lambda app: SecurityHeaders(
            app, script_hashes=hashes, origins=settings.origins, is_https=settings.is_https
        ),
        lambda app: PublicOrigin(app, base_url=settings.base_url),
        lambda app: LastResort(app, is_https=settings.is_https),
        RequestLog,
        lambda app: ClientAddress(app, trusted=settings.trusted_proxies),
    ]


class PublicOrigin:
    """Lets the app see the scheme and host that visitors see.

    Behind a proxy the app would otherwise build redirects to the inner scheme, send a link's token
    in clear and make cookies that are not Secure. The host is taken from the settings, never from
    a header; on a laptop a header may choose between the names of this machine.
    """

    def __init__(self, app: ASGIApp, *, base_url: str) -> None:
        self._app = app
        url = urlsplit(base_url)
        self._scheme = url.scheme
        self._host = url.netloc.encode()
        self._is_laptop = is_loopback(url.hostname)
        self._port = url.port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under its public name."""
        if scope["type"] in ("http", "websocket"):
            scheme = self._scheme if scope["type"] == "http" else f"ws{self._scheme[4:]}"
            scope = {**scope, "scheme": scheme}
            hosts = [value for name, value in scope["headers"] if name == b"host"]
            if not (self._is_laptop and len(hosts) == 1 and self._is_here(hosts[0])):
                others = [pair for pair in scope["headers"] if pair[0] != b"host"]
                scope["headers"] = [(b"host", self._host), *others]
        await self._app(scope, receive, send)

    def _is_here(self, host: bytes) -> bool:
        try:
            url = urlsplit(f"//{host.decode('ascii')}")
            return is_loopback(url.hostname) and url.port == self._port and "@" not in url.netloc
        except ValueError:
            return False


class BodyLimit:
    """Refuses a body above `limit` bytes with 413, and one that does not come in time with 408.

    Its length counts whether it was announced or not. The body is read before the app is called, so
    that a refusal is never half an answer. `limit_of` may allow one request more.
    """

    def __init__(
        self,
        app: ASGIApp,
        limit: int = BODY_LIMIT,
        within_s: float = BODY_WITHIN_S,
        limit_of: LimitOf | None = None,
    ) -> None:
        self._app = app
        self._limit = limit
        self._limit_of = limit_of
        self._within_s = within_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on together with its whole body."""
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"")
        limit = self._limit
        if self._limit_of is not None:
            limit = await self._limit_of(scope, limit)
        try:
            if announced.isdigit() and int(announced) > limit:
                raise _BodyRefused(413, b"This is more than we accept.\n")
            async with asyncio.timeout(self._within_s):
                body = await self._whole(receive, limit)
        except _BodyRefused as refusal:
            await _answer(send, refusal.status, _LAST, refusal.words)
            return
        except TimeoutError:
            await _answer(send, 408, _LAST, b"This request took too long to arrive.\n")
            return
        whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return whole.pop() if whole else await receive()

        await self._app(scope, replay, send)

    async def _whole(self, receive: Receive, limit: int) -> bytes:
        body = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":  # or a body that is no body
                raise _BodyRefused(400, b"This request is not complete.\n")
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > limit:
                raise _BodyRefused(413, b"This is more than we accept.\n")
        return bytes(body)


class _BodyRefused(Exception):
    """The body is none that we take."""

    def __init__(self, status: int, words: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.words = words


class Closed:
    """Answers 404 under `places`, whatever the app would do there.

    A place is the first part of a path, as it was sent and as a file server reads it: both `/ping/`
    and `/x/../ping.html` are at `ping`. A path with a line break in it is nowhere: the router's
    patterns end before a break at the end, so `/c/TOKEN%0A` would open what `/c/TOKEN` opens.
    """

    def __init__(self, app: ASGIApp, *, places: frozenset[str]) -> None:
        self._app = app
        self._places = places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on but what is asked for under one of the places."""
        if scope["type"] == "http" and self._is_closed(scope["path"]):
            await _answer(send, 404, _HTML, b"There is nothing here.\n")
            return
        await self._app(scope, receive, send)

    def _is_closed(self, path: str) -> bool:
        if not path.isprintable():
            return True
        sent = path.lstrip("/")
        read = posixpath.normpath(f"/{sent}").lstrip("/")
        return any(_place(text) in self._places for text in (sent, read))


class NotFoundPage:
    """Answers an unknown address with a calm page instead of an empty shell that needs scripts.

    It names the house, so that a visitor knows whose website they reached.
    """

    def __init__(self, app: ASGIApp, *, house: HouseName | None = None) -> None:
        self._app = app
        self._house = house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; replace an HTML answer of status 404."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_replaced = False

        async def send_page(message: Message) -> None:
            nonlocal is_replaced
            if message["type"] == "http.response.start" and int(message["status"]) == 404:
                headers = {name.lower(): value for name, value in message.get("headers", [])}
                kind = headers.get(b"content-type", b"")
                own_policy = b"content-security-policy" in headers
                is_replaced = kind.startswith(b"text/html") and not own_policy
                if is_replaced:
                    name = await self._house() if self._house is not None else ""
                    page = replace(NOT_FOUND, note=name)
                    body = b"" if scope["method"] == "HEAD" else page.as_html()
                    await _answer(send, 404, _HTML, body)
            if not is_replaced:
                await send(message)

        await self._app(scope, receive, send_page)


def _place(path: str) -> str:
    return path.partition("/")[0].partition(".")[0]


def _has_body(scope: Scope) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})
