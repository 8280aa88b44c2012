"""Reads what is free, held, sold and kept back. A hold that has lapsed counts as free."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.inventory import availability, seats
from upstage_crm.inventory.errors import NotLaidOut, UnknownPool
from upstage_crm.inventory.house_holds import HOUSE_HOLD
from upstage_crm.inventory.pools import POOL
from upstage_crm.inventory.seats import POOL_HOLD, SEAT, SEATING
from upstage_crm.inventory.views import (
    House,
    HouseHoldView,
    PoolView,
    SeatPlace,
    SeatStanding,
    SeatState,
)
from upstage_crm.venues.seat_plan import SeatPlan

_NEWEST = sa.select(
    sa.select(sa.func.max(SEAT.c.changed_at)).scalar_subquery(),
    sa.select(sa.func.max(POOL.c.changed_at)).scalar_subquery(),
)
_NOW = sa.bindparam("now", type_=SEAT.c.changed_at.type)
# Told by the database, which is quicker than making states and instants of 2,000 rows.
_CODES = sa.select(
    SEAT.c.seat_id,
    sa.case(
        (SEAT.c.state == SeatState.SOLD, availability.CODES[SeatState.SOLD]),
        (SEAT.c.state == SeatState.BLOCKED, availability.CODES[SeatState.BLOCKED]),
        else_=availability.CODES[SeatState.HELD],
    ),
).where(
    SEAT.c.state != SeatState.FREE,
    sa.or_(SEAT.c.state != SeatState.HELD, SEAT.c.expires_at > _NOW),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The plan of a performance with what is free in it.

    `bits` has every seat's state in the order of the plan, see `availability`; `free_seats` counts
    the seats that can be held, by the name of their zone.
    """

    plan_id: str
    plan: SeatPlan
    bits: bytes
    free_seats: Mapping[str, int]
    pools: tuple[PoolView, ...]


def house(session: Session, performance_id: str, *, now: datetime) -> House:
    """A performance as it is laid out.

    Raises:
        NotLaidOut: it is not.
    """
    seating = seats.seating(session, performance_id)
    held_back = _house_holds(session, performance_id)
    letters = {one.id: one.letter for one in held_back}
    standing = {
        row.seat_id: SeatStanding(
            id=row.seat_id,
            state=_state(row, now),
            letter=letters.get(row.house_hold_id or "", ""),
        )
        for row in _seat_rows(session, performance_id)
    }
    plan = seats.plan_of(session, seating["plan_id"])
    return House(
        performance_id=performance_id,
        plan_id=seating["plan_id"],
        is_rush=seating["is_rush"],
        seats=tuple(standing[seat.id] for seat in plan.seats),
        pools=tuple(_pools(session, performance_id, now)),
        holds=tuple(held_back),
    )


def plan_of(session: Session, performance_id: str) -> SeatPlan:
    """The seat plan that a performance is laid out by.

    Raises:
        NotLaidOut: it is not laid out.
    """
    return seats.plan_of(session, seats.seating(session, performance_id)["plan_id"])


def places_of(session: Session, performance_id: str) -> Mapping[str, SeatPlace]:
    """Every seat of a performance in words, by its id; nothing where it is not laid out."""
    try:
        return seats.places_of(session, performance_id)
    except NotLaidOut:
        return {}


def pool_place(session: Session, pool_id: str) -> tuple[str, str]:
    """The performance that counted places are of, and how they are called.

    Raises:
        UnknownPool: there are none with this id.
    """
    query = sa.select(POOL.c.performance_id, POOL.c.name).where(POOL.c.id == pool_id)
    row = session.connection().execute(query).one_or_none()
    if row is None:
        raise UnknownPool
    return row.performance_id, row.name


def layout_of(session: Session, performance_id: str) -> tuple[str, SeatPlan]:
    """The id of the version that a performance is laid out by, and the plan itself.

    Raises:
        NotLaidOut: it is not laid out.
    """
    plan_id = seats.seating(session, performance_id)["plan_id"]
    return plan_id, seats.plan_of(session, plan_id)


def free_seats(session: Session, performance_id: str, *, now: datetime) -> set[str]:
    """The ids of the seats that can be held."""
    rows = _seat_rows(session, performance_id)
    return {row.seat_id for row in rows if _state(row, now) is SeatState.FREE}


