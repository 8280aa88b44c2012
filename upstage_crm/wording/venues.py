"""The sentences of refusals about seasons, venues, halls and seat plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
