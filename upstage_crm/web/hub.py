"""Live updates: when something was committed, the tabs that show it read it again.

One hub per worker. A commit in this process wakes it at once; commits of other processes are
noticed by a poll once a second, and only while somebody is looking.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any

import reflex as rx
from reflex_base.event import Event
from reflex_base.utils.format import format_event_handler
from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.mail import gate
from upstage_crm.wiring import runtime

POLL_S = 1.0
GATHER_S = 0.05  # commits come in bursts: a decision, then its mails


class Hub:
    """The tabs of this worker that asked to be told."""

    def __init__(self) -> None:
        self._handlers: dict[str, str] = {}
        self._woken = asyncio.Event()

    def subscribe(self, client_token: str, handler: Any) -> None:
        """Send `handler` to this tab whenever something changed; replaces its last subscription."""
        self._handlers[client_token] = format_event_handler(handler)

    async def run(self, app: rx.App) -> None:
        """Watch until cancelled; a lifespan task of every worker."""
        loop = asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(self._woken.set)

        runtime().database.on_commit(wake)
        seen = await asyncio.to_thread(_marker)
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), POLL_S if self._handlers else None)
            await asyncio.sleep(GATHER_S)
            self._woken.clear()
            marker = await asyncio.to_thread(_marker)
            if marker != seen:
                seen = marker
                await self._tell(app)

    async def _tell(self, app: rx.App) -> None:
        namespace = app.event_namespace
        live: Mapping[str, str] = namespace.token_to_sid if namespace else {}
        for token, name in list(self._handlers.items()):
            if token in live:
                await app.event_processor.enqueue(token, Event(name=name, payload={}))
            else:
                del self._handlers[token]


def _marker() -> tuple[int, int]:
    """Two numbers of which one rises with everything that a page shows."""
    with runtime().database.reading() as session:
        return _read(session)


def _read(session: Session) -> tuple[int, int]:
    return trail.head_seq(session), gate.change_marker(session)


hub = Hub()
