"""Reads the books. Every amount is a sum of entries, in minor units; a debit is positive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.ledger.tables import LedgerEntryRow, LedgerTransactionRow
from upstage_crm.ledger.views import Account, Entry

TRANSACTION = table_of(LedgerTransactionRow)
ENTRY = table_of(LedgerEntryRow)
_BOTH = ENTRY.join(TRANSACTION, TRANSACTION.c.id == ENTRY.c.transaction_id)
_IDS = ("order_id", "step_id", "payment_id", "refund_id", "shift_id", "staff_id")
_ENTRIES = (
    sa.select(
        *ENTRY.c,
        TRANSACTION.c.kind,
        TRANSACTION.c.booked_at,
        *(TRANSACTION.c[name] for name in _IDS),
    )
    .select_from(_BOTH)
    .order_by(ENTRY.c.transaction_id, ENTRY.c.n)
)


def balances(
    session: Session,
    *,
    order_id: str = "",
    payment_id: str = "",
    shift_id: str = "",
    performance_id: str = "",
    until: datetime | None = None,
) -> Mapping[Account, int]:
    """What the entries of each account sum to; an account without an entry is not in it.

    Ids narrow it: to an order, a payment, a shift, a performance, or to all of those given. `until`
    leaves out what was booked then or later.
    """
    given = {"order_id": order_id, "payment_id": payment_id, "shift_id": shift_id}
    wanted = [TRANSACTION.c[name] == value for name, value in given.items() if value]
    if until is not None:
        wanted.append(TRANSACTION.c.booked_at < until)
    source: sa.FromClause = _BOTH if wanted else ENTRY
    if performance_id:
        wanted.append(ENTRY.c.performance_id == performance_id)
    found = session.connection().execute(
        sa.select(ENTRY.c.account, sa.func.sum(ENTRY.c.amount))
        .select_from(source)
        .where(*wanted)
        .group_by(ENTRY.c.account)
    )
    return {account: int(total) for account, total in found}


def balance(
    session: Session,
    account: Account,
    *,
    order_id: str = "",
    payment_id: str = "",
    shift_id: str = "",
    performance_id: str = "",
    until: datetime | None = None,
) -> int:
    """What one account holds; the other words are those of `balances`."""
    found = balances(
        session,
        order_id=order_id,
        payment_id=payment_id,
        shift_id=shift_id,
        performance_id=performance_id,
        until=until,
    )
    return found.get(account, 0)


def entries_of_order(session: Session, order_id: str) -> tuple[Entry, ...]:
    """Every entry of an order and of its later steps, the oldest transaction first."""
    return _entries(session, TRANSACTION.c.order_id == order_id)


def entries_of_shift(session: Session, shift_id: str) -> tuple[Entry, ...]:
    """Every entry of a shift, the oldest transaction first."""
    return _entries(session, TRANSACTION.c.shift_id == shift_id)


def entries_of_payment(session: Session, payment_id: str) -> tuple[Entry, ...]:
    """Every entry of a payment and of its refunds, the oldest transaction first."""
    return _entries(session, TRANSACTION.c.payment_id == payment_id)


def entries_of_transactions(session: Session, ids: Sequence[str]) -> tuple[Entry, ...]:
    """Every entry of these transactions, the oldest first."""
    return _entries(session, TRANSACTION.c.id.in_(ids))


def _entries(session: Session, wanted: sa.ColumnElement[bool]) -> tuple[Entry, ...]:
    rows = session.connection().execute(_ENTRIES.where(wanted)).mappings()
    return tuple(_entry(row) for row in rows)


def _entry(row: sa.RowMapping) -> Entry:
    found: dict[str, Any] = {**row}
    found |= {name: row[name] or "" for name in ("performance_id", "line_id", *_IDS)}
    return Entry(**found)
