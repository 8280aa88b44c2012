"""The command palette on the server: what it finds, for whom, and what it keeps of it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.support.factories import Desk
from tests.support.houses import seat
from tests.support.pipeline import Client, Pipeline, sign_in
from tests.support.shop import open_shop
from upstage_crm.admin.palette.rows import Found
from upstage_crm.admin.palette.state import PATRONS, REQUESTS, PaletteState
from upstage_crm.core.clock import FrozenClock
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role
from upstage_crm.staff.visibility import sees
from upstage_crm.wiring import Runtime


@dataclass
class Scene:
    """A venue whose palette answers."""

    desk: Desk
    pipeline: Pipeline

    async def found(self, words: str, tab: Client | None = None) -> list[Found]:
        tab = tab or self.tab()
        await self.pipeline.send(tab, PaletteState.find, "/", words=words)
        return (await self.pipeline.state(tab, PaletteState)).found

    def tab(self, role: Role = Role.MANAGER) -> Client:
        return self.pipeline.client(sign_in(self.desk.database, role, at=self.desk.now))


@pytest.fixture
def scene(made: Runtime, clock: FrozenClock, pipeline: Pipeline) -> Scene:
    return Scene(Desk(made.database, clock), pipeline)


async def test_a_patron_and_the_requests_about_them_are_found_by_name(scene: Scene) -> None:
    mara = scene.desk.patron("mara@example.com", "Mara", "Quill")
    scene.desk.patron("theo@example.com", "Theo", "Ash")
    request = scene.desk.propose(mara, "mara.new@example.org")

    found = await scene.found("quil mara")

    assert [(one.group, one.href) for one in found] == [
        ("Patrons", f"/patrons/{mara.number}/"),
        ("Requests", f"/requests/{request.reference}/"),
    ]
    assert found[0].words == "Mara Quill"
    assert "mara@example.com" in found[0].detail


async def test_a_reference_leads_to_its_request_and_its_patron(scene: Scene) -> None:
    mara = scene.desk.patron()
    reference = scene.desk.propose(mara).reference

    found = await scene.found(reference.lower())

    assert [one.href for one in found] == [
        f"/requests/{reference}/",
        f"/patrons/{mara.number}/",
    ]


async def test_a_reference_leads_to_its_order_and_whose_it_is(scene: Scene) -> None:
    mara = scene.desk.patron()
    shop = open_shop(scene.desk)
    sold = shop.sell(shop.filled(seat("A", 1), patron_id=mara.id))

    found = await scene.found(sold.reference.replace("-", " ").lower())

    assert [(one.group, one.href) for one in found] == [
        ("Orders", f"/orders/{sold.reference}/"),
        ("Patrons", f"/patrons/{mara.number}/"),
    ]


async def test_a_few_of_each_kind_are_shown(scene: Scene) -> None:
    for place in range(PATRONS + 2):
        patron = scene.desk.patron(f"p{place}@example.com", "Quill", f"Number{place}")
        scene.desk.propose(patron, f"n{place}@example.org")

    groups = [one.group for one in await scene.found("quill")]

    assert groups == ["Patrons"] * PATRONS + ["Requests"] * REQUESTS


async def test_nothing_is_kept_once_nothing_is_typed(scene: Scene) -> None:
    scene.desk.patron("mara@example.com", "Mara", "Quill")
    tab = scene.tab()
    await scene.pipeline.send(tab, PaletteState.find, "/", words="quill")
    await scene.pipeline.send(tab, PaletteState.find, "/", words="  ")

    state = await scene.pipeline.state(tab, PaletteState)

    assert (state.asked, state.found) == ("", [])


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_finds_and_reads_what_it_sees_and_no_more(scene: Scene, role: Role) -> None:
    mara = scene.desk.patron("quondam@example.com", "Mara", "Quill")
    request = scene.desk.propose(mara, "mara.new@example.org")
    tab = scene.tab(role)
    by_email = await scene.found("quond", tab)
    by_number = await scene.found(str(mara.number), tab)
    by_reference = await scene.found(request.reference, tab)

    held = PERMISSIONS[role]
    is_seen = sees(role, "email", is_protected=False)
    may_read = Permission.VIEW_PATRONS in held
    assert any(one.group == "Patrons" for one in by_email) == (is_seen and may_read)
    said = " ".join(f"{one.words} {one.detail}" for one in by_number)
    assert ("quondam@" in said) == (is_seen and may_read)
    shows_requests = any(one.group == "Requests" for one in by_reference)
    assert shows_requests == (Permission.VIEW_REQUESTS in held)
