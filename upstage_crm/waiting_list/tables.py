"""Who waits for which performance. The address goes as soon as the place has ended."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from upstage_crm.core.db import Row, UtcDateTime, text_enum
from upstage_crm.waiting_list.views import WaitingState

_ALIVE = sa.text("state IN ('asked', 'waiting', 'offered')")


class WaitingPlaceRow(Row, table=True):
    """One person's place on the list of a performance. The basket `basket_id` holds an offer."""

    __tablename__ = "waiting_place"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.CheckConstraint("places > 0", name="ck_waiting_place_places"),
        sa.CheckConstraint(
            "state <> 'offered' OR (basket_id IS NOT NULL AND offer_until IS NOT NULL)",
            name="ck_waiting_place_offer",
        ),
        sa.Index(
            "uq_waiting_place_address",
            "performance_id",
            "email_key",
            unique=True,
            sqlite_where=_ALIVE,
            postgresql_where=_ALIVE,
        ),
        sa.Index("ix_waiting_place_turn", "state", "performance_id", "confirmed_at"),
        sa.Index("ix_waiting_place_email_key", "email_key"),
    )

    id: str = Field(primary_key=True, max_length=32)
    performance_id: str = Field(foreign_key="performance.id", max_length=32)
    email: str = Field(default="", max_length=254)
    email_key: str = Field(default="", max_length=254)
    places: int
    zone: str = Field(default="", max_length=200)
    language: str = Field(max_length=16)
    state: WaitingState = Field(sa_column=sa.Column(text_enum(WaitingState), nullable=False))
    asked_at: datetime = Field(sa_type=UtcDateTime)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    basket_id: str | None = Field(default=None, max_length=32)
    offer_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
