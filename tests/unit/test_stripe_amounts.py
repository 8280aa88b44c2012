"""Amounts on their way to Stripe and back: none is a hundred times too much, in any currency."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upstage_crm.core.money import MOST_MINOR, currencies, exponent
from upstage_crm.payments.providers.stripe_amounts import AmountUnfit, from_stripe, to_stripe

AMOUNTS = st.integers(min_value=0, max_value=MOST_MINOR)
# What Stripe's page says that 5, 10 or 1.5 of a currency is written as.
PUBLISHED = [
    ("USD", 1_000, 1_000),
    ("JPY", 500, 500),
    ("ISK", 5, 500),
    ("UGX", 5, 500),
    ("KRW", 10, 10),
    ("MGA", 1_000, 10),
    ("KWD", 5_120, 5_120),
    ("HUF", 1_045, 1_045),
]
UNFIT = [("KWD", 5_124), ("MGA", 1_050), ("IQD", 1_000), ("LYD", 1_000), ("USD", 100_000_000)]


@pytest.mark.parametrize(("currency", "minor", "written"), PUBLISHED)
def test_amounts_are_written_as_stripe_says(currency: str, minor: int, written: int) -> None:
    assert to_stripe(minor, currency) == written
    assert from_stripe(written, currency) == minor


@pytest.mark.parametrize(("currency", "minor"), UNFIT)
def test_what_stripe_cannot_write_is_refused(currency: str, minor: int) -> None:
    with pytest.raises(AmountUnfit):
        to_stripe(minor, currency)


@given(st.sampled_from(sorted(currencies())), AMOUNTS)
def test_what_is_written_comes_back_as_the_same_amount(currency: str, minor: int) -> None:
    try:
        written = to_stripe(minor, currency)
    except AmountUnfit:
        return

    assert from_stripe(written, currency) == minor
    # Never another power of ten than the few that Stripe's page names.
    factor = {0: (1, 100), 2: (1, 0.01), 3: (1,)}[exponent(currency)]
    assert not minor or written / minor in factor


def test_half_a_unit_that_stripe_says_is_no_amount_of_ours() -> None:
    with pytest.raises(AmountUnfit):
        from_stripe(550, "ISK")
