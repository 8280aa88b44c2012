"""The events of the test acquirer: told at once, late, or several times, as was asked for."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.payments.providers.rehearsal import Fault
from upstage_crm.payments.providers.tables import AcquirerEventRow

LATE = timedelta(minutes=1)
COPIES = 3  # of news that is told several times
_MOST_AT_ONCE = 100
_EVENT = table_of(AcquirerEventRow)


def add(session: Session, kind: str, subject: str, *, due_at: datetime, copies: int = 1) -> None:
    """Have something to tell from `due_at` on."""
    row = {
        "id": f"test_event_{secrets.token_hex(16)}",
        "kind": kind,
        "subject": subject,
        "due_at": due_at,
        "copies_left": copies,
    }
    session.connection().execute(sa.insert(_EVENT).values(row))


def add_payment(session: Session, reference: str, fault: Fault, *, now: datetime) -> None:
    """Have to tell that a page was paid on, when and as often as its fault says."""
    is_late = fault in (Fault.NO_ANSWER, Fault.LATE_NEWS)
    copies = COPIES if fault is Fault.TWICE else 1
    add(
        session,
        "payment.captured",
        reference,
        due_at=now + LATE if is_late else now,
        copies=copies,
    )


def due(session: Session, *, now: datetime) -> list[sa.RowMapping]:
    """What is to be told now, the oldest first."""
    query = (
        sa.select(_EVENT)
        .where(_EVENT.c.copies_left > 0, _EVENT.c.due_at <= now)
        .order_by(_EVENT.c.due_at, _EVENT.c.id)
        .limit(_MOST_AT_ONCE)
    )
    return list(session.connection().execute(query).mappings())


def told(session: Session, event_id: str) -> None:
    """One copy less is to be told."""
    session.connection().execute(
        sa.update(_EVENT)
        .where(_EVENT.c.id == event_id, _EVENT.c.copies_left > 0)
        .values(copies_left=_EVENT.c.copies_left - 1)
    )
