"""How much of the server one visitor, and all strangers together, may hold at the same time.

Visitors are counted by their network, as wrong passwords are (`origins.network_of`). What the web
server itself allows is set in `serve`; `docs/deploy` says what all of it costs in memory.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers

from upstage_crm.http.origins import network_of
from upstage_crm.pages.busy import busy_answer

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

# Requests that are being answered, each with a body of at most 256 kB.
REQUESTS: Final = 512
REQUESTS_OF_NETWORK: Final = 256
BODY_WITHIN_S: Final = 10.0

# Websockets. A stranger is a browser with neither a session nor a link of ours.
SOCKETS: Final = 1_200
SOCKETS_OF_NETWORK: Final = 500
STRANGERS: Final = 200
STRANGERS_OF_NETWORK: Final = 30

LOG_EVERY_S: Final = 60.0
TRY_AGAIN_LATER: Final = 1013  # how a websocket says "busy" (IANA's registry of close codes)

IsKnown = Callable[[str], bool]

_log = logging.getLogger(__name__)


class Crowd:
    """Counts who is here, in all and from each network. Used on the event loop alone."""

    def __init__(self, *, in_all: int, of_network: int) -> None:
        self._in_all = in_all
        self._of_network = of_network
        self._here: Counter[str] = Counter()

    def enter(self, network: str) -> bool:
        """Count one more if there is room; each that entered must `leave`."""
        is_full = self._here.total() >= self._in_all or self._here[network] >= self._of_network
        if not is_full:
            self._here[network] += 1
        return not is_full

    def leave(self, network: str) -> None:
        """Count one less."""
        self._here[network] -= 1
        if not self._here[network]:
            del self._here[network]  # else every network that ever came would be kept


class RequestLimit:
    """Refuses, with 503, a request beyond what one network or all may have under way at once."""

    def __init__(
        self, app: ASGIApp, *, in_all: int = REQUESTS, of_network: int = REQUESTS_OF_NETWORK
    ) -> None:
        self._app = app
        self._crowd = Crowd(in_all=in_all, of_network=of_network)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on while there is room."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        network = _network(scope)
        if not self._crowd.enter(network):
            await busy_answer(scope)(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            self._crowd.leave(network)


class SocketLimit:
    """Refuses a websocket beyond what one network, all strangers, or all may hold at once.

    `is_known` says of a Cookie header whether it holds a live session or a link of ours; it may
    block. Strangers have little room, so that they cannot take that of staff and patrons.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        is_known: IsKnown,
        in_all: int = SOCKETS,
        of_network: int = SOCKETS_OF_NETWORK,
        strangers: int = STRANGERS,
        strangers_of_network: int = STRANGERS_OF_NETWORK,
    ) -> None:
        self._app = app
        self._is_known = is_known
        self._everyone = Crowd(in_all=in_all, of_network=of_network)
        self._strangers = Crowd(in_all=strangers, of_network=strangers_of_network)
        self._refused = 0
        self._silent_until = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the websocket on while there is room."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        network = _network(scope)
        if not self._everyone.enter(network):
            await self._turn_away(receive, send)
            return
        try:
            await self._admit(network, scope, receive, send)
        finally:
            self._everyone.leave(network)

    async def _admit(self, network: str, scope: Scope, receive: Receive, send: Send) -> None:
        cookie = Headers(scope=scope).get("cookie", "")
        if cookie and await asyncio.to_thread(self._is_known, cookie):
            await self._app(scope, receive, send)
            return
        if not self._strangers.enter(network):
            await self._turn_away(receive, send)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            self._strangers.leave(network)

    async def _turn_away(self, receive: Receive, send: Send) -> None:
        await receive()  # the wish to connect
        now = asyncio.get_running_loop().time()
        self._refused += 1
        if now >= self._silent_until:  # a flood must not become one of the log
            self._silent_until = now + LOG_EVERY_S
            _log.warning(
                "websockets were refused: there was no room",
                extra={"event": "sockets_refused", "count": self._refused},
            )
        await send({"type": "websocket.close", "code": TRY_AGAIN_LATER})


def _network(scope: Scope) -> str:
    return network_of((scope.get("client") or ("",))[0])
