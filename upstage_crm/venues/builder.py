"""Builds a seat plan from what staff typed about its sections. Pure.

The audience looks up to the stage: x grows to the right, y away from the stage, in units of which
a seat of 55 cm takes 22. A curved section lies on circles around one point before the stage, so its
ends come nearer to the stage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, cos, radians, sin, tau

from upstage_crm.venues.design import (
    MOST_SECTIONS,
    Place,
    SectionDesign,
    SectionForm,
    read_section,
)
from upstage_crm.venues.labels import SeatRange, seat_numbers
from upstage_crm.venues.plan_errors import NumberOutOfRange, PlanTooLarge, RangeNotThere
from upstage_crm.venues.seat_plan import (
    MOST_SEATS,
    Area,
    Row,
    Seat,
    SeatKind,
    SeatPlan,
    Section,
    Zone,
)

COLOURS: Mapping[str, str] = {
    "A": "#1d4ed8",
    "B": "#0f766e",
    "C": "#a16207",
    "D": "#7e22ce",
    "E": "#be123c",
    "F": "#4d7c0f",
    "G": "#0369a1",
    "H": "#9a3412",
}
"""Of zones; every letter that a design may use."""
UNIT = 0.4  # of a centimetre
AISLE = 30.0  # a step, in our units
APART = 60.0  # between two sections
MARGIN = 40.0
STAGE_DEPTH, STAGE_WIDTH = 60.0, 320.0
WIDEST_ANGLE = 120.0  # degrees of a circle that a fully curved section takes
PEOPLE_IN_A_SQUARE = 3.0  # standing, on a square metre
METRE = 100 * UNIT


@dataclass(slots=True)
class _Box:
    """A section that was built around x = 0 from y = 0 on, and where its edges are."""

    section: Section | None
    area: Area | None
    left: float
    right: float
    bottom: float

    def moved(self, x: float, y: float) -> _Box:
        """The same elsewhere."""
        section, area = self.section, self.area
        if section is not None:
            section = Section(section.name, tuple(_moved(row, x, y) for row in section.rows))
        if area is not None:
            area = _area_moved(area, x, y)
        return _Box(section, area, self.left + x, self.right + x, self.bottom + y)


def build(name: str, typed: Sequence[Mapping[str, str]]) -> SeatPlan:
    """The plan of a hall from the sections as they were typed.

    Raises:
        DesignRefused: a section cannot be built; facts `section` and `field` say where.
        PlanTooLarge: it would have more seats than we take.
        InvalidText: a text is too long.
    """
    if len(typed) > MOST_SECTIONS:
        raise NumberOutOfRange(section="", field="name", least=1, most=MOST_SECTIONS)
    designs = [read_section(one) for one in typed]
    count = sum(sum(design.row_sizes) for design in designs)
    if count > MOST_SEATS:
        raise PlanTooLarge(limit=MOST_SEATS, seats=count)
    boxes = _placed([(design.place, _box(design)) for design in designs])
    sections = tuple(box.section for box in boxes if box.section)
    used = sorted({seat.zone for section in sections for seat in section.seats})
    return _framed(
        SeatPlan(
            name=name,
            zones=tuple(Zone(letter, COLOURS[letter]) for letter in used),
            sections=sections,
            areas=tuple(box.area for box in boxes if box.area),
            width=0,
            height=0,
        ),
        boxes,
    )


def _placed(boxes: Sequence[tuple[Place, _Box]]) -> list[_Box]:
    """The sections where they belong: one behind the other, some beside the one before."""
    placed: list[_Box] = []
    top = bottom = left = right = 0.0
    for place, box in boxes:
        if place is Place.BEHIND or not placed:
            top = bottom + APART if placed else 0.0
            moved = box.moved(0, top)
            left, right = moved.left, moved.right
        elif place is Place.LEFT:
            moved = box.moved(left - AISLE - box.right, top)
            left = moved.left
        else:
            moved = box.moved(right + AISLE - box.left, top)
            right = moved.right
        bottom = max(bottom, moved.bottom)
        placed.append(moved)
    return placed


def _framed(plan: SeatPlan, boxes: Sequence[_Box]) -> SeatPlan:
    """The plan with the stage before it and a margin around it."""
    left = min([-STAGE_WIDTH / 2, *(box.left for box in boxes)]) - MARGIN
    right = max([STAGE_WIDTH / 2, *(box.right for box in boxes)]) + MARGIN
    x, y = -left, MARGIN + STAGE_DEPTH + APART
    stage = Area("Stage", round(x - STAGE_WIDTH / 2, 1), MARGIN, STAGE_WIDTH, STAGE_DEPTH)
    sections = tuple(
        Section(section.name, tuple(_moved(row, x, y) for row in section.rows))
        for section in plan.sections
    )
    areas = (stage, *(_area_moved(area, x, y) for area in plan.areas))
    bottom = max([0.0, *(box.bottom for box in boxes)])
    return replace(
        plan,
        sections=sections,
        areas=areas,
        width=float(ceil(right - left)),
        height=float(ceil(y + bottom + MARGIN)),
    )


def _area_moved(area: Area, x: float, y: float) -> Area:
    return replace(area, x=round(area.x + x, 1), y=round(area.y + y, 1))


def _moved(row: Row, x: float, y: float) -> Row:
    seats = (replace(s, x=round(s.x + x, 1), y=round(s.y + y, 1)) for s in row.seats)
    return Row(row.label, tuple(seats))


def _box(design: SectionDesign) -> _Box:
    if design.form is SectionForm.STANDING:
        return _standing(design)
    points = _table_points(design) if design.form is SectionForm.TABLES else _row_points(design)
    rows = tuple(
        _row(design, label, size, at)
        for label, size, at in zip(design.labels, design.row_sizes, points, strict=True)
    )
    section = Section(design.name, _painted(design, rows))
    every = [point for row in points for point in row]
    half = design.seat_width * UNIT / 2
    top = min(y for _, y in every)
    box = _Box(
        section,
        None,
        min(x for x, _ in every) - half,
        max(x for x, _ in every) + half,
        max(y for _, y in every) + half,
    )
    return box.moved(0, half - top)


def _standing(design: SectionDesign) -> _Box:
    """A rectangle, twice as wide as deep, with room for its people."""
    depth = round(max((design.places / PEOPLE_IN_A_SQUARE / 2) ** 0.5 * METRE, AISLE), 1)
    area = Area(design.name, -depth, 0, round(2 * depth, 1), depth, places=design.places)
    return _Box(None, area, -depth, depth, depth)


Points = list[list[tuple[float, float]]]


def _row_points(design: SectionDesign) -> Points:
    """Where the seats of every row are."""
    pitch, depth, widest = design.seat_width * UNIT, design.row_depth * UNIT, max(design.row_sizes)
    spread = widest * pitch + len(design.aisles) * AISLE
    angle = radians(WIDEST_ANGLE * design.curve / 100)
    radius = spread / angle if angle else 0.0
    found: Points = []
    for place, size in enumerate(design.row_sizes):
        along = _offsets(size, widest, pitch, design.aisles)
        y = place * depth
        if not radius:
            found.append([(x, y) for x in along])
            continue
        own = radius + y
        found.append([(own * sin(x / own), own * cos(x / own) - radius) for x in along])
    return found


def _offsets(size: int, widest: int, pitch: float, aisles: Sequence[int]) -> list[float]:
    """Where the seats of a row are along it: in the middle of the widest row.

    So an aisle goes straight through rows of any size.
    """
    whole = [
        seat * pitch + AISLE * sum(aisle <= seat for aisle in aisles) for seat in range(widest)
    ]
    before, is_between = divmod(widest - size, 2)
    shift = is_between * pitch / 2 - whole[-1] / 2
    return [x + shift for x in whole[before : before + size]]


def _table_points(design: SectionDesign) -> Points:
    """Where the seats around every table are."""
    seats = design.row_sizes[0]
    radius = max(seats * design.seat_width * UNIT / tau, design.seat_width * UNIT * 0.8)
    pitch = 2 * radius + design.row_depth * UNIT
    beside = min(design.tables_beside, len(design.row_sizes))
    found: Points = []
    for table in range(len(design.row_sizes)):
        line, place = divmod(table, beside)
        x, y = (place - (beside - 1) / 2) * pitch, line * pitch
        turns = (tau * seat / seats for seat in range(seats))
        found.append([(x + radius * sin(turn), y - radius * cos(turn)) for turn in turns])
    return found


def _row(
    design: SectionDesign, label: str, size: int, points: Sequence[tuple[float, float]]
) -> Row:
    numbers = seat_numbers(size, design.numbering, design.first_number)
    return Row(
        label,
        tuple(
            Seat(
                id=f"{design.name}-{label}-{number}",
                number=str(number),
                x=x,
                y=y,
                zone=design.zone,
            )
            for number, (x, y) in zip(numbers, points, strict=True)
        ),
    )


def _painted(design: SectionDesign, rows: Sequence[Row]) -> tuple[Row, ...]:
    """The rows with their zones and kinds; what is named later counts.

    Raises:
        RangeNotThere: a range paints no seat.
    """
    zones: dict[str, str] = {}
    kinds: dict[str, SeatKind] = {}
    for zone, seats in design.zones:
        zones |= dict.fromkeys(_within(design, rows, seats, "other_zones"), zone)
    for kind, seats in design.kinds:
        kinds |= dict.fromkeys(_within(design, rows, seats, kind.value), kind)
    return tuple(
        Row(
            row.label,
            tuple(
                replace(
                    seat,
                    zone=zones.get(seat.id, seat.zone),
                    kind=kinds.get(seat.id, seat.kind),
                )
                for seat in row.seats
            ),
        )
        for row in rows
    )


def _within(design: SectionDesign, rows: Sequence[Row], seats: SeatRange, field: str) -> list[str]:
    """The ids of the seats in a range."""
    found = [
        seat.id for row in rows for seat in row.seats if seats.holds(row.label, int(seat.number))
    ]
    if not found:
        raise RangeNotThere(section=design.name, field=field, text=seats.text)
    return found
