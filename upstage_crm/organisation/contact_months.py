"""How long what guests typed for their orders is kept after the last performance of each."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from upstage_crm.audit import recorded, trail
from upstage_crm.audit.events import Action, AuditEvent
from upstage_crm.core.db import table_of
from upstage_crm.organisation.errors import ContactTimeRefused
from upstage_crm.organisation.tables import OrganisationRow
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may

# Buyers may ask about a visit for a while; no book has to be kept longer than seven years.
LEAST_MONTHS, MOST_MONTHS = 3, 84
USUAL_MONTHS = 24

_organisation = table_of(OrganisationRow)
_CHOSEN_AT = sa.select(_organisation.c.contact_months_at).where(_organisation.c.id == 1)
_MONTHS = sa.select(_organisation.c.contact_months).where(_organisation.c.id == 1)


def contact_months(session: Session) -> int:
    """The months after a last performance for which a guest's contact is kept."""
    months = session.connection().execute(_MONTHS).scalar_one()
    return USUAL_MONTHS if months is None else months


def was_chosen_since(session: Session, since: datetime) -> bool:
    """Whether the months were chosen after that moment: then more may be due than time made so."""
    chosen_at = session.connection().execute(_CHOSEN_AT).scalar_one()
    return chosen_at is not None and chosen_at > since


def change(context: StaffContext[object], *, months: int) -> None:
    """Choose the months; the same again records nothing. The clock does the rest.

    Raises:
        Forbidden: the actor may not edit the policy.
        ContactTimeRefused: fewer than a quarter or more than seven years.
    """
    session = context.session
    ensure_may(context.actor, Permission.EDIT_POLICY)
    if not LEAST_MONTHS <= months <= MOST_MONTHS:
        raise ContactTimeRefused(least=LEAST_MONTHS, most=MOST_MONTHS)
    session.get_one(OrganisationRow, 1, with_for_update=True, populate_existing=True)
    recorded.prove(session, "organisation", "1")
    before = contact_months(session)
    if months == before:
        return
    session.connection().execute(
        sa.update(OrganisationRow)
        .where(col(OrganisationRow.id) == 1)
        .values(contact_months=months, contact_months_at=context.now)
    )
    event = AuditEvent(
        action=Action.ORGANISATION_CHANGED,
        actor=context.actor.as_actor(),
        channel=context.channel,
        facts={"contact_months.old": before, "contact_months.new": months},
    )
    trail.record(session, [event], now=context.now)
