"""The demo's venue and its halls, made through the commands that staff use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from upstage_crm.staff.command_context import StaffContext
from upstage_crm.venues import commands, plans
from upstage_crm.venues.design import FIELDS

VENUE = {
    "name": "Lantern Street Theatre",
    "address": "12 Lantern Street\nNew York, NY 10011",
    "map_note": "Two blocks west of the 14th Street station; the blue lantern hangs over the door.",
    "step_free": "From Lantern Street through the glass doors on the left; a lift reaches every "
    "level. Call the desk and we meet you at the door.",
    "doors": "The front doors open 60 minutes before the start, the halls 30 minutes before.",
    "access_notes": "Hearing loop in every hall. Assistance dogs are welcome. Accessible toilets "
    "on every level. A quiet room beside the foyer.",
}
HALLS = (
    {
        "name": "Playhouse",
        "step_free": "Lift to the stalls; the wheelchair spaces are in rows A and P. The circle is "
        "reached by the lift, with two steps to the first row.",
        "doors": "Doors 1 and 2 for the stalls, door 3 for the circle.",
        "access_notes": "Captions are shown at both sides of the stage.",
    },
    {
        "name": "Studio",
        "step_free": "Level from the foyer.",
        "doors": "Through the bar. No numbered places: come early to choose.",
        "access_notes": "",
    },
    {
        "name": "Concert Hall",
        "step_free": "Lift to every level; wheelchair spaces at the back of the stalls.",
        "doors": "Doors A to D; the letter is printed on the ticket.",
        "access_notes": "Ask the stewards for a receiver of the hearing loop.",
    },
)


_BLOCK = FIELDS | {"row_depth": "95", "curve": "25"}
PLANS: Mapping[str, Sequence[Mapping[str, str]]] = {
    "Playhouse": (
        _BLOCK
        | {
            "name": "Stalls",
            "rows": "14",
            "seats": "20-26",
            "aisles": "7, 19",
            "other_zones": "B: H-P",
            "wheelchair": "A1-2, P1-2",
            "companion": "A3, P3",
            "removable": "A4-6",
        },
        _BLOCK
        | {
            "name": "Circle",
            "rows": "6",
            "seats": "24, 26, 26, 27, 27, 28",
            "aisles": "9, 19",
            "zone": "B",
            "other_zones": "C: D-F",
            "restricted": "A1-2, A23-24, F",
        },
    ),
    "Studio": (FIELDS | {"name": "Floor", "form": "standing", "places": "120"},),
    "Concert Hall": (
        _BLOCK
        | {
            "name": "Stalls",
            "rows": "20",
            "seats": "26-36",
            "aisles": "9, 27",
            "numbering": "centre",
            "other_zones": "B: L-V",
            "wheelchair": "V29-34",
            "companion": "V27-28",
        },
        _BLOCK | {"name": "First balcony", "rows": "8", "seats": "36-40", "zone": "B"},
        _BLOCK
        | {
            "name": "Second balcony",
            "rows": "7",
            "seats": "38, 39, 39, 40, 40, 40, 40",
            "zone": "C",
        },
    ),
}
"""The sections of every hall, as they are typed into the builder."""


def add(context: StaffContext[object]) -> None:
    """Add the venue with its halls and their seat plans."""
    venue_id = commands.add_venue(context, typed=VENUE)
    for hall in HALLS:
        hall_id = commands.add_hall(context, venue_id=venue_id, typed=hall)
        plans.save(context, hall_id=hall_id, after=0, sections=PLANS[hall["name"]])
