"""What others see of seats and places: states, counts, and what is held back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from upstage_crm.venues.seat_plan import SeatKind


class SeatState(StrEnum):
    """Whose a seat of a performance is. A blocked one is kept back by the house, or off sale."""

    FREE = "free"
    HELD = "held"
    SOLD = "sold"
    BLOCKED = "blocked"


def _no_seats() -> Mapping[str, frozenset[str]]:
    return {}


def _no_places() -> Mapping[str, int]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one command is about: ids of seats by performance, and counted places by pool."""

    seats: Mapping[str, frozenset[str]] = field(default_factory=_no_seats)
    places: Mapping[str, int] = field(default_factory=_no_places)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """When what a holder has is free again, and how often the holder may have more time."""

    at: datetime
    extensions_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatStanding:
    """One seat as the house map shows it. `letter` is that of its house hold, "" without one."""

    id: str
    state: SeatState
    letter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatPlace:
    """Where a seat is: "Stalls, row F, seat 12", its zone, and what is special about it."""

    words: str
    zone: str
    kind: SeatKind


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolView:
    """Counted places without numbers."""

    id: str
    name: str
    capacity: int
    held: int
    sold: int
    blocked: int

    @property
    def free(self) -> int:
        """How many places nothing is said about."""
        return self.capacity - self.held - self.sold - self.blocked


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseHoldView:
    """Seats and places that the house keeps back, with a letter."""

    id: str
    letter: str
    reason: str
    made_by: str
    created_at: datetime
    release_at: datetime | None
    seats: tuple[str, ...]
    pool: str
    places: int


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A performance as it is laid out: its plan, every seat in the plan's order, pools, holds."""

    performance_id: str
    plan_id: str
    is_rush: bool
    seats: tuple[SeatStanding, ...]
    pools: tuple[PoolView, ...]
    holds: tuple[HouseHoldView, ...]
