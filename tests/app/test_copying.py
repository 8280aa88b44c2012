"""Copies: an event with all that is said of it, and a season with its days or without."""

from __future__ import annotations

from datetime import UTC, date, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.app.test_event_texts import BLUE
from tests.app.test_programme import HAMLET, event_of, hall, hamlet, perform, run
from tests.support.factories import Desk, unchanged
from upstage_crm.audit.events import Action
from upstage_crm.organisation.seasons import FIRST_START, Season, SeasonStart
from upstage_crm.programme import commands, copying, performances, pictures, queries, translations
from upstage_crm.programme.copying import SeasonCopy
from upstage_crm.programme.errors import (
    EventTextMissing,
    HallTaken,
    NothingToCopy,
    SeasonCopiedOntoItself,
    TimeSkipped,
)
from upstage_crm.programme.times import first_moment, in_season
from upstage_crm.programme.views import Access, EventView, PerformanceState
from upstage_crm.wording.programme import season_copy_words

__all__ = ["hall", "hamlet"]  # the fixtures of events

THIS, NEXT = Season(2026, FIRST_START), Season(2027, FIRST_START)
NEW_YORK = ZoneInfo("America/New_York")


def copy(desk: Desk, *, with_days: bool = True, **how: Any) -> SeasonCopy:
    seasons = {"source": THIS, "target": NEXT} | how
    made = run(desk, copying.copy_season, with_days=with_days, **seasons)
    assert isinstance(made, SeasonCopy)
    return made


def of_season(desk: Desk, season: Season) -> list[EventView]:
    def read(session: Any) -> list[EventView]:
        _, lines = queries.events(
            session,
            start=first_moment(season.first, NEW_YORK),
            end=first_moment(season.last, NEW_YORK),
            season=season.year,
        )
        return [queries.event(session, line.id) for line in lines]

    return desk.read(read)


def test_a_copy_of_an_event_has_all_that_is_said_of_it(desk: Desk, hall: str, hamlet: str) -> None:
    french = {"title": "Hamlet, prince"}
    said: dict[str, Any] = {"event_id": hamlet, "language": "fr", "version": 1, "typed": french}
    run(desk, translations.translate, **said)
    shown: dict[str, Any] = {"event_id": hamlet, "version": 2, "picture": BLUE, "alt": "A prince"}
    run(desk, pictures.set_picture, **shown)
    perform(desk, hamlet, hall)

    made = run(desk, copying.copy_event, event_id=hamlet, title="Hamlet again")

    before, after = event_of(desk, hamlet), event_of(desk, made)
    assert after.texts == {**before.texts, "title": "Hamlet again"}
    assert (after.translated, after.picture) == (before.translated, BLUE.digest)
    assert (after.performances, after.version, len(before.performances)) == ((), 1, 1)
    large = desk.read(lambda s: pictures.content(s, event_id=made, digest=BLUE.digest, width=800))
    assert large == b"large"
    assert desk.lines(action=Action.EVENT_COPIED)[-1].facts == {
        "place": "Hamlet again",
        "copied_from": "Hamlet",
    }
    unchanged(
        desk,
        lambda: run(desk, copying.copy_event, event_id=hamlet, title=" "),
        EventTextMissing,
    )


def test_a_season_is_copied_to_the_same_weekdays_of_the_next(
    desk: Desk, hall: str, hamlet: str
) -> None:
    perform(desk, hamlet, hall, date(2026, 12, 4), date(2026, 12, 5))
    one = event_of(desk, hamlet).performances[1]
    run(desk, performances.cancel, performance_ids=[one.id])

    made = copy(desk)

    assert (len(made.events), len(made.performances), made.left_out) == (1, 1, [])
    (copied,) = of_season(desk, NEXT)
    (moved,) = copied.performances
    assert (moved.day, moved.at, moved.state) == (
        date(2027, 12, 3),
        time(19, 30),
        PerformanceState.DRAFT,
    )
    assert moved.access == (Access.CAPTIONED, Access.SIGNED)
    assert len(event_of(desk, hamlet).performances) == 2
    facts = desk.lines(action=Action.EVENT_COPIED)[-1].facts
    assert facts == {
        "place": "Hamlet",
        "copied_from": "2026-27 Season",
        "copied_to": "2027-28 Season",
        "performances": 1,
    }


