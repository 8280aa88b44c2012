"""Seat plans as files: written, read back, and what is wrong with one, named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from upstage_crm.core.text import clean_line
from upstage_crm.venues.builder import build
from upstage_crm.venues.design import FIELDS
from upstage_crm.venues.plan_errors import (
    PlanTooLarge,
    SeatIdTwice,
    SeatingFileRefused,
    SeatLabelTwice,
    SeatWithoutZone,
)
from upstage_crm.venues.seat_plan import SeatKind, problems
from upstage_crm.venues.seating_file import (
    FILE_LIMIT,
    SCHEMA,
    Fault,
    FaultKind,
    from_file,
    read,
    to_file,
)
from upstage_crm.wording.venues import FAULT_WORDS, fault_words

SECTION = FIELDS | {"name": "Stalls", "rows": "3", "seats": "4"}
# As pretix's own editor writes them: zones and rows are placed, seats lie relative to their row.
GUEST: dict[str, Any] = {
    "name": "Kleines Haus",
    "size": {"width": 400, "height": 300},
    "categories": [{"name": "Parkett", "color": "#aa0000"}, {"name": "Rang", "color": "red"}],
    "zones": [
        {
            "name": "Saal",
            "zone_id": "z1",
            "uuid": "5d0f6d5e-0000-4000-8000-000000000001",
            "position": {"x": 100, "y": 50},
            "rows": [
                {
                    "row_number": "1",
                    "row_label": None,
                    "seat_label": "Platz %s",
                    "row_number_position": "both",
                    "position": {"x": 10, "y": 5},
                    "seats": [
                        {
                            "seat_guid": "a",
                            "seat_number": "1",
                            "start_direction": "<>",
                            "radius": 10,
                            "position": {"x": 0, "y": 0},
                            "category": "Parkett",
                        },
                        {
                            "seat_guid": "b",
                            "seat_number": "2",
                            "position": {"x": 25.5, "y": 0},
                            "category": "Rang",
                        },
                    ],
                }
            ],
            "areas": [
                {
                    "shape": "circle",
                    "circle": {"radius": 20},
                    "position": {"x": 50, "y": 100},
                    "rotation": 0,
                    "text": {"text": "Bar", "position": {"x": 0, "y": 0}, "size": 16},
                }
            ],
        }
    ],
}


def changed(*path: str | int, to: Any = None, drop: bool = False) -> bytes:
    """The guest's file with one place changed, or taken away."""
    told = json.loads(json.dumps(GUEST))
    place = told
    for step in path[:-1]:
        place = place[step]
    if drop:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return json.dumps(told).encode()


SHAPES = "polygon, rectangle, ellipse, circle, text"
SEAT = ("zones", 0, "rows", 0, "seats", 1)


def test_a_file_of_pretix_is_read() -> None:
    plan = from_file(json.dumps(GUEST).encode())

    assert problems(plan) == []
    assert [(seat.id, seat.x, seat.y, seat.zone) for seat in plan.seats] == [
        ("a", 110, 55, "Parkett"),
        ("b", 135.5, 55, "Rang"),
    ]
    assert [(area.name, area.x, area.y, area.width) for area in plan.areas] == [
        ("Bar", 130, 130, 40)
    ]
    assert [zone.colour for zone in plan.zones] == ["#aa0000", "#57534e"]
    assert (plan.width, plan.height) == (400, 300)


@pytest.mark.parametrize("kind", SeatKind)
def test_a_plan_comes_back_from_its_file_as_it_was(kind: SeatKind) -> None:
    painted = {kind.value: "A1-2"} if kind is not SeatKind.STANDARD else {}
    pit = FIELDS | {"name": "Pit", "form": "standing", "places": "120"}
    plan = build("Hall", [SECTION | painted | {"other_zones": "C: B"}, pit])

    file = to_file(plan)

    assert from_file(file.encode()) == read(file) == plan
    assert file == to_file(from_file(file.encode()))
    Draft7Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(json.loads(file))


