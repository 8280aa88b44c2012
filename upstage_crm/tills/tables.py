"""Tills, the shifts at them, and what is put into their drawers and taken out.

What was sold in a shift stands in the ledger, which names the shift.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from upstage_crm.core.db import Row, UtcDateTime, text_enum
from upstage_crm.tills.views import NAME_LIMIT, REASON_LIMIT, GiftState, MoveKind

KEY_LIMIT = 80  # characters
_USED, _OPEN = sa.text("retired_at IS NULL"), sa.text("closed_at IS NULL")
_ASKED = sa.text("state = 'asked'")


class TillRow(Row, table=True):
    """A place where money is taken. One that is retired takes no shift, and its name is free."""

    __tablename__ = "till"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.Index(
            "uq_till_name_key", "name_key", unique=True, sqlite_where=_USED, postgresql_where=_USED
        ),
    )

    id: str = Field(primary_key=True, max_length=32)
    name: str = Field(max_length=NAME_LIMIT)
    name_key: str = Field(max_length=KEY_LIMIT)
    version: int = Field(default=1)  # counts the changes
    created_at: datetime = Field(sa_type=UtcDateTime)
    retired_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class TillShiftRow(Row, table=True):
    """One person's time at a till: a till has one open shift at most, and so has a staff member.

    `number` counts the shifts of the till that were no training: the number of their Z report.
    `practised` is the cash that a training pretends to have taken. Amounts are minor units. What
    was expected and counted is written when the shift is closed, and stays.
    """

    __tablename__ = "till_shift"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.CheckConstraint("float_amount >= 0 AND practised >= 0", name="ck_till_shift_amounts"),
        sa.CheckConstraint("is_training OR practised = 0", name="ck_till_shift_practised"),
        sa.CheckConstraint("is_training = (number IS NULL)", name="ck_till_shift_number"),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (counted_cash IS NULL)", name="ck_till_shift_counted"
        ),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (expected_cash IS NULL)", name="ck_till_shift_expected"
        ),
        sa.Index(
            "uq_till_shift_open", "till_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
        ),
        sa.Index(
            "uq_till_shift_staff",
            "staff_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        sa.Index("uq_till_shift_number", "till_id", "number", unique=True),
        sa.Index("ix_till_shift_opened_at", "opened_at"),
    )

    id: str = Field(primary_key=True, max_length=32)
    till_id: str = Field(foreign_key="till.id", max_length=32)
    staff_id: str = Field(max_length=32)
    staff_label: str = Field(max_length=120)
    is_training: bool
    number: int | None = Field(default=None)
    currency: str = Field(max_length=3)
    float_amount: int = Field(sa_type=sa.BigInteger)
    practised: int = Field(default=0, sa_type=sa.BigInteger)
    opened_at: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_by: str = Field(default="", max_length=120)
    expected_cash: int | None = Field(default=None, sa_type=sa.BigInteger)
    counted_cash: int | None = Field(default=None, sa_type=sa.BigInteger)
    expected_terminal: int | None = Field(default=None, sa_type=sa.BigInteger)
    counted_terminal: int | None = Field(default=None, sa_type=sa.BigInteger)  # None: not counted


class DrawerMoveRow(Row, table=True):
    """Cash put into a drawer or taken out of it, other than by a sale."""

    __tablename__ = "drawer_move"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.CheckConstraint("amount > 0", name="ck_drawer_move_amount"),
        sa.Index("ix_drawer_move_shift_id", "shift_id"),
    )

    id: str = Field(primary_key=True, max_length=32)
    shift_id: str = Field(foreign_key="till_shift.id", max_length=32)
    kind: MoveKind = Field(sa_column=sa.Column(text_enum(MoveKind), nullable=False))
    amount: int
    reason: str = Field(max_length=REASON_LIMIT)
    made_by: str = Field(max_length=120)
    created_at: datetime = Field(sa_type=UtcDateTime)


class TillGiftRow(Row, table=True):
    """Complimentary tickets above what one person may give alone, until another has decided."""

    __tablename__ = "till_gift"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.CheckConstraint("seats > 0", name="ck_till_gift_seats"),
        sa.Index("uq_till_gift_basket", "basket_id", unique=True),
        sa.Index("ix_till_gift_asked", "id", sqlite_where=_ASKED, postgresql_where=_ASKED),
    )

    id: str = Field(primary_key=True, max_length=32)
    basket_id: str = Field(max_length=32)
    shift_id: str = Field(foreign_key="till_shift.id", max_length=32)
    type_id: str = Field(max_length=32)
    reason: str = Field(max_length=32)
    seats: int
    about: str = Field(max_length=REASON_LIMIT)
    asked_by_id: str = Field(max_length=32)
    asked_by: str = Field(max_length=120)
    state: GiftState = Field(sa_column=sa.Column(text_enum(GiftState), nullable=False))
    decided_by_id: str | None = Field(default=None, max_length=32)
    decided_by: str = Field(default="", max_length=120)
    created_at: datetime = Field(sa_type=UtcDateTime)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
