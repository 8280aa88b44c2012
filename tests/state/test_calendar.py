"""The calendar: months, weeks and the list of the same days, by season, hall and state."""

from __future__ import annotations

from datetime import date, time
from typing import Any

from tests.state.test_events import Scene, scene
from tests.support.factories import ANOTHER
from tests.support.pipeline import Client
from upstage_crm.admin.programme.calendar_state import CalendarState
from upstage_crm.admin.programme.list_state import EventListState
from upstage_crm.admin.programme.performance_bulk_state import CalendarBulkState
from upstage_crm.admin.programme.season_copy_state import SeasonCopyState
from upstage_crm.programme import commands, queries

__all__ = ["scene"]  # the fixture of events


async def at(scene: Scene, tab: Client, query: str = "") -> Any:
    await scene.pipeline.send(tab, CalendarState.load, f"/calendar/{query}")
    return await scene.pipeline.state(tab, CalendarState)


async def performed(scene: Scene) -> Client:
    """Four performances in December 2026: two Fridays, two Saturdays."""
    tab = scene.tab()
    await scene.at(tab, f"/events/{scene.event}/")
    await scene.perform(tab, Friday="on", Saturday="on", until="2026-12-12", relaxed="on")
    return tab


def days(shown: Any) -> dict[str, list[str]]:
    """The titles by day, of the days on which something is performed."""
    return {
        day.iso: [f"{line.time} {line.title}" for line in day.lines]
        for week in shown.rows
        for day in week.days
        if day.lines
    }


async def test_a_month_shows_whole_weeks_with_what_is_performed(scene: Scene) -> None:
    tab = await performed(scene)
    shown = await at(scene, tab, "?day=2026-12-24")

    assert (shown.heading, shown.count) == ("December 2026", "4 performances")
    assert {len(week.days) for week in shown.rows} == {7}
    assert list(days(shown)) == ["2026-12-04", "2026-12-05", "2026-12-11", "2026-12-12"]
    assert days(shown)["2026-12-04"] == ["19:30 Hamlet"]
    first = shown.rows[0].days
    assert (shown.weekdays[0], first[0].iso, first[0].is_outside) == ("Mon", "2026-11-30", True)
    assert first[4].lines[0].access == "Relaxed"


async def test_the_calendar_turns_and_the_address_says_where(scene: Scene) -> None:
    tab = await performed(scene)
    await at(scene, tab, "?day=2026-11-30")
    await scene.pipeline.send(tab, CalendarState.later)
    shown = await scene.pipeline.state(tab, CalendarState)
    assert (shown.heading, len(days(shown))) == ("December 2026", 4)
    assert tab.redirects()[-1] == "/calendar/?day=2026-12-01"

    await scene.pipeline.send(tab, CalendarState.choose, name="view", value="week")
    shown = await scene.pipeline.state(tab, CalendarState)
    assert (shown.heading, len(shown.rows)) == ("30 November 2026 – 6 December 2026", 1)
    await scene.pipeline.send(tab, CalendarState.earlier)
    await scene.pipeline.send(tab, CalendarState.today)
    shown = await scene.pipeline.state(tab, CalendarState)
    assert shown.heading == "2 March 2026 – 8 March 2026"
    assert any(day.is_today for day in shown.rows[0].days)


async def test_a_season_bounds_the_calendar(scene: Scene) -> None:
    tab = await performed(scene)
    shown = await at(scene, tab, "?season=season-2026")
    assert (shown.heading, shown.has_earlier, shown.has_later) == ("September 2026", False, True)
    assert shown.seasons[:2] == [
        ("season-2025", "2025-26 Season"),
        ("season-2026", "2026-27 Season"),
    ]
    await scene.pipeline.send(tab, CalendarState.earlier)
    assert (await scene.pipeline.state(tab, CalendarState)).heading == "September 2026"


