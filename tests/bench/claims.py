"""What the outbox costs on both databases, each against the bare statements it is made of.

Enqueue: storing a prepared mail against the one INSERT. Claim: taking and settling a mail as a
worker does, against the same two writes by primary key, each in a transaction of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from tests.bench.report import Figure, figure, ratios
from tests.conftest import START
from tests.support.outbox import OUTSIDE, draft
from upstage_crm.core.db import Database
from upstage_crm.core.ids import new_id
from upstage_crm.mail import outbox
from upstage_crm.mail.compose import PreparedMail
from upstage_crm.mail.delivery import LEASE, MailState, Transport
from upstage_crm.mail.outbox import OUTBOX
from upstage_crm.mail.sending import claiming

ROUND, ROUNDS = 25, 7  # the first round warms caches up and does not count
_TRANSPORTS = (Transport.RESEND,)
_TAKE = (
    sa.update(OUTBOX)
    .where(OUTBOX.c.id == sa.bindparam("mail"))
    .values(state=MailState.SENDING, lease_until=START, lease_token="t", attempts=1)
)
_SETTLE = (
    sa.update(OUTBOX)
    .where(OUTBOX.c.id == sa.bindparam("mail"))
    .values(state=MailState.SENT, lease_until=None, lease_token=None, settled_at=START)
)


def measure(name: str, database: Database) -> list[Figure]:
    """Figures for one database."""
    stored: list[float] = []
    bare_stored: list[float] = []
    claimed: list[float] = []
    bare_claimed: list[float] = []
    for turn in range(ROUNDS):
        ours, theirs = _mails(f"a{turn}"), _mails(f"b{turn}")
        rows = [_row(mail) for mail in theirs]
        timings = (
            _rate(lambda mail: _store(database, mail), ours),
            _rate(lambda row: _insert(database, row), rows),
            _rate(lambda mail: _claim(database, mail), ours),
            _rate(lambda mail: _take(database, mail), theirs),
        )
        if turn:
            for rate, kept in zip(
                timings, (stored, bare_stored, claimed, bare_claimed), strict=True
            ):
                kept.append(rate)
    area = f"outbox, {name}"
    return [
        figure(area, "mails stored", stored, unit="/s"),
        figure(area, "storing", ratios(stored, bare_stored), against="the bare INSERT"),
        figure(area, "claimed and settled, one worker", claimed, unit="/s"),
        figure(area, "claiming", ratios(claimed, bare_claimed), against="two bare UPDATEs"),
    ]


def _mails(key: str) -> list[PreparedMail]:
    return [
        OUTSIDE.prepare(draft(f"{key}/{number}", at=START), now=START) for number in range(ROUND)
    ]


def _rate(act: Callable[[Any], None], things: list[Any]) -> float:
    begun = time.perf_counter()
    for thing in things:
        act(thing)
    return len(things) / (time.perf_counter() - begun)


def _store(database: Database, mail: PreparedMail) -> None:
    with database.transaction() as session:
        outbox.enqueue_prepared(session, mail, now=START)


def _row(mail: PreparedMail) -> dict[str, Any]:
    return {
        "id": mail.id,
        "dedupe_key": mail.draft.dedupe_key,
        "kind": mail.draft.kind,
        "language": "en",
        "transport": mail.transport,
        "to_address": mail.draft.to_address,
        "audience": mail.draft.audience,
        "subject": mail.message.subject,
        "request_id": mail.draft.request_id,
        "payload": mail.message.to_json(),
        "links": "[]",
        "priority": mail.priority,
        "state": MailState.QUEUED,
        "attempts": 0,
        # Not due while our own worker looks for the next mail.
        "next_at": START + timedelta(days=365),
        "created_at": START,
    }


def _insert(database: Database, row: dict[str, Any]) -> None:
    with database.engine.begin() as connection:
        connection.execute(sa.insert(OUTBOX), row)


def _claim(database: Database, _mail: PreparedMail) -> None:
    with database.reading() as session:
        assert claiming.next_due(session, now=START, transports=_TRANSPORTS)
    with database.transaction() as session:
        found = claiming.claim(session, now=START, lease=LEASE, transports=_TRANSPORTS)
    assert found is not None
    with database.transaction() as session:
        assert claiming.settle_accepted(session, found, provider_id=new_id(START), now=START)


def _take(database: Database, mail: PreparedMail) -> None:
    for statement in (_TAKE, _SETTLE):
        with database.engine.begin() as connection:
            connection.execute(statement, {"mail": mail.id})
