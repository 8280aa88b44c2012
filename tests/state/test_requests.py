from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from tests.support.engine import Engine
from tests.support.factories import NEW, OLD, Desk
from tests.support.pipeline import Client, Pipeline, sign_in
from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.requests.detail_state import RequestDetailState
from upstage_crm.admin.requests.queue_state import RequestQueueState
from upstage_crm.admin.requests.task_state import RequestTaskState
from upstage_crm.change_requests.lifecycle.answer import Evidence
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.model.policy import DEFAULT, Asked, FieldPolicy
from upstage_crm.change_requests.model.rules import (
    Cause,
    Decision,
    RequestState,
)
from upstage_crm.core.clock import FrozenClock
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.staff.roles import Role
from upstage_crm.wiring import Runtime

FIVE_MINUTES = timedelta(minutes=5)
EVIDENCE = Evidence(ip_prefix="203.0.113.0/24", user_agent="Secret Browser 7")
WITHOUT_PERMISSION = (Role.READ_ONLY, Role.MARKETING, Role.AUDITOR)


@dataclass
class Scene:
    """A venue whose pages run, and one signed-in clerk."""

    desk: Desk
    clock: FrozenClock
    pipeline: Pipeline

    def cookie(self, role: Role = Role.BOX_OFFICE, **who: str) -> str:
        return sign_in(self.desk.database, role, at=self.clock.now(), **who)

    async def open(self, request: Proposed, cookie: str | None = None) -> Client:
        """Open a request's page in a new tab."""
        tab = self.pipeline.client(self.cookie() if cookie is None else cookie)
        path = f"/requests/{request.reference}/"
        await self.pipeline.send(tab, RequestDetailState.load, path)
        return tab

    async def queue(self, path: str = "/requests/", cookie: str | None = None) -> Client:
        tab = self.pipeline.client(self.cookie() if cookie is None else cookie)
        await self.pipeline.send(tab, RequestQueueState.load, path)
        return tab

    async def detail(self, tab: Client) -> RequestDetailState:
        return await self.pipeline.state(tab, RequestDetailState)

    async def references(self, tab: Client) -> list[str]:
        return [row.reference for row in (await self.listed(tab)).rows]

    async def listed(self, tab: Client) -> RequestQueueState:
        return await self.pipeline.state(tab, RequestQueueState)

    async def said(self, tab: Client) -> tuple[str, str]:
        """What the page says went wrong, and what it says went well."""
        admin = await self.pipeline.state(tab, AdminState)
        return admin.problem, admin.done

    async def press_withdraw(self, tab: Client) -> None:
        await self.ask_withdraw(tab)
        await self.pipeline.submit(tab, RequestTaskState.withdraw, {})

    async def press_resend(self, tab: Client) -> None:
        await self.pipeline.press(tab, RequestTaskState.ask, dialog="resend")
        await self.pipeline.submit(tab, RequestTaskState.resend, {})

    async def ask_withdraw(self, tab: Client) -> None:
        await self.pipeline.press(tab, RequestTaskState.ask, dialog="withdraw")

    async def task(self, tab: Client) -> RequestTaskState:
        return await self.pipeline.state(tab, RequestTaskState)

    def patron(self, number: int) -> PatronRecord:
        return self.desk.patron(f"p{number}@example.com", "Pat", f"Number{number}")


@pytest.fixture
def scene(made: Runtime, clock: FrozenClock, pipeline: Pipeline) -> Scene:
    return Scene(Desk(made.database, clock), clock, pipeline)


# --- the queue ----------------------------------------------------------------------------------


async def test_queue_shows_a_request_with_its_newest_decision_mail(scene: Scene) -> None:
    patron = scene.desk.patron()
    request = scene.desk.propose(patron)

    waiting = (await scene.listed(await scene.queue())).rows
    scene.desk.deliver()
    accepted = (await scene.listed(await scene.queue(cookie=scene.cookie(Role.OWNER)))).rows

    assert [(request.reference, "pending", "queued")] == [
        (row.reference, row.state, row.mail) for row in waiting
    ]
    row = accepted[0]
    assert row.mail == "captured"
    assert (str(patron.number), "Mara Smith", NEW) == (
        row.patron_number,
        row.patron,
        row.proposed,
    )
    assert row.left == "7 days left"
    assert not row.is_urgent


