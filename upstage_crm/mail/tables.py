"""The outbox and the gate that paces it."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from upstage_crm.core.db import Row, UtcDateTime, text_enum
from upstage_crm.mail.delivery import MailState, Transport
from upstage_crm.mail.message import Audience, MailKind
from upstage_crm.mail.provider_events import EventKind

_QUEUED = sa.text("state = 'queued'")
_SENDING = sa.text("state = 'sending'")
_FOLLOWS = sa.text("after_id IS NOT NULL")
_KNOWN = sa.text("provider_id IS NOT NULL")
TROUBLED = sa.text(
    "state IN ('failed', 'uncertain') OR bounced_at IS NOT NULL "
    "OR suppressed_at IS NOT NULL OR complained_at IS NOT NULL"
)
"""Mails that did not arrive, may not have, or were not wanted.

Written out, not bound: only so can a database prove that the partial index answers the query.
"""


def is_state(state: MailState) -> str:
    """The condition that a mail is in a state, written out for the same reason."""
    return f"state = '{state.value}'"


def _of_state(state: MailState) -> sa.Index:
    # One partial index each: SQLite would prefer one of all states to that of the due mails.
    where = sa.text(is_state(state))
    name = f"ix_mail_outbox_{state.value}"
    return sa.Index(name, "id", sqlite_where=where, postgresql_where=where)


class MailOutboxRow(Row, table=True):
    """One mail to one mailbox; written with the change it tells of, sent later.

    `payload` is frozen when the row is written: canonical JSON in which only tokens are
    placeholders. `links` holds the frozen claims those tokens are signed from.
    """

    __tablename__ = "mail_outbox"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.Index(
            "ix_mail_outbox_due",
            "priority",
            "next_at",
            sqlite_where=_QUEUED,
            postgresql_where=_QUEUED,
        ),
        sa.Index(
            "ix_mail_outbox_lease", "lease_until", sqlite_where=_SENDING, postgresql_where=_SENDING
        ),
        sa.Index(
            "ix_mail_outbox_after", "after_id", sqlite_where=_FOLLOWS, postgresql_where=_FOLLOWS
        ),
        *(_of_state(state) for state in MailState),
        sa.Index("ix_mail_outbox_kind", "kind", "id"),
        sa.Index("ix_mail_outbox_to", sa.text("lower(to_address)"), "id"),
        sa.Index("ix_mail_outbox_troubled", "id", sqlite_where=TROUBLED, postgresql_where=TROUBLED),
        sa.Index(
            "ix_mail_outbox_provider", "provider_id", sqlite_where=_KNOWN, postgresql_where=_KNOWN
        ),
    )

    id: str = Field(primary_key=True, max_length=32)
    dedupe_key: str = Field(unique=True, max_length=200)
    kind: MailKind = Field(sa_column=sa.Column(text_enum(MailKind), nullable=False))
    language: str = Field(max_length=16)
    transport: Transport = Field(sa_column=sa.Column(text_enum(Transport), nullable=False))
    to_address: str = Field(max_length=320)
    audience: Audience = Field(sa_column=sa.Column(text_enum(Audience), nullable=False))
    subject: str = Field(max_length=998)
    request_id: str | None = Field(default=None, max_length=32, index=True)
    patron_id: str | None = Field(default=None, max_length=32, index=True)
    staff_id: str | None = Field(default=None, max_length=32, index=True)
    after_id: str | None = Field(default=None, foreign_key="mail_outbox.id", max_length=32)
    payload: str = Field(sa_type=sa.Text)
    links: str = Field(sa_type=sa.Text)
    priority: int
    state: MailState = Field(sa_column=sa.Column(text_enum(MailState), nullable=False))
    attempts: int = Field(default=0)
    next_at: datetime = Field(sa_type=UtcDateTime)
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    lease_token: str | None = Field(default=None, max_length=32)
    first_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    provider_id: str | None = Field(default=None, max_length=128)
    last_code: int | None = Field(default=None)
    last_type: str | None = Field(default=None, max_length=64)
    created_at: datetime = Field(sa_type=UtcDateTime)
    # Set on a mail that is just being handed over when its matter ends: it is not tried again.
    cancelled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    delivered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    bounced_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    complained_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    suppressed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    seal: str | None = Field(default=None, max_length=100)


class MailEventRow(Row, table=True):
    """One event of the provider, noted once: `id` is the provider's own name for it.

    `outbox_id` is empty while we do not know the mail. Nothing personal is kept: an event's body
    repeats address and subject, which stand with the mail already.
    """

    __tablename__ = "mail_event"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.Index("ix_mail_event_outbox", "outbox_id", "at"),
        sa.Index("ix_mail_event_provider", "provider_id"),
    )

    id: str = Field(primary_key=True, max_length=128)
    outbox_id: str | None = Field(default=None, foreign_key="mail_outbox.id", max_length=32)
    provider_id: str = Field(max_length=128)
    kind: EventKind = Field(sa_column=sa.Column(text_enum(EventKind), nullable=False))
    detail: str = Field(max_length=64)
    is_permanent: bool
    at: datetime = Field(sa_type=UtcDateTime)
    received_at: datetime = Field(sa_type=UtcDateTime)
    seal: str | None = Field(default=None, max_length=100)


class MailGateRow(Row, table=True):
    """The pace and the pause shared by every worker; always the row with id 1.

    `settled_count` grows with every settled mail: who shows delivery states watches this number.
    """

    __tablename__ = "mail_gate"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    next_slot: datetime | None = Field(default=None, sa_type=UtcDateTime)
    paused_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    paused_reason: str | None = Field(default=None, max_length=64)
    settled_count: int = Field(default=0)
