"""When performances are: the clocks that change, and series across that day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upstage_crm.programme.errors import (
    SeriesEmpty,
    SeriesTooLong,
    TimeDoubled,
    TimeSkipped,
    TimeUnreadable,
)
from upstage_crm.programme.times import instant, read_day, read_time, series

NEW_YORK, LONDON = ZoneInfo("America/New_York"), ZoneInfo("Europe/London")
ZONES = st.sampled_from(
    ["America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]
).map(ZoneInfo)


def test_the_clocks_change_and_the_time_of_day_stays() -> None:
    before, after = (instant(date(2026, 3, day), time(19, 30), NEW_YORK) for day in (7, 8))

    assert (before, after) == (
        datetime(2026, 3, 8, 0, 30, tzinfo=UTC),
        datetime(2026, 3, 8, 23, 30, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("day", "at", "zone", "refusal"),
    [
        (date(2026, 3, 8), time(2, 30), NEW_YORK, TimeSkipped),
        (date(2026, 11, 1), time(1, 30), NEW_YORK, TimeDoubled),
        (date(2026, 3, 29), time(1, 0), LONDON, TimeSkipped),
        (date(2026, 10, 25), time(1, 59), LONDON, TimeDoubled),
    ],
)
def test_a_time_that_never_comes_or_comes_twice_is_refused(
    day: date, at: time, zone: ZoneInfo, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        instant(day, at, zone)


@given(
    day=st.dates(date(1970, 1, 1), date(2037, 12, 31)),
    minute=st.integers(0, 24 * 60 - 1),
    zone=ZONES,
)
def test_an_instant_shows_the_time_that_was_asked_for_and_no_other_does(
    day: date, minute: int, zone: ZoneInfo
) -> None:
    wall = datetime.combine(day, time()) + timedelta(minutes=minute)
    shown = [
        at
        for hours in range(-15, 16)
        for half in (0, 30)
        if (at := wall.replace(tzinfo=UTC) + timedelta(hours=hours, minutes=half))
        .astimezone(zone)
        .replace(tzinfo=None, fold=0)
        == wall
    ]
    try:
        found = instant(wall.date(), wall.time(), zone)
    except TimeSkipped:
        assert shown == []
    except TimeDoubled:
        assert len(shown) != 1
    else:
        assert found.astimezone(zone).replace(tzinfo=None, fold=0) == wall


def test_a_series_is_on_its_weekdays() -> None:
    days = series(date(2026, 12, 1), date(2026, 12, 14), {4, 5})  # Fridays and Saturdays

    assert [day.day for day in days] == [4, 5, 11, 12]


@pytest.mark.parametrize(
    ("last", "weekdays", "refusal"),
    [
        (date(2026, 11, 30), {0, 1, 2, 3, 4, 5, 6}, SeriesEmpty),
        (date(2026, 12, 3), {6}, SeriesEmpty),
        (date(2026, 12, 3), set[int](), SeriesEmpty),
        (date(2027, 12, 3), {0, 1, 2, 3, 4, 5, 6}, SeriesTooLong),
        (date(9998, 12, 3), {0}, SeriesTooLong),
    ],
)
def test_a_series_of_nothing_or_of_too_much_is_refused(
    last: date, weekdays: set[int], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        series(date(2026, 12, 1), last, weekdays)


@pytest.mark.parametrize("text", ["", "2026-13-01", "0026-01-01", "9999-12-31", "tomorrow"])
def test_a_day_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(TimeUnreadable):
        read_day(text)


@pytest.mark.parametrize("text", ["", "24:30", "half past seven", "19:30+01:00"])
def test_a_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(TimeUnreadable):
        read_time(text)


def test_a_time_has_no_seconds() -> None:
    assert read_time("19:30:59") == time(19, 30)
