"""Payments, what is given back of them, and the provider's events. Only this package imports it.

A basket, an order and a shift are opaque ids here, "" for none.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from upstage_crm.core.db import Row, UtcDateTime, text_enum
from upstage_crm.payments.views import (
    DisputeState,
    Method,
    PaymentState,
    RefundCause,
    RefundState,
)

REFERENCE_LIMIT = 255  # characters, as the providers have it
DISPUTE_LIMIT = 160  # what the log of touched rows has room for
NOTE_LIMIT = 120
REASON_LIMIT = 500
_OPEN = sa.text("state IN ('created', 'action_needed')")


class PaymentRow(Row, table=True):
    """One attempt to pay, by one method. `refunded` counts what is given back, pending or done."""

    __tablename__ = "payment"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.CheckConstraint("amount > 0", name="ck_payment_amount"),
        sa.CheckConstraint(
            "refunded >= 0 AND refunded <= amount AND (refunded = 0 OR state = 'captured')",
            name="ck_payment_refunded",
        ),
        sa.CheckConstraint(
            "state IN ('created', 'action_needed', 'captured', 'failed', 'expired')",
            name="ck_payment_state",
        ),
        sa.CheckConstraint(
            "(state IN ('created', 'action_needed')) = (settled_at IS NULL)",
            name="ck_payment_settled_at",
        ),
        sa.Index("uq_payment_reference", "reference", unique=True),
        sa.Index("uq_payment_capture_reference", "capture_reference", unique=True),
        sa.Index("uq_payment_public_name", "public_name", unique=True),
        sa.Index(
            "uq_payment_open_basket",
            "basket_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        sa.Index("ix_payment_basket_id", "basket_id"),
        sa.Index("ix_payment_order_id", "order_id"),
        sa.Index("ix_payment_shift_id", "shift_id"),
        sa.Index(
            "ix_payment_deadline_at", "deadline_at", sqlite_where=_OPEN, postgresql_where=_OPEN
        ),
    )

    id: str = Field(primary_key=True, max_length=32)
    basket_id: str = Field(max_length=32)
    order_id: str = Field(max_length=32)
    method: Method = Field(sa_column=sa.Column(text_enum(Method), nullable=False))
    state: PaymentState = Field(sa_column=sa.Column(text_enum(PaymentState), nullable=False))
    amount: int = Field(sa_type=sa.BigInteger)
    currency: str = Field(max_length=3)
    refunded: int = Field(default=0, sa_type=sa.BigInteger)
    reference: str | None = Field(default=None, max_length=REFERENCE_LIMIT)
    capture_reference: str | None = Field(default=None, max_length=REFERENCE_LIMIT)
    public_name: str = Field(max_length=32)
    shift_id: str = Field(max_length=32)
    note: str = Field(max_length=NOTE_LIMIT)
    deadline_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RefundRow(Row, table=True):
    """Money that is given back. The row is written, and counted, before the provider hears of it.

    `key` is what makes a refund asked for twice one refund; `reference` is the provider's.
    """

    __tablename__ = "refund"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.CheckConstraint("amount > 0", name="ck_refund_amount"),
        sa.CheckConstraint("state IN ('pending', 'done', 'failed')", name="ck_refund_state"),
        sa.CheckConstraint(
            "(state = 'pending') = (settled_at IS NULL)", name="ck_refund_settled_at"
        ),
        sa.Index("uq_refund_key", "key", unique=True),
        sa.Index("uq_refund_reference", "reference", unique=True),
        sa.Index("ix_refund_payment_id", "payment_id"),
        sa.Index(
            "ix_refund_pending",
            "created_at",
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        ),
    )

    id: str = Field(primary_key=True, max_length=32)
    payment_id: str = Field(foreign_key="payment.id", max_length=32)
    amount: int = Field(sa_type=sa.BigInteger)
    state: RefundState = Field(sa_column=sa.Column(text_enum(RefundState), nullable=False))
    cause: RefundCause = Field(sa_column=sa.Column(text_enum(RefundCause), nullable=False))
    reason: str = Field(max_length=REASON_LIMIT)
    key: str = Field(max_length=200)
    reference: str | None = Field(default=None, max_length=REFERENCE_LIMIT)
    created_at: datetime = Field(sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PaymentDisputeRow(Row, table=True):
    """A cardholder's bank wants a payment back; its id is the provider's own.

    The ledger says what is withheld; this says what staff has to do, and until when.
    """

    __tablename__ = "payment_dispute"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.CheckConstraint(
            "(state IN ('open', 'answered')) = (closed_at IS NULL)",
            name="ck_payment_dispute_closed_at",
        ),
        sa.Index("ix_payment_dispute_payment_id", "payment_id"),
        sa.Index("ix_payment_dispute_state", "state", "closed_at"),
    )

    id: str = Field(primary_key=True, max_length=DISPUTE_LIMIT)
    payment_id: str = Field(foreign_key="payment.id", max_length=32)
    amount: int = Field(sa_type=sa.BigInteger)
    currency: str = Field(max_length=3)
    state: DisputeState = Field(sa_column=sa.Column(text_enum(DisputeState, 16), nullable=False))
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    opened_at: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    seal: str | None = Field(default=None, max_length=100)


class ProviderEventRow(Row, table=True):
    """One event of a provider that was acted on; its id is the provider's own.

    It holds no content: what an event is about is asked of the provider again.
    """

    __tablename__ = "provider_event"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (sa.Index("ix_provider_event_payment_id", "payment_id"),)

    id: str = Field(primary_key=True, max_length=REFERENCE_LIMIT)
    provider: str = Field(max_length=32)
    kind: str = Field(max_length=120)
    payment_id: str = Field(max_length=32)
    received_at: datetime = Field(sa_type=UtcDateTime)
