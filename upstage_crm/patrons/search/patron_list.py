"""One page of the patron list: searched, narrowed, ordered, and shown as far as its reader sees.

Nothing here counts all patrons or skips rows. Without words, a page goes on from the key of a row
(`Place`), along the index of its order. With words, the best `FOUND` matches are listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from upstage_crm.core import counting
from upstage_crm.core.db import on_the_way, table_of
from upstage_crm.organisation.settings import home
from upstage_crm.patrons import tags
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.patrons.queries import access_of, values_of
from upstage_crm.patrons.search import search_near, search_query
from upstage_crm.patrons.search.list_order import (
    START,
    BadPlace,
    PatronSort,
    Place,
    Stretch,
    read_place,
    seen_sort,
    stretches,
)
from upstage_crm.patrons.search.search_query import Wanted
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.patrons.views import PatronLine
from upstage_crm.patrons.visibility import NAME, FieldAccess
from upstage_crm.staff.roles import Role

FOUND = 1_000  # matches of a search that are listed
_FEW = 5_000  # patrons of a filter; as many are read and sorted sooner than an order is walked
_SOME = 20_000  # the same where several filters must all hold
_patron = table_of(PatronRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """The patrons that are listed: those of whom all conditions hold, or, with `any_of`, one.

    Each condition is about the table `patron`, and an index finds its patrons unless it holds for
    many of them.
    """

    conditions: tuple[sa.ColumnElement[bool], ...] = ()
    any_of: bool = False

    @property
    def condition(self) -> sa.ColumnElement[bool]:
        """All of it in one."""
        join = sa.or_ if self.any_of else sa.and_
        return join(*self.conditions) if self.conditions else sa.true()


EVERYONE = Narrowed()


@dataclass(frozen=True, slots=True, kw_only=True)
class PatronPage:
    """A page of patrons. `total` is how many match, see `counting`.

    `before` and `after` are the places of its neighbours, "" where there is none; a search is paged
    by number and has neither. `words` are what was searched instead of what was asked, "" when it
    is the same. `is_lost` says that the place in the URL is not one of this order.
    """

    lines: tuple[PatronLine, ...] = ()
    total: int = 0
    before: str = ""
    after: str = ""
    words: str = ""
    is_lost: bool = False


def page(
    session: Session,
    *,
    query: str = "",
    narrowed: Narrowed = EVERYONE,
    sort: PatronSort = PatronSort.NAME,
    descending: bool = False,
    place: str = "",
    number: int = 1,
    size: int = 50,
    reader: Role = Role.OWNER,
) -> PatronPage:
    """Return one page as `reader` sees it: of a search the page `number`, else that at `place`.

    Where the order would tell about protected patrons, they come last, by their numbers.
    """
    country = home(session)
    what = search_query.wanted(session, query, reader=reader, home=country)
    order = seen_sort(sort, reader)
    if what is None:
        return _walked(session, narrowed, order, descending, place, size, reader, country)
    driver = _driver(session, narrowed)
    numbers = _ranked(session, what, narrowed, driver)
    instead: Wanted | None = None
    if not numbers:
        for instead in search_near.corrected(session, what):
            if numbers := _ranked(session, instead, narrowed, driver):
                break
    wanted = numbers[:FOUND]
    if sort is not PatronSort.MATCH:
        wanted = _sorted(session, wanted, order, descending, reader)
    shown = wanted[(number - 1) * size : number * size]
    return PatronPage(
        lines=_lines(session, shown, reader, country),
        total=len(numbers),
        words=" ".join(instead.words) if instead is not None and numbers else "",
    )


def best(session: Session, query: str, *, most: int, reader: Role) -> tuple[PatronLine, ...]:
    """The best matches of a search, a few: no counting, no page."""
    country = home(session)
    what = search_query.wanted(session, query, reader=reader, home=country)
    if what is None:
        return ()
    numbers = search_query.ranked(session, what, most=most)
    for instead in () if numbers else search_near.corrected(session, what):
        if numbers := search_query.ranked(session, instead, most=most):
            break
    return _lines(session, numbers, reader, country)


def count(session: Session, narrowed: Narrowed) -> int:
    """How many patrons fulfil the conditions, see `counting`."""
    return _count(session, narrowed, _driver(session, narrowed))


def numbers_of(session: Session, query: str, narrowed: Narrowed, *, reader: Role) -> list[int]:
    """The numbers of the patrons that are found and narrowed, at most `FOUND` of them."""
    what = search_query.wanted(session, query, reader=reader, home=home(session))
    driver = _driver(session, narrowed)
    if what is not None:
        return _ranked(session, what, narrowed, driver)[:FOUND]
    found = sa.select(_patron.c.number).where(narrowed.condition).limit(FOUND)
    if driver is not None:
        found = found.where(_patron.c.number.in_(driver))
    return list(session.connection().execute(found).scalars())


def _ranked(
    session: Session, what: Wanted, narrowed: Narrowed, driver: sa.Select[int] | None
) -> list[int]:
    where = narrowed.conditions and [narrowed.condition]
    return search_query.ranked(session, what, most=FOUND + 1, where=where or (), among=driver)


def _driver(session: Session, narrowed: Narrowed) -> sa.Select[int] | None:
    """A few patrons, by number, among whom is every one that matches; None when it takes many."""
    found = [sa.select(_patron.c.number).where(each) for each in narrowed.conditions]
    if not found:
        return None
    most = _FEW if narrowed.any_of or len(found) == 1 else _SOME
    sizes = [_size(session, each, most) for each in found]
    if narrowed.any_of:
        return (
            sa.select(_patron.c.number).where(
                sa.or_(*(_patron.c.number.in_(each) for each in found))
            )
            if sum(sizes) <= most
            else None
        )
    size, place = min((size, place) for place, size in enumerate(sizes))
    return found[place] if size <= most else None


def _count(session: Session, narrowed: Narrowed, driver: sa.Select[int] | None) -> int:
    if driver is None and len(narrowed.conditions) == 1:
        return counting.COUNTED + 1  # there are more than a few
    found = sa.select(_patron.c.number).where(narrowed.condition)
    if driver is not None:
        found = found.where(_patron.c.number.in_(driver))
    return counting.count_some(session, found)


def _size(session: Session, found: sa.Select[int], most: int) -> int:
    some = found.limit(most + 1).subquery()
    counted = sa.select(sa.func.count()).select_from(some)
    return session.connection().execute(counted).scalar_one()


def _walked(
    session: Session,
    narrowed: Narrowed,
    order: PatronSort,
    descending: bool,
    asked: str,
    size: int,
    reader: Role,
    country: str,
) -> PatronPage:
    driver = _driver(session, narrowed)
    walk = _Walk(session, stretches(order, descending=descending, reader=reader), narrowed, driver)
    try:
        place = read_place(asked, order, descending=descending)
    except BadPlace:
        place, is_lost = START, True
    else:
        is_lost = False
    rows, has_before, has_after = walk.page(place, size)
    total = len(rows)
    if has_before or has_after:
        total = _count(session, narrowed, driver)

    def neighbour(row: PatronRow, *, backwards: bool) -> str:
        found = next(n for n, each in enumerate(walk.stretches) if each.has(row))
        key = row.updated_at if order is PatronSort.UPDATED else None
        return Place(order, descending, found, row.number, key, backwards).text

    return PatronPage(
        lines=_shown(session, rows, reader, country),
        total=total,
        before=neighbour(rows[0], backwards=True) if has_before else "",
        after=neighbour(rows[-1], backwards=False) if has_after else "",
        is_lost=is_lost,
    )


@dataclass(frozen=True, slots=True)
class _Walk:
    """Along the stretches of an order; with a `driver`, its few patrons are read and sorted."""

    session: Session
    stretches: tuple[Stretch, ...]
    narrowed: Narrowed
    driver: sa.Select[int] | None

    def page(self, place: Place, size: int) -> tuple[list[PatronRow], bool, bool]:
        """The rows of a page, and whether there are rows before and after it."""
        rows = self._rows(place, size + 1)
        has_more = len(rows) > size
        rows = rows[:size]
        if not place.backwards:
            return rows, place.number > 0, has_more
        if len(rows) < size:  # less than a page is left: show the first one as it always is
            return self.page(START, size)
        return rows[::-1], has_more, True

    def _rows(self, place: Place, most: int) -> list[PatronRow]:
        places = range(place.stretch, len(self.stretches))
        if place.backwards:
            places = range(min(place.stretch, len(self.stretches) - 1), -1, -1)
        found: list[PatronRow] = []
        for each in places:
            if len(found) < most:
                from_here = place if each == place.stretch and place.number else None
                found += self._of(self.stretches[each], from_here, place, most - len(found))
        return found

    def _of(
        self, stretch: Stretch, beyond: Place | None, place: Place, most: int
    ) -> list[PatronRow]:
        query = sa.select(PatronRow).where(*stretch.conditions)
        if self.driver is not None:
            query = query.where(_patron.c.number.in_(self.driver), self.narrowed.condition)
        elif self.narrowed.conditions:
            query = query.where(on_the_way(self.narrowed.condition))
        if beyond is not None:
            key = self._key(stretch, beyond)
            query = query.where(stretch.beyond(key, beyond.number, backwards=place.backwards))
        by_index = self.driver is None
        ordered = stretch.ordered(query, backwards=place.backwards, by_index=by_index)
        return list(self.session.scalars(ordered.limit(most)))

    def _key(self, stretch: Stretch, place: Place) -> object:
        """What the row at this place is ordered by: as the place says, or as the row has it now."""
        if place.key is not None or stretch.key is None:
            return place.key
        query = sa.select(stretch.key).select_from(_patron).where(_patron.c.number == place.number)
        return self.session.connection().execute(query).scalar()


def _sorted(
    session: Session, numbers: Sequence[int], order: PatronSort, descending: bool, reader: Role
) -> list[int]:
    """The same patrons in another order."""
    found: list[int] = []
    for stretch in stretches(order, descending=descending, reader=reader):
        query = sa.select(_patron.c.number).where(_patron.c.number.in_(numbers))
        query = query.where(*stretch.conditions)
        ordered = stretch.ordered(query, backwards=False, by_index=False)
        found += session.connection().execute(ordered).scalars()
    return found


def _lines(
    session: Session, numbers: Sequence[int], reader: Role, country: str
) -> tuple[PatronLine, ...]:
    """The patrons with these numbers, in this order."""
    query = select(PatronRow).where(col(PatronRow.number).in_(numbers))
    place = {number: n for n, number in enumerate(numbers)}
    rows = sorted(session.exec(query), key=lambda row: place[row.number])
    return _shown(session, rows, reader, country)


def _shown(
    session: Session, rows: Sequence[PatronRow], reader: Role, country: str
) -> tuple[PatronLine, ...]:
    """The rows as this reader sees them."""
    held = tags.held_by(session, [row.id for row in rows])
    return tuple(
        _line(row, tuple(held[row.id].values()), access_of(row, reader, home=country))
        for row in rows
    )


def _line(row: PatronRow, labels: tuple[str, ...], access: FieldAccess) -> PatronLine:
    values = values_of(row)
    return PatronLine(
        id=row.id,
        number=row.number,
        name=access.name(values, number=row.number),
        family=(row.family_name or "") if access.sees(NAME) else "",
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
