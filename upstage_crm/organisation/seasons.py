"""Seasons: the organisation's years, from the same day of every year. Pure.

A season is no row: the day on which it begins says every season there was and will be. It is named
by the years that it touches, `2026-27 Season`, and by one when it begins on 1 January.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from upstage_crm.organisation.errors import UnknownSeasonStart

PLAIN_YEAR = 2025  # has no 29 February, on which no season can begin: most years lack it
CENTURY = 100


@dataclass(frozen=True, slots=True, order=True)
class SeasonStart:
    """The day on which every season begins.

    Raises:
        UnknownSeasonStart: not every year has this day.
    """

    month: int
    day: int

    def __post_init__(self) -> None:
        is_month = date.min.month <= self.month <= date.max.month
        if not is_month or not 1 <= self.day <= monthrange(PLAIN_YEAR, self.month)[1]:
            raise UnknownSeasonStart

    @property
    def text(self) -> str:
        """How it is stored: `09-01`."""
        return f"{self.month:02}-{self.day:02}"

    def season_of(self, day: date) -> Season:
        """The season that a day belongs to."""
        begins_later = (day.month, day.day) < (self.month, self.day)
        return Season(day.year - begins_later, self)

    def days_of(self, year: int) -> tuple[date, date]:
        """The first and the last day of the season that begins in a year."""
        season = Season(year, self)
        return season.first, season.last


FIRST_START = SeasonStart(9, 1)
"""When seasons begin until an owner says otherwise."""


def read_start(text: str) -> SeasonStart:
    """The day behind its stored text.

    Raises:
        UnknownSeasonStart: the text says no day of every year.
    """
    month, _, day = text.partition("-")
    if not (month.isdecimal() and day.isdecimal()):
        raise UnknownSeasonStart
    return SeasonStart(int(month), int(day))


@dataclass(frozen=True, slots=True, order=True)
class Season:
    """The season that begins in `year`.

    At both ends of the calendar a season is shorter: the year 1 has no year before it.
    """

    year: int
    start: SeasonStart

    @property
    def first(self) -> date:
        """Its first day."""
        return self._begin(self.year) if self.year >= date.min.year else date.min

    @property
    def last(self) -> date:
        """Its last day."""
        following = self.year + 1
        if following > date.max.year:
            return date.max
        return self._begin(following) - timedelta(days=1)

    @property
    def name(self) -> str:
        """What people call it: `2026-27 Season`, `1999-2000 Season`, `2026 Season`."""
        if (self.start.month, self.start.day) == (1, 1):
            return f"{self.year:04} Season"
        end = self.year + 1
        turns = end % CENTURY == 0
        return f"{self.year:04}-{f'{end:04}' if turns else f'{end % CENTURY:02}'} Season"

    def moved(self, seasons: int) -> Season:
        """The season so many later, or earlier where `seasons` is negative."""
        return Season(self.year + seasons, self.start)

    def _begin(self, year: int) -> date:
        return date(year, self.start.month, self.start.day)