def ended_in_every_way(scene: Scene) -> dict[str, str]:
    """One open request and one of each ending; their references."""
    desk, made = scene.desk, dict[str, str]()
    for number, ending in enumerate(("open", "approve", "reject", "withdraw", "bounce")):
        request, claims = desk.asked(scene.patron(number), f"new{number}@example.org")
        made[ending] = request.reference
        if ending == "approve":
            desk.decide(claims)
        if ending == "reject":
            desk.decide(claims, Decision.REJECT)
        if ending == "withdraw":
            desk.withdraw(request)
        if ending == "bounce":
            Engine(desk.database, scene.clock).bounce(request)
    return made


async def test_each_view_holds_what_its_tab_counts(scene: Scene) -> None:
    made = ended_in_every_way(scene)

    cookie = scene.cookie()
    for view, wanted in (
        ("open", {made["open"]}),
        ("expiring", set()),
        ("undeliverable", {made["bounce"]}),
        ("needs-you", {made["bounce"]}),
        ("objected", set()),
        ("closed", set(made.values()) - {made["open"]}),
        ("all", set(made.values())),
    ):
        tab = await scene.queue(f"/requests/?view={view}", cookie)
        shown = await scene.listed(tab)
        active = next(tab for tab in shown.tabs if tab.is_active)
        assert {row.reference for row in shown.rows} == wanted, view
        assert active.count == str(len(wanted)), view
        assert ("rows" if wanted else "empty" if view == "open" else "nothing") == shown.shown


@pytest.mark.parametrize(
    ("view", "ending"), [("approved", "approve"), ("rejected", "reject"), ("withdrawn", "withdraw")]
)
async def test_closed_requests_are_told_apart_by_how_they_ended(
    scene: Scene, view: str, ending: str
) -> None:
    made = ended_in_every_way(scene)

    tab = await scene.queue(f"/requests/?view={view}")

    assert await scene.references(tab) == [made[ending]]
    assert [tab.label for tab in (await scene.listed(tab)).tabs if tab.is_active] == ["Closed"]


async def test_an_undeliverable_request_needs_nobody_once_a_newer_one_deals_with_it(
    scene: Scene,
) -> None:
    desk = Engine(scene.desk.database, scene.clock)
    patron = desk.patron("p1@example.com", "Pat", "One")
    desk.bounce(desk.asked(patron, "wrong@example.org")[0])
    cookie = scene.cookie()
    needed = await scene.references(await scene.queue("/requests/?view=needs-you", cookie))
    assert len(needed) == 1

    scene.clock.advance(timedelta(minutes=1))
    desk.propose(patron, "right@example.org")

    assert await scene.references(await scene.queue("/requests/?view=needs-you", cookie)) == []


async def test_an_objection_is_in_its_view_for_ninety_days_and_then_among_the_closed(
    scene: Scene,
) -> None:
    request, claims = scene.desk.asked(scene.patron(1), "new1@example.org")
    scene.desk.decide(claims, Decision.OBJECT)

    soon = await scene.references(await scene.queue("/requests/?view=objected"))
    scene.clock.advance(timedelta(days=91))
    later = await scene.references(
        await scene.queue("/requests/?view=objected", scene.cookie(email="b@desk.example"))
    )
    closed = await scene.references(
        await scene.queue("/requests/?view=closed", scene.cookie(email="c@desk.example"))
    )

    assert (soon, later, closed) == ([request.reference], [], [request.reference])


async def test_what_bounced_last_month_is_found_in_two_presses(scene: Scene) -> None:
    made = ended_in_every_way(scene)  # on March 2
    tab = await scene.queue()
    await scene.pipeline.send(tab, RequestQueueState.choose, name="view", value="undeliverable")
    await scene.pipeline.send(tab, RequestQueueState.choose, name="when", value="last-month")
    assert await scene.references(tab) == []

    scene.clock.advance(timedelta(days=30))  # April 1: March is last month
    later = await scene.queue(tab.redirects()[-1], scene.cookie(email="later@desk.example"))

    assert await scene.references(later) == [made["bounce"]]
    shown = await scene.listed(later)
    assert [tab.label for tab in shown.tabs if tab.is_active] == ["Undeliverable"]
    assert (shown.is_finished, shown.rows[0].ended, shown.rows[0].left) == (
        True,
        "2 Mar 2026",
        "",
    )


