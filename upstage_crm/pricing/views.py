"""What a basket is priced from, and what it becomes. Amounts are minor units of one currency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from upstage_crm.core.money import WHOLE
from upstage_crm.programme.prices.sale_windows import Claim
from upstage_crm.programme.prices.views import (
    CompReason,
    Fee,
    PriceList,
    SaleChannel,
    SaleWindow,
    TaxRate,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One ticket that is wanted. `key` names the seat or place, and is unique in the basket."""

    key: str
    performance_id: str
    zone: str
    type_id: str
    comp_reason: CompReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A performance with every version of its event's prices and every sale window of it.

    A command that sells has proven the version that holds before (`audit.recorded`).
    """

    performance_id: str
    starts_at: datetime
    lists: Sequence[PriceList]
    windows: Sequence[SaleWindow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """Who buys, and how. `may_comp` says that a staff member who may give tickets away sells."""

    channel: SaleChannel
    claims: frozenset[Claim] = frozenset()
    may_comp: bool = False


class ReductionKind(StrEnum):
    """What `value` of a reduction is: basis points off, an amount off, or the price itself."""

    SHARE_OFF = "share_off"
    AMOUNT_OFF = "amount_off"
    FIXED_PRICE = "fixed_price"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduction:
    """A rule that lowers prices: a benefit, or what a code gives.

    It is for the tickets of the price types, zones and performances that it names, an empty set
    meaning all, and for `allowance` of them at most (None: for any number).
    """

    id: str
    name: str
    kind: ReductionKind
    value: int
    allowance: int | None = None
    type_ids: frozenset[str] = frozenset()
    zones: frozenset[str] = frozenset()
    performance_ids: frozenset[str] = frozenset()

    def is_for(self, line: Line) -> bool:
        """Whether it is for this ticket."""
        pairs = (
            (self.type_ids, line.type_id),
            (self.zones, line.zone),
            (self.performance_ids, line.performance_id),
        )
        return all(not wanted or value in wanted for wanted, value in pairs)

    def saving(self, amount: int) -> int:
        """What it takes off a price, never more than the price; half a unit goes to the buyer."""
        if self.kind is ReductionKind.SHARE_OFF:
            off = (2 * amount * self.value + WHOLE) // (2 * WHOLE)
        elif self.kind is ReductionKind.AMOUNT_OFF:
            off = self.value
        else:
            off = amount - self.value
        return min(max(off, 0), amount)


class TaxMode(StrEnum):
    """How the tax in gross prices is rounded; the sum of the lines is the total either way.

    LINE rounds each line. SUM rounds the tax of all lines of one rate together, and shares it out.
    """

    LINE = "line"
    SUM = "sum"


class StepKind(StrEnum):
    """Which rule made a step of a price."""

    LIST = "list"
    COMP = "comp"
    REDUCTION = "reduction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rule that made a price, and what it added or, below zero, took off.

    `rule_id` is the price of a list or the reduction; of a complimentary ticket it is the reason.
    `name` is the price type's or the reduction's, `version` that of the prices.
    """

    kind: StepKind
    rule_id: str
    name: str
    amount: int
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedLine:
    """One ticket with its price: the sum of its steps, of which fees and tax are parts.

    `window_id` is the sale window by which it is sold.
    """

    line: Line
    window_id: str
    steps: tuple[Step, ...]
    fees: tuple[Fee, ...]
    amount: int
    tax_rate: TaxRate
    tax: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A basket with its prices. Its lines are in one order, however they were clicked together."""

    currency: str
    tax_mode: TaxMode
    lines: tuple[PricedLine, ...]

    @property
    def total(self) -> int:
        """What is to be paid: the sum of the lines."""
        return sum(line.amount for line in self.lines)

    @property
    def taxes(self) -> Mapping[TaxRate, int]:
        """The tax in the total, by rate."""
        found: dict[TaxRate, int] = {}
        for line in self.lines:
            found[line.tax_rate] = found.get(line.tax_rate, 0) + line.tax
        return found
