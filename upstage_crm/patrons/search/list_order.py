"""The orders of the patron list, and the places in them from which a page goes on. Pure.

An order is a row of stretches, each along one index: first the patrons who have a value to go by,
then those who have none, then those of whom the reader may not learn it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from upstage_crm.core.db import on_the_way, table_of
from upstage_crm.patrons.tables import NAME_ORDER, PatronRow
from upstage_crm.patrons.visibility import NAME
from upstage_crm.staff.roles import Role
from upstage_crm.staff.visibility import sees


class PatronSort(StrEnum):
    """What the list may be ordered by; MATCH is how well words match, or the name without words."""

    MATCH = "match"
    NAME = "name"
    NUMBER = "number"
    EMAIL = "email"
    CITY = "city"
    UPDATED = "updated"


_TELLS = {PatronSort.EMAIL: "email", PatronSort.CITY: "address"}
"""The field that a reader must see for an order that tells about it."""
_patron = table_of(PatronRow)
_KEYS: dict[PatronSort, sa.ColumnElement[Any]] = {
    PatronSort.NAME: sa.literal_column(NAME_ORDER, type_=sa.String()),
    PatronSort.NUMBER: _patron.c.number,
    PatronSort.EMAIL: _patron.c.email_key,
    PatronSort.CITY: _patron.c.address_city,
    PatronSort.UPDATED: _patron.c.updated_at,
}
_COLUMNS = {
    PatronSort.NAME: "sort_name",
    PatronSort.EMAIL: "email_key",
    PatronSort.CITY: "address_city",
}


class BadPlace(ValueError):
    """The place is not one of this order."""


@dataclass(frozen=True, slots=True)
class Place:
    """Between which rows a page begins: behind the row `number`, or, `backwards`, before it.

    `stretch` is the row's stretch of the order. `key` is what the row held then, where it changes
    all the time; nothing personal, since the place is part of an address.
    """

    sort: PatronSort
    descending: bool
    stretch: int
    number: int
    key: datetime | None
    backwards: bool

    @property
    def text(self) -> str:
        """The place as part of an address."""
        parts = (
            self.sort.value,
            "desc" if self.descending else "asc",
            str(self.stretch),
            str(self.number),
            "" if self.key is None else str(int(self.key.timestamp() * 1_000_000)),
            "before" if self.backwards else "after",
        )
        return ".".join(parts)


START = Place(PatronSort.NAME, False, 0, 0, None, False)
_LARGEST = 2**31 - 1  # what the column of numbers holds
_LATEST = 4_102_444_800_000_000  # the year 2100, in microseconds


def read_place(text: str, sort: PatronSort, *, descending: bool) -> Place:
    """The place that a URL names, or the start when it names none.

    Raises:
        BadPlace: the text is no place, or one of another order.
    """
    if not text:
        return START
    parts = text.split(".")
    way = "desc" if descending else "asc"
    if len(parts) != 6 or parts[:2] != [sort.value, way] or parts[5] not in ("before", "after"):
        raise BadPlace
    digits = [part for part in parts[2:5] if part]
    if not all(part.isascii() and part.isdigit() and len(part) < 18 for part in digits):
        raise BadPlace
    if not parts[2] or not parts[3] or (sort is PatronSort.UPDATED) != bool(parts[4]):
        raise BadPlace
    stretch, number, moment = int(parts[2]), int(parts[3]), int(parts[4] or 0)
    if stretch > 2 or number > _LARGEST or moment > _LATEST:
        raise BadPlace
    key = None
    if parts[4]:
        seconds, rest = divmod(moment, 1_000_000)
        key = datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)
    return Place(sort, descending, stretch, number, key, parts[5] == "before")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Patrons along one index: who they are, what they are ordered by, and which way."""

    has: Callable[[PatronRow], bool]
    conditions: tuple[sa.ColumnElement[bool], ...]
    key: sa.ColumnElement[Any] | None
    descending: bool

    def ordered(self, query: sa.Select[Any], *, backwards: bool, by_index: bool) -> sa.Select[Any]:
        """The query in this order, or against it; the index gives the order, or it is sorted."""
        down = self.descending != backwards
        number: sa.ColumnElement[Any] = _patron.c.number
        keys: list[sa.ColumnElement[Any]] = [number] if self.key is None else [self.key, number]
        if not by_index:
            keys[0] = sa.func.coalesce(keys[0], sa.null())
        return query.order_by(*(key.desc() if down else key.asc() for key in keys))

    def beyond(self, key: Any, number: int, *, backwards: bool) -> sa.ColumnElement[bool]:
        """Behind a row in this order, or before it."""
        down = self.descending != backwards
        if self.key is None:
            left, right = _patron.c.number, sa.literal(number)
            return left < right if down else left > right
        row = sa.tuple_(self.key, _patron.c.number)
        known = sa.tuple_(sa.literal(key, self.key.type), sa.literal(number))
        return row < known if down else row > known


def seen_sort(sort: PatronSort, reader: Role) -> PatronSort:
    """The order that a reader gets: by number where it would tell what is masked for the role."""
    if sort is PatronSort.MATCH:
        return PatronSort.NAME
    told = _TELLS.get(sort)
    is_seen = told is None or sees(reader, told, is_protected=False)
    return sort if is_seen else PatronSort.NUMBER


def key_of(sort: PatronSort) -> sa.ColumnElement[Any]:
    """What an order goes by."""
    return _KEYS[sort]


def stretches(sort: PatronSort, *, descending: bool, reader: Role) -> tuple[Stretch, ...]:
    """The stretches of an order, as this reader gets it."""
    hides = not sees(reader, NAME, is_protected=True)
    is_open = (on_the_way(_patron.c.is_protected.is_(False)),) if hides else ()
    key, column = _KEYS[sort], _COLUMNS.get(sort)

    def is_shown(row: PatronRow) -> bool:
        return not (hides and row.is_protected)

    found = [
        Stretch(
            lambda row: is_shown(row) and (column is None or getattr(row, column) is not None),
            (*is_open, *(() if column is None else (key.is_not(None),))),
            None if sort is PatronSort.NUMBER else key,
            descending,
        )
    ]
    if column is not None:
        nothing = (*is_open, key.is_(None))
        found.append(Stretch(is_shown, nothing, None, descending=False))
    if hides:
        protected = (sa.and_(sa.text("patron.is_protected")),)
        found.append(Stretch(lambda _row: True, protected, None, descending=False))
    return tuple(found)
