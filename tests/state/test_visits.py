"""What is kept of visitors who have gone: with Reflex's own manager of states."""

from __future__ import annotations

from typing import Any

import pytest
import reflex as rx
from reflex.istate.manager.memory import StateManagerMemory

from upstage_crm.admin.guard import AdminState, is_signed_in
from upstage_crm.staff.roles import Role, StaffMember
from upstage_crm.web.visits import GRACE_S, KEPT, Visits

DANA = StaffMember(
    id="1", email_key="dana@desk.example", display_name="Dana", desk="", role=Role.BOX_OFFICE
)


class Tabs:
    """Tabs that visitors have open, and the states that the server keeps for them."""

    def __init__(self) -> None:
        self.manager = StateManagerMemory()
        self.visits = Visits(self.manager, is_signed_in=is_signed_in)

    async def open(self, name: str, member: StaffMember | None = None) -> Any:
        root = await self.manager.get_state(rx.BaseStateToken(ident=name, cls=AdminState))
        (await root.get_state(AdminState))._member = member
        return root

    def kept(self) -> list[str]:
        return [key.partition("/")[0] for key in self.manager.states]


async def test_the_state_of_a_stranger_goes_soon_after_the_tab() -> None:
    tabs = Tabs()
    for name in ("there", "gone"):
        await tabs.open(name)
    assert tabs.visits.forget_gone({"there"}, now=100) == 1
    assert tabs.kept() == ["there", "gone"], "a phone between two networks comes back"
    assert tabs.visits.forget_gone({"there"}, now=100 + GRACE_S) == 0
    assert tabs.kept() == ["there"]
    await tabs.manager.close()


async def test_a_tab_that_comes_back_finds_its_state_and_a_new_grace() -> None:
    tabs = Tabs()
    root = await tabs.open("phone")
    tabs.visits.forget_gone(set(), now=100)
    tabs.visits.forget_gone({"phone"}, now=110)
    tabs.visits.forget_gone(set(), now=100 + GRACE_S)
    assert await tabs.open("phone") is root
    await tabs.manager.close()


async def test_the_state_of_a_member_stays() -> None:
    tabs = Tabs()
    await tabs.open("desk", DANA)
    for now in (100, 100 + 2 * GRACE_S):
        tabs.visits.forget_gone(set(), now=now)
    assert tabs.kept() == ["desk"]
    await tabs.manager.close()


async def test_a_state_that_is_in_use_stays() -> None:
    tabs = Tabs()
    token = rx.BaseStateToken(ident="busy", cls=AdminState)
    async with tabs.manager.modify_state(token):
        for now in (100, 100 + 2 * GRACE_S):
            tabs.visits.forget_gone(set(), now=now)
        assert tabs.kept() == ["busy"]
    tabs.visits.forget_gone(set(), now=100 + 3 * GRACE_S)
    assert tabs.kept() == []
    await tabs.manager.close()


@pytest.mark.parametrize("visits", [KEPT + 50])
async def test_visits_that_come_and_go_do_not_pile_up(visits: int) -> None:
    tabs = Tabs()
    for number in range(50):
        await tabs.open(f"early {number}")
    tabs.visits.forget_gone(set(), now=100)
    for number in range(visits - 50):
        await tabs.open(f"late {number}")
    await tabs.open("desk", DANA)
    assert tabs.visits.forget_gone(set(), now=101) == visits - 50 + 1
    kept = tabs.kept()
    assert len(kept) == KEPT + 1
    assert not any(name.startswith("early") for name in kept)
    assert "desk" in kept
    await tabs.manager.close()
