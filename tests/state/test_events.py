"""The pages of the programme: the list of events, one event, and their dialogs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.factories import ANOTHER
from tests.support.pipeline import Client, Pipeline, sign_in
from upstage_crm.admin.programme.dialog_state import AddEventState, EventDialogState
from upstage_crm.admin.programme.event_state import EventState
from upstage_crm.admin.programme.list_state import EventListState
from upstage_crm.demo import programme as demo_programme
from upstage_crm.demo import venues as demo_venues
from upstage_crm.programme import commands, queries
from upstage_crm.programme.views import Access
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role
from upstage_crm.wiring import Runtime
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
        event = commands.add_event(context, typed={"title": "Hamlet"})
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


async def test_a_performance_is_cancelled_after_a_question(scene: Scene) -> None:
    tab = scene.tab()
    await scene.at(tab, f"/events/{scene.event}/")
    await scene.perform(tab)
    one = (await scene.pipeline.state(tab, EventState)).performances[0]
    await scene.pipeline.send(tab, EventDialogState.ask_cancel, performance_id="none")
    assert (await scene.pipeline.state(tab, EventDialogState)).dialog == ""

    await scene.pipeline.send(tab, EventDialogState.ask_cancel, performance_id=one.id)
    await scene.fill(tab, EventDialogState, EventDialogState.cancel)

    shown = await scene.pipeline.state(tab, EventState)
    assert [(one.state, one.is_cancelled) for one in shown.performances] == [("Cancelled", True)]
    assert (await scene.at(tab, "/events/")).rows[0].count == ""


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
        demo_programme.add(context, today=scene.parts.clock.now().date())
        total, lines = queries.events(session)
        events = [queries.event(session, line.id) for line in lines]
    kinds = {kind for event in events for one in event.performances for kind in one.access}

    assert total == 1 + len(demo_programme.RUNS)
    assert kinds == set(Access)
    assert sum(line.count for line in lines) > 50


async def test_an_event_that_is_not_there_is_told(scene: Scene) -> None:
    assert (await scene.at(scene.tab(), "/events/nowhere/")).shown == "missing"


@pytest.mark.parametrize("role", READERS)
async def test_every_role_reads_and_only_some_are_offered_changes(scene: Scene, role: Role) -> None:
    tab = scene.tab(role)

    assert not (await scene.at(tab, "/events/")).may_edit
    shown = await scene.at(tab, f"/events/{scene.event}/")
    assert (shown.may_edit, shown.name) == (False, "Hamlet")
