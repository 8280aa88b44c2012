"""The append-only trail. `upstage_crm.audit.guards` makes the database refuse anything else."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from upstage_crm.audit.events import Action, ActorKind, Channel
from upstage_crm.core.db import UtcDateTime, text_enum


class AuditEntryRow(SQLModel, table=True):
    """One line of the trail, chained to the line before it by `previous_hash`."""

    __tablename__ = "audit_entry"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint

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


class AuditValueRow(SQLModel, table=True):
    """A personal value behind a commitment, with its salt. Erasure may delete it."""

    __tablename__ = "audit_value"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint

    seq: int = Field(primary_key=True, foreign_key="audit_entry.seq")
    name: str = Field(primary_key=True, max_length=64)
    value: str | None = Field(default=None, sa_type=sa.Text)
    salt: str = Field(max_length=32)


class AuditHeadRow(SQLModel, table=True):
    """The one row that orders all writers of the trail; always locked last."""

    __tablename__ = "audit_head"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint

    id: int = Field(primary_key=True)
    seq: int
    hash: str = Field(max_length=64)
