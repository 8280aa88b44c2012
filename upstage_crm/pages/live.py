"""Live updates: when something was committed, the tabs that show it read it again.

One hub per worker. A commit in this process wakes it at once; commits of other processes arrive by
LISTEN/NOTIFY on Postgres. A poll once a second, only while somebody is looking, is the safety net.

Tabs read one after the other, and each reading has to be rested off, the longer the more it cost:
together they take at most a fifth of a core's time, so that patrons who decide meanwhile are not
kept waiting. A tab that was quiet has rested in advance: what a colleague does now and then is seen
at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import reflex as rx
from reflex_base.event import Event
from reflex_base.event.context import EventContext
from reflex_base.utils.format import format_event_handler
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from upstage_crm.core.db import COMMITS
from upstage_crm.jobs import news
from upstage_crm.jobs.news import ALL_TOPICS, News, Position, Topic
from upstage_crm.wiring import runtime

POLL_S = 1.0
LOOK_S = 0.02  # the least time between two looks: commits come in bursts
REST_S = 0.1  # the least time between two updates of a tab
SHARE = 5  # all tabs together read for a fifth of the time
ADVANCE_S = 1.0  # how much rest a quiet tab has in advance
PATIENCE_S = 5.0  # then the next tab has its turn


@dataclass(slots=True)
class _Tab:
    connection: str
    handler: str
    topics: frozenset[Topic]
    subjects: frozenset[str] = frozenset()
    is_due: bool = False
    owes_until: float = 0.0
    rests_until: float = 0.0

    def rest(self, *, begun: float, now: float, for_s: float) -> None:
        """Owe so much rest for a reading; what was rested in advance counts."""
        self.owes_until = max(self.owes_until, begun) + for_s
        self.rests_until = max(now + REST_S, self.owes_until - ADVANCE_S)


class Hub:
    """The tabs of this worker that asked to be told."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tabs: dict[str, _Tab] = {}
        self._seen: Position | None = None
        self._woken = asyncio.Event()
        self._due = asyncio.Event()

    def subscribe(
        self, client_token: str, handler: Any, topics: frozenset[Topic] = ALL_TOPICS
    ) -> None:
        """Send `handler` to this tab after news of `topics`; replaces its last subscription.

        Call it in a handler that the tab's browser asked for. It holds for that browser's
        connection only: what we send later runs with the cookies of the connection that subscribed,
        and must not reach somebody else who comes with the same client token.
        """
        self._tabs[client_token] = _Tab(_connection(), format_event_handler(handler), topics)
        self._woken.set()  # from now on somebody looks, so the poll must run

    def narrow(self, client_token: str, *subjects: str) -> None:
        """Tell this tab no news that is about other patrons and requests than these."""
        if tab := self._tabs.get(client_token):
            tab.subjects = frozenset(subjects)

    def unsubscribe(self, client_token: str) -> None:
        """Tell this tab nothing more: the page that it turned to does not change by itself."""
        self._tabs.pop(client_token, None)

    async def run(self, app: rx.App) -> None:
        """Watch and tell until cancelled; a lifespan task of every worker."""
        loop = asyncio.get_running_loop()

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the worker is ending: nobody looks any more
                loop.call_soon_threadsafe(self._woken.set)

        runtime().database.on_commit(wake)
        url = runtime().database.engine.url
        async with asyncio.TaskGroup() as tasks:
            if url.get_backend_name() == "postgresql":
                tasks.create_task(_listen(url, wake))
            tasks.create_task(self._watch())
            tasks.create_task(self._tell(app))

    async def _watch(self) -> None:
        # Looked at before anybody subscribes: a commit between a page's first reading and our first
        # look would else be news to nobody.
        looked_at = -math.inf
        while True:
            # With no tab open it is enough to stay near: the next one is told what it missed.
            if self._tabs or self._clock() - looked_at >= POLL_S:
                looked_at = self._clock()
                found = await _look(self._seen)
                if found is not None:
                    self._seen, happened = found
                    self.note(happened)
            await asyncio.sleep(LOOK_S)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), POLL_S if self._tabs else None)
            self._woken.clear()

    def note(self, happened: Iterable[News]) -> None:
        """Let the tabs read again that show what happened."""
        for one in happened:
            for tab in self._tabs.values():
                tab.is_due = tab.is_due or one.concerns(tab.topics, tab.subjects)
        self._due.set()

    async def _tell(self, app: rx.App) -> None:
        while True:
            self._due.clear()
            wait_s = await self.tell_next(app)
            with contextlib.suppress(TimeoutError):
                if wait_s != 0:
                    await asyncio.wait_for(self._due.wait(), wait_s)

    async def tell_next(self, app: rx.App) -> float | None:
        """Let the tab read that has rested longest, and wait until it has.

        Returns after how many seconds the next one may; None when no tab is due.
        """
        due = [(tab.rests_until, token) for token, tab in self._tabs.items() if tab.is_due]
        if not due:
            return None
        begun = self._clock()
        rests_until, token = min(due)
        if rests_until > begun:
            return rests_until - begun
        tab = self._tabs[token]
        namespace = app.event_namespace
        live: Mapping[str, str] = namespace.token_to_sid if namespace else {}
        if live.get(token) != tab.connection:  # it has gone
            del self._tabs[token]
            return 0
        tab.is_due = False
        sent = await app.event_processor.enqueue(token, Event(name=tab.handler, payload={}))
        # Not `wait_for`: it would end what takes longer.
        done = asyncio.gather(
            sent.wait_all(), return_exceptions=True
        )  # who fails is told by Reflex
        await asyncio.wait({done}, timeout=PATIENCE_S)
        now = self._clock()
        tab.rest(begun=begun, now=now, for_s=(now - begun) * len(self._tabs) * SHARE)
        return 0


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


async def _look(seen: Position | None) -> tuple[Position, tuple[News, ...]] | None:
    """What happened after `seen`; None when the database is away: look again later."""

    def read() -> tuple[Position, tuple[News, ...]]:
        with runtime().database.reading() as session:
            return (news.position(session), ()) if seen is None else news.since(session, seen)

    with contextlib.suppress(SQLAlchemyError):
        return await asyncio.to_thread(read)
    return None


hub = Hub()
