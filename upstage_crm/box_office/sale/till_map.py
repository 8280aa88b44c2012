"""The seat map of a till: the plan, which never changes, and one character a seat. Pure.

The browser draws the dots itself, so that a press on a seat needs no answer of the server and a
seat that is taken elsewhere costs one character.
"""

from __future__ import annotations

import json
from collections.abc import Collection

from upstage_crm.inventory.views import House, SeatState
from upstage_crm.venues.seat_plan import SeatPlan

CODES = {SeatState.FREE: ".", SeatState.HELD: "h", SeatState.SOLD: "s", SeatState.BLOCKED: "-"}
MINE = "m"


def rows_of(plan: SeatPlan) -> str:
    """The rows of a plan as JSON: `[section, row, [[number, x, y], …]]`, in the plan's order."""
    rows = [
        [
            section.name,
            row.label,
            [[seat.number, round(seat.x, 1), round(seat.y, 1)] for seat in row.seats],
        ]
        for section in plan.sections
        for row in section.rows
    ]
    return json.dumps(rows, separators=(",", ":"), ensure_ascii=False)


def codes_of(house: House, mine: Collection[str]) -> str:
    """One character a seat, in the plan's order: its state, the letter of a house hold, or mine."""
    return "".join(
        MINE
        if one.id in mine
        else one.letter
        if one.state is SeatState.BLOCKED and one.letter
        else CODES[one.state]
        for one in house.seats
    )
