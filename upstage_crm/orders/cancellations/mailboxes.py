"""Which mailbox hears of an order: the one typed for it, or else that of its patron's record.

The address is the order's own. A record's address counts only where the patron is known to be the
buyer, and while mail arrives there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.core.email_address import wire_of
from upstage_crm.links.claims import LinkClaims
from upstage_crm.orders.cancellations.tables import DisruptedOrderRow
from upstage_crm.orders.order_contacts import CONTACT
from upstage_crm.orders.steps import ORDER
from upstage_crm.patrons.tables import PatronRow

PATRON = table_of(PatronRow)
_DISRUPTED = table_of(DisruptedOrderRow)
_CHUNK = 500  # ids in one statement; SQLite and PostgreSQL have limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How a buyer can be reached. `address` is as mail is sent to it, "" for none.

    `language` is that of the order. An anonymous order has neither address nor name nor phone.
    """

    address: str
    language: str
    patron_id: str | None
    is_anonymous: bool


def reach(session: Session, order_ids: Sequence[str]) -> Mapping[str, Reach]:
    """How the buyers of orders can be reached, by the orders' ids."""
    found: dict[str, Reach] = {}
    for start in range(0, len(order_ids), _CHUNK):
        query = (
            sa.select(
                ORDER.c.id,
                ORDER.c.patron_id,
                ORDER.c.claimed_at,
                CONTACT.c.email,
                CONTACT.c.name,
                CONTACT.c.phone,
                CONTACT.c.language,
                PATRON.c.email.label("record"),
                PATRON.c.email_bounced_at,
            )
            .join(CONTACT, CONTACT.c.order_id == ORDER.c.id)
            .join(PATRON, PATRON.c.id == ORDER.c.patron_id, isouter=True)
            .where(ORDER.c.id.in_(order_ids[start : start + _CHUNK]))
        )
        for row in session.connection().execute(query):
            is_known = row.claimed_at is not None and row.email_bounced_at is None
            address = row.email or (row.record or "" if is_known else "")
            found[row.id] = Reach(
                address=wire_of(address) if address else "",
                language=row.language,
                patron_id=row.patron_id if row.claimed_at is not None else None,
                is_anonymous=not (address or row.name or row.phone or row.patron_id),
            )
    return found


def mailboxes_of(session: Session, claims: LinkClaims) -> frozenset[str]:
    """The address that a link about a disrupted order may be mailed to."""
    query = sa.select(_DISRUPTED.c.order_id).where(_DISRUPTED.c.id == claims.request_id)
    order_id = session.connection().execute(query).scalar_one_or_none()
    if order_id is None:
        return frozenset()
    address = reach(session, [order_id])[order_id].address
    return frozenset({address}) if address else frozenset()
