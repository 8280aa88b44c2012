"""From a patron's id, which other records keep, to the number that people read."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlmodel import Session, col, select

from upstage_crm.patrons.tables import PatronRow


def numbers(session: Session, patron_ids: Collection[str]) -> Mapping[str, int]:
    """The number of each patron by their id; unknown ids are left out."""
    if not patron_ids:
        return {}
    query = select(PatronRow.id, PatronRow.number).where(col(PatronRow.id).in_(set(patron_ids)))
    return dict(session.exec(query).all())
