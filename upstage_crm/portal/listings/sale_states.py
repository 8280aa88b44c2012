"""Whether a performance can be bought online now, and why not. Pure."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from upstage_crm.programme.prices.sale_windows import Sale
from upstage_crm.programme.views import PerformanceState, PerformanceView


class SaleState(StrEnum):
    """What a visitor can do about a performance."""

    OPEN = "open"
    SOLD_OUT = "sold_out"
    LATER = "later"  # its sale begins at a time that is known
    DESK = "desk"  # there are tickets, though not online
    PAUSED = "paused"
    CANCELLED = "cancelled"
    OVER = "over"


def sale_state(
    performance: PerformanceView, sale: Sale, *, free: int | None, is_priced: bool, now: datetime
) -> SaleState:
    """How far the online sale to everybody is.

    `free` are the seats and places that can be held, None where none are laid out yet.
    """
    if performance.state is PerformanceState.CANCELLED:
        return SaleState.CANCELLED
    if performance.state is PerformanceState.PERFORMED or now >= performance.starts_at:
        return SaleState.OVER
    if performance.state is not PerformanceState.ON_SALE:
        return SaleState.PAUSED
    if free == 0:
        return SaleState.SOLD_OUT
    if sale.is_open and is_priced and free:
        return SaleState.OPEN
    return SaleState.DESK if sale.opens_at is None else SaleState.LATER
