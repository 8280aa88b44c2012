"""The names of staff members and desks, as mails to patrons show them. Pure.

A name is a piece of every mail that the member's proposals send. So a name
holds letters and what names are joined with, and is too short for a message: no numbers to call,
no addresses to open.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from upstage_crm.core.languages import Say
from upstage_crm.core.text import clean_line
from upstage_crm.staff.errors import NameMissing, NameRefused, NameWithAddress

DESKS = (
    *("box office", "front of house", "house management"),
    *("membership", "development", "marketing", "customer service"),
)
"""Desks whose names are translated for patrons; any other is shown as it was written."""
THE_PATRON = "the patron"
"""In the place of a member's name: the patron wished for it."""
PATRON_WORDS = "The account holder"
"""The same as a patron reads it."""
LIMIT = 40  # characters of a display name and of a desk
_JOINS = frozenset(" .'-")
_PLAIN = str.maketrans({"’": "'", "‘": "'", "‐": "-", "‑": "-", "\u200c": None, "\u200d": None})
_ADDRESS = re.compile(r"(?<=\w)\.(?=\w\w)")  # `evil.example`, not `J. R. Smith`


def parse_name(text: str) -> str:
    """Return a display name.

    Raises:
        NameMissing: it has no letter. As `parse_desk` otherwise.
    """
    name = parse_desk(text)
    if not any(character.isalpha() for character in name):
        raise NameMissing
    return name


def parse_desk(text: str) -> str:
    """Return the name of a desk, which may be empty.

    Raises:
        NameRefused: a character is no letter, mark, space, dot, apostrophe or hyphen.
            Facts: `character`.
        NameWithAddress: a part of it reads as an address on the internet.
        InvalidText: longer than `LIMIT`, or of several lines.
    """
    line = clean_line(text.translate(_PLAIN), LIMIT)
    for character in line:
        if not _fits(character):
            raise NameRefused(character=character)
    if _ADDRESS.search(line):
        raise NameWithAddress
    return line


@lru_cache(maxsize=256)
def shown_name(stored: str) -> str:
    """A display name that was stored before there were rules, without what they refuse."""
    return shown_desk(stored) or "Staff"


@lru_cache(maxsize=256)
def shown_desk(stored: str) -> str:
    """The same for a desk; it may be empty."""
    kept = "".join(c for c in stored.translate(_PLAIN) if _fits(c))
    return " ".join(_ADDRESS.sub(". ", kept).split())[:LIMIT].strip()


@lru_cache(maxsize=256)
def shown_label(stored: str) -> str:
    """The same for a name with its desk, "Dana, box office", as requests keep it."""
    name, comma, desk = stored.partition(", ")
    return f"{shown_name(name)}{comma}{shown_desk(desk)}"


def label_for_patrons(stored: str, say: Say) -> str:
    """The same as a patron reads it: "Dana (box office)", the desk in the patron's language."""
    if stored == THE_PATRON:
        return say(PATRON_WORDS)
    name, _, desk = shown_label(stored).partition(", ")
    return f"{name} ({say(desk)})" if desk else name


def _fits(character: str) -> bool:
    return character in _JOINS or unicodedata.category(character)[0] in "LM"
