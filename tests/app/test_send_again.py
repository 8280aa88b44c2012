"""A mail that may not have arrived is sent again by hand, as a second mail that says so."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.engine import Engine
from tests.support.factories import NEW, OLD, together, unchanged
from tests.support.outbox import ScriptedSender
from upstage_crm.audit.events import Action
from upstage_crm.change_requests.lifecycle import resend_mail
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.model.errors import LinkExpired, LinkOutdated, RequestEnded
from upstage_crm.change_requests.model.rules import NoticeState, RequestState
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.core.errors import Forbidden
from upstage_crm.links.codec import LinkCodec, LinkKey
from upstage_crm.mail import queries
from upstage_crm.mail.compose import Composer
from upstage_crm.mail.delivery import MailState, Transport
from upstage_crm.mail.message import MailKind, MailMessage
from upstage_crm.mail.provider_events import EventKind
from upstage_crm.mail.queries import MailNotFound, MailSummary
from upstage_crm.mail.resend_copy import NotSendable, is_again
from upstage_crm.mail.sending import send_gate
from upstage_crm.mail.sending.dispatcher import Dispatcher
from upstage_crm.mail.sending.sender import SendConflict, SendPaused, SendRejected
from upstage_crm.staff.roles import Role, StaffMember
from upstage_crm.wiring import mailboxes_of


class House(Engine):
    """A venue whose provider does as told."""

    def __init__(self, database: Database, clock: FrozenClock) -> None:
        super().__init__(database, clock)
        composer = Composer(mail_from="box-office@theatre.example", transport=Transport.RESEND)
        self.room = replace(self.room, composer=composer)
        self.sender = ScriptedSender()
        self.dispatcher = Dispatcher(
            database, self.sender, self.codec, clock, mailboxes_of=mailboxes_of
        )

    def deliver(self) -> list[MailMessage]:
        """Let everything leave that may; the gate opens for the next mail a moment later."""
        before = len(self.sender.calls)
        for _ in range(6):
            self.clock.advance(timedelta(milliseconds=10))
            self.dispatcher.run_once()
        return [message for _key, message in self.sender.calls[before:]]

    def mails(self, kind: MailKind) -> list[MailSummary]:
        found = self.read(lambda session: queries.mails(session, kind=kind)).items
        return sorted(found, key=lambda mail: mail.id)

    def again(self, mail_id: str, actor: StaffMember | None = None) -> str:
        return self.act(actor or self.owner, resend_mail.send_again, mail_id=mail_id)


@pytest.fixture
def house(database: Database, clock: FrozenClock) -> House:
    return House(database, clock)


def failed(house: House, kind: MailKind = MailKind.CHANGE_NOTICE) -> tuple[Proposed, str]:
    """A request whose first mail the provider refused."""
    house.sender.will(SendRejected(422, "validation_error"))
    request = house.propose(house.patron())
    house.deliver()
    (mail,) = house.mails(kind)
    assert MailState.FAILED is mail.state
    return request, mail.id


def test_the_same_words_leave_under_a_key_of_their_own(house: House) -> None:
    _request, mail_id = failed(house)
    first = house.read(lambda session: queries.mail(session, mail_id))

    second = house.again(mail_id)
    house.deliver()

    keys = [key for key, _message in house.sender.calls]
    assert [mail_id, second] == keys
    (_, before), (_, after) = house.sender.calls
    assert (before.subject, before.to) == (after.subject, after.to)
    assert second == after.tags["outbox_id"] == after.headers["X-Entity-Ref-ID"]
    assert "@@" not in after.html + after.text
    stored = house.read(lambda session: queries.mail(session, second)).summary
    assert MailState.SENT is stored.state
    assert (is_again(first.summary.dedupe_key), is_again(stored.dedupe_key)) == (False, True)
    (line,) = house.lines(action=Action.MAIL_SENT_AGAIN)
    assert (mail_id, second) == (line.facts["mail"], line.facts["again"])


def test_its_link_decides_as_the_first_one_would(house: House) -> None:
    """The question had waited for the notice; both are sent again by hand."""
    _request, notice = failed(house)
    (question,) = house.mails(MailKind.DECISION_REQUEST)
    house.again(notice)
    house.again(question.id)
    house.deliver()
    (_, message) = house.sender.calls[-1]
    token = re.findall(r"/c/([A-Za-z0-9_.-]+)", message.text)[0]

    assert RequestState.APPROVED is house.decide(house.codec.read(token))


def test_an_uncertain_mail_may_be_sent_again_and_then_again(house: House) -> None:
    house.sender.will(SendConflict(409, "invalid_idempotent_request"))
    house.propose(house.patron())
    house.deliver()
    (mail,) = house.mails(MailKind.CHANGE_NOTICE)
    assert MailState.UNCERTAIN is mail.state
    house.sender.will(SendRejected(422, "validation_error"))
    second = house.again(mail.id)
    house.deliver()
    third = house.again(second)
    house.deliver()

    assert len({mail.id, second, third}) == 3
    keys = [found.dedupe_key for found in house.mails(MailKind.CHANGE_NOTICE)]
    assert [key.removeprefix(keys[0]) for key in keys] == ["", "/again/1", "/again/2"]


def test_two_presses_at_one_moment_are_one_mail(house: House) -> None:
    _request, mail_id = failed(house)

    results = together(*[lambda: house.again(mail_id)] * 3)

    assert not [result for result in results if isinstance(result, Exception)]
    house.deliver()
    sent = [key for key, message in house.sender.calls if message.to == OLD]
    assert len(sent) == len(set(sent))


def test_what_left_or_waits_is_not_sent_again(house: House) -> None:
    house.propose(house.patron())
    (waiting,) = house.mails(MailKind.CHANGE_NOTICE)
    unchanged(house, lambda: house.again(waiting.id), NotSendable)
    house.deliver()
    unchanged(house, lambda: house.again(waiting.id), NotSendable)
    unchanged(house, lambda: house.again("f" * 32), MailNotFound)


def test_nobody_is_asked_again_about_what_is_over(house: House) -> None:
    request, mail_id = failed(house)
    house.withdraw(request)

    refused = unchanged(house, lambda: house.again(mail_id), RequestEnded)

    assert RequestState.WITHDRAWN is refused.facts["state"]


def test_a_dead_link_is_not_sent_again(house: House) -> None:
    """Outdated by a newer question, expired, or signed with a revoked key."""
    request, notice = failed(house)
    (question,) = house.mails(MailKind.DECISION_REQUEST)
    house.clock.advance(timedelta(hours=1))
    house.resend(request)
    unchanged(house, lambda: house.again(question.id), LinkOutdated)
    unchanged(house, lambda: house.again(notice), LinkOutdated)  # a lost notice is renewed, too


def test_a_link_of_a_revoked_key_or_past_its_time_is_not_sent_again(house: House) -> None:
    _request, notice = failed(house)
    house.room = replace(house.room, codec=LinkCodec([LinkKey("newer", b"n" * 32)]))
    unchanged(house, lambda: house.again(notice), LinkOutdated)
    house.room = replace(house.room, codec=house.codec)
    house.clock.advance(timedelta(days=41))
    unchanged(house, lambda: house.again(notice), LinkExpired)


def test_a_notice_that_is_sent_again_starts_the_clock_when_it_arrives(house: House) -> None:
    request, notice = failed(house)
    house.look(request)
    assert house.view(request).notice_state is NoticeState.NOT_SENT

    house.again(notice)

    assert house.view(request).notice_state is NoticeState.ON_ITS_WAY
    house.deliver()
    house.clock.advance(timedelta(hours=1))
    arrived = house.now
    house.tell(EventKind.DELIVERED, request)
    house.look(request)
    assert house.view(request).notice_state is NoticeState.DELIVERED
    assert house.view(request).noticed_at == arrived


@pytest.mark.parametrize("role", [Role.READ_ONLY, Role.AUDITOR, Role.MARKETING])
def test_only_who_may_send_requests_again(house: House, role: Role) -> None:
    _request, mail_id = failed(house)
    member = house.staff("Vic", role)

    unchanged(house, lambda: house.again(mail_id, member), Forbidden)


def test_a_pause_is_ended_by_who_mended_its_cause(house: House) -> None:
    house.sender.will(SendPaused(401, "missing_api_key", reason="key_refused"))
    house.propose(house.patron())
    house.deliver()
    manager = house.staff("Rosa", Role.MANAGER)

    def resume(actor: StaffMember) -> None:
        house.act(actor, resend_mail.resume)

    unchanged(house, lambda: resume(manager), Forbidden)
    resume(house.owner)
    assert house.read(send_gate.read_gate).paused_reason is None
    assert house.actions(action=Action.MAIL_RESUMED) == [Action.MAIL_RESUMED]
    before = house.dump()
    resume(house.owner)
    assert not house.write(lambda session: resend_mail.resume_as_operator(session, now=house.now))
    assert before == house.dump()
    house.deliver()
    assert {OLD, NEW} >= {message.to for _key, message in house.sender.calls}
