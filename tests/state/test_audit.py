"""The audit page: who may look, what it says, what it never says, and the check of the chain."""

from __future__ import annotations

import csv
import io
import threading
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.applications import Starlette

from tests.support.factories import NEW, OLD, PROTECTED, Desk
from tests.support.pipeline import Client, Pipeline, sign_in
from tests.support.proof import granting
from tests.support.visitor import Visitor
from upstage_crm.admin.audit import export
from upstage_crm.admin.audit.rows import ValueLine, trail_row
from upstage_crm.admin.audit.state import AuditState
from upstage_crm.audit import trail
from upstage_crm.audit.events import OUTSIDER, SYSTEM, Action, ActorKind, AuditEvent, Channel
from upstage_crm.audit.guards import triggers
from upstage_crm.audit.trail import Broken
from upstage_crm.change_requests.lifecycle.answer import Evidence
from upstage_crm.change_requests.model.rules import Decision
from upstage_crm.core.clock import FrozenClock
from upstage_crm.pages.list_state import PAGE_SIZE
from upstage_crm.staff.auth.sessions import FRESH_FOR
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role
from upstage_crm.wiring import Runtime
from upstage_crm.wording.action_table import ACTIONS, ActionGroup
from upstage_crm.wording.actions import (
    ACTOR_WORDS,
    GROUP_WORDS,
    broken_words,
)

HIDDEN_FROM = [role for role in Role if Permission.VIEW_AUDIT not in PERMISSIONS[role]]
EVIDENCE = Evidence(ip_prefix="203.0.113.0/24", user_agent="Secret Browser 7")


@dataclass
class Scene:
    """A venue whose audit page runs."""

    parts: Runtime
    desk: Desk
    pipeline: Pipeline

    def cookie(self, role: Role = Role.MANAGER) -> str:
        return sign_in(self.parts.database, role, at=self.parts.clock.now())

    async def open(self, path: str = "/audit/", cookie: str | None = None) -> Client:
        tab = self.pipeline.client(self.cookie() if cookie is None else cookie)
        await self.pipeline.send(tab, AuditState.load, path)
        return tab

    async def seen(self, tab: Client) -> AuditState:
        return await self.pipeline.state(tab, AuditState)


@pytest.fixture
def desk(made: Runtime, clock: FrozenClock) -> Desk:
    return Desk(made.database, clock)


@pytest.fixture
def scene(made: Runtime, desk: Desk, pipeline: Pipeline) -> Scene:
    return Scene(made, desk, pipeline)


def decided(desk: Desk) -> str:
    """A request that its patron rejected with a comment; returns its reference."""
    request, claims = desk.asked(desk.patron(), NEW, reason_text="She rang.")
    desk.decide(claims, Decision.REJECT, comment="Not mine.", evidence=EVIDENCE)
    return request.reference


def noted(desk: Desk, count: int, action: Action = Action.STAFF_DISABLED) -> None:
    event = AuditEvent(action=action, actor=SYSTEM, channel=Channel.SCHEDULE)
    desk.write(lambda session: trail.record(session, [event] * count, now=desk.now))


class TestWho:
    @pytest.mark.parametrize(
        "handler", [AuditState.load, AuditState.refresh, AuditState.fetch, AuditState.check]
    )
    async def test_an_outsider_gets_nothing(self, scene: Scene, desk: Desk, handler: Any) -> None:
        decided(desk)

        tab = scene.pipeline.client()
        await scene.pipeline.send(tab, handler, "/audit/")

        assert tab.doors() == ["/sign-in/"]
        assert NEW not in str(tab.deltas)
        assert "verified" not in str(tab.deltas)

    @pytest.mark.parametrize("role", HIDDEN_FROM)
    async def test_a_role_without_the_trail_gets_nothing(
        self, scene: Scene, desk: Desk, role: Role
    ) -> None:
        decided(desk)

        tab = await scene.open(cookie=scene.cookie(role))
        await scene.pipeline.send(tab, AuditState.check)

        state = await scene.seen(tab)
        assert state.refused_at
        assert (state.rows, state.check_result) == ([], [])
        assert NEW not in str(tab.deltas)


