"""The mailbox's tools: its strip, sending again, what needs a person, the file and the gallery."""

from __future__ import annotations

import asyncio
import csv
import io
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from starlette.applications import Starlette

from tests.support.engine import Engine
from tests.support.factories import NEW, OLD
from tests.support.outbox import ScriptedSender
from tests.support.pipeline import Client, Pipeline, sign_in
from tests.support.visitor import Visitor
from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.mailbox import export, gallery
from upstage_crm.admin.mailbox.gallery import GalleryState
from upstage_crm.admin.mailbox.state import MailboxState
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.languages import LANGUAGES, direction
from upstage_crm.mail import queries
from upstage_crm.mail.compose import Composer
from upstage_crm.mail.delivery import MailState, Transport
from upstage_crm.mail.message import MailKind
from upstage_crm.mail.sending import send_gate
from upstage_crm.mail.sending.dispatcher import Dispatcher
from upstage_crm.mail.sending.sender import SendRejected
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role
from upstage_crm.wiring import Runtime, mailboxes_of
from upstage_crm.wording.sentences import (
    PAUSE_WORDS,
    SENTENCES,
)

WITHOUT = [role for role in Role if Permission.VIEW_MAILBOX not in PERMISSIONS[role]]


@dataclass
class Scene:
    engine: Engine
    sender: ScriptedSender
    pipeline: Pipeline
    parts: Runtime

    def cookie(self, role: Role) -> str:
        return sign_in(self.parts.database, role, at=self.engine.now)

    async def open(self, path: str = "/mailbox/", role: Role = Role.OWNER) -> Client:
        tab = self.pipeline.client(self.cookie(role))
        await self.pipeline.send(tab, MailboxState.load, path)
        return tab

    async def seen(self, tab: Client) -> MailboxState:
        return await self.pipeline.state(tab, MailboxState)

    async def said(self, tab: Client) -> tuple[str, str]:
        admin = await self.pipeline.state(tab, AdminState)
        return admin.problem, admin.done

    def visitor(self, routes: Any, role: Role | None = Role.OWNER) -> Visitor:
        return Visitor(Starlette(routes=routes), cookie=self.cookie(role) if role else "")

    def mail(self, kind: MailKind) -> str:
        found = self.engine.read(lambda session: queries.mails(session, kind=kind)).items
        return found[0].id


@pytest.fixture
def scene(made: Runtime, clock: FrozenClock, pipeline: Pipeline) -> Scene:
    engine, sender = Engine(made.database, clock), ScriptedSender()
    composer = Composer(mail_from="box-office@theatre.example", transport=Transport.RESEND)
    engine.room = replace(made.notifier, composer=composer)
    engine.codec = made.codec
    engine.dispatcher = Dispatcher(
        made.database, sender, made.codec, clock, mailboxes_of=mailboxes_of
    )
    return Scene(engine, sender, pipeline, made)


def refused(scene: Scene) -> str:
    """A notice that the provider refused; return its id."""
    scene.sender.will(SendRejected(422, "validation_error"))
    scene.engine.propose(scene.engine.patron())
    scene.engine.dispatcher.run_once()
    return scene.mail(MailKind.CHANGE_NOTICE)


async def test_the_strip_says_how_the_outbox_does(scene: Scene) -> None:
    scene.engine.propose(scene.engine.patron())
    scene.engine.clock.advance(timedelta(minutes=4))
    until = scene.engine.now + timedelta(minutes=5)
    scene.engine.write(lambda s: send_gate.pause(s, until=until, reason="domain_refused"))
    strip = (await scene.seen(await scene.open())).strip

    assert (strip.waiting, strip.oldest, strip.unsure) == ("2", "4 min", "0")
    assert PAUSE_WORDS["domain_refused"] == strip.paused


@pytest.mark.parametrize("role", [Role.OWNER, Role.MANAGER])
async def test_a_pause_is_ended_by_an_owner(scene: Scene, role: Role) -> None:
    until = scene.engine.now + timedelta(minutes=5)
    scene.engine.write(lambda s: send_gate.pause(s, until=until, reason="key_refused"))
    tab = await scene.open(role=role)
    await scene.pipeline.send(tab, MailboxState.resume)

    paused = scene.engine.read(send_gate.read_gate).paused_reason
    may = Permission.EDIT_SETTINGS in PERMISSIONS[role]
    assert may == (paused is None) == (await scene.seen(tab)).may_resume
    problem, done = await scene.said(tab)
    assert (bool(done), SENTENCES["forbidden"] == problem) == (may, not may)


