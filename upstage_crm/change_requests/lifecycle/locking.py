"""Locks a request in the one order that every command keeps: the patron first, then the request."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, select

from upstage_crm.change_requests.lifecycle.locked_request import LockedRequest
from upstage_crm.change_requests.model.errors import UnknownRequest
from upstage_crm.change_requests.model.tables import ChangeRequestRow
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.change_requests.reads import requests
from upstage_crm.patrons import queries as patron_queries


def by_id(session: Session, request_id: str, *, notifier: Notifier, now: datetime) -> LockedRequest:
    """Lock and gather a request.

    Raises:
        UnknownRequest: there is none.
    """
    patron = patron_queries.lock(session, requests.patron_of(session, request_id))
    request = requests.lock(session, request_id)
    return LockedRequest.opened(session, patron=patron, request=request, notifier=notifier, now=now)


def by_reference(
    session: Session, reference: str, *, notifier: Notifier, now: datetime
) -> LockedRequest:
    """Lock and gather a request by its reference, in its stored form.

    Raises:
        UnknownRequest: there is none.
    """
    query = select(ChangeRequestRow.id).where(ChangeRequestRow.reference == reference)
    request_id = session.exec(query).first()
    if request_id is None:
        raise UnknownRequest
    return by_id(session, request_id, notifier=notifier, now=now)
