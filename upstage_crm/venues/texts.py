"""What staff write about a venue and a hall: which texts, how long, and how cleaned. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from upstage_crm.core.text import clean_block, clean_line
from upstage_crm.venues.errors import VenueTextMissing

NAME_LIMIT = 120  # characters
NOTE_LIMIT = 600  # characters of a text that a visitor reads in a mail
VENUE_TEXTS = ("name", "address", "map_note", "step_free", "doors", "access_notes")
HALL_TEXTS = ("name", "step_free", "doors", "access_notes")
NEEDED = frozenset({"name", "address"})


def cleaned(names: tuple[str, ...], typed: Mapping[str, str]) -> dict[str, str]:
    """The texts as they are stored, by name.

    Raises:
        InvalidText: a text is too long, or a name has several lines.
        VenueTextMissing: one that is needed is empty.
    """
    clean = {
        name: clean_line(typed.get(name, ""), NAME_LIMIT)
        if name == "name"
        else clean_block(typed.get(name, ""), NOTE_LIMIT)
        for name in names
    }
    for name in names:
        if name in NEEDED and not clean[name]:
            raise VenueTextMissing(text=name)
    return clean
