"""The security and cache headers of every answer.

The content security policy has no `unsafe-eval` and no `unsafe-inline` for scripts: the few inline
scripts of the built pages are allowed by their hashes, computed once at start. Therefore nothing
may use `rx.call_script` or a server-side `rx.toast`: Reflex evaluates those as text.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from upstage_crm.http.patron_paths import is_confirm_page, is_link_page

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

YEAR_S = 31_536_000
DAY_S = 86_400

_INLINE_SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script>", re.DOTALL | re.IGNORECASE)
_SENSORS = ("camera", "microphone", "geolocation", "payment", "usb", "display-capture")
_POLICY_HEADER = b"content-security-policy"

EVERYWHERE: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", ", ".join(f"{name}=()" for name in _SENSORS).encode()),
)


def inline_script_hashes(pages: Path) -> tuple[str, ...]:
    """Return the policy sources for every inline script of the built pages, sorted."""
    sources: set[str] = set()
    for page in pages.rglob("*.html"):
        for attributes, script in _INLINE_SCRIPT.findall(page.read_text("utf-8")):
            if "src=" not in attributes and script:
                digest = hashlib.sha256(script.encode()).digest()
                sources.add(f"'sha256-{base64.b64encode(digest).decode()}'")
    return tuple(sorted(sources))


def content_policy(
    *, script_hashes: Iterable[str], origins: Iterable[str], may_frame_own_pages: bool
) -> str:
    """Return the policy of our pages.

    `origins` are our own; older Safari does not take `'self'` to cover the websocket. Only staff
    pages may frame (the mailbox shows a mail in a frame of its own).
    """
    sockets = " ".join(origin.replace("http", "ws", 1) for origin in origins)
    rules = [
        "default-src 'none'",
        f"script-src 'self' {' '.join(script_hashes)}".rstrip(),
        "style-src 'self' 'unsafe-inline'",  # emotion, in Reflex's runtime, writes style elements
        "img-src 'self' data:",
        "font-src 'self'",
        f"connect-src 'self' {sockets}".rstrip(),
        "manifest-src 'self'",
        "frame-src 'self'" if may_frame_own_pages else "frame-src 'none'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
    return "; ".join(rules)


class SecurityHeaders:
    """Adds the headers; an answer that brings its own content policy keeps it."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        script_hashes: Iterable[str],
        origins: Iterable[str],
        is_https: bool,
    ) -> None:
        self._app = app
        hashes, ours = tuple(script_hashes), tuple(origins)
        self._staff_policy = content_policy(
            script_hashes=hashes, origins=ours, may_frame_own_pages=True
        ).encode()
        self._patron_policy = content_policy(
            script_hashes=hashes, origins=ours, may_frame_own_pages=False
        ).encode()
        self._is_https = is_https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete the head of its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = self._complete(
                    scope["path"], int(message["status"]), list(message.get("headers", []))
                )
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _complete(
        self, path: str, status: int, headers: list[tuple[bytes, bytes]]
    ) -> list[tuple[bytes, bytes]]:
        given = {name.lower() for name, _ in headers}
        added = list(EVERYWHERE)
        if _POLICY_HEADER not in given:
            is_patron = is_link_page(path) or is_confirm_page(path)
            added.append((_POLICY_HEADER, self._patron_policy if is_patron else self._staff_policy))
            added.append((b"x-frame-options", b"DENY"))  # for browsers without frame-ancestors
        added += transport_security(is_https=self._is_https)
        # Not `no-referrer` on pages with forms: browsers would send `Origin: null` with them.
        referrer = b"no-referrer" if is_link_page(path) else b"same-origin"
        added.append((b"referrer-policy", referrer))
        if is_link_page(path) or is_confirm_page(path):
            added.append((b"x-robots-tag", b"noindex"))
            # The built page is a file and would otherwise say how it may be kept.
            headers = [(name, value) for name, value in headers if name.lower() != b"cache-control"]
            headers.append((b"cache-control", b"no-store"))
        elif b"cache-control" not in given:
            headers.append((b"cache-control", _cache_rule(path, status)))
        return headers + [(name, value) for name, value in added if name not in given]


def transport_security(*, is_https: bool) -> list[tuple[bytes, bytes]]:
    """What keeps browsers from ever coming back without https, where it is spoken."""
    if not is_https:
        return []
    return [(b"strict-transport-security", f"max-age={YEAR_S}; includeSubDomains".encode())]


def _cache_rule(path: str, status: int) -> bytes:
    if status not in (200, 206, 304):
        return b"no-store"
    if path.startswith("/assets/"):  # named by their content
        return f"public, max-age={YEAR_S}, immutable".encode()
    if path.startswith("/fonts/"):
        return f"public, max-age={DAY_S}".encode()
    return b"no-cache"
