"""The mailbox: who may look, what the list and an open mail say, and the mail as it is."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from typing import Any

import pytest
from starlette.applications import Starlette

from tests.conftest import START
from tests.support.factories import NEW, OLD, Desk
from tests.support.keyring import SECRET_KEYS
from tests.support.pipeline import Client, Pipeline, sign_in
from tests.support.settings import GIVEN_DATABASE, PUBLIC
from tests.support.visitor import Visitor
from upstage_crm import wiring
from upstage_crm.admin.login_redirect import StaffGate
from upstage_crm.admin.mailbox.raw import POLICY, ROUTES
from upstage_crm.admin.mailbox.reading import Links
from upstage_crm.admin.mailbox.state import MailboxState
from upstage_crm.core.clock import FrozenClock
from upstage_crm.links.claims import Purpose
from upstage_crm.mail import queries
from upstage_crm.mail.delivery import MailState, Transport
from upstage_crm.mail.message import Audience, MailKind
from upstage_crm.mail.queries import MailSummary
from upstage_crm.mail.sending.local_sender import LocalSender
from upstage_crm.settings import Settings
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role
from upstage_crm.upstage_crm import STAFF_PLACES
from upstage_crm.wiring import Runtime
from upstage_crm.wording.mails import (
    REASONS,
    UNCERTAIN,
    delivery_key,
    delivery_note,
)

HIDDEN_FROM = [role for role in Role if Permission.VIEW_MAILBOX not in PERMISSIONS[role]]
_HREF = re.compile(r'href="[^"]*/c/([^"?]*)')


@dataclass
class Scene:
    """A venue whose pages run over the process's own parts."""

    parts: Runtime
    desk: Desk
    pipeline: Pipeline

    def cookie(self, role: Role = Role.BOX_OFFICE) -> str:
        return cookie_of(self.parts, role)

    async def open(self, path: str = "/mailbox/", cookie: str | None = None) -> Client:
        tab = self.pipeline.client(self.cookie() if cookie is None else cookie)
        await self.pipeline.send(tab, MailboxState.load, path)
        return tab

    async def seen(self, tab: Client) -> MailboxState:
        return await self.pipeline.state(tab, MailboxState)

    async def subjects(self, path: str) -> list[str]:
        tab = await self.open(path, self.cookie(Role.MANAGER))
        return [row.subject for row in (await self.seen(tab)).rows]


@pytest.fixture
def desk(made: Runtime, clock: FrozenClock) -> Desk:
    """A venue that proposes and sends with the process's own parts, so that its links are ours."""
    venue = Desk(made.database, clock)
    venue.codec, venue.room, venue.dispatcher = made.codec, made.notifier, made.dispatcher
    return venue


@pytest.fixture
def scene(made: Runtime, desk: Desk, pipeline: Pipeline) -> Scene:
    return Scene(made, desk, pipeline)


def sent(desk: Desk, patron_email: str = OLD, proposed: str = NEW) -> str:
    """Propose an address and let the mails go; return the request's reference."""
    patron = desk.patron(patron_email)
    reference = desk.propose(patron, proposed).reference
    while desk.dispatcher.run_once():
        pass
    return reference


def mail_id(made: Runtime, kind: MailKind = MailKind.DECISION_REQUEST) -> str:
    with made.database.reading() as session:
        return queries.mails(session, kind=kind).items[0].id


def visitor(made: Runtime, role: Role | None = Role.BOX_OFFICE) -> Visitor:
    """A browser before the route, behind the gate as in the app."""
    cookie = cookie_of(made, role) if role else ""
    return Visitor(StaffGate(Starlette(routes=ROUTES), places=STAFF_PLACES), cookie=cookie)


def cookie_of(made: Runtime, role: Role) -> str:
    cookie = sign_in(made.database, role, at=made.clock.now())
    return f"__Host-{cookie}" if made.settings.is_https else cookie