async def test_hall_and_state_narrow_what_is_shown(scene: Scene) -> None:
    tab = await performed(scene)
    place = "?day=2026-12-24"
    shown = await at(scene, tab, place)
    halls = {name: key for key, name in shown.halls}

    assert (await at(scene, tab, f"{place}&state=draft")).shown_count == 4
    assert (await at(scene, tab, f"{place}&state=on_sale&view=list")).shown_count == 0
    for name, count in (("Concert Hall", 4), ("Studio", 0)):
        key = next(key for hall, key in halls.items() if hall.startswith(name))
        assert (await at(scene, tab, f"{place}&hall={key}")).shown_count == count


async def test_performances_of_several_events_are_changed_together_and_put_back(
    scene: Scene,
) -> None:
    tab = await performed(scene)
    with scene.parts.database.transaction() as session:
        context = scene.parts.staff_context(session, ANOTHER)
        hall = queries.hall_choices(session)[0].id
        other = commands.add_event(context, typed={"title": "Macbeth"})
        for event, day in ((other, date(2026, 12, 18)), (scene.event, date(2026, 12, 19))):
            commands.add_performances(
                context, event_id=event, hall_id=hall, days=[day], at=time(19, 30)
            )
    shown = await at(scene, tab, "?day=2026-12-24&view=list")
    lines = [line for week in shown.rows for day in week.days for line in day.lines]
    chosen = [lines[0].id, *(line.id for line in lines if line.title == "Macbeth")]
    assert shown.may_edit

    await scene.pipeline.send(
        tab, CalendarBulkState.ask, edit="change", performance_ids=[*chosen, "x"]
    )
    opened = await scene.pipeline.state(tab, CalendarBulkState)
    assert opened.about == "2 events · 2 performances"
    carried = {"subject": opened.subject, "opening": str(opened.opening), "draft": opened.draft_of}
    typed = {"later": "1", "time": "19:30"}
    await scene.pipeline.send(tab, CalendarBulkState.keep, form=carried | typed)
    looked = await scene.pipeline.state(tab, CalendarBulkState)
    taken = "Another performance begins in this hall on"
    assert looked.lines == [
        "2 performances.",
        f"Left out: Hamlet, Fri 4 Dec, 19:30. {taken} 2026-12-05 at this time.",
        f"Left out: Macbeth, Fri 18 Dec, 19:30. {taken} 2026-12-19 at this time.",
    ]
    await scene.fill(tab, CalendarBulkState, CalendarBulkState.change, later="0", time="18:00")
    shown = await scene.pipeline.state(tab, CalendarState)
    assert (shown.done, shown.can_undo) == ("2 performances changed.", True)
    assert days(shown)["2026-12-04"] == ["18:00 Hamlet"]
    assert days(shown)["2026-12-18"] == ["18:00 Macbeth"]

    await scene.pipeline.send(tab, CalendarState.undo)
    shown = await scene.pipeline.state(tab, CalendarState)
    assert days(shown)["2026-12-04"] == ["19:30 Hamlet"]
    assert days(shown)["2026-12-18"] == ["19:30 Macbeth"]
    assert not shown.can_undo


async def test_a_season_is_copied_after_a_preview(scene: Scene) -> None:
    tab = await performed(scene)
    await scene.at(tab, "/events/")
    await scene.pipeline.send(tab, SeasonCopyState.open)
    opened = await scene.pipeline.state(tab, SeasonCopyState)
    assert opened.lines == ["There is no event in this season."]
    carried = {"subject": opened.subject, "opening": str(opened.opening), "draft": opened.draft_of}
    typed = {"source": "season-2026", "target": "season-2027", "with_days": "on"}
    await scene.pipeline.send(tab, SeasonCopyState.keep, form=carried | typed)
    looked = await scene.pipeline.state(tab, SeasonCopyState)
    assert looked.lines == ["1 event with 4 performances for the 2027-28 Season."]

    await scene.pipeline.send(tab, SeasonCopyState.copy_season, form=carried | typed)

    shown = await scene.pipeline.state(tab, EventListState)
    assert shown.done == "Copied: 1 event with 4 performances."
    rows = (await scene.at(tab, "/events/?when=season-2027")).rows
    assert [(row.title, row.season, row.count) for row in rows] == [
        ("Hamlet", "2027-28 Season", "4")
    ]
