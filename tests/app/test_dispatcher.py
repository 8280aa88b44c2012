"""Sending: once, in order, at the right pace, through every kind of trouble, on both databases."""

from __future__ import annotations

import asyncio
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from tests.support.outbox import (
    CODEC,
    INSIDE,
    MATTER,
    ScriptedSender,
    dispatcher,
    draft,
    enqueue,
    notice,
    row,
)
from upstage_crm.core.clock import FrozenClock, SystemClock
from upstage_crm.core.db import Database
from upstage_crm.links.codec import LinkCodec, LinkKey
from upstage_crm.mail import (
    outbox,
    queries,
)
from upstage_crm.mail.delivery import LEASE, MailState
from upstage_crm.mail.message import MailMessage
from upstage_crm.mail.sending import send_gate
from upstage_crm.mail.sending.dispatcher import PAUSE
from upstage_crm.mail.sending.local_sender import LocalSender
from upstage_crm.mail.sending.sender import (
    SendConflict,
    SendDeferred,
    SendPaused,
    SendRejected,
)

pytestmark = pytest.mark.each_database

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def down() -> SendDeferred:
    return SendDeferred(500, "application_error")


def test_mail_leaves_with_live_links_under_its_own_key(
    database: Database, clock: FrozenClock
) -> None:
    mail, sender = draft("one", at=clock.now()), ScriptedSender()
    mail_id = enqueue(database, mail, now=clock.now())

    assert dispatcher(database, sender, clock).run_once() == 1

    ((key, message),) = sender.calls
    token = CODEC.mint(mail.links["decision"])
    assert mail_id == key
    assert f"/c/{token}?choice=approve" in message.text
    assert "@@" not in message.html
    assert {"outbox_id": mail_id, "kind": "decision_request"} == message.tags
    stored = row(database, mail_id)
    assert (MailState.SENT, "re_1", clock.now()) == (
        stored.state,
        stored.provider_id,
        stored.settled_at,
    )
    assert token not in stored.payload


def test_mails_that_stay_here_are_taken_and_settled_in_one_transaction_each(
    database: Database, clock: FrozenClock
) -> None:
    mails = [draft(f"mail/{number}", at=clock.now()) for number in range(5)]
    ids = [enqueue(database, mail, now=clock.now(), composer=INSIDE) for mail in mails]
    worker = dispatcher(database, LocalSender(), clock)
    begun: list[int] = []
    told: list[int] = []
    database.at_begin(lambda _session: begun.append(1))
    database.on_commit(lambda: told.append(1))

    assert worker.run_once() == len(mails)

    assert len(begun) == 2
    assert len(told) == 1, "that mails were taken is no news, that they left is"
    assert {row(database, mail_id).state for mail_id in ids} == {MailState.CAPTURED}


def test_no_transaction_is_open_while_sending(database: Database, clock: FrozenClock) -> None:
    """Another writer commits while the provider takes its time."""

    def write() -> None:
        enqueue(database, draft("two", at=clock.now()), now=clock.now())

    sender = ScriptedSender()
    sender.will(write)
    enqueue(database, draft("one", at=clock.now()), now=clock.now())
    worker = dispatcher(database, sender, clock)

    assert worker.run_once() == 1
    clock.advance(SECOND)
    assert worker.run_once() == 1


def test_local_mailbox_captures_and_sends_nothing(database: Database, clock: FrozenClock) -> None:
    told = enqueue(database, notice("tell", at=clock.now()), now=clock.now(), composer=INSIDE)
    asked = enqueue(
        database, draft("ask", at=clock.now(), after=told), now=clock.now(), composer=INSIDE
    )

    assert dispatcher(database, LocalSender(), clock).run_once() == 2

    assert [row(database, each).state for each in (told, asked)] == [MailState.CAPTURED] * 2


def test_mail_of_local_mode_never_leaves_later(database: Database, clock: FrozenClock) -> None:
    mail_id = enqueue(database, draft("one", at=clock.now()), now=clock.now(), composer=INSIDE)
    sender = ScriptedSender()

    dispatcher(database, sender, clock).run_once()

    assert sender.calls == []
    assert MailState.CAPTURED is row(database, mail_id).state


def test_local_mode_leaves_mails_for_the_provider_alone(
    database: Database, clock: FrozenClock
) -> None:
    mail_id = enqueue(database, draft("one", at=clock.now()), now=clock.now())

    assert dispatcher(database, LocalSender(), clock).run_once() == 0
    assert MailState.QUEUED is row(database, mail_id).state


