"""What becomes of a member's open requests: ended with a stolen account, or handed over.

All lock the member first, then patron by patron; the trail's head comes last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import recorded, trail
from upstage_crm.audit.events import OPERATOR, Action, Actor, AuditEvent, Channel
from upstage_crm.change_requests.lifecycle.consequences import Consequences, of_withdrawing
from upstage_crm.change_requests.lifecycle.locked_request import LockedRequest
from upstage_crm.change_requests.limits import alerts
from upstage_crm.change_requests.model.errors import NotAKeeper
from upstage_crm.change_requests.model.rules import (
    OPEN_STATES,
    Cause,
)
from upstage_crm.change_requests.model.tables import ChangeRequestRow, is_answered_by
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.core.db import table_of
from upstage_crm.core.email_address import parse_email
from upstage_crm.core.errors import NotFound
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.staff import accounts
from upstage_crm.staff.command_context import CommandContext, StaffContext
from upstage_crm.staff.errors import OwnAccount
from upstage_crm.staff.roles import Permission, StaffMember, ensure_may, may
from upstage_crm.staff.tables import StaffRow

_request, _patron = table_of(ChangeRequestRow), table_of(PatronRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """What a freeze did: whether the account was still enabled, and how many requests ended."""

    was_enabled: bool
    withdrawn: int


def consequences(
    session: Session, *, actor: StaffMember, staff_id: str, is_freeze: bool = False
) -> Consequences:
    """Count what `freeze`, or `let_go` without a keeper, would do now; nothing is changed.

    Raises:
        Forbidden: the actor may neither freeze accounts nor manage the team.
    """
    if not may(actor, Permission.FREEZE_ACCOUNT):
        ensure_may(actor, Permission.MANAGE_TEAM)
    theirs = _touched_by(session, staff_id) if is_freeze else _answered_by(session, staff_id)
    return of_withdrawing(session, [row.id for row in theirs])


def freeze(context: StaffContext[Notifier], *, staff_id: str) -> Frozen:
    """Stop an account with one press: no sign-in, no session, nothing open of it.

    Patrons who were mailed about a request are told that it was withdrawn, others hear nothing.
    An open alert is closed: the owner has looked. A second press does what the first one
    left, which is nothing.

    Raises:
        Forbidden; OwnAccount: no one freezes their own account.
        NotFound: no such account; LastOwner: no one else could run the place.
    """
    session, actor = context.session, context.actor
    ensure_may(actor, Permission.FREEZE_ACCOUNT)
    if actor.id == staff_id:
        raise OwnAccount
    alerts.lock_member(session, staff_id)
    # First of all, so that no mail of an end is written to the thief who holds the account.
    was_enabled = accounts.shut(session, staff_id, now=context.now)
    theirs = _touched_by(session, staff_id)
    events, withdrawn = _withdraw_all(context, theirs, actor.as_actor(), Channel.CRM)
    if was_enabled or withdrawn:
        facts = {"staff_id": staff_id, "withdrawn": withdrawn}
        events.append(_event(Action.STAFF_FROZEN, actor, facts))
    closed = alerts.closed(context, staff_id=staff_id)
    if closed is not None:
        events.append(closed)
    if events:
        trail.record(session, events, now=context.now)
    return Frozen(was_enabled=was_enabled, withdrawn=withdrawn)


def let_go(context: StaffContext[Notifier], *, staff_id: str, to_id: str | None) -> int:
    """Disable the account of a member who leaves; return how many requests were open.

    They are handed over to `to_id`, or withdrawn with None: none is ever left to no one.

    Raises:
        Forbidden; OwnAccount: no one lets themselves go; LastOwner.
        NotFound, NotAKeeper: as `hand_over`.
    """
    session, actor = context.session, context.actor
    ensure_may(actor, Permission.MANAGE_TEAM)
    if actor.id == staff_id:
        raise OwnAccount
    for member_id in sorted({staff_id, to_id or staff_id}):
        alerts.lock_member(session, member_id)
    was_enabled = accounts.shut(session, staff_id, now=context.now)
    if to_id is not None:
        events, count = [], hand_over(context, staff_id=staff_id, to_id=to_id)
    else:
        left = _answered_by(session, staff_id)
        events, count = _withdraw_all(context, left, actor.as_actor(), Channel.CRM)
    if was_enabled:
        events.append(_event(Action.STAFF_DISABLED, actor, {"staff_id": staff_id}))
    if events:
        trail.record(session, events, now=context.now)
    return count


def let_go_as_operator(context: CommandContext[Notifier], *, email: str) -> int:
    """The same for the operator of the server; return how many requests ended.

    Raises:
        InvalidEmail; NotFound: no such account; LastOwner.
    """
    session = context.session
    row = accounts.find_by_email_key(session, parse_email(email).key)
    if row is None:
        raise NotFound
    alerts.lock_member(session, row.id)
    was_enabled = accounts.shut(session, row.id, now=context.now)
    channel = Channel.COMMAND_LINE
    events, count = _withdraw_all(context, _answered_by(session, row.id), OPERATOR, channel)
    if was_enabled:
        facts = {"staff_id": row.id}
        action = Action.STAFF_DISABLED
        events.append(AuditEvent(action=action, actor=OPERATOR, channel=channel, facts=dict(facts)))
    if events:
        trail.record(session, events, now=context.now)
    return count


def hand_over(context: StaffContext[object], *, staff_id: str, to_id: str) -> int:
    """Let another member answer for the open requests of one who leaves; return how many.

    The one who answers for a request hears of its outcome, and it may be applied while that member
    may propose. Who proposed it stays as it was. A request about the new member's own record is
    left out.

    Raises:
        Forbidden; NotFound: no such account.
        NotAKeeper: `to_id` is the member who leaves, is disabled or may not propose changes.
    """
    session = context.session
    ensure_may(context.actor, Permission.MANAGE_TEAM)
    if session.get(StaffRow, staff_id) is None:
        raise NotFound
    for member_id in sorted({staff_id, to_id}):
        alerts.lock_member(session, member_id)
    keeper = accounts.find_active(session, to_id)
    if keeper is None or to_id == staff_id or not may(keeper, Permission.PROPOSE_CHANGE):
        raise NotAKeeper
    mine = [row for row in _answered_by(session, staff_id) if row.email_key != keeper.email_key]
    if not mine:
        return 0
    for row in mine:
        recorded.prove(session, "change_request", row.id)
    session.connection().execute(
        sa.update(_request)
        .where(_request.c.id.in_([row.id for row in mine]), _request.c.state.in_(OPEN_STATES))
        .values(keeper_id=to_id)
    )
    events = [
        _event(
            Action.REQUEST_HANDED_OVER,
            context.actor,
            {"reference": row.reference, "from": staff_id, "to": to_id},
            patron_id=row.patron_id,
            request_id=row.id,
        )
        for row in mine
    ]
    trail.record(session, events, now=context.now)
    return len(mine)


def _withdraw_all(
    context: CommandContext[Notifier], rows: Sequence[Any], actor: Actor, channel: Channel
) -> tuple[list[AuditEvent], int]:
    """End these open requests; what happened, and how many they were."""
    events: list[AuditEvent] = []
    withdrawn = 0
    for row in rows:
        case = LockedRequest.by_id(context, row.id)
        if case.request.state.is_open:
            case.withdraw(Cause.PROPOSER_GONE, actor=actor, channel=channel)
            events += case.events
            withdrawn += 1
    return events, withdrawn


def _answered_by(session: Session, staff_id: str) -> Sequence[Any]:
    """The open requests that a member answers for, in the order in which they may be locked."""
    return _open(session, is_answered_by(staff_id))


def _touched_by(session: Session, staff_id: str) -> Sequence[Any]:
    """The same, and those that the member proposed and handed over to a colleague.

    Or the thief of an account would hand a proposal over, and it would outlive the freeze. What a
    colleague took over, or was given by a manager, is vouched for by that one.
    """
    is_theirs = sa.or_(is_answered_by(staff_id), _request.c.proposer_id == staff_id)
    answered = {row.id for row in _answered_by(session, staff_id)}
    return [
        row
        for row in _open(session, is_theirs)
        if row.id in answered or _last_handed_over_by(session, row.id) == staff_id
    ]


def _last_handed_over_by(session: Session, request_id: str) -> str | None:
    action = Action.REQUEST_HANDED_OVER
    lines = trail.timeline(session, request_id=request_id, action=action, limit=1)
    return lines[0].actor.id if lines else None


def _open(session: Session, is_theirs: sa.ColumnElement[bool]) -> Sequence[Any]:
    query = (
        sa.select(_request.c.id, _request.c.reference, _request.c.patron_id, _patron.c.email_key)
        .join(_patron, _patron.c.id == _request.c.patron_id)
        .where(
            is_theirs,
            _request.c.state.in_(OPEN_STATES),
        )
        .order_by(_request.c.patron_id, _request.c.id)
    )
    return session.connection().execute(query).all()


def _event(
    action: Action,
    actor: StaffMember,
    facts: dict[str, str | int],
    *,
    patron_id: str | None = None,
    request_id: str | None = None,
) -> AuditEvent:
    return AuditEvent(
        action=action,
        actor=actor.as_actor(),
        channel=Channel.CRM,
        patron_id=patron_id,
        request_id=request_id,
        facts=dict(facts),
    )
