"""The members of the team: list them, change what they may do, let them go and come back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, AuditEvent
from upstage_crm.staff import names
from upstage_crm.staff.accounts import (
    end_sessions,
    ensure_not_last_owner,
    get_row,
)
from upstage_crm.staff.auth import second_factor, security
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.errors import OwnAccount
from upstage_crm.staff.roles import Permission, Role, StaffMember, ensure_may
from upstage_crm.staff.tables import StaffRow, StaffSessionRow


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamMember:
    """A member as the team page shows one. `last_active_at` is None for who never signed in."""

    id: str
    email: str
    display_name: str
    desk: str
    role: Role
    created_at: datetime
    is_disabled: bool
    has_factor: bool
    needs_factor: bool
    last_active_at: datetime | None


def members(session: Session) -> tuple[TeamMember, ...]:
    """Everybody, who may sign in first, then by name."""
    seen = dict(
        session.exec(
            select(StaffSessionRow.staff_id, sa.func.max(StaffSessionRow.last_seen_at)).group_by(
                col(StaffSessionRow.staff_id)
            )
        ).all()
    )
    asked = security.current(session).second_factor
    rows = session.exec(
        select(StaffRow).order_by(
            col(StaffRow.disabled_at).is_not(None), col(StaffRow.display_name)
        )
    )
    return tuple(
        TeamMember(
            id=row.id,
            email=row.email,
            display_name=names.shown_name(row.display_name),
            desk=names.shown_desk(row.desk),
            role=row.role,
            created_at=row.created_at,
            is_disabled=row.disabled_at is not None,
            has_factor=row.second_factor_at is not None,
            needs_factor=row.role in asked,
            last_active_at=seen.get(row.id),
        )
        for row in rows
    )


def change_role(context: StaffContext[object], *, staff_id: str, role: Role) -> bool:
    """Give a member another role and end their sessions; False when it was theirs already.

    Raises:
        Forbidden, NotFound; OwnAccount: no one changes their own role.
        LastOwner: the last owner stays one.
    """
    session, actor, now = context.session, context.actor, context.now
    ensure_may(actor, Permission.MANAGE_TEAM)
    if staff_id == actor.id:
        raise OwnAccount
    row = get_row(session, staff_id)
    if row.role is role:
        return False
    if row.disabled_at is None:
        ensure_not_last_owner(session, row)
    before, row.role, row.role_at = row.role, role, now
    session.add(row)
    session.flush()
    end_sessions(session, row.id, now)  # a member who comes back, comes back as what they are now
    facts = {"staff_id": row.id, "role.old": before.value, "role.new": role.value}
    _record(context, Action.STAFF_ROLE_CHANGED, facts)
    return True


def rename(context: StaffContext[object], *, staff_id: str, display_name: str, desk: str) -> None:
    """Give a member another name and desk, as patrons read them; the same ones record nothing.

    Raises:
        Forbidden, NotFound; what `names` raises.
    """
    session = context.session
    ensure_may(context.actor, Permission.MANAGE_TEAM)
    name, at_desk = names.parse_name(display_name), names.parse_desk(desk)
    row = get_row(session, staff_id)
    if (row.display_name, row.desk) == (name, at_desk):
        return
    values = {"display_name.old": row.display_name, "desk.old": row.desk}
    row.display_name, row.desk = name, at_desk
    session.add(row)
    session.flush()
    values |= {"display_name.new": name, "desk.new": at_desk}
    _record(context, Action.STAFF_RENAMED, {"staff_id": row.id}, values)


def enable(context: StaffContext[object], *, staff_id: str) -> bool:
    """Let a disabled member sign in again, with the password and factors of before.

    False when the account was enabled already.

    Raises:
        Forbidden, NotFound.
    """
    session = context.session
    ensure_may(context.actor, Permission.MANAGE_TEAM)
    row = get_row(session, staff_id)
    if row.disabled_at is None:
        return False
    row.disabled_at, row.enabled_at = None, context.now
    session.add(row)
    session.flush()
    _record(context, Action.STAFF_ENABLED, {"staff_id": row.id})
    return True


def take_factors(context: StaffContext[object], *, staff_id: str) -> None:
    """Remove the second factors of a member who lost them, and end their sessions.

    Raises:
        Forbidden, NotFound; OwnAccount: one's own are removed on one's own page.
    """
    session, actor, now = context.session, context.actor, context.now
    ensure_may(actor, Permission.MANAGE_TEAM)
    if staff_id == actor.id:
        raise OwnAccount
    row = get_row(session, staff_id)
    end_sessions(session, row.id, now)
    second_factor.remove_all(session, staff_id=row.id, actor=actor.as_actor(), now=now)


def ensure_may_manage(actor: StaffMember) -> None:
    """Raise Forbidden unless `actor` looks after the team."""
    ensure_may(actor, Permission.MANAGE_TEAM)


def _record(
    context: StaffContext[object],
    action: Action,
    facts: Mapping[str, str],
    values: Mapping[str, str | None] | None = None,
) -> None:
    event = AuditEvent(
        action=action,
        actor=context.actor.as_actor(),
        channel=context.channel,
        facts=dict(facts),
        values=values or {},
    )
    trail.record(context.session, [event], now=context.now)