def bits(session: Session, performance_id: str, *, now: datetime) -> bytes:
    """Every seat's state in the order of the plan, see `availability`.

    Raises:
        NotLaidOut: the performance is not laid out.
    """
    return layout(session, performance_id, now=now).bits


def layout(session: Session, performance_id: str, *, now: datetime) -> Layout:
    """What can be held of a performance, as a page for everybody shows it.

    Raises:
        NotLaidOut: the performance is not laid out.
    """
    seating = seats.seating(session, performance_id)
    plan = seats.plan_of(session, seating["plan_id"])
    query = _CODES.where(SEAT.c.performance_id == performance_id)
    found = session.connection().execute(query, {"now": now})
    codes: dict[str, int] = {row[0]: row[1] for row in found}
    return Layout(
        plan_id=seating["plan_id"],
        plan=plan,
        bits=availability.packed_codes([codes.get(seat.id, 0) for seat in plan.seats]),
        free_seats=Counter(seat.zone for seat in plan.seats if seat.id not in codes),
        pools=tuple(_pools(session, performance_id, now)),
    )


def is_newer_plan(session: Session, performance_id: str, newest_id: str | None) -> bool:
    """Whether the performance is laid out by another version than `newest_id`."""
    query = sa.select(SEATING.c.plan_id).where(SEATING.c.performance_id == performance_id)
    found = session.connection().execute(query).scalar_one_or_none()
    return found is not None and newest_id is not None and found != newest_id


def change_marker(session: Session) -> str:
    """A text that is another one after seats or places changed; asked often, so it is quick."""
    row = session.connection().execute(_NEWEST).one()
    return f"{row[0]} {row[1]}"


def _seat_rows(session: Session, performance_id: str) -> Sequence[Any]:
    query = sa.select(SEAT.c.seat_id, SEAT.c.state, SEAT.c.expires_at, SEAT.c.house_hold_id).where(
        SEAT.c.performance_id == performance_id
    )
    return session.connection().execute(query).all()


def _state(row: Any, now: datetime) -> SeatState:
    has_lapsed = row.state is SeatState.HELD and row.expires_at <= now
    return SeatState.FREE if has_lapsed else row.state


def _pools(session: Session, performance_id: str, now: datetime) -> list[PoolView]:
    lapsed = (
        sa.select(sa.func.coalesce(sa.func.sum(POOL_HOLD.c.places), 0))
        .where(POOL_HOLD.c.pool_id == POOL.c.id, POOL_HOLD.c.expires_at <= now)
        .scalar_subquery()
    )
    query = (
        sa.select(POOL, lapsed.label("lapsed"))
        .where(POOL.c.performance_id == performance_id)
        .order_by(POOL.c.name)
    )
    return [
        PoolView(
            id=row.id,
            name=row.name,
            capacity=row.capacity,
            held=row.held - row.lapsed,
            sold=row.sold,
            blocked=row.blocked,
        )
        for row in session.connection().execute(query)
        if row.capacity
    ]


def _house_holds(session: Session, performance_id: str) -> list[HouseHoldView]:
    """What is not released yet, by letter and then by age."""
    connection = session.connection()
    held: defaultdict[str, list[str]] = defaultdict(list)
    mine = sa.select(SEAT.c.house_hold_id, SEAT.c.seat_id).where(
        SEAT.c.performance_id == performance_id, SEAT.c.house_hold_id.is_not(None)
    )
    for hold_id, seat_id in connection.execute(mine):
        held[hold_id].append(seat_id)
    query = (
        sa.select(HOUSE_HOLD, POOL.c.name.label("pool"))
        .join(POOL, POOL.c.id == HOUSE_HOLD.c.pool_id, isouter=True)
        .where(HOUSE_HOLD.c.performance_id == performance_id, HOUSE_HOLD.c.released_at.is_(None))
        .order_by(HOUSE_HOLD.c.letter, HOUSE_HOLD.c.id)
    )
    return [
        HouseHoldView(
            id=row.id,
            letter=row.letter,
            reason=row.reason,
            made_by=row.made_by,
            created_at=row.created_at,
            release_at=row.release_at,
            seats=tuple(held[row.id]),
            pool=row.pool or "",
            places=row.places,
        )
        for row in connection.execute(query)
    ]
