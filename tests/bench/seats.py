"""Holds of two seats by sixteen callers against the bare statement; what is free; the best seats.

The bare statement is the one conditional update, in transactions through the same line of writers
on SQLite and without any line on PostgreSQL.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from tests.app.test_venues import add_venue
from tests.bench.report import Figure, figure, ratios
from tests.conftest import START
from tests.support.factories import Desk
from tests.support.houses import LaidOut, laid_out
from tests.support.keyring import opened
from tests.support.postgres import Postgres
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.demo.season.venues import PLANS
from upstage_crm.inventory import holds, queries
from upstage_crm.inventory.best_available import RankedPlan
from upstage_crm.inventory.errors import SeatsTaken
from upstage_crm.inventory.views import Wanted
from upstage_crm.venues.builder import build
from upstage_crm.venues.design import FIELDS

RUSH = 64
CALLERS, PAIRS, ROUNDS = 16, 480, 5  # the first round warms caches up and does not count
LARGE = FIELDS | {"name": "Stalls", "rows": "40", "seats": "50"}
_BARE = sa.text(
    "UPDATE seat_state SET state = 'held', holder = :who, expires_at = :at, extensions_left = 10, "
    "changed_at = :now WHERE performance_id = :performance AND seat_id IN (:one, :other) "
    "AND (state = 'free' OR (state = 'held' AND (expires_at <= :now OR holder = :who)))"
)


def measure(folder: Path, server: Postgres) -> list[Figure]:
    """Figures of both databases; PostgreSQL waits for its disk as in production."""
    database = opened(f"sqlite:///{folder / 'seats.db'}")
    desk = Desk(database, FrozenClock(START))
    figures = [*_holds("SQLite", desk, at_least=0.3), *_readings(desk), *_choosing()]
    database.dispose()
    with server.fresh(template="template0") as url:
        database = opened(url)
        figures += _holds("Postgres", Desk(database, FrozenClock(START)), at_least=0.5)
        database.dispose()
    return figures


def _holds(name: str, desk: Desk, *, at_least: float) -> list[Figure]:
    made = laid_out(desk, PLANS["Concert Hall"])
    seats = [one.id for one in made.house().seats]
    pairs = [seats[at : at + 2] for at in range(0, 2 * PAIRS, 2)]
    ours: list[float] = []
    bare: list[float] = []
    waits: list[float] = []
    for turn in range(ROUNDS):
        now = made.desk.clock.advance(timedelta(hours=1))  # what was held before has lapsed

        def hold(number: int, turn: int = turn, now: datetime = now) -> None:
            wanted = Wanted(seats={made.performance: frozenset(pairs[number])})
            holder = f"{turn} {number}"
            desk.database.attempt(
                lambda s: holds.hold(s, holder=holder, wanted=wanted, now=now), is_recorded=False
            )

        rate, waited = _crowd(hold)
        made.desk.clock.advance(timedelta(hours=1))
        bare_rate, _ = _crowd(lambda number: _bare(made, desk.database, pairs[number], number))
        if turn:
            ours.append(rate)
            bare.append(bare_rate)
            waits.append(1_000 * statistics.quantiles(waited, n=20)[-1])
    area = f"Holds, 16 callers, {name}"
    return [
        figure(area, "two seats held", ours, unit="/s"),
        figure(
            area,
            "two seats held",
            ratios(ours, bare),
            against="the bare statement",
            at_least=at_least,
        ),
        figure(area, "a hold, p95", waits, unit="ms"),
        figure(f"64 for two seats, {name}", "longest wait", _rush(made), unit="ms", at_most=1_000),
    ]


def _rush(made: LaidOut) -> list[float]:
    """The longest wait of 64 callers who want the same two seats, round by round."""
    pair = frozenset(one.id for one in made.house().seats[:2])
    wanted = Wanted(seats={made.performance: pair})
    longest: list[float] = []
    for turn in range(ROUNDS):
        now = made.desk.clock.advance(timedelta(hours=1))

        def want(number: int, turn: int = turn, now: datetime = now) -> None:
            holder = f"rush {turn} {number}"
            with suppress(SeatsTaken):
                made.desk.database.attempt(
                    lambda s: holds.hold(s, holder=holder, wanted=wanted, now=now),
                    is_recorded=False,
                )

        _, waits = _crowd(want, callers=RUSH, count=RUSH)
        longest.append(1_000 * max(waits))
    return longest


def _bare(made: LaidOut, database: Database, pair: list[str], number: int) -> None:
    now = made.desk.now
    given = {
        "who": f"bare {number}",
        "performance": made.performance,
        "one": pair[0],
        "other": pair[1],
    }
    is_sqlite = database.engine.dialect.name == "sqlite"
    at = {"now": now, "at": now + timedelta(minutes=12)}
    if is_sqlite:
        given |= {name: f"{when:%Y-%m-%d %H:%M:%S.%f}" for name, when in at.items()}

    def run(connection: Connection) -> None:
        done = connection.execute(_BARE, given if is_sqlite else given | at)
        assert done.rowcount == 2

    if is_sqlite:
        with database.writing() as connection:
            run(connection)
        return
    with database.engine.begin() as connection:
        run(connection)


def _crowd(
    act: Callable[[int], None], *, callers: int = CALLERS, count: int = PAIRS
) -> tuple[float, list[float]]:
    """Acts a second, and the seconds of each."""

    def timed(number: int) -> float:
        begun = time.perf_counter()
        act(number)
        return time.perf_counter() - begun

    with ThreadPoolExecutor(callers) as pool:
        begun = time.perf_counter()
        waits = list(pool.map(timed, range(count)))
        return count / (time.perf_counter() - begun), waits


def _readings(desk: Desk) -> list[Figure]:
    """What is free of 2,000 seats, none of which is."""
    made = laid_out(desk, [LARGE], venue=add_venue(desk, name="Another House"))
    everything = frozenset(one.id for one in made.house().seats)
    wanted = Wanted(seats={made.performance: everything})
    made.attempt(lambda s: holds.hold(s, holder="crowd", wanted=wanted, now=desk.now))
    took: list[float] = []
    size = 0
    for _ in range(30):
        begun = time.perf_counter()
        with desk.database.reading() as session:
            size = len(queries.bits(session, made.performance, now=desk.now))
        took.append(1_000 * (time.perf_counter() - begun))
    area = "What is free of 2,000 seats"
    return [
        figure(area, "size", [size], unit="bytes", at_most=500),
        figure(area, "reading", took[1:], unit="ms", at_most=10),
    ]


def _choosing() -> list[Figure]:
    """The best seats of the concert hall for parties of every size, in houses of every filling."""
    plan = build("Concert Hall", PLANS["Concert Hall"])
    ranked, chance = RankedPlan(plan), random.Random(1)
    took: list[float] = []
    for seed in range(500):
        share = chance.choice((0.02, 0.08, 0.2, 0.5, 0.9, 1))
        free = {seat.id for seat in plan.seats if chance.random() < share}
        begun = time.process_time()
        ranked.choose(free, 1 + seed % 10, seed=seed)
        took.append(1_000 * (time.process_time() - begun))
    worst = statistics.quantiles(took, n=100)[-1]
    return [figure("Best seats of 1,200", "p99", [worst], unit="ms", at_most=5)]
