"""What orders and baskets hold of a person, and how it is emptied. What was sold and paid stays."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.orders import order_contacts
from upstage_crm.orders.steps import ORDER
from upstage_crm.orders.tables import BasketRow

_BASKET = table_of(BasketRow)


def forget(session: Session, *, patron_id: str) -> None:
    """Empty the contacts of a patron's orders, and what was typed into the patron's baskets."""
    connection = session.connection()
    theirs = sa.select(ORDER.c.id).where(ORDER.c.patron_id == patron_id).order_by(ORDER.c.id)
    order_contacts.erase(session, list(connection.execute(theirs).scalars()))
    connection.execute(
        sa.update(_BASKET).where(_BASKET.c.patron_id == patron_id).values(contact="{}", label="")
    )
