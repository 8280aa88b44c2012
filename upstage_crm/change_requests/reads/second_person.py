"""The second of two people: another account, left as it is for a week, and not the patron.

Every command whose step takes two people calls `ensure_second`. When an account counts is
`staff.account_history`'s rule. The fresh proof that a second step needs is asked of the page's
handlers, because it belongs to a session.
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from upstage_crm.change_requests.model.errors import (
    FirstNotSettled,
    NotYetSecond,
    OwnRecord,
    SamePerson,
)
from upstage_crm.core import when
from upstage_crm.core.errors import UpstageError
from upstage_crm.organisation.settings import details
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.staff import accounts
from upstage_crm.staff.account_history import settled_at
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, StaffMember, may


def ensure_second(
    context: StaffContext[object], *, first_id: str | None, patron: PatronRow | None = None
) -> None:
    """Let `actor` take the second step after `first_id`; with None it is still the first one.

    Raises:
        SamePerson: the first step was the actor's own.
        NotYetSecond, FirstNotSettled: an account was made or changed too lately.
            Facts: `since`, `day` and `time`, as the organisation's clocks show them.
        OwnRecord: the actor is the patron.
    """
    if first_id is not None:
        refusal = find_refusal(context.session, context.actor, first_id=first_id, now=context.now)
        if refusal is not None:
            raise refusal
    if patron is not None:
        ensure_not_own(context.actor, patron)


def find_refusal(
    session: Session, actor: StaffMember, *, first_id: str, now: datetime
) -> UpstageError | None:
    """Why `actor` may not be second to `first_id`; None when nothing is in the way."""
    if actor.id == first_id:
        return SamePerson()
    if (too_early := too_early_for(session, actor.id, now=now)) is not None:
        return too_early
    # Who manages the team can make an account, or take one over, and play the first person with
    # it. Another second person, who can do neither, is not in doubt.
    since = settled_at(accounts.history_of(session, first_id))
    if now < since and may(actor, Permission.MANAGE_TEAM):
        return FirstNotSettled(**_moment(session, since))
    return None


def too_early_for(session: Session, staff_id: str, *, now: datetime) -> NotYetSecond | None:
    """Since when a member may be second to a colleague, if that is still to come."""
    since = settled_at(accounts.history_of(session, staff_id))
    return NotYetSecond(**_moment(session, since)) if now < since else None


def ensure_not_own(actor: StaffMember, patron: PatronRow) -> None:
    """No member acts on the patron record that is their own.

    Raises:
        OwnRecord.
    """
    if patron.email_key is not None and patron.email_key == actor.email_key:
        raise OwnRecord


def _moment(session: Session, at: datetime) -> dict[str, object]:
    day, time = when.weekday(at, details(session).zone)
    return {"since": at, "day": day, "time": time}
