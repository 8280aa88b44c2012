"""The builder of seat plans: labels, numbers, ranges, geometry, limits."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, pairwise
from math import dist
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upstage_crm.venues.builder import build
from upstage_crm.venues.design import (
    FIELDS,
    PAINTED,
    Place,
    SectionForm,
    from_text,
    read_section,
    to_text,
)
from upstage_crm.venues.labels import (
    MissingRangeError,
    Numbering,
    UnreadableRangeError,
    read_ranges,
    row_labels,
    seat_numbers,
)
from upstage_crm.venues.plan_errors import (
    ChoiceUnknown,
    DesignRefused,
    DesignTextMissing,
    NumberOutOfRange,
    PlanTooLarge,
    RangeNotThere,
    RangeUnreadable,
    RowLabelUnreadable,
    SeatsUnreadable,
    ZoneUnreadable,
)
from upstage_crm.venues.seat_plan import SeatKind, SeatPlan, problems

STALLS = FIELDS | {"name": "Stalls", "rows": "3", "seats": "4"}


def built(*sections: dict[str, str]) -> SeatPlan:
    return build("Playhouse", sections)


def labels_of(plan: SeatPlan, section: int = 0) -> list[tuple[str, list[str]]]:
    rows = plan.sections[section].rows
    return [(row.label, [seat.number for seat in row.seats]) for row in rows]


# --- labels and numbers ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "count", "skipped", "labels"),
    [
        ("A", 3, "", ["A", "B", "C"]),
        ("H", 4, "IO", ["H", "J", "K", "L"]),
        ("Y", 4, "", ["Y", "Z", "AA", "BB"]),
        ("AA", 2, "", ["AA", "BB"]),
        ("7", 3, "", ["7", "8", "9"]),
    ],
)
def test_rows_are_labelled_one_after_the_other(
    first: str, count: int, skipped: str, labels: list[str]
) -> None:
    assert row_labels(first, count, skipped) == labels


@given(first=st.sampled_from("ACZ"), count=st.integers(1, 100), skipped=st.sampled_from(["", "IO"]))
def test_no_row_label_comes_twice(first: str, count: int, skipped: str) -> None:
    labels = row_labels(first, count, skipped)

    assert len(set(labels)) == count
    assert not set("".join(labels)) & set(skipped)


@pytest.mark.parametrize("first", ["", "AB", "Å", "a", "I", "-1", "A1", "²", "AAAAA"])
def test_a_first_row_that_has_no_next_is_refused(first: str) -> None:
    with pytest.raises(ValueError, match=f"^{first}$"):
        row_labels(first, 2, "I")


@pytest.mark.parametrize(
    ("numbering", "start", "numbers"),
    [
        (Numbering.LEFT, 1, [1, 2, 3, 4, 5]),
        (Numbering.RIGHT, 1, [5, 4, 3, 2, 1]),
        (Numbering.LEFT, 101, [101, 102, 103, 104, 105]),
        (Numbering.ODD_LEFT, 1, [1, 3, 5, 7, 9]),
        (Numbering.ODD_LEFT, 2, [3, 5, 7, 9, 11]),
        (Numbering.ODD_RIGHT, 1, [9, 7, 5, 3, 1]),
        (Numbering.EVEN_LEFT, 1, [2, 4, 6, 8, 10]),
        (Numbering.EVEN_RIGHT, 2, [10, 8, 6, 4, 2]),
        (Numbering.CENTRE, 1, [5, 3, 1, 2, 4]),
    ],
)
def test_seats_are_numbered_as_houses_do(
    numbering: Numbering, start: int, numbers: list[int]
) -> None:
    assert seat_numbers(5, numbering, start) == numbers


@given(count=st.integers(1, 200), numbering=st.sampled_from(Numbering), start=st.integers(1, 999))
def test_no_number_comes_twice_in_a_row(count: int, numbering: Numbering, start: int) -> None:
    numbers = seat_numbers(count, numbering, start)

    assert len(set(numbers)) == count
    assert min(numbers) >= start


# --- ranges ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rows", "seats"),
    [
        ("B", "ABC", [("B", 1), ("B", 9)]),
        ("a-b", "ABC", [("A", 1), ("B", 9)]),
        ("C–A", "ABC", [("A", 1), ("B", 1), ("C", 1)]),
        ("A1-3", "ABC", [("A", 1), ("A", 3)]),
        ("A: 3 - 1", "ABC", [("A", 1), ("A", 3)]),
        ("A-C2, B7", "ABC", [("A", 2), ("C", 2), ("B", 7)]),
        ("1-2", "123", [("1", 1), ("2", 9)]),
        ("2:1-3", "123", [("2", 1), ("2", 3)]),
        ("", "ABC", []),
    ],
)
def test_a_range_holds_what_it_says(text: str, rows: str, seats: list[tuple[str, int]]) -> None:
    ranges = read_ranges(text, list(rows))

    assert all(any(one.holds(*seat) for one in ranges) for seat in seats)
    assert not any(one.holds("A", 8) for one in ranges if "A1" in text)


@pytest.mark.parametrize("text", ["?", "A-", "-3", "A1-B2", "1", "A 1 2", "A1.5"])
def test_a_range_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(UnreadableRangeError) as refused:
        read_ranges(f"B, {text}", list("ABC"))

    assert str(refused.value) == text


def test_a_range_of_a_row_that_there_is_not_is_named() -> None:
    with pytest.raises(MissingRangeError, match=r"^Q1$"):
        read_ranges("A, Q1", list("ABC"))


# --- what is built --------------------------------------------------------------------------------


def test_a_section_becomes_rows_of_seats() -> None:
    plan = built(STALLS | {"numbering": "centre", "first_row": "H"})

    assert labels_of(plan) == [
        ("H", ["3", "1", "2", "4"]),
        ("J", ["3", "1", "2", "4"]),
        ("K", ["3", "1", "2", "4"]),
    ]
    assert (plan.seat_count, plan.place_count, problems(plan)) == (12, 0, [])
    assert next(plan.seats).id == "Stalls-H-3"


@pytest.mark.parametrize(
    ("seats", "sizes"),
    [
        ("4", [4, 4, 4]),
        ("4-8", [4, 6, 8]),
        ("8 – 4", [8, 6, 4]),
        ("4, 5 7", [4, 5, 7]),
    ],
)
def test_rows_have_as_many_seats_as_was_typed(seats: str, sizes: list[int]) -> None:
    plan = built(STALLS | {"seats": seats})

    assert [len(row.seats) for row in plan.sections[0].rows] == sizes


def test_seats_are_painted_by_ranges() -> None:
    plan = built(
        STALLS
        | {
            "zone": "B",
            "other_zones": "A: A; c: C3-4",
            "wheelchair": "A1",
            "companion": "A2",
            "restricted": "C",
            "removable": "B4",
        }
    )

    said = {seat.id.removeprefix("Stalls-"): (seat.zone, seat.kind) for seat in plan.seats}
    assert said["A-1"] == ("A", SeatKind.WHEELCHAIR)
    assert said["A-2"] == ("A", SeatKind.COMPANION)
    assert said["B-4"] == ("B", SeatKind.REMOVABLE)
    assert said["B-1"] == ("B", SeatKind.STANDARD)
    assert said["C-1"] == ("B", SeatKind.RESTRICTED)
    assert said["C-4"] == ("C", SeatKind.RESTRICTED)
    assert [zone.name for zone in plan.zones] == ["A", "B", "C"]


def test_an_aisle_goes_straight_through_rows_of_any_size() -> None:
    plan = built(STALLS | {"seats": "4, 6, 8", "aisles": "4"})

    def gaps(row: int) -> list[float]:
        at = [seat.x for seat in plan.sections[0].rows[row].seats]
        return [round(b - a) for a, b in pairwise(at)]

    assert gaps(2) == [22, 22, 22, 52, 22, 22, 22]
    assert gaps(0) == [22, 52, 22]
    middles = [(row.seats[0].x + row.seats[-1].x) / 2 for row in plan.sections[0].rows]
    assert max(middles) - min(middles) < 1


def test_sections_stand_behind_and_beside_each_other() -> None:
    plan = built(
        STALLS,
        STALLS | {"name": "Left", "place": "left", "seats": "2"},
        STALLS | {"name": "Right", "place": "right", "seats": "2"},
        STALLS | {"name": "Circle", "place": "behind"},
        FIELDS | {"name": "Pit", "form": "standing", "places": "120"},
    )

    left, right, top, bottom = zip(*(edges(plan, place) for place in range(4)), strict=True)
    assert right[1] < left[0]
    assert right[0] < left[2]
    assert top[0] == top[1] == top[2]
    assert bottom[0] < top[3]
    assert [(area.name, area.places) for area in plan.areas] == [("Stage", 0), ("Pit", 120)]
    assert plan.areas[1].y > bottom[3]


def edges(plan: SeatPlan, section: int) -> tuple[float, float, float, float]:
    seats = list(plan.sections[section].seats)
    across, along = [seat.x for seat in seats], [seat.y for seat in seats]
    return min(across), max(across), min(along), max(along)


def test_tables_have_their_seats_around_them() -> None:
    plan = built(FIELDS | {"name": "Cabaret", "form": "tables", "rows": "6", "seats": "8"})

    assert [row.label for row in plan.sections[0].rows] == ["A", "B", "C", "D", "E", "F"]
    assert plan.seat_count == 48
    assert apart(plan) > 15


def apart(plan: SeatPlan) -> float:
    """How near the two nearest seats are."""
    return min(dist((a.x, a.y), (b.x, b.y)) for a, b in combinations(list(plan.seats), 2))


SECTIONS = st.fixed_dictionaries(
    {
        "form": st.sampled_from([*SectionForm]).map(str),
        "place": st.sampled_from([*Place]).map(str),
        "rows": st.integers(1, 7).map(str),
        "seats": st.integers(1, 9).map(str),
        "first_row": st.sampled_from(["A", "Y", "1", "AA"]),
        "numbering": st.sampled_from([*Numbering]).map(str),
        "curve": st.integers(0, 100).map(str),
        "aisles": st.sampled_from(["", "1"]),
        "zone": st.sampled_from("ABH"),
    }
)


@given(sections=st.lists(SECTIONS, min_size=1, max_size=4))
def test_what_is_built_is_whole_and_inside_its_frame(sections: list[dict[str, str]]) -> None:
    typed = [FIELDS | one | {"name": f"S{place}"} for place, one in enumerate(sections)]
    for one in typed:
        if one["seats"] == "1":
            one["aisles"] = ""

    plan = build("Hall", typed)

    assert problems(plan) == []
    assert all(0 < s.x < plan.width and 0 < s.y < plan.height for s in plan.seats)
    assert all(
        a.x >= 0 and a.x + a.width <= plan.width and a.y + a.height <= plan.height
        for a in plan.areas
    )
    assert max(Counter(seat.id for seat in plan.seats).values(), default=1) == 1
    assert [read_section(one) for one in from_text(to_text(typed))] == [
        read_section(one) for one in typed
    ]


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "field", "refusal"),
    [
        ({"name": " "}, "name", DesignTextMissing),
        ({"form": "cube"}, "form", ChoiceUnknown),
        ({"place": "above"}, "place", ChoiceUnknown),
        ({"numbering": "x"}, "numbering", ChoiceUnknown),
        ({"rows": "0"}, "rows", NumberOutOfRange),
        ({"rows": "101"}, "rows", NumberOutOfRange),
        ({"rows": "1e1"}, "rows", NumberOutOfRange),
        ({"rows": "²"}, "rows", NumberOutOfRange),
        ({"rows": "9" * 300}, "rows", NumberOutOfRange),
        ({"seats": ""}, "seats", SeatsUnreadable),
        ({"seats": "4, 5"}, "seats", SeatsUnreadable),
        ({"seats": "many"}, "seats", SeatsUnreadable),
        ({"seats": "201"}, "seats", NumberOutOfRange),
        ({"seats": "0-4"}, "seats", NumberOutOfRange),
        ({"first_row": "I"}, "first_row", RowLabelUnreadable),
        ({"first_row": "AB"}, "first_row", RowLabelUnreadable),
        ({"first_number": "0"}, "first_number", NumberOutOfRange),
        ({"aisles": "4"}, "aisles", NumberOutOfRange),
        ({"aisles": "x"}, "aisles", NumberOutOfRange),
        ({"curve": "101"}, "curve", NumberOutOfRange),
        ({"seat_width": "1"}, "seat_width", NumberOutOfRange),
        ({"row_depth": "1"}, "row_depth", NumberOutOfRange),
        ({"zone": "Z"}, "zone", ZoneUnreadable),
        ({"zone": "AB"}, "zone", ZoneUnreadable),
        ({"other_zones": "Z: A"}, "other_zones", ZoneUnreadable),
        ({"other_zones": "B"}, "other_zones", RangeUnreadable),
        ({"other_zones": "B: Q"}, "other_zones", RangeNotThere),
        ({"wheelchair": "A9"}, "wheelchair", RangeNotThere),
        ({"removable": "?"}, "removable", RangeUnreadable),
        ({"form": "standing", "places": "0"}, "places", NumberOutOfRange),
        ({"form": "tables", "seats": "4-8"}, "seats", NumberOutOfRange),
    ],
)
def test_what_cannot_be_built_says_where(
    typed: dict[str, Any], field: str, refusal: type[DesignRefused]
) -> None:
    with pytest.raises(refusal) as refused:
        built(STALLS | typed)

    assert refused.value.facts["field"] == field


def test_a_plan_of_fifty_thousand_seats_is_refused_before_it_is_built() -> None:
    vast = [FIELDS | {"name": f"S{n}", "rows": "50", "seats": "200"} for n in range(5)]

    with pytest.raises(PlanTooLarge) as refused:
        build("Hall", vast)

    assert refused.value.facts == {"limit": 20_000, "seats": 50_000}


def test_more_sections_than_a_hall_has_are_refused() -> None:
    with pytest.raises(NumberOutOfRange):
        build("Hall", [STALLS] * 61)


def test_every_kind_of_seat_but_the_usual_one_can_be_painted() -> None:
    assert {SeatKind.STANDARD, *PAINTED} == set(SeatKind)
