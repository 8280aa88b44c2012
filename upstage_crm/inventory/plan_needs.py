"""How the newest version of a hall's plan fits what is sold and held of a performance. Reads only.

The versions of a plan are mapped seat by seat: a seat has the same id in each (see `seat_plan`).
What was sold as an ordinary seat is not worth the same once the place is a wheelchair space, or its
view is restricted: then it has no counterpart, as when it is gone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.inventory import pools, seats
from upstage_crm.inventory.seat_words import named
from upstage_crm.inventory.seats import SEAT
from upstage_crm.inventory.views import SeatPlace, SeatState
from upstage_crm.programme import queries as programme
from upstage_crm.venues import plans
from upstage_crm.venues.seat_plan import SeatKind, SeatPlan

_AS_GOOD = frozenset({SeatKind.STANDARD, SeatKind.REMOVABLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFit:
    """What a performance would meet in the newest plan of its hall.

    `lost` are its sold seats without a counterpart there, and `in_the_way` names what is held or
    kept back, or sold without numbers, and has no room. `common` are the places of the newest plan
    that are the same seats today, by their ids, each with its kind.
    """

    plan_id: str
    sold: int
    lost: frozenset[str]
    in_the_way: str
    common: Mapping[str, tuple[SeatPlace, SeatKind]]

    @property
    def is_ready(self) -> bool:
        """Whether the performance can take the plan now."""
        return not self.lost and not self.in_the_way


def fit(session: Session, performance_id: str) -> PlanFit | None:
    """How the newest plan fits; None where the performance has it already, or there is none.

    Raises:
        UnknownPerformance, NotLaidOut: there is none with this id, or it has no seats.
    """
    facts = programme.performance(session, performance_id)
    plan_id = plans.newest_id(session, facts.hall_id)
    seating = seats.seating(session, performance_id)
    if plan_id is None or plan_id == seating["plan_id"]:
        return None
    old, plan = (seats.plan_of(session, one) for one in (seating["plan_id"], plan_id))
    query = sa.select(SEAT.c.seat_id, SEAT.c.state).where(
        SEAT.c.performance_id == performance_id, SEAT.c.state != SeatState.FREE
    )
    states: dict[str, SeatState] = {
        row.seat_id: row.state for row in session.connection().execute(query)
    }
    sold = {seat_id for seat_id, state in states.items() if state is SeatState.SOLD}
    kept = {seat.id: seat for seat in plan.seats}
    same = counterparts(old, plan)
    gone = {seat_id for seat_id in states.keys() - sold if seat_id not in kept}
    places = places_of(plan)
    standing = pools.of_performance(session, performance_id)
    short = [pool["name"] for pool in standing if taken(pool) > places.get(pool["name"], 0)]
    known = seats.places_of(session, performance_id)
    return PlanFit(
        plan_id=plan_id,
        sold=len(sold),
        lost=frozenset(sold - same),
        in_the_way="; ".join(filter(None, (named(old, gone), *short))),
        common={seat_id: (known[seat_id], kept[seat_id].kind) for seat_id in same},
    )


def counterparts(old: SeatPlan, new: SeatPlan) -> frozenset[str]:
    """The seats of one version that are as good in another one."""
    after = {seat.id: seat.kind for seat in new.seats}
    return frozenset(
        seat.id
        for seat in old.seats
        if seat.id in after
        and (after[seat.id] is seat.kind or _is_as_good(seat.kind, after[seat.id]))
    )


def _is_as_good(before: SeatKind, after: SeatKind) -> bool:
    is_special = before in {SeatKind.WHEELCHAIR, SeatKind.COMPANION}
    return after is before or (not is_special and after in _AS_GOOD)


def taken(pool: sa.RowMapping) -> int:
    """The places of a pool that are held, kept back or sold."""
    return pool["held"] + pool["blocked"] + pool["sold"]


def places_of(plan: SeatPlan) -> dict[str, int]:
    """The places of a plan's areas by name; areas of one name are one pool."""
    found: dict[str, int] = {}
    for area in plan.areas:
        if area.places:
            found[area.name] = found.get(area.name, 0) + area.places
    return found


def best_of(
    session: Session,
    found: PlanFit,
    free: Collection[str],
    size: int,
    *,
    kinds: Collection[SeatKind],
) -> list[str] | None:
    """The best `size` of the `free` seats, by the newest plan; None where they do not fit."""
    ranked = seats.ranked_plan_of(session, found.plan_id)
    return ranked.choose(free, size, seed=0, kinds=kinds)
