"""What a display name and a desk may hold, and how names of before are shown."""

from __future__ import annotations

import pytest

from upstage_crm.core.languages import speaker
from upstage_crm.core.text import InvalidText
from upstage_crm.staff.errors import NameMissing, NameRefused, NameWithAddress
from upstage_crm.staff.names import (
    LIMIT,
    label_for_patrons,
    parse_desk,
    parse_name,
    shown_label,
    shown_name,
)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Dana", "Dana"),
        ("  Dana   Reyes ", "Dana Reyes"),
        ("Renée-Marie O’Brien", "Renée-Marie O'Brien"),
        ("J. R. Smith", "J. R. Smith"),
        ("St. John", "St. John"),
        ("J.R. Smith", "J.R. Smith"),
        ("Łukasz", "Łukasz"),
        ("نور حداد", "نور حداد"),
        ("Nguyễn Thị", "Nguyễn Thị"),
        ("प्रिया", "प्रिया"),
        ("山田", "山田"),
        ("a" * LIMIT, "a" * LIMIT),
    ],
)
def test_a_name_is_letters_and_what_joins_them(typed: str, stored: str) -> None:
    assert parse_name(typed) == stored
    assert parse_desk(stored) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "URGENT call +1 900 555 0100",
        "Dana 2",
        "Dana ٢",
        "dana@evil.example",
        "Dana <script>",
        "Dana/evil",
        "Dana: call us",
        "Dana (manager)",
        "Dana, box office",
        "Dana & Co",
        "Dana ☎",
        "Dana!",
    ],
)
def test_nothing_else_stands_in_a_name(typed: str) -> None:
    for parse in (parse_name, parse_desk):
        with pytest.raises(NameRefused):
            parse(typed)


@pytest.mark.parametrize("typed", ["www.evil.example", "Dana evil.com", "evil.рф", "a.bc"])
def test_no_address_stands_in_a_name(typed: str) -> None:
    for parse in (parse_name, parse_desk):
        with pytest.raises(NameWithAddress):
            parse(typed)


def test_a_name_is_short_and_one_line() -> None:
    for typed in ("a" * (LIMIT + 1), "Dana\nReyes"):
        with pytest.raises(InvalidText):
            parse_name(typed)


@pytest.mark.parametrize("typed", ["", "  ", "...", "-"])
def test_a_name_has_a_letter_and_a_desk_need_not(typed: str) -> None:
    assert parse_desk(typed) == typed.strip()
    with pytest.raises(NameMissing):
        parse_name(typed)


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("Dana, box office", "Dana, box office"),
        ("Dana", "Dana"),
        ("URGENT call +1 900 555 0100", "URGENT call"),
        ("Dana, see www.evil.example", "Dana, see www. evil. example"),
        ("d" * 80 + ", " + "e" * 80, "d" * LIMIT + ", " + "e" * LIMIT),
        ("1234", "Staff"),
    ],
)
def test_a_name_of_before_is_shown_without_what_is_refused_now(stored: str, shown: str) -> None:
    assert shown_label(stored) == shown
    name = shown.partition(", ")[0]
    assert shown_name(stored.partition(", ")[0]) == name
    assert parse_name(name) == name


@pytest.mark.parametrize(
    ("stored", "language", "label"),
    [
        ("Dana, box office", "en", "Dana (box office)"),
        ("Dana, box office", "de", "Dana (Theaterkasse)"),
        ("Dana, stage door", "fr", "Dana (stage door)"),
        ("Dana", "es", "Dana"),
        ("Dana <b>, box office", "es", "Dana b (taquilla)"),
    ],
)
def test_a_patron_reads_the_desk_in_their_language(stored: str, language: str, label: str) -> None:
    assert label_for_patrons(stored, speaker(language)) == label
