"""What buyers are still to be told: of a step of their order, and of the day of a performance."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from upstage_crm.core.db import Row, UtcDateTime, text_enum
from upstage_crm.orders.letters.letter_rules import LetterOutcome

_UNTOLD = sa.text("told_at IS NULL")


class OrderLetterRow(Row, table=True):
    """A step of an order that its buyer is told of: written with the step, mailed seconds later.

    `outcome` says what became of it; it is None as long as `told_at` is.
    """

    __tablename__ = "order_letter"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.Index(
            "ix_order_letter_untold", "step_id", sqlite_where=_UNTOLD, postgresql_where=_UNTOLD
        ),
    )

    step_id: str = Field(primary_key=True, foreign_key="order_step.id", max_length=32)
    order_id: str = Field(foreign_key="orders.id", max_length=32)
    outcome: LetterOutcome | None = Field(
        default=None, sa_column=sa.Column(text_enum(LetterOutcome, 16), nullable=True)
    )
    told_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class DayOfMailRow(Row, table=True):
    """A holder of tickets for one performance who is told on its day, once.

    `holder` is the patron's id, or the order's for a guest. No address is kept: it is read when
    the mail is due.
    """

    __tablename__ = "day_of_mail"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.Index("uq_day_of_mail_holder", "performance_id", "holder", unique=True),
        sa.Index("ix_day_of_mail_untold", "id", sqlite_where=_UNTOLD, postgresql_where=_UNTOLD),
    )

    id: str = Field(primary_key=True, max_length=32)
    performance_id: str = Field(foreign_key="performance.id", max_length=32)
    holder: str = Field(max_length=32)
    patron_id: str | None = Field(default=None, max_length=32)
    outcome: LetterOutcome | None = Field(
        default=None, sa_column=sa.Column(text_enum(LetterOutcome, 16), nullable=True)
    )
    planned_at: datetime = Field(sa_type=UtcDateTime)
    told_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
