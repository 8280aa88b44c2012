"""Writes the words by which patrons are found, in the transaction that writes what they come from.

Nothing else writes them. `strays` finds where they are not what the records say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.patrons.details import contacts
from upstage_crm.patrons.search_terms import terms_of
from upstage_crm.patrons.tables import PatronRow, PatronTermRow

COLUMNS = (
    "given_name",
    "family_name",
    "preferred_name",
    "email_key",
    "phone",
    "phone_key",
    "address_city",
    "address_postcode",
)
"""The columns of a patron whose words are terms."""

_patron = table_of(PatronRow)
_term = table_of(PatronTermRow)
_NUMBER = _term.c.patron_number == sa.bindparam("patron")
_KNOWN = sa.select(_term.c.term).where(_NUMBER)
_FORGET = sa.delete(_term).where(_NUMBER, _term.c.term == sa.bindparam("word"))
_ADD = sa.insert(_term)
_BATCH = 1_000  # patrons that are compared at once


def rows_of(
    number: int, values: Mapping[str, object], others: Sequence[tuple[str, str]] = ()
) -> list[dict[str, object]]:
    """The rows of `patron_term` of a patron with these column values.

    `others` are the field and key of each other email and phone of the patron.
    """
    texts = {name: text for name in COLUMNS if isinstance(text := values.get(name), str)}
    emails = [key for field, key in others if field == "email"]
    phones = [key for field, key in others if field == "phone"]
    terms = terms_of(texts, number=number, emails=emails, phones=phones)
    return [{"term": term, "patron_number": number} for term in sorted(terms)]


def add(session: Session, patrons: Sequence[Mapping[str, object]]) -> None:
    """Write the words of new patrons, whose rows are there already."""
    rows = [row for one in patrons for row in rows_of(_number(one), one)]
    session.connection().execute(_ADD, sorted(rows, key=lambda row: str(row["term"])))


def renew(
    session: Session,
    values: Mapping[str, object],
    number: int,
    others: Sequence[tuple[str, str]] | None = None,
) -> None:
    """Write the words of one patron again, where they differ from those that are there.

    `others` are the patron's other contacts; without it they are read.
    """
    connection = session.connection()
    if others is None:
        others = contacts.keys_of(session, number, number).get(number, [])
    wanted = {str(row["term"]): row for row in rows_of(number, values, others)}
    known = set(connection.execute(_KNOWN, {"patron": number}).scalars())
    if left := known - wanted.keys():
        connection.execute(_FORGET, [{"patron": number, "word": word} for word in sorted(left)])
    if new := wanted.keys() - known:
        connection.execute(_ADD, [wanted[word] for word in sorted(new)])


def strays(session: Session) -> Iterator[int]:
    """The numbers of the patrons whose words are not those of their records; reads everything."""
    last = 0
    columns = [_patron.c[name] for name in COLUMNS]
    while True:
        query = sa.select(_patron.c.number, *columns).where(_patron.c.number > last)
        batch = session.connection().execute(query.order_by("number").limit(_BATCH)).mappings()
        patrons = batch.all()
        if not patrons:
            return
        first, last = patrons[0]["number"], patrons[-1]["number"]
        stored: dict[int, set[str]] = {}
        between = _term.c.patron_number.between(first, last)
        for row in session.connection().execute(sa.select(_term).where(between)):
            stored.setdefault(row.patron_number, set()).add(row.term)
        others = contacts.keys_of(session, first, last)
        for patron in patrons:
            number = patron["number"]
            rows = rows_of(number, dict(patron), others.get(number, []))
            if {str(row["term"]) for row in rows} != stored.get(number, set()):
                yield number


def _number(patron: Mapping[str, object]) -> int:
    number = patron["number"]
    assert isinstance(number, int)
    return number
