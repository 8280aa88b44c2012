"""Which mailbox a link of a request may be mailed to: asked by the dispatcher before it signs."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import recorded
from upstage_crm.change_requests.model.tables import (
    ChangeRequestRow,
    ReviewRow,
)
from upstage_crm.change_requests.reads import requests
from upstage_crm.core.db import table_of
from upstage_crm.core.email_address import wire_of
from upstage_crm.links.claims import LinkClaims
from upstage_crm.patrons.tables import PatronRow

_review = table_of(ReviewRow)
_REVIEWED = sa.select(_review.c.mailbox).where(
    _review.c.request_id == sa.bindparam("request"), _review.c.reviewer == sa.bindparam("who")
)


def mailboxes_of(session: Session, claims: LinkClaims) -> frozenset[str]:
    """The addresses, as they are mailed to, of the reviewer that the claims name.

    A mailbox that was told and not asked has no review: then it is the address that the request's
    change replaces, or proposes, or that the record holds.

    Raises:
        RowNotProven: the request is not what the trail says.
    """
    connection = session.connection()
    link = {"request": claims.request_id, "who": claims.reviewer}
    asked = set(connection.execute(_REVIEWED, link).scalars())
    request = session.get(ChangeRequestRow, claims.request_id)
    if request is None:
        return frozenset()
    recorded.prove(session, "change_request", request.id)
    changes = requests.fields_of(session, [request.id]).get(request.id, [])
    mailboxes = asked | {requests.mailbox_of(change, claims.reviewer) for change in changes}
    if not any(mailboxes):
        recorded.prove(session, "patron", request.patron_id)
        mailboxes = {session.get_one(PatronRow, request.patron_id).email}
    return frozenset(wire_of(mailbox) for mailbox in mailboxes if mailbox)
