"""Forgives a typing mistake: the words of records that are one slip away from a typed word.

The vocabulary is the index of words itself, as far as the reader may find by it, so no other list
of names has to be kept, or to forget. One slip is a letter too many, one missing, one wrong, or two
that changed places.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session

from upstage_crm.core.db import dialect_of, table_of
from upstage_crm.patrons.search.search_query import Wanted, begins
from upstage_crm.patrons.search_terms import FREE
from upstage_crm.patrons.tables import PatronTermRow

SHORTEST = 4  # letters; a shorter word is one slip away from too many others
CHOICES = 3  # words that are tried in place of one
TRIES = 6  # corrected queries that are tried
_VOCABULARY = ("name", FREE, "address")
_FREQUENT = 50  # patrons with a word; more say nothing more
_ALPHABETS = {
    "LATIN": "abcdefghijklmnopqrstuvwxyz",
    "GREEK": "αβγδεζηθικλμνξοπρστυφχψω",
    "CYRILLIC": "абвгдежзийклмнопрстуфхцчшщъыьэюяіїєґў",
    "HEBREW": "אבגדהוזחטיכלמנסעפצקרשתםןףץך",
    "ARABIC": "ابتثجحخدذرزسشصضطظعغفقكلمنهويةىءأإآؤئ",
}
_term = table_of(PatronTermRow)


def corrected(session: Session, what: Wanted) -> Iterator[Wanted]:
    """The same search with words that records have, the likeliest first; none if there are none."""
    choices = [_choices(session, word, what) for word in what.words]
    tried = 0
    for words in sorted(product(*(range(len(each)) for each in choices)), key=sum):
        chosen = tuple(each[place] for each, place in zip(choices, words, strict=True))
        if chosen == what.words:
            continue
        yield Wanted(chosen, what.sources, what.only_open)
        tried += 1
        if tried == TRIES:
            return


def slips(word: str) -> dict[str, int]:
    """Every word that is one slip away from this one, each with how unlikely the slip is."""
    alphabet = _ALPHABETS.get(unicodedata.name(word[0], "").partition(" ")[0], "")
    cuts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    found: dict[str, int] = {}

    def add(slip: str, place: int) -> None:
        if slip != word and len(slip) >= SHORTEST - 1:
            found.setdefault(slip, 1 if place == 0 else 0)  # the first letter is seldom wrong

    for place, (before, after) in enumerate(cuts):
        if len(after) > 1:
            add(before + after[1] + after[0] + after[2:], place)
        if after:
            add(before + after[1:], place)
        for letter in alphabet:
            if after:
                add(before + letter + after[1:], place)
            add(before + letter + after, place)
    return found


def _choices(session: Session, word: str, what: Wanted) -> list[str]:
    """The word itself if a record has one that begins so, then the nearest words of records."""
    is_known = _has_any(session, sa.or_(*(begins(source, word) for source in what.sources)))
    own = [word] if is_known else []
    if len(word) < SHORTEST or not word.isalpha():
        return own
    return [*own, *_nearest(session, word, [s for s in what.sources if s in _VOCABULARY])]


def _nearest(session: Session, word: str, sources: Sequence[str]) -> list[str]:
    unlikely = slips(word)
    terms = [f"{source}:{slip}" for slip in unlikely for source in sources]
    if not terms:
        return []
    known = session.connection().execute(_known(dialect_of(session)), {"terms": terms}).scalars()
    found: dict[str, int] = {}
    for term in known:
        slip = term.partition(":")[2]
        found[slip] = found.get(slip, 0) + _how_often(session, term)
    return sorted(found, key=lambda slip: (unlikely[slip], -found[slip], slip))[:CHOICES]


@cache
def _known(dialect: str) -> sa.Select[str]:
    """Which of `terms` a record has. They are one parameter: the statement is built once."""
    if dialect == "sqlite":
        terms = sa.bindparam("terms", type_=sa.JSON())
        tried = sa.func.json_each(terms).table_valued("value").c.value
    else:
        terms = sa.bindparam("terms", type_=ARRAY(sa.String()))
        tried = sa.func.unnest(terms).column_valued("tried")
    return sa.select(tried).where(sa.exists().where(_term.c.term == tried))


def _how_often(session: Session, term: str) -> int:
    some = sa.select(_term.c.term).where(_term.c.term == term).limit(_FREQUENT).subquery()
    counted = sa.select(sa.func.count()).select_from(some)
    return session.connection().execute(counted).scalar_one()


def _has_any(session: Session, condition: sa.ColumnElement[bool]) -> bool:
    return (
        session.connection().execute(sa.select(_term.c.term).where(condition).limit(1)).first()
        is not None
    )