async def test_the_queue_is_ordered_by_when_it_ended_and_by_when_it_was_proposed(
    scene: Scene,
) -> None:
    desk = scene.desk
    first = desk.propose(scene.patron(1), "new1@example.org")
    scene.clock.advance(timedelta(minutes=1))
    second = desk.propose(scene.patron(2), "new2@example.org")
    for request in (second, first):
        scene.clock.advance(timedelta(minutes=1))
        desk.withdraw(request)

    cookie = scene.cookie()
    for sort, wanted in (
        ("", [first, second]),
        ("&desc=1", [second, first]),
        ("&sort=asked&desc=1", [second, first]),
        ("&sort=asked", [first, second]),
    ):
        tab = await scene.queue(f"/requests/?view=withdrawn{sort}", cookie)
        found = await scene.references(tab)
        assert found == [request.reference for request in wanted], sort


async def test_what_is_on_hold_waits_for_no_patron_and_has_no_deadline(scene: Scene) -> None:
    desk = Engine(scene.desk.database, scene.clock)
    asked = desk.propose(desk.patron("a@example.com", "Ada"), "asked@example.org")
    email = FieldPolicy(asked=Asked.PROPOSED, second_person=True)
    desk.set_policy(replace(DEFAULT, fields={"email": email}))
    held = desk.propose(desk.patron("h@example.com", "Hal"), "held@example.org")
    cookie = scene.cookie()

    is_open = await scene.queue(cookie=cookie)
    on_hold = await scene.queue("/requests/?view=held", cookie)

    assert await scene.references(is_open) == [asked.reference]
    (row,) = (await scene.listed(on_hold)).rows
    assert (row.reference, row.left, row.state_more) == (
        held.reference,
        "",
        "A colleague must approve it",
    )
    counts = {tab.label: tab.count for tab in (await scene.listed(is_open)).tabs}
    assert (counts["Waiting for the patron"], counts["On hold"]) == ("1", "1")


async def test_a_request_on_hold_has_no_fact_that_says_not_yet(scene: Scene) -> None:
    desk = Engine(scene.desk.database, scene.clock)
    email = FieldPolicy(asked=Asked.PROPOSED, second_person=True)
    desk.set_policy(replace(DEFAULT, fields={"email": email}))
    held = desk.propose(desk.patron("h@example.com", "Hal"), "held@example.org")

    shown = (await scene.detail(await scene.open(held))).detail

    assert (shown.reference, shown.sent, shown.last_sent, shown.reminder) == (
        held.reference,
        "",
        "",
        "",
    )


async def test_mine_are_the_requests_i_proposed_in_every_view(scene: Scene) -> None:
    scene.desk.propose(scene.patron(1), "other@example.org")
    cookie = scene.cookie(email="mine@desk.example")
    tab = await scene.queue("/requests/?who=mine", cookie)
    me = (await scene.pipeline.state(tab, AdminState))._actor()
    mine = scene.desk.propose(scene.patron(2), "mine@example.org", actor=me)

    await scene.pipeline.send(tab, RequestQueueState.refresh)

    assert await scene.references(tab) == [mine.reference]
    tabs = {tab.label: tab for tab in (await scene.listed(tab)).tabs}
    assert (tabs["All"].count, tabs["All"].href) == ("1", "/requests/?view=all&who=mine")


async def test_what_is_due_first_stands_first_and_stands_out_in_its_last_quarter(
    scene: Scene,
) -> None:
    old = scene.desk.propose(scene.patron(1), "first@example.org")
    scene.clock.advance(timedelta(days=5, hours=7))  # 41 h are left, a quarter is 42 h
    young = scene.desk.propose(scene.patron(2), "second@example.org")

    cookie = scene.cookie()
    rows = (await scene.listed(await scene.queue(cookie=cookie))).rows
    expiring = await scene.references(await scene.queue("/requests/?view=expiring", cookie))

    assert [(old.reference, True), (young.reference, False)] == [
        (row.reference, row.is_urgent) for row in rows
    ]
    assert [old.reference] == expiring


