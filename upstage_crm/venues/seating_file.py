"""Seat plans as files: the seating JSON that pretix publishes, read and written. Pure.

A version is stored in this form, too. What the format has no word for is told in words of its own:
a category is a zone with the kind of the seat (`A · wheelchair`), the text of an area says how many
people it takes (`Pit (120 places)`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, cast

from upstage_crm.core.text import InvalidText, clean_line
from upstage_crm.venues.plan_errors import PlanTooLarge, SeatingFileRefused
from upstage_crm.venues.seat_plan import (
    MOST_PLACES,
    MOST_SEATS,
    PROBLEMS_NAMED,
    Area,
    Row,
    Seat,
    SeatKind,
    SeatPlan,
    Section,
    Zone,
)

FILE_LIMIT = 8_000_000  # bytes; a plan with as many seats as we take has fewer
SCHEMA = Path(__file__).with_name("seating.schema.json")
COLOUR = "#57534e"  # of a zone that has none, or none that we read
_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_KIND = " · "
_SPECIAL = frozenset(kind.value for kind in SeatKind if kind is not SeatKind.STANDARD)
_PLACES = re.compile(r"(.*) \((\d{1,6}) places\)")
_MARGIN = 40.0
_TEXT_LIMIT = 200


class FaultKind(StrEnum):
    """What is wrong at one place of a file."""

    NO_JSON = "no_json"
    TOO_LONG = "too_long"
    MISSING = "missing"
    UNKNOWN = "unknown"
    WRONG_TYPE = "wrong_type"
    WRONG_CHOICE = "wrong_choice"
    OUT_OF_RANGE = "out_of_range"
    BAD_TEXT = "bad_text"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong. `where` is the way to it, `what` the name or value it is about."""

    kind: FaultKind
    where: tuple[str | int, ...] = ()
    what: str = ""


_KINDS: Mapping[str, FaultKind] = {
    "required": FaultKind.MISSING,
    "additionalProperties": FaultKind.UNKNOWN,
    "type": FaultKind.WRONG_TYPE,
    "oneOf": FaultKind.WRONG_TYPE,
    "enum": FaultKind.WRONG_CHOICE,
    "minimum": FaultKind.OUT_OF_RANGE,
    "maximum": FaultKind.OUT_OF_RANGE,
    "maxLength": FaultKind.OUT_OF_RANGE,
    "maxItems": FaultKind.OUT_OF_RANGE,
}


