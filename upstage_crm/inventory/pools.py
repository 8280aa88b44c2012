"""Counted places: one row a pool, whose counters move by conditional updates.

The pool's row is always locked before the holds in it. No count and no sum is ever taken.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.inventory import seats
from upstage_crm.inventory.errors import NotSold, PlacesLost, PlacesTaken, UnknownPool
from upstage_crm.inventory.seats import POOL_HOLD, SEATING
from upstage_crm.inventory.tables import PoolRow
from upstage_crm.inventory.views import Deadline

POOL = table_of(PoolRow)
_ID, _N = sa.bindparam("pool", type_=sa.String), sa.bindparam("n", type_=sa.Integer)
_NOW = sa.bindparam("now", type_=POOL.c.changed_at.type)
_TAKEN = POOL.c.held + POOL.c.sold + POOL.c.blocked
_FIT = (
    sa.update(POOL)
    .where(POOL.c.id == _ID, POOL.c.capacity >= _TAKEN + _N)
    .values(held=POOL.c.held + _N, changed_at=_NOW)
)
_LOCK = sa.select(POOL).where(POOL.c.id == _ID).with_for_update()
_LESS = (
    sa.update(POOL)
    .where(POOL.c.id == _ID, POOL.c.held >= _N)
    .values(held=POOL.c.held - _N, changed_at=_NOW)
)
_WHO = sa.bindparam("who", type_=sa.String)
_MINE = sa.and_(POOL_HOLD.c.pool_id == _ID, POOL_HOLD.c.holder == _WHO)
_FORGET_LAPSED = (
    sa.delete(POOL_HOLD)
    .where(POOL_HOLD.c.pool_id == _ID, POOL_HOLD.c.expires_at <= _NOW)
    .returning(POOL_HOLD.c.places)
)
_FORGET_OWN_LAPSED = (
    sa.delete(POOL_HOLD).where(_MINE, POOL_HOLD.c.expires_at <= _NOW).returning(POOL_HOLD.c.places)
)
_FORGET_OWN = sa.delete(POOL_HOLD).where(_MINE).returning(POOL_HOLD.c.places)
_MORE = sa.update(POOL_HOLD).where(_MINE).values(places=POOL_HOLD.c.places + _N)


def take(
    session: Session, pool_id: str, places: int, *, holder: str, until: Deadline, now: datetime
) -> None:
    """Hold places of a pool. What has lapsed in it is taken back only when they do not fit.

    Raises:
        UnknownPool: there is none with this id.
        PlacesTaken: fewer are left.
    """
    connection = session.connection()
    given = {"pool": pool_id, "n": places, "now": now}
    if connection.execute(_FIT, given).rowcount != 1:
        pool = _lock(session, pool_id)
        _take_back(session, pool_id, now)
        if connection.execute(_FIT, given).rowcount != 1:
            pool = _lock(session, pool_id)
            left = pool["capacity"] - pool["held"] - pool["sold"] - pool["blocked"]
            raise PlacesTaken(pool=pool["name"], left=left)
    own = {"pool": pool_id, "who": holder}
    lapsed = connection.execute(_FORGET_OWN_LAPSED, own | {"now": now}).scalar()
    if lapsed:
        connection.execute(_LESS, {"pool": pool_id, "n": lapsed, "now": now})
    elif connection.execute(_MORE, own | {"n": places}).rowcount == 1:
        return
    row = {
        "pool_id": pool_id,
        "holder": holder,
        "places": places,
        "expires_at": until.at,
        "extensions_left": until.extensions_left,
    }
    connection.execute(sa.insert(POOL_HOLD).values(**row))


def let_go(session: Session, pool_ids: Sequence[str], *, holder: str, now: datetime) -> None:
    """Give back what a holder has of these pools, which are in the order of their ids."""
    connection = session.connection()
    for pool_id in pool_ids:
        _lock(session, pool_id)
        places = connection.execute(_FORGET_OWN, {"pool": pool_id, "who": holder}).scalar()
        if places:
            connection.execute(_LESS, {"pool": pool_id, "n": places, "now": now})


def sell(session: Session, pool_id: str, places: int, *, holder: str, now: datetime) -> None:
    """Make the places that a holder has sold ones.

    Raises:
        UnknownPool: there is none with this id.
        PlacesLost: the holder does not have exactly so many.
    """
    connection = session.connection()
    _lock(session, pool_id)
    held = connection.execute(_FORGET_OWN, {"pool": pool_id, "who": holder}).scalar()
    if held != places:
        raise PlacesLost
    moved = {"held": POOL.c.held - places, "sold": POOL.c.sold + places, "changed_at": now}
    connection.execute(sa.update(POOL).where(POOL.c.id == pool_id).values(moved))


def sell_free(session: Session, pool_id: str, places: int, *, now: datetime) -> None:
    """Make places that are free sold, without a hold before.

    Raises:
        UnknownPool: there is none with this id.
        PlacesTaken: fewer are left.
    """
    pool = _lock(session, pool_id)
    done = session.connection().execute(
        sa.update(POOL)
        .where(POOL.c.id == pool_id, POOL.c.capacity >= _TAKEN + places)
        .values(sold=POOL.c.sold + places, changed_at=now)
    )
    if done.rowcount != 1:
        left = pool["capacity"] - pool["held"] - pool["sold"] - pool["blocked"]
        raise PlacesTaken(pool=pool["name"], left=left)


def give_back(session: Session, pool_id: str, places: int, *, now: datetime) -> None:
    """Let sold places be free again; of a cancelled performance they are blocked.

    Raises:
        UnknownPool: there is none with this id.
        NotSold: fewer are sold.
    """
    pool = _lock(session, pool_id)
    blocked = places if seats.is_off(session, pool["performance_id"]) else 0
    done = session.connection().execute(
        sa.update(POOL)
        .where(POOL.c.id == pool_id, POOL.c.sold >= places)
        .values(sold=POOL.c.sold - places, blocked=POOL.c.blocked + blocked, changed_at=now)
    )
    if done.rowcount != 1:
        raise NotSold(seats=(), words="")


def block(session: Session, pool_id: str, places: int, *, now: datetime) -> None:
    """Keep places of a pool back; a negative number lets them be free again.

    Raises:
        UnknownPool: there is none with this id.
        PlacesTaken: fewer are left.
    """
    connection = session.connection()
    pool = _lock(session, pool_id)
    if places > 0:
        _take_back(session, pool_id, now)
    done = connection.execute(
        sa.update(POOL)
        .where(
            POOL.c.id == pool_id,
            _TAKEN + places <= POOL.c.capacity,
            POOL.c.blocked + places >= 0,
        )
        .values(blocked=POOL.c.blocked + places, changed_at=now)
    )
    if done.rowcount != 1:
        pool = _lock(session, pool_id)
        left = pool["capacity"] - pool["held"] - pool["sold"] - pool["blocked"]
        raise PlacesTaken(pool=pool["name"], left=left)


def held_by(session: Session, holder: str) -> list[str]:
    """The pools of which a holder has places, in the order of their ids."""
    query = (
        sa.select(POOL_HOLD.c.pool_id)
        .where(POOL_HOLD.c.holder == holder)
        .order_by(POOL_HOLD.c.pool_id)
    )
    return list(session.connection().execute(query).scalars())


def lock(session: Session, pool_ids: Sequence[str]) -> None:
    """Lock pools, which are in the order of their ids."""
    for pool_id in pool_ids:
        _lock(session, pool_id)


def is_rush(session: Session, pool_id: str) -> bool:
    """Whether the pool's performance is a declared on-sale.

    Raises:
        UnknownPool: there is none with this id.
    """
    query = (
        sa.select(SEATING.c.is_rush)
        .join(POOL, POOL.c.performance_id == SEATING.c.performance_id)
        .where(POOL.c.id == pool_id)
    )
    found = session.connection().execute(query).scalar()
    if found is None:
        raise UnknownPool
    return bool(found)


def tidy(session: Session, *, now: datetime) -> int:
    """Take lapsed places back, pool by pool; return how many holds ended."""
    query = (
        sa.select(POOL_HOLD.c.pool_id)
        .where(POOL_HOLD.c.expires_at <= now)
        .distinct()
        .order_by(POOL_HOLD.c.pool_id)
    )
    done = 0
    for pool_id in session.connection().execute(query).scalars().all():
        _lock(session, pool_id)
        done += _take_back(session, pool_id, now)
    return done


def of_performance(session: Session, performance_id: str) -> Collection[sa.RowMapping]:
    """The pools of a performance, locked in the order of their ids."""
    query = (
        sa.select(POOL)
        .where(POOL.c.performance_id == performance_id)
        .order_by(POOL.c.id)
        .with_for_update()
    )
    return session.connection().execute(query).mappings().all()


def _lock(session: Session, pool_id: str) -> sa.RowMapping:
    row = session.connection().execute(_LOCK, {"pool": pool_id}).mappings().one_or_none()
    if row is None:
        raise UnknownPool
    return row


def _take_back(session: Session, pool_id: str, now: datetime) -> int:
    """Free the places of lapsed holds in a pool whose row is locked; return how many holds."""
    connection = session.connection()
    lapsed = connection.execute(_FORGET_LAPSED, {"pool": pool_id, "now": now}).scalars().all()
    if lapsed:
        connection.execute(_LESS, {"pool": pool_id, "n": sum(lapsed), "now": now})
    return len(lapsed)
