"""Which patrons a search finds, for one reader: nobody learns by searching what is masked for them.

Whoever sees a field finds by the beginning of its words. Whoever does not finds by the complete
value only, so that no value can be put together letter by letter. Numbers are found by their
beginning by everybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

import sqlalchemy as sa
from sqlmodel import col

from upstage_crm.core.errors import Invalid
from upstage_crm.patrons.fields import FIELDS, Context, ProtectedField
from upstage_crm.patrons.search_terms import (
    FREE,
    MAX_TERM,
    NUMBER,
    plain_query,
    prefix_end,
    query_words,
)
from upstage_crm.patrons.tables import PatronRow, PatronTermRow
from upstage_crm.patrons.tags import tagged
from upstage_crm.patrons.values import Values
from upstage_crm.staff.roles import Role
from upstage_crm.staff.visibility import sees

SEARCHED = ("email", "phone", "name", "address")
"""The fields whose words are terms (`search_terms.terms_of`)."""
SOURCES = (*SEARCHED, NUMBER, FREE)

_ANY_DAY = date(2000, 1, 1)  # the day matters to no field that is searched


def matching(query: str, tag: str = "", *, reader: Role, home: str) -> sa.Select[str]:
    """The ids of the patrons whom these words find; without words and tag, of all.

    `home` is the country of phone numbers that are typed without a country code.
    """
    statement = sa.select(col(PatronRow.id))
    if words := query_words(query):
        statement = statement.where(_found(query, words, reader, home))
    if tag:
        statement = statement.where(col(PatronRow.id).in_(tagged(tag)))
    return statement


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


def _found(query: str, words: tuple[str, ...], reader: Role, home: str) -> sa.ColumnElement[bool]:
    """The index answers `_has`; everything else narrows what it finds."""
    has_words = sa.and_(*(_has(word, SOURCES) for word in words))
    if all(sees(reader, key, is_protected=True) for key in SEARCHED):
        return has_words
    seen = {key for key in SEARCHED if sees(reader, key, is_protected=False)}
    told = (
        []
        if seen == set(SEARCHED)
        else [_has(word, (*sorted(seen), NUMBER, FREE)) for word in words]
    )
    number = sa.and_(*(_has(word, (NUMBER,)) for word in words))
    is_open = sa.and_(col(PatronRow.is_protected).is_(False), *told)
    return sa.and_(has_words, sa.or_(is_open, number, _is_whole(query, home)))


def _has(word: str, sources: Iterable[str]) -> sa.ColumnElement[bool]:
    """The word begins a word of one of the sources."""
    terms = (f"{source}:{word}"[:MAX_TERM] for source in sources)
    begins = (
        sa.and_(col(PatronTermRow.term) >= term, col(PatronTermRow.term) < prefix_end(term))
        for term in terms
    )
    return col(PatronRow.id).in_(sa.select(col(PatronTermRow.patron_id)).where(sa.or_(*begins)))


def _is_whole(query: str, home: str) -> sa.ColumnElement[bool]:
    """The query, as a whole, is a value of a field that has keys."""
    found = [
        sa.and_(*(getattr(PatronRow, column) == value for column, value in keys.items()))
        for entry in FIELDS.values()
        for keys in whole_keys(query, entry, home=home)
        if keys
    ]
    return sa.or_(sa.false(), *found)


def _fillings(query: str, entry: ProtectedField) -> Iterator[dict[str, str]]:
    """The inputs that a query may be for a field: all of it, or cut in two at a blank."""
    if len(entry.columns) == 1:
        yield {entry.columns[0]: query}
        return
    words = query.split()
    first, *rest = entry.columns
    for cut in range(1, len(words) + 1):
        yield {first: " ".join(words[:cut]), rest[0]: " ".join(words[cut:])}
