"""What sixteen callers book a second with a sealer beside them, against the same without one.

A booking is the smallest thing that is sealed. A whole sale costs ten times as much, and its seal
no more, so this is the worst case.
"""

from __future__ import annotations

import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.bench.report import Figure, figure, ratios
from tests.support.keyring import opened
from tests.support.postgres import Postgres
from upstage_crm.core.clock import SystemClock
from upstage_crm.core.db import Database
from upstage_crm.ledger import books, row_seals
from upstage_crm.ledger.row_seals import LEDGER
from upstage_crm.ledger.views import Account, Leg, Posting, PostingKind
from upstage_crm.proof import reconcile_seals

CALLERS, SECONDS, ROUNDS = 16, 3.0, 4  # the first round warms caches up and does not count
EVERY_S = 1.0
_CLOCK = SystemClock()
SALE = Posting(
    kind=PostingKind.SALE,
    legs=(
        Leg(Account.CARD_CLEARING, 7000),
        Leg(Account.DEFERRED_INCOME, -5834, "p" * 32, "l" * 32),
        Leg(Account.TAX, -1166, "p" * 32, "l" * 32),
    ),
    order_id="o" * 32,
)


def measure(folder: Path, server: Postgres) -> list[Figure]:
    """Figures of both databases; PostgreSQL waits for its disk as in production."""
    database = opened(f"sqlite:///{folder / 'sealing.db'}")
    figures = _bookings("SQLite", database)
    database.dispose()
    with server.fresh(template="template0") as url:
        database = opened(url)
        figures += _bookings("Postgres", database)
        database.dispose()
    return figures


def _bookings(name: str, database: Database) -> list[Figure]:
    alone: list[float] = []
    beside: list[float] = []
    waits: list[float] = []
    took: list[float] = []
    for turn in range(ROUNDS):
        without, _ = _crowd(database, None)
        while _seal(database):
            pass
        seconds: list[float] = []
        rate, waited = _crowd(database, seconds)
        if turn:
            alone.append(without)
            beside.append(rate)
            waits.append(1_000 * statistics.quantiles(waited, n=20)[-1])
            took += [1_000 * one for one in seconds]
    while _seal(database):
        pass
    area = f"Bookings, 16 callers, {name}"
    return [
        figure(area, "with a sealer", beside, unit="/s"),
        figure(area, "with a sealer", ratios(beside, alone), against="without", at_least=0.6),
        figure(area, "a booking, p95", waits, unit="ms"),
        figure(area, "one seal", took, unit="ms"),
        figure(area, "checked by audit verify", [_checked(database)], unit="/s"),
    ]


def _crowd(database: Database, seals: list[float] | None) -> tuple[float, list[float]]:
    """Bookings a second, and the seconds of each; with a list for those of `seals`, a sealer."""
    until = time.perf_counter() + SECONDS
    over = threading.Event()

    def book(_caller: int) -> list[float]:
        waits: list[float] = []
        while (begun := time.perf_counter()) < until:
            now = _CLOCK.now()
            database.attempt(lambda s, now=now: books.post(s, SALE, now=now), is_recorded=False)
            waits.append(time.perf_counter() - begun)
        return waits

    def seal() -> None:
        while seals is not None and not over.wait(EVERY_S):
            begun = time.perf_counter()
            _seal(database)
            seals.append(time.perf_counter() - begun)

    sealer = threading.Thread(target=seal)
    sealer.start()
    with ThreadPoolExecutor(CALLERS) as pool:
        waits = [one for found in pool.map(book, range(CALLERS)) for one in found]
    over.set()
    sealer.join()
    return len(waits) / SECONDS, waits


def _seal(database: Database) -> int:
    return row_seals.seal(database, [LEDGER], now=_CLOCK.now())


def _checked(database: Database) -> float:
    """Rows a second that the check of everything compares; it finds nothing."""
    begun, count = time.perf_counter(), 0
    with database.reading() as session:
        for batch in reconcile_seals.reconcile(session):
            assert not batch.differences
            count += batch.count
    return count / (time.perf_counter() - begun)
