"""The inputs for what is said of a venue or a hall: label, purpose, and where each is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from upstage_crm.core.errors import UpstageError
from upstage_crm.core.text import InvalidText
from upstage_crm.pages.view import kept
from upstage_crm.ui.components.base import Child
from upstage_crm.ui.components.forms.form import text_area, text_field
from upstage_crm.venues.errors import HallNameTaken, VenueNameTaken, VenueTextMissing
from upstage_crm.venues.texts import (
    HALL_TEXTS,
    NAME_LIMIT,
    NEEDED,
    NOTE_LIMIT,
    VENUE_TEXTS,
    cleaned,
)


@dataclass(frozen=True, slots=True)
class Words:
    """What an input is called and what its text is for."""

    label: str
    purpose: str = ""


VENUE_WORDS: Mapping[str, Words] = {
    "name": Words("Name"),
    "address": Words("Address", "As a visitor would give it to a taxi driver."),
    "map_note": Words("How to find it", "The nearest stop, a landmark, where to park."),
    "step_free": Words("Step-free route", "The way in without a step, from the street on."),
    "doors": Words("Doors", "Which doors to use, and how long before the start they open."),
    "access_notes": Words("Access", "Hearing loop, toilets, assistance dogs, quiet places."),
}
HALL_WORDS: Mapping[str, Words] = {
    "name": Words("Name"),
    "step_free": Words("Step-free route", "The way from the venue’s door to a seat."),
    "doors": Words("Doors", "Where this hall’s doors are, if that differs from the venue."),
    "access_notes": Words("Access", "What differs from the venue."),
}
assert tuple(VENUE_WORDS) == VENUE_TEXTS
assert tuple(HALL_WORDS) == HALL_TEXTS


def inputs(state: Any, dialog: str, words: Mapping[str, Words]) -> list[Child]:
    """The inputs of one dialog, with what is stored or was typed before in them."""
    return [_input(state, dialog, name, said) for name, said in words.items()]


def blamed(error: UpstageError, names: tuple[str, ...], typed: Mapping[str, str]) -> str:
    """The text that a refusal is about; "" when it is about none."""
    if isinstance(error, VenueNameTaken | HallNameTaken):
        return "name"
    if isinstance(error, VenueTextMissing):
        return str(error.facts["text"])
    if isinstance(error, InvalidText):
        return next((name for name in names if _is_refused(name, typed)), "")
    return ""


def _is_refused(name: str, typed: Mapping[str, str]) -> bool:
    try:
        cleaned((name,), typed)
    except InvalidText:
        return True
    except VenueTextMissing:
        pass
    return False


def _input(state: Any, dialog: str, name: str, said: Words) -> Child:
    shared: dict[str, Any] = {
        "hint": said.purpose,
        "default_value": kept(state, name, state.stored[name]),
        "error": state.errors[name],
        "optional": name not in NEEDED,
        "id": f"{dialog}-{name}",
    }
    if name == "name":
        return text_field(said.label, name, max_length=NAME_LIMIT, auto_complete="off", **shared)
    return text_area(said.label, name, max_length=NOTE_LIMIT, rows=2, **shared)
