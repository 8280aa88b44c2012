"""What a clerk types at a till, the letters of price types, and notes that are handed over."""

from __future__ import annotations

import pytest

from upstage_crm.box_office.errors import TypedTooMany, TypedUnreadable
from upstage_crm.box_office.sale.cash_notes import likely_notes
from upstage_crm.box_office.sale.typed_tickets import letters_of, read_typed

TYPES = {"A": "adult", "C": "child"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2", {"adult": 2}),
        ("2A", {"adult": 2}),
        (" 2a1c ", {"adult": 2, "child": 1}),
        ("C", {"child": 1}),
        ("AC", {"adult": 1, "child": 1}),
        ("A2", {"adult": 3}),
        ("2C3", {"child": 2, "adult": 3}),
        ("99", {"adult": 99}),
    ],
)
def test_numbers_and_letters_are_tickets(text: str, found: dict[str, int]) -> None:
    assert read_typed(text, TYPES, "adult") == found


@pytest.mark.parametrize("text", ["", " ", "X", "2X", "1.5", "-2", "2 A", "²", "٢", "A;B"])
def test_what_is_no_number_of_tickets_is_refused(text: str) -> None:
    with pytest.raises(TypedUnreadable):
        read_typed(text, TYPES, "adult")


@pytest.mark.parametrize("text", ["0", "0A", "100", "99A1C", "9" * 30, "2A0C"])
def test_no_sale_has_none_or_too_many(text: str) -> None:
    with pytest.raises(TypedTooMany):
        read_typed(text, TYPES, "adult")


def test_every_price_type_has_a_letter_of_its_own() -> None:
    names = ["Adult", "Concession", "Child", "Companion", "Ö", "Ädult"]

    assert letters_of(names) == ["A", "C", "H", "O", "B", "D"]
    many = letters_of([f"Type {n}" for n in range(30)])
    assert len({letter for letter in many if letter}) == 26
    assert many[26:] == [""] * 4


@pytest.mark.parametrize(
    ("due", "currency", "notes"),
    [
        (42_00, "USD", [45_00, 50_00, 60_00]),
        (70_00, "USD", [80_00, 100_00]),
        (100_00, "USD", []),
        (0, "USD", []),
        (-5, "USD", []),
        (1_200, "JPY", []),
        (1_999, "JPY", [2_000]),
    ],
)
def test_round_amounts_are_offered(due: int, currency: str, notes: list[int]) -> None:
    assert likely_notes(due, currency) == notes
