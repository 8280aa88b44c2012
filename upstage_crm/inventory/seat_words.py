"""Seats in words: "Stalls, row F, seats 12 and 13". Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

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
    if len(numbers) > 1:
        seats = f"seats {', '.join(numbers[:-1])} and {numbers[-1]}"
    return f"{section}, row {row}, {seats}"
