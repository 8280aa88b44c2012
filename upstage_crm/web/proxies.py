"""Whose word about a visitor's address is believed: that of the trusted proxies, of no one else.

Behind a proxy every connection comes from the proxy, which names the visitor in `X-Forwarded-For`.
Anyone can send that header, so it counts only when the connection itself comes from a network in
`UPSTAGE_TRUSTED_PROXIES`. What comes out is the `client` of the request or websocket, from which
limits, evidence and "a new device signed in" take the address.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from granian.utils import proxies

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from upstage_crm.settings import Network

_HEADER = b"x-forwarded-for"
_log = logging.getLogger(__name__)


class ClientAddress:
    """Gives each request and websocket the address of its visitor.

    The header is read by the web server's own wrapper. Ours adds a warning, once, about a header
    that was not believed: either a visitor is lying or the operator has forgotten the setting, and
    then all visitors share one address and one set of limits.
    """

    def __init__(self, app: ASGIApp, *, trusted: Sequence[Network]) -> None:
        self._trusted = tuple(trusted)
        wrap: Any = getattr(proxies, "wrap_asgi_with_proxy_headers")  # noqa: B009  # has no types
        self._app: ASGIApp = wrap(app, [str(network) for network in self._trusted])
        self._has_warned = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its visitor's address."""
        if not self._has_warned and scope["type"] in ("http", "websocket"):
            self._warn_about(scope)
        await self._app(scope, receive, send)

    def _warn_about(self, scope: Scope) -> None:
        if not any(name == _HEADER for name, _ in scope["headers"]):
            return
        peer = (scope.get("client") or ("",))[0]
        if not self._trusts(peer):
            self._has_warned = True
            _log.warning(
                "X-Forwarded-For is ignored: it came from an address outside "
                "UPSTAGE_TRUSTED_PROXIES",
                extra={"event": "proxy_not_trusted", "peer": peer},
            )

    def _trusts(self, peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._trusted)
