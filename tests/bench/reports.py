"""Every report over many tickets: three seasons of 300 performances, by the sums of days.

`python -m tests.bench reports` has a million tickets, `reports=50000` fewer.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.app.test_venues import add_hall, add_venue
from tests.bench.report import Figure, figure
from tests.conftest import START
from tests.support.factories import Desk
from tests.support.houses import performance_in
from tests.support.keyring import opened
from tests.support.postgres import Postgres
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database, table_of
from upstage_crm.core.ids import CROCKFORD, new_id
from upstage_crm.ledger.tables import LedgerTransactionRow
from upstage_crm.orders.tables import OrderLineRow, OrderRow, OrderStepRow
from upstage_crm.programme import commands
from upstage_crm.reporting import deferred, entries, rollups, sales, takings
from upstage_crm.reporting.views import Days, EntriesOf, SalesBy, TakingsBy

TICKETS = 1_000_000
PERFORMANCES, EVENTS, ROUNDS = 900, 60, 5
SEASON = Days(date(2027, 9, 1), date(2028, 8, 31))
_AT_ONCE = 5_000
_ZONES, _TYPES = ("A", "B", "C", "D"), ("adult", "concession", "child", "member")
_CHANNELS = ("portal", "portal", "portal", "box_office", "phone")
_PARTIES = (2, 2, 2, 4, 2, 1, 3, 2, 5, 1)


def measure(folder: Path, server: Postgres, tickets: int = TICKETS) -> Iterator[Figure]:
    """Figures of both databases."""
    database = opened(f"sqlite:///{folder / 'reports.db'}")
    yield from _figures("SQLite", database, tickets)
    database.dispose()
    with server.fresh(template="template0") as url:
        database = opened(url)
        yield from _figures("Postgres", database, tickets)
        database.dispose()


def _figures(name: str, database: Database, tickets: int) -> Iterator[Figure]:
    desk = Desk(database, FrozenClock(START))
    chance = random.Random(1)
    shown = _programme(desk)
    _sell(database, chance, shown, tickets)
    desk.clock.advance(max(at for _, at in shown) - desk.now)
    area = f"{tickets:,} tickets, {name}"
    took, count = _timed(lambda: _roll(desk))
    yield figure(area, "a day summed up", [1_000 * took / max(count, 1)], unit="ms")
    for words, report in _reports(desk, shown):
        report()  # caches warm up
        times = [1_000 * _timed(report)[0] for _ in range(ROUNDS)]
        worst = statistics.quantiles(times, n=20)[-1]
        yield figure(area, words, [worst], unit="ms", at_most=1_000)


def _reports(
    desk: Desk, shown: list[tuple[str, datetime]]
) -> Iterator[tuple[str, Callable[[], Any]]]:
    now = desk.now

    def read(query: Callable[[Any], Any]) -> Callable[[], Any]:
        return lambda: desk.read(query)

    for words, days in (("ever", Days()), ("a season", SEASON)):
        for by in SalesBy:
            yield (
                f"sales by {by}, {words}",
                read(lambda s, by=by, days=days: sales.sales(s, by, days=days, now=now)),
            )
        for by in TakingsBy:
            yield (
                f"takings by {by}, {words}",
                read(lambda s, by=by, days=days: takings.takings(s, by, days=days, now=now)),
            )
    event = [performance for performance, _ in shown[: PERFORMANCES // EVENTS]]
    yield (
        "sales by zone, one event",
        read(lambda s: sales.sales(s, SalesBy.ZONE, days=Days(), now=now, performances=event)),
    )
    yield "deferred", read(lambda s: deferred.deferred(s, until=None, now=now))
    for words, wanted in (
        ("entries, all", EntriesOf()),
        ("entries of a performance", EntriesOf(performances=[shown[0][0]])),
        ("entries of a season's zone", EntriesOf(days=SEASON, zone="D")),
    ):
        yield words, read(lambda s, w=wanted: entries.entries(s, w, limit=50))


def _programme(desk: Desk) -> list[tuple[str, datetime]]:
    hall = add_hall(desk, add_venue(desk))
    shown: list[tuple[str, datetime]] = []
    for number in range(EVENTS):
        event = desk.act(desk.owner, commands.add_event, typed={"title": f"Play {number}"})
        for turn in range(PERFORMANCES // EVENTS):
            day = date(2026, 9, 1) + timedelta(days=number * PERFORMANCES // EVENTS + turn)
            performance = performance_in(desk, hall, event, day)
            at = datetime(day.year, day.month, day.day, 19, 30, tzinfo=START.tzinfo)
            shown.append((performance, at))
    return shown


def _sell(
    database: Database, chance: random.Random, shown: list[tuple[str, datetime]], tickets: int
) -> None:
    tables = [table_of(row) for row in (OrderRow, OrderStepRow, OrderLineRow, LedgerTransactionRow)]
    made = _orders(chance, shown, tickets)
    while batch := list(islice(made, _AT_ONCE)):
        with database.writing() as connection:
            for place, table in enumerate(tables):
                connection.execute(sa.insert(table), [row for one in batch for row in one[place]])


def _orders(
    chance: random.Random, shown: list[tuple[str, datetime]], tickets: int
) -> Iterator[tuple[list[dict[str, Any]], ...]]:
    """Orders with their steps, lines and transactions, the oldest first."""
    sold = sorted(
        (at - timedelta(days=min(chance.expovariate(1 / 25), 300)), performance, at)
        for performance, at in (chance.choice(shown) for _ in range(int(tickets / 2.4)))
    )
    for number, (now, performance, _at) in enumerate(sold):
        order_id, step_id = new_id(now), new_id(now)
        channel = chance.choice(_CHANNELS)
        lines = [
            _line(chance, new_id(now), order_id, step_id, performance)
            for _ in range(chance.choice(_PARTIES))
        ]
        total = sum(line["amount"] for line in lines)
        yield (
            [_order(number, order_id, channel, total, now)],
            [_step(order_id, step_id, total, now)],
            lines,
            [_transaction(order_id, step_id, channel, lines, total, now)],
        )


def _order(number: int, order_id: str, channel: str, total: int, now: datetime) -> dict[str, Any]:
    digits = "".join(CROCKFORD[number >> 5 * place & 31] for place in range(5))
    return {
        "id": order_id,
        "reference": f"{digits[:2]}-{digits[2:]}",
        "basket_id": order_id,
        "channel": channel,
        "patron_id": None,
        "staff_id": "",
        "shift_id": "",
        "currency": "USD",
        "total": total,
        "tax_mode": "inclusive",
        "created_at": now,
        "filed_at": now,
        "claimed_at": None,
    }


def _step(order_id: str, step_id: str, total: int, now: datetime) -> dict[str, Any]:
    return {
        "id": step_id,
        "order_id": order_id,
        "n": 1,
        "kind": "sale",
        "key": step_id,
        "total": total,
        "staff_id": "",
        "shift_id": "",
        "reason": "",
        "created_at": now,
    }


def _line(
    chance: random.Random, line_id: str, order_id: str, step_id: str, performance: str
) -> dict[str, Any]:
    zone = chance.randrange(len(_ZONES))
    return {
        "id": line_id,
        "order_id": order_id,
        "step_id": step_id,
        "kind": "ticket",
        "performance_id": performance,
        "zone": _ZONES[zone],
        "type_id": chance.choice(_TYPES),
        "price_id": "",
        "window_id": "",
        "amount": 2_000 + 1_000 * zone,
        "fees": "[]",
        "fee_amount": 100,
        "tax": 300,
        "tax_basis_points": 2_000,
        "steps": "[]",
        "reverses": "",
    }


def _transaction(
    order_id: str,
    step_id: str,
    channel: str,
    lines: list[dict[str, Any]],
    total: int,
    now: datetime,
) -> dict[str, Any]:
    legs: list[list[Any]] = [
        ["card_clearing" if channel == "portal" else "terminal_clearing", total, "", ""]
    ]
    for line in lines:
        about = [line["performance_id"], line["id"]]
        legs += [
            ["deferred_income", 400 - line["amount"], *about],
            ["deferred_fees", -100, *about],
            ["tax", -300, *about],
        ]
    return {
        "id": new_id(now),
        "kind": "sale",
        "booked_at": now,
        "legs": json.dumps(legs),
        "order_id": order_id,
        "step_id": step_id,
        "payment_id": None,
        "refund_id": None,
        "shift_id": None if channel == "portal" else f"shift {now:%Y-%m-%d}",
        "staff_id": None if channel == "portal" else f"clerk {now.day % 7}",
        "salt": "x",
        "seal_id": None,
    }


def _roll(desk: Desk) -> int:
    found = desk.read(lambda s: rollups.missing(s, now=desk.now))
    for day in found:
        rollups.roll_up(desk.database, day, now=desk.now)
    return len(found)


def _timed(act: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    found = act()
    return time.perf_counter() - begun, found
