"""Seats and places that the house keeps back, with a letter and a reason, and lets go again."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import SYSTEM, Action, AuditEvent, Channel
from upstage_crm.core.db import table_of
from upstage_crm.core.ids import new_id
from upstage_crm.core.text import clean_line
from upstage_crm.inventory import pools, seats
from upstage_crm.inventory.errors import (
    LetterUnreadable,
    NothingWanted,
    ReasonMissing,
    ReleasePassed,
    SeatsTaken,
    UnknownHouseHold,
    UnknownPool,
)
from upstage_crm.inventory.pools import POOL
from upstage_crm.inventory.seat_words import named
from upstage_crm.inventory.seatings import record
from upstage_crm.inventory.seats import SEAT
from upstage_crm.inventory.tables import HouseHoldRow
from upstage_crm.inventory.views import SeatState
from upstage_crm.programme import queries as programme
from upstage_crm.programme.views import PerformanceFacts, PerformanceState
from upstage_crm.staff.command_context import CommandContext, StaffContext
from upstage_crm.staff.roles import Permission, ensure_may

HOUSE_HOLD = table_of(HouseHoldRow)
REASON_LIMIT = 200  # characters
_LETTER = re.compile(r"[A-Z]")


def hold_back(
    context: StaffContext[object],
    *,
    performance_id: str,
    letter: str,
    reason: str,
    seat_ids: Collection[str] = (),
    pool_id: str | None = None,
    places: int = 0,
    release_at: datetime | None = None,
) -> str:
    """Keep seats, or places of a pool, back; all or none. Return the id of the house hold.

    `letter` is one of A to Z in either case. At `release_at` they are let go by themselves.

    Raises:
        Forbidden: the actor may not hold seats back.
        UnknownPerformance, NotLaidOut, UnknownPool, SeatUnknown: there is nothing like that.
        LetterUnreadable, ReasonMissing, ReleasePassed, InvalidText: a value is refused.
        NothingWanted: neither a seat nor a place.
        SeatsTaken: some of the seats are another's, and named.
        PlacesTaken: the pool has too few places left.
    """
    ensure_may(context.actor, Permission.HOLD_SEATS)
    session, now = context.session, context.now
    letter, why = letter.strip().upper(), clean_line(reason, REASON_LIMIT)
    if not _LETTER.fullmatch(letter):
        raise LetterUnreadable
    if not why:
        raise ReasonMissing
    if release_at is not None and release_at <= now:
        raise ReleasePassed
    if not seat_ids and (pool_id is None or places < 1):
        raise NothingWanted
    facts = programme.performance(session, performance_id)
    hold_id = new_id(now)
    row = {
        "id": hold_id,
        "performance_id": performance_id,
        "letter": letter,
        "reason": why,
        "release_at": release_at,
        "pool_id": pool_id if places else None,
        "places": places if pool_id else 0,
        "made_by": context.actor.label[:120],
        "created_at": now,
    }
    plan = seats.plan_of(session, seats.seating(session, performance_id)["plan_id"])
    if pool_id is not None:
        _ensure_of(session, pool_id, performance_id)
    session.connection().execute(sa.insert(HOUSE_HOLD).values(**row))
    if seat_ids:
        _block(session, performance_id, seat_ids, hold_id, now)
    if pool_id is not None and places:
        pools.block(session, pool_id, places, now=now)
    record(
        context,
        Action.HOUSE_HELD_BACK,
        facts,
        {
            "letter": letter,
            "reason": why,
            "seats": len(set(seat_ids)),
            "places": places if pool_id else 0,
            "which": named(plan, seat_ids),
        },
    )
    return hold_id


def release(context: StaffContext[object], *, house_hold_id: str) -> int:
    """Let go of what one house hold keeps back; return how many seats and places.

    Raises:
        Forbidden: the actor may not hold seats back.
        UnknownHouseHold: there is none with this id, or it is released already.
    """
    ensure_may(context.actor, Permission.HOLD_SEATS)
    about, event_facts, freed = _free(context.session, house_hold_id, context.now)
    record(context, Action.HOUSE_RELEASED, about, event_facts)
    return freed


def release_due(context: CommandContext[object], *, house_hold_id: str) -> bool:
    """Let go of a house hold whose time has come; whether it still was due."""
    query = sa.select(HOUSE_HOLD.c.id).where(HOUSE_HOLD.c.id == house_hold_id, _is_due(context.now))
    if context.session.connection().execute(query).first() is None:
        return False
    about, facts, _ = _free(context.session, house_hold_id, context.now)
    event = AuditEvent(
        action=Action.HOUSE_RELEASED,
        actor=SYSTEM,
        channel=Channel.SCHEDULE,
        facts={"place": about.title, "day": about.day, "time": about.time, **facts},
    )
    trail.record(context.session, [event], now=context.now)
    return True


def due(session: Session, *, now: datetime) -> tuple[str, ...]:
    """The house holds whose time has come, the first one first."""
    query = sa.select(HOUSE_HOLD.c.id).where(_is_due(now)).order_by(HOUSE_HOLD.c.release_at)
    return tuple(session.connection().execute(query).scalars())


def _is_due(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(HOUSE_HOLD.c.released_at.is_(None), HOUSE_HOLD.c.release_at <= now)


def _block(
    session: Session,
    performance_id: str,
    seat_ids: Collection[str],
    hold_id: str,
    now: datetime,
) -> None:
    found = seats.lock(session, performance_id, set(seat_ids))
    taken = [
        row["seat_id"]
        for row in found
        if not (
            row["state"] is SeatState.FREE
            or (row["state"] is SeatState.HELD and row["expires_at"] <= now)
        )
    ]
    done = 0
    if not taken:
        blocked = {
            "state": SeatState.BLOCKED,
            "holder": None,
            "expires_at": None,
            "extensions_left": 0,
            "house_hold_id": hold_id,
        }
        done = (
            session.connection()
            .execute(
                sa.update(SEAT)
                .where(seats.THESE, seats.IS_TO_HAVE)
                .values(**blocked, changed_at=sa.bindparam("now", type_=SEAT.c.changed_at.type)),
                {
                    "performance": performance_id,
                    "seats": sorted(set(seat_ids)),
                    "who": "",
                    "now": now,
                },
            )
            .rowcount
        )
    if done != len(found):
        raise seats.about(session, SeatsTaken, performance_id, taken or seat_ids)


def _ensure_of(session: Session, pool_id: str, performance_id: str) -> None:
    query = sa.select(POOL.c.id).where(
        POOL.c.id == pool_id, POOL.c.performance_id == performance_id
    )
    if session.connection().execute(query).first() is None:
        raise UnknownPool


def _free(
    session: Session, house_hold_id: str, now: datetime
) -> tuple[PerformanceFacts, dict[str, str | int | bool | None], int]:
    """End a house hold; what it was about, its facts, and how many seats and places it had."""
    connection = session.connection()
    query = sa.select(HOUSE_HOLD).where(
        HOUSE_HOLD.c.id == house_hold_id, HOUSE_HOLD.c.released_at.is_(None)
    )
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise UnknownHouseHold
    about = programme.performance(session, row["performance_id"])
    plan = seats.plan_of(session, seats.seating(session, about.id)["plan_id"])
    mine = (
        sa.select(SEAT.c.seat_id)
        .where(SEAT.c.performance_id == about.id, SEAT.c.house_hold_id == house_hold_id)
        .order_by(SEAT.c.seat_id)
        .with_for_update()
    )
    held = connection.execute(mine).scalars().all()
    is_off = about.state is PerformanceState.CANCELLED  # nothing of it is for sale again
    after = SeatState.BLOCKED if is_off else SeatState.FREE
    if held:
        connection.execute(
            sa.update(SEAT)
            .where(SEAT.c.performance_id == about.id, SEAT.c.house_hold_id == house_hold_id)
            .values(state=after, house_hold_id=None, changed_at=now)
        )
    if row["pool_id"] and not is_off:
        pools.block(session, row["pool_id"], -row["places"], now=now)
    done = connection.execute(
        sa.update(HOUSE_HOLD)
        .where(HOUSE_HOLD.c.id == house_hold_id, HOUSE_HOLD.c.released_at.is_(None))
        .values(released_at=now)
    )
    if done.rowcount != 1:
        raise UnknownHouseHold
    facts: dict[str, str | int | bool | None] = {
        "letter": row["letter"],
        "reason": row["reason"],
        "seats": len(held),
        "places": row["places"],
        "which": named(plan, held),
    }
    return about, facts, len(held) + row["places"]