class TestTrail:
    async def test_it_tells_what_happened_in_words(self, scene: Scene, desk: Desk) -> None:
        reference = decided(desk)
        number = desk.scalar("SELECT number FROM patron")

        state = await scene.seen(await scene.open())

        assert state.shown == "rows"
        seqs = [int(row.seq) for row in state.rows]
        assert sorted(seqs, reverse=True) == seqs
        found = {row.words: row for row in state.rows}
        proposed = found["Proposed a change: Email address"]
        assert proposed.actor == "Dana, box office"
        assert "2 Mar 2026" in proposed.time
        assert (reference, f"/requests/{reference}/") == (
            proposed.reference,
            proposed.request_href,
        )
        assert (f"Patron {number}", f"/patrons/{number}/") == (
            proposed.patron,
            proposed.patron_href,
        )
        assert [ValueLine("Email address", OLD, NEW)] == proposed.changes
        assert (
            proposed.quote,
            proposed.quote_source,
        ) == ("She rang.", "The reason given by staff")
        rejected = found["Rejected: Email address"]
        assert (
            rejected.actor,
            rejected.channel,
        ) == ("The proposed address", "confirmation page")
        assert rejected.quote == "Not mine."

    async def test_it_never_tells_network_browser_or_tried_names(
        self, scene: Scene, desk: Desk
    ) -> None:
        decided(desk)
        tried = AuditEvent(
            action=Action.SIGN_IN_REFUSED,
            actor=OUTSIDER,
            channel=Channel.CRM,
            values={"tried": "my-password-by-mistake"},
        )
        desk.write(lambda session: trail.record(session, [tried], now=desk.now))

        tab = await scene.open()

        told = str(tab.deltas)
        assert "Was refused at sign-in" in told
        for secret in (EVIDENCE.ip_prefix, EVIDENCE.user_agent, "my-password-by-mistake"):
            assert secret not in told

    def test_values_are_for_those_who_may_see_patrons(self, desk: Desk) -> None:
        decided(desk)
        rows = [
            trail_row(line, numbers={}, shows_values=False, time_zone=UTC) for line in desk.lines()
        ]

        for secret in (OLD, NEW, "She rang.", "Not mine."):
            assert secret not in str(rows)

    def test_the_organisation_s_changes_show_both_sides(self, desk: Desk) -> None:
        event = AuditEvent(
            action=Action.ORGANISATION_CHANGED,
            actor=SYSTEM,
            channel=Channel.CRM,
            facts={"desk_phone.old": "", "desk_phone.new": "+1"},
        )
        desk.write(lambda session: trail.record(session, [event], now=desk.now))
        line = desk.lines()[-1]

        row = trail_row(line, numbers={}, shows_values=False, time_zone=UTC)

        assert [ValueLine("Desk phone", "", "+1")] == row.changes

    async def test_filters_narrow_it(self, scene: Scene, desk: Desk) -> None:
        decided(desk)

        cookie = scene.cookie()
        tab = await scene.open("/audit/?what=decisions", cookie)
        assert [r.words for r in (await scene.seen(tab)).rows] == [
            "Issued a receipt",
            "Rejected: Email address",
        ]
        tab = await scene.open("/audit/?who=patron", cookie)
        assert {"The proposed address"} == {r.actor for r in (await scene.seen(tab)).rows}
        tab = await scene.open("/audit/?who=patron&what=staff", cookie)
        assert (await scene.seen(tab)).shown == "nothing"
        await scene.pipeline.send(tab, AuditState.choose, name="who", value="staff")
        await scene.pipeline.send(tab, AuditState.choose, name="what", value="no group")
        assert tab.redirects() == ["/audit/?who=staff&what=staff", "/audit/?who=staff"]

    @pytest.mark.parametrize("narrowed", ["", "&what=staff"])
    async def test_older_entries_follow_by_number(
        self, scene: Scene, desk: Desk, narrowed: str
    ) -> None:
        noted(desk, PAGE_SIZE - 10)
        noted(desk, 20, Action.STAFF_PASSWORD_RESET)

        cookie = scene.cookie()
        first = await scene.seen(await scene.open(f"/audit/?{narrowed[1:]}", cookie))
        newest = [int(row.seq) for row in first.rows]
        assert (len(newest), first.is_newest) == (PAGE_SIZE, True)

        tab = await scene.open(f"/audit/?{narrowed[1:]}", cookie)
        await scene.pipeline.send(tab, AuditState.next_page)
        second = await scene.seen(tab)
        older = [int(row.seq) for row in second.rows]
        assert min(newest) - 1 == max(older)
        where = "WHERE action LIKE 'staff.%'" if narrowed else ""
        query = f"SELECT seq FROM audit_entry {where} ORDER BY seq DESC"
        assert [*newest, *older] == scene.desk.column(query)
        assert (second.has_next, second.is_newest) == (False, False)

    async def test_only_the_newest_page_follows_what_happens(
        self, scene: Scene, desk: Desk
    ) -> None:
        noted(desk, 3)

        cookie = scene.cookie()
        newest = await scene.open("/audit/", cookie)
        older = await scene.open("/audit/?before=3", cookie)
        noted(scene.desk, 1)
        for tab in (newest, older):
            await scene.pipeline.send(tab, AuditState.refresh)

        assert [row.seq for row in (await scene.seen(older)).rows] == ["2", "1"]
        assert (await scene.seen(newest)).rows[0].seq == str(scene.desk.entries)


