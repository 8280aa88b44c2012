"""Writes the other emails and phones of a patron as staff keep them."""

from __future__ import annotations

from collections.abc import Mapping

from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, AuditEvent
from upstage_crm.patrons import suppressions
from upstage_crm.patrons.commands import lock_unerased, reindex
from upstage_crm.patrons.details import contacts
from upstage_crm.patrons.details.contacts import REACHES, Contact
from upstage_crm.patrons.errors import ContactsFull, ContactThere, UnknownContact, UnknownField
from upstage_crm.patrons.fields import Context
from upstage_crm.patrons.views import ContactPlace
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may

MOST_CONTACTS = 20  # of one patron


def add(
    context: StaffContext[object],
    *,
    patron_id: str,
    field: str,
    raw: Mapping[str, str],
    parsing: Context,
) -> None:
    """Add a secondary email or phone; it never decides anything and gets no mail.

    Raises:
        Forbidden: the actor may not edit patrons. UnknownPatron, PatronErased.
        UnknownField: the field is no way to reach a patron. Invalid: the value is refused.
        ContactThere: the record has it already. ContactsFull: it has too many.
        AddressSuppressed: its owner told us that it is not the patron's.
    """
    session = context.session
    ensure_may(context.actor, Permission.EDIT_PATRON)
    if field not in REACHES:
        raise UnknownField(key=field)
    entry = REACHES[field]
    values = entry.parse(raw, parsing)
    (value,) = (values[column] for column in entry.columns)
    (key,) = entry.derive(values).values()
    row = lock_unerased(session, patron_id)
    held = {(one.field, one.key): one for one in contacts.of_patron(session, patron_id)}
    if key is None or value is None:
        return
    on_record = getattr(row, entry.derived[0])
    known = held.get((field, key))
    if key == on_record or (known and known.place is ContactPlace.SECONDARY):
        raise ContactThere
    suppressions.ensure_none(session, key, patron_id=patron_id)
    if len(held) >= MOST_CONTACTS:
        raise ContactsFull(limit=MOST_CONTACTS)
    contacts.forget(session, patron_id=patron_id, field=field, key=key)
    new = Contact(
        field=field, key=key, value=value, place=ContactPlace.SECONDARY, since=context.now
    )
    contacts.place(session, patron_id=patron_id, contact=new)
    reindex(session, row)
    _record(context, patron_id, old="", new=value)


def remove(context: StaffContext[object], *, patron_id: str, field: str, key: str) -> None:
    """Remove an other email or phone, a previous one too.

    Raises:
        Forbidden: the actor may not edit patrons. UnknownPatron, PatronErased.
        UnknownContact: the patron has no such contact.
    """
    session = context.session
    ensure_may(context.actor, Permission.EDIT_PATRON)
    row = lock_unerased(session, patron_id)
    held = {(one.field, one.key): one for one in contacts.of_patron(session, patron_id)}
    if (found := held.get((field, key))) is None:
        raise UnknownContact
    contacts.forget(session, patron_id=patron_id, field=field, key=key)
    reindex(session, row)
    _record(context, patron_id, old=found.value, new="")


def _record(context: StaffContext[object], patron_id: str, *, old: str, new: str) -> None:
    event = AuditEvent(
        action=Action.PATRON_EDITED,
        actor=context.actor.as_actor(),
        channel=context.channel,
        patron_id=patron_id,
        facts={"fields": "other_contacts"},
        values={"other_contacts.old": old, "other_contacts.new": new},
    )
    trail.record(context.session, [event], now=context.now)
