"""Reads events and performances."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.programme.errors import UnknownEvent, UnknownPerformance
from upstage_crm.programme.event_texts import TRANSLATED, texts_of
from upstage_crm.programme.performance_states import end_of
from upstage_crm.programme.tables import SELLS, EventRow, EventTextRow, PerformanceRow
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
_text = table_of(EventTextRow)
_COUNTS = _performance.c.state != PerformanceState.CANCELLED
_ON_SALE = _performance.c.state == PerformanceState.ON_SALE


class EventSort(StrEnum):
    """The orders of the list of events."""

    FIRST = "first"
    TITLE = "title"


_ONE = (
    sa.select(_performance, _event.c.title)
    .join(_event, _event.c.id == _performance.c.event_id)
    .where(_performance.c.id == sa.bindparam("performance", type_=sa.String))
)
_LOCKED = _ONE.with_for_update(of=_performance, key_share=True)


def events(
    session: Session,
    *,
    text: str = "",
    start: datetime | None = None,
    end: datetime | None = None,
    season: int | None = None,
    sort: EventSort = EventSort.FIRST,
    is_descending: bool = False,
    first: int = 0,
    size: int = 50,
) -> tuple[int, list[EventLine]]:
    """How many events fit, and one page of them.

    With `start` or `end`, those with a performance in between; their performances in between
    are counted. With `season` also those without any that are planned for the season which begins
    in that year. An event without performances comes last.
    """
    between = [
        *([] if start is None else [_performance.c.starts_at >= start]),
        *([] if end is None else [_performance.c.starts_at < end]),
    ]
    held = (
        sa.select(
            _performance.c.event_id,
            sa.func.count().label("performances"),
            sa.func.sum(sa.case((_ON_SALE, 1), else_=0)).label("on_sale"),
            sa.func.min(_performance.c.starts_at).label("first"),
            sa.func.max(_performance.c.starts_at).label("last"),
        )
        .where(_COUNTS, *between)
        .group_by(_performance.c.event_id)
        .subquery()
    )
    found = sa.select(
        *(_event.c[name] for name in ("id", "title", "genre", "season")),
        *(held.c[name] for name in ("performances", "on_sale", "first", "last")),
    ).join(held, held.c.event_id == _event.c.id, isouter=True)
    if between:
        has_any = sa.exists().where(_performance.c.event_id == _event.c.id, _COUNTS)
        planned = sa.false() if season is None else sa.and_(_event.c.season == season, ~has_any)
        found = found.where(sa.or_(held.c.first.is_not(None), planned))
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
            on_sale=row.on_sale or 0,
            season=row.season,
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
    found = _event_views(session, [event_id], _views(session, _performance.c.event_id == event_id))
    if not found:
        raise UnknownEvent
    return found[0]


def announced(session: Session, *, now: datetime) -> list[EventView]:
    """The events that the public may know of, each with its performances that are still to come.

    A performance in preparation is not among them, a cancelled one is. The event that is performed
    first comes first.
    """
    coming = _views(
        session,
        _performance.c.starts_at > now,
        _performance.c.state.not_in([PerformanceState.DRAFT, PerformanceState.PERFORMED]),
    )
    return _event_views(session, list(dict.fromkeys(one.event_id for one in coming)), coming)


def event_by_ending(session: Session, ending: str) -> EventView:
    """The event whose id ends with these characters, of which an address has ten.

    Raises:
        UnknownEvent: there is none, or there are several.
    """
    query = sa.select(_event.c.id).where(_event.c.id.endswith(ending, autoescape=True)).limit(2)
    found = session.connection().execute(query).scalars().all()
    if len(found) != 1:
        raise UnknownEvent
    return event(session, found[0])


def titles(session: Session, event_ids: Collection[str]) -> dict[str, str]:
    """The titles of events, by their ids."""
    query = sa.select(_event.c.id, _event.c.title).where(_event.c.id.in_(event_ids))
    return {row.id: row.title for row in session.connection().execute(query)}


def ids_of_event(session: Session, event_id: str) -> list[str]:
    """The ids of an event's performances."""
    query = sa.select(_performance.c.id).where(_performance.c.event_id == event_id)
    return list(session.connection().execute(query).scalars())


def performances(session: Session, performance_ids: Collection[str]) -> list[PerformanceView]:
    """These performances, the first one first; an id that is none's is left out."""
    return _views(session, _performance.c.id.in_(performance_ids))


