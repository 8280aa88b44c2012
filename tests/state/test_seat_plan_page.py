"""The page of a hall's seat plan: the builder, its live picture, the versions, files in and out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from tests.support.factories import ANOTHER
from tests.support.pipeline import Client, Pipeline, sign_in
from tests.support.visitor import OURS
from upstage_crm.admin import incoming_files
from upstage_crm.admin.venues.plan_files import INCOMING, ROUTES
from upstage_crm.admin.venues.plan_state import SeatPlanState as State
from upstage_crm.demo.season import venues as demo_venues
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role
from upstage_crm.venues import commands, plans, queries
from upstage_crm.venues.design import FIELDS
from upstage_crm.venues.seating_file import FILE_LIMIT
from upstage_crm.wiring import Runtime
from upstage_crm.wording.sentences import SENTENCES

KINDS = incoming_files.by_kind(INCOMING)
READERS = [role for role in Role if Permission.EDIT_VENUES not in PERMISSIONS[role]]


@dataclass
class Scene:
    """A house with one hall that has no plan, whose page runs."""

    parts: Runtime
    pipeline: Pipeline
    venue: str
    hall: str

    @property
    def path(self) -> str:
        return f"/venues/{self.venue}/{self.hall}/"

    def cookie(self, role: Role = Role.OWNER) -> str:
        return sign_in(self.parts.database, role, at=self.parts.clock.now())

    async def open(self, cookie: str) -> Client:
        tab = self.pipeline.client(cookie)
        await self.pipeline.send(tab, State.load, self.path)
        return tab

    async def seen(self, tab: Client) -> State:
        return await self.pipeline.state(tab, State)

    async def form(self, tab: Client, handler: Any, **typed: str) -> State:
        """What the form sends when something is typed, or when it is submitted."""
        shown = await self.seen(tab)
        held = dict(zip(shown._keys, shown._design, strict=True)).get(shown.open_key, {})
        form = {"section": shown.open_key, **held, **typed}
        await self.pipeline.send(tab, handler, form=form)
        return await self.seen(tab)

    def versions(self) -> list[int]:
        with self.parts.database.reading() as session:
            return [one.version for one in plans.versions(session, self.hall)]

    def save(self, *sections: dict[str, str]) -> None:
        """A colleague saves a version."""
        with self.parts.database.transaction() as session:
            after = len(plans.versions(session, self.hall))
            context = self.parts.staff_context(session, ANOTHER)
            plans.save(context, hall_id=self.hall, after=after, sections=sections)

    async def ask(self, method: str, path: str, cookie: str, **how: Any) -> httpx.Response:
        transport = httpx.ASGITransport(
            app=Starlette(routes=[*ROUTES, *incoming_files.routes(KINDS)])
        )
        async with httpx.AsyncClient(transport=transport, base_url=OURS) as client:
            headers = {"cookie": cookie, "origin": OURS}
            return await client.request(method, path, headers=headers, **how)


@pytest.fixture
def scene(made: Runtime, pipeline: Pipeline) -> Scene:
    with made.database.transaction() as session:
        context = made.staff_context(session, ANOTHER)
        venue = commands.add_venue(context, typed=demo_venues.VENUE)
        hall = commands.add_hall(context, venue_id=venue, typed={"name": "Studio"})
    return Scene(made, pipeline, venue, hall)


async def test_a_plan_is_drawn_while_it_is_typed_and_saved_as_a_version(scene: Scene) -> None:
    tab = await scene.open(scene.cookie())
    shown = await scene.seen(tab)
    assert (shown.shown, shown.picture, shown.sections) == ("hall", "", [])

    await scene.pipeline.send(tab, State.add)
    shown = await scene.form(tab, State.type_in, name="Stalls", rows="3", seats="4")
    assert [(row.name, row.size) for row in shown.sections] == [("Stalls", "12 seats")]
    assert (shown.size, shown.problems, shown.is_changed) == ("12 seats", [], True)
    assert shown.picture.count("h0") == 12

    shown = await scene.form(tab, State.save, wheelchair="A1")
    assert (shown.done, shown.version, shown.is_changed) == ("Saved as version 1.", "2", False)
    assert [row.mark for row in shown.legend] == ["", "W"]
    assert scene.versions() == [1]


async def test_what_cannot_be_built_is_told_at_its_input_and_keeps_the_picture(
    scene: Scene,
) -> None:
    tab = await scene.open(scene.cookie())
    await scene.pipeline.send(tab, State.add)
    before = await scene.form(tab, State.type_in, rows="3")

    shown = await scene.form(tab, State.type_in, rows="300")

    words = SENTENCES["design_number_out_of_range"].format(least=1, most=100)
    assert (shown.errors["rows"], shown.problems) == (words, [f"Section 1: {words}"])
    assert shown.picture == before.picture != ""
    await scene.form(tab, State.save, rows="300")
    assert scene.versions() == []


async def test_sections_are_copied_moved_and_removed(scene: Scene) -> None:
    tab = await scene.open(scene.cookie())
    await scene.pipeline.send(tab, State.add)
    await scene.form(tab, State.type_in, name="Stalls")
    await scene.pipeline.send(tab, State.copy_one)
    assert [row.name for row in (await scene.seen(tab)).sections] == ["Stalls", "Stalls 2"]

    await scene.pipeline.send(tab, State.move_up)
    shown = await scene.seen(tab)
    assert [row.name for row in shown.sections] == ["Stalls 2", "Stalls"]
    assert shown.typed["name"] == "Stalls 2"

    await scene.pipeline.send(tab, State.remove)
    shown = await scene.seen(tab)
    assert ([row.name for row in shown.sections], shown.typed["name"]) == (["Stalls"], "Stalls")


async def test_two_sections_of_one_name_are_told(scene: Scene) -> None:
    tab = await scene.open(scene.cookie())
    await scene.pipeline.send(tab, State.add)
    await scene.pipeline.send(tab, State.add)

    shown = await scene.form(tab, State.type_in, name="Section 1")

    assert shown.problems == [SENTENCES["plan_section_twice"].format(section="Section 1")]


async def test_what_was_typed_outlives_the_page_and_can_be_given_up(scene: Scene) -> None:
    scene.save(FIELDS | {"name": "Stalls"})
    cookie = scene.cookie()
    tab = await scene.open(cookie)
    await scene.form(tab, State.type_in, name="Parquet")
    await scene.pipeline.send(tab, State.load, "/venues/nowhere/nothing/")
    assert (await scene.seen(tab)).shown == "missing"

    await scene.pipeline.send(tab, State.load, scene.path)
    shown = await scene.seen(tab)
    assert (shown.typed["name"], shown.is_changed, shown.is_behind) == ("Parquet", True, False)

    await scene.pipeline.send(tab, State.start_over)
    shown = await scene.seen(tab)
    assert (shown.typed["name"], shown.is_changed) == ("Stalls", False)


async def test_a_version_of_a_colleague_is_not_passed_over_unseen(scene: Scene) -> None:
    scene.save(FIELDS | {"name": "Stalls"})
    tab = await scene.open(scene.cookie())
    await scene.form(tab, State.type_in, name="Parquet")
    scene.save(FIELDS | {"name": "Floor"})
    await scene.pipeline.push(tab, State.refresh)
    assert (await scene.seen(tab))._design[0]["name"] == "Parquet"

    shown = await scene.form(tab, State.save)
    assert (shown.problem, shown.is_behind) == (SENTENCES["plan_changed_meanwhile"], True)
    assert scene.versions() == [2, 1]

    shown = await scene.form(tab, State.save)
    assert (shown.done, shown.is_behind) == ("Saved as version 3.", False)


async def test_an_older_version_is_brought_back(scene: Scene) -> None:
    scene.save(FIELDS | {"name": "Stalls"})
    scene.save(FIELDS | {"name": "Floor"})
    tab = await scene.open(scene.cookie())
    await scene.form(tab, State.type_in, name="Mine")

    await scene.pipeline.send(tab, State.bring_back, number="1")

    shown = await scene.seen(tab)
    assert (shown.done, shown.typed["name"]) == ("Version 1 is back, as version 3.", "Stalls")
    assert [row.is_newest for row in shown.versions] == [True, False, False]
    for number in ("9", "²", "", "1" * 99):
        await scene.pipeline.send(tab, State.bring_back, number=number)
    assert scene.versions() == [3, 2, 1]


async def test_a_form_of_a_section_that_is_gone_changes_nothing(scene: Scene) -> None:
    tab = await scene.open(scene.cookie())
    await scene.pipeline.send(tab, State.add)
    for form in ({"section": "s9", "name": "x"}, {"name": "x"}, {"section": 1}, "form", None):
        await scene.pipeline.send(tab, State.type_in, form=form)

    assert [row.name for row in (await scene.seen(tab)).sections] == ["Section 1"]


@pytest.mark.parametrize("role", READERS)
async def test_a_reader_sees_the_plan_and_builds_nothing(scene: Scene, role: Role) -> None:
    scene.save(FIELDS | {"name": "Stalls"})
    tab = await scene.open(scene.cookie(role))
    shown = await scene.seen(tab)
    assert (shown.may_edit, shown.size) == (False, "200 seats")

    for handler in (State.add, State.copy_one):
        await scene.pipeline.send(tab, handler)
    await scene.form(tab, State.type_in, name="Mine")
    shown = await scene.form(tab, State.save, name="Mine")
    assert scene.versions() == [1]
    assert shown.problem == SENTENCES["forbidden"]


# --- files ----------------------------------------------------------------------------------------


async def test_a_version_goes_out_as_a_file_and_another_comes_in(scene: Scene) -> None:
    scene.save(FIELDS | {"name": "Stalls"})
    cookie = scene.cookie()
    file = await scene.ask("GET", f"/venues/plan/{scene.hall}/1.json", cookie)
    assert file.headers["content-type"] == "application/json"

    other = file.content.replace(b"Stalls", b"Parquet")
    answer = await scene.ask(
        "POST",
        f"/files/plan/{scene.hall}",
        cookie,
        data={"after": "1"},
        files={"file": ("plan.json", other)},
    )

    assert (answer.status_code, answer.headers["location"]) == (303, f"{scene.path}?imported=2")
    assert (await scene.ask("GET", f"/venues/plan/{scene.hall}/2.json", cookie)).content == other


@pytest.mark.parametrize(
    ("after", "content", "words"),
    [
        ("0", b"{", "It is not JSON."),
        ("0", b"[]", "It must be an object."),
        ("7", b'{"name":"","categories":[],"zones":[]}', "Add a section."),
    ],
)
async def test_a_file_that_cannot_be_used_is_answered_with_what_is_wrong(
    scene: Scene, after: str, content: bytes, words: str
) -> None:
    answer = await scene.ask(
        "POST",
        f"/files/plan/{scene.hall}",
        scene.cookie(),
        data={"after": after},
        files={"file": ("plan.json", content)},
    )

    assert answer.status_code == 422
    assert words in answer.text
    assert scene.path in answer.text
    assert scene.versions() == []


@pytest.mark.parametrize("role", READERS)
async def test_files_follow_the_permissions(scene: Scene, role: Role) -> None:
    scene.save(FIELDS | {"name": "Stalls"})
    cookie, file = scene.cookie(role), f"/venues/plan/{scene.hall}/1.json"

    assert (await scene.ask("GET", file, cookie)).status_code == 200
    assert (await scene.ask("GET", file, "")).status_code == 404
    for path in ("x/1.json", f"{scene.hall}/2.json", f"{scene.hall}/²5.json"):
        assert (await scene.ask("GET", f"/venues/plan/{path}", cookie)).status_code == 404
    posted = await scene.ask("POST", f"/files/plan/{scene.hall}", cookie, files={"file": b"{}"})
    assert posted.headers["location"].startswith("/sign-in/")
    assert scene.versions() == [1]


async def test_a_larger_body_is_for_those_who_may_send_a_plan(scene: Scene) -> None:
    cookies = {role: scene.cookie(role).encode() for role in Role}

    async def limit(role: Role | None, path: str, method: str = "POST") -> int:
        cookie = cookies[role] if role else b""
        scope = {"path": path, "method": method, "headers": [(b"cookie", cookie)]}
        return await incoming_files.body_limit(KINDS)(scope, 10)

    place = f"/files/plan/{scene.hall}"
    assert await limit(Role.OWNER, place) > FILE_LIMIT
    assert await limit(None, place) == 10
    assert await limit(Role.READ_ONLY, place) == 10
    assert await limit(Role.MANAGER, "/auth/passkey") == 10
    assert await limit(Role.OWNER, place, "GET") == 10
    assert await limit(Role.OWNER, "/files/film/x") == 10


async def test_the_demo_has_its_three_halls(scene: Scene) -> None:
    with scene.parts.database.transaction() as session:
        context = scene.parts.staff_context(session, ANOTHER)
        venue_id = commands.add_venue(context, typed=demo_venues.VENUE | {"name": "Other"})
        for hall in demo_venues.HALLS:
            hall_id = commands.add_hall(context, venue_id=venue_id, typed=hall)
            plans.save(context, hall_id=hall_id, after=0, sections=demo_venues.PLANS[hall["name"]])
        halls = queries.venue(session, venue_id).halls
        newest = plans.newest_of(session, [hall.id for hall in halls])
    sizes = {hall.texts["name"]: (newest[hall.id].seats, newest[hall.id].places) for hall in halls}

    assert sizes == {"Concert Hall": (1_200, 0), "Playhouse": (480, 0), "Studio": (0, 120)}
