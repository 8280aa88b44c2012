"""Queueing, taking back, claiming and reading mails, on both databases."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from tests.support.outbox import (
    CODEC,
    INSIDE,
    MATTER,
    OUTSIDE,
    count,
    draft,
    enqueue,
    notice,
    row,
)
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.mail import (
    eml,
    outbox,
    queries,
)
from upstage_crm.mail.delivery import LEASE, MailState, Transport
from upstage_crm.mail.message import AddressInvalid, Audience, MailKind
from upstage_crm.mail.sending import claiming, send_gate

pytestmark = pytest.mark.each_database

RESEND = (Transport.RESEND,)
SECOND = timedelta(seconds=1)


def claim(database: Database, clock: FrozenClock) -> claiming.Claimed | None:
    with database.transaction() as session:
        return claiming.claim(session, now=clock.now(), lease=LEASE, transports=RESEND)


def test_mail_and_its_change_are_stored_together_or_not_at_all(
    database: Database, clock: FrozenClock
) -> None:
    def change_that_fails() -> None:
        with database.transaction() as session:
            outbox.enqueue(session, draft("one", at=clock.now()), composer=OUTSIDE, now=clock.now())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change_that_fails()

    assert count(database) == 0


def test_the_same_key_is_one_mail(database: Database, clock: FrozenClock) -> None:
    first = enqueue(database, draft("one", at=clock.now()), now=clock.now())
    second = enqueue(database, draft("one", at=clock.now()), now=clock.advance(SECOND))

    assert first == second
    assert count(database) == 1


def test_the_same_key_at_the_same_time_is_one_mail(database: Database, clock: FrozenClock) -> None:
    with ThreadPoolExecutor(6) as threads:
        waiting = [
            threads.submit(enqueue, database, draft("one", at=clock.now()), now=clock.now())
            for _ in range(6)
        ]
        ids = {done.result() for done in waiting}

    assert 1 == len(ids) == count(database)


def test_refused_draft_leaves_no_row(database: Database, clock: FrozenClock) -> None:
    evil = draft("one", at=clock.now(), to_address="a@b.example\r\nBcc: c@d.example")
    with pytest.raises(AddressInvalid):
        enqueue(database, evil, now=clock.now())

    assert count(database) == 0


def test_row_holds_claims_and_placeholders_but_no_token(
    database: Database, clock: FrozenClock
) -> None:
    mail = draft("one", at=clock.now())
    stored = row(database, enqueue(database, mail, now=clock.now()))

    token = CODEC.mint(mail.links["decision"])
    whole = json.dumps([str(value) for value in stored])
    assert token not in whole
    assert token.rsplit(".", 1)[1] not in whole
    assert [{"name": "decision", **mail.links["decision"].to_json()}] == json.loads(stored.links)
    assert f"/c/@@token:decision:{stored.id}@@?choice=approve" in stored.payload
    assert (
        stored.state,
        stored.attempts,
        stored.transport,
    ) == (MailState.QUEUED, 0, Transport.RESEND)


def test_mails_of_an_ended_matter_do_not_leave(database: Database, clock: FrozenClock) -> None:
    mine = enqueue(database, draft("one", at=clock.now()), now=clock.now())
    other = enqueue(database, draft("two", at=clock.now(), request_id="b" * 32), now=clock.now())

    with database.transaction() as session:
        cancelled = outbox.cancel_unsent(session, request_id=MATTER, now=clock.now())

    assert cancelled == 1
    assert (
        row(database, mine).state,
        row(database, mine).last_type,
    ) == (MailState.CANCELLED, outbox.MATTER_OVER)
    taken = claim(database, clock)
    assert taken is not None
    assert other == taken.id
    assert claim(database, clock) is None


def test_cancelling_one_kind_ends_what_waits_for_it_and_nothing_else(
    database: Database, clock: FrozenClock
) -> None:
    told = enqueue(database, notice("notice", at=clock.now()), now=clock.now())
    asked = enqueue(database, draft("ask", at=clock.now(), after=told), now=clock.now())
    free = enqueue(database, draft("free", at=clock.now()), now=clock.now())

    with database.transaction() as session:
        cancelled = outbox.cancel_unsent(
            session, request_id=MATTER, now=clock.now(), kinds={MailKind.CHANGE_NOTICE}
        )

    assert cancelled == 2
    states = [row(database, mail_id).state for mail_id in (told, asked, free)]
    assert states == [MailState.CANCELLED, MailState.CANCELLED, MailState.QUEUED]
    assert row(database, asked).last_type == outbox.NOTICE_NOT_SENT


def test_mail_queued_after_one_that_ended_unsent_ends_too(
    database: Database, clock: FrozenClock
) -> None:
    told = enqueue(database, notice("notice", at=clock.now()), now=clock.now())
    with database.transaction() as session:
        outbox.cancel_unsent(session, request_id=MATTER, now=clock.now())

    asked = enqueue(database, draft("ask", at=clock.now(), after=told), now=clock.now())

    assert (
        row(database, asked).state,
        row(database, asked).last_type,
    ) == (MailState.CANCELLED, outbox.NOTICE_NOT_SENT)


def test_most_urgent_mail_is_claimed_first(database: Database, clock: FrozenClock) -> None:
    later = enqueue(database, draft("later", at=clock.now(), priority=30), now=clock.now())
    ask = enqueue(database, draft("ask", at=clock.now()), now=clock.advance(SECOND))
    tell = enqueue(database, notice("tell", at=clock.now()), now=clock.advance(SECOND))

    taken = [claim(database, clock) for _ in range(3)]

    assert [tell, ask, later] == [held.id for held in taken if held]


def test_mail_waits_until_the_one_before_it_was_accepted(
    database: Database, clock: FrozenClock
) -> None:
    told = enqueue(database, notice("tell", at=clock.now()), now=clock.now())
    enqueue(database, draft("ask", at=clock.now(), after=told), now=clock.now())

    first = claim(database, clock)
    assert first is not None
    assert told == first.id
    assert claim(database, clock) is None

    with database.transaction() as session:
        claiming.settle_accepted(session, first, provider_id="re_1", now=clock.now())
    second = claim(database, clock)
    assert second is not None


@pytest.mark.parametrize("state", [MailState.FAILED, MailState.CANCELLED])
def test_mail_ends_with_the_one_it_waits_for(
    database: Database, clock: FrozenClock, state: MailState
) -> None:
    told = enqueue(database, notice("tell", at=clock.now()), now=clock.now())
    asked = enqueue(database, draft("ask", at=clock.now(), after=told), now=clock.now())
    again = enqueue(database, draft("again", at=clock.now(), after=asked), now=clock.now())
    held = claim(database, clock)
    assert held is not None

    with database.transaction() as session:
        claiming.settle_ended(
            session, held, state=state, code=422, type_="validation_error", now=clock.now()
        )

    for mail_id in (asked, again):
        ended = row(database, mail_id)
        assert (state, outbox.NOTICE_NOT_SENT) == (ended.state, ended.last_type)


def test_uncertain_notice_keeps_the_decision_mail_waiting(
    database: Database, clock: FrozenClock
) -> None:
    told = enqueue(database, notice("tell", at=clock.now()), now=clock.now())
    asked = enqueue(database, draft("ask", at=clock.now(), after=told), now=clock.now())
    held = claim(database, clock)
    assert held is not None
    with database.transaction() as session:
        claiming.settle_ended(
            session, held, state=MailState.UNCERTAIN, code=None, type_="x", now=clock.now()
        )

    assert claim(database, clock) is None
    assert MailState.QUEUED is row(database, asked).state


def test_one_mail_has_one_worker(database: Database, clock: FrozenClock) -> None:
    for number in range(12):
        enqueue(database, draft(f"mail/{number}", at=clock.now()), now=clock.now())

    with ThreadPoolExecutor(6) as threads:
        waiting = [threads.submit(claim, database, clock) for _ in range(18)]
        taken = [held.id for done in waiting if (held := done.result())]

    left = [held.id for held in iter(lambda: claim(database, clock), None)]
    assert 12 == len(set(taken + left)) == len(taken + left)


def test_worker_that_wakes_after_its_lease_settles_nothing(
    database: Database, clock: FrozenClock
) -> None:
    mail_id = enqueue(database, draft("one", at=clock.now()), now=clock.now())
    zombie = claim(database, clock)
    assert zombie is not None
    assert claim(database, clock) is None

    clock.advance(LEASE + SECOND)
    survivor = claim(database, clock)
    assert survivor is not None
    with database.transaction() as session:
        assert not claiming.settle_ended(
            session, zombie, state=MailState.FAILED, code=1, type_="late", now=clock.now()
        )
        assert claiming.settle_accepted(session, survivor, provider_id="re_1", now=clock.now())
        assert not claiming.settle_accepted(session, zombie, provider_id="re_2", now=clock.now())

    stored = row(database, mail_id)
    assert (stored.state, stored.provider_id, stored.attempts) == (MailState.SENT, "re_1", 2)


def test_attempt_that_does_not_count_leaves_no_trace(
    database: Database, clock: FrozenClock
) -> None:
    mail_id = enqueue(database, draft("one", at=clock.now()), now=clock.now())
    held = claim(database, clock)
    assert held is not None

    with database.transaction() as session:
        claiming.settle_deferred(
            session, held, code=401, type_="x", next_at=clock.now(), burn=False, now=clock.now()
        )

    stored = row(database, mail_id)
    assert (stored.state, stored.attempts, stored.first_at) == (MailState.QUEUED, 0, None)


def test_gate_gives_one_slot_at_a_time(database: Database, clock: FrozenClock) -> None:
    with database.transaction() as session:
        assert send_gate.take_slot(session, now=clock.now(), rate=2) is None
    with database.transaction() as session:
        assert clock.now() + SECOND / 2 == send_gate.take_slot(session, now=clock.now(), rate=2)
    clock.advance(SECOND / 2)
    with database.transaction() as session:
        assert send_gate.take_slot(session, now=clock.now(), rate=2) is None


def test_paused_gate_opens_again_when_released(database: Database, clock: FrozenClock) -> None:
    with database.transaction() as session:
        send_gate.pause(session, until=clock.now() + 300 * SECOND, reason="key_refused")
    with database.transaction() as session:
        assert send_gate.take_slot(session, now=clock.now(), rate=2) is not None
        assert queries.health(session, now=clock.now()).paused_reason == "key_refused"
        send_gate.release(session)
        assert send_gate.take_slot(session, now=clock.now(), rate=2) is None


def test_every_settlement_moves_the_marker(database: Database, clock: FrozenClock) -> None:
    enqueue(database, draft("one", at=clock.now()), now=clock.now())
    with database.transaction() as session:
        before = send_gate.change_marker(session)
    held = claim(database, clock)
    assert held is not None
    with database.transaction() as session:
        claiming.settle_accepted(session, held, provider_id="re_1", now=clock.now())
        assert before < send_gate.change_marker(session)


def test_words_are_looked_for_in_the_newest_mails_and_a_whole_address_in_all(
    database: Database, clock: FrozenClock
) -> None:
    began = clock.now()
    for number in range(4):
        mail = draft(f"m/{number}", at=clock.now(), to_address=f"P{number}@lovelace.example")
        enqueue(database, mail, now=clock.advance(SECOND), composer=INSIDE)

    def found(query: str, **bounds: Any) -> tuple[list[str], bool]:
        with database.reading() as session:
            page = queries.mails(session, query=query, **{"searched": 2, **bounds})
        return [mail.to_address[:2] for mail in page.items], page.is_partial

    assert found("lovelace") == (["P3", "P2"], True)
    assert found("lovelace", end=began + 3 * SECOND) == (["P1", "P0"], False)
    assert found("lovelace", searched=None) == (["P3", "P2", "P1", "P0"], False)
    assert found("p0@lovelace.example") == (["P0"], False)


def test_mails_are_listed_searched_and_paged(database: Database, clock: FrozenClock) -> None:
    for number in range(5):
        mail = draft(f"m/{number}", at=clock.now(), to_address=f"p{number}_x@lovelace.example")
        enqueue(database, mail, now=clock.advance(SECOND), composer=INSIDE)
    enqueue(database, notice("n", at=clock.now(), request_id="b" * 32), now=clock.advance(SECOND))

    with database.reading() as session:
        newest = queries.mails(session, size=2)
        last = queries.mails(session, size=2, page=3)
        found = queries.mails(session, query="P3_X@")
        nothing = queries.mails(session, query="p%x@")
        notices = queries.mails(session, kind=MailKind.CHANGE_NOTICE)
        mine = queries.mails(session, request_id=MATTER, state=MailState.QUEUED)
        by_request = queries.newest_state_by_request(session, [MATTER, "b" * 32, "c" * 32])

    assert (newest.total, len(newest.items), newest.items[0].audience) == (6, 2, Audience.CURRENT)
    assert [m.to_address for m in last.items] == ["p1_x@lovelace.example", "p0_x@lovelace.example"]
    assert [mail.to_address for mail in found.items] == ["p3_x@lovelace.example"]
    assert (nothing.total, notices.total, mine.total) == (0, 1, 5)
    assert {MATTER, "b" * 32} == by_request.keys()
    assert by_request[MATTER].to_address == "p4_x@lovelace.example"


def test_health_tells_how_long_the_oldest_mail_waits(
    database: Database, clock: FrozenClock
) -> None:
    with database.reading() as session:
        assert queries.health(session, now=clock.now()).oldest_age is None
    enqueue(database, draft("one", at=clock.now()), now=clock.now())
    enqueue(database, draft("two", at=clock.now()), now=clock.advance(SECOND * 30))

    with database.reading() as session:
        health = queries.health(session, now=clock.advance(SECOND * 30))

    assert (health.queued, health.oldest_age) == (2, SECOND * 60)


def test_unknown_mail_is_not_found(database: Database) -> None:
    with database.reading() as session, pytest.raises(queries.MailNotFound):
        queries.mail(session, "0" * 32)


def test_staff_read_a_mail_without_a_live_link(database: Database, clock: FrozenClock) -> None:
    mail = draft("one", at=clock.now())
    mail_id = enqueue(database, mail, now=clock.now())
    token = CODEC.mint(mail.links["decision"])
    with database.reading() as session:
        stored = queries.mail(session, mail_id)

    page, live = eml.document(stored, None), eml.document(stored, CODEC)

    assert token not in page
    assert "@@" not in page
    assert f"/c/{token}?choice=reject" in live
    assert '<base target="_blank">' in page
    assert token not in eml.eml(stored, None).decode()


def test_eml_is_a_whole_mail(database: Database, clock: FrozenClock) -> None:
    mail_id = enqueue(database, draft("one", at=clock.now()), now=clock.now())
    with database.reading() as session:
        raw = eml.eml(queries.mail(session, mail_id), CODEC).decode()

    for line in (
        "To: ada@lovelace.example\r\n",
        "Reply-To: boxoffice@lyric.example\r\n",
        "Date: Mon, 02 Mar 2026 10:00:00 +0000\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "X-Auto-Response-Suppress: All\r\n",
        f"X-Entity-Ref-ID: {mail_id}\r\n",
    ):
        assert line in raw
    assert "text/plain" in raw
    assert "text/html" in raw


def test_link_whose_key_is_gone_is_shown_dead(database: Database, clock: FrozenClock) -> None:
    mail_id = enqueue(database, draft("one", at=clock.now(), kid="gone"), now=clock.now())
    with database.reading() as session:
        stored = queries.mail(session, mail_id)

    assert "/c/not-shown?choice=approve" in eml.document(stored, CODEC)