class TestWho:
    @pytest.mark.parametrize(
        "handler",
        [
            MailboxState.load,
            MailboxState.refresh,
            MailboxState.fetch,
            MailboxState.next_page,
            MailboxState.previous_page,
            MailboxState.clear,
        ],
    )
    async def test_an_outsider_gets_nothing(self, scene: Scene, desk: Desk, handler: Any) -> None:
        sent(desk)

        tab = scene.pipeline.client()
        await scene.pipeline.send(tab, handler, "/mailbox/")

        assert tab.doors() == ["/sign-in/"]
        assert NEW not in str(tab.deltas)

    @pytest.mark.parametrize("role", HIDDEN_FROM)
    async def test_a_role_without_the_mailbox_gets_nothing(
        self, scene: Scene, desk: Desk, role: Role
    ) -> None:
        sent(desk)

        tab = await scene.open(cookie=scene.cookie(role))

        state = await scene.seen(tab)
        assert state.refused_at
        assert state.rows == []
        assert NEW not in str(tab.deltas)


class TestList:
    async def test_every_mail_stands_in_it_in_words(self, scene: Scene, desk: Desk) -> None:
        reference = sent(desk)

        state = await scene.seen(await scene.open())

        assert (state.shown, state.count, state.summary) == ("rows", "2 emails", "1–2 of 2")
        assert state.is_demo
        found = {row.address: row for row in state.rows}
        asked = found[NEW]
        assert reference in asked.subject
        assert asked.audience == "the proposed address"
        assert asked.kind == "Approval request"
        assert (asked.state, asked.note, asked.time) == ("captured", "", "just now")
        assert (reference, f"/requests/{reference}/") == (asked.reference, asked.request_href)
        assert found[OLD].kind == "Notice of a new address"

    async def test_address_subject_and_reference_find_a_mail(
        self, scene: Scene, desk: Desk
    ) -> None:
        reference = sent(desk)
        other = sent(desk, "agnes@example.com", "agnes.new@example.org")
        typed = reference.replace("-", " ").lower()

        cookie = scene.cookie()
        for words, expected in [
            (NEW, {reference}),
            ("agnes", {other}),  # five letters, as a reference has
            ("AGNES.NEW@", {other}),
            (typed, {reference}),
            (reference, {reference}),
            ("May we use this address?", {reference, other}),
            ("nobody", set[str]()),
            ("%", set[str]()),
        ]:
            tab = await scene.open("/mailbox/", cookie)
            await scene.pipeline.send(tab, MailboxState.search, text=words)
            rows = (await scene.seen(tab)).rows
            assert expected == {row.reference for row in rows}, words

    async def test_filters_stand_in_the_address(self, scene: Scene, desk: Desk) -> None:
        sent(desk)

        tab = await scene.open()
        await scene.pipeline.send(tab, MailboxState.choose, name="kind", value="change_notice")
        assert [row.address for row in (await scene.seen(tab)).rows] == [OLD]
        await scene.pipeline.send(tab, MailboxState.choose, name="state", value="failed")
        assert (await scene.seen(tab)).shown == "nothing"
        await scene.pipeline.send(tab, MailboxState.choose, name="state", value="no such state")
        assert [row.address for row in (await scene.seen(tab)).rows] == [OLD]
        assert tab.redirects() == [
            "/mailbox/?kind=change_notice",
            "/mailbox/?state=failed&kind=change_notice",
            "/mailbox/?kind=change_notice",
        ]

    async def test_a_season_finds_what_was_written_in_it(self, scene: Scene, desk: Desk) -> None:
        sent(desk)  # in March 2026
        cookie = scene.cookie()
        narrowed = {
            path: (await scene.seen(await scene.open(path, cookie))).shown
            for path in (
                "/mailbox/?when=season-2025",
                "/mailbox/?when=season-2026",
                "/mailbox/?when=today",
            )
        }

        assert narrowed == {
            "/mailbox/?when=season-2025": "rows",
            "/mailbox/?when=season-2026": "nothing",
            "/mailbox/?when=today": "rows",
        }


