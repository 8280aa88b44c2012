"""Which patrons a search finds for one reader, who learns no masked value by searching.

A reader who sees a field finds by the beginning of its words. One who does not finds by the whole
value only, so that no value can be put together letter by letter. Numbers are found by their
beginning by every reader.

`ranked` reads the index of words in its own order and stops when it has enough: what it costs does
not depend on how many patrons a word finds. `matching` is a condition for searches of other rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from upstage_crm.core.db import on_the_way, table_of
from upstage_crm.core.errors import Invalid
from upstage_crm.patrons.details import contacts
from upstage_crm.patrons.fields import FIELDS, Context, ProtectedField
from upstage_crm.patrons.search_terms import (
    FREE,
    MAX_TERM,
    NUMBER,
    plain_query,
    prefix_end,
    query_words,
)
from upstage_crm.patrons.tables import PatronRow, PatronTermRow, same_name
from upstage_crm.patrons.values import Values
from upstage_crm.staff.roles import Role
from upstage_crm.staff.visibility import sees

SEARCHED = ("name", "email", "address", "phone")
"""The fields whose words are terms (`search_terms.terms_of`)."""
SOURCES = ("name", FREE, "email", "address", "phone", NUMBER)
"""What a word may come from, the best first: names before everything else."""
DIGIT_SOURCES = (NUMBER, "phone", "email", "address", "name", FREE)
"""The same for a word of digits."""

_ANY_DAY = date(2000, 1, 1)  # the day matters to no field that is searched
_COMMON = 5_000  # patrons with a word; which of two commoner ones is rarer does not matter
_patron = table_of(PatronRow)
_term = table_of(PatronTermRow)
_other = _term.alias("other_term")  # built once: a new one costs as much as a query


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: `words`, in the sources that the reader may find by.

    `whole` are the numbers of the patrons of whom the query is a whole value. `only_open` leaves
    out protected patrons, who are found by a whole value or by their number.
    """

    words: tuple[str, ...]
    sources: tuple[str, ...]
    only_open: bool
    whole: tuple[int, ...] = ()


def wanted(session: Session, query: str, *, reader: Role, home: str) -> Wanted | None:
    """What `reader` asks for with this query; None when it asks for nothing.

    `home` is the country of phone numbers that are typed without a country code.
    """
    words = query_words(query)
    if not words:
        return None
    order = DIGIT_SOURCES if words[0].isdecimal() else SOURCES
    if all(sees(reader, key, is_protected=True) for key in SEARCHED):
        return Wanted(words, order, only_open=False)
    whole = sorted({n for select in _whole(query, home) for n in session.scalars(select)})
    return Wanted(words, _seen(order, reader), only_open=True, whole=tuple(whole))


def ranked(
    session: Session,
    what: Wanted,
    *,
    most: int,
    where: Sequence[sa.ColumnElement[bool]] = (),
    among: sa.Select[int] | None = None,
) -> list[int]:
    """The numbers of at most `most` patrons who have all the words, the best match first.

    A whole value comes first, then by the field of the word (`SOURCES`), then by the word itself,
    so that the word as it was typed comes before longer ones. `where` narrows the patrons; `among`
    are the numbers of a few who are all that can be meant.
    """
    found = dict.fromkeys(_kept(session, what.whole, where))
    words = _rarest_first(session, what)
    if among is not None:
        return [*found, *_of_few(session, what, words, where, among)][:most]
    for source, is_alike in _passes(what):
        others = (source,) if is_alike else what.sources
        conditions = [_has(word, others) for word in words[1:]]
        is_number = source == NUMBER and (is_alike or len(words) == 1)
        if what.only_open and not is_number:
            conditions.append(_of_patron(_patron.c.is_protected.is_(False)))
        conditions += [_of_patron(condition) for condition in where]
        _scan(session, found, _range(source, words[0]), conditions, most)
        if len(found) >= most:
            break
    return list(found)[:most]


def matching(query: str, *, reader: Role, home: str) -> sa.Select[str]:
    """The ids of the patrons whom these words find; without words, of all."""
    statement = sa.select(col(PatronRow.id))
    words = query_words(query)
    if not words:
        return statement
    has_words = sa.and_(*(_is_among(word, SOURCES) for word in words))
    if all(sees(reader, key, is_protected=True) for key in SEARCHED):
        return statement.where(has_words)
    told = sa.and_(*(_is_among(word, _seen(SOURCES, reader)) for word in words))
    number = sa.and_(*(_is_among(word, (NUMBER,)) for word in words))
    whole = [_patron.c.number.in_(select) for select in _whole(query, home)]
    is_open = sa.and_(_patron.c.is_protected.is_(False), told)
    return statement.where(sa.or_(is_open, number, *whole))


def open_ids() -> sa.Select[str]:
    """The ids of the patrons who are not protected."""
    return sa.select(col(PatronRow.id)).where(col(PatronRow.is_protected).is_(False))


def whole_keys(query: str, entry: ProtectedField, *, home: str) -> tuple[Values, ...]:
    """The derived keys of the values that a query may be, taken as a whole; none if it is none."""
    context = Context(today=_ANY_DAY, region=home)
    found: list[Values] = []
    for raw in _fillings(plain_query(query), entry):
        try:
            found.append(entry.derive(entry.parse(raw, context)))
        except Invalid:
            continue
    return tuple(found)


def begins(source: str, word: str, term: Any = _term.c.term) -> sa.ColumnElement[bool]:
    """The term is of this source, and begins with the word."""
    start = f"{source}:{word}"[:MAX_TERM]
    return sa.and_(term >= start, term < prefix_end(start))


