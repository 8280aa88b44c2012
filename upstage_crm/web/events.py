"""Which messages of the websocket reach Reflex: its own three, in the shape that its pages send.

Reflex's socket answers to any message whose name fits one of its methods. `connect` is one: sent as
a message it would set the headers, the address and the tab of a connection that stands already, and
the trail would keep a network that its visitor made up.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import cast

import reflex as rx

NAMES = ("event", "ping", "client_error")
_HANDLE = "_handle_event"
_LOGGERS = ("engineio.server", "socketio.server")

Handle = Callable[[str, str | None, int | None, object], Awaitable[None]]


class SocketMissing(RuntimeError):
    """Reflex no longer makes its socket as this version of it did."""


def admit_events_only(app: rx.App) -> None:
    """Drop every message to `app` that none of its pages sends; call it once, after `rx.App`."""
    server = app.sio
    if server is None:
        raise SocketMissing
    # Not a public method, which is why the versions are pinned: the public ones see a message only
    # after it was taken for what it says it is. A browser test sends such messages.
    through: Handle = getattr(server, _HANDLE)

    async def handle(
        eio_sid: str, namespace: str | None, id: int | None, data: object
    ) -> None:  # its own names
        if is_ours(data):
            await through(eio_sid, namespace, id, data)

    setattr(server, _HANDLE, handle)
    for name in _LOGGERS:
        # Each brings a handler of its own, which would print everything again without our masks.
        logging.getLogger(name).handlers.clear()


def is_ours(data: object) -> bool:
    """Whether a message, which may be anything, has the shape of one of Reflex's own."""
    if not isinstance(data, list):
        return False
    name, *given = cast("list[object]", data) or [None]
    if name not in NAMES or len(given) > 1:
        return False
    return name != "event" or (len(given) == 1 and _is_event(given[0]))


def _is_event(given: object) -> bool:
    if not isinstance(given, dict):
        return False
    event = cast("dict[str, object]", given)
    parts = (event.get("payload", {}), event.get("router_data", {}))
    return isinstance(event.get("name"), str) and all(isinstance(part, dict) for part in parts)
