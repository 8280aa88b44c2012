"""Puts mails into the outbox, and takes back those that have not left.

Both happen inside the command's own transaction: no mail without its change, no change without
its mail. Statements are built once; a decision on the patron's page waits for them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import seals
from upstage_crm.core.db import insert_unless_there
from upstage_crm.mail import tables
from upstage_crm.mail.compose import Composer, PreparedMail
from upstage_crm.mail.delivery import ENDED_UNSENT, MailState
from upstage_crm.mail.message import Audience, MailDraft, MailKind
from upstage_crm.mail.placeholders import freeze_links

OUTBOX: sa.Table = tables.MailOutboxRow.metadata.tables["mail_outbox"]
GATE: sa.Table = tables.MailGateRow.metadata.tables["mail_gate"]

NOTICE_NOT_SENT = "notice_not_sent"
MATTER_OVER = "matter_over"

_BY_DEDUPE_KEY = sa.select(OUTBOX).where(OUTBOX.c.dedupe_key == sa.bindparam("key"))
_STATE = sa.select(OUTBOX.c.state).where(OUTBOX.c.id == sa.bindparam("mail_id"))

_IS_QUEUED = OUTBOX.c.state == MailState.QUEUED
_NOW = sa.bindparam("now", type_=OUTBOX.c.created_at.type)
_CANCEL = (
    sa.update(OUTBOX)
    .where(
        OUTBOX.c.request_id == sa.bindparam("matter"),
        OUTBOX.c.state.in_((MailState.QUEUED, MailState.SENDING)),
    )
    .values(
        state=sa.case((_IS_QUEUED, MailState.CANCELLED), else_=OUTBOX.c.state),
        last_type=sa.case((_IS_QUEUED, MATTER_OVER), else_=OUTBOX.c.last_type),
        settled_at=sa.case((_IS_QUEUED, _NOW), else_=None),
        cancelled_at=_NOW,
    )
    .returning(OUTBOX.c.id, OUTBOX.c.state)
)
_HAS_LEFT = (MailState.SENT, MailState.CAPTURED, MailState.SENDING, MailState.UNCERTAIN)
_REACHED = sa.select(OUTBOX.c.audience).where(
    OUTBOX.c.request_id == sa.bindparam("matter"), OUTBOX.c.state.in_(_HAS_LEFT)
)
_CANCEL_KINDS = _CANCEL.where(OUTBOX.c.kind.in_(sa.bindparam("kinds", expanding=True)))


def enqueue(session: Session, draft: MailDraft, *, composer: Composer, now: datetime) -> str:
    """Queue `draft` and return the mail's id; a known `dedupe_key` returns the first mail's id.

    Raises:
        HeaderInvalid, AddressInvalid, CatalogueMismatch: as `Composer.prepare`.
    """
    return enqueue_prepared(session, composer.prepare(draft, now=now), now=now)


def enqueue_prepared(session: Session, mail: PreparedMail, *, now: datetime) -> str:
    """Queue a mail that was rendered before the locks were taken; otherwise as `enqueue`.

    Raises:
        RowNotProven: an attacker has taken the mail's place.
    """
    draft = mail.draft
    state, ended_type = MailState.QUEUED, None
    if draft.after is not None:
        leader: MailState = (
            session.connection().execute(_STATE, {"mail_id": draft.after}).scalar_one()
        )
        if leader in ENDED_UNSENT:
            state, ended_type = leader, NOTICE_NOT_SENT
    values = {
        "id": mail.id,
        "dedupe_key": draft.dedupe_key,
        "kind": draft.kind,
        "language": draft.language,
        "transport": mail.transport,
        "to_address": draft.to_address,
        "audience": draft.audience,
        "subject": mail.message.subject,
        "request_id": draft.request_id,
        "patron_id": draft.patron_id,
        "staff_id": draft.staff_id,
        "after_id": draft.after,
        "payload": mail.message.to_json(),
        "links": freeze_links(draft.links),
        "priority": mail.priority,
        "state": state,
        "attempts": 0,
        "next_at": now,
        "last_type": ended_type,
        "created_at": now,
        "settled_at": None if ended_type is None else now,
    }
    values["seal"] = seals.seal(session, "mail_outbox", values)
    inserted = (
        session.connection()
        .execute(insert_unless_there(session, OUTBOX), values)
        .scalar_one_or_none()
    )
    if inserted is not None:
        return mail.id
    return _queued_before(session, draft.dedupe_key)


def _queued_before(session: Session, dedupe_key: str) -> str:
    """The id of the mail that was queued under this key already.

    Raises:
        RowNotProven: an attacker put it there, so that ours would never leave.
    """
    row = session.connection().execute(_BY_DEDUPE_KEY, {"key": dedupe_key}).mappings().one()
    if not seals.is_former(session, row):
        seals.prove(session, "mail_outbox", row)
    return str(row["id"])


def cancel_unsent(
    session: Session,
    *,
    request_id: str,
    now: datetime,
    kinds: Collection[MailKind] | None = None,
) -> int:
    """Cancel the request's mails that have not left, and return how many were cancelled.

    A mail that is being handed over this instant may still arrive, but is not tried again. Call
    this before queueing the mails that tell of the end. With `kinds` only those are cancelled,
    and whatever waits for them.
    """
    values: dict[str, object] = {"matter": request_id, "now": now}
    statement = _CANCEL
    if kinds is not None:
        statement = _CANCEL_KINDS
        values["kinds"] = tuple(kinds)
    rows = session.connection().execute(statement, values).all()
    cancelled = [row.id for row in rows if row.state is MailState.CANCELLED]
    return len(cancelled) + end_followers(session, cancelled, state=MailState.CANCELLED, now=now)


def cancel_letters(session: Session, *, key: str, now: datetime) -> int:
    """Cancel mails about no request that have not left: those whose key begins with `key`."""
    ended = (
        sa.update(OUTBOX)
        .where(
            OUTBOX.c.dedupe_key.startswith(key, autoescape=True),
            OUTBOX.c.state == MailState.QUEUED,
        )
        .values(state=MailState.CANCELLED, settled_at=now)
    )
    return session.connection().execute(ended).rowcount


def end_followers(
    session: Session, mail_ids: Sequence[str], *, state: MailState, now: datetime
) -> int:
    """End every queued mail that waits, directly or not, for one of `mail_ids`; return how many.

    No one is asked to decide before the one who must be told first was told.
    """
    count, leaders = 0, list(mail_ids)
    while leaders:
        ended = (
            sa.update(OUTBOX)
            .where(OUTBOX.c.after_id.in_(leaders), OUTBOX.c.state == MailState.QUEUED)
            .values(state=state, last_type=NOTICE_NOT_SENT, settled_at=now)
            .returning(OUTBOX.c.id)
        )
        leaders = list(session.connection().execute(ended).scalars())
        count += len(leaders)
    return count


def reached(session: Session, *, request_id: str) -> frozenset[Audience]:
    """Who was mailed about a request, or may have been: queued and ended mails do not count."""
    found = session.connection().execute(_REACHED, {"matter": request_id})
    return frozenset(found.scalars())
