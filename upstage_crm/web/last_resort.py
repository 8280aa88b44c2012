"""What happens when something fails that nobody foresaw: a log line of ours, and a calm answer.

Left alone, the web server prints the trace as it is, with whatever address or token stands in it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY = b"Something went wrong on our side. Nothing was changed. Please try again.\n"
HEADERS = (
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"content-length", str(len(BODY)).encode()),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
INTERNAL_ERROR = 1011  # how a websocket says it (RFC 6455, 7.4.1)

_log = logging.getLogger(__name__)


class LastResort:
    """Logs a failure through our own masks and ends the request; the outermost wrapper."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; a failure of a request or a socket goes no further than this."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        said: set[str] = set()

        async def send_noting(message: Message) -> None:
            said.add(message["type"])
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        except Exception:  # noqa: BLE001  # it is logged here, and nothing stands behind us
            _log.exception("a request failed", extra={"kind": scope["type"]})
            if scope["type"] == "websocket" and "websocket.close" not in said:
                await send({"type": "websocket.close", "code": INTERNAL_ERROR})
            elif scope["type"] == "http" and "http.response.start" not in said:
                await send({"type": "http.response.start", "status": 500, "headers": [*HEADERS]})
                await send({"type": "http.response.body", "body": BODY})
