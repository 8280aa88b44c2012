"""Which days the calendar shows."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upstage_crm.admin.programme.calendar_days import (
    SHAPE,
    View,
    is_of_month,
    turned,
    weeks_of,
    within,
)
from upstage_crm.core import when
from upstage_crm.organisation.seasons import FIRST_START, Season

DAYS = st.dates(date(1970, 2, 1), date(9998, 11, 30))


@given(at=DAYS, first=st.integers(0, 6), view=st.sampled_from(View))
def test_weeks_are_whole_and_hold_every_day_that_was_asked_for(
    at: date, first: int, view: View
) -> None:
    weeks = weeks_of(at, view, first_weekday=first)
    days = [day for week in weeks for day in week]

    assert days == [days[0] + timedelta(days=passed) for passed in range(len(days))]
    assert {week[0].weekday() for week in weeks} == {first}
    assert at in days
    if view is View.WEEK:
        assert len(weeks) == 1
    else:
        inside = [day for day in days if is_of_month(day, at, view)]
        assert inside[0].day == 1
        assert (inside[-1] + timedelta(days=1)).day == 1
        assert 4 <= len(weeks) <= 6


@given(at=DAYS, view=st.sampled_from(View))
def test_a_step_there_and_back_shows_the_same_days(at: date, view: View) -> None:
    there = turned(at, view, 1)

    assert not set(_shown(at, view)) & set(_shown(there, view))
    assert _shown(turned(there, view, -1), view) == _shown(at, view)


def _shown(at: date, view: View) -> list[date]:
    weeks = weeks_of(at, view, first_weekday=0)
    return [day for week in weeks for day in week if is_of_month(day, at, view)]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 12, 4), date(2026, 12, 4)),
        (date(2020, 1, 1), date(2026, 9, 1)),
        (date(2030, 1, 1), date(2027, 8, 31)),
    ],
)
def test_a_season_draws_the_day_to_itself(day: date, expected: date) -> None:
    assert within(day, Season(2026, FIRST_START)) == expected
    assert within(day, None) == day


def test_weeks_begin_as_people_count_them() -> None:
    assert [when.first_weekday(country) for country in ("US", "GB", "DE")] == [6, 0, 0]
    assert when.month_in_words(date(2026, 3, 2), "US") == "March 2026"
    assert when.weekday_in_words(date(2026, 3, 2), "US", is_short=True) == "Mon"


def test_nonsense_in_the_address_is_not_said() -> None:
    read = SHAPE.read({"view": "year", "day": "tomorrow", "season": "season-x", "state": "sold"})

    assert set(read.chosen.values()) == {""}
