"""Writes the rows of offers under their seals, and tells those of ours from others.

An offer is sealed again whenever it is answered or its address is erased. One that is not what was
sealed does nothing: its tickets stay with the buyer, and no mail goes to its address.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import seals
from upstage_crm.core.db import table_of
from upstage_crm.core.ids import new_id
from upstage_crm.orders.transfers.tables import TicketOfferRow, TicketTransferRow
from upstage_crm.orders.transfers.views import OfferState, TransferState

OFFER, TRANSFER = table_of(TicketOfferRow), table_of(TicketTransferRow)
_log = logging.getLogger(__name__)


def add(
    session: Session,
    offer_id: str,
    *,
    order_id: str,
    email: str,
    email_key: str,
    language: str,
    now: datetime,
) -> None:
    """Write an open offer."""
    values = {
        "id": offer_id,
        "order_id": order_id,
        "state": OfferState.OPEN,
        "email": email,
        "email_key": email_key,
        "language": language,
        "created_at": now,
        "answered_at": None,
    }
    seal = seals.seal(session, OFFER.name, values)
    session.connection().execute(sa.insert(OFFER), {**values, "seal": seal})


def add_ticket(session: Session, offer_id: str, ticket_id: str, *, now: datetime) -> None:
    """Put a ticket into an open offer."""
    values = {"id": new_id(now), "offer_id": offer_id, "ticket_id": ticket_id}
    seal = seals.seal(session, TRANSFER.name, values)
    made = {**values, "state": TransferState.OFFERED, "seal": seal}
    session.connection().execute(sa.insert(TRANSFER), made)


def answer(session: Session, offer_id: str, state: OfferState, *, now: datetime) -> None:
    """Note the answer to a locked offer.

    Raises:
        RowNotProven: it is not what was sealed.
    """
    row = _rows(session, OFFER.c.id == offer_id)[0]
    seals.prove(session, OFFER.name, row)
    _change(session, row, {"state": state, "answered_at": now})


def forget(session: Session, which: sa.ColumnElement[bool]) -> None:
    """Empty the addresses of offers. One that is not ours stays to be found."""
    for row in _rows(session, sa.and_(OFFER.c.email_key != "", which)):
        emptied = {"email": "", "email_key": ""}
        if seals.is_sealed(session, OFFER.name, row):
            _change(session, row, emptied)
        else:
            is_it = OFFER.c.id == row["id"]
            session.connection().execute(sa.update(OFFER).where(is_it).values(emptied))


def forged(session: Session, which: sa.ColumnElement[bool]) -> frozenset[str]:
    """The offers among those of some tickets that are not ours, or that hold a ticket by a row
    which is not.
    """
    query = sa.select(TRANSFER).join(OFFER, OFFER.c.id == TRANSFER.c.offer_id).where(which)
    parts = session.connection().execute(query).mappings().all()
    offer_ids = {part["offer_id"] for part in parts}
    found = [
        *(part["offer_id"] for part in parts if not is_ours(session, TRANSFER, part)),
        *(
            row["id"]
            for row in _rows(session, OFFER.c.id.in_(offer_ids))
            if not is_ours(session, OFFER, row)
        ),
    ]
    return frozenset(found)


def is_ours(session: Session, table: sa.Table, row: Mapping[Any, Any] | sa.RowMapping) -> bool:
    """Whether a row of an offer, or of a ticket in one, is what was sealed."""
    if seals.is_sealed(session, table.name, row):
        return True
    _log.error("nothing follows from %s %s: its seal does not fit", table.name, row["id"])
    return False


def _rows(session: Session, which: sa.ColumnElement[bool]) -> list[sa.RowMapping]:
    query = sa.select(OFFER).where(which).order_by(OFFER.c.id)
    return list(session.connection().execute(query).mappings())


def _change(session: Session, row: sa.RowMapping, values: Mapping[str, Any]) -> None:
    seal = seals.seal(session, OFFER.name, {**row, **values})
    changed = sa.update(OFFER).where(OFFER.c.id == row["id"]).values({**values, "seal": seal})
    session.connection().execute(changed)
