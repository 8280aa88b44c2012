"""Seats in words: "Stalls, row F, seats 12 and 13". Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from upstage_crm.inventory.views import SeatPlace
from upstage_crm.venues.seat_plan import SeatPlan

MOST_NAMED = 12  # seats; more are counted


def named(plan: SeatPlan, seat_ids: Collection[str]) -> str:
    """The seats in the order of the plan, row by row; those that it lacks by their ids.

    After `MOST_NAMED` of them the others are counted.
    """
    wanted, found = set(seat_ids), defaultdict[tuple[str, str], list[str]](list)
    told = 0
    for section in plan.sections:
        for row in section.rows:
            for seat in row.seats:
                if seat.id in wanted:
                    wanted.discard(seat.id)
                    told += 1
                    if told <= MOST_NAMED:
                        found[section.name, row.label].append(seat.number)
    pieces = [_row(section, row, numbers) for (section, row), numbers in found.items()]
    pieces += sorted(wanted)[: max(0, MOST_NAMED - told)]
    left = told + len(wanted) - MOST_NAMED
    if left > 0:
        pieces.append(f"{left} more")
    return "; ".join(pieces)


def place_words(plan: SeatPlan) -> dict[str, SeatPlace]:
    """Every seat of a plan by its id, each in words of its own."""
    return {
        seat.id: SeatPlace(
            words=_row(section.name, row.label, [seat.number]), zone=seat.zone, kind=seat.kind
        )
        for section in plan.sections
        for row in section.rows
        for seat in row.seats
    }


def _row(section: str, row: str, numbers: list[str]) -> str:
    seats = f"seat {numbers[0]}"
    if len(numbers) == 2:
        seats = f"seats {numbers[0]} and {numbers[1]}"
    elif len(numbers) > 2:
        seats = f"seats {spans(numbers)}"
    return f"{section}, row {row}, {seats}"


def spans(numbers: Sequence[str]) -> str:
    """Numbers in short, in the order of the row: `1–4, 7`; where they go by two, `1–9 odd`."""
    runs: list[list[int]] = []
    told: list[list[int] | str] = []
    for number in numbers:
        if not number.isdecimal():
            told.append(number)
            runs = []
            continue
        if runs and _goes_on(runs[-1], int(number)):
            runs[-1].append(int(number))
            continue
        run = [int(number)]
        # Of 1, 3, 4 the last two are neighbours.
        if runs and len(runs[-1]) == 2 and abs(int(number) - runs[-1][-1]) == 1:
            run = [runs[-1].pop(), int(number)]
        runs.append(run)
        told.append(run)
    return ", ".join(one if isinstance(one, str) else _span(one) for one in told)


def _goes_on(run: Sequence[int], number: int) -> bool:
    step = number - run[-1]
    if len(run) == 1:
        return abs(step) in (1, 2)
    return step == run[-1] - run[-2]


def _span(run: Sequence[int]) -> str:
    low, high = min(run), max(run)
    if len(run) == 1:
        return str(low)
    if high - low == len(run) - 1:
        return f"{low}–{high}"
    if len(run) == 2:
        return f"{run[0]}, {run[1]}"
    return f"{low}–{high} {'odd' if low % 2 else 'even'}"
