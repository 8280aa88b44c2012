"""A place on the waiting list of a performance, as others see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class WaitingState(StrEnum):
    """How far it is. The first three are alive, and an address has one of them at most."""

    ASKED = "asked"  # the mailbox has not answered yet
    WAITING = "waiting"
    OFFERED = "offered"
    TAKEN = "taken"  # and bought
    DECLINED = "declined"
    LAPSED = "lapsed"  # the offer's time ran out
    LEFT = "left"
    ENDED = "ended"  # never confirmed, or the performance came


ALIVE = frozenset({WaitingState.ASKED, WaitingState.WAITING, WaitingState.OFFERED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What someone waits for: so many places; `zone` is "" for any."""

    id: str
    places: int
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedZone:
    """A zone with how many places are free. `type_id` is the price type that an offer has there.

    `most` is how many of that type one order may have. `pool_id` is "" where seats have numbers.
    """

    name: str
    free: int
    type_id: str
    most: int
    pool_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingPlace:
    """One place. `basket_id` holds what is offered, until `offer_until`; "" without an offer."""

    id: str
    performance_id: str
    places: int
    zone: str
    state: WaitingState
    language: str
    asked_at: datetime
    confirm_until: datetime
    confirmed_at: datetime | None
    basket_id: str
    offer_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCounts:
    """How many wait for a performance, for how many places, and what became of its offers."""

    people: int
    places: int
    offered: int
    taken: int
    passed: int  # declined, or the time ran out
