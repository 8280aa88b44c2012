"""Who is asked next on a waiting list, and how long an offer lives: pure rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from upstage_crm.programme.prices.views import PriceType
from upstage_crm.waiting_list import rules
from upstage_crm.waiting_list.views import PricedZone, Wish

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def zone(name: str, free: int, most: int = 10) -> PricedZone:
    return PricedZone(name=name, free=free, type_id="adult", most=most)


def wish(name: str, places: int, where: str = "") -> Wish:
    return Wish(id=name, places=places, zone=where)


@pytest.mark.parametrize(
    ("hours_before", "lives_hours"),
    [(100, 24), (27, 24), (26, 23), (4, 1), (3.9, None), (-1, None)],
)
def test_an_offer_lives_a_day_and_ends_three_hours_before(
    hours_before: float, lives_hours: int | None
) -> None:
    until = rules.offer_until(NOW, NOW + hours_before * HOUR)

    assert until == (None if lives_hours is None else NOW + lives_hours * HOUR)
    assert rules.is_open(NOW, NOW + hours_before * HOUR) is (until is not None)


def test_a_person_who_takes_an_offer_late_has_time_to_pay() -> None:
    assert rules.kept_until(NOW, NOW + HOUR) == NOW + HOUR
    assert rules.kept_until(NOW, NOW + timedelta(minutes=1)) == NOW + timedelta(minutes=12)


def test_what_is_free_goes_in_the_order_of_joining() -> None:
    asked = rules.turns([wish("a", 2), wish("b", 1), wish("c", 1)], [zone("Stalls", 3)])

    assert asked == ["a", "b"]


def test_a_wish_that_does_not_fit_is_passed_over_and_takes_nothing() -> None:
    wishes = [wish("a", 4), wish("b", 1, "Circle"), wish("c", 2)]

    assert rules.turns(wishes, [zone("Stalls", 2), zone("Circle", 0)]) == ["c"]


def test_a_zone_that_was_asked_for_is_the_only_one() -> None:
    zones = [zone("Stalls", 5), zone("Circle", 2)]

    assert [one.name for one in rules.fitting(wish("a", 2, "Circle"), zones)] == ["Circle"]
    assert [one.name for one in rules.fitting(wish("a", 2), zones)] == ["Stalls", "Circle"]
    assert rules.fitting(wish("a", 3, "Circle"), zones) == []


@pytest.mark.parametrize(
    ("places", "where", "is_possible"),
    [(0, "", False), (1, "", True), (4, "", True), (5, "", False), (2, "Gods", False)],
)
def test_no_one_waits_for_more_than_a_price_type_allows(
    places: int, where: str, is_possible: bool
) -> None:
    assert rules.may_wish(wish("a", places, where), [zone("Stalls", 0, most=4)]) is is_possible


def test_the_most_is_that_of_the_price_types_and_never_above_ten() -> None:
    assert rules.most_places([zone("Stalls", 0, most=4), zone("Circle", 0, most=6)]) == 6
    assert rules.most_places([zone("Stalls", 0, most=40)]) == rules.MOST_PLACES
    assert rules.most_places([]) == 0


@pytest.mark.parametrize(
    ("how", "is_usual"),
    [
        ({}, True),
        ({"proof": "Student card"}, False),
        ({"least": 10}, False),
        ({"is_comp": True}, False),
        ({"is_retired": True}, False),
    ],
)
def test_an_offer_has_a_price_that_anyone_may_pay(how: dict[str, object], is_usual: bool) -> None:
    kind = PriceType(id="a", name="Adult", **how)  # pyright: ignore[reportArgumentType]  # see above

    assert rules.is_usual(kind) is is_usual
