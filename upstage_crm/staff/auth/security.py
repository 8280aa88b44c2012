"""What the owners chose about staff accounts: today, which roles need a second factor."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import recorded, trail
from upstage_crm.audit.events import Action, AuditEvent
from upstage_crm.core.db import lock_clause, table_of
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, Role, ensure_may
from upstage_crm.staff.tables import SecurityRow

_security = table_of(SecurityRow)
_CURRENT = sa.select(_security.c.settings).where(_security.c.id == 1)
_LOCK = lock_clause(_CURRENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityPolicy:
    """The rules of staff accounts. Members whose role is in `second_factor` need one."""

    second_factor: frozenset[Role] = field(default_factory=frozenset[Role])


def to_json(policy: SecurityPolicy) -> str:
    """The policy as canonical JSON."""
    return json.dumps({"second_factor": sorted(role.value for role in policy.second_factor)})


@lru_cache(maxsize=16)
def from_json(text: str) -> SecurityPolicy:
    """The reverse of `to_json`; what it does not name stands at its default."""
    roles: list[str] = json.loads(text).get("second_factor", [])
    return SecurityPolicy(second_factor=frozenset(Role(role) for role in roles))


def current(session: Session) -> SecurityPolicy:
    """The policy as it stands.

    Raises:
        RowNotProven: it is not what an owner chose.
    """
    recorded.prove(session, "security", "1")
    return from_json(session.connection().execute(_CURRENT).scalar_one())


def change(context: StaffContext[object], *, proposed: SecurityPolicy) -> SecurityPolicy:
    """Store a policy and return it; the same policy again records nothing.

    Raises:
        Forbidden: the actor may not edit it.
    """
    session, actor = context.session, context.actor
    ensure_may(actor, Permission.EDIT_SECURITY)
    before = from_json(session.connection().execute(_LOCK).scalar_one())
    recorded.prove(session, "security", "1")
    if before == proposed:
        return proposed
    session.connection().execute(
        sa.update(_security).where(_security.c.id == 1).values(settings=to_json(proposed))
    )
    facts: dict[str, str | int | bool | None] = {
        "second_factor.old": _roles(before),
        "second_factor.new": _roles(proposed),
    }
    event = AuditEvent(
        action=Action.SECURITY_CHANGED, actor=actor.as_actor(), channel=context.channel, facts=facts
    )
    trail.record(session, [event], now=context.now)
    return proposed


def _roles(policy: SecurityPolicy) -> str:
    return ", ".join(sorted(role.value for role in policy.second_factor))
