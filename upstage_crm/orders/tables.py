"""Baskets, orders, their lines and steps, and tickets.

What was sold is never edited: a later step adds lines that reverse others, and new ones.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from upstage_crm.core.db import Row, UtcDateTime, text_enum
from upstage_crm.orders.views import (
    REASON_LIMIT,
    BasketKind,
    BasketState,
    StepKind,
    TicketState,
)
from upstage_crm.programme.prices.views import SaleChannel

_VALID = sa.text("state = 'valid'")
_SEATED = sa.text("state = 'valid' AND seat_id <> ''")
_PATRONS = sa.text("patron_id IS NOT NULL")
_UNDONE = sa.text("state IN ('open', 'paying')")
_SECRET = sa.text("token_hash <> ''")
_KNOWN = sa.text("email_key <> ''")
_NAMED = sa.text("name_key <> ''")
_FILED = sa.text("filed_at IS NULL")
_REVERSED = sa.text("reverses <> ''")
_UNSEALED = sa.text("seal_id IS NULL")


class BasketRow(Row, table=True):
    """What a buyer is about to buy. Its id is the holder of the seats in it.

    `token_hash` is the digest of the secret in a portal visitor's cookie, "" at a till. `contact`
    is what the buyer has typed so far, as JSON. `label` says what a parked one is found by.
    """

    __tablename__ = "basket"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.Index(
            "uq_basket_token",
            "token_hash",
            unique=True,
            sqlite_where=_SECRET,
            postgresql_where=_SECRET,
        ),
        sa.Index("ix_basket_undone", "changed_at", sqlite_where=_UNDONE, postgresql_where=_UNDONE),
    )

    id: str = Field(primary_key=True, max_length=32)
    kind: BasketKind = Field(sa_column=sa.Column(text_enum(BasketKind), nullable=False))
    state: BasketState = Field(sa_column=sa.Column(text_enum(BasketState), nullable=False))
    channel: SaleChannel = Field(sa_column=sa.Column(text_enum(SaleChannel), nullable=False))
    token_hash: str = Field(default="", max_length=64)
    patron_id: str | None = Field(default=None, foreign_key="patron.id", max_length=32)
    staff_id: str = Field(default="", max_length=32)
    shift_id: str = Field(default="", max_length=32)
    language: str = Field(max_length=16)
    contact: str = Field(default="{}", sa_type=sa.Text)
    label: str = Field(default="", max_length=80)
    priced_at: datetime = Field(sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)
    order_id: str | None = Field(default=None, max_length=32)


class BasketLineRow(Row, table=True):
    """One ticket in a basket, at the price that was promised."""

    __tablename__ = "basket_line"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint

    basket_id: str = Field(primary_key=True, foreign_key="basket.id", max_length=32)
    key: str = Field(primary_key=True, max_length=240)
    performance_id: str = Field(foreign_key="performance.id", max_length=32)
    seat_id: str = Field(default="", max_length=200)
    pool_id: str = Field(default="", max_length=32)
    zone: str = Field(max_length=200)
    type_id: str = Field(foreign_key="price_type.id", max_length=32)
    comp_reason: str = Field(default="", max_length=32)
    amount: int


class OrderRow(Row, table=True):
    """A completed sale. `total` is what it came to as it was sold.

    `filed_at` is when a guest's order was put beside a record; None until a job has done it.
    `claimed_at` is when the patron of the record was known to be the buyer: at once where a patron
    or a clerk said so, and for a guest's order once its mailbox is proven.
    """

    __tablename__ = "orders"  # pyright: ignore[reportAssignmentType]  # "order" is a word of SQL
    __table_args__ = (
        sa.Index("uq_orders_reference", "reference", unique=True),
        sa.Index("uq_orders_basket", "basket_id", unique=True),
        sa.Index(
            "ix_orders_patron", "patron_id", "id", sqlite_where=_PATRONS, postgresql_where=_PATRONS
        ),
        sa.Index("ix_orders_unfiled", "id", sqlite_where=_FILED, postgresql_where=_FILED),
        sa.Index("ix_orders_created_at", "created_at", "id"),
    )

    id: str = Field(primary_key=True, max_length=32)
    reference: str = Field(max_length=8)
    basket_id: str = Field(max_length=32)
    channel: SaleChannel = Field(sa_column=sa.Column(text_enum(SaleChannel), nullable=False))
    patron_id: str | None = Field(default=None, foreign_key="patron.id", max_length=32)
    staff_id: str = Field(default="", max_length=32)
    shift_id: str = Field(default="", max_length=32)
    currency: str = Field(max_length=3)
    total: int = Field(sa_type=sa.BigInteger)
    tax_mode: str = Field(max_length=16)
    created_at: datetime = Field(sa_type=UtcDateTime)
    filed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    claimed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class OrderContactRow(Row, table=True):
    """What the buyer typed for this order: personal data, which nothing changes but its erasure."""

    __tablename__ = "order_contact"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.Index(
            "ix_order_contact_email", "email_key", sqlite_where=_KNOWN, postgresql_where=_KNOWN
        ),
        sa.Index("ix_order_contact_name", "name_key", sqlite_where=_NAMED, postgresql_where=_NAMED),
    )

    order_id: str = Field(primary_key=True, foreign_key="orders.id", max_length=32)
    email: str = Field(default="", max_length=320)
    email_key: str = Field(default="", max_length=320)
    name: str = Field(default="", max_length=200)
    name_key: str = Field(default="", max_length=200)
    phone: str = Field(default="", max_length=40)
    language: str = Field(max_length=16)


class OrderStepRow(Row, table=True):
    """One thing that happened to an order, by its number. `key` makes it happen once."""

    __tablename__ = "order_step"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.Index("uq_order_step_n", "order_id", "n", unique=True),
        sa.Index("uq_order_step_key", "key", unique=True),
    )

    id: str = Field(primary_key=True, max_length=32)
    order_id: str = Field(foreign_key="orders.id", max_length=32)
    n: int
    kind: StepKind = Field(sa_column=sa.Column(text_enum(StepKind), nullable=False))
    key: str = Field(max_length=80)
    total: int = Field(sa_type=sa.BigInteger)
    staff_id: str = Field(default="", max_length=32)
    shift_id: str = Field(default="", max_length=32)
    reason: str = Field(default="", max_length=REASON_LIMIT)
    created_at: datetime = Field(sa_type=UtcDateTime)


class OrderLineRow(Row, table=True):
    """One thing in an order, with its price as it was made. Another line may reverse it, once."""

    __tablename__ = "order_line"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.Index("ix_order_line_order", "order_id"),
        sa.Index("ix_order_line_performance", "performance_id"),
        sa.Index(
            "uq_order_line_reverses",
            "reverses",
            unique=True,
            sqlite_where=_REVERSED,
            postgresql_where=_REVERSED,
        ),
    )

    id: str = Field(primary_key=True, max_length=32)
    order_id: str = Field(foreign_key="orders.id", max_length=32)
    step_id: str = Field(foreign_key="order_step.id", max_length=32)
    kind: str = Field(max_length=16)
    performance_id: str = Field(default="", max_length=32)
    zone: str = Field(default="", max_length=200)
    type_id: str = Field(default="", max_length=32)
    price_id: str = Field(default="", max_length=32)
    window_id: str = Field(default="", max_length=32)
    amount: int
    fees: str = Field(default="[]", sa_type=sa.Text)
    fee_amount: int = Field(default=0)
    tax: int
    tax_basis_points: int
    steps: str = Field(default="[]", sa_type=sa.Text)
    reverses: str = Field(default="", max_length=32)


class TicketRow(Row, table=True):
    """The right to enter. `code_version` counts the codes that were drawn for it.

    `salt` and `seal_id` are those of the ledger's seals: the trail commits to what was sold.
    """

    __tablename__ = "ticket"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.CheckConstraint("(seat_id = '') <> (pool_id = '')", name="ck_ticket_place"),
        sa.CheckConstraint("code_version > 0", name="ck_ticket_code_version"),
        sa.Index(
            "uq_ticket_seat",
            "performance_id",
            "seat_id",
            unique=True,
            sqlite_where=_SEATED,
            postgresql_where=_SEATED,
        ),
        sa.Index("uq_ticket_line", "line_id", unique=True),
        sa.Index("ix_ticket_order", "order_id"),
        sa.Index("ix_ticket_valid", "performance_id", sqlite_where=_VALID, postgresql_where=_VALID),
        sa.Index("ix_ticket_unsealed", "id", sqlite_where=_UNSEALED, postgresql_where=_UNSEALED),
    )

    id: str = Field(primary_key=True, max_length=32)
    order_id: str = Field(foreign_key="orders.id", max_length=32)
    line_id: str = Field(foreign_key="order_line.id", max_length=32)
    performance_id: str = Field(foreign_key="performance.id", max_length=32)
    seat_id: str = Field(default="", max_length=200)
    pool_id: str = Field(default="", max_length=32)
    place: str = Field(max_length=240)
    zone: str = Field(max_length=200)
    type_id: str = Field(foreign_key="price_type.id", max_length=32)
    amount: int
    state: TicketState = Field(sa_column=sa.Column(text_enum(TicketState), nullable=False))
    holder_id: str | None = Field(default=None, max_length=32)
    code_version: int = Field(default=1)
    collected_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    salt: str = Field(max_length=32)
    seal_id: str | None = Field(default=None, max_length=32)
    created_at: datetime = Field(sa_type=UtcDateTime)
