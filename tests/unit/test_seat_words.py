"""Seats in words, and their states in two bits each."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from upstage_crm.demo.season.venues import PLANS
from upstage_crm.inventory.availability import packed, unpacked
from upstage_crm.inventory.seat_words import named
from upstage_crm.inventory.views import SeatState
from upstage_crm.venues.builder import build

HALL = build("Concert Hall", PLANS["Concert Hall"])
states = st.lists(st.sampled_from(SeatState), max_size=50)


@given(states)
def test_what_is_packed_comes_out_again(given_states: list[SeatState]) -> None:
    assert unpacked(packed(given_states), len(given_states)) == given_states


def test_two_thousand_seats_take_five_hundred_bytes() -> None:
    assert len(packed([SeatState.SOLD] * 2_000)) == 500


def test_seats_are_named_row_by_row() -> None:
    seats = ["Stalls-B-3", "Stalls-A-2", "Stalls-A-1", "First balcony-C-7"]

    assert named(HALL, seats) == (
        "Stalls, row A, seats 1 and 2; Stalls, row B, seat 3; First balcony, row C, seat 7"
    )


def test_of_many_seats_the_rest_is_counted() -> None:
    seats = [seat.id for seat in HALL.seats][:30]

    assert named(HALL, seats).endswith("; 18 more")


def test_a_seat_that_there_is_not_is_named_by_its_id() -> None:
    assert named(HALL, ["Stalls-A-1", "X-1"]) == "Stalls, row A, seat 1; X-1"
