"""Price types, tax rates, the versions of prices, and sale windows."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from upstage_crm.core.db import Row, UtcDateTime, text_enum
from upstage_crm.programme.prices.views import NAME_LIMIT, Audience, SaleChannel

KEY_LIMIT = 160  # characters


class PriceTypeRow(Row, table=True):
    """Who pays a price. `name_key` is the name without case and accents; 0 is no bound."""

    __tablename__ = "price_type"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (sa.Index("uq_price_type_name_key", "name_key", unique=True),)

    id: str = Field(primary_key=True, max_length=32)
    name: str = Field(max_length=NAME_LIMIT)
    name_key: str = Field(max_length=KEY_LIMIT)
    proof: str = Field(default="", max_length=160)
    least: int = Field(default=0)
    most: int = Field(default=0)
    position: int  # among the others
    is_comp: bool = Field(default=False)
    is_retired: bool = Field(default=False)
    version: int = Field(default=1)  # counts the changes
    created_at: datetime = Field(sa_type=UtcDateTime)


class TaxRateRow(Row, table=True):
    """A tax in prices: what was sold with it names it, so its name and rate never change."""

    __tablename__ = "tax_rate"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint

    id: str = Field(primary_key=True, max_length=32)
    name: str = Field(max_length=NAME_LIMIT)
    basis_points: int
    is_retired: bool = Field(default=False)
    created_at: datetime = Field(sa_type=UtcDateTime)


class PriceListRow(Row, table=True):
    """One version of an event's prices: the database refuses to change or to delete it.

    `fees` is a list of names and amounts as JSON. `cells` says how many prices it has: when they
    are there, the database takes no more.
    """

    __tablename__ = "price_list"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (sa.Index("uq_price_list_version", "event_id", "version", unique=True),)

    id: str = Field(primary_key=True, max_length=32)
    event_id: str = Field(foreign_key="event.id", max_length=32)
    performance_id: str | None = Field(
        default=None, foreign_key="performance.id", max_length=32
    )  # None: of all performances
    version: int
    currency: str = Field(max_length=3)
    tax_rate_id: str = Field(foreign_key="tax_rate.id", max_length=32)
    fees: str = Field(default="[]", sa_type=sa.Text)
    cells: int
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    made_by: str = Field(max_length=120)
    created_at: datetime = Field(sa_type=UtcDateTime)


class PriceRow(Row, table=True):
    """What one ticket of a zone and a price type costs in one version. It never changes."""

    __tablename__ = "price"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.Index("uq_price_cell", "price_list_id", "zone", "price_type_id", unique=True),
        sa.CheckConstraint("amount >= 0", name="ck_price_amount"),
    )

    id: str = Field(primary_key=True, max_length=32)
    price_list_id: str = Field(foreign_key="price_list.id", max_length=32)
    zone: str = Field(max_length=200)
    price_type_id: str = Field(foreign_key="price_type.id", max_length=32)
    amount: int


class SaleWindowRow(Row, table=True):
    """When one audience may buy tickets of an event, or of one performance, through a channel."""

    __tablename__ = "sale_window"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.Index("ix_sale_window_event_id", "event_id", "opens_at"),
        sa.CheckConstraint("closes_at IS NULL OR closes_at > opens_at", name="ck_sale_window_time"),
    )

    id: str = Field(primary_key=True, max_length=32)
    event_id: str = Field(foreign_key="event.id", max_length=32)
    performance_id: str | None = Field(
        default=None, foreign_key="performance.id", max_length=32
    )  # None: of all performances
    audience: Audience = Field(sa_column=sa.Column(text_enum(Audience), nullable=False))
    named: str = Field(default="", max_length=NAME_LIMIT)
    channel: SaleChannel = Field(sa_column=sa.Column(text_enum(SaleChannel), nullable=False))
    opens_at: datetime = Field(sa_type=UtcDateTime)
    closes_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
