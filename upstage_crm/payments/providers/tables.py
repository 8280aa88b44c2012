"""The rows of the test acquirer: what a provider keeps at its own place. No money is behind them.

No card number is among them, not even a published one.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from upstage_crm.core.db import Row, UtcDateTime, text_enum
from upstage_crm.payments.providers.published_cards import AfterRefund, Outcome
from upstage_crm.payments.providers.rehearsal import Fault, PageState

WORDS_LIMIT = 200
ADDRESS_LIMIT = 500


class AcquirerPageRow(Row, table=True):
    """A page on which something is paid. `payment_id` is the key: one payment has one page."""

    __tablename__ = "acquirer_page"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.CheckConstraint("amount > 0", name="ck_acquirer_page_amount"),
        sa.CheckConstraint(
            "(state = 'paid') = (capture_reference IS NOT NULL)", name="ck_acquirer_page_capture"
        ),
        sa.Index("uq_acquirer_page_payment_id", "payment_id", unique=True),
        sa.Index("uq_acquirer_page_capture_reference", "capture_reference", unique=True),
    )

    id: str = Field(primary_key=True, max_length=64)
    payment_id: str = Field(max_length=32)
    amount: int = Field(sa_type=sa.BigInteger)
    currency: str = Field(max_length=3)
    words: str = Field(max_length=WORDS_LIMIT)
    return_url: str = Field(max_length=ADDRESS_LIMIT)
    back_url: str = Field(max_length=ADDRESS_LIMIT)
    state: PageState = Field(sa_column=sa.Column(text_enum(PageState), nullable=False))
    fault: Fault = Field(sa_column=sa.Column(text_enum(Fault), nullable=False))
    card: str = Field(default="", max_length=40)
    """Brand and last four digits of the card that was tried last."""
    outcome: Outcome = Field(sa_column=sa.Column(text_enum(Outcome), nullable=False))
    after_refund: AfterRefund = Field(sa_column=sa.Column(text_enum(AfterRefund), nullable=False))
    capture_reference: str | None = Field(default=None, max_length=64)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)


class AcquirerRefundRow(Row, table=True):
    """What the test acquirer gives back of a page's payment; `refund_id` is the key.

    Where something becomes of it later, that is at `settles_at`.
    """

    __tablename__ = "acquirer_refund"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.CheckConstraint("amount > 0", name="ck_acquirer_refund_amount"),
        sa.Index("uq_acquirer_refund_refund_id", "refund_id", unique=True),
        sa.Index("ix_acquirer_refund_page_id", "page_id"),
    )

    id: str = Field(primary_key=True, max_length=64)
    page_id: str = Field(foreign_key="acquirer_page.id", max_length=64)
    refund_id: str = Field(max_length=32)
    amount: int = Field(sa_type=sa.BigInteger)
    after_refund: AfterRefund = Field(sa_column=sa.Column(text_enum(AfterRefund), nullable=False))
    settles_at: datetime = Field(sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)


class AcquirerEventRow(Row, table=True):
    """News that the test acquirer has for us: from when on, and how many copies are left."""

    __tablename__ = "acquirer_event"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.CheckConstraint("copies_left >= 0", name="ck_acquirer_event_copies"),
        sa.Index(
            "ix_acquirer_event_due_at",
            "due_at",
            sqlite_where=sa.text("copies_left > 0"),
            postgresql_where=sa.text("copies_left > 0"),
        ),
    )

    id: str = Field(primary_key=True, max_length=64)
    kind: str = Field(max_length=40)
    subject: str = Field(max_length=64)
    due_at: datetime = Field(sa_type=UtcDateTime)
    copies_left: int
