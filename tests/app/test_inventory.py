"""Holding, keeping, releasing, selling and returning seats and places: all or nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.support.factories import Desk, unchanged
from tests.support.houses import LaidOut, laid_out, performance_in, seat
from upstage_crm.inventory import best_seats, holds, seatings, selling
from upstage_crm.inventory.errors import (
    HoldAtItsEnd,
    HoldLapsed,
    NoSeatsTogether,
    NothingWanted,
    NotLaidOut,
    NotSold,
    PlacesLost,
    PlacesTaken,
    SeatsLost,
    SeatsTaken,
    SeatUnknown,
    UnknownPool,
)
from upstage_crm.inventory.views import Deadline, SeatState, Wanted
from upstage_crm.wording.sentences import sentence

pytestmark = pytest.mark.each_database

A1, A2, A3, B1 = seat("A", 1), seat("A", 2), seat("A", 3), seat("B", 1)


@pytest.fixture
def made(desk: Desk) -> LaidOut:
    return laid_out(desk)


def hold(made: LaidOut, holder: str, *seats: str, places: int = 0) -> Deadline:
    now, wanted = made.desk.now, made.wanted(*seats, places=places)
    return made.attempt(lambda s: holds.hold(s, holder=holder, wanted=wanted, now=now))


def extend(made: LaidOut, holder: str) -> Deadline:
    return made.attempt(lambda s: holds.extend(s, holder=holder, now=made.desk.now))


def release(made: LaidOut, holder: str, wanted: Wanted | None = None) -> None:
    made.attempt(lambda s: holds.release(s, holder=holder, now=made.desk.now, wanted=wanted))


def sell(made: LaidOut, holder: str, *seats: str, places: int = 0, sale: str = "sale") -> None:
    now, wanted = made.desk.now, made.wanted(*seats, places=places)
    made.attempt(lambda s: selling.sell(s, holder=holder, sale=sale, wanted=wanted, now=now))


def give_back(made: LaidOut, *seats: str, places: int = 0, sale: str = "sale") -> None:
    now, wanted = made.desk.now, made.wanted(*seats, places=places)
    made.attempt(lambda s: selling.give_back(s, sale=sale, wanted=wanted, now=now))


def pass_time(made: LaidOut, minutes: float) -> None:
    made.desk.clock.advance(timedelta(minutes=minutes))


def free_places(made: LaidOut) -> int:
    return made.house().pools[0].free


def test_seats_and_places_are_held_for_twelve_minutes(made: LaidOut) -> None:
    until = hold(made, "ina", A1, A2, places=3)

    assert until == Deadline(at=made.desk.now + timedelta(minutes=12), extensions_left=10)
    assert made.states() == {A1: SeatState.HELD, A2: SeatState.HELD}
    assert free_places(made) == 7


def test_one_seat_that_is_taken_refuses_all_and_is_named(made: LaidOut) -> None:
    hold(made, "ina", A2, places=8)

    error = unchanged(made.desk, lambda: hold(made, "ole", A1, A2, A3), SeatsTaken)
    assert error.facts == {"seats": (A2,), "words": "Stalls, row A, seat 2"}
    assert sentence(error) == "Taken already: Stalls, row A, seat 2. Nothing was held."
    error = unchanged(made.desk, lambda: hold(made, "ole", A1, places=3), PlacesTaken)
    assert error.facts == {"pool": "Floor", "left": 2}


def test_what_is_none_is_refused(made: LaidOut) -> None:
    desk, now = made.desk, made.desk.now
    for wanted, refusal in (
        (Wanted(), NothingWanted),
        (Wanted(places={made.pool: 0}), NothingWanted),
        (Wanted(places={made.pool: -1}), NothingWanted),
        (Wanted(places={"x": 1}), UnknownPool),
        (Wanted(seats={made.performance: frozenset({A1, "x"})}), SeatUnknown),
        (Wanted(seats={"x": frozenset({A1})}), NotLaidOut),
    ):

        def attempt(wanted: Wanted = wanted) -> None:
            made.attempt(lambda s: holds.hold(s, holder="ina", wanted=wanted, now=now))

        unchanged(desk, attempt, refusal)


def test_a_lapsed_hold_is_free_for_the_next_one(made: LaidOut) -> None:
    hold(made, "ina", A1, places=10)
    pass_time(made, 11.9)
    unchanged(made.desk, lambda: hold(made, "ole", A1), SeatsTaken)
    pass_time(made, 0.1)

    assert made.states() == {}
    assert free_places(made) == 10
    hold(made, "ole", A1, places=4)

    unchanged(made.desk, lambda: extend(made, "ina"), HoldLapsed)
    unchanged(made.desk, lambda: sell(made, "ina", A1), SeatsLost)
    unchanged(made.desk, lambda: sell(made, "ina", places=10), PlacesLost)
    release(made, "ina")
    assert made.states() == {A1: SeatState.HELD}
    assert free_places(made) == 6


def test_what_is_added_ends_with_what_is_held_already(made: LaidOut) -> None:
    first = hold(made, "ina", A1)
    pass_time(made, 5)

    assert hold(made, "ina", A2, A1, places=1) == first
    assert hold(made, "ina", places=1) == first
    pass_time(made, 7)
    assert hold(made, "ina", A1, places=2).at == made.desk.now + timedelta(minutes=12)
    assert free_places(made) == 8


def test_what_is_added_after_more_time_has_the_longer_time_too(made: LaidOut) -> None:
    hold(made, "ina", A1)
    longer = extend(made, "ina")

    assert hold(made, "ina", A2) == longer
    assert hold(made, "ina", places=1) == longer


def test_more_time_is_given_ten_times(made: LaidOut) -> None:
    until = hold(made, "ina", A1, places=1).at
    for times in range(1, 11):
        until += timedelta(minutes=6)
        assert extend(made, "ina") == Deadline(at=until, extensions_left=10 - times)

    unchanged(made.desk, lambda: extend(made, "ina"), HoldAtItsEnd)
    unchanged(made.desk, lambda: extend(made, "ole"), HoldLapsed)
    pass_time(made, 71.9)
    assert made.states() == {A1: SeatState.HELD}
    pass_time(made, 0.1)
    assert made.states() == {}


def test_a_payment_sets_the_one_deadline(made: LaidOut) -> None:
    hold(made, "ina", A1, places=1)
    until = made.desk.now + timedelta(minutes=15)

    made.attempt(lambda s: holds.keep_until(s, holder="ina", until=until, now=made.desk.now))

    pass_time(made, 14.9)
    assert (made.states(), free_places(made)) == ({A1: SeatState.HELD}, 9)
    pass_time(made, 0.1)
    assert (made.states(), free_places(made)) == ({}, 10)


def test_more_time_is_for_what_has_not_lapsed(made: LaidOut) -> None:
    """Two more times are all in an on-sale, whatever else the holder keeps elsewhere."""
    desk = made.desk
    other = performance_in(desk, made.hall, made.event, date(2026, 12, 11))
    desk.act(desk.owner, seatings.lay_out, performance_id=other)
    desk.act(desk.owner, seatings.declare_rush, performance_id=made.performance, is_rush=True)
    elsewhere = replace(made, performance=other)
    hold(elsewhere, "ina", A1)
    hold(made, "ina", A1, places=2)
    pass_time(made, 8)
    assert (made.states(), free_places(made)) == ({}, 10)

    extend(made, "ina")
    assert (made.states(), free_places(made)) == ({}, 10)
    assert elsewhere.states() == {A1: SeatState.HELD}
    until = desk.now + timedelta(minutes=15)
    made.attempt(lambda s: holds.keep_until(s, holder="ina", until=until, now=desk.now))
    assert (made.states(), free_places(made)) == ({}, 10)


def test_a_holder_lets_go_of_some_or_of_all(made: LaidOut) -> None:
    hold(made, "ina", A1, A2, places=2)
    hold(made, "ole", A3)

    release(made, "ina", made.wanted(A1, A3))
    assert made.states() == {A2: SeatState.HELD, A3: SeatState.HELD}
    release(made, "ina")
    assert (made.states(), free_places(made)) == ({A3: SeatState.HELD}, 10)


def test_the_best_seats_are_held_or_the_party_is_told(made: LaidOut) -> None:
    def best(holder: str, size: int) -> list[str]:
        return made.attempt(
            lambda s: best_seats.hold_best(
                s,
                holder=holder,
                performance_id=made.performance,
                size=size,
                seed=1,
                now=made.desk.now,
            )
        )[0]

    assert len(best("ina", 6)) == 6
    best("ole", 6)
    error = unchanged(made.desk, lambda: best("mara", 5), NoSeatsTogether)
    assert error.facts == {"size": 5}
    assert len(best("mara", 4)) == 4  # the other two of the last row are for wheelchairs
    assert len(made.states()) == 16


def test_what_was_held_is_what_is_sold(made: LaidOut) -> None:
    hold(made, "ina", A1, A2, places=2)
    unchanged(made.desk, lambda: sell(made, "ina", A1, B1, places=2), SeatsLost)
    unchanged(made.desk, lambda: sell(made, "ina", A1, A2, places=3), PlacesLost)
    unchanged(made.desk, lambda: sell(made, "ole", A1), SeatsLost)

    sell(made, "ina", A1, A2, places=2)

    assert made.states() == {A1: SeatState.SOLD, A2: SeatState.SOLD}
    assert made.house().pools[0].sold == 2
    pass_time(made, 60)
    unchanged(made.desk, lambda: hold(made, "ole", A1), SeatsTaken)
    unchanged(made.desk, lambda: sell(made, "ina", A1, A2), SeatsLost)


def test_a_lapsed_hold_that_was_not_taken_still_sells(made: LaidOut) -> None:
    hold(made, "ina", A1, places=1)
    pass_time(made, 30)

    sell(made, "ina", A1, places=1)

    assert made.states() == {A1: SeatState.SOLD}
    assert made.house().pools[0].sold == 1


def test_what_is_returned_is_free_once(made: LaidOut) -> None:
    hold(made, "ina", A1, A2, places=2)
    sell(made, "ina", A1, A2, places=2)
    unchanged(made.desk, lambda: give_back(made, A1, sale="another"), NotSold)
    unchanged(made.desk, lambda: give_back(made, A1, places=3), NotSold)

    give_back(made, A1, places=1)

    assert (made.states(), free_places(made)) == ({A2: SeatState.SOLD}, 9)
    unchanged(made.desk, lambda: give_back(made, A1), NotSold)


def test_tidying_brings_lapsed_rows_in_line_and_nothing_else(made: LaidOut) -> None:
    hold(made, "ina", A1, A2, places=2)
    pass_time(made, 6)
    hold(made, "ole", A3, places=3)
    pass_time(made, 6)
    desk = made.desk
    assert desk.read(lambda s: holds.has_lapsed(s, now=desk.now))

    assert made.attempt(lambda s: holds.tidy(s, now=desk.now)) == 3

    assert not desk.read(lambda s: holds.has_lapsed(s, now=desk.now))
    assert made.attempt(lambda s: holds.tidy(s, now=desk.now)) == 0
    assert (made.states(), free_places(made)) == ({A3: SeatState.HELD}, 7)
    unchanged(desk, lambda: sell(made, "ina", A1), SeatsLost)
