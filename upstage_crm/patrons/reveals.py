"""Shows one masked value to a staff member who says why; every look is an entry of the trail."""

from __future__ import annotations

from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, AuditEvent, Channel
from upstage_crm.core.text import clean_block
from upstage_crm.organisation.settings import home
from upstage_crm.patrons import fields, queries
from upstage_crm.patrons.errors import PatronErased, PatronIsProtected, RevealReasonMissing
from upstage_crm.patrons.tables import PatronStatus
from upstage_crm.patrons.visibility import FieldAccess
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, StaffMember, ensure_may, may
from upstage_crm.staff.visibility import sees

REASON_MINIMUM = 5  # characters; less says nothing to an auditor who reads the trail
REASON_LIMIT = 300  # characters


def reveal(context: StaffContext[object], *, patron_id: str, field: str, reason: str) -> str:
    """Return the value of a protected field on one line, "" when it is not known.

    It is recorded in any case, also for a value that is empty or that the actor sees anyway.

    Raises:
        Forbidden: the actor may not reveal values. UnknownField, UnknownPatron.
        RevealReasonMissing: the reason says nothing. InvalidText: it is too long.
        PatronErased. PatronIsProtected: only the few see anything of a protected patron.
    """
    session, actor = context.session, context.actor
    ensure_may(actor, Permission.REVEAL_VALUE)
    entry = fields.field(field)
    words = clean_block(reason, REASON_LIMIT)
    if len(words) < REASON_MINIMUM:
        raise RevealReasonMissing(minimum=REASON_MINIMUM)
    row = queries.lock(session, patron_id)
    if row.status is PatronStatus.ERASED:
        raise PatronErased
    if row.is_protected and not sees(actor.role, entry.key, is_protected=True):
        raise PatronIsProtected
    event = AuditEvent(
        action=Action.VALUE_REVEALED,
        actor=actor.as_actor(),
        channel=Channel.CRM,
        patron_id=patron_id,
        facts={"field": entry.key},
        values={"reason": words},
    )
    trail.record(session, [event], now=context.now)
    return entry.show(queries.values_of(row), home=home(session))


def may_reveal(member: StaffMember, access: FieldAccess, key: str) -> bool:
    """Whether a member is offered to reveal a field: it is masked, and `reveal` would show it."""
    is_allowed = may(member, Permission.REVEAL_VALUE) and not access.is_protected
    return is_allowed and not access.sees(key)
