"""Sums of the days that are over, kept so that a report reads no more than them and today.

A day without sums, or with sums by another time zone, is read from the ledger: reports are right
with none at all. What is kept is remade from the ledger every night, and what differed is told.
"""

from __future__ import annotations

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
from upstage_crm.reporting.tables import AccountDayRow, RolledDayRow, SalesDayRow
from upstage_crm.reporting.views import Days

SALES_DAY, ACCOUNT_DAY = table_of(SalesDayRow), table_of(AccountDayRow)
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
        start, end = instants(Days(day, day), zone)
        sales, others = _sale_rows(session, day, start, end), _rows(session, day, start, end)
        wanted = (set(map(_frozen, sales)), set(map(_frozen, others)))
        held = tuple(_held(session, table, day) for table in (SALES_DAY, ACCOUNT_DAY))
        is_known = day.isoformat() in _rolled(session, zone)
    if is_known and wanted == held:
        return False
    with database.transaction(is_recorded=False) as session:
        take_turns(session, "roll up")
        connection = session.connection()
        for table, rows in ((SALES_DAY, sales), (ACCOUNT_DAY, others), (_ROLLED, ())):
            connection.execute(sa.delete(table).where(table.c.day == day.isoformat()))
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


def _sale_rows(
    session: Session, day: date, start: datetime | None, end: datetime | None
) -> list[dict[str, Any]]:
    return [
        {
            "day": day.isoformat(),
            "performance_id": key.performance_id,
            "price_zone": key.zone,
            "type_id": key.type_id,
            "channel": key.channel,
            "is_return": key.is_return,
            "tickets": one.sold + one.returned,
            "income_total": one.income,
            "fee_total": one.fees,
            "tax_total": one.tax,
        }
        for key, one in day_sums.sales(session, start, end).items()
    ]


def _rows(
    session: Session, day: date, start: datetime | None, end: datetime | None
) -> list[dict[str, Any]]:
    return [
        {"day": day.isoformat(), **key._asdict(), **sides._asdict()}
        for key, sides in day_sums.others(session, start, end).items()
    ]


def _held(session: Session, table: sa.Table, day: date) -> set[frozenset[tuple[str, Any]]]:
    query = sa.select(table).where(table.c.day == day.isoformat())
    return {_frozen(dict(row)) for row in session.connection().execute(query).mappings()}


def _frozen(row: dict[str, Any]) -> frozenset[tuple[str, Any]]:
    return frozenset(row.items())


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