class TestOpenMail:
    async def test_it_says_what_the_mail_is_and_what_became_of_it(
        self, scene: Scene, desk: Desk, made: Runtime
    ) -> None:
        reference = sent(desk)
        asked = mail_id(made)

        tab = await scene.open(f"/mailbox/?q={NEW}&mail={asked}")
        state = await scene.seen(tab)

        assert state.shown == "mail"
        assert f"/mailbox/raw/{asked}" == state.mail.raw
        assert (
            state.mail.address,
            state.mail.state,
            state.mail.links,
        ) == (NEW, "captured", "live")
        assert reference == state.mail.reference
        assert NEW in {line.value for line in state.mail.headers if line.name == "To"}
        assert state.list_href == "/mailbox/?q=mara.new%40example.org"

    async def test_no_token_ever_comes_into_the_state(
        self, scene: Scene, desk: Desk, made: Runtime
    ) -> None:
        sent(desk)
        asked = mail_id(made)

        tab = await scene.open(f"/mailbox/?mail={asked}")

        assert NEW in str(tab.deltas)
        assert "/c/" not in str(tab.deltas)
        assert "eyJ" not in str(tab.deltas)

    async def test_an_unknown_mail_has_a_page_of_its_own(self, scene: Scene) -> None:
        tab = await scene.open("/mailbox/?mail=none")
        assert (await scene.seen(tab)).shown == "missing"

    @pytest.mark.parametrize(
        ("settings", "links", "said"),
        [
            ({}, Links.LIVE, "This is a demo: no email is sent."),
            (GIVEN_DATABASE, Links.UNSENT, "This is a rehearsal: no email is sent, and the links"),
            (PUBLIC, Links.HIDDEN, ""),
        ],
        ids=["demo", "rehearsal", "public"],
    )
    async def test_the_mailbox_says_what_the_links_do(
        self, made: Runtime, desk: Desk, settings: dict[str, str], links: Links, said: str
    ) -> None:
        sent(desk)
        asked = mail_id(made)
        if settings:
            moved(made, settings)

        async with Pipeline() as pipeline:
            scene = Scene(wiring.runtime(), desk, pipeline)
            state = await scene.seen(await scene.open(f"/mailbox/?mail={asked}"))
            assert state.mail.links == links
            assert state.is_demo == (links is Links.LIVE)
            assert state.mail_banner.startswith(said) if said else not state.mail_banner


def moved(made: Runtime, settings: dict[str, str]) -> Runtime:
    """The same venue under other settings."""
    other = wiring.build(
        Settings.load(settings | {"UPSTAGE_SECRET_KEYS": SECRET_KEYS}),
        database=made.database,
        clock=made.clock,
        sender=LocalSender(),
    )
    wiring.install(other)
    return other


class TestRawMail:
    def test_links_work_where_mail_is_kept(self, made: Runtime, desk: Desk) -> None:
        sent(desk)

        page = visitor(made).get(f"/mailbox/raw/{mail_id(made)}")

        assert page.status_code == 200
        tokens = _HREF.findall(page.text)
        assert tokens
        assert {Purpose.DECISION} == {made.codec.read(token).purpose for token in tokens}
        assert '<base target="_blank">' in page.text
        assert page.text.count("<a ") == page.text.count('<a rel="noopener" ')

    @pytest.mark.parametrize("settings", [PUBLIC, GIVEN_DATABASE], ids=["public", "rehearsal"])
    def test_links_are_dead_everywhere_but_in_the_demo(
        self, made: Runtime, desk: Desk, clock: FrozenClock, settings: dict[str, str]
    ) -> None:
        sent(desk)
        asked = mail_id(made)
        someone = visitor(moved(made, settings))

        answers = [
            someone.get(f"/mailbox/raw/{asked}{form}")
            for form in ("", "?format=text", "?format=eml")
        ]

        assert [answer.status_code for answer in answers] == [200, 200, 200]
        assert {"not-shown"} == set(_HREF.findall(answers[0].text))
        assert not [answer for answer in answers if "eyJ" in answer.text]
        assert "/c/not-shown" in answers[1].text
        codes = re.findall(r"\S{4}-\S{4}", answers[1].text)
        assert [code for code in codes if code.count("•")] == ["••••-••••"]

    def test_links_of_a_mail_that_left_are_dead_even_where_mail_is_kept_now(
        self, made: Runtime, desk: Desk
    ) -> None:
        sent(desk)
        asked = mail_id(made)
        desk.arrange("UPDATE mail_outbox SET transport = 'resend'")

        page = visitor(made).get(f"/mailbox/raw/{asked}")

        assert {"not-shown"} == set(_HREF.findall(page.text))

    def test_it_may_stand_in_our_frame_and_run_nothing(self, made: Runtime, desk: Desk) -> None:
        sent(desk)
        someone = visitor(made)

        for form in ("", "?format=text", "?format=eml"):
            headers = someone.get(f"/mailbox/raw/{mail_id(made)}{form}").headers
            assert headers["content-security-policy"] == (
                "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
                "frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
            )
            assert headers["x-frame-options"] == "SAMEORIGIN"
            assert headers["cache-control"] == "no-store"

    @pytest.mark.parametrize("role", [None, *HIDDEN_FROM])
    def test_who_may_not_read_it_is_told_that_there_is_none(
        self, made: Runtime, desk: Desk, role: Role | None
    ) -> None:
        sent(desk)
        someone = visitor(made, role)

        refused = someone.get(f"/mailbox/raw/{mail_id(made)}")

        unknown = someone.get("/mailbox/raw/none")
        assert (refused.status_code, unknown.status_code) == (404, 404)
        assert unknown.text == refused.text
        assert POLICY not in refused.headers.values()

    def test_without_the_gate_it_is_closed_just_the_same(self, made: Runtime, desk: Desk) -> None:
        sent(desk)

        refused = Visitor(Starlette(routes=ROUTES)).get(f"/mailbox/raw/{mail_id(made)}")

        assert refused.status_code == 404

    def test_the_file_is_a_mail(self, made: Runtime, desk: Desk) -> None:
        sent(desk)
        asked = mail_id(made)

        answer = visitor(made).get(f"/mailbox/raw/{asked}?format=eml")

        assert f'attachment; filename="{asked}.eml"' == answer.headers["content-disposition"]
        assert answer.headers["content-type"] == "message/rfc822"
        parsed = email.message_from_bytes(answer.content, policy=email.policy.default)
        assert str(parsed["To"]) == NEW
        assert [part.get_content_type() for part in parsed.walk() if not part.is_multipart()] == [
            "text/plain",
            "text/html",
        ]

    def test_the_text_is_text(self, made: Runtime, desk: Desk) -> None:
        sent(desk)

        answer = visitor(made).get(f"/mailbox/raw/{mail_id(made)}?format=text")

        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert "http://localhost:3000/c/eyJ" in answer.text


