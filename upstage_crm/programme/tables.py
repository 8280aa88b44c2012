"""Events and their performances."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from upstage_crm.core.db import UtcDateTime, text_enum
from upstage_crm.programme.views import PerformanceState

_HOLDS = sa.text("state <> 'cancelled'")


class EventRow(SQLModel, table=True):
    """What is performed: a production, a concert."""

    __tablename__ = "event"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint

    id: str = Field(primary_key=True, max_length=32)
    title: str = Field(max_length=160)
    genre: str = Field(default="", max_length=80)
    running_time: str = Field(default="", max_length=160)
    age_advice: str = Field(default="", max_length=160)
    content_notes: str = Field(default="", sa_type=sa.Text)
    description: str = Field(default="", sa_type=sa.Text)
    version: int = Field(default=1)  # counts the changes
    created_at: datetime = Field(sa_type=UtcDateTime)


class PerformanceRow(SQLModel, table=True):
    """An event at one local time in one hall.

    `day` and `time` are what the clocks of `zone` show; `starts_at` is the instant. `access` names
    what makes it easier for some visitors, with commas.
    """

    __tablename__ = "performance"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.Index("ix_performance_event_id", "event_id", "starts_at"),
        sa.Index("ix_performance_starts_at", "starts_at"),
        sa.Index(
            "uq_performance_hall",
            "hall_id",
            "starts_at",
            unique=True,
            sqlite_where=_HOLDS,
            postgresql_where=_HOLDS,
        ),
    )

    id: str = Field(primary_key=True, max_length=32)
    event_id: str = Field(foreign_key="event.id", max_length=32)
    hall_id: str = Field(foreign_key="hall.id", max_length=32)
    day: str = Field(max_length=10)
    time: str = Field(max_length=5)
    zone: str = Field(max_length=64)
    starts_at: datetime = Field(sa_type=UtcDateTime)
    access: str = Field(default="", max_length=120)
    state: PerformanceState = Field(
        sa_column=sa.Column(text_enum(PerformanceState), nullable=False)
    )
    created_at: datetime = Field(sa_type=UtcDateTime)
