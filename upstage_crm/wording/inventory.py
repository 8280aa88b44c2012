"""The words of seats: what a refusal says, and what their states are called."""

from __future__ import annotations

from collections.abc import Mapping

from upstage_crm.inventory.views import SeatState

INVENTORY_SENTENCES: Mapping[str, str] = {
    "nothing_wanted": "Choose at least one seat or place.",
    "seat_unknown": "There is no such seat here: {words}.",
    "house_letter_unreadable": "Enter one letter from A to Z.",
    "house_reason_missing": "Enter why the seats are held back.",
    "house_release_passed": "This time is over. Enter a later one, or none.",
    "hall_without_plan": "This hall has no seat plan yet. Make one first.",
    "not_laid_out": "The seats of this performance are not laid out yet.",
    "pool_unknown": "There are no such places.",
    "house_hold_unknown": "These seats are released already.",
    "seats_taken": "Taken already: {words}. Nothing was held.",
    "seats_lost": "No longer held: {words}. Choose other seats.",
    "no_seats_together": "There are not {size} seats left without one person alone. Choose them on "
    "the map.",
    "places_taken": "Only {left} places are left of {pool}. Nothing was held.",
    "places_lost": "These places are no longer held.",
    "hold_lapsed": "The time is over. What is still free can be held again.",
    "hold_at_its_end": "There is no more time: this was the last extension.",
    "not_sold": "These were not sold together. Nothing was returned.",
    "plan_sold": "Something is sold, so the seat plan of this performance stays.",
    "plan_without_seats": "The newest plan has no room for what is held: {words}. Release it "
    "first.",
}
SEAT_WORDS: Mapping[SeatState, str] = {
    SeatState.FREE: "Free",
    SeatState.HELD: "In a basket",
    SeatState.SOLD: "Sold",
    SeatState.BLOCKED: "Held back",
}
