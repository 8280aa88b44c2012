"""Seats and places that a basket keeps for some minutes: hold, more time, release, lapse.

A holder has one deadline: what is added later ends with what is held already. That a hold has
lapsed is judged where a seat is taken; `tidy` only brings the rows in line. Who may buy now, and at
which price, is asked by the caller in the same transaction, which need not be a recorded one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.inventory import pools, seats
from upstage_crm.inventory.errors import (
    HoldAtItsEnd,
    HoldLapsed,
    NothingWanted,
    SeatsTaken,
)
from upstage_crm.inventory.seats import (
    DEADLINE,
    EXTENSIONS_LEFT,
    IN_ORDER,
    IS_RUSH,
    IS_TO_HAVE,
    POOL_HOLD,
    SEAT,
    THESE,
)
from upstage_crm.inventory.views import Deadline, SeatState, Wanted

MORE_TIME = timedelta(minutes=6)
MOST_AT_ONCE = 500  # lapsed seats in one transaction of `tidy`


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a hold lives, and how often its holder may have `MORE_TIME`."""

    lifetime: timedelta
    extensions: int


USUAL = Terms(timedelta(minutes=12), 10)  # WCAG 2.2.1: ten times
RUSH = Terms(timedelta(minutes=8), 2)  # a declared on-sale

_FREED: dict[str, Any] = {
    "state": SeatState.FREE,
    "holder": None,
    "expires_at": None,
    "extensions_left": 0,
}
_AT = sa.bindparam("at", type_=SEAT.c.changed_at.type)
_NOW = sa.bindparam("now", type_=SEAT.c.changed_at.type)
_HOLDER = sa.bindparam("who", type_=sa.String)
_RUSH_AT = sa.bindparam("rush_at", type_=SEAT.c.changed_at.type)
_MOST, _FEW = USUAL.extensions, RUSH.extensions
# As `_terms`: what the holder has already counts, unless an on-sale ends sooner.
_TAKE = (
    sa.update(SEAT)
    .where(THESE, IN_ORDER, IS_TO_HAVE)
    .values(
        state=SeatState.HELD,
        holder=_HOLDER,
        expires_at=sa.case(
            (sa.and_(IS_RUSH, sa.func.coalesce(DEADLINE, _RUSH_AT) >= _RUSH_AT), _RUSH_AT),
            else_=sa.func.coalesce(DEADLINE, _AT),
        ),
        extensions_left=sa.case(
            (sa.and_(IS_RUSH, sa.func.coalesce(EXTENSIONS_LEFT, _MOST) >= _FEW), _FEW),
            else_=sa.func.coalesce(EXTENSIONS_LEFT, _MOST),
        ),
        changed_at=_NOW,
    )
    .returning(SEAT.c.expires_at, SEAT.c.extensions_left)
)
_KEY = sa.tuple_(SEAT.c.performance_id, SEAT.c.seat_id)
_IN_ORDER = (SEAT.c.performance_id, SEAT.c.seat_id)
_MINE = sa.and_(SEAT.c.holder == _HOLDER, SEAT.c.state == SeatState.HELD)
_LOCK_MINE = (
    sa.select(SEAT.c.performance_id, SEAT.c.seat_id)
    .where(_MINE)
    .order_by(*_IN_ORDER)
    .with_for_update()
)
_OWN = sa.select(DEADLINE.label("at"), EXTENSIONS_LEFT.label("left"))
_KEEP = (
    sa.update(SEAT)
    .where(_MINE)
    .values(expires_at=_AT, extensions_left=sa.bindparam("left", type_=sa.Integer), changed_at=_NOW)
)
_KEEP_PLACES = (
    sa.update(POOL_HOLD)
    .where(POOL_HOLD.c.holder == _HOLDER)
    .values(expires_at=_AT, extensions_left=sa.bindparam("left", type_=sa.Integer))
)
_LET_GO = sa.update(SEAT).where(_MINE).values(**_FREED, changed_at=_NOW)
_LAPSED = sa.and_(SEAT.c.state == SeatState.HELD, SEAT.c.expires_at <= _NOW)
_FIND_LAPSED = (
    sa.select(SEAT.c.performance_id, SEAT.c.seat_id)
    .where(_LAPSED)
    .order_by(*_IN_ORDER)
    .limit(MOST_AT_ONCE)
    .with_for_update(skip_locked=True)
)


def hold(session: Session, *, holder: str, wanted: Wanted, now: datetime) -> Deadline:
    """Hold all of `wanted`, or none of it, and return the deadline of all that the holder has.

    After a refusal the transaction has to be taken back, or a savepoint before it: some of the
    seats may be written. What the holder has already is held on. The deadline is 12 minutes away,
    8 in a declared on-sale, or the one that the holder has already.

    Raises:
        NothingWanted: it is empty, or asks a pool for fewer than one place.
        NotLaidOut, SeatUnknown, UnknownPool: there is nothing like that.
        SeatsTaken: some of the seats are another's, and named.
        PlacesTaken: a pool has too few places left.
    """
    if not any(wanted.seats.values()) and not wanted.places:
        raise NothingWanted
    if any(places < 1 for places in wanted.places.values()):
        raise NothingWanted
    until: Deadline | None = None
    for performance_id, seat_ids in sorted(wanted.seats.items()):
        if seat_ids:
            until = _sooner(until, _take(session, performance_id, seat_ids, holder, now))
    for pool_id, places in sorted(wanted.places.items()):
        found = own_deadline(session, holder=holder, now=now)
        terms = _terms(pools.is_rush(session, pool_id), found, now)
        pools.take(session, pool_id, places, holder=holder, until=terms, now=now)
        until = _sooner(until, terms)
    assert until is not None
    return until


