"""The registry of protected fields: canonical values, sameness, what is shown and hidden."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upstage_crm.core.errors import Invalid
from upstage_crm.core.postal.countries import countries
from upstage_crm.patrons.errors import InvalidValue, UnknownField, ValueProblem
from upstage_crm.patrons.fields import (
    DERIVED_COLUMNS,
    FIELDS,
    PROTECTED_COLUMNS,
    Context,
    ProtectedField,
    field,
)

TODAY = date(2026, 11, 1)
US = Context(today=TODAY)
GB, FR, NL, DE, IT = (
    Context(today=TODAY, region=country) for country in ("GB", "FR", "NL", "DE", "IT")
)
V = ValueProblem

HOME = {
    "address_line1": "10 Rectory Close",
    "address_line2": "",
    "address_city": "Bristol",
    "address_postcode": "bs1 4qa",
    "address_country": "gb",
}
EXAMPLES = {
    "email": {"email": " Jane@Example.org"},
    "phone": {"phone": "(212) 555-0117"},
    "name": {"given_name": "Ruby", "family_name": " O'Hara-Núñez"},
    "address": HOME,
    "date_of_birth": {"date_of_birth": "1961-03-04"},
}
OTHERS = {
    "email": {"email": "jane@example.net"},
    "phone": {"phone": "(212) 555-0118"},
    "name": {"given_name": "Ruby", "family_name": "O'Hara"},
    "address": HOME | {"address_line1": "11 Rectory Close"},
    "date_of_birth": {"date_of_birth": "1961-04-03"},
}

each_field = pytest.mark.parametrize("entry", FIELDS.values(), ids=FIELDS)


def refusal_of(key: str, raw: dict[str, str], context: Context = US) -> InvalidValue:
    with pytest.raises(InvalidValue) as refusal:
        field(key).parse(raw, context)
    return refusal.value


def test_registry_covers_the_protected_columns() -> None:
    assert PROTECTED_COLUMNS == (
        "email",
        "phone",
        "given_name",
        "family_name",
        "address_line1",
        "address_line2",
        "address_city",
        "address_region",
        "address_postcode",
        "address_country",
        "date_of_birth",
    )
    assert DERIVED_COLUMNS == ("email_key", "phone_key", "sort_name")


def test_unknown_field_is_refused() -> None:
    with pytest.raises(UnknownField) as refusal:
        field("shoe_size")

    assert refusal.value.facts == {"key": "shoe_size"}


def test_only_a_new_email_is_decided_by_the_proposed_address() -> None:
    assert {"email"} == {entry.key for entry in FIELDS.values() if entry.reviewers == "proposed"}


@each_field
def test_parsing_a_parsed_value_changes_nothing(entry: ProtectedField) -> None:
    values = entry.parse(EXAMPLES[entry.key], US)

    assert tuple(values) == entry.columns
    assert values == entry.parse({name: text or "" for name, text in values.items()}, US)
    assert tuple(entry.derive(values)) == entry.derived


@each_field
def test_sameness(entry: ProtectedField) -> None:
    one, other = (entry.parse(raw[entry.key], US) for raw in (EXAMPLES, OTHERS))

    assert entry.same(one, dict(one))
    assert entry.same_key(one, dict(one))
    assert not entry.same(one, other)
    assert not entry.same_key(one, other)
    assert not entry.same(one, entry.empty())
    assert not entry.same(entry.empty(), one)
    assert entry.same(entry.empty(), dict.fromkeys(entry.columns, ""))
    assert not entry.same_key(entry.empty(), entry.empty())


@each_field
def test_unknown_value_shows_as_nothing(entry: ProtectedField) -> None:
    empty = entry.empty()

    assert entry.is_empty(empty)
    assert (entry.show(empty), entry.lines(empty), entry.mask(empty)) == ("", (), "")
    assert dict.fromkeys(entry.derived) == entry.derive(empty)


@each_field
def test_missing_input_is_refused(entry: ProtectedField) -> None:
    with pytest.raises(Invalid):
        entry.parse({}, US)


@each_field
def test_mask_holds_no_whole_part_of_the_value(entry: ProtectedField) -> None:
    values = entry.parse(EXAMPLES[entry.key], US)

    mask = entry.mask(values)

    assert "•••" in mask
    hidden = {column: text for column, text in values.items() if column != "address_country"}
    assert not any(text and text in mask for text in hidden.values())
    assert entry.show(values) not in mask


@each_field
def test_field_picks_its_columns_out_of_a_whole_patron(entry: ProtectedField) -> None:
    patron = {column: f"a {column}" for column in (*PROTECTED_COLUMNS, "note")}

    assert {column: f"a {column}" for column in entry.columns} == entry.pick(patron)


@each_field
def test_long_and_broken_inputs_are_typed_refusals(entry: ProtectedField) -> None:
    for text in ("x" * 10_000, "a\r\nBcc: b", "\x00", "\ud800", "\u202e"):
        with pytest.raises(Invalid):
            entry.parse(dict.fromkeys(entry.columns, text), US)


@given(st.sampled_from(list(FIELDS)), st.lists(st.text(max_size=40), min_size=6, max_size=6))
def test_any_input_parses_stably_or_is_refused(key: str, texts: list[str]) -> None:
    entry = field(key)
    raw = dict(zip(entry.columns, texts, strict=False))
    if "address_country" in raw:
        raw["address_country"] = "DE"
    try:
        values = entry.parse(raw, US)
    except Invalid:
        return

    assert values == entry.parse({name: text or "" for name, text in values.items()}, US)
    assert entry.same(values, values)
    assert entry.lines(values)
    assert entry.mask(values)
    assert all(
        len(text or "") <= part.max_length for part in entry.parts for text in [values[part.name]]
    )
    assert all(len(text or "") <= 254 for text in entry.derive(values).values())


# --- email ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("current", "proposed"),
    [
        ("jane@example.org", "  jane@example.org "),
        ("jane@example.org", "JANE@example.ORG"),
        ("jane@bücher.example", "jane@xn--bcher-kva.example"),
        ("jane@bücher.example", "jane@bu\u0308cher.example"),
    ],
)
def test_other_spelling_of_an_address_is_nothing_to_change(current: str, proposed: str) -> None:
    email = field("email")

    assert email.same(email.parse({"email": current}, US), email.parse({"email": proposed}, US))


def test_email_key_and_advice_come_through_the_registry() -> None:
    email = field("email")
    proposed, current = ({"email": text} for text in ("Jane@Gmial.com", "jane@example.org"))

    assert email.derive(proposed) == {"email_key": "jane@gmial.com"}
    assert "likely_typo" in {advice.code for advice in email.advise(proposed, current)}
    assert "likely_typo" in {advice.code for advice in email.advise(proposed, email.empty())}


# --- phone ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "context", "e164", "shown"),
    [
        ("(212) 555-0117", US, "+12125550117", "+1 212-555-0117"),
        ("tel:+1-555-555-0199", US, "+15555550199", "+1 555-555-0199"),
        ("020 7946 0958", GB, "+442079460958", "+44 20 7946 0958"),
        ("+49 30 901820", US, "+4930901820", "+49 30 901820"),
        ("06 12 34 56 78", FR, "+33612345678", "+33 6 12 34 56 78"),
        ("0033 6 12 34 56 78", GB, "+33612345678", "+33 6 12 34 56 78"),
        ("0612345678", NL, "+31612345678", "+31 6 12345678"),
        ("030 901820", DE, "+4930901820", "+49 30 901820"),
        ("06 698 1234", IT, "+39066981234", "+39 06 698 1234"),
        ("٢١٢٥٥٥٠١١٧", US, "+12125550117", "+1 212-555-0117"),
    ],
)
def test_phone_is_kept_as_e164_and_shown_with_spaces(
    typed: str, context: Context, e164: str, shown: str
) -> None:
    phone = field("phone")

    values = phone.parse({"phone": typed}, context)

    assert {"phone": e164} == values
    assert {"phone_key": e164} == phone.derive(values)
    assert shown == phone.show(values)
    assert f"••• {e164[-2:]}" == phone.mask(values)


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("  ", V.MISSING),
        ("ask at the desk", V.PHONE_UNREADABLE),
        ("+999 123456", V.PHONE_COUNTRY_UNKNOWN),
        ("555-0117", V.PHONE_AREA_CODE_MISSING),
        ("123", V.PHONE_TOO_SHORT),
        ("+1 212 555 0117 8", V.PHONE_TOO_LONG),
        ("+1 222222222222222222222", V.PHONE_TOO_LONG),
        ("212-555-0117 ext. 5", V.PHONE_EXTENSION),
        ("0000000000", V.PHONE_IMPOSSIBLE),
        ("0612345678", V.PHONE_IMPOSSIBLE),
        ("1111111111", V.PHONE_IMPOSSIBLE),
        ("+39 0000000000", V.PHONE_IMPOSSIBLE),
    ],
)
def test_phone_is_refused_for_its_own_reason(typed: str, problem: ValueProblem) -> None:
    refusal = refusal_of("phone", {"phone": typed})

    assert (problem.value, "phone") == (refusal.code, refusal.facts["part"])


@pytest.mark.parametrize(
    ("e164", "home", "shown"),
    [
        ("+33612345678", "FR", "06 12 34 56 78"),
        ("+33612345678", "GB", "+33 6 12 34 56 78"),
        ("+442079460958", "GB", "020 7946 0958"),
        ("+12125550117", "US", "(212) 555-0117"),
        ("+12125550117", "CA", "(212) 555-0117"),  # one numbering plan
        ("+12125550117", "", "+1 212-555-0117"),
    ],
)
def test_phone_is_written_as_the_readers_country_writes_it(
    e164: str, home: str, shown: str
) -> None:
    assert field("phone").show({"phone": e164}, home=home) == shown


# --- name ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_name", "family_name", "shown", "sort_name"),
    [
        ("Ruby", "O'Hara-Núñez", "Ruby O'Hara-Núñez", "o hara nunez, ruby"),
        ("Wirawan", "", "Wirawan", "wirawan"),
        ("مريم", "الزهراني", "مريم الزهراني", "الزهراني, مريم"),
        ("Jose\u0301 Luis", "GROẞ", "José Luis GROẞ", "gross, jose luis"),
        ("A" * 100, "B" * 100, f"{'A' * 100} {'B' * 100}", f"{'b' * 100}, {'a' * 100}"),
        ("Smith & Sons, Ltd. (2nd)", "", "Smith & Sons, Ltd. (2nd)", "smith sons ltd 2nd"),
    ],
)
def test_names_of_many_kinds(given_name: str, family_name: str, shown: str, sort_name: str) -> None:
    name = field("name")

    values = name.parse({"given_name": given_name, "family_name": family_name}, US)

    assert shown == name.show(values)
    assert {"sort_name": sort_name} == name.derive(values)
    assert (values["family_name"] is None) == (family_name == "")


def test_sort_name_fits_its_column_even_when_folding_lengthens_the_name() -> None:
    name = field("name")
    values = name.parse({"given_name": "ß" * 100, "family_name": "ß" * 100}, US)

    assert {"sort_name": f"{'s' * 200}, {'s' * 8}"} == name.derive(values)


@pytest.mark.parametrize(
    ("given_name", "problem"),
    [
        ("", V.MISSING),
        ("\u200b", V.MISSING),
        ("Ruby <b>", V.NAME_CHARACTER),
        ("ruby@example.org", V.NAME_CHARACTER),
        ("{{7*7}}", V.NAME_CHARACTER),
        ("=?utf-8?q?Ruby?=", V.NAME_CHARACTER),
        ("http://evil", V.NAME_CHARACTER),
        ("[x](y)", V.NAME_CHARACTER),
        ("...", V.NAME_WITHOUT_LETTER),
    ],
)
def test_name_is_refused_for_its_own_reason(given_name: str, problem: ValueProblem) -> None:
    refusal = refusal_of("name", {"given_name": given_name, "family_name": "Okafor"})

    assert (problem.value, "given_name") == (refusal.code, refusal.facts["part"])


def test_capital_letter_is_a_change_of_name_but_the_same_key() -> None:
    name = field("name")
    one, other = ({"given_name": "Ann", "family_name": last} for last in ("Mcdonald", "McDonald"))

    assert (name.same(one, other), name.same_key(one, other)) == (False, True)


# --- address -------------------------------------------------------------------------------------


def test_address_is_written_as_on_an_envelope_in_the_readers_language() -> None:
    address = field("address")

    values = address.parse(HOME, US)

    assert address.lines(values) == ("10 Rectory Close", "Bristol", "BS1 4QA", "United Kingdom")
    assert address.lines(values, "de")[-1] == "Vereinigtes Königreich"
    assert address.lines(values, "no such language")[-1] == "United Kingdom"
    assert address.show(values) == "10 Rectory Close, Bristol, BS1 4QA, United Kingdom"
    assert (values["address_line2"], values["address_region"]) == (None, None)


def test_a_town_is_needed_only_where_there_are_towns() -> None:
    address = field("address")
    raw = {"address_line1": "1 Garden Road", "address_city": ""}
    singapore = raw | {"address_postcode": "238801", "address_country": "sg"}

    assert address.lines(address.parse(singapore, US)) == (
        "1 Garden Road",
        "SINGAPORE 238801",
        "Singapore",
    )
    assert refusal_of("address", raw | {"address_country": "de"}).code == V.MISSING.value
    assert address.parse(raw | {"address_country": "HK"}, US)["address_city"] is None


def test_address_spelled_otherwise_has_the_same_key() -> None:
    address = field("address")
    values = address.parse(HOME, US)
    other = address.parse(HOME | {"address_line1": "10, RECTORY  CLOSE."}, US)

    assert (address.same(values, other), address.same_key(values, other)) == (False, True)


@pytest.mark.parametrize(
    ("part", "text", "problem"),
    [
        ("address_line1", " ", V.MISSING),
        ("address_city", "", V.MISSING),
        ("address_country", "", V.MISSING),
        ("address_country", "ZZ", V.COUNTRY_UNKNOWN),
        ("address_country", "EU", V.COUNTRY_UNKNOWN),
        ("address_country", "Germany", V.COUNTRY_UNKNOWN),
    ],
)
def test_address_is_refused_for_its_own_reason(part: str, text: str, problem: ValueProblem) -> None:
    refusal = refusal_of("address", HOME | {part: text})

    assert (problem.value, part) == (refusal.code, refusal.facts["part"])


def test_countries_are_those_of_iso_3166_and_kosovo() -> None:
    assert len(countries()) == 250
    assert {"US", "GB", "XK"} <= set(countries())
    assert countries("de")["DE"] == "Deutschland"


# --- date of birth -------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["1900-01-01", "2026-11-01", "2024-02-29"])
def test_date_of_birth_within_a_life_is_kept(typed: str) -> None:
    values = field("date_of_birth").parse({"date_of_birth": typed}, US)

    assert {"date_of_birth": typed} == values


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("", V.MISSING),
        ("04/03/1961", V.DATE_UNREADABLE),
        ("2023-02-29", V.DATE_UNREADABLE),
        ("19610304", V.DATE_UNREADABLE),
        ("1961-W09-6", V.DATE_UNREADABLE),
        ("\uff11961-03-04", V.DATE_UNREADABLE),
        ("2026-11-02", V.DATE_IN_FUTURE),
        ("1899-12-31", V.DATE_TOO_EARLY),
    ],
)
def test_date_of_birth_is_refused_for_its_own_reason(typed: str, problem: ValueProblem) -> None:
    assert problem.value == refusal_of("date_of_birth", {"date_of_birth": typed}).code


def test_date_of_birth_is_shown_in_words_and_fully_hidden() -> None:
    entry, values = field("date_of_birth"), {"date_of_birth": "1961-03-04"}

    assert (entry.show(values), entry.show(values, "fr")) == ("4 March 1961", "4 mars 1961")
    assert entry.mask(values) == "•••"


def test_every_reason_for_refusing_a_value_is_a_known_code() -> None:
    assert set(InvalidValue.codes) == {problem.value for problem in ValueProblem}
