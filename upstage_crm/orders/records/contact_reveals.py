"""Who reads the contact of an order: as the record's fields are read, and masked as they are.

What a buyer typed for one order is the same kind of personal data as the record's.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, AuditEvent
from upstage_crm.core.text import clean_block
from upstage_crm.orders import queries
from upstage_crm.orders.views import Contact
from upstage_crm.patrons import queries as patrons
from upstage_crm.patrons.errors import PatronIsProtected, RevealReasonMissing, UnknownField
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.patrons.reveals import REASON_LIMIT, REASON_MINIMUM
from upstage_crm.patrons.values import Values
from upstage_crm.patrons.visibility import FieldAccess
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, Role, ensure_may

CONTACT_FIELDS = ("name", "email", "phone")
"""The fields of the registry that a contact has, in the order in which people read them."""


def access_to(session: Session, patron_id: str | None, reader: Role) -> FieldAccess:
    """What a role reads of an order that is filed at a record, or at none."""
    is_protected = patron_id is not None and patrons.get(session, patron_id).is_protected
    return FieldAccess(reader, is_protected)


def seen(contact: Contact, access: FieldAccess) -> dict[str, str]:
    """The contact as a reader sees it, by field; "" where nothing was typed."""
    return {
        key: value if access.sees(key) else FIELDS[key].mask(_values(key, value))
        for key, value in typed(contact).items()
    }


def shown(key: str, value: str, home: str) -> str:
    """One field as people of the country `home` write it; what was masked stays as it is."""
    return FIELDS[key].show(_values(key, value), home=home)


def typed(contact: Contact) -> Mapping[str, str]:
    """What was typed, by field."""
    return {"name": contact.name, "email": contact.email, "phone": contact.phone}


def reveal(context: StaffContext[object], *, order_id: str, field: str, reason: str) -> str:
    """Return one field of an order's contact, "" when it was not typed; the trail keeps the look.

    Raises:
        Forbidden: the actor may not see orders, or reveal values. UnknownField, UnknownOrder.
        RevealReasonMissing: the reason says nothing. InvalidText: it is too long.
        PatronIsProtected: only the few see anything of a protected patron.
    """
    session, actor = context.session, context.actor
    ensure_may(actor, Permission.VIEW_ORDERS)
    ensure_may(actor, Permission.REVEAL_VALUE)
    if field not in CONTACT_FIELDS:
        raise UnknownField(key=field)
    words = clean_block(reason, REASON_LIMIT)
    if len(words) < REASON_MINIMUM:
        raise RevealReasonMissing(minimum=REASON_MINIMUM)
    order = queries.order(session, order_id)
    access = access_to(session, order.patron_id, actor.role)
    if access.is_protected and not access.sees(field):
        raise PatronIsProtected
    event = AuditEvent(
        action=Action.VALUE_REVEALED,
        actor=actor.as_actor(),
        channel=context.channel,
        patron_id=order.patron_id,
        facts={"field": field, "order": order.reference},
        values={"reason": words},
    )
    trail.record(session, [event], now=context.now)
    return typed(order.contact)[field]


def _values(key: str, value: str) -> Values:
    """A value as the registry's field holds it; a name was typed whole."""
    column = "family_name" if key == "name" else FIELDS[key].columns[0]
    return {column: value or None}