def own_deadline(session: Session, *, holder: str, now: datetime) -> Deadline | None:
    """The deadline of all that a holder has; None when that is nothing, or has lapsed."""
    row = session.connection().execute(_OWN, {"who": holder, "now": now}).one()
    return None if row.at is None else Deadline(at=row.at, extensions_left=row.left)


def extend(session: Session, *, holder: str, now: datetime) -> Deadline:
    """Let the holder keep everything six minutes longer, and return the new deadline.

    Raises:
        HoldLapsed: the time is over, or nothing is held.
        HoldAtItsEnd: it was extended as often as may be.
    """
    _lock_mine(session, holder)
    found = own_deadline(session, holder=holder, now=now)
    if found is None:
        raise HoldLapsed
    if found.extensions_left < 1:
        raise HoldAtItsEnd
    longer = Deadline(at=found.at + MORE_TIME, extensions_left=found.extensions_left - 1)
    _keep(session, holder, longer, now)
    return longer


def keep_until(session: Session, *, holder: str, until: datetime, now: datetime) -> None:
    """Give all that the holder has one deadline: while a payment is open, that of the payment.

    Raises:
        HoldLapsed: the time is over, or nothing is held.
    """
    _lock_mine(session, holder)
    found = own_deadline(session, holder=holder, now=now)
    if found is None:
        raise HoldLapsed
    _keep(session, holder, Deadline(at=until, extensions_left=found.extensions_left), now)


def release(session: Session, *, holder: str, now: datetime, wanted: Wanted | None = None) -> None:
    """Let go of `wanted`, or of all that the holder has. What another has by now stays theirs."""
    connection = session.connection()
    if wanted is None:
        _lock_mine(session, holder)
        connection.execute(_LET_GO, {"who": holder, "now": now})
        pools.let_go(session, pools.held_by(session, holder), holder=holder, now=now)
        return
    for performance_id, seat_ids in sorted(wanted.seats.items()):
        found = seats.lock(session, performance_id, seat_ids)
        mine = [
            row["seat_id"]
            for row in found
            if row["state"] is SeatState.HELD and row["holder"] == holder
        ]
        if mine:
            these = {"performance": performance_id, "seats": mine}
            connection.execute(
                sa.update(SEAT).where(THESE).values(**_FREED, changed_at=_NOW),
                these | {"now": now},
            )
    pools.let_go(session, sorted(wanted.places), holder=holder, now=now)


def tidy(session: Session, *, now: datetime) -> int:
    """Bring the rows of lapsed holds in line, at most so many at once; return how many.

    Nothing depends on it: a lapsed seat can be taken before.
    """
    connection = session.connection()
    found = [tuple(row) for row in connection.execute(_FIND_LAPSED, {"now": now})]
    if found:
        connection.execute(
            sa.update(SEAT).where(_KEY.in_(found), _LAPSED).values(**_FREED, changed_at=_NOW),
            {"now": now},
        )
    return len(found) + pools.tidy(session, now=now)


def has_lapsed(session: Session, *, now: datetime) -> bool:
    """Whether `tidy` has anything to do."""
    seat = sa.exists(sa.select(1).where(_LAPSED))
    places = sa.exists(sa.select(1).where(POOL_HOLD.c.expires_at <= _NOW))
    return bool(session.connection().execute(sa.select(seat | places), {"now": now}).scalar())


def _take(
    session: Session, performance_id: str, seat_ids: frozenset[str], holder: str, now: datetime
) -> Deadline:
    """Hold seats of one performance.

    One statement as a rule. Where it finds fewer seats than wanted, they are locked and looked at:
    another may have let them go while it waited.
    """
    given = {
        "performance": performance_id,
        "seats": sorted(seat_ids),
        "who": holder,
        "now": now,
        "at": now + USUAL.lifetime,
        "rush_at": now + RUSH.lifetime,
    }
    connection = session.connection()
    rows: Sequence[Any] = connection.execute(_TAKE, given).all()
    if len(rows) != len(seat_ids):
        found = seats.lock(session, performance_id, seat_ids)
        taken = [row["seat_id"] for row in found if not _is_to_have(row, holder, now)]
        rows = [] if taken else connection.execute(_TAKE, given).all()
        if len(rows) != len(seat_ids):
            raise seats.about(session, SeatsTaken, performance_id, taken or seat_ids)
    return Deadline(at=rows[0].expires_at, extensions_left=rows[0].extensions_left)


def _is_to_have(row: sa.RowMapping, holder: str, now: datetime) -> bool:
    if row["state"] is SeatState.HELD:
        return bool(row["holder"] == holder or row["expires_at"] <= now)
    return row["state"] is SeatState.FREE


def _terms(is_rush: bool, own: Deadline | None, now: datetime) -> Deadline:
    terms = RUSH if is_rush else USUAL
    fresh = Deadline(at=now + terms.lifetime, extensions_left=terms.extensions)
    if own is None:
        return fresh
    return _sooner(own, fresh) if is_rush else own


def _sooner(one: Deadline | None, other: Deadline) -> Deadline:
    if one is None:
        return other
    return Deadline(
        at=min(one.at, other.at),
        extensions_left=min(one.extensions_left, other.extensions_left),
    )


def _lock_mine(session: Session, holder: str) -> None:
    session.connection().execute(_LOCK_MINE, {"who": holder}).all()
    pools.lock(session, pools.held_by(session, holder))


def _keep(session: Session, holder: str, until: Deadline, now: datetime) -> None:
    given = {"who": holder, "at": until.at, "left": until.extensions_left}
    session.connection().execute(_KEEP, given | {"now": now})
    session.connection().execute(_KEEP_PLACES, given)
