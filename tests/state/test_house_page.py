"""The house map: laid out, held back, released; what is typed is named where it is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from tests.support.factories import ANOTHER
from tests.support.pipeline import Client, Pipeline, sign_in
from upstage_crm.admin.house.dialog_state import HouseDialogState
from upstage_crm.admin.house.house_state import HouseState
from upstage_crm.admin.house.plan_moving_state import PlanMoveState
from upstage_crm.admin.programme.event_state import EventState
from upstage_crm.admin.programme.performance_bulk_state import PerformanceBulkState
from upstage_crm.core.clock import FrozenClock
from upstage_crm.demo.season import venues as demo_venues
from upstage_crm.inventory import holds
from upstage_crm.inventory.views import Wanted
from upstage_crm.jobs import news
from upstage_crm.jobs.news import ALL_TOPICS, Topic
from upstage_crm.programme import commands, queries
from upstage_crm.programme.times import read_time
from upstage_crm.staff.roles import Role
from upstage_crm.venues import plans
from upstage_crm.wiring import Runtime
from upstage_crm.wording.sentences import SENTENCES


@dataclass
class Scene:
    """A performance in the demo's concert hall, not laid out yet."""

    parts: Runtime
    pipeline: Pipeline
    event: str
    performance: str
    hall: str

    @property
    def path(self) -> str:
        return f"/events/{self.event}/{self.performance}/"

    def tab(self, role: Role = Role.OWNER) -> Client:
        return self.pipeline.client(sign_in(self.parts.database, role, at=self.parts.clock.now()))

    async def at(self, tab: Client, path: str = "") -> Any:
        await self.pipeline.send(tab, HouseState.load, path or self.path)
        return await self.pipeline.state(tab, HouseState)

    async def laid_out(self) -> Client:
        tab = self.tab()
        await self.at(tab)
        await self.pipeline.send(tab, HouseState.lay_out)
        return tab

    async def hold(self, tab: Client, **texts: str) -> Any:
        await self.pipeline.send(tab, HouseDialogState.open_hold)
        said = {"place": "Stalls", "seats": "A1-4, C", "letter": "h", "reason": "For the director"}
        return await self.fill(tab, HouseDialogState.hold, **said | texts)

    async def fill(self, tab: Client, handler: Any, **texts: str) -> Any:
        opened = await self.pipeline.state(tab, HouseDialogState)
        carried = {"subject": opened.subject, "opening": str(opened.opening)}
        await self.pipeline.send(tab, handler, form=carried | texts)
        return await self.pipeline.state(tab, HouseDialogState)

    async def page(self, tab: Client) -> Any:
        return await self.pipeline.state(tab, HouseState)


@pytest.fixture
def scene(made: Runtime, pipeline: Pipeline) -> Scene:
    with made.database.transaction() as session:
        context = made.staff_context(session, ANOTHER)
        demo_venues.add(context)
        halls = queries.hall_choices(session)
        hall = next(one.id for one in halls if one.name.startswith("Concert Hall"))
        event = commands.add_event(context, typed={"title": "Requiem"})
        commands.add_performances(
            context,
            event_id=event,
            hall_id=hall,
            days=[date(2026, 12, 4)],
            at=read_time("19:30"),
        )
        performance = queries.event(session, event).performances[0].id
    return Scene(made, pipeline, event, performance, hall)


async def test_a_performance_is_laid_out_from_its_page(scene: Scene) -> None:
    tab = scene.tab()
    page = await scene.at(tab)
    assert (page.shown, page.name, page.hall) == (
        "empty",
        "Requiem",
        "Concert Hall, Lantern Street Theatre",
    )

    await scene.pipeline.send(tab, HouseState.lay_out)

    page = await scene.page(tab)
    assert (page.shown, page.size) == ("house", "1,200 seats")
    assert [(row.name, row.seats) for row in page.counts] == [
        ("Free", "1,200"),
        ("In a basket", "0"),
        ("Sold", "0"),
        ("Held back", "0"),
    ]
    assert page.picture.count("<path") == 2
    assert len(page.rows) == 35


async def test_seats_are_held_back_and_released(scene: Scene) -> None:
    tab = await scene.laid_out()

    await scene.hold(tab)

    page = await scene.page(tab)
    row = page.holds[0]
    assert (row.letter, row.size, row.reason) == ("H", "31 seats", "For the director")
    assert page.done == "31 places held back."
    assert {one.kept for one in page.rows if one.kept} == {"H 3, 1–2, 4", "H 1–27 odd, 2–26 even"}
    assert ">H</text>" in page.picture

    await scene.pipeline.send(tab, HouseDialogState.ask_release, house_hold_id=row.id)
    await scene.fill(tab, HouseDialogState.release)

    page = await scene.page(tab)
    assert (page.holds, page.done) == ([], "31 places released.")