async def test_a_failed_mail_is_found_and_sent_again(scene: Scene) -> None:
    mail_id = refused(scene)
    tab = await scene.open("/mailbox/?state=troubled")
    # The question that waited for the notice failed with it.
    assert {OLD, NEW} == {row.address for row in (await scene.seen(tab)).rows}

    await scene.pipeline.send(tab, MailboxState.load, f"/mailbox/?mail={mail_id}")
    assert (await scene.seen(tab)).mail.can_send_again
    await scene.pipeline.press(tab, MailboxState.send_again)

    shown = (await scene.seen(tab)).mail
    assert (
        shown.is_again,
        shown.can_send_again,
        shown.state,
    ) == (True, False, MailState.QUEUED)
    assert (await scene.said(tab))[1]


async def test_who_may_only_look_sends_nothing_again(scene: Scene) -> None:
    mail_id = refused(scene)
    tab = await scene.open(f"/mailbox/?mail={mail_id}", Role.AUDITOR)
    before = scene.engine.scalar("SELECT count(*) FROM mail_outbox")
    await scene.pipeline.press(tab, MailboxState.send_again)

    assert SENTENCES["forbidden"] == (await scene.said(tab))[0]
    assert before == scene.engine.scalar("SELECT count(*) FROM mail_outbox")


async def test_the_file_holds_what_the_list_shows_and_no_formula(scene: Scene) -> None:
    refused_id = refused(scene)
    scene.engine.propose(
        scene.engine.patron("+plus@example.com"), "=cmd@example.org", reason_text="a secret"
    )
    web = scene.visitor(export.ROUTES)
    answer = await asyncio.to_thread(web.get, "/mailbox/export.csv?state=troubled")
    everything = await asyncio.to_thread(web.get, "/mailbox/export.csv")

    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert refused_id in {row["mail"] for row in rows}
    assert {"failed"} == {row["state"] for row in rows}
    cells = {cell for row in csv.reader(io.StringIO(everything.text)) for cell in row}
    assert {"'+plus@example.com", "'=cmd@example.org"} <= cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert "a secret" not in everything.text
    assert "/c/" not in everything.text


@pytest.mark.parametrize("role", [None, *WITHOUT])
async def test_nobody_else_gets_the_file(scene: Scene, role: Role | None) -> None:
    refused(scene)
    answer = await asyncio.to_thread(scene.visitor(export.ROUTES, role).get, "/mailbox/export.csv")

    assert answer.status_code == 404
    assert OLD not in answer.text


# --- the gallery --------------------------------------------------------------------------------


def test_every_mail_is_shown_in_every_language_and_both_colours() -> None:
    for kind, audience in gallery.MAILS:
        languages = LANGUAGES if audience.value != "staff" else ("en",)
        for language in languages:
            light, text = gallery.rendered(kind, audience, language, "light")
            dark, _text = gallery.rendered(kind, audience, language, "dark")
            assert f'dir="{direction(language)}"' in light
            assert light.count("@media not all") == dark.count("@media all") == 1
            assert "@@" not in light + text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_gallery_shows_what_is_read_before_a_mail_is_opened(language: str) -> None:
    for kind, audience in gallery.MAILS:
        sender, subject, preheader = gallery.inbox_line(kind, audience, language)

        assert sender == "Lyric Theatre <hello@lyric.example>"
        assert subject
        assert preheader
        assert "<" not in preheader


async def test_the_gallery_shows_what_its_address_says(scene: Scene) -> None:
    cookie = scene.cookie(Role.OWNER)
    tab = scene.pipeline.client(cookie)
    path = "/mailbox/gallery/?mail=change_applied.current&lang=ar&scheme=dark"
    await scene.pipeline.send(tab, GalleryState.load, path)
    state = await scene.pipeline.state(tab, GalleryState)
    assert (
        state.mail,
        state.language,
        state.scheme,
    ) == ("change_applied.current", "ar", "dark")
    web = Visitor(Starlette(routes=gallery.ROUTES), cookie=cookie)
    shown = await asyncio.to_thread(web.get, state.html)
    assert 'lang="ar" dir="rtl"' in shown.text
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    for nonsense in ("tlh", 7, None, "<script>"):
        await scene.pipeline.send(tab, GalleryState.choose_language, name=nonsense)
        assert (await scene.pipeline.state(tab, GalleryState)).language == "en"


@pytest.mark.parametrize("role", [None, Role.BOX_OFFICE, Role.READ_ONLY])
async def test_nobody_else_sees_the_gallery(scene: Scene, role: Role | None) -> None:
    path = f"{gallery.PART}?mail=change_applied.current&lang=en"
    answer = await asyncio.to_thread(scene.visitor(gallery.ROUTES, role).get, path)

    assert answer.status_code == 404


@pytest.mark.parametrize("query", ["", "?mail=x", "?mail=change_applied.staff&lang=en", "?lang=en"])
async def test_nonsense_is_not_there(scene: Scene, query: str) -> None:
    answer = await asyncio.to_thread(scene.visitor(gallery.ROUTES).get, gallery.PART + query)

    assert answer.status_code == 404
