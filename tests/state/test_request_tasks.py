"""The second steps in the CRM: tasks of a request, care of a record, several fields at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.engine import Engine
from tests.support.factories import NEW, OLD, PUBLIC_URL
from tests.support.pipeline import Client, Pipeline, sign_in
from upstage_crm.admin.dashboard.state import DashboardState
from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.patrons.care_state import PatronCareState
from upstage_crm.admin.patrons.propose_state import ProposeState
from upstage_crm.admin.patrons.record_state import PatronRecordState
from upstage_crm.admin.requests.bulk_state import RequestBulkState
from upstage_crm.admin.requests.detail_state import RequestDetailState
from upstage_crm.admin.requests.queue_state import RequestQueueState
from upstage_crm.admin.requests.task_state import RequestTaskState
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.model.policy import (
    DEFAULT,
    Asked,
    FieldPolicy,
)
from upstage_crm.change_requests.model.rules import (
    Decision,
    RequestState,
)
from upstage_crm.change_requests.model.thresholds import Thresholds
from upstage_crm.core.clock import FrozenClock
from upstage_crm.links.claims import Reviewer
from upstage_crm.mail.sending.dispatcher import Dispatcher
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role
from upstage_crm.wiring import Runtime, mailboxes_of
from upstage_crm.wording.sentences import SENTENCES

PHONE = {"phone": {"phone": "+1 212 555 0199"}}
CLERK, LEAD = Role.BOX_OFFICE, Role.MANAGER


@dataclass
class Scene:
    """A venue with its second steps whose pages run, with cookies of members of each role."""

    engine: Engine
    pipeline: Pipeline
    parts: Runtime

    def cookie(self, role: Role, name: str = "") -> str:
        who = {"name": name, "email": f"{name.lower()}@desk.example"} if name else {}
        return sign_in(self.parts.database, role, at=self.engine.now, **who)

    async def request(self, request: Proposed, role: Role = LEAD, name: str = "") -> Client:
        """Open a request's page as a staff member who has just joined."""
        tab = self.pipeline.client(self.cookie(role, name))
        path = f"/requests/{request.reference}/"
        await self.pipeline.send(tab, RequestDetailState.load, path)
        return tab

    async def record(self, patron: PatronRecord, role: Role = LEAD, name: str = "") -> Client:
        tab = self.pipeline.client(self.cookie(role, name))
        await self.pipeline.send(tab, PatronRecordState.load, f"/patrons/{patron.number}/")
        return tab

    async def do(self, tab: Client, handler: Any, dialog: str = "", **payload: Any) -> None:
        """Open a dialog where there is one, and press its button; else press on the page."""
        if dialog:
            in_care = dialog in PatronCareState.dialogs
            owner = PatronCareState if in_care else RequestTaskState
            await self.pipeline.press(tab, owner.ask, dialog=dialog)
        form = payload.pop("form", None)
        if dialog or form is not None:
            await self.pipeline.submit(tab, handler, form or {})
        else:
            await self.pipeline.press(tab, handler, **payload)

    async def detail(self, tab: Client) -> Any:
        return (await self.pipeline.state(tab, RequestDetailState)).detail

    async def care(self, tab: Client) -> Any:
        return (await self.pipeline.state(tab, PatronRecordState)).care


@pytest.fixture
def scene(made: Runtime, clock: FrozenClock, pipeline: Pipeline) -> Scene:
    engine = Engine(made.database, clock)
    # The pages' own keys, or no code and no link of a mail would fit.
    engine.room = replace(made.notifier, public_url=PUBLIC_URL)
    engine.codec = made.codec
    engine.dispatcher = Dispatcher(
        made.database, engine.mailbox, made.codec, clock, mailboxes_of=mailboxes_of
    )
    return Scene(engine, pipeline, made)


# --- tasks of a request -------------------------------------------------------------------------