def between(
    session: Session,
    *,
    start: datetime,
    end: datetime,
    hall_id: str = "",
    state: PerformanceState | None = None,
) -> list[PerformanceView]:
    """The performances that begin from `start` on and before `end`, the first one first."""
    return _views(
        session,
        _performance.c.starts_at >= start,
        _performance.c.starts_at < end,
        *([_performance.c.hall_id == hall_id] if hall_id else []),
        *([_performance.c.state == state] if state else []),
    )


def on_sale(session: Session) -> list[PerformanceView]:
    """Everything that is on sale, the first one first."""
    return _views(session, _ON_SALE)


def over(session: Session, *, now: datetime) -> tuple[str, ...]:
    """The ids of performances that were on sale and have come to their end."""
    begun = sa.select(_performance.c.id, _performance.c.starts_at, _event.c.running_minutes).where(
        SELLS, _performance.c.starts_at <= now
    )
    rows = session.connection().execute(begun.join(_event, _event.c.id == _performance.c.event_id))
    ended = (row.id for row in rows if end_of(row.starts_at, row.running_minutes) <= now)
    return tuple(sorted(ended))


def begun_between(*, start: datetime | None, end: datetime | None) -> sa.Select[tuple[str]]:
    """A query for the ids of performances that begin after `start` and until `end`."""
    return sa.select(_performance.c.id).where(
        *([] if start is None else [_performance.c.starts_at > start]),
        *([] if end is None else [_performance.c.starts_at <= end]),
    )


def taken(
    session: Session, places: Collection[tuple[str, datetime]], *, besides: Collection[str]
) -> set[tuple[str, datetime]]:
    """The pairs of hall and instant at which a performance begins that is not `besides`."""
    if not places:
        return set()
    moments = [starts_at for _, starts_at in places]
    rows = session.connection().execute(
        sa.select(_performance.c.hall_id, _performance.c.starts_at).where(
            _COUNTS,
            _performance.c.starts_at.between(min(moments), max(moments)),
            _performance.c.hall_id.in_({hall_id for hall_id, _ in places}),
            _performance.c.id.not_in(besides),
        )
    )
    return {(row.hall_id, row.starts_at) for row in rows} & set(places)


def performance(
    session: Session, performance_id: str, *, is_locked: bool = False
) -> PerformanceFacts:
    """One performance with its event and hall; a locked one is not cancelled or moved meanwhile.

    Raises:
        UnknownPerformance: there is none with this id.
    """
    query = _LOCKED if is_locked else _ONE
    row = session.connection().execute(query, {"performance": performance_id}).mappings().first()
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


def _event_views(
    session: Session, event_ids: Sequence[str], performances: Sequence[PerformanceView]
) -> list[EventView]:
    """These events in this order, each with its part of the performances."""
    connection = session.connection()
    rows = connection.execute(sa.select(_event).where(_event.c.id.in_(event_ids))).mappings()
    known = {row["id"]: row for row in rows}
    said: defaultdict[str, dict[str, dict[str, str]]] = defaultdict(dict)
    for each in connection.execute(sa.select(_text).where(_text.c.event_id.in_(event_ids))):
        said[each.event_id][each.language] = {name: getattr(each, name) for name in TRANSLATED}
    held: defaultdict[str, list[PerformanceView]] = defaultdict(list)
    for one in performances:
        held[one.event_id].append(one)
    return [
        EventView(
            id=row["id"],
            texts=texts_of(row),
            language=row["language"],
            translated=said[event_id],
            picture=row["picture"],
            version=row["version"],
            performances=tuple(held[event_id]),
        )
        for event_id in event_ids
        if (row := known.get(event_id)) is not None
    ]


def _views(session: Session, *fitting: sa.ColumnElement[Any]) -> list[PerformanceView]:
    rows = session.connection().execute(
        sa.select(_performance, _event.c.title, _event.c.running_minutes)
        .join(_event, _event.c.id == _performance.c.event_id)
        .where(*fitting)
        .order_by(_performance.c.starts_at, _performance.c.id)
    )
    halls = {choice.id: choice.name for choice in hall_choices(session)}
    return [
        PerformanceView(
            id=one.id,
            event_id=one.event_id,
            title=one.title,
            hall_id=one.hall_id,
            hall=halls.get(one.hall_id, ""),
            day=date.fromisoformat(one.day),
            at=time.fromisoformat(one.time),
            zone=one.zone,
            starts_at=one.starts_at,
            running_minutes=one.running_minutes,
            access=tuple(Access(name) for name in one.access.split(",") if name),
            state=one.state,
            version=one.version,
        )
        for one in rows
    ]
