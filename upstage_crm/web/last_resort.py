"""What happens when something fails unexpectedly: a log line of ours, and a calm answer.

Left alone, the web server prints the trace as it is, with whatever address or token it holds, and
frameworks answer with a bare *Internal Server Error*.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from upstage_crm.core.languages import SOURCE, negotiate, speaker
from upstage_crm.http.patron_paths import is_for_patrons
from upstage_crm.pages.calm_page import (
    POLICY,
    CalmPage,
)
from upstage_crm.web.headers import EVERYWHERE, transport_security
from upstage_crm.web.request_log import request_id
from upstage_crm.wording.failures import (
    LINK_WORKS,
    SOON,
    TITLE,
)
from upstage_crm.wording.sentences import CHECK_FIRST

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

FAILED = 500
INTERNAL_ERROR = 1011  # how a websocket says it (RFC 6455, 7.4.1)
START_PAGE = ("Go to the start page", "/")
REPORT = "If it happens again, tell the person who runs this server: request {id}."

_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"SAMEORIGIN"),  # for browsers without frame-ancestors
    (b"x-robots-tag", b"noindex"),
)

_log = logging.getLogger(__name__)


class LastResort:
    """Answers calmly where nothing else did, or where a handler said no more than *500*.

    It wraps everything but the log: no failure of a request or a socket goes further than this.
    """

    def __init__(self, app: ASGIApp, *, is_https: bool) -> None:
        self._app = app
        self._headers = [*_HEADERS, *EVERYWHERE, *transport_security(is_https=is_https)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; replace an answer of status 500, and answer after a failure."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        said: set[str] = set()
        is_replaced = False

        async def send_calmly(message: Message) -> None:
            nonlocal is_replaced
            said.add(message["type"])
            if message["type"] == "http.response.start" and message["status"] == FAILED:
                is_replaced = True
                await self._answer(scope, send)
            elif not is_replaced:
                await send(message)

        try:
            await self._app(scope, receive, send_calmly)
        except Exception:  # noqa: BLE001  # it is logged here, and nothing stands behind us
            _log.exception("a request failed", extra={"kind": scope["type"]})
            if scope["type"] == "websocket" and "websocket.close" not in said:
                await send({"type": "websocket.close", "code": INTERNAL_ERROR})
            elif scope["type"] == "http" and "http.response.start" not in said:
                await self._answer(scope, send)

    async def _answer(self, scope: Scope, send: Send) -> None:
        given = {name: value.decode("latin-1") for name, value in scope["headers"]}
        is_browser = "text/html" in given.get(b"accept", "")
        page = _page(scope["path"], languages=given.get(b"accept-language", ""))
        kind, body = drawn(page) if is_browser else (b"text/plain", page.as_text())
        headers = [
            (b"content-type", kind + b"; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"vary", b"accept, accept-language"),
            *self._headers,
        ]
        await send({"type": "http.response.start", "status": FAILED, "headers": headers})
        body = b"" if scope["method"] == "HEAD" else body
        await send({"type": "http.response.body", "body": body})


def drawn(page: CalmPage) -> tuple[bytes, bytes]:
    """The type and the body of the page; plain text where it cannot be drawn.

    Its template may be read for the first time when there is no file or memory left to do it.
    """
    try:
        return b"text/html", page.as_html()
    except Exception:  # noqa: BLE001  # it is logged here, and the visitor still gets an answer
        _log.exception("the last page could not be drawn")
        return b"text/plain", page.as_text()


def _page(path: str, *, languages: str) -> CalmPage:
    if is_for_patrons(path):
        language = negotiate(languages, SOURCE)
        say = speaker(language)
        return CalmPage(title=say(TITLE), lines=(say(SOON), say(LINK_WORKS)), language=language)
    return CalmPage(
        title=TITLE,
        lines=(SOON, CHECK_FIRST),
        action=START_PAGE,
        note=REPORT.format(id=request_id()),  # set by the log, which wraps us
    )