class TestWords:
    MAIL = MailSummary(
        id="1",
        dedupe_key="request/1/decision/v1/proposed",
        priority=1,
        kind=MailKind.DECISION_REQUEST,
        audience=Audience.PROPOSED,
        language="en",
        transport=Transport.RESEND,
        to_address=NEW,
        subject="Subject",
        request_id=None,
        patron_id=None,
        staff_id=None,
        after_id=None,
        state=MailState.QUEUED,
        attempts=0,
        next_at=START,
        first_at=None,
        provider_id=None,
        last_code=None,
        last_type=None,
        created_at=START,
        settled_at=None,
        delivered_at=None,
        bounced_at=None,
        complained_at=None,
        suppressed_at=None,
    )

    @pytest.mark.parametrize(
        ("facts", "note"),
        [
            ({}, ""),
            ({"after_id": "0"}, "It leaves once the notice to the current address was accepted."),
            (
                {"last_type": "application_error", "last_code": 500, "attempts": 1},
                "The email provider had a fault of its own. It is tried again now.",
            ),
            (
                {"last_type": "ConnectionError", "next_at": START + timedelta(minutes=2)},
                "The email provider could not be reached. It is tried again at 2 Mar 2026, 10:02.",
            ),
            (
                {"state": MailState.FAILED, "last_type": "odd", "last_code": 422},
                "The email provider refused it (422).",
            ),
            (
                {"state": MailState.CANCELLED, "last_type": "matter_over"},
                REASONS["matter_over"],
            ),
            (
                {"state": MailState.UNCERTAIN, "last_type": "retries_ended"},
                f"{UNCERTAIN} {REASONS['retries_ended']}",
            ),
            ({"state": MailState.SENT, "last_type": "application_error"}, ""),
            (
                {"state": MailState.SENT, "delivered_at": START, "bounced_at": START},
                "The email provider could not deliver it to this address.",
            ),
        ],
    )
    def test_why_a_mail_is_where_it_is(
        self, facts: dict[str, Any], note: str, clock: FrozenClock
    ) -> None:
        mail = replace(self.MAIL, **facts)

        assert note == delivery_note(mail, now=clock.now(), time_zone=UTC)

    def test_what_came_last_counts(self) -> None:
        told = replace(self.MAIL, state=MailState.SENT, delivered_at=START)
        assert delivery_key(told) == "delivered"
        assert delivery_key(replace(told, bounced_at=START)) == "bounced"
        assert delivery_key(replace(told, complained_at=START)) == "complained"
