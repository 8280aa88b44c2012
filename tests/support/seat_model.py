"""What inventory should say, as plain Python: one dictionary of seats, one of places."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from upstage_crm.core.errors import UpstageError
from upstage_crm.inventory import errors
from upstage_crm.inventory.views import SeatState

LIFETIME, MORE, TIMES = timedelta(minutes=12), timedelta(minutes=6), 10
Refusal = type[UpstageError]


@dataclass
class Held:
    """Of one holder: until when, and how often it may be longer. `count` is of places."""

    holder: str
    until: datetime
    left: int
    count: int = 1


@dataclass
class Model:
    """The seats of one performance, and one pool."""

    seats: set[str]
    capacity: int
    now: datetime
    held: dict[str, Held] = field(default_factory=dict)
    sold: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    places: dict[str, Held] = field(default_factory=dict)
    places_sold: int = 0
    places_kept: dict[str, int] = field(default_factory=dict)

    def alive(self, held: Held) -> bool:
        return held.until > self.now

    def state(self, seat: str) -> SeatState:
        if seat in self.sold:
            return SeatState.SOLD
        if seat in self.kept:
            return SeatState.BLOCKED
        found = self.held.get(seat)
        return SeatState.HELD if found and self.alive(found) else SeatState.FREE

    def free_places(self) -> int:
        held = sum(one.count for one in self.places.values() if self.alive(one))
        return self.capacity - held - self.places_sold - sum(self.places_kept.values())

    def mine(self, holder: str) -> list[Held]:
        """All that is in a holder's name, lapsed or not."""
        seats = [one for one in self.held.values() if one.holder == holder]
        return seats + [one for name, one in self.places.items() if name == holder]

    def deadline(self, holder: str) -> tuple[datetime, int] | None:
        alive = [one for one in self.mine(holder) if self.alive(one)]
        if not alive:
            return None
        return min(one.until for one in alive), min(one.left for one in alive)

    # --- verbs: None, or the refusal ------------------------------------------------------------

    def hold(self, holder: str, seats: Collection[str], places: int) -> Refusal | None:
        if not seats and not places:
            return errors.NothingWanted
        if not self.seats >= set(seats):
            return errors.SeatUnknown
        for seat in seats:
            other = seat in self.held and self.held[seat].holder != holder
            if self.state(seat) is not SeatState.FREE and (
                self.state(seat) is not SeatState.HELD or other
            ):
                return errors.SeatsTaken
        if places > self.free_places():
            return errors.PlacesTaken
        until, left = self.deadline(holder) or (self.now + LIFETIME, TIMES)
        for seat in seats:
            self.held[seat] = Held(holder, until, left)
        if places:
            before = self.places.get(holder)
            had = before.count if before and self.alive(before) else 0
            self.places[holder] = Held(holder, until, left, had + places)
        return None

    def extend(self, holder: str) -> Refusal | None:
        found = self.deadline(holder)
        if found is None:
            return errors.HoldLapsed
        if not found[1]:
            return errors.HoldAtItsEnd
        for one in self.mine(holder):
            one.until, one.left = found[0] + MORE, found[1] - 1
        return None

    def release(self, holder: str) -> None:
        self.held = {seat: one for seat, one in self.held.items() if one.holder != holder}
        self.places.pop(holder, None)

    def sell(self, holder: str, seats: Collection[str], places: int) -> Refusal | None:
        if not seats and not places:
            return errors.NothingWanted
        if not all(seat in self.held and self.held[seat].holder == holder for seat in seats):
            return errors.SeatsLost
        has = self.places.get(holder)
        if places and (has is None or has.count != places):
            return errors.PlacesLost
        for seat in seats:
            self.sold[seat] = f"sale of {holder}"
            del self.held[seat]
        if places:
            del self.places[holder]
            self.places_sold += places
        return None

    def give_back(self, holder: str, seats: Collection[str], places: int) -> Refusal | None:
        if not seats and not places:
            return errors.NothingWanted
        if not all(self.sold.get(seat) == f"sale of {holder}" for seat in seats):
            return errors.NotSold
        if places > self.places_sold:
            return errors.NotSold
        for seat in seats:
            del self.sold[seat]
        self.places_sold -= places
        return None

    def tidy(self) -> None:
        self.held = {seat: one for seat, one in self.held.items() if self.alive(one)}
        self.places = {name: one for name, one in self.places.items() if self.alive(one)}

    def keep(self, name: str, seats: Collection[str], places: int) -> Refusal | None:
        if not seats and not places:
            return errors.NothingWanted
        if any(self.state(seat) is not SeatState.FREE for seat in seats):
            return errors.SeatsTaken
        if places > self.free_places():
            return errors.PlacesTaken
        for seat in seats:
            self.held.pop(seat, None)
            self.kept[seat] = name
        if places:
            self.places_kept[name] = places
            # A pool that is kept back takes its lapsed places back first.
            self.places = {who: one for who, one in self.places.items() if self.alive(one)}
        return None

    def let_go(self, name: str) -> None:
        self.kept = {seat: one for seat, one in self.kept.items() if one != name}
        self.places_kept.pop(name, None)

    def move(self, seats: set[str]) -> Refusal | None:
        gone = self.seats - seats
        if any(seat in self.sold for seat in gone):
            return errors.PlanSold
        if any(seat in self.held or seat in self.kept for seat in gone):
            return errors.PlanWithoutSeats
        self.seats = seats
        return None