class TestCheck:
    async def test_an_unbroken_chain_is_told(self, scene: Scene, desk: Desk) -> None:
        noted(desk, 5)

        tab = await scene.open()
        await scene.pipeline.send(tab, AuditState.check)

        state = await scene.seen(tab)
        rows = granting(scene.desk)
        words = [
            f"All {scene.desk.entries} entries verified. All safeguards are in place.",
            "0 patrons, 0 field changes and 0 receipts agree with the trail.",
            f"{rows} rows that grant something are what was recorded or sealed.",
            "0 rows of orders and money are as they were sealed.",
        ]
        assert (words, True, False) == (
            state.check_result,
            state.is_unbroken,
            state.is_checking,
        )

    @pytest.mark.parametrize(
        ("statement", "words"),
        [
            (
                "UPDATE audit_entry SET actor_label = 'Nobody' WHERE seq = 3",
                "The trail is broken. Entry 3 was altered.",
            ),
            (
                "DELETE FROM audit_head",
                (
                    "The trail is broken. The trail does not end where it should: "
                    "something is wrong from entry {after} on."
                ),
            ),
        ],
    )
    async def test_the_first_broken_entry_is_named(
        self, scene: Scene, desk: Desk, statement: str, words: str
    ) -> None:
        noted(desk, 5)

        tab = await scene.open()
        with scene.desk.owned.begin() as connection:
            triggers.drop(connection)
            connection.execute(sa.text(statement))
            triggers.install(connection, PROTECTED)
        await scene.pipeline.send(tab, AuditState.check)

        state = await scene.seen(tab)
        said = words.format(after=scene.desk.entries + 1)
        assert ([said], False) == (state.check_result, state.is_unbroken)

    async def test_entries_written_meanwhile_do_not_look_like_a_break(
        self, scene: Scene, desk: Desk
    ) -> None:
        """The walk sees one moment: a writer beside it, on either database, changes nothing."""
        noted(desk, 200)
        stop = threading.Event()

        def write() -> None:
            while not stop.is_set():
                noted(desk, 5)

        tab = await scene.open()
        writer = threading.Thread(target=write)
        writer.start()
        try:
            for _ in range(10):
                await scene.pipeline.send(tab, AuditState.check)
                assert (await scene.seen(tab)).is_unbroken
        finally:
            stop.set()
            writer.join()


class TestWords:
    def test_every_action_actor_and_break_has_words(self) -> None:
        assert set(Action) == set(ACTIONS)
        assert set(ActionGroup) == set(GROUP_WORDS) == {look.group for look in ACTIONS.values()}
        assert set(ActorKind) == set(ACTOR_WORDS)
        for reason in ("missing", "chain", "hash", "value", "head"):
            assert "1,234" in broken_words(Broken(1234, reason))

    @pytest.mark.parametrize("before", ["-1", "x", "1e9", "9" * 30, "²"])
    async def test_nonsense_in_an_address_harms_nothing(
        self, scene: Scene, desk: Desk, before: str
    ) -> None:
        noted(desk, 1)

        tab = await scene.open(f"/audit/?before={before}&who=x&what=y")
        assert (await scene.seen(tab)).shown == "rows"


