"""Which days the calendar shows, and how it turns to earlier and later ones. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum

from upstage_crm.admin.programme.url import CALENDAR
from upstage_crm.organisation.seasons import Season
from upstage_crm.pages.list_url import ListShape, day, one_of, text
from upstage_crm.pages.periods import season_value, season_year
from upstage_crm.programme.views import PerformanceState

WEEK = 7  # days


class View(StrEnum):
    """How the calendar is drawn. The list has the days of a month."""

    MONTH = "month"
    WEEK = "week"
    LIST = "list"


SEASON, VIEW, DAY, HALL, STATE = "season", "view", "day", "hall", "state"


def read_season(words: str) -> str:
    """Reads a season of an address."""
    year = season_year(words)
    return "" if year is None else season_value(year)


SHAPE = ListShape(
    path=CALENDAR,
    filters={
        SEASON: read_season,
        HALL: text(32),
        STATE: one_of(PerformanceState),
        VIEW: one_of(View, usual=View.MONTH),
        DAY: day,
    },
    lasting=frozenset({VIEW, DAY}),
)


def view_of(chosen: Mapping[str, str]) -> View:
    """The chosen view."""
    return View(chosen.get(VIEW, "") or View.MONTH)


def within(at: date, season: Season | None) -> date:
    """The day itself, or the nearest one of the season."""
    return at if season is None else min(max(at, season.first), season.last)


def weeks_of(at: date, view: View, *, first_weekday: int) -> list[list[date]]:
    """The days that are shown, in weeks that begin with `first_weekday` (Monday is 0).

    A month has whole weeks, with days of its neighbours at both ends.
    """
    first, last = (at, at) if view is View.WEEK else _month(at)
    begin = first - timedelta(days=(first.weekday() - first_weekday) % WEEK)
    weeks = ((last - begin).days + WEEK) // WEEK
    return [
        [begin + timedelta(days=WEEK * week + place) for place in range(WEEK)]
        for week in range(weeks)
    ]


def turned(at: date, view: View, steps: int) -> date:
    """The day to show next: a week or a month later, or earlier where `steps` is negative."""
    if view is View.WEEK:
        return at + timedelta(days=WEEK * steps)
    months = at.year * 12 + at.month - 1 + steps
    return date(months // 12, months % 12 + 1, 1)


def is_of_month(one: date, at: date, view: View) -> bool:
    """Whether a day that is shown belongs to what was asked for."""
    return view is View.WEEK or (one.year, one.month) == (at.year, at.month)


def _month(at: date) -> tuple[date, date]:
    first = at.replace(day=1)
    return first, turned(at, View.MONTH, 1) - timedelta(days=1)