async def test_what_is_held_is_released_together_each_by_its_own_command(scene: Scene) -> None:
    engine = scene.engine
    policy = FieldPolicy(asked=Asked.CURRENT, second_person=True)
    engine.set_policy(replace(DEFAULT, fields={"phone": policy}))
    held = [
        engine.propose(engine.patron(f"h{n}@example.com", f"H{n}"), changes=PHONE) for n in range(3)
    ]
    engine.withdraw(held[2])
    references = [one.reference for one in held]
    pressing, asking = RequestBulkState.release, {"act": "release", "references": references}

    clerk = scene.pipeline.client(scene.cookie(CLERK, "Cem"))
    await scene.pipeline.send(clerk, RequestQueueState.load, "/requests/?view=all")
    await scene.pipeline.send(clerk, RequestBulkState.ask, **asking)
    assert (await scene.pipeline.state(clerk, RequestBulkState)).applies == 0
    await scene.pipeline.submit(clerk, pressing, {})
    assert engine.state(held[0]) is RequestState.HELD

    lead = scene.pipeline.client(scene.cookie(LEAD, "Lea"))
    await scene.pipeline.send(lead, RequestQueueState.load, "/requests/?view=all")
    await scene.pipeline.send(lead, RequestBulkState.ask, **asking)
    dialog = await scene.pipeline.state(lead, RequestBulkState)
    assert (dialog.dialog, dialog.applies) == ("release", 2)
    assert dialog.lines[:2] == [
        "Applies to 2 of them.",
        "The patrons are asked by email now. Their time to answer begins.",
    ]
    assert dialog.lines[2].startswith(f"Left as it is: {references[2]}. ")
    await scene.pipeline.submit(lead, pressing, {})

    assert [engine.state(one) for one in held[:2]] == [RequestState.PENDING] * 2
    assert (await scene.pipeline.state(lead, AdminState)).done == "2 requests released."


async def test_releasing_together_needs_a_fresh_proof(scene: Scene) -> None:
    engine = scene.engine
    policy = FieldPolicy(asked=Asked.CURRENT, second_person=True)
    engine.set_policy(replace(DEFAULT, fields={"phone": policy}))
    held = engine.propose(engine.patron(), changes=PHONE)
    lead = scene.pipeline.client(scene.cookie(LEAD, "Lea"))
    await scene.pipeline.send(lead, RequestQueueState.load, "/requests/?view=all")
    asking = {"act": "release", "references": [held.reference]}
    await scene.pipeline.send(lead, RequestBulkState.ask, **asking)
    engine.clock.advance(timedelta(minutes=16))

    await scene.pipeline.submit(lead, RequestBulkState.release, {})

    assert lead.doors()[-1].startswith("/sign-in/again/")
    assert engine.state(held) is RequestState.HELD


async def test_another_member_releases_what_is_held(scene: Scene) -> None:
    engine = scene.engine
    policy = FieldPolicy(asked=Asked.CURRENT, second_person=True)
    engine.set_policy(replace(DEFAULT, fields={"phone": policy}))
    request = engine.propose(engine.patron(), changes=PHONE)
    clerk = await scene.request(request, CLERK)
    assert (await scene.detail(clerk)).task.kind == "release"
    assert (await scene.detail(clerk)).task.why_not
    await scene.do(clerk, RequestTaskState.release)
    assert RequestState.HELD is engine.state(request)

    lead = await scene.request(request, LEAD)
    assert not (await scene.detail(lead)).task.why_not
    await scene.do(lead, RequestTaskState.release)

    assert RequestState.PENDING is engine.state(request)
    assert (await scene.detail(lead)).state == "pending"
    assert (await scene.detail(lead)).task.kind == ""


