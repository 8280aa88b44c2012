"""What the door needs to know of tickets: which one, in which version, whether it still counts."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import lock_clause, table_of
from upstage_crm.orders.tables import TicketRow
from upstage_crm.orders.views import TicketState

_TICKET = table_of(TicketRow)
_COLUMNS = tuple(
    _TICKET.c[name]
    for name in ("id", "performance_id", "state", "code_version", "place", "zone", "type_id")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionTicket:
    """One ticket as the door sees it: `place` and `zone` in words, and nothing of its holder."""

    id: str
    performance_id: str
    is_valid: bool
    version: int
    place: str
    zone: str
    type_id: str


def lock(session: Session, ticket_id: str) -> AdmissionTicket | None:
    """A ticket, locked so that its scans take turns; None when there is none with this id."""
    query = lock_clause(sa.select(*_COLUMNS).where(_TICKET.c.id == ticket_id))
    row = session.connection().execute(query).one_or_none()
    return None if row is None else _view(row)


def of_performance(session: Session, performance_id: str) -> list[AdmissionTicket]:
    """Every ticket of a performance that was ever sold, the one sold first first."""
    query = sa.select(*_COLUMNS).where(_TICKET.c.performance_id == performance_id)
    rows = session.connection().execute(query.order_by(_TICKET.c.id))
    return [_view(row) for row in rows]


def by_ids(session: Session, ticket_ids: set[str]) -> dict[str, AdmissionTicket]:
    """These tickets by their id; an id that is none's is left out."""
    query = sa.select(*_COLUMNS).where(_TICKET.c.id.in_(ticket_ids))
    return {row.id: _view(row) for row in session.connection().execute(query)}


def _view(row: sa.Row[tuple[object, ...]]) -> AdmissionTicket:
    return AdmissionTicket(
        id=row.id,
        performance_id=row.performance_id,
        is_valid=row.state is TicketState.VALID,
        version=row.code_version,
        place=row.place,
        zone=row.zone,
        type_id=row.type_id,
    )