def test_the_schema_is_a_schema() -> None:
    Draft7Validator.check_schema(json.loads(SCHEMA.read_text("utf-8")))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "It is not JSON."),
        (b'{"a": NaN}', "It is not JSON."),
        (b"[" * 100_000, "It is not JSON."),
        (b"\xff", "It is not JSON."),
        (b" " * (FILE_LIMIT + 1), "It is longer than any plan that we take (8 MB)."),
        (b"[]", "It must be an object."),
        (changed("zones", drop=True), "“zones” is missing."),
        (changed("zones", to={}), "“zones”: it must be a list."),
        (
            changed(*SEAT, "seat_number", drop=True),
            "Zone 1, row 1, seat 2: “seat_number” is missing.",
        ),
        (
            changed(*SEAT, "seat_number", to=7),
            "Zone 1, row 1, seat 2, “seat_number”: it must be a text.",
        ),
        (changed(*SEAT, "glow", to=1), "Zone 1, row 1, seat 2: “glow” is not part of the format."),
        (
            changed(*SEAT, "position", "x", to=1e9),
            "Zone 1, row 1, seat 2, “position”, “x”: it is beyond the limit of 1000000.",
        ),
        (
            changed("zones", 0, "areas", 0, "shape", to="star"),
            f"Zone 1, area 1, “shape”: it must be one of: {SHAPES}.",
        ),
        (
            changed("zones", 0, "areas", 0, "text", to=[]),
            "Zone 1, area 1, “text”: it must be a text.",
        ),
        (changed(*SEAT, "seat_number", to="1\n2"), "A text has several lines or is too long."),
    ],
)
def test_what_is_wrong_with_a_file_is_named_in_words(content: bytes, words: str) -> None:
    with pytest.raises(SeatingFileRefused) as refused:
        from_file(content)

    faults = refused.value.facts["faults"]
    assert isinstance(faults, tuple)
    assert [fault_words(fault) for fault in faults] == [words]


def test_of_many_faults_twenty_are_named() -> None:
    rows = [{"row_number": "1", "seats": [{}] * 500}]
    content = changed("zones", 0, "rows", to=rows)

    with pytest.raises(SeatingFileRefused) as refused:
        from_file(content)

    assert len(set(refused.value.facts["faults"])) == 20  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (changed(*SEAT, "seat_number", to="1"), SeatLabelTwice),
        (changed(*SEAT, "seat_guid", to="a"), SeatIdTwice),
        (changed(*SEAT, "category", to="Loge"), SeatWithoutZone),
    ],
)
def test_what_a_plan_means_is_checked_too(content: bytes, refusal: type[Exception]) -> None:
    assert [type(problem) for problem in problems(from_file(content))] == [refusal]


def test_a_file_of_fifty_thousand_seats_is_refused_before_it_is_read() -> None:
    rows = [{"row_number": "1", "seats": [{}] * 500}] * 100

    with pytest.raises(PlanTooLarge):
        from_file(changed("zones", 0, "rows", to=rows))


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
PLACES = st.sampled_from(
    [
        ("zones",),
        ("zones", 0),
        ("zones", 0, "rows"),
        ("zones", 0, "rows", 0, "seats"),
        SEAT,
        (*SEAT, "position"),
        ("zones", 0, "areas", 0),
        ("zones", 0, "areas", 0, "text"),
        ("categories",),
        ("categories", 0, "color"),
        ("size",),
        ("name",),
    ]
)


@given(place=PLACES, value=JSON_VALUES)
def test_nonsense_anywhere_is_refused_or_read_and_never_a_failure(
    place: tuple[str | int, ...], value: Any
) -> None:
    try:
        plan = from_file(changed(*place, to=value))
    except (SeatingFileRefused, PlanTooLarge):
        return
    problems(plan)
    assert from_file(to_file(plan).encode()).seat_count == plan.seat_count


@given(text=st.text(max_size=40))
def test_texts_of_a_file_are_cleaned(text: str) -> None:
    try:
        plan = from_file(changed("zones", 0, "name", to=text))
    except SeatingFileRefused:
        return
    assert plan.sections[0].name == (clean_line(text, 200) or "1")


def test_every_fault_has_words() -> None:
    assert set(FAULT_WORDS) == set(FaultKind)
    assert all("{" not in fault_words(Fault(kind, ("zones", 0), "x")) for kind in FaultKind)
