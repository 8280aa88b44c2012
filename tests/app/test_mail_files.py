"""A mail is frozen with what to draw; its files are drawn as it leaves, the same on each try."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes

from tests.support.fault_server import fault_server
from tests.support.outbox import ScriptedSender, draft, enqueue, row
from tests.support.outbox import dispatcher as plain_dispatcher
from tests.support.tickets import CODE, KEYS, PERFORMANCE_ID, TICKET, TICKET_ID, VISIT, codes_on
from tests.support.tickets import pages_of as pages
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.mail import blanking, eml, queries
from upstage_crm.mail.delivery import MailState
from upstage_crm.mail.message import MailMessage
from upstage_crm.mail.sending.dispatcher import NOT_DRAWN, Dispatcher
from upstage_crm.mail.sending.resend_sender import ResendSender
from upstage_crm.mail.sending.sender import SendDeferred, Sender
from upstage_crm.orders.files.drawing import FileDrawer, tickets_drawing, visit_drawing
from upstage_crm.orders.files.ticket_code import TicketKeys
from upstage_crm.orders.files.ticket_facts import CodedTicket

FROZEN = CodedTicket(
    facts=replace(TICKET, code=""),
    ticket_id=TICKET_ID,
    version=1,
    performance_id=PERFORMANCE_ID,
    kid="k1",
)
DRAWINGS = (
    tickets_drawing("tickets-K7-2FQ.pdf", [FROZEN]),
    visit_drawing("cosi-fan-tutte.ics", VISIT),
)


def dispatcher(
    database: Database, sender: Sender, clock: FrozenClock, keys: TicketKeys = KEYS
) -> Dispatcher:
    made = plain_dispatcher(database, sender, clock)
    made._draw = FileDrawer(keys)
    return made


def queued(database: Database, clock: FrozenClock, patron_id: str | None = None) -> str:
    mail = replace(draft("one", at=clock.now()), drawings=DRAWINGS, patron_id=patron_id)
    return enqueue(database, mail, now=clock.now())


def test_the_files_are_drawn_as_the_mail_leaves(database: Database, clock: FrozenClock) -> None:
    sender = ScriptedSender()
    mail_id = queued(database, clock)

    dispatcher(database, sender, clock).run_once()

    ((_, message),) = sender.calls
    tickets, visit = message.files
    assert codes_on(pages(tickets.content)[0]) == [CODE]
    assert b"BEGIN:VCALENDAR" in visit.content
    assert [file.name for file in message.files] == [drawing.name for drawing in DRAWINGS]
    assert CODE not in row(database, mail_id).payload


def test_every_try_hands_over_the_same_bytes_though_another_key_signs_by_then(
    database: Database, clock: FrozenClock
) -> None:
    sender = ScriptedSender()
    sender.will(SendDeferred(500, "application_error"))
    queued(database, clock)

    dispatcher(database, sender, clock).run_once()
    clock.advance(timedelta(hours=1))
    rotated = TicketKeys([("k2", b"n" * 32), ("k1", b"t" * 32)])
    dispatcher(database, sender, clock, rotated).run_once()

    (_, first), (_, second) = sender.calls
    assert first.params() == second.params()


def test_a_mail_whose_file_cannot_be_drawn_does_not_leave_without_it(
    database: Database, clock: FrozenClock
) -> None:
    sender = ScriptedSender()
    mail_id = queued(database, clock)

    dispatcher(database, sender, clock, TicketKeys([("other", b"o" * 32)])).run_once()

    stored = row(database, mail_id)
    assert (stored.state, stored.last_type) == (MailState.FAILED, NOT_DRAWN)
    assert sender.calls == []


def test_the_provider_gets_the_files_in_its_own_form() -> None:
    with fault_server() as server:
        provider = ResendSender(api_key="re_test", api_url=server.url + "/")
        drawn = tuple(FileDrawer(KEYS)(drawing) for drawing in DRAWINGS)
        plain = MailMessage(
            from_="Lyric Theatre <hello@lyric.example>",
            to="ada@lovelace.example",
            subject="Your tickets",
            html="<p>Hello</p>",
            text="Hello\n",
            reply_to="boxoffice@lyric.example",
            headers={},
            tags={},
            files=drawn,
        )

        provider.send(plain, idempotency_key="one")

        (request,) = server.received
    sent = json.loads(request.body)["attachments"]
    assert [each["filename"] for each in sent] == ["tickets-K7-2FQ.pdf", "cosi-fan-tutte.ics"]
    assert [base64.b64decode(each["content"]) for each in sent] == [f.content for f in drawn]
    assert sent[1]["content_type"] == "text/calendar; charset=utf-8; method=PUBLISH"


def test_a_mail_as_a_file_has_its_files_only_where_they_may_be_seen(
    database: Database, clock: FrozenClock
) -> None:
    mail_id = queued(database, clock)
    with database.reading() as session:
        stored = queries.mail(session, mail_id)

    hidden = message_from_bytes(eml.eml(stored, None))
    shown = message_from_bytes(eml.eml(stored, None, draw=FileDrawer(KEYS)))

    assert [part.get_filename() for part in hidden.walk() if part.get_filename()] == []
    names = [part.get_filename() for part in shown.walk() if part.get_filename()]
    assert names == ["tickets-K7-2FQ.pdf", "cosi-fan-tutte.ics"]


def test_an_erased_patron_leaves_no_ticket_in_the_outbox(
    database: Database, clock: FrozenClock
) -> None:
    mail_id = queued(database, clock, patron_id="0" * 32)
    dispatcher(database, ScriptedSender(), clock).run_once()

    with database.transaction() as session:
        blanking.blank(session, patron_ids=["0" * 32])

    assert "Stalls" not in row(database, mail_id).payload
