"""The pages of venues: the list, one venue with its halls, and their dialogs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.factories import ANOTHER
from tests.support.pipeline import Client, Pipeline, sign_in
from upstage_crm.admin.venues.dialog_state import AddVenueState, VenueDialogState
from upstage_crm.admin.venues.list_state import VenueListState
from upstage_crm.admin.venues.venue_state import VenueRecordState
from upstage_crm.demo.season import venues as demo_venues
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role
from upstage_crm.venues import queries
from upstage_crm.wiring import Runtime
from upstage_crm.wording.sentences import SENTENCES

READERS = [role for role in Role if Permission.EDIT_VENUES not in PERMISSIONS[role]]


@dataclass
class Scene:
    """A house whose venue pages run."""

    parts: Runtime
    pipeline: Pipeline

    def tab(self, role: Role = Role.OWNER) -> Client:
        return self.pipeline.client(sign_in(self.parts.database, role, at=self.parts.clock.now()))

    async def at(self, tab: Client, path: str) -> Any:
        kind = VenueListState if path.startswith("/venues/?") else VenueRecordState
        kind = VenueListState if path == "/venues/" else kind
        await self.pipeline.send(tab, kind.load, path)
        return await self.pipeline.state(tab, kind)

    async def fill(self, tab: Client, state: Any, handler: Any, **texts: str) -> Any:
        """Submit the open dialog."""
        open_one = await self.pipeline.state(tab, state)
        carried = {"subject": open_one.subject, "opening": str(open_one.opening)}
        await self.pipeline.send(tab, handler, form=carried | texts)
        return await self.pipeline.state(tab, state)

    def venue(self) -> str:
        with self.parts.database.reading() as session:
            found = queries.venues(session)
        return found[0].id if found else ""


@pytest.fixture
def scene(made: Runtime, pipeline: Pipeline) -> Scene:
    return Scene(made, pipeline)


@pytest.fixture
def lantern(scene: Scene) -> str:
    """The demo's venue; its id."""
    with scene.parts.database.transaction() as session:
        demo_venues.add(scene.parts.staff_context(session, ANOTHER))
    return scene.venue()


async def test_a_venue_is_added_and_its_page_opened(scene: Scene) -> None:
    tab = scene.tab()
    assert (await scene.at(tab, "/venues/")).shown == "empty"
    await scene.pipeline.send(tab, AddVenueState.open)
    refused = await scene.fill(tab, AddVenueState, AddVenueState.add, name="The Barn")
    assert refused.errors["address"] == SENTENCES["venue_text_missing"]

    await scene.fill(tab, AddVenueState, AddVenueState.add, name="The Barn", address="Field Lane")

    assert tab.redirects()[-1] == f"/venues/{scene.venue()}/"
    shown = await scene.at(tab, tab.redirects()[-1])
    assert (shown.shown, shown.name, shown.done) == (
        "venue",
        "The Barn",
        "Added. Now add its halls.",
    )
    rows = (await scene.at(tab, "/venues/")).rows
    assert [(row.name, row.address, row.halls) for row in rows] == [("The Barn", "Field Lane", "")]


async def test_a_hall_is_added_and_changed_on_the_page_of_its_venue(
    scene: Scene, lantern: str
) -> None:
    tab = scene.tab()
    shown = await scene.at(tab, f"/venues/{lantern}/")
    assert [hall.name for hall in shown.halls] == ["Concert Hall", "Playhouse", "Studio"]

    await scene.pipeline.send(tab, VenueDialogState.open_add_hall)
    taken = await scene.fill(tab, VenueDialogState, VenueDialogState.add_hall, name="STUDIO")
    assert taken.errors["name"] == SENTENCES["hall_name_taken"]
    await scene.fill(tab, VenueDialogState, VenueDialogState.add_hall, name="Roof")
    shown = await scene.pipeline.state(tab, VenueRecordState)
    assert [hall.name for hall in shown.halls][-2:] == ["Roof", "Studio"]

    await scene.pipeline.send(tab, VenueDialogState.open_edit_hall, hall_id=shown.halls[2].id)
    await scene.fill(
        tab, VenueDialogState, VenueDialogState.edit_hall, name="Roof", doors="Up the stairs"
    )
    shown = await scene.pipeline.state(tab, VenueRecordState)
    assert (shown.halls[2].doors, shown.done) == ("Up the stairs", "Saved.")


async def test_what_is_said_of_a_venue_is_changed_and_a_second_form_is_refused(
    scene: Scene, lantern: str
) -> None:
    tab, other = scene.tab(), scene.tab(Role.MANAGER)
    for each in (tab, other):
        await scene.at(each, f"/venues/{lantern}/")
        await scene.pipeline.send(each, VenueDialogState.open_edit)
    stored = dict((await scene.pipeline.state(tab, VenueDialogState)).stored)

    await scene.fill(tab, VenueDialogState, VenueDialogState.edit, **stored | {"doors": "Door 3"})
    late = await scene.fill(
        other, VenueDialogState, VenueDialogState.edit, **stored | {"doors": "Door 4"}
    )

    assert late.refusal == SENTENCES["venue_changed_meanwhile"]
    shown = await scene.pipeline.state(tab, VenueRecordState)
    assert (shown.texts["doors"], shown.done) == ("Door 3", "Saved.")


async def test_a_form_of_another_dialog_does_nothing(scene: Scene, lantern: str) -> None:
    tab = scene.tab()
    await scene.at(tab, f"/venues/{lantern}/")
    await scene.pipeline.send(tab, VenueDialogState.open_edit)

    await scene.fill(tab, VenueDialogState, VenueDialogState.add_hall, name="Roof")

    shown = await scene.at(tab, f"/venues/{lantern}/")
    assert [hall.name for hall in shown.halls] == ["Concert Hall", "Playhouse", "Studio"]


async def test_a_venue_that_is_not_there_is_told(scene: Scene) -> None:
    assert (await scene.at(scene.tab(), "/venues/nowhere/")).shown == "missing"


@pytest.mark.parametrize("role", READERS)
async def test_every_role_reads_and_only_some_are_offered_changes(
    scene: Scene, lantern: str, role: Role
) -> None:
    tab = scene.tab(role)

    assert not (await scene.at(tab, "/venues/")).may_edit
    shown = await scene.at(tab, f"/venues/{lantern}/")
    assert (shown.may_edit, shown.name) == (False, "Lantern Street Theatre")
