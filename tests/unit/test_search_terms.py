"""Search words: what a patron is found by, and what a typed query asks for."""

from __future__ import annotations

import pytest

from upstage_crm.patrons.search_terms import fold, number_term, plain_query, query_words, terms_of


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Łukasz", "lukasz"),
        ("Ørsted", "orsted"),
        ("Yıldız", "yildiz"),
        ("İnci", "inci"),
        ("Weiß", "weiss"),
        ("Æbelø", "aebelo"),
        ("Đặng", "dang"),
        ("Þórður", "thordur"),
        ("Núñez", "nunez"),
        ("Ελένη", "ελενη"),
        ("Фёдор", "федор"),
        ("שָׁלוֹם", "שלום"),
        ("مُحَمَّد", "محمد"),
    ],
)
def test_a_name_is_found_as_people_type_it(written: str, typed: str) -> None:
    assert fold(written) == fold(typed) == typed


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("かく", "がく"),  # Japanese
        ("हिन्दी", "हनद"),  # Devanagari
        ("ไก่", "ไก"),  # Thai
        ("Май", "Маи"),  # Russian
        ("їсти", "істи"),  # Ukrainian
    ],
)
def test_a_mark_that_makes_another_letter_stays(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_a_word_of_a_script_with_vowel_signs_is_one_word() -> None:
    assert "name:हिन्दी" in terms_of({"given_name": "हिन्दी"}, number=1)


def test_a_name_with_an_apostrophe_is_found_with_and_without_it() -> None:
    terms = terms_of({"family_name": "O’Brien"}, number=1)

    assert {"name:o", "name:brien", "name:obrien"} <= terms


@pytest.mark.parametrize(
    "query",
    [
        "+44 20 7946 0958",
        "0044 20 7946 0958",
        "+44 (0)20 7946 0958",
        "tel:+442079460958",
        "020 7946 0958",
        "(020) 7946-0958",
        "2079460958",
        "020 7946",
        "٠٢٠٧٩٤٦",
    ],
)
def test_a_phone_is_found_however_it_is_typed(query: str) -> None:
    terms = terms_of({"phone": "+442079460958"}, number=1)

    (word,) = query_words(query)

    assert any(term.startswith(f"phone:{word}") for term in terms)


@pytest.mark.parametrize(
    ("query", "plain"),
    [
        ("mailto:jane@example.org", "jane@example.org"),
        ("mailto:jane@example.org?subject=Hi", "jane@example.org"),
        ("Jane Okafor <jane@example.org>", "jane@example.org"),
        ("  jane@exam ", "jane@exam"),
        ("patron 11740", "11740"),
        ("Patron #11740", "11740"),
        ("no. 11740", "11740"),
        ("Norma 7", "Norma 7"),
        ("patron saint", "patron saint"),
    ],
)
def test_what_was_copied_along_is_left_out(query: str, plain: str) -> None:
    assert plain_query(query) == plain


def test_the_longest_word_of_a_query_comes_first() -> None:
    assert query_words("O Núñez, Łukasz") == ("lukasz", "nunez", "o")
    assert query_words(" - ") == ()


def test_each_term_names_its_field_and_fits_its_column() -> None:
    values = {
        "given_name": "A" * 100,
        "address_city": "London",
        "address_postcode": "SE1 7PB",
        "email_key": "jane@example.org",
    }

    terms = terms_of(values | {"preferred_name": "Jay"}, number=11740)

    assert {"address:london", "address:se17pb", "email:jane@example.org", "free:jay"} <= terms
    assert number_term(11740) in terms
    assert all(len(term) <= 100 for term in terms)
