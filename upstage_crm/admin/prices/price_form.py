"""Reads what was typed about the prices of an event: the grid, the fees, and from when on. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Final

from upstage_crm.admin.prices.price_rows import FeeRow, input_of
from upstage_crm.core.errors import UpstageError
from upstage_crm.programme.errors import TimeUnreadable
from upstage_crm.programme.prices.grid import MOST_FEES, read_fees, read_grid
from upstage_crm.programme.prices.price_lists import NewPrices
from upstage_crm.programme.prices.views import Cell, Fee, PriceType
from upstage_crm.programme.times import instant, read_day, read_time

TAX, FEES = "tax", "fees"
FIELDS: Final[Mapping[str, str]] = dict.fromkeys(
    (TAX, "from-day", "from-time", "until-day", "until-time"), ""
)
"""The inputs beside the grid and the fees."""
Refused = dict[str, tuple[str, UpstageError]]


@dataclass(frozen=True, slots=True)
class ReadPrices:
    """The prices, or by input what it is called and why it was refused."""

    new: NewPrices | None
    refused: Refused = field(default_factory=dict[str, tuple[str, UpstageError]])


def read_prices(
    typed: Mapping[str, str],
    *,
    zones: Sequence[str],
    types: Mapping[str, PriceType],
    currency: str,
    zone: tzinfo,
    performance_id: str | None,
    now: datetime,
) -> ReadPrices:
    """Read a form. Prices hold from now on where it says no beginning, and without end."""
    cells = [Cell(name, type_id) for name in zones for type_id in types]
    grid = read_grid({cell: typed.get(input_of(cell), "") for cell in cells}, currency)
    refused: Refused = {
        input_of(cell): (f"{types[cell.type_id].name}, zone {cell.zone}", error)
        for cell, error in grid.refused.items()
    }
    fees: tuple[Fee, ...] = ()
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    try:
        fees = read_fees(_typed_fees(typed), currency)
    except UpstageError as error:
        refused[FEES] = ("Fees", error)
    try:
        starts_at = read_moment(typed, "from", zone)
    except UpstageError as error:
        refused["from-day"] = ("Valid from", error)
    try:
        ends_at = read_moment(typed, "until", zone)
    except UpstageError as error:
        refused["until-day"] = ("Valid until", error)
    if refused:
        return ReadPrices(None, refused)
    new = NewPrices(
        amounts=grid.amounts,
        fees=fees,
        tax_rate_id=typed.get(TAX, ""),
        starts_at=starts_at or now,
        ends_at=ends_at,
        performance_id=performance_id,
    )
    return ReadPrices(new)


def read_moment(typed: Mapping[str, str], name: str, zone: tzinfo) -> datetime | None:
    """The instant that a day and a time say, by the clocks of the house; None for neither.

    A day alone means its first minute.

    Raises:
        TimeUnreadable, TimeSkipped, TimeDoubled.
    """
    day, at = typed.get(f"{name}-day", "").strip(), typed.get(f"{name}-time", "").strip()
    if not day and not at:
        return None
    if not day:
        raise TimeUnreadable
    return instant(read_day(day), read_time(at or "00:00"), zone)


def fee_rows(typed: Mapping[str, str]) -> list[FeeRow]:
    """The inputs of the fees: those that hold something, and one more."""
    held = [at for at, pair in enumerate(_typed_fees(typed)) if any(pair)]
    count = min(max(held, default=-1) + 2, MOST_FEES)
    return [
        FeeRow(
            name_input=f"fee-name-{at}",
            amount_input=f"fee-amount-{at}",
            label=f"Fee {at + 1}",
            name=name,
            amount=amount,
        )
        for at, (name, amount) in enumerate(_typed_fees(typed)[:count])
    ]


def _typed_fees(typed: Mapping[str, str]) -> list[tuple[str, str]]:
    return [
        (typed.get(f"fee-name-{at}", ""), typed.get(f"fee-amount-{at}", ""))
        for at in range(MOST_FEES)
    ]
