"""Reads and locks the seats of a performance; the plan behind them is kept in memory.

A command locks all the seats that it is about in the order of their ids, so that no two commands
wait for each other.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.core.errors import UpstageError
from upstage_crm.inventory.best_available import RankedPlan
from upstage_crm.inventory.errors import NotLaidOut, SeatUnknown
from upstage_crm.inventory.seat_words import named, place_words
from upstage_crm.inventory.tables import PoolHoldRow, SeatingRow, SeatStateRow
from upstage_crm.inventory.views import SeatPlace, SeatState
from upstage_crm.programme import queries as programme
from upstage_crm.programme.views import PerformanceState
from upstage_crm.venues import plans
from upstage_crm.venues.seat_plan import SeatPlan


@dataclass(frozen=True, slots=True)
class KnownPlan:
    """A version of a seat plan, as best seats are looked for in it, and its seats by their ids."""

    plan: SeatPlan
    ranked: RankedPlan
    places: Mapping[str, SeatPlace]


SEAT, SEATING = table_of(SeatStateRow), table_of(SeatingRow)
POOL_HOLD = table_of(PoolHoldRow)
PLANS_KEPT = 32

_plans: OrderedDict[str, KnownPlan] = OrderedDict()
_guard = Lock()

_PERFORMANCE = sa.bindparam("performance", type_=sa.String)
_SEATS = sa.bindparam("seats", type_=sa.String, expanding=True)
_HOLDER = sa.bindparam("who", type_=sa.String)
_NOW = sa.bindparam("now", type_=SEAT.c.changed_at.type)
THESE = sa.and_(SEAT.c.performance_id == _PERFORMANCE, SEAT.c.seat_id.in_(_SEATS))
"""The seats `seats` of the performance `performance`."""
IS_TO_HAVE = sa.or_(
    SEAT.c.state == SeatState.FREE,
    sa.and_(
        SEAT.c.state == SeatState.HELD,
        sa.or_(SEAT.c.expires_at <= _NOW, SEAT.c.holder == _HOLDER),
    ),
)
"""Whether `who` may take a seat: it is free, lapsed `now`, or the holder's own."""


def _least(column: str, alias: str) -> sa.ScalarSelect[Any]:
    """The least of `column` over all seats and places that `who` still holds."""
    mine = SEAT.alias(f"{alias}_seat")
    places = POOL_HOLD.alias(f"{alias}_pool")
    both = sa.union_all(
        sa.select(mine.c[column].label("found")).where(
            mine.c.holder == _HOLDER, mine.c.state == SeatState.HELD, mine.c.expires_at > _NOW
        ),
        sa.select(places.c[column]).where(places.c.holder == _HOLDER, places.c.expires_at > _NOW),
    ).subquery(alias)
    return sa.select(sa.func.min(both.c.found)).scalar_subquery()


DEADLINE = _least("expires_at", "until")
"""The earliest instant at which something of `who` lapses; none when nothing is held."""
EXTENSIONS_LEFT = _least("extensions_left", "left")
IS_RUSH = (
    sa.select(SEATING.c.is_rush).where(SEATING.c.performance_id == _PERFORMANCE).scalar_subquery()
)
"""Whether the sale of `performance` is a declared on-sale."""
_locked = SEAT.alias("locked")
IN_ORDER = SEAT.c.seat_id.in_(
    sa.select(_locked.c.seat_id)
    .where(_locked.c.performance_id == _PERFORMANCE, _locked.c.seat_id.in_(_SEATS))
    .order_by(_locked.c.seat_id)
    .with_for_update()
)
"""The same seats, locked in the order of their ids before the first of them is changed."""
_LOCK = (
    sa.select(SEAT.c.seat_id, SEAT.c.state, SEAT.c.holder, SEAT.c.expires_at)
    .where(THESE)
    .order_by(SEAT.c.seat_id)
    .with_for_update()
)


def lock(
    session: Session, performance_id: str, seat_ids: Collection[str]
) -> Sequence[sa.RowMapping]:
    """The seats, locked in the order of their ids.

    Raises:
        NotLaidOut: nothing of the performance can be held.
        SeatUnknown: it has no such seats.
    """
    given = {"performance": performance_id, "seats": sorted(seat_ids)}
    rows = session.connection().execute(_LOCK, given).mappings().all()
    if len(rows) != len(seat_ids):
        missing = set(seat_ids) - {row["seat_id"] for row in rows}
        raise about(session, SeatUnknown, performance_id, missing)
    return rows


def seating(session: Session, performance_id: str) -> sa.RowMapping:
    """How a performance is laid out.

    Raises:
        NotLaidOut: it is not.
    """
    query = sa.select(SEATING).where(SEATING.c.performance_id == performance_id)
    row = session.connection().execute(query).mappings().one_or_none()
    if row is None:
        raise NotLaidOut
    return row


def is_off(session: Session, performance_id: str) -> bool:
    """Whether the performance is cancelled, so that nothing of it is for sale again."""
    state = programme.performance(session, performance_id).state
    return state is PerformanceState.CANCELLED


def plan_of(session: Session, plan_id: str) -> SeatPlan:
    """A version of a seat plan."""
    return _known(session, plan_id).plan


def ranked_plan_of(session: Session, plan_id: str) -> RankedPlan:
    """A version of a seat plan as the best seats are looked for in it."""
    return _known(session, plan_id).ranked


def places_of(session: Session, performance_id: str) -> Mapping[str, SeatPlace]:
    """Every seat of a performance in words, by its id.

    Raises:
        NotLaidOut: it has none.
    """
    return _known(session, seating(session, performance_id)["plan_id"]).places


def _known(session: Session, plan_id: str) -> KnownPlan:
    """A version of a seat plan. No version ever changes, so it is read once."""
    with _guard:
        if plan_id in _plans:
            _plans.move_to_end(plan_id)
            return _plans[plan_id]
    plan = plans.by_id(session, plan_id)
    found = KnownPlan(plan, RankedPlan(plan), place_words(plan))
    with _guard:
        _plans[plan_id] = found
        while len(_plans) > PLANS_KEPT:
            _plans.popitem(last=False)
    return found


def about(
    session: Session,
    refusal: type[UpstageError],
    performance_id: str,
    seat_ids: Collection[str],
) -> UpstageError:
    """A refusal that names seats.

    Raises:
        NotLaidOut: the performance has none.
    """
    plan = plan_of(session, seating(session, performance_id)["plan_id"])
    return refusal(seats=tuple(sorted(seat_ids)), words=named(plan, seat_ids))
