"""What a clerk types for tickets, `2`, `2A` or `2A1C`, and the letters of price types. Pure."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence

from upstage_crm.box_office.errors import TypedTooMany, TypedUnreadable

MOST = 99  # tickets in one line that is typed
_GROUP = re.compile(r"([0-9]*)([A-Z]?)")
_TYPED = re.compile(r"(?:[0-9]*[A-Z])*[0-9]*")


def letters_of(names: Sequence[str]) -> list[str]:
    """A letter for each name, in their order, each another one: its own first where that is free.

    There are letters for 26 names; later ones get "" and are chosen by pressing.
    """
    taken: list[str] = []
    for name in names:
        own = [letter for letter in name.upper() if letter in string.ascii_uppercase]
        wanted = (one for one in (*own, *string.ascii_uppercase) if one not in taken)
        taken.append(next(wanted, ""))
    return taken


def read_typed(text: str, types: Mapping[str, str], first: str) -> dict[str, int]:
    """How many tickets of each price type, by its id. `types` are the ids by letter.

    A letter without a number is one ticket, a number without a letter is of the type `first`.

    Raises:
        TypedUnreadable: it is none of these, or a letter is no type's.
        TypedTooMany: they are more than `MOST`, or none.
    """
    typed = text.strip().upper()
    if not typed or not _TYPED.fullmatch(typed):
        raise TypedUnreadable(text=text[:20])
    found: dict[str, int] = {}
    for count, letter in _GROUP.findall(typed):
        if not count and not letter:
            continue
        if letter and letter not in types:
            raise TypedUnreadable(text=letter)
        number = int(count[:6]) if count else 1
        type_id = types[letter] if letter else first
        found[type_id] = found.get(type_id, 0) + number
    if not 0 < sum(found.values()) <= MOST or 0 in found.values():
        raise TypedTooMany(most=MOST)
    return found