def test_provider_that_is_down_delays_and_loses_nothing(
    database: Database, clock: FrozenClock
) -> None:
    sender = ScriptedSender()
    sender.will(down(), down(), down(), down(), down(), down())
    mail_id = enqueue(database, draft("one", at=clock.now()), now=clock.now())
    worker = dispatcher(database, sender, clock)

    for wait_s in (5, 30, 120, 600, 1_800, 3_600):
        assert worker.run_once() == 1
        stored = row(database, mail_id)
        assert (stored.state, stored.last_code) == (MailState.QUEUED, 500)
        assert clock.now() + SECOND * wait_s == stored.next_at
        clock.advance(SECOND * (wait_s - 1))
        assert worker.run_once() == 0
        clock.advance(SECOND)

    assert worker.run_once() == 1
    assert MailState.SENT is row(database, mail_id).state
    assert len({(key, message.to_json()) for key, message in sender.calls}) == 1


def test_provider_may_ask_for_more_patience(database: Database, clock: FrozenClock) -> None:
    sender = ScriptedSender()
    sender.will(SendDeferred(503, "unavailable", retry_after=SECOND * 90))
    mail_id = enqueue(database, draft("one", at=clock.now()), now=clock.now())

    dispatcher(database, sender, clock).run_once()

    assert clock.now() + SECOND * 90 == row(database, mail_id).next_at


def test_retries_end_before_the_provider_forgets_the_key(
    database: Database, clock: FrozenClock
) -> None:
    sender = ScriptedSender()
    sender.will(*(down() for _ in range(100)))
    mail_id = enqueue(database, draft("one", at=clock.now()), now=clock.now())
    worker, started = dispatcher(database, sender, clock), clock.now()

    for _ in range(60):
        worker.run_once()
        if row(database, mail_id).state is not MailState.QUEUED:
            break
        clock.set(row(database, mail_id).next_at)

    assert MailState.UNCERTAIN is row(database, mail_id).state
    assert 22 * HOUR <= clock.now() - started < 23 * HOUR
    clock.advance(24 * HOUR)
    assert worker.run_once() == 0


def test_mail_found_a_day_after_a_crash_is_not_sent_again(
    database: Database, clock: FrozenClock
) -> None:
    sender = ScriptedSender()
    sender.will(down())
    mail_id = enqueue(database, draft("one", at=clock.now()), now=clock.now())
    worker = dispatcher(database, sender, clock)
    worker.run_once()

    clock.advance(23 * HOUR)
    worker.run_once()

    assert len(sender.calls) == 1
    assert MailState.UNCERTAIN is row(database, mail_id).state


def test_refused_mail_fails_and_is_shown(database: Database, clock: FrozenClock) -> None:
    sender = ScriptedSender()
    sender.will(SendRejected(422, "validation_error"))
    mail_id = enqueue(database, draft("one", at=clock.now()), now=clock.now())

    dispatcher(database, sender, clock).run_once()

    stored = row(database, mail_id)
    assert (
        stored.state,
        stored.last_code,
        stored.last_type,
    ) == (MailState.FAILED, 422, "validation_error")


def test_key_with_other_content_is_never_tried_again(
    database: Database, clock: FrozenClock
) -> None:
    sender = ScriptedSender()
    sender.will(SendConflict(409, "invalid_idempotent_request"))
    mail_id = enqueue(database, draft("one", at=clock.now()), now=clock.now())
    worker = dispatcher(database, sender, clock)
    worker.run_once()

    clock.advance(HOUR)
    assert worker.run_once() == 0
    assert MailState.UNCERTAIN is row(database, mail_id).state


def test_unexpected_error_is_written_on_the_row(database: Database, clock: FrozenClock) -> None:
    sender = ScriptedSender()
    sender.will(ZeroDivisionError())
    mail_id = enqueue(database, draft("one", at=clock.now()), now=clock.now())

    dispatcher(database, sender, clock).run_once()

    stored = row(database, mail_id)
    assert (stored.state, stored.last_type) == (MailState.QUEUED, "ZeroDivisionError")


def test_refused_key_pauses_the_queue_and_burns_no_attempt(
    database: Database, clock: FrozenClock
) -> None:
    sender = ScriptedSender()
    sender.will(SendPaused(401, "missing_api_key", reason="key_refused"))
    ids = [enqueue(database, draft(f"m/{n}", at=clock.now()), now=clock.now()) for n in range(3)]
    worker = dispatcher(database, sender, clock)

    assert worker.run_once() == 1
    assert worker.run_once() == 0
    assert [row(database, mail_id).attempts for mail_id in ids] == [0, 0, 0]
    with database.reading() as session:
        assert queries.health(session, now=clock.now()).paused_reason == "key_refused"

    clock.advance(PAUSE)
    while worker.run_once():
        clock.advance(SECOND)
    assert [row(database, mail_id).state for mail_id in ids] == [MailState.SENT] * 3
    with database.reading() as session:
        assert queries.health(session, now=clock.now()).paused_reason is None