async def test_search_finds_by_reference_name_and_both_addresses(scene: Scene) -> None:
    wanted = scene.desk.propose(scene.desk.patron())
    other = scene.desk.patron("else@example.com", "Xaver", "Yilmaz")
    scene.desk.propose(other, "x@example.org")
    tab = await scene.queue()

    plain = wanted.reference.lower().replace("-", "")
    for typed in (wanted.reference, plain, "mara smi", OLD, NEW.upper()):
        await scene.pipeline.send(tab, RequestQueueState.search, text=typed)

        assert [wanted.reference] == await scene.references(tab), typed
        assert tab.redirects()[-1].startswith("/requests/?q=")


async def test_queue_reads_again_when_told(scene: Scene) -> None:
    request, claims = scene.desk.asked(scene.desk.patron())
    tab = await scene.queue()
    scene.desk.decide(claims)

    await scene.pipeline.send(tab, RequestQueueState.refresh)

    assert await scene.references(tab) == []
    assert scene.desk.state(request) == "approved"


# --- who may look and act -----------------------------------------------------------------------

HANDLERS = (
    (RequestDetailState.load, {}),
    (RequestDetailState.refresh, {}),
    (RequestTaskState.ask, {"dialog": "withdraw", "subject": ""}),
    (RequestTaskState.withdraw, {"form": {}}),
    (RequestTaskState.resend, {"form": {}}),
    (RequestQueueState.load, {}),
    (RequestQueueState.fetch, {}),
    (RequestQueueState.search, {"text": "a"}),
)


async def test_nobody_without_a_session_gets_anything(scene: Scene) -> None:
    request, _claims = scene.desk.asked(scene.desk.patron())
    scene.clock.advance(FIVE_MINUTES)
    before = scene.desk.dump()

    for handler, payload in HANDLERS:
        tab = scene.pipeline.client()
        path = f"/requests/{request.reference}/"
        await scene.pipeline.send(tab, handler, path, **payload)

        assert before == scene.desk.dump()
        assert tab.doors() == ["/sign-in/"]
        assert (await scene.detail(tab)).detail.reference == ""
        assert (await scene.listed(tab)).rows == []


@pytest.mark.parametrize("role", WITHOUT_PERMISSION)
async def test_a_role_without_the_permission_changes_nothing(scene: Scene, role: Role) -> None:
    request, _claims = scene.desk.asked(scene.desk.patron())
    scene.clock.advance(FIVE_MINUTES)
    tab = await scene.open(request, scene.cookie(role))
    shown = (await scene.detail(tab)).detail
    before = scene.desk.dump()

    await scene.press_withdraw(tab)
    refused_withdrawal = (await scene.task(tab)).refusal
    await scene.press_resend(tab)
    refused_resend = (await scene.task(tab)).refusal

    assert (shown.can_withdraw, shown.can_resend) == (False, False)
    assert before == scene.desk.dump()
    wanted = "Your role does not allow this. Ask an owner of this CRM."
    assert [wanted, wanted] == [refused_withdrawal, refused_resend]


async def test_the_patrons_network_address_and_browser_are_not_shown(scene: Scene) -> None:
    request, claims = scene.desk.asked(scene.desk.patron())
    scene.desk.decide(claims, Decision.REJECT, comment="Not mine.", evidence=EVIDENCE)

    tab = await scene.open(request, scene.cookie(Role.OWNER))

    sent = repr(tab.deltas) + repr((await scene.detail(tab)).detail)
    assert "Not mine." in sent
    assert EVIDENCE.ip_prefix not in sent
    assert EVIDENCE.user_agent not in sent


# --- one request --------------------------------------------------------------------------------


async def test_detail_tells_who_was_asked_who_answered_and_what_followed(scene: Scene) -> None:
    request, claims = scene.desk.asked(scene.desk.patron(), reason_text="Rang this morning.")
    scene.clock.advance(timedelta(hours=3))
    scene.desk.decide(claims, comment="<b>Thank you</b>")
    scene.desk.deliver()

    shown = (await scene.detail(await scene.open(request))).detail

    change = shown.fields[0]
    assert (change.outcome, change.now, change.proposed) == ("applied", OLD, NEW)
    assert change.asked == f"{OLD} (the current address), {NEW} (the proposed address)"
    assert [f"Approved by the proposed address, {NEW}, on the confirmation page"] == [
        said.words for said in change.said
    ]
    assert change.comment == "<b>Thank you</b>"
    assert (shown.reason, shown.reason_text) == ("Asked for by phone", "Rang this morning.")
    told = [(entry.words, entry.after) for entry in shown.story]
    assert told[-1] == ("Proposed a change: email address", [])
    assert told[0][0] == "Approved: email address"
    assert "Changed the record as approved: email address" in told[0][1]
    assert "Issued a receipt" in told[0][1]
    assert {
        ("Notice of a new address", OLD, "captured"),
        ("Approval request", NEW, "captured"),
        ("Confirmation of the change", OLD, "captured"),
        ("Confirmation of the change", NEW, "captured"),
        ("Result (to staff)", "dana@staff.example.org", "captured"),
    } == {(mail.kind, mail.address, mail.state) for mail in shown.mails}
    assert all(mail.href.startswith("/mailbox/?mail=") for mail in shown.mails)
    assert (shown.can_withdraw, shown.can_resend) == (False, False)


