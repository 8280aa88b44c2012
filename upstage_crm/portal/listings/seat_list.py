"""The seats of a performance as a list: section, row, seat. It says what the map shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from upstage_crm.core.languages import Say
from upstage_crm.inventory.availability import unpacked
from upstage_crm.inventory.queries import Layout
from upstage_crm.inventory.views import SeatState
from upstage_crm.portal import portal_words
from upstage_crm.venues.seat_plan import SeatKind


@dataclass(frozen=True, slots=True)
class ListedSeat:
    """A seat that is free: its place in the plan, which is its value in a form, and its number.

    `special` says what is special about it, "" for nothing.
    """

    at: int
    number: str
    special: str


@dataclass(frozen=True, slots=True)
class ListedRow:
    """The free seats of a row that are in one zone."""

    label: str
    zone: str
    look: int
    price: str
    seats: Sequence[ListedSeat]


@dataclass(frozen=True, slots=True)
class ListedSection:
    """A section with the rows in which something is free."""

    name: str
    free: int
    rows: Sequence[ListedRow]


def sections_of(
    layout: Layout, prices: Mapping[str, str], looks: Mapping[str, int], say: Say
) -> list[ListedSection]:
    """The sections in which something is free of the zones that have `prices`, in words."""
    plan, at = layout.plan, 0
    states = unpacked(layout.bits, plan.seat_count)
    found: list[ListedSection] = []
    for section in plan.sections:
        rows: list[ListedRow] = []
        for row in section.rows:
            numbered = list(enumerate(row.seats, start=at))
            at += len(row.seats)
            free = [
                (number, seat)
                for number, seat in numbered
                if states[number] is SeatState.FREE and seat.zone in prices
            ]
            for zone, group in groupby(free, key=lambda each: each[1].zone):
                seats = [
                    ListedSeat(number, seat.number, _special(seat.kind, say))
                    for number, seat in group
                ]
                rows.append(ListedRow(row.label, zone, looks[zone], prices[zone], seats))
        if rows:
            free_seats = sum(len(row.seats) for row in rows)
            found.append(ListedSection(section.name, free_seats, rows))
    return found


def _special(kind: SeatKind, say: Say) -> str:
    words = portal_words.SEAT_KINDS.get(kind, "")
    return say(words) if words else ""
