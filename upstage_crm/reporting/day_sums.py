"""Sums the books up, straight from the ledger: a day for a rollup, or the days without one.

An entry of an order's line on one of three accounts is a sale; every other entry is not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.core.ids import first_id
from upstage_crm.ledger.queries import ENTRY, TRANSACTION
from upstage_crm.ledger.views import Account
from upstage_crm.orders.tables import OrderLineRow, OrderRow
from upstage_crm.reporting.views import Sales

LINE, ORDER = table_of(OrderLineRow), table_of(OrderRow)
SOLD = (Account.DEFERRED_INCOME, Account.DEFERRED_FEES, Account.TAX)
"""What a line of an order is booked on."""
IS_SALE = sa.and_(ENTRY.c.line_id.is_not(None), ENTRY.c.account.in_(SOLD))
_OTHER = sa.or_(ENTRY.c.line_id.is_(None), ENTRY.c.account.not_in(SOLD))
_BOOKED = ENTRY.join(TRANSACTION, TRANSACTION.c.id == ENTRY.c.transaction_id)
_IS_RETURN = (LINE.c.reverses != "").label("is_return")
_KEY = (LINE.c.performance_id, LINE.c.zone, LINE.c.type_id, ORDER.c.channel, _IS_RETURN)
_OF_ORDER = ORDER.c.id == LINE.c.order_id


class SaleKey(NamedTuple):
    """What was sold or taken back."""

    performance_id: str
    zone: str
    type_id: str
    channel: str
    is_return: bool


class OtherKey(NamedTuple):
    """What else was booked; "" for what an entry does not name."""

    kind: str
    account: str
    performance_id: str
    shift_id: str
    staff_id: str


class Sides(NamedTuple):
    """Debits and credits, both positive, and how many of each."""

    debit: int = 0
    credit: int = 0
    debits: int = 0
    credits: int = 0


def sales(
    session: Session,
    start: datetime | None,
    end: datetime | None,
    *,
    performances: Collection[str] | None = None,
) -> dict[SaleKey, Sales]:
    """What was sold from `start` on and before `end`, by what was sold; `performances` narrow it.

    Tickets are counted by the lines of orders, which are there for a complimentary ticket, too;
    the ids of lines tell when they were written. Amounts are those of the ledger.
    """
    counts = _grouped(session, _counted(start, end, performances))
    amounts: defaultdict[SaleKey, dict[Account, int]] = defaultdict(dict)
    row: Any
    for row in session.connection().execute(_amounts(start, end, performances)):
        amounts[_sale_key(row[:5])][row[5]] = -int(row[6])
    found: dict[SaleKey, Sales] = {}
    for key in {**counts, **amounts}:
        held, count = amounts.get(key, {}), counts.get(key, 0)
        found[key] = Sales(
            sold=0 if key.is_return else count,
            returned=count if key.is_return else 0,
            income=held.get(Account.DEFERRED_INCOME, 0),
            fees=held.get(Account.DEFERRED_FEES, 0),
            tax=held.get(Account.TAX, 0),
        )
    return found


def others(
    session: Session, start: datetime | None, end: datetime | None
) -> Mapping[OtherKey, Sides]:
    """Every other entry that was booked from `start` on and before `end`."""
    key = (
        TRANSACTION.c.kind,
        ENTRY.c.account,
        sa.func.coalesce(ENTRY.c.performance_id, ""),
        sa.func.coalesce(TRANSACTION.c.shift_id, ""),
        sa.func.coalesce(TRANSACTION.c.staff_id, ""),
    )
    is_debit = ENTRY.c.amount > 0
    query = (
        sa.select(
            *key,
            sa.func.sum(sa.case((is_debit, ENTRY.c.amount), else_=0)),
            sa.func.sum(sa.case((is_debit, 0), else_=-ENTRY.c.amount)),
            sa.func.sum(sa.case((is_debit, 1), else_=0)),
            sa.func.count(),
        )
        .select_from(_BOOKED)
        .where(_OTHER, *booked_between(start, end))
        .group_by(*key)
    )
    return {
        OtherKey(str(row[0].value), str(row[1].value), *row[2:5]): Sides(
            int(row[5]), int(row[6]), int(row[7]), int(row[8]) - int(row[7])
        )
        for row in session.connection().execute(query)
    }


def booked_between(start: datetime | None, end: datetime | None) -> list[sa.ColumnElement[bool]]:
    """The condition that an entry was booked from `start` on and before `end`.

    A transaction's id tells when it was booked, so its range keeps the planner from all entries.
    """
    at, drawn = TRANSACTION.c.booked_at, ENTRY.c.transaction_id
    return [
        *([at >= start, drawn >= first_id(start)] if start is not None else []),
        *([at < end, drawn < first_id(end)] if end is not None else []),
    ]


def _counted(
    start: datetime | None, end: datetime | None, performances: Collection[str] | None
) -> Any:
    drawn = [
        *([LINE.c.id >= first_id(start)] if start is not None else []),
        *([LINE.c.id < first_id(end)] if end is not None else []),
    ]
    source = LINE.join(ORDER, _OF_ORDER)
    return (
        sa.select(*_KEY, sa.func.count())
        .select_from(source)
        .where(*drawn, *_among(LINE.c.performance_id, performances))
        .group_by(*_KEY)
    )


def _amounts(
    start: datetime | None, end: datetime | None, performances: Collection[str] | None
) -> Any:
    source = _BOOKED.join(LINE, LINE.c.id == ENTRY.c.line_id).join(ORDER, _OF_ORDER)
    key = (*_KEY, ENTRY.c.account)
    return (
        sa.select(*key, sa.func.sum(ENTRY.c.amount))
        .select_from(source)
        .where(
            IS_SALE,
            *booked_between(start, end),
            *_among(ENTRY.c.performance_id, performances),
        )
        .group_by(*key)
    )


def _among(
    column: sa.ColumnElement[Any], performances: Collection[str] | None
) -> list[sa.ColumnElement[bool]]:
    return [] if performances is None else [column.in_(performances)]


def _grouped(session: Session, query: Any) -> dict[SaleKey, int]:
    rows: Any = session.connection().execute(query)
    return {_sale_key(row[:5]): int(row[5]) for row in rows}


def _sale_key(key: Any) -> SaleKey:
    performance_id, zone, type_id, channel, is_return = key
    return SaleKey(performance_id, zone, type_id, str(channel.value), bool(is_return))
