"""What staff type about the sections of a plan, read into numbers: the input of the builder. Pure.

A section is a handful of short texts, as they stand in the form. They are stored with the version,
so that the next version begins with them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from string import ascii_uppercase
from typing import Any, TypeVar

from upstage_crm.core.text import clean_line
from upstage_crm.venues.labels import (
    MissingRangeError,
    Numbering,
    SeatRange,
    UnreadableRangeError,
    read_ranges,
    row_labels,
)
from upstage_crm.venues.plan_errors import (
    ChoiceUnknown,
    DesignTextMissing,
    NumberOutOfRange,
    RangeNotThere,
    RangeUnreadable,
    RowLabelUnreadable,
    SeatsUnreadable,
    ZoneUnreadable,
)
from upstage_crm.venues.seat_plan import MOST_PLACES, SeatKind

MOST_SECTIONS, MOST_ROWS, MOST_IN_A_ROW = 60, 100, 200
ZONE_LETTERS = ascii_uppercase[:8]
NAME_LIMIT, TEXT_LIMIT = 60, 400  # characters
_COUNT = re.compile(r"\d{1,3}")
_GROWING = re.compile(r"(\d{1,3}) ?[-–] ?(\d{1,3})")


class SectionForm(StrEnum):
    """How the seats of a section stand."""

    ROWS = "rows"
    TABLES = "tables"
    STANDING = "standing"


class Place(StrEnum):
    """Where a section is, seen from the one before it."""

    BEHIND = "behind"
    LEFT = "left"
    RIGHT = "right"


FIELDS: dict[str, str] = {
    "name": "",
    "form": SectionForm.ROWS.value,
    "place": Place.BEHIND.value,
    "rows": "10",
    "seats": "20",
    "first_row": "A",
    "skip": "I O",
    "numbering": Numbering.LEFT.value,
    "first_number": "1",
    "aisles": "",
    "curve": "0",
    "seat_width": "55",
    "row_depth": "90",
    "tables_beside": "4",
    "places": "100",
    "zone": ZONE_LETTERS[0],
    "other_zones": "",
    SeatKind.WHEELCHAIR.value: "",
    SeatKind.COMPANION.value: "",
    SeatKind.RESTRICTED.value: "",
    SeatKind.REMOVABLE.value: "",
}
"""The inputs of a section with what a new one begins with."""
PAINTED = (SeatKind.WHEELCHAIR, SeatKind.COMPANION, SeatKind.RESTRICTED, SeatKind.REMOVABLE)
K = TypeVar("K", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionDesign:
    """One section, ready to be built. Lengths are in centimetres; `curve` is in per cent.

    `row_sizes` has one number for each row, or for each table. `aisles` are after so many seats,
    counted from the left in the widest row.
    """

    name: str
    form: SectionForm
    place: Place
    labels: tuple[str, ...] = ()
    row_sizes: tuple[int, ...] = ()
    numbering: Numbering = Numbering.LEFT
    first_number: int = 1
    aisles: tuple[int, ...] = ()
    curve: int = 0
    seat_width: int = 55
    row_depth: int = 90
    tables_beside: int = 1
    places: int = 0
    zone: str = ZONE_LETTERS[0]
    zones: Sequence[tuple[str, SeatRange]] = ()
    kinds: Sequence[tuple[SeatKind, SeatRange]] = ()


def read_section(typed: Mapping[str, str]) -> SectionDesign:
    """Read what was typed about one section.

    Raises:
        DesignRefused: facts `section` and `field` say where.
        InvalidText: a text is too long.
    """
    reader = _Reader({name: typed.get(name, usual) for name, usual in FIELDS.items()})
    name = reader.name()
    form, place = reader.choice("form", SectionForm), reader.choice("place", Place)
    if form is SectionForm.STANDING:
        places = reader.number("places", 1, MOST_PLACES)
        return SectionDesign(name=name, form=form, place=place, places=places)
    count = reader.number("rows", 1, MOST_ROWS)
    sizes = reader.sizes(count) if form is SectionForm.ROWS else reader.table_sizes(count)
    labels = reader.labels(count)
    is_rows = form is SectionForm.ROWS
    return SectionDesign(
        name=name,
        form=form,
        place=place,
        labels=labels,
        row_sizes=sizes,
        numbering=reader.choice("numbering", Numbering) if is_rows else Numbering.LEFT,
        first_number=reader.number("first_number", 1, 999),
        aisles=reader.aisles(max(sizes)) if is_rows else (),
        curve=reader.number("curve", 0, 100) if is_rows else 0,
        seat_width=reader.number("seat_width", 40, 120),
        row_depth=reader.number("row_depth", 60, 300),
        tables_beside=1 if is_rows else reader.number("tables_beside", 1, MOST_ROWS),
        zone=reader.zone("zone", reader.typed["zone"]),
        zones=reader.zones(labels),
        kinds=reader.kinds(labels),
    )


def to_text(sections: Sequence[Mapping[str, str]]) -> str:
    """The sections as they are stored: what is as usual is left out."""
    told = [
        {name: one[name] for name, usual in FIELDS.items() if one.get(name, usual) != usual}
        for one in sections
    ]
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def from_text(text: str) -> list[dict[str, str]]:
    """The sections behind what is stored; none of a plan that came from a file."""
    told: list[dict[str, str]] = json.loads(text) if text else []
    return [{**FIELDS, **one} for one in told]


class _Reader:
    """Reads the texts of one section, and says of each refusal where it belongs."""

    def __init__(self, typed: Mapping[str, str]) -> None:
        self.typed = {name: clean_line(text, TEXT_LIMIT) for name, text in typed.items()}

    def at(self, name: str, **facts: object) -> dict[str, Any]:
        return {"section": self.typed["name"], "field": name, **facts}

    def name(self) -> str:
        name = clean_line(self.typed["name"], NAME_LIMIT)
        if not name:
            raise DesignTextMissing(**self.at("name"))
        return name

    def choice(self, name: str, kind: type[K]) -> K:
        try:
            return kind(self.typed[name])
        except ValueError:
            raise ChoiceUnknown(**self.at(name)) from None

    def number(self, name: str, least: int, most: int) -> int:
        return self._within(name, self.typed[name], least, most)

    def sizes(self, count: int) -> tuple[int, ...]:
        """`20`: each row; `20-34`: growing evenly; `20, 22, 22`: one after the other."""
        text = self.typed["seats"]
        if grown := _GROWING.fullmatch(text):
            first, last = (self._size(part) for part in grown.groups())
            steps = max(count - 1, 1)
            return tuple(first + round((last - first) * row / steps) for row in range(count))
        parts = [part for part in re.split(r"[,;\s]+", text) if part]
        if not parts or not all(_COUNT.fullmatch(part) for part in parts):
            raise SeatsUnreadable(**self.at("seats"))
        sizes = [self._size(part) for part in parts]
        if len(sizes) not in (1, count):
            raise SeatsUnreadable(**self.at("seats"))
        return tuple(sizes * count if len(sizes) == 1 else sizes)

    def table_sizes(self, count: int) -> tuple[int, ...]:
        return (self.number("seats", 1, 24),) * count

    def labels(self, count: int) -> tuple[str, ...]:
        skipped = "".join(sign for sign in self.typed["skip"].upper() if sign.isalpha())
        try:
            return tuple(row_labels(self.typed["first_row"].upper(), count, skipped))
        except ValueError:
            raise RowLabelUnreadable(**self.at("first_row")) from None

    def aisles(self, widest: int) -> tuple[int, ...]:
        parts = [part for part in re.split(r"[,;\s]+", self.typed["aisles"]) if part]
        return tuple(sorted({self._within("aisles", part, 1, widest - 1) for part in parts}))

    def zone(self, name: str, text: str) -> str:
        letter = text.strip().upper()
        if letter not in ZONE_LETTERS or len(letter) != 1:
            raise ZoneUnreadable(**self.at(name, text=text))
        return letter

    def zones(self, labels: Sequence[str]) -> list[tuple[str, SeatRange]]:
        """`B: H-M; C: N-P, Q1-6`: a zone, and its ranges."""
        found: list[tuple[str, SeatRange]] = []
        for part in filter(None, (part.strip() for part in self.typed["other_zones"].split(";"))):
            letter, colon, ranges = part.partition(":")
            if not colon:
                raise RangeUnreadable(**self.at("other_zones", text=part))
            zone = self.zone("other_zones", letter)
            found += [(zone, one) for one in self.ranges("other_zones", ranges, labels)]
        return found

    def kinds(self, labels: Sequence[str]) -> list[tuple[SeatKind, SeatRange]]:
        return [
            (kind, one)
            for kind in PAINTED
            for one in self.ranges(kind.value, self.typed[kind.value], labels)
        ]

    def ranges(self, name: str, text: str, labels: Sequence[str]) -> list[SeatRange]:
        try:
            return read_ranges(text, labels)
        except UnreadableRangeError as error:
            raise RangeUnreadable(**self.at(name, text=str(error))) from None
        except MissingRangeError as error:
            raise RangeNotThere(**self.at(name, text=str(error))) from None

    def _size(self, text: str) -> int:
        return self._within("seats", text, 1, MOST_IN_A_ROW)

    def _within(self, name: str, text: str, least: int, most: int) -> int:
        is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(most))
        if not is_number or not least <= int(text) <= most:
            raise NumberOutOfRange(**self.at(name, least=least, most=most))
        return int(text)
