"""What staff write about an event: which texts, how long, and how cleaned. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from upstage_crm.core.text import clean_block, clean_line
from upstage_crm.programme.errors import EventTextMissing, MinutesUnreadable

TITLE, RUNNING, INTERVAL, ALT = "title", "running_minutes", "interval_minutes", "picture_alt"
LIMITS: Mapping[str, int] = {
    TITLE: 160,
    "genre": 80,
    RUNNING: 20,
    INTERVAL: 20,
    "age_advice": 160,
    "content_notes": 600,
    "description": 4_000,
    "credits": 4_000,
}
"""Characters of each text, in the order in which they are asked for."""
MINUTES: Mapping[str, int] = {RUNNING: 1_440, INTERVAL: 240}
"""The texts that are numbers of minutes, and the most that each may be."""
BLOCKS = frozenset({"content_notes", "description", "credits"})
ALT_LIMIT = 300  # characters that describe a picture to a visitor who does not see it
TRANSLATED: Mapping[str, int] = {
    **{name: LIMITS[name] for name in (TITLE, "age_advice", "content_notes", "description")},
    ALT: ALT_LIMIT,
}
"""The texts that an event may have in further languages; one without is read in the event's own."""


def cleaned(typed: Mapping[str, str]) -> dict[str, str]:
    """The texts as they are stored, by name; minutes as digits, "" where they are not said.

    Raises:
        InvalidText: a text is too long, or has lines where it may have one.
        EventTextMissing: the title is empty.
        MinutesUnreadable: minutes are no whole number, or more than may be.
    """
    clean = _clean(typed, LIMITS)
    for name, most in MINUTES.items():
        clean[name] = _minutes(clean[name], most)
    if not clean[TITLE]:
        raise EventTextMissing(text=TITLE)
    return clean


def cleaned_translation(typed: Mapping[str, str]) -> dict[str, str]:
    """The texts of another language as they are stored; each may be empty.

    Raises:
        InvalidText: a text is too long, or has lines where it may have one.
    """
    return _clean(typed, TRANSLATED)


def in_language(
    texts: Mapping[str, str], translated: Mapping[str, Mapping[str, str]], language: str
) -> dict[str, str]:
    """What a reader of `language` reads: each text in it, or as the event itself says it."""
    theirs = translated.get(language, {})
    return {name: theirs.get(name, "") or text for name, text in texts.items()}


def columns(texts: Mapping[str, str]) -> dict[str, str | int | None]:
    """The columns of these texts: minutes are numbers there."""
    return {
        name: (int(text) if text else None) if name in MINUTES else text
        for name, text in texts.items()
    }


def texts_of(row: Mapping[Any, Any]) -> dict[str, str]:
    """The texts behind a row's columns."""
    stored = {name: row[name] for name in (*LIMITS, ALT)}
    return {name: "" if value is None else str(value) for name, value in stored.items()}


def _clean(typed: Mapping[str, str], limits: Mapping[str, int]) -> dict[str, str]:
    return {
        name: (clean_block if name in BLOCKS else clean_line)(typed.get(name, ""), limit)
        for name, limit in limits.items()
    }


def _minutes(text: str, most: int) -> str:
    if not text:
        return ""
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= most):
        raise MinutesUnreadable(most=most)
    return str(int(text))
