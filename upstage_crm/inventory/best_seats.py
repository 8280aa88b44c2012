"""Holds the best seats that are free, as `best_available` chooses; others if another was first."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlmodel import Session

from upstage_crm.inventory import holds, queries, seats
from upstage_crm.inventory.best_available import USUAL_KINDS
from upstage_crm.inventory.errors import NoSeatsTogether, SeatsTaken
from upstage_crm.inventory.views import Deadline, Wanted
from upstage_crm.venues.seat_plan import SeatKind

MOST_TRIES = 5


def hold_best(
    session: Session,
    *,
    holder: str,
    performance_id: str,
    size: int,
    seed: int,
    now: datetime,
    kinds: Collection[SeatKind] = USUAL_KINDS,
    zone: str = "",
) -> tuple[list[str], Deadline]:
    """Hold the best `size` seats of a performance; return their ids, row by row, and the deadline.

    `seed` chooses among near-equals: give each caller another one. A `zone` narrows the choice.

    Raises:
        NotLaidOut: nothing of the performance can be held.
        NoSeatsTogether: they would leave one person alone, or do not fit.
        SeatsTaken: others were first, several times.
    """
    seating = seats.seating(session, performance_id)
    ranked = seats.ranked_plan_of(session, seating["plan_id"])
    places = seats.places_of(session, performance_id)
    for turn in range(MOST_TRIES):
        free = queries.free_seats(session, performance_id, now=now)
        chosen = ranked.choose(
            {each for each in free if zone in {"", places[each].zone}},
            size,
            seed=seed + turn,
            kinds=kinds,
            is_rush=seating["is_rush"],
        )
        if chosen is None:
            raise NoSeatsTogether(size=size)
        wanted = Wanted(seats={performance_id: frozenset(chosen)})
        try:
            with session.begin_nested():
                return chosen, holds.hold(session, holder=holder, wanted=wanted, now=now)
        except SeatsTaken:
            if turn == MOST_TRIES - 1:
                raise
    raise AssertionError("the last turn returns or raises")
