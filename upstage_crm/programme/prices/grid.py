"""What staff type into the table of prices, read cell by cell; and the fees in them. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from upstage_crm.core.errors import UpstageError
from upstage_crm.core.money import WHOLE, read_amount
from upstage_crm.core.text import clean_line, comparable
from upstage_crm.programme.prices.errors import (
    CompPriced,
    FeeIncomplete,
    FeeNameTwice,
    FeesAbovePrice,
    QuantitiesBackwards,
    QuantityUnreadable,
    RateUnreadable,
)
from upstage_crm.programme.prices.views import Cell, Fee, PriceType

FEE_NAME_LIMIT = 60  # characters
MOST_FEES = 4
MOST_TICKETS = 500  # that a bound of one order can say
_RATE = re.compile(r"([0-9]{1,3})(?:[.,]([0-9]{1,2}))?")


@dataclass(frozen=True, slots=True)
class Grid:
    """The amounts that could be read, and the refusal of each cell that could not."""

    amounts: dict[Cell, int] = field(default_factory=dict[Cell, int])
    refused: dict[Cell, UpstageError] = field(default_factory=dict[Cell, UpstageError])


def read_grid(typed: Mapping[Cell, str], currency: str) -> Grid:
    """Read what was typed into the cells; an empty one has no price."""
    grid = Grid()
    for cell, text in typed.items():
        if not text.strip():
            continue
        try:
            grid.amounts[cell] = read_amount(text, currency)
        except UpstageError as error:
            grid.refused[cell] = error
    return grid


def read_fees(typed: Sequence[tuple[str, str]], currency: str) -> tuple[Fee, ...]:
    """Read pairs of a name and an amount; a pair of which both are empty is left out.

    Raises:
        FeeIncomplete, FeeNameTwice, InvalidText; a refusal of `read_amount`.
    """
    fees: list[Fee] = []
    for text, amount in typed:
        name = clean_line(text, FEE_NAME_LIMIT)
        if not name and not amount.strip():
            continue
        if not name or not amount.strip():
            raise FeeIncomplete
        if comparable(name) in {comparable(fee.name) for fee in fees}:
            raise FeeNameTwice
        fees.append(Fee(name, read_amount(amount, currency)))
    return tuple(fee for fee in fees if fee.amount)


def ensure_sound(
    amounts: Mapping[Cell, int], fees: Sequence[Fee], types: Mapping[str, PriceType]
) -> None:
    """Refuse prices that do not hold their fees, and prices of what is free.

    Raises:
        CompPriced, FeesAbovePrice.
    """
    within = sum(fee.amount for fee in fees)
    for cell, amount in amounts.items():
        if types[cell.type_id].is_comp:
            raise CompPriced
        if 0 < amount < within:
            raise FeesAbovePrice(zone=cell.zone, price_type=types[cell.type_id].name)


def read_rate(text: str) -> int:
    """The basis points of a percentage: "20", "7.5", "7,25".

    Raises:
        RateUnreadable: it is none from 0 to 100 with two decimals at most.
    """
    match = _RATE.fullmatch(text.strip().removesuffix("%").rstrip())
    if match is None:
        raise RateUnreadable
    points = int(match[1] + (match[2] or "").ljust(2, "0"))
    if points > WHOLE:
        raise RateUnreadable
    return points


def rate_in_words(basis_points: int) -> str:
    """A rate as people read it: "20 %", "7.5 %"."""
    whole, part = divmod(basis_points, 100)
    return f"{whole}.{part:02}".rstrip("0").rstrip(".") + " %"


def read_bounds(least: str, most: str) -> tuple[int, int]:
    """The fewest and the most tickets of an order; an empty text is 0, which is no bound.

    Raises:
        QuantityUnreadable, QuantitiesBackwards.
    """
    low, high = _quantity(least), _quantity(most)
    if high and low > high:
        raise QuantitiesBackwards
    return low, high


def fees_to_text(fees: Sequence[Fee]) -> str:
    """Fees as they are stored."""
    return json.dumps([[fee.name, fee.amount] for fee in fees], ensure_ascii=False)


def fees_from_text(stored: str) -> tuple[Fee, ...]:
    """Fees as they were stored."""
    pairs: list[tuple[str, int]] = json.loads(stored)
    return tuple(Fee(name, amount) for name, amount in pairs)


def _quantity(text: str) -> int:
    stripped = text.strip()
    if not stripped:
        return 0
    is_number = stripped.isascii() and stripped.isdecimal() and len(stripped) <= 3
    if not is_number or int(stripped) > MOST_TICKETS:
        raise QuantityUnreadable(most=MOST_TICKETS)
    return int(stripped)
