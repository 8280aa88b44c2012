"""A value is found in a text however people spell it, and an ordinary word is left alone."""

from __future__ import annotations

import pytest

from upstage_crm.patrons.fields import FIELDS
from upstage_crm.patrons.spellings import hide, mentions
from upstage_crm.patrons.values import HIDDEN

VALUES = {
    "email": "j.wiesenhuetter@example.org",
    "phone": "+442079460958",
    "given_name": "Eva Maria",
    "family_name": "Wiesenhütter",
    "address_line1": "12 Cooper's Yard",
    "address_line2": None,
    "address_city": "Leeds",
    "address_region": None,
    "address_postcode": "LS1 4AB",
    "address_country": "GB",
    "date_of_birth": "1950-03-04",
}


def hidden(text: str, **other: str) -> str:
    values = VALUES | other
    return hide(text, [(entry, values) for entry in FIELDS.values()])


@pytest.mark.parametrize(
    "written",
    [
        "+442079460958",
        "+44 20 7946 0958",
        "+44 (0)20 7946 0958",
        "0044 20 7946 0958",
        "011 44 20 7946 0958",
        "020 7946 0958",
        "(020) 7946-0958",
        "02079460958",
        "020.7946.0958",
        "020/79460958",
        "20 7946 0958",
        "7946 0958",
        "٠٢٠ ٧٩٤٦ ٠٩٥٨",
        "０２０７９４６０９５８",
        # Dates.
        "1950-03-04",
        "4.3.1950",
        "04.03.1950",
        "4. 3. 1950",
        "4/3/1950",
        "03/04/1950",
        "3/4/50",
        "4.3.50",
        "4-3-'50",
        "04 03 1950",
        "19500304",
        "4 March 1950",
        "4th of March, 1950",
        "March 4, 1950",
        "Mar 4 1950",
        "4 March",
        "4. März 1950",
        "4 Maerz 1950",
        "4 de marzo de 1950",
        "4 mars 1950",
        "٤ مارس ١٩٥٠",
        # Postcodes.
        "LS1 4AB",
        "LS14AB",
        "ls1 4ab",
        "LS1-4AB",
        # Names.
        "Wiesenhütter",
        "WIESENHÜTTER",
        "Wiesenhütters",
        "Wiesenhütter's",
        "Wiesenhütter’s",
        "Wiesenhuetter",
        "Wiesenhutters",
        "Wiesenhütterová",
        "Eva-Maria",
        "Eva Marias",
        "EvaMaria",
        "Maria",
        "12 Coopers Yard",
        "12, Cooper's  Yard",
        "j.wiesenhuetter@example.org",
        "J.Wiesenhuetter @ example.org",
        "j.wiesenhuetter(at)example.org",
    ],
)
def test_a_value_is_hidden_in_every_spelling(written: str) -> None:
    text = f"Rang today, {written}, about tickets."

    assert hidden(text) == f"Rang today, {HIDDEN}, about tickets."


@pytest.mark.parametrize(
    "text",
    [
        "Moved to another street in March, tickets for 4 people in row 3.",
        "Order 10442079460958 of 1950 was paid.",
        "Call 020 7946 0959 instead.",
        "Wants seats 3 and 4 on 5.3.1950 and 4.4.1950.",
        "Write to LS1 4AC.",
        "Marianne and Evan came along.",
        "",
    ],
)
def test_what_is_no_value_stays(text: str) -> None:
    assert hidden(text) == text


def test_all_of_the_report_goes() -> None:
    """What a stranger read once: two numbers, a birth date, a postcode and a name."""
    text = (
        "Mrs Wiesenhütter rang from 020 7946 0958, also 0044 20 7946 0958. Born 4.3.1950, LS14AB. "
        "E. Wiesenhütters Enkel"
    )

    assert hidden(text) == (
        f"Mrs {HIDDEN} rang from {HIDDEN}, also {HIDDEN}. Born {HIDDEN}, {HIDDEN}. "
        f"E. {HIDDEN} Enkel"
    )


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("Müller", "Mueller, Muller and Müllers", f"{HIDDEN}, {HIDDEN} and {HIDDEN}"),
        ("Mueller", "Müller", HIDDEN),
        ("O'Brien", "OBrien, O Brien, O’Briens", f"{HIDDEN}, {HIDDEN}, {HIDDEN}"),
        ("Łukasz", "lukasz", HIDDEN),
        ("Søren", "Soren, Soeren", f"{HIDDEN}, {HIDDEN}"),
        ("Ann", "Ann's annual ticket, Anns", f"{HIDDEN} annual ticket, {HIDDEN}"),
        ("Bo", "Bo bought a box, bo", f"{HIDDEN} bought a box, bo"),
        ("山田", "お客様の山田さん", f"お客様の{HIDDEN}さん"),
        ("حداد", "للحداد", HIDDEN),
    ],
)
def test_names_of_many_kinds(name: str, text: str, expected: str) -> None:
    values = {"given_name": name, "family_name": None}

    assert hide(text, [(FIELDS["name"], values)]) == expected


def test_a_text_mentions_a_value() -> None:
    assert mentions("born 4.3.50", FIELDS["date_of_birth"], VALUES)
    assert not mentions("born in spring", FIELDS["date_of_birth"], VALUES)
    assert not mentions("in GB", FIELDS["address"], {"address_country": "GB"})


def test_a_value_that_cannot_be_read_is_found_as_it_is() -> None:
    broken = {"phone": "+1", "date_of_birth": "soon"}

    assert hide("call +1, soon", [(FIELDS["date_of_birth"], broken)]) == f"call +1, {HIDDEN}"
    assert mentions("+1", FIELDS["phone"], broken)
