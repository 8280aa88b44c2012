"""The demo's next performances with seats that are sold, in a basket, or kept back by the house."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlmodel import Session

from upstage_crm.inventory import holds, house_holds, queries, seatings, selling
from upstage_crm.inventory.best_available import RankedPlan
from upstage_crm.inventory.views import Wanted
from upstage_crm.programme import queries as programme
from upstage_crm.programme.views import PerformanceState
from upstage_crm.staff.command_context import StaffContext

LAID_OUT = 2  # performances in each hall, the nearest ones
PARTIES = (2, 2, 2, 4, 2, 1, 3, 2, 5, 2, 6)
SOLD = (0.8, 0.55, 0.4, 0.3, 0.2, 0.1)  # of the seats, of one performance after the other
STILL_DECIDING = timedelta(hours=1)  # so that a basket is seen on the map
MOST_MISSES = 20  # parties that find no room, before the house counts as full


def add(context: StaffContext[object]) -> None:
    """Lay the nearest performances out, sell some of their seats and keep others back."""
    for number, performance_id in enumerate(_nearest(context.session, context.now)):
        seatings.lay_out(context, performance_id=performance_id)
        _keep_back(context, performance_id)
        _sell(context, performance_id, SOLD[number])


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


def _sell(context: StaffContext[object], performance_id: str, share: float) -> None:
    """Sell the best seats to parties of every size; two of them are still deciding."""
    session, now = context.session, context.now
    pools = queries.house(session, performance_id, now=now).pools
    places = {pool.id: int(pool.free * share) for pool in pools if pool.free * share >= 1}
    chosen = list(_parties(session, performance_id, share, context))
    deciding, bought = chosen[:2], chosen[2:]
    for number, party in enumerate(deciding):
        wanted = Wanted(seats={performance_id: frozenset(party)})
        holder, until = f"basket {number} {performance_id}", now + STILL_DECIDING
        holds.hold(session, holder=holder, wanted=wanted, now=now)
        holds.keep_until(session, holder=holder, until=until, now=now)
    seats = frozenset(seat_id for party in bought for seat_id in party)
    wanted = Wanted(seats={performance_id: seats} if seats else {}, places=places)
    if seats or places:
        sale = f"sale {performance_id}"
        holds.hold(session, holder=sale, wanted=wanted, now=now)
        selling.sell(session, holder=sale, sale=sale, wanted=wanted, now=now)


def _parties(
    session: Session, performance_id: str, share: float, context: StaffContext[object]
) -> Iterator[list[str]]:
    ranked = RankedPlan(queries.plan_of(session, performance_id))
    free = queries.free_seats(session, performance_id, now=context.now)
    chance, left = random.Random(performance_id), int(len(free) * share)  # noqa: S311  # a picture
    misses = 0
    while left > 0 and misses < MOST_MISSES:
        seed, size = chance.randrange(10_000), chance.choice(PARTIES)
        party = ranked.choose(free, size, seed=seed, is_rush=chance.random() < 0.7)
        if party is None:
            misses += 1
            continue
        free.difference_update(party)
        left -= size
        yield party
