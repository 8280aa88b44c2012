"""Reads tills, shifts and what happened in a drawer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.tills import shift_books
from upstage_crm.tills.errors import UnknownShift
from upstage_crm.tills.tables import DrawerMoveRow, TillRow, TillShiftRow
from upstage_crm.tills.views import MoveView, ShiftReport, ShiftView, TillView

_till, _shift, _move = table_of(TillRow), table_of(TillShiftRow), table_of(DrawerMoveRow)
_SHIFTS = sa.select(_shift, _till.c.name.label("till")).join(_till, _till.c.id == _shift.c.till_id)
_IS_OPEN = _shift.c.closed_at.is_(None)


def tills(session: Session, *, with_retired: bool = False) -> list[TillView]:
    """The tills in the order of their names, each with the shift that is open at it."""
    query = sa.select(_till).order_by(_till.c.name_key, _till.c.id)
    if not with_retired:
        query = query.where(_till.c.retired_at.is_(None))
    shifts = {one.till_id: one for one in _found(session, _SHIFTS.where(_IS_OPEN))}
    return [
        TillView(
            id=row.id,
            name=row.name,
            is_retired=row.retired_at is not None,
            version=row.version,
            shift=shifts.get(row.id),
        )
        for row in session.connection().execute(query)
    ]


def shift(session: Session, shift_id: str) -> ShiftView:
    """One shift.

    Raises:
        UnknownShift: there is none with this id.
    """
    found = _found(session, _SHIFTS.where(_shift.c.id == shift_id))
    if not found:
        raise UnknownShift
    return found[0]


def open_at(session: Session, till_id: str) -> ShiftView | None:
    """The shift that is open at a till."""
    return _first(session, _SHIFTS.where(_shift.c.till_id == till_id, _IS_OPEN))


def open_of(session: Session, staff_id: str) -> ShiftView | None:
    """The open shift of a staff member."""
    return _first(session, _SHIFTS.where(_shift.c.staff_id == staff_id, _IS_OPEN))


def latest(session: Session, *, limit: int = 20) -> list[ShiftView]:
    """The shifts that were opened last, the newest first."""
    query = _SHIFTS.order_by(_shift.c.opened_at.desc(), _shift.c.id.desc()).limit(limit)
    return _found(session, query)


def moves(session: Session, shift_id: str) -> Sequence[MoveView]:
    """What was put into the drawer of a shift and taken out, in its order."""
    query = sa.select(_move).where(_move.c.shift_id == shift_id).order_by(_move.c.id)
    return [
        MoveView(
            kind=row.kind,
            amount=row.amount,
            reason=row.reason,
            made_by=row.made_by,
            created_at=row.created_at,
        )
        for row in session.connection().execute(query)
    ]


def report(session: Session, shift_id: str) -> ShiftReport:
    """The X report of an open shift, or the Z report of a closed one.

    Raises:
        UnknownShift: there is none with this id.
    """
    view, found = shift(session, shift_id), moves(session, shift_id)
    query = sa.select(_shift).where(_shift.c.id == shift_id)
    row = session.connection().execute(query).mappings().one()
    books = shift_books.read(session, view, found, practised=row["practised"])
    return ShiftReport(
        shift=view,
        moves=found,
        takings=books.takings,
        expected_cash=books.cash if view.is_open else row["expected_cash"],
        counted_cash=row["counted_cash"],
        expected_terminal=books.terminal if view.is_open else row["expected_terminal"],
        counted_terminal=row["counted_terminal"],
        closed_by=row["closed_by"],
    )


def _first(session: Session, query: sa.Select[Any]) -> ShiftView | None:
    found = _found(session, query)
    return found[0] if found else None


def _found(session: Session, query: sa.Select[Any]) -> list[ShiftView]:
    return [
        ShiftView(
            id=row.id,
            till_id=row.till_id,
            till=row.till,
            staff_id=row.staff_id,
            staff=row.staff_label,
            is_training=row.is_training,
            number=row.number,
            currency=row.currency,
            float_amount=row.float_amount,
            opened_at=row.opened_at,
            closed_at=row.closed_at,
        )
        for row in session.connection().execute(query)
    ]
