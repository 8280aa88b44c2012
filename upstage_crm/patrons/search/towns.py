"""The towns of the records, by how they begin: read from the index, from one town to the next."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.patrons.search_terms import fold
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.staff.roles import Role
from upstage_crm.staff.visibility import sees

FIELD = "address"  # what a reader must see to learn of a town
_patron = table_of(PatronRow)


def towns(session: Session, begins: str, *, reader: Role, most: int) -> tuple[str, ...]:
    """The towns that begin so, whatever the case of the letters; none for who sees no addresses.

    A town in which only protected patrons live is not told to a reader who may not see those.
    However many patrons live in each, a few steps of the index are read.
    """
    wanted = begins.strip()
    if not wanted or not sees(reader, FIELD, is_protected=False):
        return ()
    query = _query(hides=not sees(reader, FIELD, is_protected=True))
    found: dict[str, None] = {}
    for first in dict.fromkeys((wanted, wanted.capitalize(), wanted.title(), wanted.upper())):
        rows = session.connection().execute(query, {"first": first, "most": most}).scalars()
        found |= dict.fromkeys(town for town in rows if fold(town).startswith(fold(wanted)))
    return tuple(sorted(found, key=fold)[:most])


def _query(*, hides: bool) -> sa.Select[str]:
    """The next towns from `first` on, each found by one step of the index."""
    town = _patron.c.address_city
    open_ones = (_patron.c.is_protected.is_(False),) if hides else ()
    begun = sa.select(sa.func.min(town).label("town")).where(
        town >= sa.bindparam("first"), *open_ones
    )
    word = begun.cte("word", recursive=True)
    following = sa.select(sa.func.min(town)).where(town > word.c.town, *open_ones).scalar_subquery()
    word = word.union_all(sa.select(following).where(word.c.town.is_not(None)))
    return sa.select(word.c.town).where(word.c.town.is_not(None)).limit(sa.bindparam("most"))