def test_released_pause_is_noticed_by_a_waiting_worker(
    database: Database, clock: FrozenClock
) -> None:
    sender = ScriptedSender()
    sender.will(SendPaused(401, "missing_api_key", reason="key_refused"))
    enqueue(database, draft("one", at=clock.now()), now=clock.now())
    worker = dispatcher(database, sender, clock)
    worker.run_once()
    assert worker.run_once() == 0

    with database.transaction() as session:
        send_gate.release(session)

    assert worker.run_once() == 1


def test_rate_limit_shuts_the_gate_for_every_worker(database: Database, clock: FrozenClock) -> None:
    sender = ScriptedSender()
    sender.will(SendDeferred(429, "rate_limit_exceeded", retry_after=SECOND * 7, slow_down=True))
    first = enqueue(database, draft("one", at=clock.now()), now=clock.now())
    enqueue(database, draft("two", at=clock.now()), now=clock.now())

    assert dispatcher(database, sender, clock).run_once() == 1
    clock.advance(SECOND * 6)
    assert dispatcher(database, sender, clock).run_once() == 0
    assert row(database, first).attempts == 0

    clock.advance(SECOND)
    assert dispatcher(database, sender, clock).run_once() == 1


def test_two_workers_share_one_pace(database: Database, clock: FrozenClock) -> None:
    sender = ScriptedSender(rate=2)
    for number in range(6):
        enqueue(database, draft(f"m/{number}", at=clock.now()), now=clock.now())
    workers = [dispatcher(database, sender, clock) for _ in range(2)]

    sent: list[int] = []
    for _ in range(12):
        sent.append(sum(worker.run_once() for worker in workers))
        clock.advance(SECOND / 4)

    assert sent == [1, 0] * 6


def test_ended_matter_stops_a_mail_that_failed_once(database: Database, clock: FrozenClock) -> None:
    """The matter ends while the mail is with the provider, who then is not well."""

    def end_matter() -> None:
        with database.transaction() as session:
            outbox.cancel_unsent(session, request_id=MATTER, now=clock.now())
        raise down()

    sender = ScriptedSender()
    sender.will(end_matter)
    mail_id = enqueue(database, draft("one", at=clock.now()), now=clock.now())
    worker = dispatcher(database, sender, clock)
    worker.run_once()

    clock.advance(HOUR)
    assert worker.run_once() == 0
    assert (row(database, mail_id).state, len(sender.calls)) == (MailState.CANCELLED, 1)


def test_mail_that_left_while_its_matter_ended_counts_as_sent(
    database: Database, clock: FrozenClock
) -> None:
    def end_matter() -> None:
        with database.transaction() as session:
            assert outbox.cancel_unsent(session, request_id=MATTER, now=clock.now()) == 0

    sender = ScriptedSender()
    sender.will(end_matter)
    mail_id = enqueue(database, draft("one", at=clock.now()), now=clock.now())

    dispatcher(database, sender, clock).run_once()

    assert MailState.SENT is row(database, mail_id).state


def test_worker_that_died_before_the_matter_ended_is_not_followed(
    database: Database, clock: FrozenClock
) -> None:
    sender = ScriptedSender()
    sender.will(KeyboardInterrupt())
    mail_id = enqueue(database, draft("one", at=clock.now()), now=clock.now())
    with pytest.raises(KeyboardInterrupt):
        dispatcher(database, sender, clock).run_once()
    with database.transaction() as session:
        outbox.cancel_unsent(session, request_id=MATTER, now=clock.now())

    clock.advance(LEASE + SECOND)
    dispatcher(database, sender, clock).run_once()

    assert (row(database, mail_id).state, len(sender.calls)) == (MailState.CANCELLED, 1)


def test_survivor_takes_over_from_a_dead_worker(database: Database, clock: FrozenClock) -> None:
    sender = ScriptedSender()
    sender.will(KeyboardInterrupt())
    mail_id = enqueue(database, draft("one", at=clock.now()), now=clock.now())
    with pytest.raises(KeyboardInterrupt):
        dispatcher(database, sender, clock).run_once()

    survivor = dispatcher(database, sender, clock)
    assert survivor.run_once() == 0
    clock.advance(LEASE + SECOND)
    assert survivor.run_once() == 1

    assert MailState.SENT is row(database, mail_id).state
    first, second = sender.calls
    assert first[0] == second[0]
    assert first[1].to_json() == second[1].to_json()