async def test_a_page_says_what_cools_down_and_what_is_in_quarantine(scene: Scene) -> None:
    engine = scene.engine
    engine.set_policy(replace(DEFAULT, thresholds=Thresholds(at_once=1, burst=2)))
    vic = engine.staff("Vic", CLERK)
    made: list[Proposed] = []
    for n in range(2):
        patron = engine.patron(f"p{n}@example.com", f"P{n}")
        made.append(engine.propose(patron, f"p{n}@venue{n}.example", actor=vic))
    cooling = (await scene.detail(await scene.request(made[1], LEAD, "Ada"))).task
    assert (
        cooling.kind,
        cooling.title,
        cooling.act,
    ) == ("cooling", "Goes to the patron at 10:05", "")
    patron = engine.patron("p3@example.com", "P3")
    held = engine.propose(patron, "p3@venue3.example", actor=vic)

    clerk = await scene.request(held, CLERK, "Cem")
    assert (await scene.detail(clerk)).task.why_not
    await scene.do(clerk, RequestTaskState.release)
    assert RequestState.HELD is engine.state(held)
    lead = await scene.request(held, LEAD, "Lea")
    assert (await scene.detail(lead)).task.title.startswith("Paused")
    await scene.do(lead, RequestTaskState.release)
    assert RequestState.PENDING is engine.state(held)


async def test_what_can_no_longer_be_true_is_told_at_release(scene: Scene) -> None:
    engine = scene.engine
    policy = FieldPolicy(asked=Asked.PROPOSED, second_person=True)
    engine.set_policy(replace(DEFAULT, fields={"email": policy}))
    request = engine.propose(engine.patron())
    engine.patron(NEW, "Another")
    lead = await scene.request(request)

    await scene.do(lead, RequestTaskState.release)

    state = await scene.pipeline.state(lead, RequestDetailState)
    assert (state.detail.state, "withdrawn" in state.done) == ("withdrawn", True)


async def test_the_desk_needs_another_member_and_a_reason_to_decline(scene: Scene) -> None:
    engine = scene.engine
    request = engine.identify(engine.patron(), engine.owner)
    lead = await scene.request(request)
    assert (await scene.detail(lead)).task.kind == "identity"

    await scene.do(lead, RequestTaskState.decline, "decline", form={"note": "  "})
    task = await scene.pipeline.state(lead, RequestTaskState)
    assert ("decline", SENTENCES["note_missing"]) == (task.dialog, task.refusal)
    assert RequestState.HELD is engine.state(request)

    await scene.do(lead, RequestTaskState.confirm, kind="identity")
    assert engine.state(request) is RequestState.PENDING
    engine.deliver()
    engine.decide(engine.link_of(request, Reviewer.PROPOSED))
    engine.note_arrival(request)
    later = await scene.request(request, LEAD, "Max")
    assert (await scene.detail(later)).task.kind == "applies"
    assert engine.view(request).applies_at == engine.now + DEFAULT.desk_wait

    other = engine.identify(engine.patron("b@example.com"), engine.owner, PHONE)
    again = await scene.request(other, LEAD, "Una")
    await scene.do(again, RequestTaskState.decline, "decline", form={"note": "Not her voice"})
    assert RequestState.WITHDRAWN is engine.state(other)


async def test_a_code_is_read_out_by_one_and_confirmed_by_another(scene: Scene) -> None:
    engine = scene.engine
    patron = engine.patron()
    request = engine.propose(patron)
    engine.deliver()
    (code,) = engine.codes_in(NEW)
    clerk = await scene.request(request, CLERK)
    (row,) = (await scene.detail(clerk)).fields
    said = {row.id: "approve", "note": ""}

    await scene.do(clerk, RequestTaskState.read_out, "code", form=said | {"code": "ABCD-EFGH"})
    task = await scene.pipeline.state(clerk, RequestTaskState)
    assert SENTENCES["code_refused"] == task.refusal
    assert "4 attempts left" in (await scene.detail(clerk)).code_hint
    await scene.do(clerk, RequestTaskState.read_out, form=said | {"code": code.lower()})
    assert (await scene.detail(clerk)).task.kind == "code"
    await scene.do(clerk, RequestTaskState.confirm, kind="code")
    assert engine.email(patron) == OLD

    lead = await scene.request(request, LEAD)
    await scene.do(lead, RequestTaskState.confirm, kind="code")
    assert engine.email(patron) == NEW
    assert (await scene.detail(lead)).state == "approved"