class TestSearch:
    """Who sees an entry is settled above: a search finds by what the reader may see."""

    def numbered(self, desk: Desk) -> tuple[str, str]:
        """Two patrons, each with a request; the number of the first and its reference."""
        mara = desk.patron()
        request, claims = desk.asked(mara, NEW)
        desk.decide(claims, Decision.REJECT)
        desk.propose(desk.patron("else@example.com", "Xaver", "Yilmaz"), "x@example.org")
        return str(mara.number), request.reference

    async def test_a_patron_is_found_by_number_name_and_address(
        self, scene: Scene, desk: Desk
    ) -> None:
        number, reference = self.numbered(desk)

        cookie = scene.cookie()
        tab = await scene.open("/audit/", cookie)
        for words in (number, f"patron {number}", "Mara Smi", OLD):
            await scene.pipeline.send(tab, AuditState.search, text=words)
            rows = (await scene.seen(tab)).rows
            assert {row.patron for row in rows} == {f"Patron {number}"}, words
            assert len(rows) > 3, words
        for words in (reference, reference.lower().replace("-", " ")):
            await scene.pipeline.send(tab, AuditState.search, text=words)
            rows = (await scene.seen(tab)).rows
            assert {row.reference for row in rows} == {reference}, words
        for words in ("nobody", "99999999999999999999", "%"):
            await scene.pipeline.send(tab, AuditState.search, text=words)
            assert (await scene.seen(tab)).shown == "nothing", words

    async def test_a_colleague_is_found_by_name(self, scene: Scene, desk: Desk) -> None:
        self.numbered(desk)

        tab = await scene.open("/audit/?q=Dana&what=requests")

        rows = (await scene.seen(tab)).rows
        assert [row.actor for row in rows] == ["Dana, box office"] * 2

    @pytest.mark.parametrize("role", [role for role in Role if role not in HIDDEN_FROM])
    async def test_what_is_masked_is_found_by_its_whole_value_only(
        self, scene: Scene, desk: Desk, role: Role
    ) -> None:
        self.numbered(desk)

        tab = await scene.open("/audit/", scene.cookie(role))
        found: dict[str, bool] = {}
        for words in (OLD[:6], OLD):
            await scene.pipeline.send(tab, AuditState.search, text=words)
            found[words] = bool((await scene.seen(tab)).rows)

        assert found == {OLD[:6]: role is not Role.AUDITOR, OLD: True}

    async def test_days_are_those_of_the_organisation(
        self, scene: Scene, desk: Desk, clock: FrozenClock
    ) -> None:
        noted(desk, 1)
        clock.advance(timedelta(days=1))
        noted(desk, 2)

        cookie = scene.cookie()
        for query, count in (
            ("when=dates&from=2026-03-03", 2),
            ("when=dates&from=2026-03-02&to=2026-03-02", 1),
            ("when=dates&from=2026-03-04", 0),
            ("when=last-month", 0),
        ):
            tab = await scene.open(f"/audit/?who=system&{query}", cookie)
            assert len((await scene.seen(tab)).rows) == count, query


class TestExport:
    def answer(self, made: Runtime, role: Role | None, query: str = "") -> Any:
        cookie = sign_in(made.database, role, at=made.clock.now()) if role else ""
        return Visitor(Starlette(routes=export.ROUTES), cookie=cookie).get(
            f"/audit/export.csv{query}"
        )

    def test_one_patron_s_trail_is_a_file(
        self, made: Runtime, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(export, "AT_ONCE", 2)
        decided(desk)
        number = str(desk.scalar("SELECT number FROM patron"))
        desk.patron("else@example.com", "Xaver", "Yilmaz")
        entries = desk.column(
            "SELECT seq FROM audit_entry WHERE patron_id ="
            f" (SELECT id FROM patron WHERE number = {number}) ORDER BY seq DESC"
        )

        answer = self.answer(made, Role.OWNER, f"?q={number}")

        lines = list(csv.DictReader(io.StringIO(answer.text)))
        assert [int(line["entry"]) for line in lines] == entries
        assert {line["patron"] for line in lines} == {number}
        proposed = next(line for line in lines if line["what"].startswith("Proposed"))
        assert proposed["changes"] == f"Email address: {OLD} → {NEW}"
        assert proposed["words"] == "She rang."
        assert EVIDENCE.ip_prefix not in answer.text
        assert desk.actions()[-1] is Action.TRAIL_EXPORTED

    def test_an_auditor_s_file_is_masked_as_the_page_is(self, made: Runtime, desk: Desk) -> None:
        decided(desk)

        answer = self.answer(made, Role.AUDITOR)

        assert answer.status_code == 200
        for secret in (OLD, NEW):
            assert secret not in answer.text

    @pytest.mark.parametrize("role", [None, Role.BOX_OFFICE, Role.READ_ONLY])
    def test_it_is_not_there_for_who_may_not_export(
        self, made: Runtime, desk: Desk, role: Role | None
    ) -> None:
        decided(desk)

        assert self.answer(made, role).status_code == 404
        assert Action.TRAIL_EXPORTED not in desk.actions()

    def test_an_old_proof_is_asked_for_again_and_leads_back_to_the_list(
        self, made: Runtime, desk: Desk, clock: FrozenClock
    ) -> None:
        cookie = sign_in(made.database, Role.OWNER, at=clock.now())
        clock.advance(FRESH_FOR + timedelta(seconds=1))

        answer = Visitor(Starlette(routes=export.ROUTES), cookie=cookie).get(
            "/audit/export.csv?q=11740"
        )

        assert answer.status_code == 303
        assert answer.headers["location"] == "/sign-in/again/?next=/audit/%3Fq%3D11740"
