"""The append-only trail, and which rows its entries commit to.

`upstage_crm.audit.guards.triggers` makes the database refuse anything else.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from upstage_crm.audit.events import Action, ActorKind, Channel
from upstage_crm.core.db import Row, UtcDateTime, text_enum

# SQLite numbers a key by itself only where it is an INTEGER.
_LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_STANDING = sa.text("ended_at IS NULL")


class AuditEntryRow(Row, table=True):
    """One line of the trail, chained to the line before it by `previous_hash`.

    The last entry of each record is signed: its signature covers itself and the `covers - 1`
    entries before it, so no signature ever vouches for an entry that another writer slipped in.
    """

    __tablename__ = "audit_entry"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint
    __table_args__ = (
        sa.Index("ix_audit_entry_actor", "actor_kind", "seq"),
        sa.Index("ix_audit_entry_actor_action", "actor_kind", "action", "seq"),
    )

    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=UtcDateTime)
    actor_kind: ActorKind = Field(sa_column=sa.Column(text_enum(ActorKind), nullable=False))
    actor_id: str | None = Field(default=None, max_length=32, index=True)
    actor_label: str = Field(max_length=200)
    channel: Channel = Field(sa_column=sa.Column(text_enum(Channel), nullable=False))
    action: Action = Field(sa_column=sa.Column(text_enum(Action), nullable=False, index=True))
    patron_id: str | None = Field(default=None, max_length=32, index=True)
    request_id: str | None = Field(default=None, max_length=32, index=True)
    facts: str = Field(sa_type=sa.Text)
    commitments: str = Field(sa_type=sa.Text)
    previous_hash: str = Field(max_length=64)
    hash: str = Field(max_length=64, unique=True)
    # On the last entry of what was recorded together: how many entries the signature covers.
    covers: int | None = Field(default=None)
    kid: str | None = Field(default=None, max_length=64)
    signature: str | None = Field(default=None, max_length=128)


class AuditValueRow(Row, table=True):
    """A personal value behind a commitment, with its salt. Erasure may delete it."""

    __tablename__ = "audit_value"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint

    seq: int = Field(primary_key=True, foreign_key="audit_entry.seq")
    name: str = Field(primary_key=True, max_length=64)
    value: str | None = Field(default=None, sa_type=sa.Text)
    salt: str = Field(max_length=32)


class AuditHeadRow(Row, table=True):
    """The one row that orders all writers of the trail; always locked last."""

    __tablename__ = "audit_head"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint

    id: int = Field(primary_key=True)
    seq: int
    hash: str = Field(max_length=64)


class RecordedRow(Row, table=True):
    """Which entry commits to which subject; the newest one decides. Append-only."""

    __tablename__ = "recorded_row"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint

    subject: str = Field(primary_key=True, max_length=32)
    row_id: str = Field(primary_key=True, max_length=64)
    seq: int = Field(primary_key=True, foreign_key="audit_entry.seq", index=True)


class TouchedRow(Row, table=True):
    """The log of every change to a recorded or sealed row, written by triggers. Append-only.

    `subject` is a subject of `proven_rows` or a sealed table, `op` is `born`, `changed` or `gone`.
    `tx` is the transaction's number on PostgreSQL, where numbers are not given in the order of
    commits; SQLite has one writer at a time and needs none.
    """

    __tablename__ = "touched_row"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (sa.Index("ix_touched_row_tx", "tx"),)

    n: int = Field(sa_column=sa.Column(_LONG, primary_key=True, autoincrement=True))
    subject: str = Field(max_length=32)
    row_id: str = Field(max_length=160)
    op: str = Field(max_length=8)
    tx: int | None = Field(default=None, sa_type=sa.BigInteger)


class IntegrityFindingRow(Row, table=True):
    """A row that is not what the trail or its seal says; it ends when it is restored.

    `detail` names what differs: tables, rows and columns, never a value. `first_by` is the first
    of two staff members who say that it shall be restored.
    """

    __tablename__ = "integrity_finding"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.Index(
            "uq_integrity_finding_open",
            "subject",
            "row_id",
            unique=True,
            sqlite_where=_STANDING,
            postgresql_where=_STANDING,
        ),
    )

    id: str = Field(primary_key=True, max_length=32)
    subject: str = Field(max_length=32)
    row_id: str = Field(max_length=160)
    problem: str = Field(max_length=32)
    detail: str = Field(sa_type=sa.Text)
    found_at: datetime = Field(sa_type=UtcDateTime)
    first_by: str | None = Field(default=None, max_length=32)
    first_label: str | None = Field(default=None, max_length=200)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