def test_a_copy_without_days_is_planned_for_its_season(desk: Desk, hall: str, hamlet: str) -> None:
    perform(desk, hamlet, hall)
    copy(desk, with_days=False)

    (planned,) = of_season(desk, NEXT)
    assert (planned.texts["title"], planned.performances) == ("Hamlet", ())
    assert of_season(desk, Season(2028, FIRST_START)) == []
    again = desk.read(lambda s: copying.preview_season(s, source=NEXT, target=THIS, with_days=True))
    assert (len(again.events), again.performances, again.known) == (1, (), ("Hamlet",))


def test_what_cannot_be_copied_is_left_out_and_named(desk: Desk, hall: str, hamlet: str) -> None:
    perform(desk, hamlet, hall, date(2027, 3, 7), at=time(2, 30))  # the clocks change a week later
    perform(desk, hamlet, hall, date(2026, 12, 4), date(2026, 12, 11))
    other = str(run(desk, commands.add_event, typed=HAMLET | {"title": "Macbeth"}))
    perform(desk, other, hall, date(2027, 12, 3))

    made = copy(desk)

    assert [(one.day, type(why)) for one, why in made.left_out] == [
        (date(2026, 12, 4), HallTaken),
        *(
            [(date(2027, 3, 7), TimeSkipped)]
            if in_season(date(2027, 3, 7), THIS, NEXT) == date(2028, 3, 12)
            else []
        ),
    ]
    assert [day for _, day in made.performances if day.month == 12] == [date(2027, 12, 10)]


def test_a_season_is_copied_into_another_one_only(desk: Desk, hamlet: str) -> None:
    unchanged(desk, lambda: copy(desk, target=THIS), SeasonCopiedOntoItself)
    unchanged(desk, lambda: copy(desk), NothingToCopy)


@given(
    start=st.sampled_from(
        [FIRST_START, SeasonStart(1, 1), SeasonStart(2, 28), SeasonStart(12, 31)]
    ),
    year=st.integers(1990, 2090),
    ahead=st.integers(-5, 5).filter(bool),
    place=st.integers(0, 365),
)
def test_a_day_keeps_its_weekday_and_about_its_place(
    start: SeasonStart, year: int, ahead: int, place: int
) -> None:
    source, target = Season(year, start), Season(year + ahead, start)
    day = date.fromordinal(min(source.first.toordinal() + place, source.last.toordinal()))

    moved = in_season(day, source, target)

    assert target.first <= moved <= target.last
    assert moved.weekday() == day.weekday()
    before, after = (day - source.first).days, (moved - target.first).days
    assert abs(after - before) <= 9


@pytest.mark.parametrize("season", [THIS, NEXT])
def test_a_season_begins_at_midnight_of_its_first_day(season: Season) -> None:
    moment = first_moment(season.first, NEW_YORK)

    assert moment.tzinfo is UTC
    assert (moment.hour, moment.astimezone(NEW_YORK).date()) == (4, season.first)


def test_what_is_left_out_is_told_by_reason(desk: Desk, hall: str, hamlet: str) -> None:
    perform(desk, hamlet, hall, date(2026, 12, 4), date(2026, 12, 11), date(2026, 12, 18))
    other = str(run(desk, commands.add_event, typed=HAMLET | {"title": "Macbeth"}))
    perform(desk, other, hall, date(2027, 12, 3), date(2027, 12, 10))

    found = desk.read(lambda s: copying.preview_season(s, source=THIS, target=NEXT, with_days=True))

    assert season_copy_words(found, target=NEXT.name) == [
        "1 event with 1 performance for the 2027-28 Season.",
        "Left out, because the hall is taken at that time: Hamlet (2).",
    ]
