"""A seat plan: sections of rows of seats, areas without numbers, zones; and what is wrong with one.

Pure. A plan is what is stored and drawn, however it came to be: by the builder or from a file.
Positions are in tenths of a metre or so: only their proportions count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from upstage_crm.core.errors import Invalid
from upstage_crm.venues.plan_errors import (
    PlanEmpty,
    PlanTooLarge,
    SeatIdTwice,
    SeatLabelTwice,
    SeatWithoutZone,
    SectionNameTwice,
    ZoneTwice,
)

MOST_SEATS = 20_000
MOST_PLACES = 200_000  # of an area without numbers
PROBLEMS_NAMED = 20

T = TypeVar("T", bound=Hashable)


class SeatKind(StrEnum):
    """What is special about a seat."""

    STANDARD = "standard"
    WHEELCHAIR = "wheelchair"
    COMPANION = "companion"
    RESTRICTED = "restricted"
    REMOVABLE = "removable"


@dataclass(frozen=True, slots=True)
class Seat:
    """One seat. `id` is the same in every version of the plan; `zone` is the name of its zone."""

    id: str
    number: str
    x: float
    y: float
    zone: str
    kind: SeatKind = SeatKind.STANDARD


@dataclass(frozen=True, slots=True)
class Row:
    """Seats beside each other, from the left as the audience sees the stage."""

    label: str
    seats: tuple[Seat, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Rows that people find by one name: the stalls, the circle."""

    name: str
    rows: tuple[Row, ...]

    @property
    def seats(self) -> Iterator[Seat]:
        """Its seats, row by row."""
        return (seat for row in self.rows for seat in row.seats)


@dataclass(frozen=True, slots=True)
class Area:
    """Room without numbered seats: a standing area with its `places`, or the stage with none."""

    name: str
    x: float
    y: float
    width: float
    height: float
    places: int = 0


@dataclass(frozen=True, slots=True)
class Zone:
    """Seats of one price level. Its name is short: a letter is drawn beside its colour."""

    name: str
    colour: str


@dataclass(frozen=True, slots=True)
class SeatPlan:
    """One version of how a hall is seated."""

    name: str
    zones: tuple[Zone, ...]
    sections: tuple[Section, ...]
    areas: tuple[Area, ...]
    width: float
    height: float

    @property
    def seats(self) -> Iterator[Seat]:
        """Every seat, section by section."""
        return (seat for section in self.sections for seat in section.seats)

    @property
    def seat_count(self) -> int:
        """How many seats it has."""
        return sum(1 for _ in self.seats)

    @property
    def place_count(self) -> int:
        """How many people its areas without numbers take."""
        return sum(area.places for area in self.areas)


def problems(plan: SeatPlan) -> list[Invalid]:
    """Everything that keeps a plan from being used, at most `PROBLEMS_NAMED` of them.

    A plan that is too large is not looked at any further.
    """
    count = plan.seat_count
    if count > MOST_SEATS:
        return [PlanTooLarge(limit=MOST_SEATS, seats=count)]
    if not count and not plan.place_count:
        return [PlanEmpty()]
    names: list[Invalid] = [
        *(SectionNameTwice(section=name) for name in _doubled(s.name for s in plan.sections)),
        *(ZoneTwice(zone=name) for name in _doubled(zone.name for zone in plan.zones)),
    ]
    if names:  # what else is doubled follows from that
        return names[:PROBLEMS_NAMED]
    found: list[Invalid] = [
        *_doubled_labels(plan),
        *(SeatIdTwice(id=seat_id) for seat_id in _doubled(seat.id for seat in plan.seats)),
        *_without_zone(plan),
    ]
    return found[:PROBLEMS_NAMED]


def _doubled_labels(plan: SeatPlan) -> Iterator[Invalid]:
    """Two seats that people could not tell apart: the same section, row and number."""
    for section in plan.sections:
        labels = ((row.label, seat.number) for row in section.rows for seat in row.seats)
        for row, number in _doubled(labels):
            yield SeatLabelTwice(section=section.name, row=row, number=number)


def _without_zone(plan: SeatPlan) -> Iterator[Invalid]:
    known = {zone.name for zone in plan.zones}
    for section in plan.sections:
        for row in section.rows:
            for seat in row.seats:
                if seat.zone not in known:
                    yield SeatWithoutZone(
                        section=section.name, row=row.label, number=seat.number, zone=seat.zone
                    )


def _doubled(values: Iterable[T]) -> list[T]:
    return [value for value, count in Counter(values).items() if count > 1]
