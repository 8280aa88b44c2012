"""Amounts as Stripe writes them: its smallest units are not everywhere those of ISO 4217. Pure.

From Stripe's page on supported currencies: zero-decimal currencies, the special cases of ISK and
UGX, which travel with two decimals that must be zero, and three-decimal currencies, whose last
digit must be zero.
"""

from __future__ import annotations

from typing import Final

from upstage_crm.core.money import exponent

MOST: Final = 99_999_999  # of one charge, in Stripe's units
_WHOLE: Final = frozenset(
    {
        *("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV"),
        *("XAF", "XOF", "XPF"),
    }
)
_IN_HUNDREDTHS: Final = frozenset({"ISK", "UGX"})
_IN_THOUSANDTHS: Final = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
_STEP: Final = 10  # of what is counted in thousandths


class AmountUnfit(ValueError):
    """Stripe has no way to write such an amount."""


def to_stripe(minor: int, currency: str) -> int:
    """Our minor units in Stripe's.

    Raises:
        AmountUnfit: it is too fine or too large for Stripe, or the currency is none of its own.
    """
    ours, theirs = exponent(currency), _exponent(currency)
    if ours > theirs:
        amount, rest = divmod(minor, 10 ** (ours - theirs))
    else:
        amount, rest = minor * 10 ** (theirs - ours), 0
    if rest or amount > MOST or (currency in _IN_THOUSANDTHS and amount % _STEP):
        raise AmountUnfit(f"{minor} {currency}")
    return amount


def from_stripe(amount: int, currency: str) -> int:
    """What Stripe says in our minor units.

    Raises:
        AmountUnfit: it is no amount of ours, or the currency is none of Stripe's.
    """
    ours, theirs = exponent(currency), _exponent(currency)
    if theirs > ours:
        minor, rest = divmod(amount, 10 ** (theirs - ours))
        if rest:
            raise AmountUnfit(f"{amount} {currency}")
        return minor
    return amount * 10 ** (ours - theirs)


def _exponent(currency: str) -> int:
    if currency in _WHOLE:
        return 0
    if currency in _IN_HUNDREDTHS:
        return 2
    if currency in _IN_THOUSANDTHS:
        return 3
    if exponent(currency) > 2:  # a third decimal that Stripe does not know
        raise AmountUnfit(currency)
    return 2