async def test_a_change_is_put_back_for_a_reason(scene: Scene) -> None:
    engine = scene.engine
    patron = engine.patron()
    request, link = engine.asked(patron)
    engine.decide(link)
    lead = await scene.request(request)
    assert (await scene.detail(lead)).can_revert
    await scene.do(lead, RequestTaskState.revert, form={"note": "no question was open"})
    assert engine.email(patron) == NEW

    await scene.do(lead, RequestTaskState.revert, "revert", form={"note": ""})
    assert engine.email(patron) == NEW
    await scene.do(lead, RequestTaskState.revert, form={"note": "typed into the wrong record"})

    assert engine.email(patron) == OLD
    assert (await scene.detail(lead)).state == "reverted"


@pytest.mark.parametrize("role", [Role.READ_ONLY, CLERK, LEAD, Role.AUDITOR])
async def test_receipts_are_listed_for_who_may_read_them(scene: Scene, role: Role) -> None:
    request, link = scene.engine.asked(scene.engine.patron())
    scene.engine.decide(link)
    detail = await scene.detail(await scene.request(request, role))

    if Permission.VIEW_RECEIPTS in PERMISSIONS[role]:
        (receipt,) = detail.receipts
        assert receipt.words == "Approved by the proposed address"
        assert receipt.pdf.endswith(".pdf")
        assert receipt.json.startswith("/requests/receipt/")
    else:
        assert (detail.has_receipts, list(detail.receipts)) == (False, [])


# --- care of a record ---------------------------------------------------------------------------


def disputed(engine: Engine) -> PatronRecord:
    patron = engine.patron()
    _request, link = engine.asked(patron)
    engine.decide(link)
    engine.deliver()
    engine.decide(engine.claims(OLD), Decision.OBJECT)
    return patron


async def test_two_members_clear_a_dispute(scene: Scene) -> None:
    patron = disputed(scene.engine)
    first = await scene.record(patron)
    assert (await scene.care(first)).frozen.can_clear
    for note in ("", "Talked to her"):
        await scene.do(first, PatronCareState.clear, "clear", form={"note": note})
    assert (await scene.care(first)).frozen.first_note == "Talked to her"
    assert not (await scene.care(first)).frozen.can_clear

    second = await scene.record(patron, LEAD, "Una")
    await scene.do(second, PatronCareState.clear, "clear", form={"note": "So did I"})
    assert (await scene.care(second)).frozen.cause == ""


async def test_a_protection_is_one_members_and_its_removal_two(scene: Scene) -> None:
    patron = scene.engine.patron()
    tab = await scene.record(patron)
    await scene.do(tab, PatronCareState.protect, "protect", form={"note": "a minister"})
    assert (await scene.care(tab)).is_protected
    await scene.do(tab, PatronCareState.unprotect, "unprotect", form={"note": "in office"})
    care = await scene.care(tab)
    assert care.is_protected
    (waiting,) = care.waiting
    assert (waiting.kind, waiting.reason) == ("unprotect", "in office")
    assert (waiting.can_confirm, waiting.can_decline) == (False, True)
    await scene.pipeline.press(
        tab, PatronCareState.ask_about, dialog="confirm_change", kind="unprotect"
    )
    await scene.do(tab, PatronCareState.confirm_change, form={})
    assert (await scene.pipeline.state(tab, PatronCareState)).refusal == SENTENCES["same_person"]

    second = await scene.record(patron, LEAD, "Una")
    assert (await scene.care(second)).waiting[0].can_confirm
    await scene.pipeline.press(
        second, PatronCareState.ask_about, dialog="confirm_change", kind="unprotect"
    )
    await scene.do(second, PatronCareState.confirm_change, form={})
    care = await scene.care(second)
    assert (care.is_protected, care.waiting) == (False, [])

    clerk = await scene.record(scene.engine.patron("c@example.com"), CLERK)
    await scene.do(clerk, PatronCareState.protect, "protect", form={"note": "x"})
    refused = await scene.pipeline.state(clerk, PatronCareState)
    assert (SENTENCES["forbidden"], False) == (
        refused.refusal,
        (await scene.care(clerk)).is_protected,
    )


