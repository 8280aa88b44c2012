"""A day without the provider, by the clock; then everything that still matters leaves, in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from tests.support.engine import Engine
from tests.support.factories import together
from tests.support.fault_server import Answer, FaultServer, Manner, fault_server
from upstage_crm.change_requests.model.rules import RequestState
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.mail import queries
from upstage_crm.mail.compose import Composer
from upstage_crm.mail.delivery import MailState, Transport
from upstage_crm.mail.outbox import OUTBOX
from upstage_crm.mail.sending.dispatcher import Dispatcher
from upstage_crm.mail.sending.resend_sender import ResendSender
from upstage_crm.wiring import mailboxes_of

MINUTE = timedelta(minutes=1)
OUTSIDE = Composer(mail_from="box-office@theatre.example", transport=Transport.RESEND)
DOWN = {
    "down": Answer(manner=Manner.DROP),
    "in trouble": Answer(503, b"<html>"),
    "out of quota": Answer(429, {"name": "daily_quota_exceeded"}),
    "refusing our key": Answer(401, {"name": "missing_api_key"}),
    "refusing our domain": Answer(403, {"name": "validation_error"}),
    "somewhere else": Answer(404, {"name": "not_found"}),
}


class House(Engine):
    """A venue whose mail leaves through the real SDK, to a provider on this machine."""

    def __init__(self, database: Database, clock: FrozenClock, provider: FaultServer) -> None:
        super().__init__(database, clock)
        self.provider = provider
        self.room = replace(self.room, composer=OUTSIDE)
        sender = ResendSender(api_key="re_test", api_url=provider.url, timeout_s=(1, 1))
        self.dispatcher = Dispatcher(
            database, sender, self.codec, clock, mailboxes_of=mailboxes_of, jitter=lambda: 0.5
        )

    def pass_time(self, until: datetime, *, every: timedelta = 20 * MINUTE) -> None:
        """Let the clock run, with a dispatcher that looks now and then."""
        while self.clock.now() < until:
            self.dispatcher.run_once()
            self.clock.advance(min(every, until - self.clock.now()))

    def drain(self) -> list[tuple[timedelta, str, str]]:
        """Send all that may leave, at the provider's pace: when, which kind, and to whom."""
        begun, seen = self.clock.now(), len(self.provider.received)
        sent: list[tuple[timedelta, str, str]] = []
        for _turn in range(4_000):
            self.dispatcher.run_once(1)
            for request in self.provider.received[seen:]:
                tags = {tag["name"]: tag["value"] for tag in request.json["tags"]}
                sent.append((self.clock.now() - begun, tags["kind"], request.json["to"][0]))
            seen = len(self.provider.received)
            if not self.waiting():
                return sent
            self.clock.advance(timedelta(milliseconds=250))
        raise AssertionError("the queue does not get empty")

    def waiting(self) -> int:
        return self.read(lambda session: queries.health(session, now=self.now)).queued

    def states(self) -> dict[str, MailState]:
        rows = self.read(
            lambda session: session.execute(sa.select(OUTBOX.c.dedupe_key, OUTBOX.c.state)).all()
        )
        return {row.dedupe_key: row.state for row in rows}

    def attempts(self) -> int:
        return self.scalar("SELECT coalesce(max(attempts), 0) FROM mail_outbox")


@pytest.fixture
def house(database: Database, clock: FrozenClock) -> Iterator[House]:
    with fault_server() as provider:
        yield House(database, clock, provider)


@pytest.mark.parametrize("trouble", DOWN)
def test_after_a_day_all_that_matters_leaves_in_order_of_need(house: House, trouble: str) -> None:
    """Case 33: nothing is lost, nothing is stale, decision requests come before reminders."""
    is_ours = trouble not in ("down", "in trouble")
    proven = house.patron("p0@example.com", "Pia")
    reminded = house.propose(proven, changes={"phone": {"phone": "+1 212 555 0100"}})
    house.drain()
    house.clock.advance(timedelta(days=2, hours=12))

    house.provider.default = DOWN[trouble]
    start = house.now
    withdrawn = house.propose(house.patron("p1@example.com", "Wim"), "w@example.org")
    house.pass_time(start + timedelta(hours=13))
    assert house.remind(reminded)
    house.withdraw(withdrawn)
    house.pass_time(start + timedelta(hours=20))
    late = [
        house.propose(house.patron(f"p{n}@example.com", f"Lou{n}"), f"l{n}@example.org")
        for n in (2, 3)
    ]
    house.pass_time(start + timedelta(hours=24))
    assert all(RequestState.PENDING is house.state(request) for request in late)
    health = house.read(lambda session: queries.health(session, now=house.now))
    assert health.queued >= 5
    if is_ours:
        # What a person has to mend burns no attempt, so nothing gets near its end.
        assert health.paused_reason is not None
        assert house.attempts() == 1 or not house.attempts()

    house.provider.default = Answer(headers={"ratelimit-limit": "2"})
    house.clock.advance(timedelta(hours=2))
    sent = house.drain()

    asked = [place for place, (_, kind, _to) in enumerate(sent) if kind == "decision_request"]
    reminders = [place for place, (_, kind, _to) in enumerate(sent) if kind == "decision_reminder"]
    assert len(asked) == 2
    assert len(reminders) == 1
    assert max(asked) < min(reminders)
    assert len(sent) == len(set(sent)), "doubled"
    assert not [to for _, _, to in sent if to == "w@example.org"], "stale"
    gaps = [later[0] - earlier[0] for earlier, later in pairwise(sent)]
    assert min(gaps) >= timedelta(milliseconds=500), "faster than the provider allows"
    assert not house.waiting()
    assert MailState.UNCERTAIN not in house.states().values()


def test_what_was_tried_for_23_hours_waits_for_a_person(house: House) -> None:
    """It may be out: only the provider's word, or a person, settles it. Its follower stays back."""
    house.provider.default = DOWN["down"]
    start = house.now
    house.propose(house.patron())

    house.pass_time(start + timedelta(hours=25))

    states = sorted(house.states().values())
    assert states == [MailState.QUEUED, MailState.UNCERTAIN]
    before = len(house.provider.received)
    house.provider.default = Answer()
    house.pass_time(start + timedelta(hours=30))
    assert before == len(house.provider.received)


def test_many_workers_recover_together(house: House) -> None:
    """After a pause the queue opens for all, at one pace, each mail once."""
    house.provider.default = DOWN["refusing our key"]
    for number in range(6):
        house.propose(house.patron(f"m{number}@example.com", f"Moe{number}"), f"n{number}@x.org.uk")
    house.dispatcher.run_once()
    house.provider.default = Answer(headers={"ratelimit-limit": "10"})
    house.clock.advance(timedelta(minutes=6))
    seen = len(house.provider.received)
    sender = ResendSender(api_key="re_test", api_url=house.provider.url)
    workers = [
        Dispatcher(
            house.database,
            sender,
            house.codec,
            house.clock,
            mailboxes_of=mailboxes_of,
            jitter=lambda: 0.5,
        )
        for _ in range(3)
    ]
    for _turn in range(200):
        together(*[worker.run_once for worker in workers])
        house.clock.advance(timedelta(milliseconds=200))
        if not house.waiting():
            break

    keys = [r.headers["idempotency-key"] for r in house.provider.received[seen:]]
    assert 12 == len(keys) == len(set(keys))
