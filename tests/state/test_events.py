"""The pages of the programme: the list of events, one event, and their dialogs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from tests.support.factories import ANOTHER
from tests.support.pipeline import Client, Pipeline, sign_in
from upstage_crm.admin.programme.dialog_state import AddEventState, EventDialogState
from upstage_crm.admin.programme.event_state import EventState
from upstage_crm.admin.programme.list_state import EventListState
from upstage_crm.admin.programme.performance_bulk_state import PerformanceBulkState
from upstage_crm.demo.season import prices as demo_prices
from upstage_crm.demo.season import programme as demo_programme
from upstage_crm.demo.season import venues as demo_venues
from upstage_crm.programme import bulk_edit, commands, queries
from upstage_crm.programme.bulk_edit import BulkEdit
from upstage_crm.programme.views import Access, PerformanceState
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role
from upstage_crm.wiring import SALE_CHECKS, Runtime
from upstage_crm.wording.sentences import SENTENCES

READERS = [role for role in Role if Permission.EDIT_PROGRAMME not in PERMISSIONS[role]]


@dataclass
class Scene:
    """A house with the demo's halls and one event, whose pages run."""

    parts: Runtime
    pipeline: Pipeline
    event: str

    def tab(self, role: Role = Role.OWNER) -> Client:
        return self.pipeline.client(sign_in(self.parts.database, role, at=self.parts.clock.now()))

    async def at(self, tab: Client, path: str) -> Any:
        is_list = path.partition("?")[0] == "/events/"
        kind: Any = EventListState if is_list else EventState
        await self.pipeline.send(tab, kind.load, path)
        return await self.pipeline.state(tab, kind)

    async def fill(self, tab: Client, state: Any, handler: Any, **texts: str) -> Any:
        """Submit the open dialog."""
        opened = await self.pipeline.state(tab, state)
        carried = {"subject": opened.subject, "opening": str(opened.opening)}
        await self.pipeline.send(tab, handler, form=carried | texts)
        return await self.pipeline.state(tab, state)

    async def perform(self, tab: Client, **texts: str) -> Any:
        await self.pipeline.send(tab, EventDialogState.open_perform)
        halls = (await self.pipeline.state(tab, EventState)).halls
        said = {"hall": halls[0][0], "day": "2026-12-04", "time": "19:30"}
        return await self.fill(tab, EventDialogState, EventDialogState.perform, **said | texts)


@pytest.fixture
def scene(made: Runtime, pipeline: Pipeline) -> Scene:
    with made.database.transaction() as session:
        context = made.staff_context(session, ANOTHER)
        demo_venues.add(context)
        hamlet = {"title": "Hamlet", "running_minutes": "150"}
        event = commands.add_event(context, typed=hamlet)
    return Scene(made, pipeline, event)


async def test_an_event_is_added_and_its_page_opened(scene: Scene) -> None:
    tab = scene.tab()
    await scene.at(tab, "/events/")
    await scene.pipeline.send(tab, AddEventState.open)
    refused = await scene.fill(tab, AddEventState, AddEventState.add, genre="Play")
    assert refused.errors["title"] == SENTENCES["event_text_missing"]

    await scene.fill(tab, AddEventState, AddEventState.add, title="Macbeth", genre="Play")

    shown = await scene.at(tab, tab.redirects()[-1])
    assert (shown.name, shown.texts["genre"], shown.performances) == ("Macbeth", "Play", [])


async def test_a_series_is_added_and_the_list_narrowed_to_its_season(scene: Scene) -> None:
    tab = scene.tab()
    await scene.at(tab, f"/events/{scene.event}/")
    await scene.perform(tab, Friday="on", Saturday="on", until="2026-12-12", signed="on")

    shown = await scene.pipeline.state(tab, EventState)
    assert (shown.done, len(shown.performances)) == ("4 performances added.", 4)
    assert shown.performances[0].access == ["Signed"]
    assert shown.performances[0].time.startswith("Friday")
    rows = (await scene.at(tab, "/events/?when=season-2026")).rows
    assert [(row.title, row.season, row.count) for row in rows] == [
        ("Hamlet", "2026-27 Season", "4")
    ]
    assert (await scene.at(tab, "/events/?when=season-2025")).shown == "nothing"


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        ({"day": ""}, "performance_time_unreadable"),
        ({"time": "25:00"}, "performance_time_unreadable"),
        ({"until": "2026-12-01"}, "series_empty"),
        ({"Monday": "on"}, "performance_time_unreadable"),
        ({"Monday": "on", "until": "2099-01-01"}, "series_too_long"),
        ({"hall": "nowhere"}, "hall_unknown"),
    ],
)
async def test_what_cannot_be_performed_is_told_in_the_dialog(
    scene: Scene, texts: dict[str, str], code: str
) -> None:
    tab = scene.tab()
    await scene.at(tab, f"/events/{scene.event}/")

    dialog = await scene.perform(tab, **texts)

    assert dialog.refusal == SENTENCES[code].format(limit=200)
    assert (await scene.pipeline.state(tab, EventState)).performances == []


