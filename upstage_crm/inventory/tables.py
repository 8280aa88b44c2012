"""What is free: the state of every seat of a performance, pools of places, and house holds.

Only this package imports it, and only conditional updates whose rows are counted change it.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from upstage_crm.core.db import Row, UtcDateTime, text_enum
from upstage_crm.inventory.views import SeatState

HOLDER_LIMIT = 64  # characters
_HELD = sa.text("state = 'held'")
_OWNED = sa.text("holder IS NOT NULL")


class SeatingRow(Row, table=True):
    """Which version of a seat plan a performance is seated by.

    `is_rush` says that its sale is a declared on-sale, with shorter holds.
    """

    __tablename__ = "seating"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint

    performance_id: str = Field(primary_key=True, foreign_key="performance.id", max_length=32)
    plan_id: str = Field(foreign_key="seat_plan.id", max_length=32)
    is_rush: bool = Field(default=False)
    created_at: datetime = Field(sa_type=UtcDateTime)


class SeatStateRow(Row, table=True):
    """One seat of a performance: there is one row, so there is one owner.

    `holder` is a basket while the seat is held, and the sale afterwards; nothing here knows more of
    either than the id. `changed_at` tells pages that something is new.
    """

    __tablename__ = "seat_state"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.CheckConstraint("state IN ('free', 'held', 'sold', 'blocked')", name="ck_seat_state"),
        sa.CheckConstraint(
            "(state IN ('held', 'sold')) = (holder IS NOT NULL)", name="ck_seat_state_holder"
        ),
        sa.CheckConstraint(
            "(state = 'held') = (expires_at IS NOT NULL)", name="ck_seat_state_expires"
        ),
        sa.CheckConstraint(
            "house_hold_id IS NULL OR state = 'blocked'", name="ck_seat_state_house"
        ),
        sa.Index("ix_seat_state_holder", "holder", sqlite_where=_OWNED, postgresql_where=_OWNED),
        sa.Index(
            "ix_seat_state_expires_at", "expires_at", sqlite_where=_HELD, postgresql_where=_HELD
        ),
        sa.Index("ix_seat_state_changed_at", "changed_at"),
    )

    performance_id: str = Field(
        primary_key=True, foreign_key="seating.performance_id", max_length=32
    )
    seat_id: str = Field(primary_key=True, max_length=200)
    state: SeatState = Field(sa_column=sa.Column(text_enum(SeatState), nullable=False))
    holder: str | None = Field(default=None, max_length=HOLDER_LIMIT)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    extensions_left: int = Field(default=0)
    house_hold_id: str | None = Field(default=None, foreign_key="house_hold.id", max_length=32)
    changed_at: datetime = Field(sa_type=UtcDateTime)


class PoolRow(Row, table=True):
    """Counted places of a performance without numbers. The counters never pass the capacity."""

    __tablename__ = "pool"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.CheckConstraint(
            "held >= 0 AND sold >= 0 AND blocked >= 0 AND held + sold + blocked <= capacity",
            name="ck_pool_capacity",
        ),
        sa.Index("uq_pool_name", "performance_id", "name", unique=True),
    )

    id: str = Field(primary_key=True, max_length=32)
    performance_id: str = Field(foreign_key="seating.performance_id", max_length=32)
    name: str = Field(max_length=200)
    capacity: int
    held: int = Field(default=0)
    sold: int = Field(default=0)
    blocked: int = Field(default=0)
    changed_at: datetime = Field(sa_type=UtcDateTime)


class PoolHoldRow(Row, table=True):
    """The places of a pool that one holder has; the pool's `held` is their sum."""

    __tablename__ = "pool_hold"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.CheckConstraint("places > 0", name="ck_pool_hold_places"),
        sa.Index("ix_pool_hold_holder", "holder"),
        sa.Index("ix_pool_hold_expires_at", "expires_at"),
    )

    pool_id: str = Field(primary_key=True, foreign_key="pool.id", max_length=32)
    holder: str = Field(primary_key=True, max_length=HOLDER_LIMIT)
    places: int
    expires_at: datetime = Field(sa_type=UtcDateTime)
    extensions_left: int


class HouseHoldRow(Row, table=True):
    """Seats, or places of a pool, that the house keeps back until they are released.

    The seats name it in `seat_state`; `places` are those of the pool `pool_id`.
    """

    __tablename__ = "house_hold"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.CheckConstraint("places >= 0", name="ck_house_hold_places"),
        sa.Index("ix_house_hold_performance_id", "performance_id"),
    )

    id: str = Field(primary_key=True, max_length=32)
    performance_id: str = Field(foreign_key="seating.performance_id", max_length=32)
    letter: str = Field(max_length=1)
    reason: str = Field(max_length=200)
    release_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    pool_id: str | None = Field(default=None, foreign_key="pool.id", max_length=32)
    places: int = Field(default=0)
    made_by: str = Field(max_length=120)
    created_at: datetime = Field(sa_type=UtcDateTime)
    released_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
