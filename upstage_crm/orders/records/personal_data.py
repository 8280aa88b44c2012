"""What orders and baskets hold of a person, and how it is emptied. What was sold and paid stays."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.orders import order_contacts
from upstage_crm.orders.steps import ORDER
from upstage_crm.orders.tables import BasketRow
from upstage_crm.orders.transfers import offer_rows
from upstage_crm.orders.transfers.ticket_offers import OFFER
from upstage_crm.patrons.tables import PatronRow

_BASKET, _PATRON = table_of(BasketRow), table_of(PatronRow)


def forget(session: Session, *, patron_id: str) -> None:
    """Empty what was typed for a patron's orders and baskets.

    So are the addresses that their tickets were offered to, and theirs in offers of others.
    """
    connection = session.connection()
    theirs = sa.select(ORDER.c.id).where(ORDER.c.patron_id == patron_id).order_by(ORDER.c.id)
    order_ids = list(connection.execute(theirs).scalars())
    forget_typed(session, order_ids)
    key = sa.select(_PATRON.c.email_key).where(_PATRON.c.id == patron_id)
    address = connection.execute(key).scalar_one_or_none()
    offer_rows.forget(session, OFFER.c.email_key == (address or ""))
    connection.execute(
        sa.update(_BASKET).where(_BASKET.c.patron_id == patron_id).values(contact="{}", label="")
    )


def forget_typed(session: Session, order_ids: Collection[str]) -> int:
    """Empty what was typed for orders, and the addresses that their tickets were offered to.

    Return how many orders had a contact.
    """
    connection = session.connection()
    offer_rows.forget(session, OFFER.c.order_id.in_(order_ids))
    baskets = sa.select(ORDER.c.basket_id).where(ORDER.c.id.in_(order_ids))
    connection.execute(
        sa.update(_BASKET).where(_BASKET.c.id.in_(baskets)).values(contact="{}", label="")
    )
    return order_contacts.erase(session, order_ids)
