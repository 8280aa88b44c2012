"""The best seats: together, nobody alone, nothing wasted, the same for the same seed."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Collection
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from upstage_crm.demo.season.venues import PLANS
from upstage_crm.inventory.best_available import NEARLY_GONE, USUAL_KINDS, RankedPlan
from upstage_crm.venues.builder import build
from upstage_crm.venues.seat_plan import SeatKind, SeatPlan

HALL = build("Concert Hall", PLANS["Concert Hall"])
RANKED = RankedPlan(HALL)
USUAL = frozenset(seat.id for seat in HALL.seats if seat.kind in USUAL_KINDS)
AISLE = 25.0  # two seats further apart have an aisle between them


def runs(plan: SeatPlan, chosen: Collection[str]) -> list[list[str]]:
    """The chosen seats as runs of neighbours, by where they stand."""
    found: list[list[str]] = []
    for section in plan.sections:
        for row in section.rows:
            run: list[str] = []
            before = None
            for seat in row.seats:
                is_next = before is not None and abs(seat.x - before.x) < AISLE
                if seat.id not in chosen:
                    run = []
                elif run and is_next:
                    run.append(seat.id)
                else:
                    run = [seat.id]
                    found.append(run)
                before = seat
    return found


def filled(share: float, seed: int) -> set[str]:
    chance = random.Random(seed)
    return {seat.id for seat in HALL.seats if chance.random() < share}


houses = st.builds(
    filled, st.sampled_from([0.02, 0.08, 0.2, 0.5, 0.9, 1.0]), st.integers(0, 10_000)
)


def test_the_aisles_are_where_seats_stand_apart() -> None:
    gaps = defaultdict[str, list[float]](list)
    for section in HALL.sections:
        for row in section.rows:
            gaps[section.name] += [one.x - other.x for other, one in pairwise(row.seats)]
    assert any(gap > AISLE for gap in gaps["Stalls"])


@given(houses, st.integers(1, 10), st.integers(0, 1_000), st.booleans())
def test_a_party_sits_together_where_it_can(
    free: set[str], size: int, seed: int, is_rush: bool
) -> None:
    open_seats = free & USUAL
    fits = max((len(run) for run in runs(HALL, open_seats)), default=0) >= size

    chosen = RANKED.choose(free, size, seed=seed, is_rush=is_rush)

    assert chosen == RANKED.choose(free, size, seed=seed, is_rush=is_rush)
    if chosen is None:
        assert not fits
        return
    assert len(set(chosen)) == size
    assert set(chosen) <= open_seats  # free, and no wheelchair space
    parts = runs(HALL, set(chosen))
    assert (len(parts) == 1) == fits
    if size > 1:
        assert min(len(part) for part in parts) > 1  # nobody alone


@given(houses, st.integers(1, 8), st.integers(0, 1_000))
def test_no_single_seat_is_left_between(free: set[str], size: int, seed: int) -> None:
    open_seats = free & USUAL
    if len(free) < NEARLY_GONE * HALL.seat_count:
        return
    before = {run[0] for run in runs(HALL, open_seats) if len(run) == 1}

    chosen = RANKED.choose(free, size, seed=seed)

    if chosen is None or len(runs(HALL, set(chosen))) > 1:
        return
    after = {run[0] for run in runs(HALL, open_seats - set(chosen)) if len(run) == 1}
    if after - before:  # only because no other place is without one
        assert all(leaves_one(open_seats, window, before) for window in windows(open_seats, size))


def windows(open_seats: set[str], size: int) -> list[list[str]]:
    return [
        run[start : start + size]
        for run in runs(HALL, open_seats)
        for start in range(len(run) - size + 1)
    ]


def leaves_one(open_seats: set[str], window: list[str], before: set[str]) -> bool:
    run = next(run for run in runs(HALL, open_seats) if window[0] in run)
    start = run.index(window[0])
    ends = (run[:start], run[start + len(window) :])
    return any(len(end) == 1 and end[0] not in before for end in ends)


def test_wheelchair_spaces_are_given_when_they_are_asked_for() -> None:
    both = (SeatKind.WHEELCHAIR, SeatKind.COMPANION)
    kinds = {seat.id: seat.kind for seat in HALL.seats}

    chosen = RANKED.choose(set(kinds), 2, seed=1, kinds=both)

    assert chosen is not None
    assert {kinds[seat_id] for seat_id in chosen} <= set(both)


def test_a_restricted_view_comes_last() -> None:
    plan = build("Playhouse", PLANS["Playhouse"])
    restricted = {seat.id for seat in plan.seats if seat.kind is SeatKind.RESTRICTED}
    circle = {seat.id for seat in plan.sections[1].seats}

    chosen = RankedPlan(plan).choose(circle, 2, seed=1)

    assert chosen is not None
    assert not set(chosen) & restricted


def test_many_who_ask_at_once_are_spread_in_a_declared_on_sale() -> None:
    everything = {seat.id for seat in HALL.seats}

    usual, rush = (
        {tuple(RANKED.choose(everything, 2, seed=seed, is_rush=on) or ()) for seed in range(64)}
        for on in (False, True)
    )

    assert len(usual) >= 8
    assert len(rush) >= 2 * len(usual)


def test_none_is_given_to_none_or_to_a_crowd() -> None:
    everything = {seat.id for seat in HALL.seats}

    assert RANKED.choose(everything, 0, seed=1) is None
    assert RANKED.choose(everything, 1_000, seed=1) is None
    assert RANKED.choose(set(), 2, seed=1) is None


def test_two_seats_apart_are_asked_about_and_not_given() -> None:
    apart = {"Stalls-A-1", "Stalls-C-1", "Stalls-E-1"}

    assert RANKED.choose(apart & USUAL, 2, seed=1) is None
    assert RANKED.choose(apart & USUAL, 1, seed=1) is not None
