"""The books by day, so that no report reads all of them: made from the ledger, checked against it.

Every entry is in the sums of sales, by performance and by price, or in those of accounts.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from upstage_crm.core.db import Row, UtcDateTime


class RolledDayRow(Row, table=True):
    """A day whose entries are summed up, by the clocks of `zone`."""

    __tablename__ = "rolled_day"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint

    day: str = Field(primary_key=True, max_length=10)
    zone: str = Field(max_length=64)
    rolled_at: datetime = Field(sa_type=UtcDateTime)


class SalesDayRow(Row, table=True):
    """What was sold, or taken back, of one performance on one day. Amounts are what it brought."""

    __tablename__ = "sales_day"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint

    day: str = Field(primary_key=True, max_length=10)
    performance_id: str = Field(primary_key=True, max_length=32)
    is_return: bool = Field(primary_key=True)
    tickets: int
    income_total: int = Field(sa_type=sa.BigInteger)
    fee_total: int = Field(sa_type=sa.BigInteger)
    tax_total: int = Field(sa_type=sa.BigInteger)


class PriceDayRow(Row, table=True):
    """The same sales of one day by zone, price type and channel, of all performances together.

    By performance as well these would be nearly as many as the tickets themselves.
    """

    __tablename__ = "price_day"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint

    day: str = Field(primary_key=True, max_length=10)
    price_zone: str = Field(primary_key=True, max_length=200)
    type_id: str = Field(primary_key=True, max_length=32)
    channel: str = Field(primary_key=True, max_length=32)
    is_return: bool = Field(primary_key=True)
    tickets: int
    income_total: int = Field(sa_type=sa.BigInteger)
    fee_total: int = Field(sa_type=sa.BigInteger)
    tax_total: int = Field(sa_type=sa.BigInteger)


class AccountDayRow(Row, table=True):
    """The other entries of one day: debits and credits, both positive, and how many of each."""

    __tablename__ = "account_day"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint

    day: str = Field(primary_key=True, max_length=10)
    kind: str = Field(primary_key=True, max_length=32)
    account: str = Field(primary_key=True, max_length=32)
    performance_id: str = Field(primary_key=True, max_length=32)
    shift_id: str = Field(primary_key=True, max_length=32)
    staff_id: str = Field(primary_key=True, max_length=32)
    debit: int = Field(sa_type=sa.BigInteger)
    credit: int = Field(sa_type=sa.BigInteger)
    debit_count: int
    credit_count: int
