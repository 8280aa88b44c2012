"""Reads venues and halls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.core.text import comparable
from upstage_crm.venues.errors import UnknownHall, UnknownVenue
from upstage_crm.venues.tables import HallRow, VenueRow
from upstage_crm.venues.texts import HALL_TEXTS, VENUE_TEXTS
from upstage_crm.venues.views import HallView, VenueLine, VenueView

_venue, _hall = table_of(VenueRow), table_of(HallRow)
_HALLS = sa.select(_hall, _venue.c.name.label("venue_name")).join(
    _venue, _venue.c.id == _hall.c.venue_id
)


def venues(session: Session, text: str = "", *, is_descending: bool = False) -> list[VenueLine]:
    """The venues whose name, address or hall has these words, in the order of their names."""
    order = _venue.c.name_key.desc() if is_descending else _venue.c.name_key
    rows = session.connection().execute(sa.select(_venue).order_by(order)).all()
    halls: defaultdict[str, list[str]] = defaultdict(list)
    named = sa.select(_hall.c.venue_id, _hall.c.name).order_by(_hall.c.name_key)
    for venue_id, name in session.connection().execute(named):
        halls[venue_id].append(name)
    lines = [
        VenueLine(id=row.id, name=row.name, address=row.address, halls=tuple(halls[row.id]))
        for row in rows
    ]
    words = comparable(text).split()
    return [line for line in lines if all(word in _said(line) for word in words)]


def venue(session: Session, venue_id: str) -> VenueView:
    """One venue with its halls.

    Raises:
        UnknownVenue: there is none with this id.
    """
    query = sa.select(_venue).where(_venue.c.id == venue_id)
    row = session.connection().execute(query).mappings().one_or_none()
    if row is None:
        raise UnknownVenue
    halls = _HALLS.where(_hall.c.venue_id == venue_id).order_by(_hall.c.name_key)
    return VenueView(
        id=row["id"],
        texts={name: row[name] for name in VENUE_TEXTS},
        version=row["version"],
        halls=tuple(_view(each) for each in _mappings(session, halls)),
    )


def hall(session: Session, hall_id: str) -> HallView:
    """One hall.

    Raises:
        UnknownHall: there is none with this id.
    """
    found = _mappings(session, _HALLS.where(_hall.c.id == hall_id))
    if not found:
        raise UnknownHall
    return _view(found[0])


def halls(session: Session) -> list[HallView]:
    """Every hall, in the order of the names of venues and halls."""
    query = _HALLS.order_by(_venue.c.name_key, _hall.c.name_key)
    return [_view(row) for row in _mappings(session, query)]


def _mappings(session: Session, query: sa.Select[Any]) -> Sequence[sa.RowMapping]:
    return session.connection().execute(query).mappings().all()


def _view(row: sa.RowMapping) -> HallView:
    return HallView(
        id=row["id"],
        venue_id=row["venue_id"],
        venue_name=row["venue_name"],
        texts={name: row[name] for name in HALL_TEXTS},
        version=row["version"],
    )


def _said(line: VenueLine) -> str:
    """What a search looks through."""
    return comparable(" ".join((line.name, line.address, *line.halls)))