def test_expired_link_is_not_sent(database: Database, clock: FrozenClock) -> None:
    sender = ScriptedSender()
    mail_id = enqueue(database, draft("one", at=clock.now()), now=clock.now())
    clock.advance(timedelta(days=7))

    dispatcher(database, sender, clock).run_once()

    stored = row(database, mail_id)
    assert sender.calls == []
    assert (stored.state, stored.last_type) == (MailState.CANCELLED, "link_expired")


def test_link_whose_key_was_revoked_is_not_sent(database: Database, clock: FrozenClock) -> None:
    sender = ScriptedSender()
    mail_id = enqueue(database, draft("one", at=clock.now()), now=clock.now())
    ring = LinkCodec([LinkKey("k2", b"2" * 32)])

    dispatcher(database, sender, clock, codec=ring).run_once()

    stored = row(database, mail_id)
    assert sender.calls == []
    assert (stored.state, stored.last_type) == (MailState.FAILED, "link_key_missing")


def test_link_is_signed_with_its_own_key_after_a_rotation(
    database: Database, clock: FrozenClock
) -> None:
    sender, mail = ScriptedSender(), draft("one", at=clock.now())
    enqueue(database, mail, now=clock.now())
    ring = LinkCodec([LinkKey("k2", b"2" * 32), LinkKey("k1", b"1" * 32)])

    dispatcher(database, sender, clock, codec=ring).run_once()

    assert CODEC.mint(mail.links["decision"]) in sender.calls[0][1].text


class UnreliableSender(ScriptedSender):
    """Fails three times in ten, half of these after it had accepted the mail."""

    def __init__(self) -> None:
        super().__init__()
        self._random = random.Random(7)  # the same faults in every run

    def send(self, message: MailMessage, *, idempotency_key: str) -> Any:
        with self._lock:
            drawn = self._random.random()
        if drawn < 0.15:
            raise down()
        accepted = super().send(message, idempotency_key=idempotency_key)
        if drawn < 0.3:
            raise SendDeferred(500, "HttpClientError")
        return accepted


def test_many_workers_lose_nothing_and_double_nothing(
    database: Database, clock: FrozenClock
) -> None:
    sender, total = UnreliableSender(), 40
    for number in range(total):
        enqueue(database, draft(f"m/{number}", at=clock.now()), now=clock.now())

    def work(worker: int) -> None:
        own = dispatcher(database, sender, clock)
        for _ in range(200):
            own.run_once()
            with database.reading() as session:
                if not queries.health(session, now=clock.now()).queued:
                    return
            if worker == 0:
                clock.advance(SECOND)

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(work, number) for number in range(4)]:
            done.result()

    with database.reading() as session:
        settled = queries.mails(session, size=200, state=MailState.SENT).items
    assert total == len(settled) == len(sender.accepted)
    assert sender.accepted == {mail.id: mail.provider_id for mail in settled}
    sent = {(key, message.to_json()) for key, message in sender.calls}
    assert total == len(sent), "every retry carries the same bytes"


async def test_loop_sends_at_once_when_woken_and_stops_when_asked(database: Database) -> None:
    clock, sender = SystemClock(), ScriptedSender()
    arrived = threading.Event()
    sender.will(arrived.set)
    worker = dispatcher(database, sender, clock)
    database.on_commit(worker.wake)

    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    await asyncio.to_thread(enqueue, database, draft("one", at=clock.now()), now=clock.now())
    assert await asyncio.to_thread(arrived.wait, 5)
    stop.set()
    await asyncio.wait_for(running, 5)
    worker.wake()  # harmless once it has stopped


def test_idle_poll_is_one_query(database: Database, clock: FrozenClock) -> None:
    worker = dispatcher(database, ScriptedSender(), clock)
    asked: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement.split(maxsplit=1)[0])

    event.listen(database.engine, "before_cursor_execute", note)
    worker.run_once()

    assert [word for word in asked if word not in ("BEGIN", "ROLLBACK")] == ["SELECT"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_due_mail_is_found_by_its_index(database: Database, clock: FrozenClock) -> None:
    """On SQLite only: the planner of Postgres wants a full table before it takes an index."""
    statements: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        statements.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    dispatcher(database, ScriptedSender(), clock).run_once()
    statement, parameters = next(each for each in statements if each[0].startswith("SELECT"))

    with database.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    steps = [str(step.detail) for step in plan]
    assert any("ix_mail_outbox_due" in step for step in steps)
    assert any("ix_mail_outbox_lease" in step for step in steps)
    assert not any(step.startswith("SCAN") and "USING" not in step for step in steps), steps
