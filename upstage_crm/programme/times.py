"""When performances are: local times, the instants behind them, and series. Pure.

A performance is at a time of the clocks of its hall. What is stored is that time with its zone, and
the instant: when the clocks change, the instant moves and the time of day stays.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from upstage_crm.organisation.seasons import Season
from upstage_crm.programme.errors import (
    SeriesEmpty,
    SeriesTooLong,
    ShiftUnreadable,
    TimeDoubled,
    TimeSkipped,
    TimeUnreadable,
)

MOST_AT_ONCE = 200  # performances of one series
LONGEST_SHIFT = 366  # days
FIRST_YEAR, LAST_YEAR = 1970, 9998


def read_day(text: str) -> date:
    """A day as a date input sends it.

    Raises:
        TimeUnreadable: it is none, or no year that we plan for.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise TimeUnreadable from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise TimeUnreadable
    return day


def read_time(text: str) -> time:
    """A time of day as a time input sends it; seconds are dropped.

    Raises:
        TimeUnreadable: it is none.
    """
    try:
        at = time.fromisoformat(text)
    except ValueError:
        raise TimeUnreadable from None
    if at.tzinfo is not None:
        raise TimeUnreadable
    return at.replace(second=0, microsecond=0)


def read_shift(text: str) -> int:
    """By how many days something moves, `-7` for a week earlier; "" is none.

    Raises:
        ShiftUnreadable: it is no whole number, or more than a year.
    """
    digits = text.strip().replace("\u2212", "-").removeprefix("+")
    if not digits:
        return 0
    number = digits.removeprefix("-")
    if not (number.isascii() and number.isdecimal() and int(number) <= LONGEST_SHIFT):
        raise ShiftUnreadable(most=LONGEST_SHIFT)
    return int(digits)


def instant(day: date, at: time, zone: tzinfo) -> datetime:
    """The moment at which the clocks of `zone` show this time on this day.

    Raises:
        TimeSkipped: they never do, since they go forward over it.
        TimeDoubled: they do so twice.
    """
    wall = datetime.combine(day, at)
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return first
    if first.astimezone(zone).replace(tzinfo=None, fold=0) != wall:
        raise TimeSkipped(day=day.isoformat())
    raise TimeDoubled(day=day.isoformat())


def first_moment(day: date, zone: tzinfo) -> datetime:
    """When a day begins by the clocks of `zone`; where that is skipped, when they go on."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def in_season(day: date, source: Season, target: Season) -> date:
    """The day of another season that is a day of one: the same weekday, about as far into it."""
    weeks = round((target.first - source.first).days / 7)
    moved = day + timedelta(weeks=weeks)
    while moved < target.first:
        moved += timedelta(weeks=1)
    while moved > target.last:
        moved -= timedelta(weeks=1)
    return moved


def series(first: date, last: date, weekdays: Collection[int]) -> list[date]:
    """The days from `first` to `last` that are on one of the weekdays, Monday being 0.

    Raises:
        SeriesEmpty: there is no such day.
        SeriesTooLong: there are more than are made at once.
    """
    length = (last - first).days + 1
    if length > MOST_AT_ONCE * 7:
        raise SeriesTooLong(limit=MOST_AT_ONCE)
    days = [first + timedelta(days=passed) for passed in range(max(length, 0))]
    fitting = [day for day in days if day.weekday() in weekdays]
    if not fitting:
        raise SeriesEmpty
    if len(fitting) > MOST_AT_ONCE:
        raise SeriesTooLong(limit=MOST_AT_ONCE)
    return fitting
