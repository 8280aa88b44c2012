"""The words of seasons, venues, halls, seat plans and seats, and of their refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from upstage_crm.inventory.views import SeatState
from upstage_crm.venues.seating_file import Fault, FaultKind

VENUE_SENTENCES: Mapping[str, str] = {
    "season_start_unknown": "Choose a day that every year has, such as 1 September.",
    "venue_text_missing": "Enter a value.",
    "venue_name_taken": "There is a venue with this name already.",
    "hall_name_taken": "This venue has a hall with this name already.",
    "venue_unknown": "There is no such venue.",
    "hall_unknown": "There is no such hall.",
    "plan_empty": "The plan has neither a seat nor a place. Add a section.",
    "plan_too_large": "This plan would have {seats} seats. A plan may have {limit}.",
    "plan_section_twice": "Two sections are called “{section}”. Give one another name.",
    "plan_zone_twice": "Two zones are called “{zone}”.",
    "plan_label_twice": "Two seats of {section}, row {row}, have the number {number}.",
    "plan_id_twice": "Two seats have the id “{id}”.",
    "plan_zone_missing": "Seat {number} of {section}, row {row}, is in zone “{zone}”, which the "
    "plan does not list.",
    "design_refused": "This section cannot be built.",
    "design_text_missing": "Enter a name.",
    "design_number_out_of_range": "Enter a whole number from {least} to {most}.",
    "design_seats_unreadable": "Enter one number for every row (20), the first and the last row "
    "(20-34), or a number for each row (20, 22, 24).",
    "design_row_unreadable": "Enter a letter that is not skipped, or a number.",
    "design_range_unreadable": "This is no range: “{text}”. Write A, A-C or A1-6; with numbered "
    "rows 1, 1-3 or 1:1-6.",
    "design_range_not_there": "This section has no such seat: “{text}”.",
    "design_zone_unreadable": "There is no zone “{text}”. Zones are the letters A to H.",
    "design_choice_unknown": "Choose one from the list.",
    "seating_file_refused": "This file is no seat plan that we can read.",
    "plan_changed_meanwhile": "A colleague saved another version meanwhile. Nothing was saved: "
    "load the page again, yours is kept.",
    "plan_unknown": "There is no such seat plan.",
    "venue_changed_meanwhile": "A colleague has changed this since you opened it. Nothing was "
    "saved. Close it and open it again.",
}
INVENTORY_SENTENCES: Mapping[str, str] = {
    "nothing_wanted": "Choose at least one seat or place.",
    "seat_unknown": "There is no such seat here: {words}.",
    "house_letter_unreadable": "Enter one letter from A to Z.",
    "house_reason_missing": "Enter why the seats are held back.",
    "house_release_passed": "This time is over. Enter a later one, or none.",
    "hall_without_plan": "This hall has no seat plan yet. Make one first.",
    "not_laid_out": "The seats of this performance are not laid out yet.",
    "pool_unknown": "There are no such places.",
    "house_hold_unknown": "These seats are released already.",
    "seats_taken": "Taken already: {words}. Nothing was held.",
    "seats_lost": "No longer held: {words}. Choose other seats.",
    "no_seats_together": "There are not {size} seats left without one person alone. Choose them on "
    "the map.",
    "places_taken": "Only {left} places are left of {pool}. Nothing was held.",
    "places_lost": "These places are no longer held.",
    "hold_lapsed": "The time is over. What is still free can be held again.",
    "hold_at_its_end": "There is no more time: this was the last extension.",
    "not_sold": "These were not sold together. Nothing was returned.",
    "hall_laid_out": (
        "Seats of this performance are held, kept back or sold, so it stays in its hall. Release "
        "them first."
    ),
    "plan_sold": "The newest plan has no room for what is sold: {words}. Propose other seats to "
    "the holders first.",
    "plan_without_seats": "The newest plan has no room for what is held: {words}. Release it "
    "first.",
}
SEAT_WORDS: Mapping[SeatState, str] = {
    SeatState.FREE: "Free",
    SeatState.HELD: "In a basket",
    SeatState.SOLD: "Sold",
    SeatState.BLOCKED: "Held back",
}
FAULT_WORDS: Mapping[FaultKind, str] = {
    FaultKind.NO_JSON: "It is not JSON.",
    FaultKind.TOO_LONG: "It is longer than any plan that we take (8 MB).",
    FaultKind.MISSING: "“{what}” is missing.",
    FaultKind.UNKNOWN: "“{what}” is not part of the format.",
    FaultKind.WRONG_TYPE: "It must be {what}.",
    FaultKind.WRONG_CHOICE: "It must be one of: {what}.",
    FaultKind.OUT_OF_RANGE: "It is beyond the limit of {what}.",
    FaultKind.BAD_TEXT: "A text has several lines or is too long.",
}
_TYPES: Mapping[str, str] = {
    "object": "an object",
    "array": "a list",
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
}
_PLACES: Mapping[str, str] = {
    "zones": "zone",
    "rows": "row",
    "seats": "seat",
    "areas": "area",
    "categories": "category",
    "points": "point",
}


def fault_words(fault: Fault) -> str:
    """Say what is wrong with a file of seats, and where: "Zone 1, row 3: “seats” is missing."""
    words = FAULT_WORDS[fault.kind].format(what=_TYPES.get(fault.what, fault.what))
    where = _way(fault.where)
    return f"{where[:1].upper()}{where[1:]}: {words[:1].lower()}{words[1:]}" if where else words


def _way(steps: Sequence[str | int]) -> str:
    """The way to a place: `zone 1, row 3, “position”`; people count from 1."""
    said: list[str] = []
    for step in steps:
        if isinstance(step, int):
            said[-1] = f"{_PLACES.get(said[-1].strip('“”'), said[-1])} {step + 1}"
        else:
            said.append(f"“{step}”")
    return ", ".join(said)
