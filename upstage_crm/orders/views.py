"""What others see of baskets, orders and tickets. Amounts are minor units of one currency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from upstage_crm.payments.views import Method
from upstage_crm.programme.prices.views import CompReason, SaleChannel
from upstage_crm.staff.roles import StaffMember

REASON_LIMIT = 200  # characters of why a step was taken


class BasketKind(StrEnum):
    """What a basket is for: a sale, or the new seats of an exchange."""

    SALE = "sale"
    EXCHANGE = "exchange"


class BasketState(StrEnum):
    """How far a basket is. Sold and let go are for good."""

    OPEN = "open"
    PAYING = "paying"
    SOLD = "sold"
    LET_GO = "let_go"


class TicketState(StrEnum):
    """Whether a ticket opens the door. Refunded is a fact of its payment, used one of its scans."""

    VALID = "valid"
    RETURNED = "returned"
    EXCHANGED = "exchanged"
    VOID = "void"


class StepKind(StrEnum):
    """What happened to an order. Its first step is the sale."""

    SALE = "sale"
    EXCHANGE = "exchange"
    RETURN = "return"
    CANCELLATION = "cancellation"
    REISSUE = "reissue"
    TRANSFER = "transfer"
    SEAT_MOVE = "seat_move"


class OrderReason(StrEnum):
    """Why staff do something with an order: a code, because the books keep it for good."""

    CANNOT_COME = "cannot_come"
    WRONG_DATE = "wrong_date"
    BOUGHT_TWICE = "bought_twice"
    CHANGED = "changed"  # the performance, or what was promised of it
    LOST = "lost"
    COPIED = "copied"
    GOODWILL = "goodwill"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """How the buyer of one order can be reached, as it was typed for that order alone."""

    email: str = ""
    name: str = ""
    phone: str = ""
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tender:
    """A part of what is paid. `note` is the slip of a card terminal, or what an invoice says.

    `payment_id` names a payment that a provider has captured already; without one it is taken now.
    """

    method: Method
    amount: int
    note: str = ""
    payment_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    """Who sells, and where: a staff member at a till or on the phone, or the portal itself."""

    channel: SaleChannel
    actor: StaffMember | None = None
    shift_id: str = ""

    @property
    def staff_id(self) -> str:
        """The staff member's id, "" in the portal."""
        return "" if self.actor is None else self.actor.id


@dataclass(frozen=True, slots=True, kw_only=True)
class BasketLine:
    """One ticket that somebody is about to buy, at the price that was promised.

    `seat_id` is "" for a place without a number; `place` names the seat or the area in words.
    """

    key: str
    performance_id: str
    seat_id: str
    pool_id: str
    place: str
    zone: str
    type_id: str
    comp_reason: CompReason | None
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BasketView:
    """A basket as it stands now.

    `until` is the deadline of what it holds, None once that has lapsed or when it holds nothing;
    `extensions_left` says how often it can be moved. `priced_at` is when its prices were promised.
    """

    id: str
    kind: BasketKind
    state: BasketState
    channel: SaleChannel
    patron_id: str | None
    language: str
    label: str
    currency: str
    lines: tuple[BasketLine, ...]
    until: datetime | None
    extensions_left: int
    priced_at: datetime
    order_id: str | None

    @property
    def total(self) -> int:
        """What is to be paid: the sum of the lines."""
        return sum(line.amount for line in self.lines)

    @property
    def is_held(self) -> bool:
        """Whether all that is in it is still held."""
        return self.until is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sold:
    """What a sale returns. `was_sold` says that the basket was sold before: nothing was done."""

    order_id: str
    reference: str
    ticket_ids: tuple[str, ...]
    was_sold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketView:
    """One ticket of an order."""

    id: str
    order_id: str
    performance_id: str
    seat_id: str
    pool_id: str
    place: str
    zone: str
    type_id: str
    amount: int
    state: TicketState
    code_version: int
    collected_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """One thing that happened to an order. `total` is what it added to the order's sum."""

    n: int
    kind: StepKind
    total: int
    staff_id: str
    reason: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """An order with its steps and every ticket that it ever had.

    `total` is the sum of its steps: what the buyer has to pay for all that was not taken back.
    `is_claimed` says that the patron of its record is known to be the buyer.
    """

    id: str
    reference: str
    channel: SaleChannel
    patron_id: str | None
    contact: Contact
    currency: str
    total: int
    staff_id: str
    shift_id: str
    created_at: datetime
    steps: tuple[StepView, ...]
    tickets: tuple[TicketView, ...]
    is_claimed: bool = False

    @property
    def valid(self) -> tuple[TicketView, ...]:
        """The tickets that open a door."""
        return tuple(one for one in self.tickets if one.state is TicketState.VALID)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One order in a list: how many tickets are valid, and for which performance the first is."""

    id: str
    reference: str
    channel: SaleChannel
    patron_id: str | None
    name: str
    currency: str
    total: int
    tickets: int
    performance_id: str
    created_at: datetime


Choices = Mapping[str, int]
"""How many tickets of each price type, by its id."""