def _seen(order: Iterable[str], reader: Role) -> tuple[str, ...]:
    """The sources by whose words this reader may find a patron who is not protected."""
    return tuple(
        source
        for source in order
        if source not in SEARCHED or sees(reader, source, is_protected=False)
    )


def _of_few(
    session: Session,
    what: Wanted,
    words: Sequence[str],
    where: Sequence[sa.ColumnElement[bool]],
    among: sa.Select[int],
) -> list[int]:
    """The patrons among a few who have all the words, the best match first."""
    ranges = [begins(source, words[0]) for source in what.sources]
    conditions = [_has(word, what.sources) for word in words[1:]]
    conditions += [_of_patron(condition) for condition in where]
    if what.only_open:
        is_open = _of_patron(_patron.c.is_protected.is_(False))
        is_number = begins(NUMBER, words[0])
        conditions.append(sa.or_(is_number, is_open) if len(words) == 1 else is_open)
    query = sa.select(_term.c.term, _term.c.patron_number).where(
        _term.c.patron_number.in_(among), on_the_way(sa.or_(*ranges)), *conditions
    )
    place = {source: n for n, source in enumerate(what.sources)}
    rows = session.connection().execute(query).all()
    ranked = sorted((place[term.partition(":")[0]], term, number) for term, number in rows)
    known = set(what.whole)
    return [n for n in dict.fromkeys(number for *_, number in ranked) if n not in known]


def _passes(what: Wanted) -> Iterator[tuple[str, bool]]:
    """The sources of the rarest word, the best first; with True, all words are from that source."""
    if len(what.words) > 1:
        yield what.sources[0], True
    for source in what.sources:
        yield source, False


def _rarest_first(session: Session, what: Wanted) -> list[str]:
    """The words, the one that the fewest patrons have first: it is looked for, the others seen."""
    if len(what.words) == 1:
        return list(what.words)
    sizes: dict[str, int] = {}
    for word in what.words:
        least = min(sizes.values(), default=_COMMON)
        any_of = sa.or_(*(begins(source, word) for source in what.sources))
        some = sa.select(_term.c.term).where(any_of).limit(least).subquery()
        counted = sa.select(sa.func.count()).select_from(some)
        sizes[word] = session.connection().execute(counted).scalar_one()
    return sorted(what.words, key=lambda word: sizes[word])


def _scan(
    session: Session,
    found: dict[int, None],
    of_range: tuple[str, str],
    conditions: Sequence[sa.ColumnElement[bool]],
    most: int,
) -> None:
    """Add the patrons of a range of terms, in its order, until there are `most`."""
    first, end = of_range
    last: tuple[str, int] = (first, 0)
    while (left := most - len(found)) > 0:
        query = (
            sa.select(_term.c.term, _term.c.patron_number)
            .where(
                sa.tuple_(_term.c.term, _term.c.patron_number) > sa.tuple_(*map(sa.literal, last)),
                _term.c.term < end,
                *conditions,
            )
            .order_by(_term.c.term, _term.c.patron_number)
            .limit(left)
        )
        rows = session.connection().execute(query).all()
        found |= dict.fromkeys(number for _term, number in rows)
        if len(rows) < left:
            return
        last = rows[-1][0], rows[-1][1]


def _range(source: str, word: str) -> tuple[str, str]:
    start = f"{source}:{word}"[:MAX_TERM]
    return start, prefix_end(start)


def _has(word: str, sources: Iterable[str]) -> sa.ColumnElement[bool]:
    """The patron of the term that is looked at has this word, too."""
    ranges = [begins(source, word, _other.c.term) for source in sources]
    # A patron has a dozen words: they are read once, not looked for source by source.
    has_one = ranges[0] if len(ranges) == 1 else on_the_way(sa.or_(*ranges))
    return sa.exists().where(_other.c.patron_number == _term.c.patron_number, has_one)


def _of_patron(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """The patron of the term that is looked at fulfils a condition."""
    return sa.exists().where(_patron.c.number == _term.c.patron_number, on_the_way(condition))


def _is_among(word: str, sources: Iterable[str]) -> sa.ColumnElement[bool]:
    any_of = sa.or_(*(begins(source, word) for source in sources))
    return _patron.c.number.in_(sa.select(_term.c.patron_number).where(any_of))


def _kept(
    session: Session, numbers: Sequence[int], where: Sequence[sa.ColumnElement[bool]]
) -> list[int]:
    if not numbers or not where:
        return list(numbers)
    query = sa.select(_patron.c.number).where(_patron.c.number.in_(numbers), *where)
    return list(session.scalars(query.order_by(_patron.c.number)))


def _whole(query: str, home: str) -> Iterator[sa.Select[int]]:
    """The numbers of the patrons of whom the query, as a whole, is a value that has keys."""
    for entry in FIELDS.values():
        for keys in whole_keys(query, entry, home=home):
            if keys:
                is_it = (
                    same_name(value) if column == "sort_name" else _patron.c[column] == value
                    for column, value in keys.items()
                )
                yield sa.select(_patron.c.number).where(*is_it).limit(_WHOLE)
            for key in keys.values() if entry.key in contacts.REACHES else ():
                others = contacts.having(entry, key or "")
                yield sa.select(_patron.c.number).where(_patron.c.id.in_(others)).limit(_WHOLE)


_WHOLE = 1_000  # patrons of one name


def _fillings(query: str, entry: ProtectedField) -> Iterator[dict[str, str]]:
    """The inputs that a query may be for a field: all of it, or cut in two at a blank."""
    if len(entry.columns) == 1:
        yield {entry.columns[0]: query}
        return
    words = query.split()
    first, *rest = entry.columns
    for cut in range(1, len(words) + 1):
        yield {first: " ".join(words[:cut]), rest[0]: " ".join(words[cut:])}
