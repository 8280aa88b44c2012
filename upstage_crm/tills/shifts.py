"""Opens and closes shifts, and moves cash in and out of their drawers.

A shift is one person's time at one till. Every movement of its money is booked in the ledger; one
of a training is not, and nothing is booked into a shift that is closed.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, AuditEvent
from upstage_crm.core.db import lock_clause, table_of
from upstage_crm.core.ids import new_id
from upstage_crm.core.money import as_typed
from upstage_crm.core.text import clean_line
from upstage_crm.organisation.currency import currency
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may
from upstage_crm.tills import queries, shift_books, till_commands
from upstage_crm.tills.errors import (
    MoveReasonMissing,
    NothingMoved,
    ShiftClosed,
    ShiftElsewhere,
    TillInUse,
    UnknownShift,
)
from upstage_crm.tills.tables import DrawerMoveRow, TillShiftRow
from upstage_crm.tills.views import REASON_LIMIT, MoveKind, ShiftReport, ShiftView

_shift, _move = table_of(TillShiftRow), table_of(DrawerMoveRow)


def open_shift(
    context: StaffContext[object], *, till_id: str, float_amount: int, is_training: bool = False
) -> str:
    """Begin a shift of the actor at a till with so much cash in the drawer; return its id.

    The float comes from the safe.

    Raises:
        Forbidden: the actor may not run a till.
        UnknownTill, TillRetired: no shift can be at this till.
        TillInUse: a shift is open at it. Facts: `till`, `by`.
        ShiftElsewhere: the actor has an open shift at another till. Facts: `till`.
    """
    ensure_may(context.actor, Permission.RUN_TILLS)
    session, now = context.session, context.now
    till = till_commands.locked(session, till_id)
    if (other := queries.open_at(session, till_id)) is not None:
        raise TillInUse(till=other.till, by=other.staff)
    if (own := queries.open_of(session, context.actor.id)) is not None:
        raise ShiftElsewhere(till=own.till)
    shift_id, code = new_id(now), currency(session)
    row = {
        "id": shift_id,
        "till_id": till_id,
        "staff_id": context.actor.id,
        "staff_label": context.actor.label[:120],
        "is_training": is_training,
        "number": None if is_training else _next_number(session, till_id),
        "currency": code,
        "float_amount": float_amount,
        "practised": 0,
        "opened_at": now,
    }
    try:
        with session.begin_nested():
            session.connection().execute(sa.insert(_shift).values(**row))
    except IntegrityError as error:  # the same person at another till, at the same moment
        raise ShiftElsewhere(till=till["name"]) from error
    shift = queries.shift(session, shift_id)
    shift_books.book_float(context, shift)
    _record(context, Action.SHIFT_OPENED, shift, {"float": as_typed(float_amount, code)})
    return shift_id


def move(
    context: StaffContext[object], *, shift_id: str, kind: MoveKind, amount: int, reason: str
) -> None:
    """Put cash into the drawer of an open shift, or take it out. `amount` is above zero.

    More may be taken out than the books expect: what is really there, the count at the end says.

    Raises:
        Forbidden: the actor may not run a till.
        UnknownShift, ShiftClosed: there is no such open shift.
        NothingMoved, MoveReasonMissing, InvalidText: a value is refused.
    """
    ensure_may(context.actor, Permission.RUN_TILLS)
    why = clean_line(reason, REASON_LIMIT)
    if amount < 1:
        raise NothingMoved
    if not why:
        raise MoveReasonMissing
    shift = ensure_open(context.session, shift_id)
    row = {
        "id": new_id(context.now),
        "shift_id": shift_id,
        "kind": kind,
        "amount": amount,
        "reason": why,
        "made_by": context.actor.label[:120],
        "created_at": context.now,
    }
    context.session.connection().execute(sa.insert(_move).values(**row))
    shift_books.book_move(context, shift, kind, amount)
    facts = {"kind": kind.value, "amount": as_typed(amount, shift.currency), "reason": why}
    _record(context, Action.CASH_MOVED, shift, facts)


def close(
    context: StaffContext[object],
    *,
    shift_id: str,
    counted_cash: int,
    counted_terminal: int | None = None,
) -> ShiftReport:
    """End a shift with what was counted, and return its Z report. It can always be closed.

    What the drawer has more or less than the books say is booked; all of it goes to the safe. A
    colleague may close it: the trail names both.

    Raises:
        Forbidden: the actor may not run a till.
        UnknownShift: there is none with this id.
        ShiftClosed: it is closed already.
    """
    ensure_may(context.actor, Permission.RUN_TILLS)
    session = context.session
    row = _locked(session, shift_id, read=False)
    shift = queries.shift(session, shift_id)
    moves = queries.moves(session, shift_id)
    books = shift_books.read(session, shift, moves, practised=row["practised"])
    shift_books.book_count(context, shift, expected=books.cash, counted=counted_cash)
    session.connection().execute(
        sa.update(_shift)
        .where(_shift.c.id == shift_id)
        .values(
            closed_at=context.now,
            closed_by=context.actor.label[:120],
            expected_cash=books.cash,
            counted_cash=counted_cash,
            expected_terminal=books.terminal,
            counted_terminal=counted_terminal,
        )
    )
    facts = {
        "expected": as_typed(books.cash, shift.currency),
        "counted": as_typed(counted_cash, shift.currency),
        "of": shift.staff,
    }
    _record(context, Action.SHIFT_CLOSED, shift, facts)
    return queries.report(session, shift_id)


def practise(context: StaffContext[object], *, shift_id: str, cash: int) -> None:
    """Add cash that a training pretends to have taken, so that its count can come out right.

    Raises:
        Forbidden: the actor may not run a till.
        UnknownShift, ShiftClosed: there is no such open training.
    """
    ensure_may(context.actor, Permission.RUN_TILLS)
    statement = (
        sa.update(_shift)
        .where(_shift.c.id == shift_id, _shift.c.is_training, _shift.c.closed_at.is_(None))
        .values(practised=_shift.c.practised + cash)
    )
    if context.session.connection().execute(statement).rowcount != 1:
        raise ShiftClosed


def ensure_open(session: Session, shift_id: str) -> ShiftView:
    """An open shift, which stays open until the transaction ends: a sale asks for it first.

    Several sales may be in one shift at once; the one who closes it waits for them.

    Raises:
        UnknownShift, ShiftClosed.
    """
    _locked(session, shift_id, read=True)
    return queries.shift(session, shift_id)


def _locked(session: Session, shift_id: str, *, read: bool) -> sa.RowMapping:
    query = sa.select(_shift).where(_shift.c.id == shift_id)
    locking = query.with_for_update(read=True) if read else lock_clause(query)
    row = session.connection().execute(locking).mappings().one_or_none()
    if row is None:
        raise UnknownShift
    if row["closed_at"] is not None:
        raise ShiftClosed
    return row


def _next_number(session: Session, till_id: str) -> int:
    """The number of the next shift of a till, which is locked: no two are alike."""
    query = sa.select(sa.func.max(_shift.c.number)).where(_shift.c.till_id == till_id)
    return (session.connection().execute(query).scalar() or 0) + 1


def _record(
    context: StaffContext[object], action: Action, shift: ShiftView, facts: Mapping[str, str]
) -> None:
    event = AuditEvent(
        action=action,
        actor=context.actor.as_actor(),
        channel=context.channel,
        facts={
            "till": shift.till,
            "shift": shift.number,
            "is_training": shift.is_training,
            "currency": shift.currency,
            **facts,
        },
    )
    trail.record(context.session, [event], now=context.now)
