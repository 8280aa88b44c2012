"""Whether patrons return tickets themselves, and until how many hours before a performance."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session, col

from upstage_crm.audit import recorded, trail
from upstage_crm.audit.events import Action, AuditEvent
from upstage_crm.core.db import table_of
from upstage_crm.organisation.errors import ReturnTimeRefused
from upstage_crm.organisation.tables import OrganisationRow
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may

MOST_HOURS = 336  # two weeks

_organisation = table_of(OrganisationRow)
_HOURS = sa.select(_organisation.c.return_hours).where(_organisation.c.id == 1)


def return_hours(session: Session) -> int | None:
    """The hours before a performance until which patrons return tickets; None: staff alone do."""
    return session.connection().execute(_HOURS).scalar_one()


def change(context: StaffContext[object], *, hours: int | None) -> None:
    """Choose the hours, or None for returns by staff alone; the same again records nothing.

    Raises:
        Forbidden: the actor may not edit the policy.
        ReturnTimeRefused: fewer than 0 or more than two weeks.
    """
    session = context.session
    ensure_may(context.actor, Permission.EDIT_POLICY)
    if hours is not None and not 0 <= hours <= MOST_HOURS:
        raise ReturnTimeRefused(most=MOST_HOURS)
    session.get_one(OrganisationRow, 1, with_for_update=True, populate_existing=True)
    recorded.prove(session, "organisation", "1")
    before = return_hours(session)
    if hours == before:
        return
    session.connection().execute(
        sa.update(OrganisationRow).where(col(OrganisationRow.id) == 1).values(return_hours=hours)
    )
    event = AuditEvent(
        action=Action.ORGANISATION_CHANGED,
        actor=context.actor.as_actor(),
        channel=context.channel,
        facts={"return_hours.old": _said(before), "return_hours.new": _said(hours)},
    )
    trail.record(session, [event], now=context.now)


def _said(hours: int | None) -> int | str:
    return "" if hours is None else hours