async def test_what_is_typed_is_named_where_it_is_wrong(scene: Scene) -> None:
    tab = await scene.laid_out()
    for texts, name, code in (
        ({"seats": ""}, "seats", "nothing_wanted"),
        ({"place": "Nowhere"}, "seats", "nothing_wanted"),
        ({"letter": "1"}, "letter", "house_letter_unreadable"),
        ({"reason": ""}, "reason", "house_reason_missing"),
        ({"day": "2026-01-01", "time": "12:00"}, "day", "house_release_passed"),
        ({"day": "2026-12-01"}, "day", "performance_time_unreadable"),
    ):
        dialog = await scene.hold(tab, **texts)
        assert dialog.errors[name] == SENTENCES[code], texts
    for seats in ("?", "A1-4, Z99", "A99"):
        dialog = await scene.hold(tab, seats=seats)
        assert dialog.errors["seats"], seats
    assert (await scene.page(tab)).holds == []


async def test_what_is_in_a_basket_is_shown_live_and_not_held_back(
    scene: Scene, clock: FrozenClock
) -> None:
    tab = await scene.laid_out()
    clock.advance(timedelta(seconds=1))
    now, parts = scene.parts.clock.now(), scene.parts
    with parts.database.reading() as session:
        before = news.position(session)
    wanted = Wanted(seats={scene.performance: frozenset({"Stalls-A-1", "Stalls-A-2"})})
    parts.database.attempt(lambda s: holds.hold(s, holder="ina", wanted=wanted, now=now))
    with parts.database.reading() as session:
        _, happened = news.since(session, before)
    concerned = [one for one in happened if one.concerns(HouseState.topics, frozenset())]
    assert concerned
    assert not any(one.concerns(ALL_TOPICS, frozenset()) for one in happened)
    assert Topic.SEATS in HouseState.topics

    await scene.pipeline.send(tab, HouseState.refresh)
    dialog = await scene.hold(tab)

    assert (await scene.page(tab)).counts[1].seats == "2"
    assert dialog.errors["seats"].startswith("Taken already: Stalls, row A, seats 1 and 2")


async def test_a_newer_plan_is_offered_and_taken(scene: Scene) -> None:
    tab = await scene.laid_out()
    fewer = demo_venues.PLANS["Concert Hall"][:2]
    with scene.parts.database.transaction() as session:
        context = scene.parts.staff_context(session, ANOTHER)
        plans.save(context, hall_id=scene.hall, after=1, sections=fewer)
    assert (await scene.at(tab)).is_behind

    await scene.pipeline.send(tab, PlanMoveState.open)
    dialog = await scene.pipeline.state(tab, PlanMoveState)
    assert (dialog.is_ready, dialog.lines[1]) == (True, "Nothing changes for what is sold.")
    carried = {"subject": dialog.subject, "opening": str(dialog.opening)}
    await scene.pipeline.send(tab, PlanMoveState.go, form=carried)

    page = await scene.page(tab)
    assert (page.is_behind, len(page.rows)) == (False, 28)


async def test_an_owner_declares_an_on_sale(scene: Scene) -> None:
    tab = await scene.laid_out()

    await scene.pipeline.send(tab, HouseState.rush, is_rush=True)
    assert (await scene.page(tab)).is_rush
    await scene.pipeline.send(tab, HouseState.rush, is_rush=False)

    assert not (await scene.page(tab)).is_rush


async def test_cancelling_takes_the_seats_off_sale(scene: Scene) -> None:
    tab = await scene.laid_out()
    await scene.pipeline.send(tab, EventState.load, f"/events/{scene.event}/")
    chosen = {"edit": "cancel", "performance_ids": [scene.performance]}
    await scene.pipeline.send(tab, PerformanceBulkState.ask, **chosen)
    opened = await scene.pipeline.state(tab, PerformanceBulkState)
    form = {"subject": opened.subject, "opening": str(opened.opening)}
    await scene.pipeline.send(tab, PerformanceBulkState.cancel, form=form)

    page = await scene.at(tab)

    assert (page.is_cancelled, page.counts[0].seats, page.counts[3].seats) == (True, "0", "1,200")


async def test_what_is_no_performance_is_said(scene: Scene) -> None:
    page = await scene.at(scene.tab(), f"/events/{scene.event}/nothing/")

    assert page.shown == "missing"
