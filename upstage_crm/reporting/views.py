"""What reports say: amounts by what they are grouped by, and the entries behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from upstage_crm.ledger.views import Account, PostingKind
from upstage_crm.programme.prices.views import SaleChannel


class SalesBy(StrEnum):
    """What sales are grouped by."""

    EVENT = "event"
    PERFORMANCE = "performance"
    ZONE = "zone"
    PRICE_TYPE = "type"
    CHANNEL = "channel"
    DAY = "day"


class TakingsBy(StrEnum):
    """What takings are grouped by."""

    TENDER = "tender"
    TILL = "till"
    PERSON = "person"
    SHIFT = "shift"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Days:
    """From `first` to `last`, both included, by the organisation's clocks; None is no limit."""

    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sales:
    """What was sold, less what was taken back, in minor units; `income` is net of fees and tax."""

    sold: int = 0
    returned: int = 0
    income: int = 0
    fees: int = 0
    tax: int = 0

    @property
    def tickets(self) -> int:
        """How many tickets are left of those sold."""
        return self.sold - self.returned

    @property
    def gross(self) -> int:
        """What buyers paid, all in."""
        return self.income + self.fees + self.tax

    def __add__(self, other: Sales) -> Sales:
        return Sales(
            sold=self.sold + other.sold,
            returned=self.returned + other.returned,
            income=self.income + other.income,
            fees=self.fees + other.fees,
            tax=self.tax + other.tax,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Takings:
    """What was taken and given back by tenders, in minor units, and how often each."""

    taken: int = 0
    given_back: int = 0
    times: int = 0
    times_back: int = 0

    @property
    def net(self) -> int:
        """What is left of it."""
        return self.taken - self.given_back

    def __add__(self, other: Takings) -> Takings:
        return Takings(
            taken=self.taken + other.taken,
            given_back=self.given_back + other.given_back,
            times=self.times + other.times,
            times_back=self.times_back + other.times_back,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """What is sold of a performance and not earned yet, in minor units."""

    income: int = 0
    fees: int = 0

    @property
    def total(self) -> int:
        """Both together."""
        return self.income + self.fees

    def __add__(self, other: Deferred) -> Deferred:
        return Deferred(income=self.income + other.income, fees=self.fees + other.fees)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntriesOf:
    """Which entries are asked for. What is "" or empty asks for all.

    `performances` are ids. `is_sale` asks for the lines of orders alone: what is earned is none.
    `staff_id` and `shift_id` may be `NONE`: booked by no one, in no shift.
    """

    days: Days = Days()
    accounts: Sequence[Account] = ()
    kinds: Sequence[PostingKind] = ()
    performances: Sequence[str] = ()
    zone: str = ""
    type_id: str = ""
    channel: SaleChannel | None = None
    is_sale: bool = False
    shifts: Sequence[str] = ()
    staff_id: str = ""


NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedEntry:
    """One entry of the books, with what it is about. `key` is what a next page goes on from."""

    key: str
    booked_at: datetime
    kind: PostingKind
    account: Account
    amount: int
    order_id: str
    reference: str
    performance_id: str
    zone: str
    type_id: str
    channel: SaleChannel | None
    shift_id: str
    staff_id: str
