"""The contact of an order: checked, kept beside it, and emptied again.

It is what the buyer typed for this one order. It never changes the record of a patron.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.core.email_address import parse_email
from upstage_crm.core.text import clean_line, comparable
from upstage_crm.orders.errors import ContactMissing
from upstage_crm.orders.tables import OrderContactRow
from upstage_crm.orders.views import Contact
from upstage_crm.programme.prices.views import SaleChannel

CONTACT = table_of(OrderContactRow)
NAME_LIMIT, PHONE_LIMIT = 200, 40  # characters
_NEEDS_EMAIL = (SaleChannel.PORTAL, SaleChannel.PHONE)
_NEW = sa.insert(CONTACT)
_EMPTY = {"email": "", "email_key": "", "name": "", "name_key": "", "phone": ""}


def checked(contact: Contact, channel: SaleChannel) -> Contact:
    """The contact as it is kept.

    Raises:
        ContactMissing: what is sold in this channel is mailed, and there is no address.
        InvalidEmail, InvalidText: a value cannot be kept.
    """
    email = contact.email.strip()
    if not email and channel in _NEEDS_EMAIL:
        raise ContactMissing
    return Contact(
        email=parse_email(email).stored if email else "",
        name=clean_line(contact.name, NAME_LIMIT),
        phone=clean_line(contact.phone, PHONE_LIMIT),
        language=contact.language,
    )


def keep(session: Session, order_id: str, contact: Contact) -> None:
    """Keep a checked contact beside its order."""
    row = {
        "order_id": order_id,
        "email": contact.email,
        "email_key": parse_email(contact.email).key if contact.email else "",
        "name": contact.name,
        "name_key": comparable(contact.name),
        "phone": contact.phone,
        "language": contact.language,
    }
    session.connection().execute(_NEW, row)


def of_order(session: Session, order_id: str) -> Contact:
    """The contact of an order; an erased one is empty."""
    query = sa.select(CONTACT).where(CONTACT.c.order_id == order_id)
    row = session.connection().execute(query).one_or_none()
    if row is None:
        return Contact()
    return Contact(email=row.email, name=row.name, phone=row.phone, language=row.language)


def erase(session: Session, order_ids: Collection[str]) -> int:
    """Empty the contacts of orders, for an erasure or once they are old; return how many."""
    if not order_ids:
        return 0
    statement = (
        sa.update(CONTACT)
        .where(
            CONTACT.c.order_id.in_(order_ids),
            CONTACT.c.email_key + CONTACT.c.name + CONTACT.c.phone != "",
        )
        .values(**_EMPTY)
    )
    return session.connection().execute(statement).rowcount