def state_of(shown: Any) -> list[str]:
    return [one.state for one in shown.performances]


async def ask(scene: Scene, tab: Client, edit: str, *places: int) -> Any:
    """Choose performances by their place in the table, and open the dialog of an edit."""
    shown = await scene.pipeline.state(tab, EventState)
    ids = [shown.performances[place].id for place in places]
    await scene.pipeline.send(tab, PerformanceBulkState.ask, edit=edit, performance_ids=ids)
    return await scene.pipeline.state(tab, PerformanceBulkState)


async def four(scene: Scene, tab: Client) -> None:
    """Four performances of the scene's event, at whose page the tab is."""
    await scene.at(tab, f"/events/{scene.event}/")
    await scene.perform(tab, Friday="on", Saturday="on", until="2026-12-12")
    with scene.parts.database.transaction() as session:
        context = scene.parts.staff_context(session, ANOTHER)
        setting = demo_prices.setting_of(context)
        demo_prices.add_prices(context, setting, event_id=scene.event, top=30)
        today = context.now.date()
        demo_prices.add_windows(context, event_id=scene.event, today=today, weeks=0)


async def test_several_are_put_on_sale_after_a_preview_and_the_pause_is_taken_back(
    scene: Scene,
) -> None:
    tab = scene.tab()
    await four(scene, tab)
    opened = await ask(scene, tab, "on_sale", 0, 1, 2)
    assert opened.lines == ["3 performances.", "3 go on sale at once."]
    await scene.fill(tab, PerformanceBulkState, PerformanceBulkState.put_on_sale)
    shown = await scene.pipeline.state(tab, EventState)
    assert (shown.done, shown.can_undo) == ("3 performances put on sale.", False)
    assert state_of(shown) == ["on_sale", "on_sale", "on_sale", "draft"]

    opened = await ask(scene, tab, "pause", 2, 3)
    assert opened.lines == [
        "2 performances, 1 on sale.",
        "1 is no longer sold.",
        "Left out: Sat 12 Dec, 19:30. It is not on sale.",
    ]
    await scene.fill(tab, PerformanceBulkState, PerformanceBulkState.pause)
    shown = await scene.pipeline.state(tab, EventState)
    assert (state_of(shown)[2], shown.can_undo) == ("paused", True)
    await scene.pipeline.send(tab, EventState.undo)

    shown = await scene.pipeline.state(tab, EventState)
    assert (state_of(shown)[2], shown.done, shown.can_undo) == ("on_sale", "Undone.", False)


async def test_a_change_is_previewed_as_it_is_typed_done_and_taken_back(scene: Scene) -> None:
    tab = scene.tab()
    await four(scene, tab)
    before = [one.time for one in (await scene.pipeline.state(tab, EventState)).performances]
    opened = await ask(scene, tab, "change", 0, 1)
    assert (opened.is_one, opened.applies) == (False, 0)
    carried = {
        "subject": opened.subject,
        "opening": str(opened.opening),
        "draft": opened.draft_of,
    }
    for typed, line in (
        ({"later": "7"}, "Left out: Fri 4 Dec"),
        ({"later": "many"}, "Enter a whole number of days"),
        ({"time": "18:00", "access": "on", "relaxed": "on"}, "2 change."),
    ):
        await scene.pipeline.send(tab, PerformanceBulkState.keep, form=carried | typed)
        looked = await scene.pipeline.state(tab, PerformanceBulkState)
        assert any(said.startswith(line) for said in looked.lines), looked.lines

    await scene.fill(
        tab,
        PerformanceBulkState,
        PerformanceBulkState.change,
        time="18:00",
        access="on",
        relaxed="on",
    )
    shown = await scene.pipeline.state(tab, EventState)
    assert (shown.done, shown.performances[0].access) == ("2 performances changed.", ["Relaxed"])
    await scene.pipeline.send(tab, EventState.undo)

    shown = await scene.pipeline.state(tab, EventState)
    assert [one.time for one in shown.performances] == before


