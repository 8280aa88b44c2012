"""How free text is cleaned and what is found in it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upstage_crm.core.text import (
    InvalidText,
    TextProblem,
    clean_block,
    clean_line,
    ensure_no_card_number,
    find_card_numbers,
    find_emails,
)

LINES = [
    ("  Ruby   O'Hara \n", "Ruby O'Hara"),
    ("Ruby\u00a0\tO'Hara", "Ruby O'Hara"),
    ("Jose\u0301", "José"),
    ("Ru\x00b\x1by", "Ruby"),
    ("Ru\u200bby\ufeff", "Ruby"),
    ("\u202eybuR\u202c", "ybuR"),
    ("a\u2066b\u2069\u200f", "ab"),
    ("R\u00aduby", "Ruby"),
    ("Ruby\U000e0041\U000e0042", "Ruby"),
    ("Ru\ud800by", "Ruby"),
    ("\u3164\u2800", ""),
    ("a\u3164b", "a b"),
    ("مریم\u200cها", "مریم\u200cها"),
    ("Ru\u200cby", "Ruby"),
    ("👩\u200d🎤", "👩\u200d🎤"),
    ("🏳\ufe0f\u200d🌈", "🏳\ufe0f\u200d🌈"),
    ("辻\U000e0100", "辻\U000e0100"),
    ("Ruby\ufe0f", "Ruby"),
    ("Z" + "\u0336" * 40 + "algo", "Z" + "\u0336" * 4 + "algo"),
    ("מרים", "מרים"),
    ("Nguyễn Thị Hương", "Nguyễn Thị Hương"),
    ("<b>{{7*7}}</b> [x](javascript:y)", "<b>{{7*7}}</b> [x](javascript:y)"),
]


@pytest.mark.parametrize(("typed", "cleaned"), LINES)
def test_line_is_cleaned(typed: str, cleaned: str) -> None:
    assert cleaned == clean_line(typed, 100)


@pytest.mark.parametrize("separator", ["\n", "\r", "\r\n", "\v", "\f", "\x85", "\u2028", "\u2029"])
def test_line_refuses_a_break_inside(separator: str) -> None:
    with pytest.raises(InvalidText) as refusal:
        clean_line(f"Ruby{separator}Bcc: eve@example.org", 100)

    assert TextProblem.LINE_BREAK.value == refusal.value.code


def test_block_keeps_lines_and_at_most_one_blank_one() -> None:
    typed = "  She called.\r\n\r\n\r\n\x85Her old\u202e provider\tcloses. \u2028Bye\n\n"

    assert clean_block(typed, 100) == "She called.\n\nHer old provider closes.\nBye"
    assert clean_block("a\n\n\nb", 100) == "a\n\nb"


@pytest.mark.parametrize("clean", [clean_line, clean_block])
def test_length_is_counted_after_cleaning_and_capped(clean: object) -> None:
    assert callable(clean)

    assert clean(" " * 50 + "x" * 10, 10) == "x" * 10
    with pytest.raises(InvalidText) as refusal:
        clean("x" * 11, 10)

    assert refusal.value.code == "text_too_long"
    assert refusal.value.facts == {"limit": 10, "length": 11}


def test_monstrous_input_comes_to_an_end() -> None:
    """A pattern that goes back and forth would take hours."""
    with pytest.raises(InvalidText):
        clean_block("a" + "\u0315\u0300" * 500_000, 2_000)
    clean_block("a" + "\u0315\u0300" * 3_000, 2_000)
    find_card_numbers("1 " * 5_000)
    find_emails("a" * 8_000)


@given(st.text(max_size=120))
def test_cleaning_twice_changes_nothing(text: str) -> None:
    block = clean_block(text, 1_000)
    line = clean_line(block.replace("\n", " "), 1_000)

    assert block == clean_block(block, 1_000)
    assert line == clean_line(line, 1_000)
    for cleaned in (block, line):
        assert unicodedata.is_normalized("NFC", cleaned)
        assert cleaned == cleaned.strip()
        cleaned.encode()  # no lone surrogates
    assert not any(unicodedata.category(c) in {"Cc", "Zl", "Zp"} for c in line)
    assert not any(
        unicodedata.bidirectional(c) in {"RLO", "LRO", "RLE", "LRE", "PDF"} for c in line
    )


def test_emails_are_found_in_a_sentence() -> None:
    text = "Was old@example.org, is 'new+x@mail.example.com'. Not @home or a@b."

    assert find_emails(text) == ("old@example.org", "new+x@mail.example.com")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("4111111111111111", ("4111111111111111",)),
        ("card 4111 1111 1111 1111, exp 12/27", ("4111111111111111",)),
        ("order 7: 4111-1111-1111-1111", ("4111111111111111",)),
        ("ref 12 4111 1111 1111 1111 99", ("4111111111111111",)),
        ("3782 822463 10005", ("378282246310005",)),
        ("\uff14111111111111111", ("4111111111111111",)),
        ("4111 1111 1111 1112", ()),
        ("0000000000000000", ()),
        ("1111111111111117", ()),
        ("4930901820104", ("4930901820104",)),
        ("call +4930901820104 now", ()),
        ("booking 20261123", ()),
    ],
)
def test_card_numbers_are_found_by_their_check_digit(text: str, numbers: tuple[str, ...]) -> None:
    assert numbers == find_card_numbers(text)


def test_card_number_is_refused_and_not_repeated_in_the_facts() -> None:
    with pytest.raises(InvalidText) as refusal:
        ensure_no_card_number("She pays with 4111 1111 1111 1111.")

    assert (refusal.value.code, refusal.value.facts) == ("text_card_number", {})
    ensure_no_card_number("She pays by cheque no. 4111.")
