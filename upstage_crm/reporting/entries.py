"""The entries behind a number of a report, the newest first."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.ledger.queries import ENTRY, TRANSACTION
from upstage_crm.reporting import rollups
from upstage_crm.reporting.day_sums import IS_SALE, LINE, ORDER, booked_between
from upstage_crm.reporting.views import NONE, BookedEntry, EntriesOf
from upstage_crm.tills.queries import SHIFT

# The shift says who sold where the transaction does not.
_STAFF: sa.ColumnElement[Any] = sa.func.coalesce(TRANSACTION.c.staff_id, SHIFT.c.staff_id)
_SOURCE = (
    ENTRY.join(TRANSACTION, TRANSACTION.c.id == ENTRY.c.transaction_id)
    .outerjoin(LINE, LINE.c.id == ENTRY.c.line_id)
    .outerjoin(ORDER, ORDER.c.id == TRANSACTION.c.order_id)
    .outerjoin(SHIFT, SHIFT.c.id == TRANSACTION.c.shift_id)
)
_ENTRIES = sa.select(
    ENTRY,
    TRANSACTION.c.booked_at,
    TRANSACTION.c.kind,
    TRANSACTION.c.order_id,
    TRANSACTION.c.shift_id,
    ORDER.c.reference,
    ORDER.c.channel,
    LINE.c.zone,
    LINE.c.type_id,
    _STAFF.label("staff"),
).select_from(_SOURCE)
_PLACE = sa.tuple_(ENTRY.c.transaction_id, ENTRY.c.n)


def entries(
    session: Session, wanted: EntriesOf, *, before: str = "", limit: int
) -> list[BookedEntry]:
    """Entries with what they are about; `before` is the key of the one to go on from."""
    query = _ENTRIES.where(*_conditions(session, wanted))
    if before:
        transaction_id, _, n = before.partition("-")
        place = sa.tuple_(sa.literal(transaction_id), sa.literal(int(n) if n.isdecimal() else 0))
        query = query.where(place > _PLACE)
    query = query.order_by(ENTRY.c.transaction_id.desc(), ENTRY.c.n.desc()).limit(limit)
    return [_entry(row) for row in session.connection().execute(query).mappings()]


def total(session: Session, wanted: EntriesOf) -> int:
    """What these entries sum to."""
    query = sa.select(sa.func.coalesce(sa.func.sum(ENTRY.c.amount), 0)).select_from(_SOURCE)
    return int(session.connection().scalar(query.where(*_conditions(session, wanted))) or 0)


def _conditions(session: Session, wanted: EntriesOf) -> list[sa.ColumnElement[bool]]:
    start, end = rollups.instants(wanted.days, rollups.zone_of(session))
    lists: tuple[tuple[Any, Any], ...] = (
        (ENTRY.c.account, wanted.accounts),
        (TRANSACTION.c.kind, wanted.kinds),
        (ENTRY.c.performance_id, wanted.performances),
    )
    words: tuple[tuple[Any, Any], ...] = (
        (LINE.c.zone, wanted.zone),
        (LINE.c.type_id, wanted.type_id),
        (ORDER.c.channel, wanted.channel),
    )
    found = booked_between(start, end)
    found += [column.in_(values) for column, values in lists if values]
    found += [column == value for column, value in words if value]
    if wanted.is_sale:
        found.append(IS_SALE)
    if wanted.staff_id == NONE:
        found.append(_STAFF.is_(None))
    elif wanted.staff_id:
        found.append(_STAFF.in_([wanted.staff_id]))
    if wanted.shifts:
        shift = TRANSACTION.c.shift_id
        found.append(shift.is_(None) if NONE in wanted.shifts else shift.in_(wanted.shifts))
    return found


def _entry(row: sa.RowMapping) -> BookedEntry:
    return BookedEntry(
        key=f"{row['transaction_id']}-{row['n']}",
        booked_at=row["booked_at"],
        kind=row["kind"],
        account=row["account"],
        amount=row["amount"],
        order_id=row["order_id"] or "",
        reference=row["reference"] or "",
        performance_id=row["performance_id"] or "",
        zone=row["zone"] or "",
        type_id=row["type_id"] or "",
        channel=row["channel"],
        shift_id=row["shift_id"] or "",
        staff_id=row["staff"] or "",
    )
