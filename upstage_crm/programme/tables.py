"""Events, what is said of them in other languages, their pictures, and their performances."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from upstage_crm.core.db import Row, UtcDateTime, text_enum
from upstage_crm.core.languages import SOURCE
from upstage_crm.programme.views import PerformanceState

_EMPTY = sa.text("''")
_HOLDS = sa.text("state <> 'cancelled'")
SELLS = sa.text("state IN ('on_sale', 'paused')")
"""Whether the clock will end a performance, as the index of those says it."""


class EventRow(Row, table=True):
    """What is performed: a production, a concert.

    Its texts are in `language`. `season` is the year in which the season begins that an event
    without performances is planned for. `picture` is the digest of the picture, "" for none.
    """

    __tablename__ = "event"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint

    id: str = Field(primary_key=True, max_length=32)
    title: str = Field(max_length=160)
    genre: str = Field(default="", max_length=80)
    running_minutes: int | None = Field(default=None)  # with the intervals
    interval_minutes: int | None = Field(default=None)  # all intervals together
    age_advice: str = Field(default="", max_length=160)
    content_notes: str = Field(default="", sa_type=sa.Text)
    description: str = Field(default="", sa_type=sa.Text)
    credits: str = Field(
        default="", sa_column=sa.Column(sa.Text, nullable=False, server_default=_EMPTY)
    )
    picture_alt: str = Field(
        default="", sa_column=sa.Column(sa.String(300), nullable=False, server_default=_EMPTY)
    )
    picture: str = Field(
        default="", sa_column=sa.Column(sa.String(64), nullable=False, server_default=_EMPTY)
    )
    language: str = Field(
        default=SOURCE, sa_column=sa.Column(sa.String(16), nullable=False, server_default=SOURCE)
    )
    season: int | None = Field(default=None)
    version: int = Field(default=1)  # counts the changes
    created_at: datetime = Field(sa_type=UtcDateTime)


class EventTextRow(Row, table=True):
    """What is said of an event in another language than its own; "" where that is not said."""

    __tablename__ = "event_text"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint

    event_id: str = Field(primary_key=True, foreign_key="event.id", max_length=32)
    language: str = Field(primary_key=True, max_length=16)
    title: str = Field(default="", max_length=160)
    age_advice: str = Field(default="", max_length=160)
    content_notes: str = Field(default="", sa_type=sa.Text)
    description: str = Field(default="", sa_type=sa.Text)
    picture_alt: str = Field(default="", max_length=300)


class EventPictureRow(Row, table=True):
    """The picture of an event at one of our sizes, as a JPEG of our making."""

    __tablename__ = "event_picture"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint

    event_id: str = Field(primary_key=True, foreign_key="event.id", max_length=32)
    width: int = Field(primary_key=True)  # pixels
    height: int
    content: bytes = Field(sa_type=sa.LargeBinary)


class PerformanceRow(Row, table=True):
    """An event at one local time in one hall.

    `day` and `time` are what the clocks of `zone` show; `starts_at` is the instant. `access` names
    what makes it easier for some visitors, with commas.
    """

    __tablename__ = "performance"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.Index("ix_performance_event_id", "event_id", "starts_at"),
        sa.Index("ix_performance_starts_at", "starts_at"),
        # The clock asks for what is over: what was performed long ago is not in its way.
        sa.Index("ix_performance_sells", "starts_at", sqlite_where=SELLS, postgresql_where=SELLS),
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
    version: int = Field(  # counts the changes
        default=1, sa_column=sa.Column(sa.Integer, nullable=False, server_default="1")
    )
    created_at: datetime = Field(sa_type=UtcDateTime)
