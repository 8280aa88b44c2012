"""Lays a performance out by a version of its hall's seat plan, moves it to another, takes it off.

One row a seat and one a pool, once; laying it out again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, AuditEvent
from upstage_crm.core.ids import new_id
from upstage_crm.inventory import plan_needs, pools, seats
from upstage_crm.inventory.errors import HallLaidOut, HallWithoutPlan, PlanSold, PlanWithoutSeats
from upstage_crm.inventory.pools import POOL
from upstage_crm.inventory.seat_words import named
from upstage_crm.inventory.seats import POOL_HOLD, SEAT, SEATING
from upstage_crm.inventory.views import SeatState
from upstage_crm.programme import queries as programme
from upstage_crm.programme.errors import PerformanceCancelled
from upstage_crm.programme.views import PerformanceFacts, PerformanceState
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may
from upstage_crm.venues import plans

Facts = dict[str, str | int | bool | None]


def lay_out(context: StaffContext[object], *, performance_id: str) -> bool:
    """Make a performance's seats ready to be held, by the newest version of its hall's plan.

    Returns whether this was needed: a performance that is laid out stays as it is.

    Raises:
        Forbidden: the actor may not edit the programme.
        UnknownPerformance: there is none with this id.
        PerformanceCancelled: it is cancelled.
        HallWithoutPlan: its hall has no seat plan.
    """
    ensure_may(context.actor, Permission.EDIT_PROGRAMME)
    session, now = context.session, context.now
    facts = programme.performance(session, performance_id, is_locked=True)
    if _is_laid_out(session, performance_id):
        return False
    if facts.state is PerformanceState.CANCELLED:
        raise PerformanceCancelled
    plan_id = plans.newest_id(session, facts.hall_id)
    if plan_id is None:
        raise HallWithoutPlan
    plan = seats.plan_of(session, plan_id)
    row = {"performance_id": performance_id, "plan_id": plan_id, "is_rush": False}
    session.connection().execute(sa.insert(SEATING).values(**row, created_at=now))
    _add_seats(session, performance_id, (seat.id for seat in plan.seats), now)
    for name, places in plan_needs.places_of(plan).items():
        _add_pool(session, performance_id, name, places, now)
    record(
        context,
        Action.HOUSE_LAID_OUT,
        facts,
        {"seats": plan.seat_count, "places": plan.place_count},
    )
    return True


def move_to_newest_plan(context: StaffContext[object], *, performance_id: str) -> bool:
    """Seat a performance by the newest version of its hall's plan.

    What is held or sold stays where it is: a sold seat that has no counterpart there stays in the
    plan's way until its holder has said yes to another one. Returns whether there was a newer
    version.

    Raises:
        Forbidden: the actor may not edit the programme.
        UnknownPerformance, NotLaidOut: there is none, or nothing to move.
        PerformanceCancelled: it is cancelled; a new seat would be free.
        PlanSold: the new version lacks seats or places that are sold, and named.
        PlanWithoutSeats: the new version lacks seats or places that are held, and named.
    """
    ensure_may(context.actor, Permission.EDIT_PROGRAMME)
    session, now = context.session, context.now
    facts = programme.performance(session, performance_id, is_locked=True)
    if facts.state is PerformanceState.CANCELLED:
        raise PerformanceCancelled
    seating = seats.seating(session, performance_id)
    plan_id = plans.newest_id(session, facts.hall_id)
    if plan_id is None or plan_id == seating["plan_id"]:
        return False
    old, plan = (seats.plan_of(session, one) for one in (seating["plan_id"], plan_id))
    states = _lock_all(session, performance_id)
    standing = pools.of_performance(session, performance_id)
    sold = {seat_id for seat_id, state in states.items() if state is SeatState.SOLD}
    names = plan_needs.places_of(plan)
    gone = states.keys() - {seat.id for seat in plan.seats}
    lost = sold - plan_needs.counterparts(old, plan)
    full = [pool["name"] for pool in standing if pool["sold"] > names.get(pool["name"], 0)]
    if lost or full:
        words = "; ".join(filter(None, (named(old, lost), *full)))
        raise PlanSold(seats=tuple(sorted(lost)), words=words)
    held = {seat_id for seat_id in gone if states[seat_id] is not SeatState.FREE}
    short = [
        pool["name"] for pool in standing if plan_needs.taken(pool) > names.get(pool["name"], 0)
    ]
    if held or short:
        words = "; ".join(filter(None, (named(old, held), *short)))
        raise PlanWithoutSeats(seats=tuple(sorted(held)), words=words)
    connection = session.connection()
    connection.execute(
        sa.update(SEATING).where(SEATING.c.performance_id == performance_id).values(plan_id=plan_id)
    )
    if gone:
        connection.execute(
            sa.delete(SEAT).where(SEAT.c.performance_id == performance_id, SEAT.c.seat_id.in_(gone))
        )
    fresh = (seat.id for seat in plan.seats if seat.id not in states)
    _add_seats(session, performance_id, fresh, now)
    for pool in standing:
        _resize(session, pool, names.pop(pool["name"], 0), now)
    for name, places in names.items():
        _add_pool(session, performance_id, name, places, now)
    record(
        context,
        Action.HOUSE_MOVED,
        facts,
        {"seats": plan.seat_count, "places": plan.place_count, "sold": len(sold)},
    )
    return True


def follow_hall(context: StaffContext[object], *, performance_id: str) -> bool:
    """Seat a performance that has moved by the newest plan of its new hall.

    For the command that moved it, in its transaction. Returns whether this was needed: one that is
    not laid out stays so.

    Raises:
        Forbidden: the actor may not edit the programme.
        UnknownPerformance: there is none with this id.
        PerformanceCancelled: it is cancelled.
        HallLaidOut: a seat or place of the hall before is held, kept back or sold.
        HallWithoutPlan: its new hall has no seat plan.
    """
    ensure_may(context.actor, Permission.EDIT_PROGRAMME)
    session = context.session
    facts = programme.performance(session, performance_id, is_locked=True)
    if not _is_laid_out(session, performance_id):
        return False
    is_seat_taken = set(_lock_all(session, performance_id).values()) - {SeatState.FREE}
    standing = pools.of_performance(session, performance_id)
    if is_seat_taken or any(pool["held"] + pool["blocked"] + pool["sold"] for pool in standing):
        raise HallLaidOut
    if plans.newest_id(session, facts.hall_id) is None:
        raise HallWithoutPlan
    return move_to_newest_plan(context, performance_id=performance_id)


def declare_rush(context: StaffContext[object], *, performance_id: str, is_rush: bool) -> None:
    """Declare an on-sale, in which holds are shorter, or end it. What is held keeps its time.

    Raises:
        Forbidden: the actor may not edit the policy of the house.
        UnknownPerformance, NotLaidOut: there is none, or nothing to hold.
    """
    ensure_may(context.actor, Permission.EDIT_POLICY)
    session = context.session
    facts = programme.performance(session, performance_id)
    if bool(seats.seating(session, performance_id)["is_rush"]) == is_rush:
        return
    session.connection().execute(
        sa.update(SEATING).where(SEATING.c.performance_id == performance_id).values(is_rush=is_rush)
    )
    record(context, Action.HOUSE_RUSH, facts, {"is_rush": is_rush})


def take_off(session: Session, *, performance_id: str, now: datetime) -> int:
    """Block every seat and place that is not sold, held ones too; return how many.

    For the command that cancels a performance, which asks who may and records it. House holds stay
    what they are.
    """
    states = _lock_all(session, performance_id)
    unsold = [SeatState.FREE, SeatState.HELD]
    off = {"state": SeatState.BLOCKED, "holder": None, "expires_at": None, "extensions_left": 0}
    session.connection().execute(
        sa.update(SEAT)
        .where(SEAT.c.performance_id == performance_id, SEAT.c.state.in_(unsold))
        .values(**off, changed_at=now)
    )
    places = 0
    for pool in pools.of_performance(session, performance_id):
        places += pool["capacity"] - pool["sold"] - pool["blocked"]
        session.connection().execute(sa.delete(POOL_HOLD).where(POOL_HOLD.c.pool_id == pool["id"]))
        session.connection().execute(
            sa.update(POOL)
            .where(POOL.c.id == pool["id"])
            .values(held=0, blocked=POOL.c.capacity - POOL.c.sold, changed_at=now)
        )
    return places + sum(1 for state in states.values() if state in unsold)


def record(
    context: StaffContext[object], action: Action, about: PerformanceFacts, facts: Facts
) -> None:
    """Tell the trail what a staff member did to the house of a performance."""
    place: Facts = {"place": about.title, "day": about.day, "time": about.time}
    event = AuditEvent(
        action=action,
        actor=context.actor.as_actor(),
        channel=context.channel,
        facts=place | facts,
    )
    trail.record(context.session, [event], now=context.now)


def _is_laid_out(session: Session, performance_id: str) -> bool:
    query = sa.select(SEATING.c.plan_id).where(SEATING.c.performance_id == performance_id)
    return session.connection().execute(query).first() is not None


def _add_seats(
    session: Session, performance_id: str, seat_ids: Iterable[str], now: datetime
) -> None:
    rows: list[dict[str, Any]] = [
        {
            "performance_id": performance_id,
            "seat_id": seat_id,
            "state": SeatState.FREE,
            "extensions_left": 0,
            "changed_at": now,
        }
        for seat_id in seat_ids
    ]
    if rows:
        session.connection().execute(sa.insert(SEAT), rows)


def _add_pool(session: Session, performance_id: str, name: str, places: int, now: datetime) -> None:
    row = {
        "id": new_id(now),
        "performance_id": performance_id,
        "name": name,
        "capacity": places,
        "held": 0,
        "sold": 0,
        "blocked": 0,
        "changed_at": now,
    }
    session.connection().execute(sa.insert(POOL).values(**row))


def _resize(session: Session, pool: sa.RowMapping, places: int, now: datetime) -> None:
    """Give a pool another capacity. One without any place stays, because holds may name it."""
    session.connection().execute(
        sa.update(POOL).where(POOL.c.id == pool["id"]).values(capacity=places, changed_at=now)
    )


def _lock_all(session: Session, performance_id: str) -> dict[str, SeatState]:
    query = (
        sa.select(SEAT.c.seat_id, SEAT.c.state)
        .where(SEAT.c.performance_id == performance_id)
        .order_by(SEAT.c.seat_id)
        .with_for_update()
    )
    return {row.seat_id: row.state for row in session.connection().execute(query)}
