"""What staff see of the outbox: lists, one mail, the newest state per request, its health."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.counting import count_some
from upstage_crm.core.errors import NotFound
from upstage_crm.core.ids import first_id
from upstage_crm.mail.delivery import MailState, Transport
from upstage_crm.mail.message import Audience, MailKind
from upstage_crm.mail.outbox import OUTBOX
from upstage_crm.mail.sending.send_gate import read_gate
from upstage_crm.mail.tables import TROUBLED, is_state
from upstage_crm.patrons.search.search_query import open_ids
from upstage_crm.patrons.visibility import MAILBOX
from upstage_crm.staff.roles import Role
from upstage_crm.staff.visibility import sees

MAX_PAGE_SIZE = 200
SEARCHED = 10_000  # of the newest mails are read for a word; no index helps with a part of one

# Kinds that say to a reviewer what is asked or told; their wording belongs to the answer.


class MailNotFound(NotFound):
    """There is no mail with this id."""

    code = "mail_not_found"


@dataclass(frozen=True, slots=True)
class MailSummary:
    """One mail without its content. `sent` means accepted; `delivered_at` means delivered."""

    id: str
    dedupe_key: str
    priority: int
    kind: MailKind
    audience: Audience
    language: str
    transport: Transport
    to_address: str
    subject: str
    request_id: str | None
    patron_id: str | None
    staff_id: str | None
    after_id: str | None
    state: MailState
    attempts: int
    next_at: datetime
    first_at: datetime | None
    provider_id: str | None
    last_code: int | None
    last_type: str | None
    created_at: datetime
    settled_at: datetime | None
    delivered_at: datetime | None
    bounced_at: datetime | None
    complained_at: datetime | None
    suppressed_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredMail:
    """One mail with its frozen content; tokens are still placeholders (see `mail.eml`)."""

    summary: MailSummary
    payload: str
    links: str


@dataclass(frozen=True, slots=True)
class MailPage:
    """One page of mails, newest first. `total` is as `count_some` says; 0 when not asked for.

    `is_partial` says that older mails were not searched for the words.
    """

    items: tuple[MailSummary, ...]
    total: int
    page: int
    size: int
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class OutboxHealth:
    """How the outbox does. `oldest_age` is of the longest waiting mail, None when none waits."""

    queued: int
    oldest_age: timedelta | None
    uncertain: int
    paused_reason: str | None
    paused_until: datetime | None


_SUMMARY = [OUTBOX.c[field.name] for field in fields(MailSummary)]


def mails(
    session: Session,
    *,
    page: int = 1,
    size: int = 50,
    request_id: str | None = None,
    patron_id: str | None = None,
    kind: MailKind | None = None,
    state: MailState | None = None,
    troubled: bool = False,
    query: str | None = None,
    reader: Role = Role.OWNER,
    start: datetime | None = None,
    end: datetime | None = None,
    before: str = "",
    is_counted: bool = True,
    searched: int | None = SEARCHED,
) -> MailPage:
    """Page `page` (from 1) of the mails that fit; `query` is looked for in address and subject.

    An address that `reader` may not see is found only when all of it is given. A whole address is
    found however old its mails are, other words in the newest `searched` mails alone, of those
    that `start` and `end` leave; None searches all.

    `start` and `end` bound when they were written. `troubled` leaves those that a person should
    look at: see `TROUBLED`. `before` is the id of the mail that the page comes after, for a reader
    who goes on from one page to the next: no row is skipped again, and nothing has to be counted.
    """
    size = max(1, min(size, MAX_PAGE_SIZE))
    page = max(1, page)
    wanted: list[sa.ColumnElement[bool]] = []
    for column, value in (("request_id", request_id), ("patron_id", patron_id)):
        if value is not None:
            wanted.append(OUTBOX.c[column] == value)
    if kind is not None:
        wanted.append(OUTBOX.c.kind == kind)
    if state is not None:
        wanted.append(sa.literal_column(is_state(state)))
    wanted += _written(start, end)
    if troubled:
        wanted.append(sa.literal_column(f"({TROUBLED.text})"))
    is_partial = False
    if query and query.strip():
        said, is_partial = _search(session, query.strip(), reader, _written(start, end), searched)
        wanted.append(said)
    total = 0
    if is_counted:
        total = count_some(session, sa.select(OUTBOX.c.id).where(*wanted), at_least=page * size)
    if before:
        wanted.append(OUTBOX.c.id < before)
    # Ids are ordered by time, so the primary key is the order of creation.
    rows = session.connection().execute(
        sa.select(*_SUMMARY)
        .where(*wanted)
        .order_by(OUTBOX.c.id.desc())
        .limit(size)
        .offset((page - 1) * size)
    )
    return MailPage(tuple(MailSummary(*row) for row in rows), total, page, size, is_partial)


def mail(session: Session, mail_id: str) -> StoredMail:
    """The mail with its content.

    Raises:
        MailNotFound: there is none with this id.
    """
    stored = sa.select(*_SUMMARY, OUTBOX.c.payload, OUTBOX.c.links).where(OUTBOX.c.id == mail_id)
    row = session.connection().execute(stored).first()
    if row is None:
        raise MailNotFound
    return StoredMail(MailSummary(*tuple(row)[:-2]), row.payload, row.links)


def newest_state_by_request(
    session: Session, request_ids: Collection[str], *, kind: MailKind | None = None
) -> dict[str, MailSummary]:
    """The newest mail (of `kind`, if given) of each request; requests without one are left out."""
    if not request_ids:
        return {}
    newest: sa.Select[Any] = sa.select(sa.func.max(OUTBOX.c.id)).where(
        OUTBOX.c.request_id.in_(tuple(request_ids))
    )
    if kind is not None:
        newest = newest.where(OUTBOX.c.kind == kind)
    newest = newest.group_by(OUTBOX.c.request_id)
    rows = session.connection().execute(sa.select(*_SUMMARY).where(OUTBOX.c.id.in_(newest)))
    return {summary.request_id or "": summary for summary in (MailSummary(*row) for row in rows)}


def newest_with_key(session: Session, start: str) -> MailSummary | None:
    """The newest mail whose dedupe key begins with `start`; None when there is none."""
    found = (
        sa.select(*_SUMMARY)
        .where(OUTBOX.c.dedupe_key.startswith(start, autoescape=True))
        .order_by(OUTBOX.c.id.desc())
        .limit(1)
    )
    row = session.connection().execute(found).mappings().one_or_none()
    return None if row is None else MailSummary(**row)


def health(session: Session, *, now: datetime) -> OutboxHealth:
    """How many mails wait, for how long, and whether the queue is paused and why."""
    queued, queued_id = _count_of(session, MailState.QUEUED)
    sending, sending_id = _count_of(session, MailState.SENDING)
    # Ids are ordered by time.
    first_id = min(filter(None, (queued_id, sending_id)), default=None)
    first = sa.select(OUTBOX.c.created_at).where(OUTBOX.c.id == first_id)
    oldest = session.connection().execute(first).scalar() if first_id else None
    uncertain, _ = _count_of(session, MailState.UNCERTAIN)
    gate = read_gate(session)
    return OutboxHealth(
        queued=queued + sending,
        oldest_age=None if oldest is None else now - oldest,
        uncertain=uncertain,
        paused_reason=gate.paused_reason,
        paused_until=gate.paused_until,
    )


def _count_of(session: Session, state: MailState) -> tuple[int, str | None]:
    """How many mails are in a state, and the first one's id: the index alone says both."""
    ids = sa.select(sa.func.count(), sa.func.min(OUTBOX.c.id))
    found = session.connection().execute(ids.where(sa.literal_column(is_state(state))))
    count, first_id = found.one()
    return count, first_id


