"""Between a request's id, which other records keep, and the reference that people read."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlmodel import Session, col, select

from upstage_crm.change_requests.model.tables import ChangeRequestRow
from upstage_crm.core.ids import parse_reference
from upstage_crm.orders.records import patron_orders
from upstage_crm.patrons.tables import PatronRow


def references(session: Session, request_ids: Collection[str]) -> Mapping[str, str]:
    """The reference of each request by its id; unknown ids are left out."""
    if not request_ids:
        return {}
    query = select(ChangeRequestRow.id, ChangeRequestRow.reference).where(
        col(ChangeRequestRow.id).in_(set(request_ids))
    )
    return dict(session.exec(query).all())


def find_id(session: Session, reference: str) -> str | None:
    """The id of the request with this reference, in its stored form; None when there is none."""
    query = select(ChangeRequestRow.id).where(ChangeRequestRow.reference == reference)
    return session.exec(query).first()


def patron_number(session: Session, typed: str) -> int | None:
    """The number of the patron whose request or order has this reference, as typed, if any.

    Digits alone are a patron's own number.
    """
    if typed.strip().isdecimal():
        return None
    query = (
        select(PatronRow.number)
        .join(ChangeRequestRow, col(ChangeRequestRow.patron_id) == col(PatronRow.id))
        .where(ChangeRequestRow.reference == parse_reference(typed))
    )
    of_request = session.exec(query).first()
    return of_request or patron_orders.patron_number(session, typed)