async def test_a_status_waits_where_there_is_a_stake_and_can_be_declined(scene: Scene) -> None:
    engine = scene.engine
    patron = engine.patron()
    clerk = await scene.record(patron, CLERK)
    care = await scene.care(clerk)
    assert [one.value for one in care.statuses] == ["inactive", "deceased"]
    assert not care.status_takes_two
    engine.clock.advance(timedelta(days=31))
    clerk = await scene.record(patron, CLERK, "Cleo")
    assert (await scene.care(clerk)).status_takes_two

    form = {"note": "told by the family", "status": "deceased"}
    for wrong in ({"status": "erased"}, {"status": "gone"}, {"status": "active"}):
        await scene.do(clerk, PatronCareState.change_status, "status", form=form | wrong)
        assert (await scene.care(clerk)).waiting == []
    await scene.do(clerk, PatronCareState.change_status, "status", form=form)
    (waiting,) = (await scene.care(clerk)).waiting
    assert waiting.title == "A new status needs a colleague: deceased"
    assert (waiting.can_confirm, waiting.can_decline) == (False, True)

    second = await scene.record(patron, LEAD, "Una")
    await scene.pipeline.press(
        second, PatronCareState.ask_about, dialog="decline_change", kind="status"
    )
    await scene.do(second, PatronCareState.decline_change, form={"note": "he called"})
    assert (await scene.care(second)).waiting == []
    await scene.do(clerk, PatronCareState.change_status, "status", form=form)
    await scene.pipeline.press(
        second, PatronCareState.ask_about, dialog="confirm_change", kind="status"
    )
    await scene.do(second, PatronCareState.confirm_change, form={})
    state = await scene.pipeline.state(second, PatronRecordState)
    assert state.head.status == "Deceased"


async def test_a_page_says_since_when_somebody_may_be_second(scene: Scene) -> None:
    """Decision 21: what waits shows the day, and the button is not there before."""

    engine = scene.engine
    patron = engine.patron()
    request = engine.identify(patron, engine.owner)
    engine.protect(patron, engine.owner)
    engine.ask_to_unprotect(patron, engine.owner)
    on = "" if engine.database.engine.dialect.name == "sqlite" else " ON staff"
    engine.arrange(f"DROP TRIGGER guard_staff_identity{on}")
    record = await scene.record(patron, LEAD, "Una")
    detail = await scene.request(request, LEAD, "Ula")
    engine.arrange("UPDATE staff SET by_operator = FALSE WHERE display_name IN ('Una', 'Ula')")
    await scene.pipeline.send(record, PatronRecordState.refresh)
    await scene.pipeline.send(detail, RequestDetailState.refresh)

    said = "You can be the second person from Monday 9 March at 10:00."
    (waiting,) = (await scene.care(record)).waiting
    assert (waiting.why_not, waiting.can_confirm) == (said, False)
    task = (await scene.detail(detail)).task
    assert (task.why_not, task.act) == (said, "")


