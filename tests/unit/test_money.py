"""Money: what people write is read exactly, and nothing is lost when it is taxed or shared out."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upstage_crm.core.errors import UpstageError
from upstage_crm.core.money import (
    MOST_MINOR,
    AmountNegative,
    AmountTooFine,
    AmountTooLarge,
    AmountUnreadable,
    as_typed,
    currencies,
    currency_of_country,
    exponent,
    in_words,
    read_amount,
    share_out,
    tax_within,
)

CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KWD", "CHF", "ISK", "TND"])
AMOUNTS = st.integers(0, MOST_MINOR)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("12.50", "EUR", 1250),
        ("12,5", "EUR", 1250),
        (" 12 ", "USD", 1200),
        ("0", "USD", 0),
        ("-0", "USD", 0),
        ("3500", "JPY", 3500),
        ("12.500", "KWD", 12_500),
    ],
)
def test_an_amount_is_read_as_it_was_written(text: str, currency: str, minor: int) -> None:
    assert read_amount(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency", "refusal"),
    [
        ("", "EUR", AmountUnreadable),
        ("free", "EUR", AmountUnreadable),
        ("€12", "EUR", AmountUnreadable),
        ("1 200", "EUR", AmountUnreadable),
        ("1,200.00", "EUR", AmountUnreadable),
        ("١٢", "EUR", AmountUnreadable),
        ("1e3", "EUR", AmountUnreadable),
        ("1,200", "EUR", AmountTooFine),
        ("1.200", "EUR", AmountTooFine),
        ("3500.00", "JPY", AmountTooFine),
        ("1,200", "KWD", AmountUnreadable),
        ("1,234", "EUR", AmountTooFine),
        ("12.505", "EUR", AmountTooFine),
        ("12.5", "JPY", AmountTooFine),
        ("12.5005", "KWD", AmountTooFine),
        ("-5", "EUR", AmountNegative),
        ("−5", "EUR", AmountNegative),
        ("10000000", "EUR", AmountTooLarge),
        ("1000000000", "JPY", AmountTooLarge),
        ("9" * 40, "EUR", AmountUnreadable),
    ],
)
def test_what_is_no_amount_is_refused(
    text: str, currency: str, refusal: type[UpstageError]
) -> None:
    with pytest.raises(refusal):
        read_amount(text, currency)


@given(minor=AMOUNTS, currency=CURRENCIES)
def test_an_amount_is_read_back_as_it_was_typed(minor: int, currency: str) -> None:
    assert read_amount(as_typed(minor, currency), currency) == minor


@given(minor=AMOUNTS, currency=CURRENCIES, language=st.sampled_from(["en", "de", "fr", "es"]))
def test_words_hold_every_digit_of_an_amount(minor: int, currency: str, language: str) -> None:
    digits = re.sub(r"\D", "", in_words(minor, currency, language))

    assert digits == re.sub(r"\D", "", as_typed(minor, currency))


def test_an_amount_in_words_has_the_decimals_of_its_currency() -> None:
    assert in_words(1250, "GBP") == "£12.50"
    assert in_words(125_000, "JPY") == "¥125,000"
    assert in_words(1250, "EUR", "de") == "12,50\xa0€"
    assert in_words(12_500, "KWD").endswith("12.500")


def test_a_country_has_its_currency() -> None:
    found = {country: currency_of_country(country) for country in ("US", "DE", "JP", "KW", "XX")}

    assert found == {"US": "USD", "DE": "EUR", "JP": "JPY", "KW": "KWD", "XX": "USD"}
    assert set(found.values()) <= currencies().keys()
    assert {exponent(code) for code in currencies()} == {0, 2, 3}


@given(gross=AMOUNTS, rate=st.integers(0, 10_000))
def test_tax_is_what_the_price_holds_over_its_net_rounded_half_up(gross: int, rate: int) -> None:
    tax = tax_within(gross, rate)

    net = Fraction(gross * 10_000, 10_000 + rate)
    assert 0 <= tax <= gross
    assert -Fraction(1, 2) < gross - tax - net <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("gross", "rate", "tax"), [(1190, 1900, 190), (3, 10_000, 1), (1, 10_000, 0), (500, 0, 0)]
)
def test_tax_of_a_price(gross: int, rate: int, tax: int) -> None:
    assert tax_within(gross, rate) == tax


@given(amount=AMOUNTS, weights=st.lists(st.integers(0, 10_000), min_size=1, max_size=30))
def test_shares_are_whole_fair_and_lose_nothing(amount: int, weights: list[int]) -> None:
    shares = share_out(amount, weights)

    parts = weights if any(weights) else [1] * len(weights)
    assert sum(shares) == amount
    for share, part in zip(shares, parts, strict=True):
        assert abs(share - Fraction(amount * part, sum(parts))) < 1


def test_the_largest_remainder_takes_what_is_left() -> None:
    assert share_out(100, [1, 1, 1]) == [34, 33, 33]
    assert share_out(10, [3, 3, 1]) == [4, 4, 2]
    assert share_out(0, [1, 2]) == [0, 0]
