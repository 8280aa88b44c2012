"""What was held is what is sold: held to sold, sold to free, for the sale's own command.

Seats first, then pools, each in the order of their ids; an exchange locks its old and its new seats
together with `lock` before it does either.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.inventory import pools, seats
from upstage_crm.inventory.errors import NothingWanted, NotSold, SeatsLost
from upstage_crm.inventory.seats import SEAT, THESE
from upstage_crm.inventory.views import SeatState, Wanted

_NOW = sa.bindparam("now", type_=SEAT.c.changed_at.type)
_HOLDER = sa.bindparam("who", type_=sa.String)
_SELL = (
    sa.update(SEAT)
    .where(THESE, SEAT.c.state == SeatState.HELD, SEAT.c.holder == _HOLDER)
    .values(
        state=SeatState.SOLD,
        holder=sa.bindparam("sale", type_=sa.String),
        expires_at=None,
        extensions_left=0,
        changed_at=_NOW,
    )
)
_ONE_SEAT = sa.and_(
    SEAT.c.performance_id == sa.bindparam("performance", type_=sa.String),
    SEAT.c.seat_id == sa.bindparam("seat", type_=sa.String),
)
_HOLD_ONE = (
    sa.update(SEAT)
    .where(_ONE_SEAT, SEAT.c.state == SeatState.FREE)
    .values(state=SeatState.HELD, holder=_HOLDER, expires_at=_NOW, changed_at=_NOW)
)
_SELL_ONE = (
    sa.update(SEAT)
    .where(_ONE_SEAT, SEAT.c.state == SeatState.HELD, SEAT.c.holder == _HOLDER)
    .values(state=SeatState.SOLD, expires_at=None, changed_at=_NOW)
)
_GIVE_BACK = (
    sa.update(SEAT)
    .where(THESE, SEAT.c.state == SeatState.SOLD, SEAT.c.holder == _HOLDER)
    .values(state=SeatState.FREE, holder=None, changed_at=_NOW)
)
_BLOCK = (
    sa.update(SEAT)
    .where(THESE, SEAT.c.state == SeatState.FREE)
    .values(state=SeatState.BLOCKED, changed_at=_NOW)
)


def lock(session: Session, wanted: Wanted) -> None:
    """Lock everything that a command of several steps is about, before its first step.

    Raises:
        NotLaidOut, SeatUnknown, UnknownPool: there is nothing like that.
    """
    for performance_id, seat_ids in _in_order(wanted.seats):
        seats.lock(session, performance_id, seat_ids)
    pools.lock(session, sorted(wanted.places))


def sell(session: Session, *, holder: str, sale: str, wanted: Wanted, now: datetime) -> None:
    """Make all that a holder holds of `wanted` the sale's own; `sale` is an opaque id.

    A hold that has lapsed sells all the same as long as nothing else has taken the seats.

    Raises:
        NothingWanted: it is empty.
        NotLaidOut, SeatUnknown, UnknownPool: there is nothing like that.
        SeatsLost: some of the seats are no longer held by the holder, and named.
        PlacesLost: the holder does not have exactly these places of a pool.
    """
    if not any(wanted.seats.values()) and not wanted.places:
        raise NothingWanted
    for performance_id, seat_ids in _in_order(wanted.seats):
        found = seats.lock(session, performance_id, seat_ids)
        lost = _not_in(found, SeatState.HELD, holder)
        if lost or _move(session, _SELL, performance_id, seat_ids, holder, now, sale=sale):
            raise seats.about(session, SeatsLost, performance_id, lost or seat_ids)
    for pool_id, places in sorted(wanted.places.items()):
        pools.sell(session, pool_id, places, holder=holder, now=now)


def sell_all(
    session: Session,
    performance_id: str,
    *,
    owners: Mapping[str, str],
    places: Mapping[str, int],
    now: datetime,
) -> None:
    """Make free seats and places sold, each seat by its own sale: what another system has sold.

    `owners` names the sale of each seat by the seat's id, `places` how many of each pool.

    Raises:
        SeatsLost, PlacesTaken: they are not all free.
    """
    connection = session.connection()
    rows = [
        {"performance": performance_id, "seat": seat, "who": sale, "now": now}
        for seat, sale in sorted(owners.items())
    ]
    if rows:
        for statement in (_HOLD_ONE, _SELL_ONE):
            if connection.execute(statement, rows).rowcount != len(rows):
                raise seats.about(session, SeatsLost, performance_id, owners)
    for pool_id, count in sorted(places.items()):
        pools.sell_free(session, pool_id, count, now=now)


def give_back(session: Session, *, sale: str, wanted: Wanted, now: datetime) -> None:
    """Let what a sale has of `wanted` be free again; of a cancelled performance it is blocked.

    Raises:
        NothingWanted: it is empty.
        NotLaidOut, SeatUnknown, UnknownPool: there is nothing like that.
        NotSold: some of the seats are not the sale's, and named; or fewer places are sold.
    """
    if not any(wanted.seats.values()) and not wanted.places:
        raise NothingWanted
    for performance_id, seat_ids in _in_order(wanted.seats):
        found = seats.lock(session, performance_id, seat_ids)
        lost = _not_in(found, SeatState.SOLD, sale)
        if lost or _move(session, _GIVE_BACK, performance_id, seat_ids, sale, now):
            raise seats.about(session, NotSold, performance_id, lost or seat_ids)
        # Read under the locks: a cancellation is seen, or waits for them and blocks these, too.
        if seats.is_off(session, performance_id):
            given = {"performance": performance_id, "seats": sorted(seat_ids), "now": now}
            session.connection().execute(_BLOCK, given)
    for pool_id, places in sorted(wanted.places.items()):
        pools.give_back(session, pool_id, places, now=now)


def _in_order(wanted: Mapping[str, frozenset[str]]) -> list[tuple[str, frozenset[str]]]:
    return sorted((found for found in wanted.items() if found[1]), key=lambda found: found[0])


def _not_in(rows: Collection[sa.RowMapping], state: SeatState, holder: str) -> list[str]:
    return [
        row["seat_id"] for row in rows if not (row["state"] is state and row["holder"] == holder)
    ]


def _move(
    session: Session,
    statement: sa.Update,
    performance_id: str,
    seat_ids: Collection[str],
    holder: str,
    now: datetime,
    **more: Any,
) -> bool:
    """Run an update over seats; whether it missed any."""
    given = {"performance": performance_id, "seats": sorted(seat_ids), "who": holder}
    done = session.connection().execute(statement, given | {"now": now} | more)
    return done.rowcount != len(seat_ids)
