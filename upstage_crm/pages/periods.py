"""The dates of a list: a named stretch of days, or two days that were chosen. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Final, Protocol

from upstage_crm.pages.list_url import FIRST_YEAR, LAST_YEAR, Read, as_day, day, one_of


class Period(StrEnum):
    """The days that a list can be narrowed to; the values stand in its address."""

    TODAY = "today"
    WEEK = "7-days"
    THIRTY_DAYS = "30-days"
    THIS_MONTH = "this-month"
    LAST_MONTH = "last-month"
    DATES = "dates"


PERIOD_WORDS: Final[Mapping[Period, str]] = {
    Period.TODAY: "Today",
    Period.WEEK: "Last 7 days",
    Period.THIRTY_DAYS: "Last 30 days",
    Period.THIS_MONTH: "This month",
    Period.LAST_MONTH: "Last month",
    Period.DATES: "Between two dates",
}
SEASON: Final = "season-"  # with the year in which it begins


class SeasonStart(Protocol):
    """The day on which the organisation's seasons begin."""

    def days_of(self, year: int) -> tuple[date, date]:
        """The first and the last day of the season that begins in a year."""
        ...


def season_value(year: int) -> str:
    """How an address names the season that begins in a year."""
    return f"{SEASON}{year:04}"


def season_year(text: str) -> int | None:
    """The year in which the season of a filter's value begins; None when it names none."""
    year = text.removeprefix(SEASON)
    is_season = text.startswith(SEASON) and year.isascii() and year.isdecimal()
    return int(year) if is_season and FIRST_YEAR <= int(year[:5]) <= LAST_YEAR else None


def _when(text: str) -> str:
    """Reads a named stretch of days, or a season."""
    year = season_year(text)
    return _named(text) if year is None else season_value(year)


_named = one_of(Period)
FILTERS: Final[Mapping[str, Read]] = {"when": _when, "from": day, "to": day}
"""What the address of a list with dates can say about them."""


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` on and before `end`; None is no limit."""

    start: datetime | None = None
    end: datetime | None = None


def span_of(
    chosen: Mapping[str, str], *, now: datetime, time_zone: tzinfo, season_start: SeasonStart
) -> Span:
    """The instants between which the chosen days lie, by the clocks of `time_zone`."""
    today = now.astimezone(time_zone).date()
    first, last = _days(chosen, today, season_start)
    after_last = last + timedelta(days=1) if last else None
    return Span(_midnight(first, time_zone), _midnight(after_last, time_zone))


def _days(
    chosen: Mapping[str, str], today: date, season_start: SeasonStart
) -> tuple[date | None, date | None]:
    """The first and the last of the days."""
    period = chosen.get("when", "")
    year = season_year(period)
    if year is not None:
        return season_start.days_of(year)
    if period == Period.DATES:
        return as_day(chosen.get("from", "")), as_day(chosen.get("to", ""))
    first_of_month = today.replace(day=1)
    end_of_last = first_of_month - timedelta(days=1)
    named = {
        Period.TODAY: (today, today),
        Period.WEEK: (today - timedelta(days=6), today),
        Period.THIRTY_DAYS: (today - timedelta(days=29), today),
        Period.THIS_MONTH: (first_of_month, today),
        Period.LAST_MONTH: (end_of_last.replace(day=1), end_of_last),
    }
    return named[Period(period)] if period else (None, None)


def _midnight(day: date | None, time_zone: tzinfo) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), time_zone)
