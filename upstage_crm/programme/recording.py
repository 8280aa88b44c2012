"""Writes what happened to events and performances into the trail."""

from __future__ import annotations

from collections.abc import Mapping

from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, AuditEvent
from upstage_crm.staff.command_context import StaffContext

Facts = Mapping[str, str | int]


def record(context: StaffContext[object], action: Action, title: str, facts: Facts) -> None:
    """One entry of the staff member's: what was done to the event of this title."""
    event = AuditEvent(
        action=action,
        actor=context.actor.as_actor(),
        channel=context.channel,
        facts={"place": title, **facts},
    )
    trail.record(context.session, [event], now=context.now)
