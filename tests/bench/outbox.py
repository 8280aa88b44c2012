"""The outbox: its share of a decision, how fast it drains, what idling costs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import reflex as rx
import sqlalchemy as sa
from sqlalchemy import event

from tests.bench import claims
from tests.bench.decisions import pending
from tests.bench.report import Figure, figure, ratios
from tests.conftest import START
from tests.support.factories import MAIL_FROM, Desk
from tests.support.keyring import SECRET_KEYS, opened
from tests.support.postgres import Postgres
from upstage_crm import wiring
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.core.ids import new_id
from upstage_crm.mail import outbox
from upstage_crm.mail.compose import Composer, PreparedMail
from upstage_crm.mail.delivery import Transport
from upstage_crm.mail.message import MailDraft
from upstage_crm.pages.live import Hub
from upstage_crm.settings import Settings

DECISIONS = 40  # the first ten warm caches up and do not count
WARM_UP = 10
MOST_IDLE = 120  # a minute, dispatcher and hub together
WATCH_S = 8.0
AREA = "outbox"


class _Timed(Composer):
    """Notes what it prepared and how long that took."""

    def __init__(self) -> None:
        super().__init__(mail_from=MAIL_FROM, transport=Transport.LOCAL)
        self.seconds = 0.0
        self.mails: list[PreparedMail] = []

    def prepare(self, draft: MailDraft, *, now: datetime) -> PreparedMail:
        begun = time.perf_counter()
        mail = super().prepare(draft, now=now)
        self.seconds += time.perf_counter() - begun
        self.mails.append(mail)
        return mail


class _Undo(Exception):
    """Ends a transaction whose rows are not wanted."""


def measure(folder: Path, server: Postgres) -> list[Figure]:
    """Figures through the commands and the dispatcher that the server runs.

    Shares of a decision and idling on SQLite; storing and claiming on both databases.
    """
    return [*_on_sqlite(folder), *_on_postgres(server)]


def _on_postgres(server: Postgres) -> list[Figure]:
    with server.fresh(template="template0") as url:
        database = opened(url)
        try:
            return claims.measure("Postgres", database)
        finally:
            database.dispose()


def _on_sqlite(folder: Path) -> list[Figure]:
    database = opened(f"sqlite:///{folder / 'outbox.db'}")
    try:
        return [*_shares(database), *claims.measure("SQLite", database), *_idle(database)]
    finally:
        database.dispose()


def _shares(database: Database) -> list[Figure]:
    desk = Desk(database, FrozenClock(START))
    composer = _Timed()
    links = pending(desk, DECISIONS)
    desk.room = replace(desk.room, composer=composer)
    decided: list[float] = []
    rendering: list[float] = []
    storing: list[float] = []
    for link in links:
        composer.seconds = 0
        composer.mails.clear()
        begun = time.perf_counter()
        desk.decide(link)
        decided.append(time.perf_counter() - begun)
        rendering.append(composer.seconds)
        storing.append(_store_again(database, composer.mails, desk.now))
    count = len(composer.mails)
    begun = time.perf_counter()
    handled = len(desk.deliver())
    draining = handled / (time.perf_counter() - begun)
    decided, rendering, storing = (s[WARM_UP:] for s in (decided, rendering, storing))
    queued = [count / seconds for seconds in decided]
    of_all = "the whole decision"
    return [
        figure(AREA, f"rendering {count} mails", ratios(rendering, decided), against=of_all),
        figure(AREA, f"storing {count} mails", ratios(storing, decided), against=of_all),
        figure(AREA, "claimed, sent and settled", [draining], unit="/s"),
        figure(
            AREA,
            "claimed, sent and settled",
            ratios([draining] * len(queued), queued),
            against="queued by decisions",
        ),
    ]


def _store_again(database: Database, mails: list[PreparedMail], now: datetime) -> float:
    """Seconds to queue the same mails once more, under other keys; nothing of it stays."""
    fresh = [
        replace(mail, id=new_id(now), draft=replace(mail.draft, dedupe_key=f"again/{mail.id}"))
        for mail in mails
    ]
    spent = 0.0
    with suppress(_Undo), database.transaction() as session:
        begun = time.perf_counter()
        for mail in fresh:
            outbox.enqueue_prepared(session, mail, now=now)
        spent = time.perf_counter() - begun
        raise _Undo
    return spent


def _idle(database: Database) -> list[Figure]:
    url = database.engine.url.render_as_string()
    settings = Settings.load({"UPSTAGE_DATABASE_URL": url, "UPSTAGE_SECRET_KEYS": SECRET_KEYS})
    counted: list[int] = []
    for is_watched in (False, True):
        wiring.install(wiring.build(settings, database=database))  # bound to one event loop each
        try:
            counted.append(asyncio.run(_watch(wiring.runtime(), is_watched=is_watched)))
        finally:
            wiring.install(None)
    alone, watched = counted
    per_minute = 60 / WATCH_S
    return [
        figure(
            AREA, "queries of an idle server", [alone * per_minute], unit="/min", at_most=MOST_IDLE
        ),
        figure(
            AREA, "queries with tabs open", [watched * per_minute], unit="/min", at_most=MOST_IDLE
        ),
    ]


async def _watch(made: wiring.Runtime, *, is_watched: bool) -> int:
    """Statements executed while the dispatcher and the hub run and nothing happens."""
    hub, stop = Hub(), asyncio.Event()
    # No page is served here, so there is no one to tell; a commit would be needed for it anyway.
    app = cast("rx.App", SimpleNamespace(event_namespace=None))
    with _counting(made.database.engine) as counted:
        tasks = [asyncio.create_task(made.dispatcher.run(stop)), asyncio.create_task(hub.run(app))]
        if is_watched:
            hub.subscribe("tab", rx.State.hydrate)
        await asyncio.sleep(WATCH_S)
        stop.set()
        tasks[1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return counted[0]


@contextmanager
def _counting(engine: sa.Engine) -> Iterator[list[int]]:
    counted = [0]

    def count(
        _connection: Any, _cursor: Any, sql: str, _values: Any, _context: Any, _many: bool
    ) -> None:
        if not sql.startswith("BEGIN"):
            counted[0] += 1

    event.listen(engine, "before_cursor_execute", count)
    try:
        yield counted
    finally:
        event.remove(engine, "before_cursor_execute", count)
