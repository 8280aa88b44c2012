"""Two people restore a row from the audit page: who may, and what each of them reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.factories import Desk
from tests.support.pipeline import Client, Pipeline, sign_in
from upstage_crm.admin.audit.finding_rows import FindingRow
from upstage_crm.admin.audit.restore_state import RestoreState
from upstage_crm.admin.audit.state import AuditState
from upstage_crm.admin.guard import AdminState
from upstage_crm.core.clock import FrozenClock
from upstage_crm.proof import integrity
from upstage_crm.proof.watch import Watch, Witness
from upstage_crm.staff.auth.sessions import FRESH_FOR
from upstage_crm.staff.roles import Role, StaffMember
from upstage_crm.wiring import Runtime
from upstage_crm.wording.sentences import SENTENCES


@dataclass
class Scene:
    """A venue in which the desk of one account was changed outside the CRM, and it was found."""

    desk: Desk
    vic: StaffMember
    pipeline: Pipeline

    async def open(self, role: Role, name: str) -> Client:
        email = f"{name.lower()}@desk.example"
        cookie = sign_in(self.desk.database, role, at=self.desk.now, name=name, email=email)
        tab = self.pipeline.client(cookie)
        await self.pipeline.send(tab, AuditState.load, "/audit/")
        return tab

    async def finding(self, tab: Client) -> FindingRow:
        (row,) = (await self.pipeline.state(tab, AuditState)).findings
        return row

    async def restore(self, tab: Client, finding_id: str) -> None:
        await self.pipeline.send(tab, RestoreState.ask, finding_id=finding_id)
        await self.pipeline.submit(tab, RestoreState.restore, {})

    async def said(self, tab: Client) -> tuple[str, str]:
        admin = await self.pipeline.state(tab, AdminState)
        return admin.problem, admin.done

    @property
    def is_restored(self) -> bool:
        desk = self.desk.scalar(f"SELECT desk FROM staff WHERE id = '{self.vic.id}'")
        return desk == "box office" and self.desk.read(integrity.standing) == ()


@pytest.fixture
def scene(made: Runtime, clock: FrozenClock, tmp_path: Path, pipeline: Pipeline) -> Scene:
    desk = Desk(made.database, clock)
    vic = desk.staff("Vic", Role.BOX_OFFICE)
    desk.forge(f"UPDATE staff SET desk = 'vault' WHERE id = '{vic.id}'")
    Watch(made.database, Witness(tmp_path / "heads.json")).turn(now=desk.now)
    return Scene(desk, vic, pipeline)


async def test_two_people_restore_a_row(scene: Scene) -> None:
    olga, rosa = await scene.open(Role.OWNER, "Olga"), await scene.open(Role.MANAGER, "Rosa")
    finding = await scene.finding(olga)
    assert finding.may_restore

    await scene.restore(olga, finding.id)

    assert await scene.said(olga) == (
        "",
        "Noted. It is restored when a second person agrees.",
    )
    waiting = await scene.finding(olga)
    assert not waiting.may_restore
    assert waiting.note == "You asked to restore it. A second person has to agree."
    assert not scene.is_restored

    await scene.pipeline.send(rosa, AuditState.load, "/audit/")
    assert (await scene.finding(rosa)).note == "Olga, box office asked to restore it."
    await scene.restore(rosa, finding.id)

    assert await scene.said(rosa) == (
        "",
        "Restored. The row is what the trail says again.",
    )
    assert (await scene.pipeline.state(rosa, AuditState)).findings == []
    assert scene.is_restored


async def test_one_person_is_not_two(scene: Scene) -> None:
    olga = await scene.open(Role.OWNER, "Olga")
    finding = await scene.finding(olga)
    await scene.restore(olga, finding.id)

    await scene.restore(olga, finding.id)

    dialog = await scene.pipeline.state(olga, RestoreState)
    assert (dialog.dialog, dialog.refusal) == ("restore", SENTENCES["same_person"])
    assert not scene.is_restored


async def test_whoever_only_looks_restores_nothing(scene: Scene) -> None:
    ada = await scene.open(Role.AUDITOR, "Ada")
    finding = await scene.finding(ada)
    assert not finding.may_restore

    await scene.restore(ada, finding.id)

    dialog = await scene.pipeline.state(ada, RestoreState)
    assert dialog.dialog == ""
    assert scene.desk.read(integrity.standing)[0].first_by == ""


async def test_a_proof_that_is_old_is_asked_for_before_the_dialog(scene: Scene) -> None:
    olga = await scene.open(Role.OWNER, "Olga")
    finding = await scene.finding(olga)
    scene.desk.clock.advance(FRESH_FOR)

    await scene.pipeline.send(olga, RestoreState.ask, finding_id=finding.id)

    assert (await scene.pipeline.state(olga, RestoreState)).dialog == ""
    assert olga.redirects()[-1].startswith("/sign-in/")


@pytest.mark.parametrize("finding_id", ["", "f" * 32, "x' OR 1=1 --"])
async def test_a_finding_that_is_not_on_the_page_opens_no_dialog(
    scene: Scene, finding_id: str
) -> None:
    olga = await scene.open(Role.OWNER, "Olga")

    await scene.pipeline.send(olga, RestoreState.ask, finding_id=finding_id)

    assert (await scene.pipeline.state(olga, RestoreState)).dialog == ""
    assert await scene.said(olga) == (SENTENCES["subject_moved"], "")
