"""What became of a mail after it left, as facts with times; and what they say of a mailbox."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import seals
from upstage_crm.core.db import on_the_way
from upstage_crm.mail import event_log
from upstage_crm.mail.delivery import ENDED_UNSENT, MailState, Transport
from upstage_crm.mail.message import Audience, MailKind
from upstage_crm.mail.outbox import OUTBOX
from upstage_crm.mail.provider_events import EventKind

# Built once: every approval asks what became of its notice.
_BY_ID = sa.select(OUTBOX).where(OUTBOX.c.id == sa.bindparam("mail_id"))
ASKING = (MailKind.DECISION_REQUEST, MailKind.DECISION_REMINDER)
CAME_BACK = sa.or_(OUTBOX.c.bounced_at.is_not(None), OUTBOX.c.suppressed_at.is_not(None))

_WORDING = (
    sa.select(OUTBOX.c.payload)
    .where(
        OUTBOX.c.request_id == sa.bindparam("matter"),
        OUTBOX.c.audience == sa.bindparam("reader"),
        OUTBOX.c.kind.in_(
            (MailKind.DECISION_REQUEST, MailKind.CHANGE_NOTICE, MailKind.DESK_NOTICE)
        ),
    )
    .order_by(OUTBOX.c.id.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class AskingHistory:
    """What one mailbox got about one request: whether a mail came back, and how many reminders.

    `notice_again_at` is when it was reminded of the notice, if it was.
    """

    came_back: bool
    reminders: int
    notice_again_at: datetime | None


def asking_history(session: Session, *, request_id: str, audience: Audience) -> AskingHistory:
    """What a mailbox was sent so far to decide about a request."""
    columns = (OUTBOX.c.kind, OUTBOX.c.created_at, CAME_BACK.label("came_back"))
    query = sa.select(*columns).where(
        OUTBOX.c.request_id == request_id, OUTBOX.c.audience == audience
    )
    rows = session.connection().execute(query).all()
    return AskingHistory(
        came_back=any(row.came_back for row in rows),
        reminders=sum(row.kind is MailKind.DECISION_REMINDER for row in rows),
        notice_again_at=max(
            (row.created_at for row in rows if row.kind is MailKind.NOTICE_REMINDER), default=None
        ),
    )


# The provider's words for a bounce that tells of the mail or of a list, and not of the mailbox.
_NOT_THE_MAILBOXS = (
    *("suppressed", "onaccountsuppressionlist", "unsubscribedrecipient"),
    *("contentrejected", "attachmentrejected", "messagetoolarge"),
)


@dataclass(frozen=True, slots=True)
class Fate:
    """When mails to an address came back for good, and when others arrived."""

    bounces: Collection[datetime]
    deliveries: Collection[datetime]


def fate_of(session: Session, *, patron_id: str, to_address: str) -> Fate:
    """What became of the mails about a patron to one address, as far as it tells of the mailbox."""
    query = sa.select(OUTBOX.c.id, OUTBOX.c.transport, OUTBOX.c.state, OUTBOX.c.settled_at).where(
        OUTBOX.c.patron_id == patron_id, OUTBOX.c.to_address == to_address
    )
    mails = session.connection().execute(query).mappings().all()
    told = [
        event
        for events in event_log.proven_of(session, [mail["id"] for mail in mails]).values()
        for event in events
    ]
    return Fate(
        bounces=[
            event.at
            for event in told
            if event.kind is EventKind.BOUNCED
            and event.is_permanent
            and event.detail.casefold() not in _NOT_THE_MAILBOXS
        ],
        deliveries=[
            *(event.at for event in told if event.kind is EventKind.DELIVERED),
            *(mail["settled_at"] for mail in mails if _is_kept(mail)),
        ],
    )


@dataclass(frozen=True, slots=True)
class Arrival:
    """What became of one mail. `delivered_at` counts for the built-in mailbox when it was kept."""

    queued_at: datetime
    delivered_at: datetime | None
    is_unsent: bool
    has_bounced: bool
    is_complained: bool
    is_suppressed: bool


def arrival_of(session: Session, mail_id: str) -> Arrival:
    """What became of a mail so far. That it arrived is believed of a proven event alone.

    Raises:
        RowNotProven: the mail is none of ours.
    """
    row = session.connection().execute(_BY_ID, {"mail_id": mail_id}).mappings().one()
    seals.prove(session, "mail_outbox", row)
    told = event_log.proven_of(session, [mail_id]).get(mail_id, ())
    arrived = [event.at for event in told if event.kind is EventKind.DELIVERED]
    return Arrival(
        queued_at=row["created_at"],
        delivered_at=row["settled_at"] if _is_kept(row) else min(arrived, default=None),
        is_unsent=row["state"] in ENDED_UNSENT,
        has_bounced=row["bounced_at"] is not None,
        is_complained=row["complained_at"] is not None,
        is_suppressed=row["suppressed_at"] is not None,
    )


def arrived(session: Session, request_ids: Collection[str]) -> set[str]:
    """Of these requests, those whose question has reached a mailbox, as far as anyone told us."""
    is_kept = (OUTBOX.c.transport == Transport.LOCAL) & (OUTBOX.c.state == MailState.CAPTURED)
    query = (
        sa.select(OUTBOX.c.request_id)
        .where(
            OUTBOX.c.request_id.in_(request_ids),
            on_the_way(OUTBOX.c.kind.in_(ASKING)),
            sa.or_(OUTBOX.c.delivered_at.is_not(None), is_kept),
        )
        .distinct()
    )
    return set(session.connection().execute(query).scalars())


def _is_kept(mail: sa.RowMapping) -> bool:
    """Whether a mail is in our own mailbox: one that goes to the provider never is."""
    return mail["transport"] is Transport.LOCAL and mail["state"] is MailState.CAPTURED


def wording_hash(session: Session, *, request_id: str, audience: Audience) -> str:
    """The SHA-256, in hex, of the newest mail in which a mailbox was asked or told; "" if none.

    Of the mail as it was frozen, before its link was put in.
    """
    asked = {"matter": request_id, "reader": audience}
    payload = session.connection().execute(_WORDING, asked).scalar_one_or_none()
    return "" if payload is None else hashlib.sha256(payload.encode()).hexdigest()
