"""The demo's next performances with seats that are in a basket, or kept back by the house."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from sqlmodel import Session

from upstage_crm.inventory import holds, house_holds, queries, seatings
from upstage_crm.inventory.best_available import RankedPlan
from upstage_crm.inventory.views import Wanted
from upstage_crm.programme import queries as programme
from upstage_crm.programme.views import PerformanceState
from upstage_crm.staff.command_context import StaffContext

LAID_OUT = 2  # performances in each hall, the nearest ones
DECIDING = (2, 4)  # parties that have seats in a basket
STILL_DECIDING = timedelta(hours=1)  # so that a basket is seen on the map


def add(context: StaffContext[object]) -> None:
    """Lay the nearest performances out, and keep some of their seats back."""
    for performance_id in _nearest(context.session, context.now):
        seatings.lay_out(context, performance_id=performance_id)
        _keep_back(context, performance_id)
        _decide(context, performance_id)


def _nearest(session: Session, now: datetime) -> list[str]:
    _, events = programme.events(session, start=now)
    found = sorted(
        (one.starts_at, one.hall, one.id)
        for event in events
        for one in programme.event(session, event.id).performances
        if one.starts_at > now and one.state is PerformanceState.ON_SALE
    )
    halls = Counter[str]()
    nearest: list[str] = []
    for _, hall, performance_id in found:
        halls[hall] += 1
        if halls[hall] <= LAID_OUT:
            nearest.append(performance_id)
    return nearest


def _keep_back(context: StaffContext[object], performance_id: str) -> None:
    plan = queries.plan_of(context.session, performance_id)
    facts = programme.performance(context.session, performance_id)
    release_at = facts.starts_at - timedelta(hours=24)
    until = release_at if release_at > context.now else None
    if not plan.sections:
        return
    rows = plan.sections[0].rows
    for letter, reason, row, seats, ends in (
        ("H", "House seats, for the evening's manager", rows[7], slice(10, 14), None),
        ("P", "Press", rows[4], slice(8, 12), until),
        ("T", "Sound desk", rows[-1], slice(12, 16), None),
    ):
        house_holds.hold_back(
            context,
            performance_id=performance_id,
            letter=letter,
            reason=reason,
            seat_ids=[seat.id for seat in row.seats[seats]],
            release_at=ends,
        )


def _decide(context: StaffContext[object], performance_id: str) -> None:
    """Two parties have seats in a basket and are still deciding."""
    session, now = context.session, context.now
    ranked = RankedPlan(queries.plan_of(session, performance_id))
    free = queries.free_seats(session, performance_id, now=now)
    for number, size in enumerate(DECIDING):
        party = ranked.choose(free, size, seed=number)
        if party is None:
            continue
        free.difference_update(party)
        wanted = Wanted(seats={performance_id: frozenset(party)})
        holder, until = f"basket {number} {performance_id}", now + STILL_DECIDING
        holds.hold(session, holder=holder, wanted=wanted, now=now)
        holds.keep_until(session, holder=holder, until=until, now=now)
