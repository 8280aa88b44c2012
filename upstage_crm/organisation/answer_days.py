"""How long buyers may choose after a performance was cancelled or moved."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session, col

from upstage_crm.audit import recorded, trail
from upstage_crm.audit.events import Action, AuditEvent
from upstage_crm.core.db import table_of
from upstage_crm.organisation.errors import AnswerTimeRefused
from upstage_crm.organisation.tables import OrganisationRow
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may

USUAL_DAYS = 7
MOST_DAYS = 14

_organisation = table_of(OrganisationRow)
_DAYS = sa.select(_organisation.c.answer_days).where(_organisation.c.id == 1)


def answer_days(session: Session) -> int:
    """The days after which silence is an answer: 0 to 14, 7 until an owner chooses."""
    stored: int | None = session.connection().execute(_DAYS).scalar_one()
    return USUAL_DAYS if stored is None else stored


def change(context: StaffContext[object], *, days: int) -> None:
    """Choose the days; the same ones again record nothing. What is cancelled already keeps its own.

    Raises:
        Forbidden: the actor may not edit the policy.
        AnswerTimeRefused: fewer than 0 or more than 14.
    """
    session = context.session
    ensure_may(context.actor, Permission.EDIT_POLICY)
    if not 0 <= days <= MOST_DAYS:
        raise AnswerTimeRefused(most=MOST_DAYS)
    session.get_one(OrganisationRow, 1, with_for_update=True, populate_existing=True)
    recorded.prove(session, "organisation", "1")
    before = answer_days(session)
    if days == before:
        return
    session.connection().execute(
        sa.update(OrganisationRow).where(col(OrganisationRow.id) == 1).values(answer_days=days)
    )
    event = AuditEvent(
        action=Action.ORGANISATION_CHANGED,
        actor=context.actor.as_actor(),
        channel=context.channel,
        facts={"answer_days.old": before, "answer_days.new": days},
    )
    trail.record(session, [event], now=context.now)
