"""Performances that were cancelled or moved after tickets were sold, and the orders behind them."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from upstage_crm.core.db import Row, UtcDateTime, text_enum
from upstage_crm.orders.cancellations.views import Answer, DisruptionKind, Stage

_CANCELLED = sa.text("kind = 'cancelled'")
_LISTED = sa.text("stage = 'listed'")
_OFFERED = sa.text("stage = 'offered'")


class DisruptionRow(Row, table=True):
    """One performance that was cancelled or moved. `answer_days` is how long buyers may choose.

    `was_starts_at` and `was_hall_id` are what the tickets say.
    """

    __tablename__ = "disruption"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.Index(
            "uq_disruption_cancelled",
            "performance_id",
            unique=True,
            sqlite_where=_CANCELLED,
            postgresql_where=_CANCELLED,
        ),
        sa.Index("ix_disruption_performance", "performance_id", "id"),
    )

    id: str = Field(primary_key=True, max_length=32)
    performance_id: str = Field(foreign_key="performance.id", max_length=32)
    kind: DisruptionKind = Field(sa_column=sa.Column(text_enum(DisruptionKind), nullable=False))
    was_starts_at: datetime = Field(sa_type=UtcDateTime)
    was_hall_id: str = Field(foreign_key="hall.id", max_length=32)
    answer_days: int
    staff_id: str = Field(max_length=32)
    created_at: datetime = Field(sa_type=UtcDateTime)


class DisruptedOrderRow(Row, table=True):
    """One order of a disruption, from the list to the last refund.

    `amount` is what was paid for the tickets that the cancellation made void, `rebooked` what of it
    went into tickets for another date. `mail_id` is the mail that told the buyer, "" without a
    mailbox.
    """

    __tablename__ = "disrupted_order"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.CheckConstraint(
            "amount >= 0 AND rebooked >= 0 AND rebooked <= amount",
            name="ck_disrupted_order_amounts",
        ),
        sa.CheckConstraint(
            "(stage = 'settled') = (settled_at IS NOT NULL)", name="ck_disrupted_order_settled"
        ),
        sa.Index("uq_disrupted_order", "disruption_id", "order_id", unique=True),
        sa.Index("ix_disrupted_order_order", "order_id"),
        sa.Index("ix_disrupted_order_listed", "id", sqlite_where=_LISTED, postgresql_where=_LISTED),
        sa.Index(
            "ix_disrupted_order_until",
            "answer_until",
            sqlite_where=_OFFERED,
            postgresql_where=_OFFERED,
        ),
    )

    id: str = Field(primary_key=True, max_length=32)
    disruption_id: str = Field(foreign_key="disruption.id", max_length=32)
    order_id: str = Field(foreign_key="orders.id", max_length=32)
    stage: Stage = Field(sa_column=sa.Column(text_enum(Stage), nullable=False))
    answer: Answer = Field(sa_column=sa.Column(text_enum(Answer), nullable=False))
    amount: int = Field(default=0, sa_type=sa.BigInteger)
    rebooked: int = Field(default=0, sa_type=sa.BigInteger)
    link_version: int = Field(default=1)
    mail_id: str = Field(default="", max_length=32)
    answer_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    offered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class CancellationItemRow(Row, table=True):
    """A ticket that was live as its performance was cancelled."""

    __tablename__ = "cancellation_item"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (sa.Index("ix_cancellation_item_order", "disrupted_order_id"),)

    ticket_id: str = Field(primary_key=True, foreign_key="ticket.id", max_length=32)
    disrupted_order_id: str = Field(foreign_key="disrupted_order.id", max_length=32)
    amount: int
