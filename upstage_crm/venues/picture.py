"""A seat plan as a picture: SVG that the page's style colours, light and dark.

Seats of one zone are one path, each seat a dot that the style's line makes round: a house of 2,000
seats takes 25 kB. What is special about a seat is a letter on it, never a colour alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import dist
from pathlib import Path

from upstage_crm.core.templates import Templates
from upstage_crm.venues.seat_plan import Area, Row, Seat, SeatKind, SeatPlan

TEMPLATES = Templates(Path(__file__).with_name("templates"))
ZONE_LOOKS = 8  # after so many zones their colours come again
MARKS: Mapping[SeatKind, str] = {
    SeatKind.WHEELCHAIR: "W",
    SeatKind.COMPANION: "C",
    SeatKind.RESTRICTED: "V",
    SeatKind.REMOVABLE: "R",
}
"""The letter on a seat of each kind."""
LABEL_AWAY = 20.0  # of a row's label from its first seat
NAME_ABOVE = 20.0  # of a section's name over its first row
BASELINE = 3.5  # by which a text hangs below its middle


@dataclass(frozen=True, slots=True)
class _Group:
    looks: str
    path: str


@dataclass(frozen=True, slots=True)
class _Word:
    looks: str
    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class _Shape:
    looks: str
    x: float
    y: float
    width: float
    height: float
    middle: float
    line: float
    words: str


@dataclass(frozen=True, slots=True)
class SeatLook:
    """How one seat of a performance is drawn: classes of dots over each other, and a letter."""

    dots: tuple[str, ...]
    mark: str = ""


def picture(plan: SeatPlan, *, label: str, numbered: str = "") -> str:
    """The picture as SVG. `label` says for a screen reader what it shows.

    The section called `numbered` has its seat numbers in it.
    """
    words = [*_labels(plan), *_marks(plan), *_numbers(plan, numbered)]
    return _drawn(plan, label, _groups(plan), words)


def house_picture(plan: SeatPlan, looks: Mapping[str, SeatLook], *, label: str) -> str:
    """The picture of a performance: each seat by its id as `looks` has it."""
    dots: dict[str, list[str]] = {}
    for depth in range(max((len(look.dots) for look in looks.values()), default=0)):
        for seat in plan.seats:
            if len(looks[seat.id].dots) > depth:
                dots.setdefault(f"{depth} {looks[seat.id].dots[depth]}", []).append(_dot(seat))
    groups = [_Group(name.partition(" ")[2], "".join(path)) for name, path in dots.items()]
    marks = (
        _word("u-plan-mark", seat.x, seat.y, looks[seat.id].mark)
        for seat in plan.seats
        if looks[seat.id].mark
    )
    return _drawn(plan, label, groups, [*_labels(plan), *marks])


def hall_picture(plan: SeatPlan, *, label: str) -> str:
    """The hall without its seats, whose dots the reader draws over it: labels, areas, the stage."""
    return _drawn(plan, label, [], list(_labels(plan)))


def _drawn(plan: SeatPlan, label: str, groups: Sequence[_Group], words: Sequence[_Word]) -> str:
    drawn = TEMPLATES.render(
        "seat_plan.html",
        lang="en",
        width=plan.width,
        height=plan.height,
        label=label,
        areas=[_shape(area) for area in plan.areas],
        groups=groups,
        words=words,
    )
    return str(drawn)  # a plain text: a state is sent as JSON


def zone_looks(plan: SeatPlan) -> dict[str, str]:
    """The class that colours each zone, by its name."""
    return {zone.name: f"u-zone-{at % ZONE_LOOKS + 1}" for at, zone in enumerate(plan.zones)}


def _groups(plan: SeatPlan) -> list[_Group]:
    looks = zone_looks(plan)
    dots: defaultdict[str, list[str]] = defaultdict(list)
    for seat in plan.seats:
        dots[looks.get(seat.zone, "")].append(_dot(seat))
    return [_Group(name, "".join(path)) for name, path in dots.items()]


def _dot(seat: Seat) -> str:
    return f"M{_short(seat.x)} {_short(seat.y)}h0"


def _labels(plan: SeatPlan) -> Iterable[_Word]:
    for section in plan.sections:
        seats = list(section.seats)
        left, right = min(seat.x for seat in seats), max(seat.x for seat in seats)
        top = min(seat.y for seat in seats) - NAME_ABOVE
        yield _Word("u-plan-name", _short((left + right) / 2), _short(top), section.name)
        for row in section.rows:
            yield from _row_labels(row)


def _row_labels(row: Row) -> Iterable[_Word]:
    """The label at both ends of a row; in the middle of a table."""
    first, last = row.seats[0], row.seats[-1]
    if _is_round(row):
        x = sum(seat.x for seat in row.seats) / len(row.seats)
        y = sum(seat.y for seat in row.seats) / len(row.seats)
        yield _word("u-plan-row", x, y, row.label)
        return
    away = LABEL_AWAY if first.x <= last.x else -LABEL_AWAY
    yield _word("u-plan-row", first.x - away, first.y, row.label)
    yield _word("u-plan-row", last.x + away, last.y, row.label)


def _is_round(row: Row) -> bool:
    """Whether the last seat of a row is beside its first one."""
    if len(row.seats) < 3:
        return False
    first, second, last = row.seats[0], row.seats[1], row.seats[-1]
    return _apart(first, last) < 1.5 * _apart(first, second)


def _apart(one: Seat, other: Seat) -> float:
    return dist((one.x, one.y), (other.x, other.y))


def _marks(plan: SeatPlan) -> Iterable[_Word]:
    for seat in plan.seats:
        if seat.kind in MARKS:
            yield _word("u-plan-mark", seat.x, seat.y, MARKS[seat.kind])


def _numbers(plan: SeatPlan, numbered: str) -> Iterable[_Word]:
    for section in plan.sections:
        if section.name == numbered:
            for seat in section.seats:
                if seat.kind is SeatKind.STANDARD:
                    yield _word("u-plan-mark", seat.x, seat.y, seat.number)


def _word(looks: str, x: float, y: float, text: str) -> _Word:
    return _Word(looks, _short(x), _short(y + BASELINE), text)


def _shape(area: Area) -> _Shape:
    words = f"{area.name} · {area.places:,} places" if area.places else area.name
    return _Shape(
        looks="u-plan-standing" if area.places else "u-plan-area",
        x=_short(area.x),
        y=_short(area.y),
        width=_short(area.width),
        height=_short(area.height),
        middle=_short(area.x + area.width / 2),
        line=_short(area.y + area.height / 2 + BASELINE),
        words=words,
    )


def _short(value: float) -> float:
    rounded = round(value, 1)
    return int(rounded) if rounded == int(rounded) else rounded