async def test_a_reference_is_understood_however_it_is_spelled(scene: Scene) -> None:
    request = scene.desk.propose(scene.desk.patron())
    canonical = f"/requests/{request.reference}/"
    cookie = scene.cookie()

    for path in (canonical, canonical.lower(), canonical.replace("-", "")):
        tab = scene.pipeline.client(cookie)
        await scene.pipeline.send(tab, RequestDetailState.load, path)

        shown = await scene.detail(tab)
        assert ("request", request.reference) == (shown.shown, shown.detail.reference)
        # (A reference of digits alone is the same in lower case.)
        assert ([canonical] if path != canonical else []) == tab.redirects()


async def test_an_unknown_reference_has_a_page_of_its_own(scene: Scene) -> None:
    tab = scene.pipeline.client(scene.cookie())

    for typed in ("ZZ-ZZZ", "x", "", "%27%20or%201=1", "a" * 5_000):
        await scene.pipeline.send(tab, RequestDetailState.load, f"/requests/{typed}/")

        assert (await scene.detail(tab)).shown == "missing"
    assert tab.redirects() == []


async def test_an_answer_shows_in_an_open_page_and_is_announced(scene: Scene) -> None:
    request, claims = scene.desk.asked(scene.desk.patron())
    tab = await scene.open(request)
    await scene.ask_withdraw(tab)
    scene.desk.decide(claims)

    await scene.pipeline.send(tab, RequestDetailState.refresh)

    shown = await scene.detail(tab)
    assert (shown.detail.state, shown.news) == ("approved", "This request is now approved.")
    assert (await scene.task(tab)).dialog == ""


async def test_a_refresh_without_news_announces_nothing(scene: Scene) -> None:
    tab = await scene.open(scene.desk.propose(scene.desk.patron()))

    await scene.pipeline.send(tab, RequestDetailState.refresh)

    assert (await scene.detail(tab)).news == ""


async def test_an_address_taken_in_the_meantime_names_both_records(scene: Scene) -> None:
    patron = scene.desk.patron()
    request, claims = scene.desk.asked(patron)
    other = scene.desk.patron(NEW, "Somebody", "Else")
    scene.desk.decide(claims)

    shown = (await scene.detail(await scene.open(request))).detail

    assert scene.desk.view(request).cause == Cause.ADDRESS_TAKEN
    assert shown.state == "withdrawn"
    assert (str(other.number), f"/patrons/{other.number}/") == (
        shown.holder,
        shown.holder_href,
    )
    assert f"/patrons/{patron.number}/" == shown.patron_href


# --- withdraw -----------------------------------------------------------------------------------


async def test_withdraw_ends_the_request_and_tells_who_was_asked(scene: Scene) -> None:
    request, _claims = scene.desk.asked(scene.desk.patron())
    tab = await scene.open(request)
    told = (await scene.detail(tab)).detail.told

    await scene.press_withdraw(tab)

    shown = await scene.detail(tab)
    assert f"We tell {OLD} and {NEW}, because we wrote there about it." in told
    assert "Dana, box office, who answers for it, is told too." in told
    assert "withdrawn" == scene.desk.state(request) == shown.detail.state
    assert ("", f"{request.reference} is withdrawn. Its links no longer work.") == (
        await scene.said(tab)
    )
    assert shown.news == ""
    assert scene.desk.told(request) == [
        ("change_withdrawn", NEW),
        ("change_withdrawn", OLD),
        ("staff_outcome", "dana@staff.example.org"),
    ]