def _written(start: datetime | None, end: datetime | None) -> list[sa.ColumnElement[bool]]:
    """That mails were written from `start` on and before `end`; their ids say when."""
    since = [] if start is None else [OUTBOX.c.id >= first_id(start)]
    return since if end is None else [*since, OUTBOX.c.id < first_id(end)]


def _search(
    session: Session,
    text: str,
    reader: Role,
    written: Sequence[sa.ColumnElement[bool]],
    searched: int | None,
) -> tuple[sa.ColumnElement[bool], bool]:
    """Which mails a search finds, and whether it leaves older ones out."""
    whole = _is_to(text)
    known = session.connection().execute(sa.select(OUTBOX.c.id).where(whole).limit(1))
    if "@" in text and known.first() is not None:
        return whole, False
    said = _said(text, reader)
    if searched is None:
        return said, False
    newest = sa.select(OUTBOX.c.id).where(*written).order_by(OUTBOX.c.id.desc())
    oldest = session.connection().scalar(newest.offset(searched).limit(1))
    return (said, False) if oldest is None else (sa.and_(said, OUTBOX.c.id > oldest), True)


def _is_to(address: str) -> sa.ColumnElement[bool]:
    return sa.func.lower(OUTBOX.c.to_address) == address.lower()


def _said(text: str, reader: Role) -> sa.ColumnElement[bool]:
    address = OUTBOX.c.to_address
    subject = OUTBOX.c.subject.icontains(text, autoescape=True)
    part = address.icontains(text, autoescape=True)
    if sees(reader, MAILBOX.key, is_protected=True):
        return sa.or_(subject, part)
    readable = [OUTBOX.c.audience == Audience.STAFF]
    if sees(reader, MAILBOX.key, is_protected=False):
        readable.append(OUTBOX.c.patron_id.in_(open_ids()))
    return sa.or_(subject, _is_to(text), sa.and_(part, sa.or_(*readable)))
