"""Which mails were sent about orders: to their buyers, and to those who were offered tickets."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.core.email_address import parse_email
from upstage_crm.mail.message import Audience
from upstage_crm.mail.outbox import OUTBOX
from upstage_crm.orders.cancellations.tables import DisruptedOrderRow
from upstage_crm.orders.letters.tables import DayOfMailRow
from upstage_crm.orders.order_contacts import CONTACT
from upstage_crm.orders.steps import STEP
from upstage_crm.orders.transfers.ticket_offers import OFFER

_DAY_OF, _DISRUPTED = table_of(DayOfMailRow), table_of(DisruptedOrderRow)


def sent(session: Session, order_ids: Collection[str]) -> list[str]:
    """The ids of the mails about these orders, found by their addresses.

    After the contacts are emptied none is found. Every mail to a buyer is kept under a key that
    names, after its first stroke, the row that it tells of.
    """
    connection = session.connection()
    offers = connection.execute(
        sa.select(OFFER.c.id, OFFER.c.email).where(OFFER.c.order_id.in_(order_ids))
    ).all()
    typed = sa.select(CONTACT.c.email).where(CONTACT.c.order_id.in_(order_ids))
    emails = {*connection.execute(typed).scalars(), *(row.email for row in offers)} - {""}
    if not emails:
        return []
    about = {*order_ids, *(row.id for row in offers)}
    for query in (
        sa.select(_DAY_OF.c.id).where(_DAY_OF.c.holder.in_(about)),
        sa.select(STEP.c.id).where(STEP.c.order_id.in_(order_ids)),
        sa.select(_DISRUPTED.c.id).where(_DISRUPTED.c.order_id.in_(order_ids)),
    ):
        about |= set(connection.execute(query).scalars())
    there = sorted({parse_email(email).wire.lower() for email in emails})
    rows = connection.execute(
        sa.select(OUTBOX.c.id, OUTBOX.c.dedupe_key).where(
            sa.func.lower(OUTBOX.c.to_address).in_(there), OUTBOX.c.audience == Audience.BUYER
        )
    ).all()
    return [row.id for row in rows if row.dedupe_key.partition("/")[2].partition("/")[0] in about]
