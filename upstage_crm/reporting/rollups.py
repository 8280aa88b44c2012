"""Sums of the days that are over, kept so that a report reads no more than them and today.

A day without sums, or with sums by another time zone, is read from the ledger: reports are right
with none at all. What is kept is remade from the ledger every night, and what differed is told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import Database, table_of, take_turns
from upstage_crm.ledger.queries import TRANSACTION
from upstage_crm.organisation.settings import details
from upstage_crm.reporting import day_sums
from upstage_crm.reporting.tables import AccountDayRow, PriceDayRow, RolledDayRow, SalesDayRow
from upstage_crm.reporting.views import Days, Sales

SALES_DAY, PRICE_DAY = table_of(SalesDayRow), table_of(PriceDayRow)
ACCOUNT_DAY = table_of(AccountDayRow)
_ROLLED = table_of(RolledDayRow)
SETTLED = timedelta(minutes=10)  # after a day's end: a slow transaction commits late


@dataclass(frozen=True, slots=True)
class Parts:
    """The days of a report: whether sums are kept of any, and the stretches without sums."""

    rolled: Sequence[str]
    open: Sequence[Days]


def parts(session: Session, days: Days) -> Parts:
    """Which of the days that are asked for have sums, and which have to be read."""
    zone = zone_of(session)
    rolled = [day for day in _rolled(session, zone) if _is_within(day, days)]
    booked = _first_day(session, zone)
    first = max(filter(None, (days.first, booked)), default=None)
    if booked is None or first is None:
        return Parts((), ())
    known, stretches, after = set(rolled), list[Days](), first
    newest = max((date.fromisoformat(day) for day in rolled), default=None)
    for at in _days_between(first, newest):
        if at.isoformat() in known:
            if after < at:
                stretches.append(Days(after, at - timedelta(days=1)))
            after = at + timedelta(days=1)
    if days.last is None or after <= days.last:
        stretches.append(Days(after, days.last))
    return Parts(rolled, stretches)


def instants(days: Days, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """The instants at which days begin and end: from the first on, and before the second."""
    last = None if days.last is None else days.last + timedelta(days=1)
    return _midnight(days.first, zone), _midnight(last, zone)


def zone_of(session: Session) -> ZoneInfo:
    """The time zone by whose clocks days begin."""
    return ZoneInfo(details(session).time_zone)


def each_day(days: Days, session: Session, *, now: datetime) -> Iterator[date]:
    """Every day of a stretch, until today."""
    zone = zone_of(session)
    today = now.astimezone(zone).date()
    first = days.first or _first_day(session, zone) or today
    return _days_between(first, min(days.last or today, today))


def missing(session: Session, *, now: datetime) -> list[date]:
    """The days that are over and have no sums yet, the oldest first."""
    zone = zone_of(session)
    first = _first_day(session, zone)
    if first is None:
        return []
    last = (now - SETTLED).astimezone(zone).date() - timedelta(days=1)
    known = set(_rolled(session, zone))
    return [day for day in _days_between(first, last) if day.isoformat() not in known]


def roll_up(database: Database, day: date, *, now: datetime) -> bool:
    """Sum a day up anew; return whether sums were kept that differ.

    The ledger is read beside the writers; only what differs is written.
    """
    with database.reading() as session:
        zone = zone_of(session)
        wanted = _sums(session, day, zone)
        is_known = day.isoformat() in _rolled(session, zone)
        if is_known and all(_held(session, table, day) == rows for table, rows in wanted.items()):
            return False
    with database.transaction(is_recorded=False) as session:
        take_turns(session, "roll up")
        connection = session.connection()
        for table in (*wanted, _ROLLED):
            connection.execute(sa.delete(table).where(table.c.day == day.isoformat()))
        for table, rows in wanted.items():
            if rows:
                connection.execute(sa.insert(table), rows)
        stamp = {"day": day.isoformat(), "zone": zone.key, "rolled_at": now}
        connection.execute(sa.insert(_ROLLED), stamp)
    return is_known


def all_days(session: Session) -> list[date]:
    """Every day that has sums, the oldest first."""
    return [date.fromisoformat(day) for day in _rolled(session, zone_of(session))]


def within(session: Session, table: sa.Table, days: Days) -> list[sa.ColumnElement[bool]]:
    """The condition that a row of sums is of these days, by the clocks of now."""
    known = sa.select(_ROLLED.c.day).where(_ROLLED.c.zone == zone_of(session).key)
    return [
        table.c.day.in_(known),
        *([table.c.day >= days.first.isoformat()] if days.first else []),
        *([table.c.day <= days.last.isoformat()] if days.last else []),
    ]


_Rows = list[dict[str, Any]]


def _sums(session: Session, day: date, zone: ZoneInfo) -> dict[sa.Table, _Rows]:
    """What the ledger says of a day, as rows of sums in the order of their keys."""
    start, end = instants(Days(day, day), zone)
    by_performance: defaultdict[tuple[Any, ...], Sales] = defaultdict(Sales)
    by_price: defaultdict[tuple[Any, ...], Sales] = defaultdict(Sales)
    for key, amounts in day_sums.sales(session, start, end).items():
        by_performance[key.performance_id, key.is_return] += amounts
        by_price[key.zone, key.type_id, key.channel, key.is_return] += amounts
    others = day_sums.others(session, start, end)
    found = {
        SALES_DAY: [(*key, *_columns(one)) for key, one in by_performance.items()],
        PRICE_DAY: [(*key, *_columns(one)) for key, one in by_price.items()],
        ACCOUNT_DAY: [(*key, *sides) for key, sides in others.items()],
    }
    return {
        table: [
            dict(zip(table.c.keys(), (day.isoformat(), *row), strict=True)) for row in sorted(rows)
        ]
        for table, rows in found.items()
    }


def _columns(one: Sales) -> tuple[int, int, int, int]:
    return one.sold + one.returned, one.income, one.fees, one.tax


def _held(session: Session, table: sa.Table, day: date) -> _Rows:
    query = sa.select(table).where(table.c.day == day.isoformat())
    rows = session.connection().execute(query).mappings()
    return sorted((dict(row) for row in rows), key=lambda row: tuple(row.values()))


def _rolled(session: Session, zone: ZoneInfo) -> list[str]:
    query = sa.select(_ROLLED.c.day).where(_ROLLED.c.zone == zone.key).order_by(_ROLLED.c.day)
    return list(session.connection().execute(query).scalars())


def _first_day(session: Session, zone: ZoneInfo) -> date | None:
    at = session.connection().scalar(sa.select(sa.func.min(TRANSACTION.c.booked_at)))
    return None if at is None else at.astimezone(zone).date()


def _is_within(day: str, days: Days) -> bool:
    after = days.first is None or day >= days.first.isoformat()
    return after and (days.last is None or day <= days.last.isoformat())


def _days_between(first: date, last: date | None) -> Iterator[date]:
    at = first
    while last is not None and at <= last:
        yield at
        at += timedelta(days=1)


def _midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), zone)
