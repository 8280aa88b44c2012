"""Seasons: one start day says all of them, forward and back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upstage_crm.organisation.errors import UnknownSeasonStart
from upstage_crm.organisation.seasons import Season, SeasonStart, read_start
from upstage_crm.pages.list_url import FIRST_YEAR, LAST_YEAR
from upstage_crm.pages.periods import FILTERS, Span, season_value, span_of

STARTS = st.dates(date(2025, 1, 1), date(2025, 12, 31)).map(
    lambda day: SeasonStart(day.month, day.day)
)


@pytest.mark.parametrize(
    ("start", "day", "name"),
    [
        (SeasonStart(9, 1), date(2026, 8, 31), "2025-26 Season"),
        (SeasonStart(9, 1), date(2026, 9, 1), "2026-27 Season"),
        (SeasonStart(9, 1), date(1999, 12, 31), "1999-2000 Season"),
        (SeasonStart(1, 1), date(2026, 1, 1), "2026 Season"),
        (SeasonStart(1, 1), date(2026, 12, 31), "2026 Season"),
        (SeasonStart(1, 2), date(2026, 1, 1), "2025-26 Season"),
        (SeasonStart(7, 1), date(1, 1, 1), "0000-01 Season"),
        (SeasonStart(7, 1), date(9999, 12, 31), "9999-10000 Season"),
    ],
)
def test_a_season_is_named_by_the_years_it_touches(
    start: SeasonStart, day: date, name: str
) -> None:
    assert start.season_of(day).name == name


# The first season of the calendar has none before it, and the last one none after it.
@given(start=STARTS, day=st.dates(date(2, 1, 1), date(9998, 12, 31)))
def test_every_day_lies_in_its_season_and_in_no_other(start: SeasonStart, day: date) -> None:
    season = start.season_of(day)

    assert season.first <= day <= season.last
    assert not season.moved(1).first <= day <= season.moved(1).last
    assert not season.moved(-1).first <= day <= season.moved(-1).last


@given(start=STARTS, year=st.integers(1, 9998))
def test_a_season_ends_the_day_before_the_next_begins(start: SeasonStart, year: int) -> None:
    season = Season(year, start)

    assert season.last + timedelta(days=1) == season.moved(1).first
    assert (season.first.month, season.first.day) == (start.month, start.day)
    assert start.days_of(year) == (season.first, season.last)


@given(start=STARTS)
def test_a_start_is_read_as_it_was_written(start: SeasonStart) -> None:
    assert read_start(start.text) == start


@pytest.mark.parametrize(("month", "day"), [(2, 29), (2, 30), (13, 1), (0, 1), (4, 31), (1, 0)])
def test_a_day_that_some_year_lacks_begins_no_season(month: int, day: int) -> None:
    with pytest.raises(UnknownSeasonStart):
        SeasonStart(month, day)


@pytest.mark.parametrize("text", ["", "09", "9.1", "-1-1", "²-1", "09-01-01"])
def test_a_text_that_is_no_day_begins_no_season(text: str) -> None:
    with pytest.raises(UnknownSeasonStart):
        read_start(text)


# --- the season of a list ------------------------------------------------------------------------


def test_a_list_is_narrowed_to_a_season_by_the_clocks_of_the_organisation() -> None:
    zone = ZoneInfo("America/New_York")

    span = span_of(
        {"when": "season-2026"},
        now=datetime(2030, 1, 1, tzinfo=UTC),
        time_zone=zone,
        season_start=SeasonStart(9, 1),
    )

    assert span == Span(datetime(2026, 9, 1, tzinfo=zone), datetime(2027, 9, 1, tzinfo=zone))


@given(start=STARTS, year=st.integers(FIRST_YEAR, LAST_YEAR))
def test_every_season_that_an_address_can_name_has_instants(start: SeasonStart, year: int) -> None:
    chosen = {"when": FILTERS["when"](season_value(year))}
    for place in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        span = span_of(
            chosen,
            now=datetime(2030, 1, 1, tzinfo=UTC),
            time_zone=ZoneInfo(place),
            season_start=start,
        )

        assert span.start is not None
        assert span.end is not None
        assert span.start.astimezone(UTC) < span.end.astimezone(UTC)


@pytest.mark.parametrize(
    "text",
    ["season-", "season-1", "season-1969", "season-9999", "season-²026", "season-" + "9" * 99],
)
def test_a_season_that_makes_no_sense_reads_as_not_said(text: str) -> None:
    assert FILTERS["when"](text) == ""
