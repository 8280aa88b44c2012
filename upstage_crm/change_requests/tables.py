"""Change requests, their field changes and the reviews that decide them."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from upstage_crm.change_requests.rules import (
    Cause,
    Decision,
    FieldOutcome,
    ReasonCode,
    RequestState,
    ReviewChannel,
)
from upstage_crm.core.db import UtcDateTime, text_enum
from upstage_crm.links.claims import Reviewer

_OPEN = sa.text("outcome IN ('pending', 'held')")


class ChangeRequestRow(SQLModel, table=True):
    """One proposal for one patron: field changes, one reason, one proposer."""

    __tablename__ = "change_request"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint
    __table_args__ = (
        sa.Index("ix_change_request_state", "state", "created_at"),
        sa.Index("ix_change_request_due", "state", "expires_at"),
    )

    id: str = Field(primary_key=True, max_length=32)
    reference: str = Field(unique=True, max_length=12)
    patron_id: str = Field(foreign_key="patron.id", index=True, max_length=32)
    state: RequestState = Field(sa_column=sa.Column(text_enum(RequestState), nullable=False))
    cause: Cause | None = Field(default=None, sa_column=sa.Column(text_enum(Cause)))
    reason_code: ReasonCode = Field(sa_column=sa.Column(text_enum(ReasonCode), nullable=False))
    reason_text: str = Field(default="", max_length=500)
    proposer_id: str = Field(foreign_key="staff.id", index=True, max_length=32)
    proposer_label: str = Field(max_length=200)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    link_version: int = Field(default=1)
    last_sent_at: datetime = Field(sa_type=UtcDateTime)
    sent_count: int = Field(default=1)


class FieldChangeRow(SQLModel, table=True):
    """One field of a request. Values are canonical JSON objects keyed by patron column."""

    __tablename__ = "field_change"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint
    __table_args__ = (
        sa.Index(
            "uq_field_change_open",
            "patron_id",
            "field",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    id: str = Field(primary_key=True, max_length=32)
    request_id: str = Field(foreign_key="change_request.id", index=True, max_length=32)
    patron_id: str = Field(foreign_key="patron.id", max_length=32)
    field: str = Field(max_length=32)
    kind: str = Field(default="change", max_length=16)
    current_value: str = Field(sa_type=sa.Text)
    proposed_value: str = Field(sa_type=sa.Text)
    proposed_key: str = Field(default="", max_length=254, index=True)
    outcome: FieldOutcome = Field(sa_column=sa.Column(text_enum(FieldOutcome), nullable=False))
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ReviewRow(SQLModel, table=True):
    """One reviewer's decision on one field change; born undecided, decided once."""

    __tablename__ = "review"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint
    __table_args__ = (sa.UniqueConstraint("field_change_id", "reviewer"),)

    id: str = Field(primary_key=True, max_length=32)
    field_change_id: str = Field(foreign_key="field_change.id", index=True, max_length=32)
    request_id: str = Field(foreign_key="change_request.id", index=True, max_length=32)
    reviewer: Reviewer = Field(sa_column=sa.Column(text_enum(Reviewer), nullable=False))
    mailbox: str = Field(max_length=254)
    decision: Decision | None = Field(default=None, sa_column=sa.Column(text_enum(Decision)))
    channel: ReviewChannel | None = Field(
        default=None, sa_column=sa.Column(text_enum(ReviewChannel))
    )
    comment: str = Field(default="", max_length=500)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SuppressedAddressRow(SQLModel, table=True):
    """An address whose owner told us that it is not the patron's: it is never asked again."""

    __tablename__ = "suppressed_address"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint

    address_key: str = Field(primary_key=True, max_length=254)
    request_id: str = Field(foreign_key="change_request.id", max_length=32)
    created_at: datetime = Field(sa_type=UtcDateTime)
