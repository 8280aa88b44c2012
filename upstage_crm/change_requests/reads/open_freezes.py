"""Reads freezes: which patrons are in dispute, and how far two staff members have come."""

from __future__ import annotations

from sqlmodel import Session, col, select

from upstage_crm.change_requests.model.dispute_tables import PatronFreezeRow


def is_frozen(session: Session, patron_id: str) -> bool:
    """Whether the patron's record is in dispute."""
    return find(session, patron_id) is not None


def find(session: Session, patron_id: str) -> PatronFreezeRow | None:
    """The open freeze of a patron; there is one at most."""
    query = select(PatronFreezeRow).where(
        PatronFreezeRow.patron_id == patron_id, col(PatronFreezeRow.cleared_at).is_(None)
    )
    return session.exec(query).first()
