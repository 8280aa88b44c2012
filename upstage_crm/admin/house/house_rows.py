"""The house of a performance as its page draws it: picture, counts, seats row by row. Texts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo

from upstage_crm.core import when
from upstage_crm.inventory.seat_words import named, spans
from upstage_crm.inventory.views import House, HouseHoldView, SeatStanding, SeatState
from upstage_crm.venues.picture import SeatLook, house_picture
from upstage_crm.venues.seat_plan import Row, SeatPlan
from upstage_crm.wording.consequences import counted
from upstage_crm.wording.venues import SEAT_WORDS

LOOKS: Mapping[SeatState, tuple[str, ...]] = {
    SeatState.FREE: ("u-house-ring", "u-house-hole"),
    SeatState.HELD: ("u-house-ring", "u-house-hole", "u-house-held"),
    SeatState.SOLD: ("u-house-sold",),
    SeatState.BLOCKED: ("u-house-kept",),
}
"""Rings, a dot in a ring, full dots, squares: no state is told by its colour alone."""
LEGEND: Mapping[SeatState, str] = {
    SeatState.FREE: "u-house-key",
    SeatState.HELD: "u-house-key u-house-key-held",
    SeatState.SOLD: "u-house-key u-house-key-sold",
    SeatState.BLOCKED: "u-house-key u-house-key-kept",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRow:
    """How many seats and places are in one state."""

    looks: str = ""
    name: str = ""
    seats: str = ""
    places: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRow:
    """One house hold, as it is drawn."""

    id: str = ""
    letter: str = ""
    which: str = ""
    size: str = ""
    reason: str = ""
    made: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatRow:
    """One row of seats with the numbers in each state; or a pool with its counts."""

    name: str = ""
    section: str = ""
    free: str = ""
    held: str = ""
    sold: str = ""
    kept: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnHouse:
    """Everything of a house that the page shows."""

    picture: str = ""
    size: str = ""
    counts: list[CountRow] = field(default_factory=list[CountRow])
    holds: list[HoldRow] = field(default_factory=list[HoldRow])
    rows: list[SeatRow] = field(default_factory=list[SeatRow])


def drawn(house: House, plan: SeatPlan, *, time_zone: tzinfo) -> DrawnHouse:
    """A house as it is drawn; times are those of `time_zone`."""
    standing = {one.id: one for one in house.seats}
    looks = {one.id: SeatLook(dots=LOOKS[one.state], mark=one.letter) for one in house.seats}
    size = counted(len(house.seats), "seat") if house.seats else ""
    places = sum(pool.capacity for pool in house.pools)
    size = ", ".join(filter(None, (size, f"{places:,} standing" if places else "")))
    counts = _counts(house)
    told = ", ".join(f"{row.seats} {row.name.lower()}" for row in counts if row.seats)
    return DrawnHouse(
        picture=house_picture(plan, looks, label=f"House map: {told or size}"),
        size=size,
        counts=counts,
        holds=[_hold(one, plan, time_zone) for one in house.holds],
        rows=[
            *(
                _seats(section.name, row, standing)
                for section in plan.sections
                for row in section.rows
            ),
            *(
                SeatRow(
                    name=pool.name,
                    section="Standing",
                    free=_count(pool.free),
                    held=_count(pool.held),
                    sold=_count(pool.sold),
                    kept=_count(pool.blocked),
                )
                for pool in house.pools
            ),
        ],
    )


def _counts(house: House) -> list[CountRow]:
    seats = Counter(one.state for one in house.seats)
    places = {
        SeatState.FREE: sum(pool.free for pool in house.pools),
        SeatState.HELD: sum(pool.held for pool in house.pools),
        SeatState.SOLD: sum(pool.sold for pool in house.pools),
        SeatState.BLOCKED: sum(pool.blocked for pool in house.pools),
    }
    return [
        CountRow(
            looks=LEGEND[state],
            name=SEAT_WORDS[state],
            seats=f"{seats[state]:,}" if house.seats else "",
            places=f"{places[state]:,}" if house.pools else "",
        )
        for state in SeatState
    ]


def _hold(one: HouseHoldView, plan: SeatPlan, time_zone: tzinfo) -> HoldRow:
    pool = f"{one.places:,} of {one.pool}" if one.places else ""
    seats = counted(len(one.seats), "seat") if one.seats else ""
    places = f"{one.places:,} standing" if one.places else ""
    return HoldRow(
        id=one.id,
        letter=one.letter,
        which="; ".join(filter(None, (named(plan, one.seats), pool))),
        size=", ".join(filter(None, (seats, places))),
        reason=one.reason,
        made=f"{one.made_by}, {when.short(one.created_at, time_zone)}",
        until=when.short(one.release_at, time_zone) if one.release_at else "",
    )


def _seats(section: str, row: Row, standing: Mapping[str, SeatStanding]) -> SeatRow:
    numbers: defaultdict[SeatState, list[str]] = defaultdict(list)
    letters: defaultdict[str, list[str]] = defaultdict(list)
    for seat in row.seats:
        one = standing[seat.id]
        numbers[one.state].append(seat.number)
        if one.state is SeatState.BLOCKED:
            letters[one.letter].append(seat.number)
    kept = (f"{letter} {spans(found)}".strip() for letter, found in sorted(letters.items()))
    return SeatRow(
        name=f"Row {row.label}",
        section=section,
        free=spans(numbers[SeatState.FREE]),
        held=spans(numbers[SeatState.HELD]),
        sold=spans(numbers[SeatState.SOLD]),
        kept=", ".join(kept),
    )


def _count(number: int) -> str:
    return f"{number:,}" if number else ""
