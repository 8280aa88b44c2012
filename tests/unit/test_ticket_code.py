"""A ticket code is read back by any scanner, and no text that we did not sign is one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.tickets import CODE, KEYS, PERFORMANCE_ID, TICKET_ID
from upstage_crm.audit.signing import SigningKey
from upstage_crm.orders.files.ticket_code import (
    DIGITS,
    LAYOUTS,
    CodeClaims,
    TicketKeys,
    key_number,
    performance_number,
)

CLAIMS = CodeClaims(ticket_id=TICKET_ID, version=1, performance=performance_number(PERFORMANCE_ID))
OTHER = TicketKeys([("k1", b"o" * 32)])


def changed(code: str, at: int) -> str:
    return f"{code[:at]}{(int(code[at]) + 1) % 10}{code[at + 1 :]}"


def test_a_code_is_digits_and_says_its_ticket() -> None:
    assert len(CODE) == DIGITS
    assert CODE.isascii()
    assert CODE.isdigit()
    assert KEYS.read(CODE) == CLAIMS


def test_the_same_ticket_always_has_the_same_code() -> None:
    again = TicketKeys([("k1", b"t" * 32)])

    assert again.draw(ticket_id=TICKET_ID, version=1, performance_id=PERFORMANCE_ID) == CODE
    assert KEYS.draw(ticket_id=TICKET_ID, version=2, performance_id=PERFORMANCE_ID) != CODE


@pytest.mark.parametrize("layout", LAYOUTS)
def test_it_is_read_whatever_the_keyboard_types_for_digits(layout: str) -> None:
    typed = CODE.translate(str.maketrans("1234567890", layout))

    assert KEYS.read(typed) == CLAIMS
    assert KEYS.read(f" {typed}\n") == CLAIMS


def test_digits_of_another_script_are_digits() -> None:
    arabic = CODE.translate(str.maketrans("1234567890", "١٢٣٤٥٦٧٨٩٠"))

    assert KEYS.read(arabic) == CLAIMS


def test_zeros_that_a_scanner_drops_are_not_missed() -> None:
    assert KEYS.read(CODE.lstrip("0")) == CLAIMS


@pytest.mark.parametrize("at", range(0, DIGITS, 7))
def test_one_wrong_digit_is_no_code(at: int) -> None:
    assert KEYS.read(changed(CODE, at)) is None


@pytest.mark.parametrize(
    "text",
    ["", "K7-2FQ", "1" * DIGITS, "9" * DIGITS, "0" * DIGITS, CODE + "0", CODE[:-1], CODE[:90], "é"],
)
def test_other_texts_are_no_code(text: str) -> None:
    assert KEYS.read(text) is None


@given(st.text(max_size=260))
def test_no_text_makes_it_fail(text: str) -> None:
    assert KEYS.read(text) is None


def test_a_code_of_another_key_is_refused() -> None:
    stolen = OTHER.draw(ticket_id=TICKET_ID, version=1, performance_id=PERFORMANCE_ID)

    assert KEYS.read(stolen) is None


def test_a_code_of_an_older_key_is_still_read() -> None:
    rotated = TicketKeys([("k2", b"n" * 32), ("k1", b"t" * 32)])

    assert rotated.read(CODE) == CLAIMS


def test_keys_whose_numbers_are_alike_are_all_tried() -> None:
    twin = next(f"x{n}" for n in range(5_000) if key_number(f"x{n}") == key_number("k1"))
    both = TicketKeys([(twin, b"n" * 32), ("k1", b"t" * 32)])

    assert both.read(CODE) == CLAIMS


def test_tickets_have_a_key_of_their_own() -> None:
    """A device at the door knows it, and no receipt is checked with it."""
    records = SigningKey.derive("k1", b"t" * 32)

    assert KEYS.public_keys["k1"] != records.public_key


@pytest.mark.parametrize("version", [0, 65_536])
def test_there_is_no_code_of_an_impossible_version(version: int) -> None:
    with pytest.raises(ValueError, match="version"):
        KEYS.draw(ticket_id=TICKET_ID, version=version, performance_id=PERFORMANCE_ID)


def test_a_key_ring_without_keys_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        TicketKeys([])
