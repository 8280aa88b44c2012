"""What staff write about an event: which texts, how long, and how cleaned. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from upstage_crm.core.text import clean_block, clean_line
from upstage_crm.programme.errors import EventTextMissing

TITLE = "title"
LIMITS: Mapping[str, int] = {
    TITLE: 160,
    "genre": 80,
    "running_time": 160,
    "age_advice": 160,
    "content_notes": 600,
    "description": 4_000,
}
"""Characters of each text."""
BLOCKS = frozenset({"content_notes", "description"})


def cleaned(typed: Mapping[str, str]) -> dict[str, str]:
    """The texts as they are stored, by name.

    Raises:
        InvalidText: a text is too long, or has lines where it may have one.
        EventTextMissing: the title is empty.
    """
    clean = {
        name: (clean_block if name in BLOCKS else clean_line)(typed.get(name, ""), limit)
        for name, limit in LIMITS.items()
    }
    if not clean[TITLE]:
        raise EventTextMissing(text=TITLE)
    return clean
