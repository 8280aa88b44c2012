"""Reads events and performances."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.programme.errors import UnknownEvent, UnknownPerformance
from upstage_crm.programme.event_texts import LIMITS
from upstage_crm.programme.tables import EventRow, PerformanceRow
from upstage_crm.programme.views import (
    Access,
    EventLine,
    EventView,
    HallChoice,
    PerformanceFacts,
    PerformanceState,
    PerformanceView,
)
from upstage_crm.venues import queries as venues

_event, _performance = table_of(EventRow), table_of(PerformanceRow)
_COUNTS = _performance.c.state != PerformanceState.CANCELLED


class EventSort(StrEnum):
    """The orders of the list of events."""

    FIRST = "first"
    TITLE = "title"


def events(
    session: Session,
    *,
    text: str = "",
    start: datetime | None = None,
    end: datetime | None = None,
    sort: EventSort = EventSort.FIRST,
    is_descending: bool = False,
    first: int = 0,
    size: int = 50,
) -> tuple[int, list[EventLine]]:
    """How many events fit, and one page of them.

    With `start` or `end`, those with a performance in between; their performances in between
    are counted. An event without performances comes last.
    """
    between = [
        *([] if start is None else [_performance.c.starts_at >= start]),
        *([] if end is None else [_performance.c.starts_at < end]),
    ]
    held = (
        sa.select(
            _performance.c.event_id,
            sa.func.count().label("performances"),
            sa.func.min(_performance.c.starts_at).label("first"),
            sa.func.max(_performance.c.starts_at).label("last"),
        )
        .where(_COUNTS, *between)
        .group_by(_performance.c.event_id)
        .subquery()
    )
    found = sa.select(
        _event.c.id, _event.c.title, _event.c.genre, held.c.performances, held.c.first, held.c.last
    ).join(held, held.c.event_id == _event.c.id, isouter=not between)
    for word in text.split():
        found = found.where(_event.c.title.icontains(word, autoescape=True))
    total = session.connection().execute(sa.select(sa.func.count()).select_from(found.subquery()))
    column = _event.c.title if sort is EventSort.TITLE else held.c.first
    order = column.desc() if is_descending else column
    rows = session.connection().execute(
        found.order_by(held.c.first.is_(None), order, _event.c.id).limit(size).offset(first)
    )
    lines = [
        EventLine(
            id=row.id,
            title=row.title,
            genre=row.genre,
            count=row.performances or 0,
            first=row.first,
            last=row.last,
        )
        for row in rows
    ]
    return total.scalar_one(), lines


def event(session: Session, event_id: str) -> EventView:
    """One event with its performances.

    Raises:
        UnknownEvent: there is none with this id.
    """
    query = sa.select(_event).where(_event.c.id == event_id)
    row = session.connection().execute(query).mappings().one_or_none()
    if row is None:
        raise UnknownEvent
    held = session.connection().execute(
        sa.select(_performance)
        .where(_performance.c.event_id == event_id)
        .order_by(_performance.c.starts_at, _performance.c.id)
    )
    halls = {choice.id: choice.name for choice in hall_choices(session)}
    return EventView(
        id=row["id"],
        texts={name: row[name] for name in LIMITS},
        version=row["version"],
        performances=tuple(
            PerformanceView(
                id=one.id,
                hall=halls.get(one.hall_id, ""),
                zone=one.zone,
                starts_at=one.starts_at,
                access=tuple(Access(name) for name in one.access.split(",") if name),
                state=one.state,
            )
            for one in held
        ),
    )


def performance(session: Session, performance_id: str) -> PerformanceFacts:
    """One performance with its event and hall.

    Raises:
        UnknownPerformance: there is none with this id.
    """
    query = (
        sa.select(_performance, _event.c.title)
        .join(_event, _event.c.id == _performance.c.event_id)
        .where(_performance.c.id == performance_id)
    )
    row = session.connection().execute(query).mappings().one_or_none()
    if row is None:
        raise UnknownPerformance
    return PerformanceFacts(
        id=row["id"],
        event_id=row["event_id"],
        title=row["title"],
        hall_id=row["hall_id"],
        day=row["day"],
        time=row["time"],
        zone=row["zone"],
        starts_at=row["starts_at"],
        state=row["state"],
    )


def hall_choices(session: Session) -> list[HallChoice]:
    """Every hall with its venue, in the order of their names."""
    return [
        HallChoice(id=hall.id, name=f"{hall.texts['name']}, {hall.venue_name}")
        for hall in venues.halls(session)
    ]
