"""How rows and seats are labelled, and how a range of them is read. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from string import ascii_uppercase

MOST_DIGITS = 4
_ROW = r"(?P<first>[A-Z]+|\d{1,4})(?:-(?P<last>[A-Z]+|\d{1,4}))?"
_SEATS = r"(?P<low>\d{1,4})(?:-(?P<high>\d{1,4}))?"
_LETTERED = re.compile(rf"{_ROW}(?:[: ]?{_SEATS})?")
_NUMBERED = re.compile(rf"{_ROW}(?::{_SEATS})?")  # `12-14` are rows, `12:3-6` seats of row 12


class Numbering(StrEnum):
    """In which order the seats of a row are numbered, as the audience sees the stage."""

    LEFT = "left"
    RIGHT = "right"
    ODD_LEFT = "odd-left"
    ODD_RIGHT = "odd-right"
    EVEN_LEFT = "even-left"
    EVEN_RIGHT = "even-right"
    CENTRE = "centre"


_BY_TWO: Mapping[Numbering, int] = {
    Numbering.ODD_LEFT: 1,
    Numbering.ODD_RIGHT: 1,
    Numbering.EVEN_LEFT: 0,
    Numbering.EVEN_RIGHT: 0,
}
_FROM_RIGHT = frozenset({Numbering.RIGHT, Numbering.ODD_RIGHT, Numbering.EVEN_RIGHT})


def row_labels(first: str, count: int, skipped: str = "") -> list[str]:
    """The labels of `count` rows from `first` on, without the letters that are skipped.

    Numbers go on as numbers. Letters end with Z and go on doubled, as theatres do: Y, Z, AA, BB.

    Raises:
        ValueError: `first` is neither a number nor one letter, once or several times.
    """
    if first.isascii() and first.isdecimal() and len(first) <= MOST_DIGITS:
        return [str(int(first) + place) for place in range(count)]
    letters = [letter for letter in ascii_uppercase if letter not in skipped]
    letter, times = first[:1], len(first)
    if letter not in letters or first != letter * times or times > MOST_DIGITS:
        raise ValueError(first)
    start = letters.index(letter)
    places = range(start, start + count)
    return [letters[at % len(letters)] * (times + at // len(letters)) for at in places]


def seat_numbers(count: int, numbering: Numbering, start: int = 1) -> list[int]:
    """The numbers of a row of `count` seats, from the left as the audience sees the stage.

    From the centre out, the left half has the odd numbers and the right half the even ones.
    """
    if numbering is Numbering.CENTRE:
        left = [start + 2 * place for place in range((count + 1) // 2)]
        return left[::-1] + [start + 1 + 2 * place for place in range(count // 2)]
    parity = _BY_TWO.get(numbering)
    step = 1 if parity is None else 2
    first = start if parity is None or start % 2 == parity else start + 1
    numbers = [first + step * place for place in range(count)]
    return numbers[::-1] if numbering in _FROM_RIGHT else numbers


@dataclass(frozen=True, slots=True)
class SeatRange:
    """Rows, and the numbers of the seats in them; without numbers the whole rows.

    `text` is how it was typed.
    """

    text: str
    rows: frozenset[str]
    low: int | None = None
    high: int | None = None

    def holds(self, row: str, number: int) -> bool:
        """Whether a seat is in it."""
        if row not in self.rows:
            return False
        return self.low is None or self.high is None or self.low <= number <= self.high


class UnreadableRangeError(ValueError):
    """A range is not written in a way that we read; its only argument is the range."""


class MissingRangeError(ValueError):
    """A range names a row that there is not; its only argument is the range."""


def read_ranges(text: str, rows: Sequence[str]) -> list[SeatRange]:
    """The ranges in a text such as `A, C-E, F1-6`; with numbered rows, `1-3, 7:1-6`.

    Raises:
        UnreadableRangeError: a piece is no range.
        MissingRangeError: a piece names a row that is not among `rows`.
    """
    is_numbered = bool(rows) and rows[0].isdecimal()
    pieces = [piece.strip().upper().replace("–", "-") for piece in re.split(r"[,;\n]", text)]
    return [_read(piece, rows, is_numbered) for piece in pieces if piece]


def _read(piece: str, rows: Sequence[str], is_numbered: bool) -> SeatRange:
    plain = re.sub(r"\s*([-:])\s*", r"\1", piece)
    found = (_NUMBERED if is_numbered else _LETTERED).fullmatch(plain)
    if found is None or found["first"].isdecimal() != is_numbered:
        raise UnreadableRangeError(piece)
    first, last = found["first"], found["last"] or found["first"]
    if first not in rows or last not in rows:
        raise MissingRangeError(piece)
    start, end = sorted((rows.index(first), rows.index(last)))
    named = frozenset(islice(rows, start, end + 1))
    if found["low"] is None:
        return SeatRange(piece, named)
    low, high = int(found["low"]), int(found["high"] or found["low"])
    return SeatRange(piece, named, min(low, high), max(low, high))
