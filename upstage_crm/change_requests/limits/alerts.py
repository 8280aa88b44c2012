"""Alerts about a member whose proposals tripped a wire: opened at once, closed by a colleague.

While one is open, whatever the member proposes is held, and what was cooling down stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from upstage_crm.audit import recorded, trail
from upstage_crm.audit.events import SYSTEM, Action, AuditEvent, Channel
from upstage_crm.change_requests.model.errors import (
    AlertOpen,
    NothingWaits,
)
from upstage_crm.change_requests.model.rules import (
    HeldFor,
    RequestState,
)
from upstage_crm.change_requests.model.tables import (
    ChangeRequestRow,
    StaffAlertRow,
)
from upstage_crm.change_requests.model.thresholds import (
    Ruling,
    Wire,
)
from upstage_crm.change_requests.notifications import alert_mails
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.change_requests.reads import second_person
from upstage_crm.core.db import table_of
from upstage_crm.core.ids import new_id
from upstage_crm.staff import accounts
from upstage_crm.staff.accounts import member_of
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may
from upstage_crm.staff.tables import StaffRow

_request, _alert = table_of(ChangeRequestRow), table_of(StaffAlertRow)
_staff = table_of(StaffRow)
_LOCK_MEMBER = (
    sa.select(_staff.c.id, _staff.c.disabled_at)
    .where(_staff.c.id == sa.bindparam("staff"))
    # Not against rows that only refer to the member: those are written under a patron's lock.
    .with_for_update(key_share=True)
)
_NEWEST = (
    sa.select(_alert.c.id, _alert.c.closed_at)
    .where(_alert.c.staff_id == sa.bindparam("staff"))
    .order_by(_alert.c.opened_at.desc(), _alert.c.id.desc())
    .limit(1)
)
_LAST_CLOSED = sa.select(sa.func.max(_alert.c.closed_at)).where(
    _alert.c.staff_id == sa.bindparam("staff")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """An alert that is not closed. `held` counts the member's requests in quarantine."""

    id: str
    staff_id: str
    staff_label: str
    wire: Wire
    opened_at: datetime
    held: int


def lock_member(session: Session, staff_id: str) -> bool:
    """Let no one else count, trip or freeze for this member; taken before any patron's lock.

    Returns whether the account is enabled.

    Raises:
        RowNotProven: the account is not what the trail says.
    """
    row = session.connection().execute(_LOCK_MEMBER, {"staff": staff_id}).first()
    if row is None:
        return False
    recorded.prove(session, "staff", staff_id)
    return row.disabled_at is None


def find_open(session: Session, staff_id: str) -> str | None:
    """The id of the member's open alert, if there is one.

    Raises:
        RowNotProven: the newest alert is not what the trail says. One that is closed is proven
            too: an attacker may have closed it.
    """
    newest = session.connection().execute(_NEWEST, {"staff": staff_id}).first()
    if newest is None:
        return None
    recorded.prove(session, "staff_alert", newest.id)
    return newest.id if newest.closed_at is None else None


def last_closed(session: Session, staff_id: str) -> datetime | None:
    """When a colleague last closed an alert about the member."""
    return session.connection().execute(_LAST_CLOSED, {"staff": staff_id}).scalar()


def ensure_none(session: Session, staff_id: str) -> None:
    """Nothing of this member goes on while an alert is open.

    Raises:
        AlertOpen.
    """
    if find_open(session, staff_id) is not None:
        raise AlertOpen


def alerts_open(session: Session) -> tuple[AlertView, ...]:
    """Every alert that waits for an owner, the oldest first."""
    held = (
        sa.select(sa.func.count())
        .where(
            _request.c.proposer_id == col(StaffAlertRow.staff_id),
            _request.c.state == RequestState.HELD,
            _request.c.held_for == HeldFor.QUARANTINE,
        )
        .correlate(_alert)
        .scalar_subquery()
    )
    query = (
        select(StaffAlertRow, StaffRow, held)
        .where(
            col(StaffAlertRow.closed_at).is_(None), col(StaffRow.id) == col(StaffAlertRow.staff_id)
        )
        .order_by(col(StaffAlertRow.opened_at), col(StaffAlertRow.id))
    )
    return tuple(
        AlertView(
            id=alert.id,
            staff_id=alert.staff_id,
            staff_label=member_of(staff).label,
            wire=alert.wire,
            opened_at=alert.opened_at,
            held=count,
        )
        for alert, staff, count in session.exec(query)
    )


def trip(context: StaffContext[Notifier], *, ruling: Ruling) -> AuditEvent:
    """Open an alert about `actor`, hold what was cooling down, and mail every owner.

    The member is locked, and has no open alert. Record the event that is returned last of all.
    """
    session, actor, now = context.session, context.actor, context.now
    assert ruling.wire is not None
    row = StaffAlertRow(id=new_id(now), staff_id=actor.id, wire=ruling.wire, opened_at=now)
    session.add(row)
    session.flush()
    is_cooling = sa.and_(
        _request.c.proposer_id == actor.id,
        _request.c.state == RequestState.HELD,
        _request.c.held_for == HeldFor.COOLING,
    )
    query = sa.select(_request.c.id).where(is_cooling).with_for_update()
    cooling = session.connection().execute(query).scalars().all()
    for request_id in cooling:
        recorded.prove(session, "change_request", request_id)
    session.connection().execute(
        sa.update(_request)
        .where(_request.c.id.in_(cooling), is_cooling)
        .values(held_for=HeldFor.QUARANTINE)
    )
    alert_mails.tell_owners(
        session,
        context.notifier,
        to=accounts.owners(session),
        alert_id=row.id,
        member=actor,
        ruling=ruling,
        at=now,
    )
    facts = {
        "staff_id": actor.id,
        "wire": ruling.wire.value,
        "count": ruling.count,
        "limit": ruling.limit,
        "stopped": len(cooling),
    }
    return AuditEvent(
        action=Action.TRIPWIRE_TRIPPED, actor=SYSTEM, channel=Channel.CRM, facts=dict(facts)
    )


def open_now(context: StaffContext[Notifier], *, ruling: Ruling) -> None:
    """As `trip`, for a command that has nothing else to record."""
    event = trip(context, ruling=ruling)
    trail.record(context.session, [event], now=context.now)


def close(context: StaffContext[object], *, staff_id: str) -> None:
    """Say that a colleague looked into a member's alert: new proposals go their normal way again.

    What is in quarantine stays there until it is released or withdrawn, one by one.

    Raises:
        Forbidden; all that `second_person.ensure_second` raises: the first is whom it is about.
        NothingWaits: no alert about this member is open.
    """
    ensure_may(context.actor, Permission.RELEASE_QUARANTINE)
    lock_member(context.session, staff_id)
    second_person.ensure_second(context, first_id=staff_id)
    event = closed(context, staff_id=staff_id)
    if event is None:
        raise NothingWaits
    trail.record(context.session, [event], now=context.now)


def closed(context: StaffContext[object], *, staff_id: str) -> AuditEvent | None:
    """Close the open alert about a member who is locked; None when there is none."""
    alert_id = find_open(context.session, staff_id)
    if alert_id is None:
        return None
    context.session.connection().execute(
        sa.update(_alert)
        .where(_alert.c.id == alert_id)
        .values(closed_by=context.actor.id, closed_at=context.now)
    )
    return AuditEvent(
        action=Action.ALERT_CLOSED,
        actor=context.actor.as_actor(),
        channel=Channel.CRM,
        facts={"staff_id": staff_id},
    )
