"""Amounts of money: whole minor units of one currency, read, written, taxed and shared out. Pure.

A minor unit is the smallest coin that a price can have: a cent, a yen, a fils. How many of them
make one unit of the currency is its exponent (ISO 4217), which this table says and no library.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Final, cast

from babel import Locale
from babel.core import get_global
from babel.numbers import format_currency, get_currency_name, get_territory_currencies

from upstage_crm.core.errors import Invalid
from upstage_crm.core.postal.countries import OTHERWISE, countries

MOST_MINOR: Final = 999_999_999  # of one amount; a total may be larger
WHOLE: Final = 10_000  # basis points of the whole
USUAL_EXPONENT: Final = 2
EXPONENTS: Final[Mapping[str, int]] = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV",
         "XAF", "XOF", "XPF"),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}  # fmt: skip
"""The exponents that are not the usual one."""

_AMOUNT = re.compile(r"([-−]?)([0-9]{1,12})(?:[.,]([0-9]{1,12}))?")


class AmountUnreadable(Invalid):
    """A text is no amount that has one meaning. Facts: `example`."""

    code = "amount_unreadable"


class AmountNegative(Invalid):
    """An amount is below zero."""

    code = "amount_negative"


class AmountTooFine(Invalid):
    """An amount has more decimals than its currency. Facts: `currency`, `digits`."""

    code = "amount_too_fine"


class AmountTooLarge(Invalid):
    """An amount is larger than any that we take. Facts: `most`."""

    code = "amount_too_large"


def exponent(currency: str) -> int:
    """How many decimals an amount of the currency has."""
    return EXPONENTS.get(currency, USUAL_EXPONENT)


@cache
def currencies() -> dict[str, str]:
    """The codes and English names of the currencies that people pay with in some country, now."""
    tenders = cast("Mapping[str, object]", get_global("territory_currencies"))
    codes = {
        code
        for country in countries()
        if country in tenders
        for code in get_territory_currencies(country)
    }
    return {code: get_currency_name(code, locale="en") for code in sorted(codes)}


def currency_of_country(country: str) -> str:
    """The currency that people pay with in a country."""
    tenders = cast("Mapping[str, object]", get_global("territory_currencies"))
    known = country if country in tenders else OTHERWISE
    found = get_territory_currencies(known) or get_territory_currencies(OTHERWISE)
    return str(found[0])


def read_amount(text: str, currency: str) -> int:
    """The minor units that a person wrote: "12", "12.50" or "12,50"; no marks between thousands.

    Raises:
        AmountUnreadable, AmountNegative, AmountTooFine, AmountTooLarge.
    """
    digits = exponent(currency)
    match = _AMOUNT.fullmatch(text.strip())
    # With three decimals "1,200" may be meant as twelve hundred: only the point is read there.
    if match is None or (digits > USUAL_EXPONENT and "," in text):
        raise AmountUnreadable(example=as_typed(1250 * 10**digits // 100, currency))
    sign, whole, part = match[1], match[2], match[3] or ""
    if len(part) > digits:  # zeros too: "1,200" is hardly meant as 1.20
        raise AmountTooFine(currency=currency, digits=digits)
    minor = int(whole + part.ljust(digits, "0"))
    if sign and minor:
        raise AmountNegative
    if minor > MOST_MINOR:
        raise AmountTooLarge(most=in_words(MOST_MINOR, currency))
    return minor


def as_typed(minor: int, currency: str) -> str:
    """An amount as an input holds it, which `read_amount` reads back: "12.50"."""
    return f"{_units(minor, currency):.{exponent(currency)}f}"


def in_words(minor: int, currency: str, language: str = "en") -> str:
    """An amount as people read it, with all its decimals: "£12.50", "¥1,250"."""
    pattern = Locale.parse(language).currency_formats["standard"].pattern
    decimals = f".{'0' * exponent(currency)}".rstrip(".")
    return format_currency(
        _units(minor, currency),
        currency,
        pattern.replace(".00", decimals),
        locale=language,
        currency_digits=False,
    )


def tax_within(gross: int, basis_points: int) -> int:
    """The tax in a price that holds it, in minor units: gross less the net, which is rounded.

    `basis_points` are hundredths of a percent of the net. A net of half a unit is rounded up.
    """
    divisor = WHOLE + basis_points
    return gross - (2 * gross * WHOLE + divisor) // (2 * divisor)


def share_out(amount: int, weights: Sequence[int]) -> list[int]:
    """Share an amount out by weights; the shares are whole and their sum is the amount.

    What rounding leaves goes to the largest remainders, one unit each, of equal ones to the first.
    Weights are not negative; where all are 0, the shares are alike.
    """
    if not weights:
        raise ValueError("an amount needs a share to go to")
    parts = weights if any(weights) else [1] * len(weights)
    whole = sum(parts)
    shares = [amount * part // whole for part in parts]
    left = amount - sum(shares)
    by_remainder = sorted(range(len(parts)), key=lambda at: -(amount * parts[at] % whole))
    for at in by_remainder[:left]:
        shares[at] += 1
    return shares


def _units(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-exponent(currency))
