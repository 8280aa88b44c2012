"""Amounts that a customer is likely to hand over, and the change. Pure."""

from __future__ import annotations

from upstage_crm.core.money import exponent

_STEPS = (5, 10, 20, 50, 100)  # in whole units of the currency: the notes of most
MOST_OFFERED = 3


def likely_notes(due: int, currency: str) -> list[int]:
    """Round amounts above what is due, in minor units, the smallest first; none for nothing."""
    unit = 10 ** exponent(currency)
    if due <= 0:
        return []
    rounded = {-(-due // (step * unit)) * step * unit for step in _STEPS}
    return sorted(amount for amount in rounded if amount > due)[:MOST_OFFERED]
