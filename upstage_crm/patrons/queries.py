"""Reads patrons."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from upstage_crm.audit import recorded
from upstage_crm.core.counting import count_some
from upstage_crm.core.db import table_of
from upstage_crm.organisation.settings import home
from upstage_crm.patrons import tags
from upstage_crm.patrons.errors import UnknownPatron
from upstage_crm.patrons.fields import DERIVED_COLUMNS, FIELDS, PROTECTED_COLUMNS
from upstage_crm.patrons.search_query import matching
from upstage_crm.patrons.tables import NAME_ORDER, PatronRow, PatronStatus
from upstage_crm.patrons.views import Duplicate, PatronLine, PatronRecord
from upstage_crm.patrons.visibility import (
    NAME,
    FieldAccess,
)
from upstage_crm.staff.roles import Role
from upstage_crm.staff.visibility import sees

FREE_COLUMNS = ("preferred_name", "pronouns", "language", "time_zone", "note")


class PatronSort(StrEnum):
    """What the list may be ordered by."""

    NAME = "name"
    NUMBER = "number"
    EMAIL = "email"
    CITY = "city"
    UPDATED = "updated"


# The order tells about what it goes by: the field that a reader must see for it.
_TELLS = {PatronSort.EMAIL: "email", PatronSort.CITY: "address"}
_ALWAYS_THERE = frozenset({PatronSort.NUMBER, PatronSort.UPDATED})
_patron = table_of(PatronRow)
_ORDER = {
    PatronSort.NAME: sa.literal_column(NAME_ORDER, type_=sa.String()),
    PatronSort.NUMBER: _patron.c.number,
    PatronSort.EMAIL: _patron.c.email_key,
    PatronSort.CITY: _patron.c.address_city,
    PatronSort.UPDATED: _patron.c.updated_at,
}


# Every decision runs these. Built once: building them anew takes longer than running them.
_LOCK = (
    select(PatronRow)
    .where(col(PatronRow.id) == sa.bindparam("id", type_=sa.String()))
    .with_for_update()
    .execution_options(populate_existing=True)
)
_LIVE_BY_KEY = sa.select(_patron.c.number).where(
    _patron.c.email_key == sa.bindparam("key"),
    _patron.c.status == PatronStatus.ACTIVE,
    _patron.c.id != sa.bindparam("besides"),
)


def lock(session: Session, patron_id: str) -> PatronRow:
    """Return the patron's row, locked until the transaction ends; the first lock of a command.

    Raises:
        UnknownPatron: there is none. RowNotProven: it is not what the trail says.
    """
    row = session.exec(_LOCK, params={"id": patron_id}).first()
    if row is None:
        raise UnknownPatron
    recorded.prove(session, "patron", patron_id)
    return row


def get(session: Session, patron_id: str) -> PatronRecord:
    """Return the record of a patron id.

    Raises:
        UnknownPatron: there is none.
    """
    row = session.get(PatronRow, patron_id)
    if row is None:
        raise UnknownPatron
    return record_of(session, row)


def get_by_number(session: Session, number: int) -> PatronRecord:
    """Return the record of a patron number.

    Raises:
        UnknownPatron: there is none.
    """
    row = session.exec(select(PatronRow).where(PatronRow.number == number)).first()
    if row is None:
        raise UnknownPatron
    return record_of(session, row)


def find_live_by_email_key(
    session: Session, email_key: str, *, besides: str | None = None
) -> int | None:
    """The number of the live patron with this address, if any other than `besides` (an id)."""
    wanted = {"key": email_key, "besides": besides or ""}
    return session.connection().execute(_LIVE_BY_KEY, wanted).scalar()


def duplicates(
    session: Session, columns: Mapping[str, str | None], *, reader: Role, limit: int = 5
) -> tuple[Duplicate, ...]:
    """Live patrons who share a phone number, or a name, with somebody about to be added."""
    found: dict[str, tuple[PatronRow, list[str]]] = {}
    country = home(session)
    for reason, wanted in (
        ("phone", {"phone_key": columns.get("phone_key")}),
        ("name", {"sort_name": columns.get("sort_name")}),
    ):
        if not all(wanted.values()):
            continue
        query = select(PatronRow).where(PatronRow.status == PatronStatus.ACTIVE)
        for name, value in wanted.items():
            query = query.where(getattr(PatronRow, name) == value)
        for row in session.exec(query.limit(limit)):
            found.setdefault(row.id, (row, []))[1].append(reason)
    ranked = sorted(found.values(), key=lambda pair: (-len(pair[1]), pair[0].number))
    return tuple(
        _duplicate(row, reasons, access_of(row, reader, home=country))
        for row, reasons in ranked[:limit]
    )


def page(
    session: Session,
    *,
    query: str = "",
    tag: str = "",
    sort: PatronSort = PatronSort.NAME,
    descending: bool = False,
    page: int = 0,
    size: int = 50,
    reader: Role = Role.OWNER,
) -> tuple[int, tuple[PatronLine, ...]]:
    """Return how many patrons match (see `count_some`), and one page of them (from 0).

    Found, ordered and shown by what `reader` sees: see `search_query`. Where the order would tell
    about protected patrons, they come last, by their numbers.
    """
    country = home(session)
    found = matching(query, tag, reader=reader, home=country)
    # Nothing about ids when all are meant: the order's index is walked then, and no row sorted.
    wanted = [] if found.whereclause is None else [col(PatronRow.id).in_(found)]
    total = count_some(session, found, at_least=(page + 1) * size)
    seen_sort = _seen_sort(sort, reader)
    order = _ORDER[seen_sort]
    how = order.desc() if descending else order.asc()
    if seen_sort not in _ALWAYS_THERE:
        how = how.nulls_last()
    first, last = page * size, (page + 1) * size
    if sees(reader, NAME, is_protected=True):
        rows = _rows(session, wanted, how, first, last)
    else:
        is_protected = _patron.c.is_protected
        rows = _rows(session, [*wanted, is_protected.is_(False)], how, first, last)
        if len(rows) < size:
            before = _count(session, found.where(is_protected.is_(False)))
            by_number = _ORDER[PatronSort.NUMBER].asc()
            behind = [*wanted, is_protected.is_(True)]
            rows += _rows(session, behind, by_number, max(0, first - before), last - before)
    held = tags.held_by(session, [row.id for row in rows])
    return total, tuple(
        _line(row, tuple(held[row.id].values()), access_of(row, reader, home=country))
        for row in rows
    )


def _rows(
    session: Session,
    wanted: Sequence[sa.ColumnElement[bool]],
    order: sa.UnaryExpression[Any],
    first: int,
    last: int,
) -> list[PatronRow]:
    """The patrons from the place `first` up to `last` of an order; none if that is no stretch."""
    if last <= first:
        return []
    query = select(PatronRow).where(*wanted)
    ordered = query.order_by(order, col(PatronRow.id)).offset(first).limit(last - first)
    return list(session.exec(ordered))


def _count(session: Session, found: sa.Select[str]) -> int:
    return session.exec(select(sa.func.count()).select_from(found.subquery())).one()


def count(session: Session) -> int:
    """How many patrons there are."""
    return session.exec(select(sa.func.count()).select_from(PatronRow)).one()


def access_of(row: PatronRow, reader: Role, *, home: str) -> FieldAccess:
    """What a role may read of this patron, as it is written in the country `home`."""
    return FieldAccess(reader, row.is_protected, (values_of(row),), home)


def sights(
    session: Session, patron_ids: Collection[str], *, reader: Role
) -> Mapping[str, FieldAccess]:
    """What a role may read of each of these patrons; ids of nobody are left out."""
    query = select(PatronRow).where(col(PatronRow.id).in_(patron_ids))
    country = home(session)
    return {row.id: access_of(row, reader, home=country) for row in session.exec(query)}


def seen_name(row: PatronRow, reader: Role) -> str:
    """The name as a role reads it; the patron number when there is none."""
    return FieldAccess(reader, row.is_protected).name(values_of(row), number=row.number)


def values_of(row: PatronRow) -> dict[str, str | None]:
    """The protected columns of a row, derived ones included."""
    return {name: getattr(row, name) for name in (*PROTECTED_COLUMNS, *DERIVED_COLUMNS)}


def name_of(row: PatronRow) -> str:
    """The name staff read: given and family name, or the patron number when there is none."""
    return full_name(row.given_name, row.family_name) or f"Patron {row.number}"


def full_name(given_name: str | None, family_name: str | None) -> str:
    """Given and family name in a row; empty when neither is known."""
    return " ".join(part for part in (given_name, family_name) if part)


def record_of(session: Session, row: PatronRow) -> PatronRecord:
    """The read model of a row."""
    return PatronRecord(
        id=row.id,
        number=row.number,
        name=name_of(row),
        kind=row.kind.value,
        status=row.status.value,
        values={name: getattr(row, name) for name in PROTECTED_COLUMNS},
        free={name: getattr(row, name) for name in FREE_COLUMNS},
        tags=tags.labels_of(session, row.id),
        email_verified_at=row.email_verified_at,
        email_bounced_at=row.email_bounced_at,
        is_flagged=row.is_flagged,
        is_protected=row.is_protected,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _seen_sort(sort: PatronSort, reader: Role) -> PatronSort:
    told = _TELLS.get(sort)
    is_seen = told is None or sees(reader, told, is_protected=False)
    return sort if is_seen else PatronSort.NUMBER


def _duplicate(row: PatronRow, reasons: list[str], access: FieldAccess) -> Duplicate:
    values = values_of(row)
    return Duplicate(
        number=row.number,
        name=access.name(values, number=row.number),
        email=access.show(FIELDS["email"], values),
        reasons=tuple(reasons),
    )


def _line(row: PatronRow, labels: tuple[str, ...], access: FieldAccess) -> PatronLine:
    values = values_of(row)
    return PatronLine(
        id=row.id,
        number=row.number,
        name=access.name(values, number=row.number),
        kind=row.kind.value,
        status=row.status.value,
        email=access.show(FIELDS["email"], values),
        email_verified=row.email_verified_at is not None,
        email_bounced=row.email_bounced_at is not None,
        phone=access.show(FIELDS["phone"], values),
        city=access.part("address_city", row.address_city),
        tags=labels,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