async def test_an_erasure_shows_what_stands_in_the_way_and_takes_two(scene: Scene) -> None:
    engine = scene.engine
    patron = engine.patron()
    request = engine.propose(patron)
    first = await scene.record(patron, Role.PRIVACY_LEAD)
    erasure = (await scene.care(first)).erasure
    assert (erasure.can_ask, erasure.is_blocked) == (True, True)
    assert request.reference in erasure.blockers[0]
    await scene.do(first, PatronCareState.erase, "erase", form={"note": "by letter"})
    refused = await scene.pipeline.state(first, PatronCareState)
    assert SENTENCES["erasure_blocked"] == refused.refusal

    engine.withdraw(request)
    await scene.do(first, PatronCareState.erase, form={"note": "by letter"})
    erasure = (await scene.care(first)).erasure
    assert (
        erasure.reason,
        erasure.can_confirm,
        erasure.can_decline,
    ) == ("by letter", False, True)
    await scene.do(first, PatronCareState.confirm_erasure, "confirm_erasure")
    assert engine.email(patron) == OLD

    second = await scene.record(patron, Role.OWNER, "Una")
    await scene.do(second, PatronCareState.confirm_erasure, "confirm_erasure")
    assert (await scene.care(second)).is_erased
    assert engine.email(patron) is None
    record = await scene.pipeline.state(second, PatronRecordState)
    assert (record.may_propose, record.may_edit) == (False, False)


async def test_a_status_and_an_erasure_say_what_they_do_in_numbers(scene: Scene) -> None:
    engine = scene.engine
    patron = engine.patron()
    request, _claims = engine.asked(patron)
    lead = await scene.record(patron, Role.PRIVACY_LEAD)

    before = await scene.care(lead)
    form = {"note": "told by the family", "status": "deceased"}
    await scene.do(lead, PatronCareState.change_status, "status", form=form)

    assert before.ending == "Withdraws 1 open request and sends 2 emails to patrons."
    after = await scene.care(lead)
    assert after.ending == "No request is open, so nothing is withdrawn."
    told = [kind for kind, _to in engine.told(request) if kind == "change_withdrawn"]
    assert len(told) == 2
    assert after.erasure.empties == (
        "Empties the record, 1 request and 5 emails. Sends one last email to the patron."
    )


async def test_an_erasure_can_be_declined(scene: Scene) -> None:
    patron = scene.engine.patron()
    first = await scene.record(patron, Role.PRIVACY_LEAD)
    await scene.do(first, PatronCareState.erase, "erase", form={"note": "by letter"})
    second = await scene.record(patron, Role.OWNER, "Una")
    form = {"note": "The letter is not hers"}
    await scene.do(second, PatronCareState.decline_erasure, "decline_erasure", form=form)

    erasure = (await scene.care(second)).erasure
    assert (erasure.asked_by, erasure.can_ask) == ("", True)
    assert scene.engine.email(patron) == OLD


@pytest.mark.parametrize("role", [CLERK, LEAD, Role.READ_ONLY])
async def test_nobody_else_asks_for_an_erasure(scene: Scene, role: Role) -> None:
    patron = scene.engine.patron()
    tab = await scene.record(patron, role)
    assert not (await scene.care(tab)).erasure.can_ask
    await scene.do(tab, PatronCareState.erase, "erase", form={"note": "by letter"})

    state = await scene.pipeline.state(tab, PatronCareState)
    assert SENTENCES["forbidden"] == state.refusal
    assert (await scene.care(tab)).erasure.asked_by == ""


# --- proposals of several fields ----------------------------------------------------------------

SENDING = {
    "email": NEW,
    "phone": "+1 212 555 0199",
    "reason": "asked_by_phone",
    "reason_text": "",
}


async def proposing(scene: Scene, patron: PatronRecord, role: Role = CLERK) -> Client:
    tab = await scene.record(patron, role)
    await scene.pipeline.press(tab, ProposeState.open, field="email")
    return tab


async def test_fields_are_added_and_dropped_before_one_request_is_sent(scene: Scene) -> None:
    tab = await proposing(scene, scene.engine.patron())
    for field in ("phone", "phone", "name", "email", "shoe", 7):
        await scene.pipeline.send(tab, ProposeState.add, field=field)
    assert list((await scene.pipeline.state(tab, ProposeState)).others) == ["phone", "name"]
    for field in ("name", "email", "shoe"):
        await scene.pipeline.send(tab, ProposeState.drop, field=field)
    await scene.pipeline.submit(tab, ProposeState.send, SENDING)

    record = await scene.pipeline.state(tab, PatronRecordState)
    (item,) = record.requests
    assert {"email", "phone"} == {row.key for row in record.protected if row.reference}
    assert item.reference == record.done_reference