async def test_a_performance_alone_has_its_day_to_change(scene: Scene) -> None:
    tab = scene.tab()
    await scene.at(tab, f"/events/{scene.event}/")
    await scene.perform(tab)
    opened = await ask(scene, tab, "change", 0)
    assert opened.is_one
    assert (opened.now["day"], opened.now["time"]) == ("2026-12-04", "19:30")

    await scene.fill(
        tab, PerformanceBulkState, PerformanceBulkState.change, day="2026-12-11", time="19:30"
    )

    shown = await scene.pipeline.state(tab, EventState)
    assert shown.performances[0].time.startswith("Friday, 11 December")


async def test_performances_are_cancelled_after_a_question(scene: Scene) -> None:
    tab = scene.tab()
    await scene.at(tab, f"/events/{scene.event}/")
    await scene.perform(tab)
    await scene.pipeline.send(
        tab, PerformanceBulkState.ask, edit="cancel", performance_ids=["none", 7]
    )
    assert (await scene.pipeline.state(tab, PerformanceBulkState)).dialog == ""

    await ask(scene, tab, "cancel", 0)
    await scene.fill(tab, PerformanceBulkState, PerformanceBulkState.cancel)

    shown = await scene.pipeline.state(tab, EventState)
    assert [(one.state, one.is_ended) for one in shown.performances] == [("cancelled", True)]
    assert (await scene.at(tab, "/events/")).rows[0].count == ""


async def test_what_cannot_be_done_is_told_and_done_to_none(scene: Scene) -> None:
    tab = scene.tab()
    await scene.at(tab, f"/events/{scene.event}/")
    await scene.perform(tab)
    opened = await ask(scene, tab, "pause", 0)
    assert opened.applies == 0

    await scene.fill(tab, PerformanceBulkState, PerformanceBulkState.pause)

    shown = await scene.pipeline.state(tab, EventState)
    assert (state_of(shown), shown.problem) == (["draft"], SENTENCES["subject_moved"])


async def test_what_is_said_of_an_event_is_changed(scene: Scene) -> None:
    tab = scene.tab()
    await scene.at(tab, f"/events/{scene.event}/")
    await scene.pipeline.send(tab, EventDialogState.open_edit)

    await scene.fill(tab, EventDialogState, EventDialogState.edit, title="Hamlet", genre="Play")

    shown = await scene.pipeline.state(tab, EventState)
    assert (shown.texts["genre"], shown.done) == ("Play", "Saved.")


async def test_the_demo_has_a_programme_with_every_kind_of_access(scene: Scene) -> None:
    with scene.parts.database.transaction() as session:
        context = scene.parts.staff_context(session, ANOTHER)
        today = scene.parts.clock.now().date()
        early = scene.parts.clock.now() + timedelta(weeks=demo_programme.EARLIEST - 8)
        demo_programme.add_earlier(
            scene.parts.staff_context(session, ANOTHER, now=early), today=today
        )
        demo_programme.add(context, today=today)
        total, lines = queries.events(session, size=99)
        shown = [one for line in lines for one in queries.event(session, line.id).performances]
        waiting = bulk_edit.preview_states(
            session,
            BulkEdit.ON_SALE,
            [one.id for one in shown if one.state is PerformanceState.DRAFT],
            checks=SALE_CHECKS,
            now=context.now,
        )

    runs = (*demo_programme.THIS_SEASON, *demo_programme.SO_FAR, *demo_programme.LAST_SEASON)
    assert total == 1 + len(runs)
    assert len(demo_programme.THIS_SEASON) == 14
    assert {kind for one in shown for kind in one.access} == set(Access)
    assert {one.state for one in shown} == set(PerformanceState)
    assert 115 <= sum(one.starts_at > context.now for one in shown) <= 140
    assert any(one.day == today and one.state == "on_sale" for one in shown)
    assert waiting.left_out == []


async def test_an_event_that_is_not_there_is_told(scene: Scene) -> None:
    assert (await scene.at(scene.tab(), "/events/nowhere/")).shown == "missing"


@pytest.mark.parametrize("role", READERS)
async def test_every_role_reads_and_only_some_are_offered_changes(scene: Scene, role: Role) -> None:
    tab = scene.tab(role)

    assert not (await scene.at(tab, "/events/")).may_edit
    shown = await scene.at(tab, f"/events/{scene.event}/")
    assert (shown.may_edit, shown.name) == (False, "Hamlet")
