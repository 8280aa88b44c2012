"""The best seats that are free for a party: a pure choice, the same for the same seed.

Together in one row before split over rows; no one alone; the centre and the better rows first; no
single seat left between, as long as anything else fits and the house is not nearly sold out.
Wheelchair spaces and their companions are given only when they are asked for. Among places that
are nearly equal the seed chooses, so that many who ask at once are not sent to the same seats.

A row is a number whose bits are its seats; to find a party's places is to shift and to mask. Who
sits beside whom is where the seats stand, never their printed numbers.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import dist

from upstage_crm.venues.seat_plan import Row, Seat, SeatKind, SeatPlan

NEAR = 1.5  # so much worse than the best is as good
RUSH_SPREAD = 4.0  # how much further that reaches in a declared on-sale
NEARLY_GONE = 0.1  # of the seats free: a single one left between is no loss any more
LARGEST_PARTY = 40
USUAL_KINDS = frozenset({SeatKind.STANDARD, SeatKind.RESTRICTED, SeatKind.REMOVABLE})
_ASIDE = 1.6  # seats further apart than so many usual distances have an aisle between them
_SECTION_COST, _ROW_COST, _CENTRE_COST, _RESTRICTED_COST = 9.0, 1.0, 0.18, 8.0
_BEST_ROW, _FRONT_COST = 6, 1.4  # of the first section: its first rows are too near the stage
_MOST_PARTS, _MOST_ANCHORS = 48, 4
_NEAR_ROWS, _NEAR_PARTS = 2, 24


@dataclass(frozen=True, slots=True)
class _Row:
    """One row as physical places: an aisle is a place without a seat."""

    section: int
    at: int
    seats: Mapping[int, Seat]
    kinds: Mapping[SeatKind, int]  # the bits of the seats of each kind
    sums: Sequence[float]  # of the ranks of all places before

    def cost(self, start: int, size: int) -> float:
        """How good the places from `start` on are, as a mean; less is better."""
        return (self.sums[start + size] - self.sums[start]) / size

    def ids(self, start: int, size: int) -> list[str]:
        """The seats in these places."""
        return [self.seats[place].id for place in range(start, start + size)]


@dataclass(frozen=True, slots=True)
class _Part:
    """Neighbouring free places of a row."""

    row: _Row
    start: int
    size: int


class RankedPlan:
    """A seat plan as it is searched; make it once for each version."""

    def __init__(self, plan: SeatPlan) -> None:
        self.count = plan.seat_count
        self._rows: list[_Row] = []
        middle = plan.width / 2
        for number, section in enumerate(plan.sections):
            self._rows += [_ranked(number, at, row, middle) for at, row in enumerate(section.rows)]

    def choose(
        self,
        free: Collection[str],
        size: int,
        *,
        seed: int,
        kinds: Collection[SeatKind] = USUAL_KINDS,
        is_rush: bool = False,
    ) -> list[str] | None:
        """The ids of the best `size` seats among the `free` ones, row by row.

        None when they would leave one person alone or do not fit: then the patron is asked, not
        decided for.
        """
        if not 1 <= size <= LARGEST_PARTY:
            return None
        chance = random.Random(seed)  # noqa: S311  # a choice among equals, no secret
        open_places = [(row, _bits(row, free, kinds)) for row in self._rows]
        is_nearly_gone = len(free) < NEARLY_GONE * self.count
        for may_orphan in (True,) if is_nearly_gone else (False, True):
            found = list(_together(open_places, size, may_orphan=may_orphan))
            if found:
                least = min(cost for cost, *_ in found)
                reach = NEAR * (RUSH_SPREAD if is_rush else 1.0) / size
                _, row, start = chance.choice([one for one in found if one[0] <= least + reach])
                return row.ids(start, size)
        return _split(open_places, size, chance) if size > 3 else None


def _ranked(section: int, at: int, row: Row, middle: float) -> _Row:
    """A row with its seats in physical places."""
    seats = row.seats
    gaps = [_apart(one, other) for one, other in pairwise(seats)]
    usual = sorted(gaps)[len(gaps) // 2] if gaps else 1.0
    places: dict[int, Seat] = {}
    place = 0
    for number, seat in enumerate(seats):
        if number and gaps[number - 1] > _ASIDE * usual:
            place += 1
        places[place] = seat
        place += 1
    behind = at - (_BEST_ROW if section == 0 else 0)
    cost = _ROW_COST * (behind if behind > 0 else -behind * _FRONT_COST) + _SECTION_COST * section
    kinds: dict[SeatKind, int] = {}
    for number, seat in places.items():
        kinds[seat.kind] = kinds.get(seat.kind, 0) | 1 << number
    sums = [0.0]
    for number in range(place):
        rank = cost
        if seat := places.get(number):
            rank += abs(seat.x - middle) / (usual or 1.0) * _CENTRE_COST
            rank += _RESTRICTED_COST if seat.kind is SeatKind.RESTRICTED else 0.0
        sums.append(sums[-1] + rank)
    return _Row(section, at, places, kinds, sums)


def _apart(one: Seat, other: Seat) -> float:
    return dist((one.x, one.y), (other.x, other.y))


def _bits(row: _Row, free: Collection[str], kinds: Collection[SeatKind]) -> int:
    wanted = 0
    for kind in kinds:
        wanted |= row.kinds.get(kind, 0)
    if not wanted:
        return 0
    found = 0
    for place, seat in row.seats.items():
        if seat.id in free:
            found |= 1 << place
    return found & wanted


def _together(
    open_places: Sequence[tuple[_Row, int]], size: int, *, may_orphan: bool
) -> Iterator[tuple[float, _Row, int]]:
    """Every `size` neighbours, with their cost and the first place.

    Without `may_orphan`, not those that leave a single seat between which was not single before.
    """
    for row, free in open_places:
        starts = free
        for _ in range(size - 1):
            starts &= starts >> 1
        if starts and not may_orphan:
            lonely = free & ~(free << 1) & ~(free >> 1)
            left = (free << 1) & ~(free << 2) & ~(lonely << 1)
            right = (free >> size) & ~(free >> (size + 1)) & ~(lonely >> size)
            starts &= ~left & ~right
        while starts:
            lowest = starts & -starts
            start = lowest.bit_length() - 1
            starts ^= lowest
            yield row.cost(start, size), row, start


def _split(
    open_places: Sequence[tuple[_Row, int]], size: int, chance: random.Random
) -> list[str] | None:
    """The party in parts of two or more: as few as can be, as near to each other as can be."""
    parts = [
        _Part(row, start, length)
        for row, free in open_places
        for start, length in _runs(free)
        if length > 1
    ]
    anchors = sorted(parts, key=lambda part: (-min(part.size, size), part.row.cost(part.start, 1)))[
        :_MOST_ANCHORS
    ]
    for rows_away, most in ((_NEAR_ROWS, _NEAR_PARTS), (None, _MOST_PARTS)):
        ways = [
            (_scatter(anchor, way), chance.random(), way)
            for anchor in anchors
            if (way := _around(anchor, parts, size, rows_away, most)) is not None
        ]
        if ways:
            _, _, way = min(ways, key=lambda one: one[:2])
            return [seat_id for part in way for seat_id in part.row.ids(part.start, part.size)]
    return None


def _around(
    anchor: _Part, parts: Sequence[_Part], size: int, rows_away: int | None, most: int
) -> list[_Part] | None:
    """The party in parts around `anchor`; None when that leaves one person alone."""
    near = sorted(
        (
            part
            for part in parts
            if rows_away is None
            or (
                part.row.section == anchor.row.section
                and abs(part.row.at - anchor.row.at) <= rows_away
            )
        ),
        key=lambda part: _away(anchor, part),
    )[:most]
    reached = _reached([part.size for part in near], size)
    if not reached[0] >> size & 1:
        return None
    chosen: list[_Part] = []
    left = size
    for after, part in enumerate(near, start=1):
        sizes = range(min(part.size, left), 1, -1)
        taken = next((n for n in sizes if reached[after] >> (left - n) & 1), 0)
        if taken:
            start = max(part.start, min(anchor.start, part.start + part.size - taken))
            chosen.append(_Part(part.row, start, taken))
            left -= taken
        if not left:
            break
    return chosen


def _reached(lengths: Sequence[int], size: int) -> list[int]:
    """For each rest of `lengths`, as bits, the sizes up to `size` that parts of two or more make.

    The first is that of all of them, the last that of none.
    """
    found, mask = [1], (2 << size) - 1
    for length in reversed(lengths):
        sizes = found[-1]
        for part in range(2, min(length, size) + 1):
            sizes |= found[-1] << part
        found.append(sizes & mask)
    return found[::-1]


def _away(anchor: _Part, part: _Part) -> float:
    other_section = 50.0 if part.row.section != anchor.row.section else 0.0
    rows, places = abs(part.row.at - anchor.row.at), abs(part.start - anchor.start)
    return other_section + 3.0 * rows + 0.3 * places


def _scatter(anchor: _Part, parts: Sequence[_Part]) -> tuple[int, float]:
    return len(parts), sum(_away(anchor, part) for part in parts)


def _runs(free: int) -> Iterator[tuple[int, int]]:
    """Where neighbouring free places begin, and how many they are."""
    place = 0
    while free >> place:
        if free >> place & 1:
            length = 1
            while free >> (place + length) & 1:
                length += 1
            yield place, length
            place += length
        else:
            place += 1