async def test_both_mailboxes_are_asked_when_staff_choose_it(scene: Scene) -> None:
    tab = await proposing(scene, scene.engine.patron())
    await scene.pipeline.send(tab, ProposeState.both, ask_both=True)
    await scene.pipeline.submit(tab, ProposeState.send, SENDING)

    queued = {(kind, to) for kind, to, _ in scene.engine.queued()}
    assert queued == {("change_notice", OLD), ("decision_request", NEW)}
    binding = "SELECT count(*) FROM review WHERE is_binding"
    assert scene.engine.scalar(binding) == 2


async def test_a_lost_mailbox_goes_to_the_desk(scene: Scene) -> None:
    tab = await proposing(scene, scene.engine.patron())
    await scene.pipeline.send(tab, ProposeState.typed, part="email", text=NEW)
    await scene.pipeline.send(tab, ProposeState.choose, reason=SENDING["reason"])
    await scene.pipeline.send(tab, ProposeState.lose, is_lost=True)
    await scene.pipeline.send(tab, ProposeState.check)
    # What has not been chosen or written yet is no mistake.
    assert (await scene.pipeline.state(tab, ProposeState)).errors == {}
    await scene.pipeline.submit(tab, ProposeState.send, SENDING)
    state = await scene.pipeline.state(tab, ProposeState)
    assert {"method"} == set(state.errors)
    form = SENDING | {"method": "in_person"}
    await scene.pipeline.submit(tab, ProposeState.send, form)
    state = await scene.pipeline.state(tab, ProposeState)
    assert {"note"} == set(state.errors)

    await scene.pipeline.submit(tab, ProposeState.send, form | {"note": "saw a passport"})

    record = await scene.pipeline.state(tab, PatronRecordState)
    assert [item.state for item in record.requests] == ["held"]
    assert scene.engine.queued() == []


# --- where it waits -----------------------------------------------------------------------------


async def test_the_dashboard_and_the_queue_say_what_waits_for_somebody(scene: Scene) -> None:
    engine = scene.engine
    disputed(engine)
    waiting = engine.identify(engine.patron("d@example.com", "Dee"), engine.owner, PHONE)
    engine.clock.advance(timedelta(minutes=1))
    read_out = engine.propose(engine.patron("r@example.com", "Rae"), "r1@example.org")
    engine.deliver()
    engine.read_out(read_out, engine.owner, engine.codes_in("r1@example.org")[-1])
    leaving = engine.patron("l@example.com", "Lea")
    privacy = await scene.record(leaving, Role.PRIVACY_LEAD)
    await scene.do(privacy, PatronCareState.erase, "erase", form={"note": "by letter"})

    tab = scene.pipeline.client(scene.cookie(LEAD))
    await scene.pipeline.send(tab, DashboardState.load, "/")
    needs = (await scene.pipeline.state(tab, DashboardState)).needs
    assert [(row.words, row.about) for row in needs][:3] == [
        ("In dispute", "Mara Smith"),
        ("Needs a colleague", "Dee Smith"),
        ("Needs a colleague", "Rae Smith"),
    ]
    assert "Erasure to confirm" not in [row.words for row in needs]  # a manager may not

    owner = scene.pipeline.client(scene.cookie(Role.OWNER))
    await scene.pipeline.send(owner, DashboardState.load, "/")
    needs = (await scene.pipeline.state(owner, DashboardState)).needs
    erasures = [row for row in needs if row.words == "Erasure to confirm"]
    assert [(row.about, row.href) for row in erasures] == [
        ("Lea Smith", f"/patrons/{leaving.number}/")
    ]

    await scene.pipeline.send(tab, RequestQueueState.load, "/requests/?view=held")
    rows = (await scene.pipeline.state(tab, RequestQueueState)).rows
    assert [waiting.reference] == [row.reference for row in rows]
