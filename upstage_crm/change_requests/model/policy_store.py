"""The policy that the owners chose: read by every proposal, changed on the settings page."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import lru_cache

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import recorded, trail
from upstage_crm.audit.events import Action, AuditEvent, Channel
from upstage_crm.change_requests.model.policy import (
    SHORTENED_AFTER,
    TIMES_TO_STOP,
    Policy,
    before_shortening,
    checked,
    from_json,
    to_json,
)
from upstage_crm.change_requests.model.tables import PolicyRow
from upstage_crm.core.db import lock_clause, table_of
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may

_policy = table_of(PolicyRow)
_CURRENT = sa.select(_policy.c.settings).where(_policy.c.id == 1)
_LOCK = lock_clause(_CURRENT)

# Few policies ever stand at once, and every decision asks for the one of its request.
read = lru_cache(maxsize=64)(from_json)


def current(session: Session) -> Policy:
    """The policy as it stands; see `for_proposal` for what a new proposal is made under.

    Raises:
        RowNotProven: it is not what an owner chose.
    """
    recorded.prove(session, "policy", "1")
    return read(session.connection().execute(_CURRENT).scalar_one())


def for_proposal(session: Session, *, now: datetime) -> Policy:
    """The policy for a proposal made now: where the patron's time to stop a change was shortened
    within the last days, the longer one still counts.

    The trail says what was shortened, and when.
    """
    policy, olds = current(session), dict[str, timedelta]()
    since, action = now - SHORTENED_AFTER, Action.POLICY_CHANGED
    for line in trail.lines_since(session, since, action=action):
        for name in TIMES_TO_STOP:
            if (seconds := line.facts.get(f"{name}.old")) is not None:
                olds[name] = max(timedelta(seconds=int(seconds)), olds.get(name, timedelta()))
    return before_shortening(policy, olds) if olds else policy


def change(context: StaffContext[object], *, proposed: Policy) -> Policy:
    """Store a policy and return it; the same policy again records nothing.

    Requests that run keep the policy that they were proposed under.

    Raises:
        Forbidden: the actor may not edit the policy.
        Invalid: all that `policy.checked` raises.
    """
    session = context.session
    ensure_may(context.actor, Permission.EDIT_POLICY)
    accepted = checked(proposed)
    # Locked, so that the trail's old numbers are those that are replaced.
    before = read(session.connection().execute(_LOCK).scalar_one())
    recorded.prove(session, "policy", "1")
    old, new = _plain(before), _plain(accepted)
    changed = sorted(name for name in old | new if old.get(name) != new.get(name))
    if not changed:
        return accepted
    session.connection().execute(
        sa.update(_policy).where(_policy.c.id == 1).values(settings=to_json(accepted))
    )
    facts: dict[str, str | int | bool | None] = {}
    for name in changed:
        facts |= {f"{name}.old": old.get(name), f"{name}.new": new.get(name)}
    event = AuditEvent(
        action=Action.POLICY_CHANGED,
        actor=context.actor.as_actor(),
        channel=Channel.CRM,
        facts=facts,
    )
    trail.record(session, [event], now=context.now)
    return accepted


def _plain(policy: Policy) -> dict[str, str | int | bool | None]:
    """The policy as the trail tells it: seconds and numbers by name, one line for each field."""
    plain = json.loads(to_json(policy))
    fields: dict[str, dict[str, object]] = plain.pop("fields")
    for key, chosen in fields.items():
        plain |= {f"{key}.{name}": value for name, value in chosen.items()}
    return plain | plain.pop("thresholds")
