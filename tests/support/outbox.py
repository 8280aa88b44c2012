"""Parts for tests of the outbox: a sender that does as told, drafts, one look at a row."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from upstage_crm.core.clock import Clock
from upstage_crm.core.db import Database
from upstage_crm.links.codec import LinkCodec, LinkKey
from upstage_crm.mail import outbox, queries
from upstage_crm.mail.compose import Composer
from upstage_crm.mail.delivery import Transport
from upstage_crm.mail.message import Audience, MailDraft, MailKind, MailMessage
from upstage_crm.mail.samples import sample_draft
from upstage_crm.mail.sending.dispatcher import Dispatcher
from upstage_crm.mail.sending.sender import (
    Accepted,
    Sender,
)

FROM = "Lyric Theatre <hello@lyric.example>"
OUTSIDE = Composer(mail_from=FROM, transport=Transport.RESEND)
INSIDE = Composer(mail_from=FROM, transport=Transport.LOCAL)
CODEC = LinkCodec([LinkKey("k1", b"1" * 32)])
MATTER = "a" * 32


class ScriptedSender:
    """Stands for the provider: keeps every request, answers from a script, then accepts.

    As the real one it knows keys: the same key again is the first answer again.
    """

    transport = Transport.RESEND

    def __init__(self, rate: float = 1_000.0) -> None:
        self.rate = rate
        self.script: deque[BaseException | Callable[[], None]] = deque()
        self.calls: list[tuple[str, MailMessage]] = []
        self.accepted: dict[str, str] = {}
        self._lock = threading.Lock()

    def will(self, *steps: BaseException | Callable[[], None]) -> None:
        """Raise or do these, one per call, before accepting anything further."""
        self.script.extend(steps)

    def send(self, message: MailMessage, *, idempotency_key: str) -> Accepted:
        with self._lock:
            self.calls.append((idempotency_key, message))
            step = self.script.popleft() if self.script else None
        if isinstance(step, BaseException):
            raise step
        if step is not None:
            step()
        with self._lock:
            provider_id = self.accepted.setdefault(idempotency_key, f"re_{len(self.accepted) + 1}")
        return Accepted(provider_id)


def draft(
    key: str,
    *,
    kind: MailKind = MailKind.DECISION_REQUEST,
    audience: Audience = Audience.PROPOSED,
    at: datetime,
    kid: str = "k1",
    **changes: Any,
) -> MailDraft:
    """A sample draft under `key`, about the request `MATTER` unless told otherwise."""
    made = sample_draft(kind, audience, kid=kid, at=at)
    return replace(made, **{"dedupe_key": key, "request_id": MATTER, **changes})


def notice(key: str, *, at: datetime, **changes: Any) -> MailDraft:
    """A notice to the current address, which a decision mail may have to wait for."""
    return draft(key, kind=MailKind.CHANGE_NOTICE, audience=Audience.CURRENT, at=at, **changes)


def enqueue(
    database: Database, mail: MailDraft, *, now: datetime, composer: Composer = OUTSIDE
) -> str:
    """Queue one mail in a transaction of its own."""
    with database.transaction() as session:
        return outbox.enqueue(session, mail, composer=composer, now=now)


def row(database: Database, mail_id: str) -> Any:
    """The row as it is stored."""
    with database.reading() as session:
        found = sa.select(outbox.OUTBOX).where(outbox.OUTBOX.c.id == mail_id)
        return session.connection().execute(found).one()


def count(database: Database) -> int:
    """How many mails there are."""
    with database.reading() as session:
        return queries.mails(session).total


def dispatcher(
    database: Database,
    sender: Sender,
    clock: Clock,
    *,
    codec: LinkCodec = CODEC,
    lease: timedelta = timedelta(seconds=60),
) -> Dispatcher:
    """A dispatcher whose waits are exactly as long as their nominal length."""
    return Dispatcher(
        database,
        sender,
        codec,
        clock,
        mailboxes_of=anywhere,
        lease=lease,
        jitter=lambda: 0.5,
    )


class _Everybody:
    def __contains__(self, _address: object) -> bool:
        return True


def anywhere(_session: object, _claims: object) -> Any:
    """Every mailbox: tests of the queue send links of requests that do not exist."""
    return _Everybody()
