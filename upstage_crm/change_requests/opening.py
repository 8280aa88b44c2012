"""Locks a request in the one order that every command keeps: the patron first, then the request."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, select

from upstage_crm.change_requests import queries
from upstage_crm.change_requests.errors import OwnRecord, SamePerson, UnknownRequest
from upstage_crm.change_requests.mails import Mailroom
from upstage_crm.change_requests.settling import Case
from upstage_crm.change_requests.tables import ChangeRequestRow
from upstage_crm.patrons import queries as patron_queries
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.staff.roles import StaffMember


def by_id(session: Session, request_id: str, *, mailroom: Mailroom, now: datetime) -> Case:
    """Lock and gather a request.

    Raises:
        UnknownRequest: there is none.
    """
    patron = patron_queries.lock(session, queries.patron_of(session, request_id))
    request = queries.lock(session, request_id)
    return Case.opened(session, patron=patron, request=request, mailroom=mailroom, now=now)


def by_reference(session: Session, reference: str, *, mailroom: Mailroom, now: datetime) -> Case:
    """Lock and gather a request by its reference, in its stored form.

    Raises:
        UnknownRequest: there is none.
    """
    query = select(ChangeRequestRow.id).where(ChangeRequestRow.reference == reference)
    request_id = session.exec(query).first()
    if request_id is None:
        raise UnknownRequest
    return by_id(session, request_id, mailroom=mailroom, now=now)


def ensure_not_own(actor: StaffMember, patron: PatronRow) -> None:
    """Nobody acts on the patron record that is the member's own.

    Raises:
        OwnRecord.
    """
    if patron.email_key is not None and patron.email_key == actor.email_key:
        raise OwnRecord


def ensure_second(actor: StaffMember, *, first_id: str | None, patron: PatronRow) -> None:
    """The second person is another one than the first, and not the patron.

    Raises:
        SamePerson, OwnRecord.
    """
    if actor.id == first_id:
        raise SamePerson
    ensure_not_own(actor, patron)