def from_file(content: bytes) -> SeatPlan:
    """The plan in a file. What it means is still to be checked, by `seat_plan.problems`.

    Raises:
        SeatingFileRefused: it is no seating JSON; facts `faults`.
        PlanTooLarge: it has more seats than we take.
    """
    if len(content) > FILE_LIMIT:
        raise _refused([Fault(FaultKind.TOO_LONG)])
    try:
        told = json.loads(content, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise _refused([Fault(FaultKind.NO_JSON)]) from None
    if (seats := _count(told)) > MOST_SEATS:
        raise PlanTooLarge(limit=MOST_SEATS, seats=seats)
    if faults := list(islice(_faults(told), PROBLEMS_NAMED)):
        raise _refused(faults)
    try:
        return _Reader(_clean).plan(told)
    except InvalidText:
        raise _refused([Fault(FaultKind.BAD_TEXT)]) from None


def read(text: str) -> SeatPlan:
    """The plan behind what is stored."""
    return _Reader(str).plan(json.loads(text))


def to_file(plan: SeatPlan) -> str:
    """The plan as a file, the same for the same plan."""
    kinds = {(seat.zone, seat.kind) for seat in plan.seats}
    colours = {zone.name: zone.colour for zone in plan.zones}
    told: dict[str, Any] = {
        "name": plan.name,
        "size": {"width": _number(plan.width), "height": _number(plan.height)},
        "categories": [
            {"name": _category(zone.name, kind), "color": colours[zone.name]}
            for zone in plan.zones
            for kind in SeatKind
            if kind is SeatKind.STANDARD or (zone.name, kind) in kinds
        ],
        "zones": [_section(section) for section in plan.sections],
    }
    if plan.areas:
        told["zones"].append(
            {
                "name": "",
                "position": _point(0, 0),
                "rows": [],
                "areas": list(map(_area, plan.areas)),
            }
        )
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


# --- writing -------------------------------------------------------------------------------------


def _section(section: Section) -> dict[str, Any]:
    return {
        "name": section.name,
        "position": _point(0, 0),
        "rows": [
            {
                "row_number": row.label,
                "row_number_position": "both",
                "position": _point(0, 0),
                "seats": [_seat(seat) for seat in row.seats],
            }
            for row in section.rows
        ],
    }


def _seat(seat: Seat) -> dict[str, Any]:
    return {
        "seat_guid": seat.id,
        "seat_number": seat.number,
        "position": _point(seat.x, seat.y),
        "category": _category(seat.zone, seat.kind),
    }


def _area(area: Area) -> dict[str, Any]:
    words = f"{area.name} ({area.places} places)" if area.places else area.name
    middle = _point(area.width / 2, area.height / 2)
    return {
        "shape": "rectangle",
        "position": _point(area.x, area.y),
        "rectangle": {"width": _number(area.width), "height": _number(area.height)},
        "text": {"text": words, "position": middle},
    }


def _category(zone: str, kind: SeatKind) -> str:
    return zone if kind is SeatKind.STANDARD else f"{zone}{_KIND}{kind.value}"


def _point(x: float, y: float) -> dict[str, float]:
    return {"x": _number(x), "y": _number(y)}


def _number(value: float) -> float:
    """Tenths are as fine as a picture needs; a whole number is written as one."""
    rounded = round(value, 1)
    return int(rounded) if rounded == int(rounded) else rounded


# --- reading -------------------------------------------------------------------------------------


class _Reader:
    """Reads the parts of a file; `clean` is what becomes of each text in it."""

    def __init__(self, clean: Callable[[str], str]) -> None:
        self._clean = clean

    def plan(self, told: Mapping[str, Any]) -> SeatPlan:
        sections: list[Section] = []
        areas: list[Area] = []
        for place, part in enumerate(told["zones"], 1):
            origin = _at(part)
            areas += [self._area(area, origin) for area in part.get("areas", ())]
            rows = tuple(self._row(row, origin) for row in part["rows"] if row["seats"])
            if rows:
                sections.append(Section(self._clean(part.get("name", "")) or f"{place}", rows))
        zones: dict[str, str] = {}
        for category in told["categories"]:
            colour = category.get("color", "")
            known = colour if _HEX.fullmatch(colour) else COLOUR
            zones.setdefault(self._zone_and_kind(category["name"])[0], known)
        plan = SeatPlan(
            name=self._clean(told["name"]),
            zones=tuple(Zone(name, colour) for name, colour in zones.items()),
            sections=tuple(sections),
            areas=tuple(areas),
            width=0,
            height=0,
        )
        width, height = _size(told, plan)
        return replace(plan, width=width, height=height)

    def _row(self, row: Mapping[str, Any], origin: tuple[float, float]) -> Row:
        start = _sum(origin, _at(row))
        seats = tuple(self._seat(seat, start) for seat in row["seats"])
        return Row(self._clean(row["row_number"]), seats)

    def _seat(self, seat: Mapping[str, Any], start: tuple[float, float]) -> Seat:
        x, y = _sum(start, _at(seat))
        zone, kind = self._zone_and_kind(seat["category"])
        number = self._clean(seat["seat_number"])
        return Seat(self._clean(seat["seat_guid"]), number, round(x, 1), round(y, 1), zone, kind)

    def _zone_and_kind(self, category: str) -> tuple[str, SeatKind]:
        whole = self._clean(category)
        zone, _, kind = whole.rpartition(_KIND)
        if zone and kind in _SPECIAL:
            return zone, SeatKind(kind)
        return whole, SeatKind.STANDARD

    def _area(self, area: Mapping[str, Any], origin: tuple[float, float]) -> Area:
        """An area as the rectangle around it: where it is and how large is all that we draw."""
        x, y = _sum(origin, _at(area))
        said = area.get("text", "")
        words = self._clean(said if isinstance(said, str) else said["text"])
        left, top, right, bottom = _edges(area)
        found = _PLACES.fullmatch(words)
        places = min(int(found[2]), MOST_PLACES) if found else 0
        name = found[1] if found else words
        return Area(name, round(x + left, 1), round(y + top, 1), right - left, bottom - top, places)


def _edges(area: Mapping[str, Any]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of an area, from its position."""
    if points := area.get("polygon", {}).get("points"):
        across, along = [one["x"] for one in points], [one["y"] for one in points]
        return min(across), min(along), max(across), max(along)
    if circle := area.get("circle"):
        radius = circle["radius"]
        return -radius, -radius, radius, radius
    if ellipse := area.get("ellipse"):
        wide, high = abs(ellipse["radius"]["x"]), abs(ellipse["radius"]["y"])
        return -wide, -high, wide, high
    size = area.get("rectangle", area)
    return 0, 0, size.get("width", 0), size.get("height", 0)


def _size(told: Mapping[str, Any], plan: SeatPlan) -> tuple[float, float]:
    """How large the picture must be for all that is in it."""
    given = told.get("size", {"width": 0, "height": 0})
    across = [s.x + _MARGIN / 2 for s in plan.seats] + [a.x + a.width for a in plan.areas]
    along = [s.y + _MARGIN / 2 for s in plan.seats] + [a.y + a.height for a in plan.areas]
    return max([float(given["width"]), *across]), max([float(given["height"]), *along])


def _at(thing: Mapping[str, Any]) -> tuple[float, float]:
    position = thing.get("position", {"x": 0, "y": 0})
    return float(position["x"]), float(position["y"])


def _sum(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return one[0] + other[0], one[1] + other[1]


@lru_cache(maxsize=4096)  # rows, numbers and categories come again and again
def _clean(text: str) -> str:
    return clean_line(text, _TEXT_LIMIT)


# --- what is wrong -------------------------------------------------------------------------------


def _refused(faults: Sequence[Fault]) -> SeatingFileRefused:
    return SeatingFileRefused(faults=tuple(faults))


def _no_number(text: str) -> float:
    raise ValueError(text)  # NaN and Infinity are no JSON


def _count(told: object) -> int:
    """How many seats a file seems to have, before it is known to be one."""
    rows = (row for zone in _list(told, "zones") for row in _list(zone, "rows"))
    return sum(len(_list(row, "seats")) for row in rows)


def _list(thing: object, name: str) -> Sequence[object]:
    found = cast("dict[str, object]", thing).get(name) if isinstance(thing, dict) else None
    return cast("list[object]", found) if isinstance(found, list) else ()


def _faults(told: object) -> Iterator[Fault]:
    """What is wrong with a file, each thing once; the validator names some of them again."""
    named: set[Fault] = set()
    for error in cast("Iterable[Any]", _validator().iter_errors(told)):
        where = tuple(error.absolute_path)
        kind = _KINDS.get(error.validator, FaultKind.WRONG_TYPE)
        for fault in (Fault(kind, where, what) for what in _named(error)):
            if fault not in named:
                named.add(fault)
                yield fault


def _named(error: Any) -> list[str]:
    """What an error of the schema is about, one thing at a time."""
    if error.validator == "required":
        return [name for name in error.validator_value if name not in error.instance]
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        return [str(name)[:_TEXT_LIMIT] for name in error.instance if name not in known]
    if error.validator in ("minimum", "maximum", "maxLength", "maxItems"):
        return [str(error.validator_value)]
    if error.validator == "enum":
        return [", ".join(str(one) for one in error.validator_value if one)]
    expected = error.validator_value if error.validator == "type" else "string"
    return [str(expected if isinstance(expected, str) else expected[0])]


@cache
def _validator() -> Any:
    from jsonschema import Draft7Validator  # 0.1 s and 8 MB that only an import of a file needs

    schema = json.loads(SCHEMA.read_text("utf-8"))
    return cast("Any", Draft7Validator)(schema)
