"""What needs care on a record: disputes, and what two staff members do to a record."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from upstage_crm.change_requests.model.rules import (
    DeskMethod,
    Finding,
    FreezeCause,
    RecordChangeKind,
)
from upstage_crm.core.db import Row, UtcDateTime, text_enum
from upstage_crm.patrons.tables import PatronStatus

_FROZEN = sa.text("cleared_at IS NULL")
_UNDONE = sa.text("done_at IS NULL AND declined_at IS NULL")


class PatronFreezeRow(Row, table=True):
    """A patron in dispute: nothing more is proposed until two staff members have cleared it.

    `finding` is what the first found out, and by which `method`; the second has to agree.
    """

    __tablename__ = "patron_freeze"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint
    __table_args__ = (
        sa.Index(
            "uq_patron_freeze_open",
            "patron_id",
            unique=True,
            sqlite_where=_FROZEN,
            postgresql_where=_FROZEN,
        ),
    )

    id: str = Field(primary_key=True, max_length=32)
    patron_id: str = Field(foreign_key="patron.id", index=True, max_length=32)
    request_id: str = Field(foreign_key="change_request.id", max_length=32)
    cause: FreezeCause = Field(sa_column=sa.Column(text_enum(FreezeCause), nullable=False))
    opened_at: datetime = Field(sa_type=UtcDateTime)
    first_id: str | None = Field(default=None, foreign_key="staff.id", max_length=32)
    first_label: str | None = Field(default=None, max_length=200)
    first_note: str = Field(default="", max_length=500)
    first_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    second_id: str | None = Field(default=None, foreign_key="staff.id", max_length=32)
    second_label: str | None = Field(default=None, max_length=200)
    second_note: str = Field(default="", max_length=500)
    cleared_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finding: Finding | None = Field(default=None, sa_column=sa.Column(text_enum(Finding)))
    method: DeskMethod | None = Field(default=None, sa_column=sa.Column(text_enum(DeskMethod)))


class ErasureRow(Row, table=True):
    """An erasure of a patron's values: asked for by one staff member, confirmed by another.

    While it is confirmed and not done, the database lets the patron's values become empty, and
    nothing else.
    """

    __tablename__ = "erasure"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint
    __table_args__ = (
        sa.Index(
            "uq_erasure_open",
            "patron_id",
            unique=True,
            sqlite_where=_UNDONE,
            postgresql_where=_UNDONE,
        ),
    )

    id: str = Field(primary_key=True, max_length=32)
    patron_id: str = Field(foreign_key="patron.id", index=True, max_length=32)
    reason: str = Field(default="", max_length=500)
    requested_by: str = Field(foreign_key="staff.id", max_length=32)
    requested_label: str = Field(max_length=200)
    requested_at: datetime = Field(sa_type=UtcDateTime)
    confirmed_by: str | None = Field(default=None, foreign_key="staff.id", max_length=32)
    confirmed_label: str | None = Field(default=None, max_length=200)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    declined_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RecordChangeRow(Row, table=True):
    """A change of a record's protection or status: asked for, and confirmed by another member.

    The database lets the mark change while such a row is confirmed (or needs nobody to confirm
    it) and not done. `status_from` and `status_to` are of a change of status alone.
    """

    __tablename__ = "record_change"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint
    __table_args__ = (
        sa.Index(
            "uq_record_change_open",
            "patron_id",
            "kind",
            unique=True,
            sqlite_where=_UNDONE,
            postgresql_where=_UNDONE,
        ),
    )

    id: str = Field(primary_key=True, max_length=32)
    patron_id: str = Field(foreign_key="patron.id", index=True, max_length=32)
    kind: RecordChangeKind = Field(sa_column=sa.Column(text_enum(RecordChangeKind), nullable=False))
    status_from: PatronStatus | None = Field(
        default=None, sa_column=sa.Column(text_enum(PatronStatus))
    )
    status_to: PatronStatus | None = Field(
        default=None, sa_column=sa.Column(text_enum(PatronStatus))
    )
    needs_second: bool = Field(sa_column=sa.Column(sa.Boolean, nullable=False))
    reason: str = Field(default="", max_length=500)
    requested_by: str = Field(foreign_key="staff.id", max_length=32)
    requested_label: str = Field(max_length=200)
    requested_at: datetime = Field(sa_type=UtcDateTime)
    confirmed_by: str | None = Field(default=None, foreign_key="staff.id", max_length=32)
    confirmed_label: str | None = Field(default=None, max_length=200)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    declined_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
