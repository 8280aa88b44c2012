"""Live updates: when something was committed, the tabs that show it read it again.

One hub per worker. A commit in this process wakes it at once; commits of other processes arrive by
LISTEN/NOTIFY on Postgres. A poll once a second, only while somebody is looking, is the safety net.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import reflex as rx
from reflex_base.event import Event
from reflex_base.event.context import EventContext
from reflex_base.utils.format import format_event_handler
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from upstage_crm.core.db import COMMITS
from upstage_crm.wiring import runtime

POLL_S = 1.0
GATHER_S = 0.05  # commits come in bursts: a decision, then its mails


@dataclass(frozen=True, slots=True)
class _Tab:
    connection: str
    handler: str


class Hub:
    """The tabs of this worker that asked to be told."""

    def __init__(self) -> None:
        self._tabs: dict[str, _Tab] = {}
        self._woken = asyncio.Event()

    def subscribe(self, client_token: str, handler: Any) -> None:
        """Send `handler` to this tab whenever something changed; replaces its last subscription.

        Call it in a handler that the tab's browser asked for. It holds for that browser's
        connection only: what we send later runs with the cookies of the connection that subscribed,
        and must not reach somebody else who comes with the same client token.
        """
        self._tabs[client_token] = _Tab(_connection(), format_event_handler(handler))
        self._woken.set()  # from now on somebody looks, so the poll must run

    def unsubscribe(self, client_token: str) -> None:
        """Tell this tab nothing more: the page that it turned to does not change by itself."""
        self._tabs.pop(client_token, None)

    async def run(self, app: rx.App) -> None:
        """Watch until cancelled; a lifespan task of every worker."""
        loop = asyncio.get_running_loop()

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the worker is ending: nobody looks any more
                loop.call_soon_threadsafe(self._woken.set)

        runtime().database.on_commit(wake)
        url = runtime().database.engine.url
        listening = (
            asyncio.create_task(_listen(url, wake))
            if url.get_backend_name() == "postgresql"
            else None
        )
        try:
            await self._watch(app)
        finally:
            if listening is not None:
                listening.cancel()

    async def _watch(self, app: rx.App) -> None:
        # Looked at before anybody subscribes: a commit between a page's first reading and our first
        # look would else be news to nobody.
        seen = await _look()
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), POLL_S if self._tabs else None)
            await asyncio.sleep(GATHER_S)
            self._woken.clear()
            marker = await _look()
            if marker is not None and marker != seen:
                await self.tell(app)
                seen = marker

    async def tell(self, app: rx.App) -> None:
        """Send every tab that is still there its handler, and forget the others."""
        namespace = app.event_namespace
        live: Mapping[str, str] = namespace.token_to_sid if namespace else {}
        for token, tab in list(self._tabs.items()):
            if live.get(token) == tab.connection:
                await app.event_processor.enqueue(token, Event(name=tab.handler, payload={}))
            else:
                del self._tabs[token]


def _connection() -> str:
    """The connection that the event being handled came over; empty outside of one."""
    try:
        return str(EventContext.get().router_data.get("sid", ""))
    except LookupError:
        return ""


async def _listen(url: URL, wake: Callable[[], None]) -> None:
    """Call `wake` for every commit of any process, until cancelled; reconnects by itself."""
    import psycopg  # a fifth of a second that a start on SQLite need not pay

    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    while True:
        with contextlib.suppress(psycopg.OperationalError):
            connection = await psycopg.AsyncConnection.connect(address, autocommit=True)
            async with connection:
                await connection.execute(f"LISTEN {COMMITS}")
                async for _notice in connection.notifies():
                    runtime().dispatcher.wake()
                    wake()
        await asyncio.sleep(POLL_S)


async def _look() -> tuple[int, int] | None:
    """The marker as it is now; None when the database is away: look again later."""
    with contextlib.suppress(SQLAlchemyError):
        return await asyncio.to_thread(runtime().change_marker)
    return None


hub = Hub()