async def test_nobody_is_told_of_a_request_whose_mail_never_left(scene: Scene) -> None:
    request = scene.desk.propose(scene.desk.patron())
    tab = await scene.open(request)
    told = (await scene.detail(tab)).detail.told

    await scene.press_withdraw(tab)

    assert told.startswith("No email about it has been sent yet, so no one is told.")
    assert scene.desk.told(request) == [("staff_outcome", "dana@staff.example.org")]


async def test_a_second_press_on_withdraw_changes_nothing_and_says_nothing_new(
    scene: Scene,
) -> None:
    request, _claims = scene.desk.asked(scene.desk.patron())
    tab = await scene.open(request)
    await scene.ask_withdraw(tab)
    form = await scene.pipeline.drawn(tab, RequestTaskState.withdraw)
    await scene.pipeline.send(tab, RequestTaskState.withdraw, form=form)
    before, said = scene.desk.dump(), await scene.said(tab)

    await scene.pipeline.send(tab, RequestTaskState.withdraw, form=form)

    assert before == scene.desk.dump()
    assert said == await scene.said(tab)


async def test_withdrawing_what_has_ended_shows_the_recorded_outcome(scene: Scene) -> None:
    request, claims = scene.desk.asked(scene.desk.patron())
    tab = await scene.open(request)
    await scene.ask_withdraw(tab)
    scene.desk.decide(claims)
    before = scene.desk.dump()

    await scene.pipeline.submit(tab, RequestTaskState.withdraw, {})

    assert before == scene.desk.dump()
    assert (await scene.task(tab)).refusal == "This request has ended: approved."
    shown = (await scene.detail(tab)).detail
    assert (shown.state, shown.can_withdraw) == ("approved", False)


async def test_withdraw_needs_the_question_first(scene: Scene) -> None:
    request, _claims = scene.desk.asked(scene.desk.patron())
    tab = await scene.open(request)

    await scene.pipeline.submit(tab, RequestTaskState.withdraw, {})

    assert scene.desk.state(request) == RequestState.PENDING


# --- send again ---------------------------------------------------------------------------------


async def test_send_again_waits_for_its_cooldown_and_says_how_long(scene: Scene) -> None:
    request, _claims = scene.desk.asked(scene.desk.patron())
    scene.clock.advance(timedelta(minutes=1))
    tab = await scene.open(request)
    before = scene.desk.dump()

    await scene.press_resend(tab)

    assert before == scene.desk.dump()
    wait = "The last email was sent just now. Try again in 4 min."
    assert (await scene.task(tab)).refusal == wait
    shown = (await scene.detail(tab)).detail
    assert (shown.can_resend, shown.resend_wait_s) == (True, 241)


async def test_send_again_makes_a_new_link_and_starts_the_wait_anew(scene: Scene) -> None:
    request, _claims = scene.desk.asked(scene.desk.patron())
    scene.clock.advance(FIVE_MINUTES)
    tab = await scene.open(request)
    before = (await scene.detail(tab)).detail
    assert before.resends == f"Sends 1 email to {NEW}. The question was sent once before."

    await scene.press_resend(tab)

    after = (await scene.detail(tab)).detail
    assert (await scene.said(tab)) == (
        "",
        "Sent again. The links in the earlier email no longer work.",
    )
    assert (before.resend_wait_s, after.resend_wait_s) == (0, 301)
    assert (before.sent, after.sent) == ("Once", "2 times")
    assert "Sent the email again" in [moment.words for moment in after.story]
    assert str(scene.desk.view(request).sent_count) == "2"


async def test_the_limit_of_a_day_is_shown_with_the_time_it_ends(scene: Scene) -> None:
    request, _claims = scene.desk.asked(scene.desk.patron())
    for _ in range(3):
        scene.clock.advance(FIVE_MINUTES)
        scene.desk.resend(request)
    scene.clock.advance(FIVE_MINUTES)
    tab = await scene.open(request)
    shown = (await scene.detail(tab)).detail
    before = scene.desk.dump()

    await scene.press_resend(tab)

    assert shown.resend_refusal.startswith("Sent again 3 times in 24 hours")
    assert "10:05" in shown.resend_refusal or "05:05" in shown.resend_refusal
    assert before == scene.desk.dump()
    wanted = "This request has been sent again 3 times today. Try tomorrow."
    assert (await scene.task(tab)).refusal == wanted
