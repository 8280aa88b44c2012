"""Venues, their halls, and the versions of their seat plans."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from upstage_crm.core.db import Row, UtcDateTime

KEY_LIMIT = 240  # characters


class VenueRow(Row, table=True):
    """A building that visitors come to. `name_key` is the name without case and accents."""

    __tablename__ = "venue"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (sa.Index("uq_venue_name_key", "name_key", unique=True),)

    id: str = Field(primary_key=True, max_length=32)
    name: str = Field(max_length=120)
    name_key: str = Field(max_length=KEY_LIMIT)
    address: str = Field(sa_type=sa.Text)
    map_note: str = Field(default="", sa_type=sa.Text)
    step_free: str = Field(default="", sa_type=sa.Text)
    doors: str = Field(default="", sa_type=sa.Text)
    access_notes: str = Field(default="", sa_type=sa.Text)
    version: int = Field(default=1)  # counts the changes
    created_at: datetime = Field(sa_type=UtcDateTime)


class HallRow(Row, table=True):
    """A room of a venue in which something is performed."""

    __tablename__ = "hall"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (sa.Index("uq_hall_name_key", "venue_id", "name_key", unique=True),)

    id: str = Field(primary_key=True, max_length=32)
    venue_id: str = Field(foreign_key="venue.id", max_length=32)
    name: str = Field(max_length=120)
    name_key: str = Field(max_length=KEY_LIMIT)
    step_free: str = Field(default="", sa_type=sa.Text)
    doors: str = Field(default="", sa_type=sa.Text)
    access_notes: str = Field(default="", sa_type=sa.Text)
    version: int = Field(default=1)  # counts the changes
    created_at: datetime = Field(sa_type=UtcDateTime)


class SeatPlanRow(Row, table=True):
    """One version of a hall's seat plan: the database refuses to change or to delete it.

    `plan` is the plan as a file, `digest` its SHA-256 in hex. `design` is what was typed about its
    sections, "" of a plan that came from a file.
    """

    __tablename__ = "seat_plan"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (sa.Index("uq_seat_plan_version", "hall_id", "version", unique=True),)

    id: str = Field(primary_key=True, max_length=32)
    hall_id: str = Field(foreign_key="hall.id", max_length=32)
    version: int
    design: str = Field(default="", sa_type=sa.Text)
    plan: str = Field(sa_type=sa.Text)
    digest: str = Field(max_length=64)
    seats: int
    places: int
    made_by: str = Field(max_length=120)
    created_at: datetime = Field(sa_type=UtcDateTime)
