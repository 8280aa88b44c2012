"""What others see of payments and refunds, and which steps they may take. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Method(StrEnum):
    """How a payment is made."""

    CARD = "card"
    CASH = "cash"
    TERMINAL = "terminal"
    INVOICE = "invoice"


class PaymentState(StrEnum):
    """How far a payment has come. What the buyer has to do is done on the provider's page."""

    CREATED = "created"
    ACTION_NEEDED = "action_needed"
    CAPTURED = "captured"
    FAILED = "failed"
    EXPIRED = "expired"


class RefundState(StrEnum):
    """How far a refund has come; one that failed is still owed."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


class RefundCause(StrEnum):
    """Why money is given back."""

    RETURNED = "returned"
    EXCHANGED = "exchanged"
    CANCELLED = "cancelled"  # the performance
    SEATS_GONE = "seats_gone"  # captured after the hold had lapsed
    PAID_TWICE = "paid_twice"
    STAFF = "staff"
    PROVIDER = "provider"  # made at the provider, and noted here


class DisputeState(StrEnum):
    """How far a cardholder's dispute has come; one that is dropped never withheld anything."""

    OPEN = "open"  # an answer is due
    ANSWERED = "answered"
    WON = "won"
    LOST = "lost"
    DROPPED = "dropped"


OPEN = (PaymentState.CREATED, PaymentState.ACTION_NEEDED)
BY_PROVIDER = (Method.CARD,)
"""What a provider captures; everything else is captured as it is taken."""

PAYMENT_MOVES: Mapping[PaymentState, tuple[PaymentState, ...]] = {
    PaymentState.CREATED: (
        PaymentState.ACTION_NEEDED,
        PaymentState.CAPTURED,
        PaymentState.FAILED,
        PaymentState.EXPIRED,
    ),
    PaymentState.ACTION_NEEDED: (
        PaymentState.CAPTURED,
        PaymentState.FAILED,
        PaymentState.EXPIRED,
    ),
    # What the provider has captured after all is money that we owe: it is sold or goes back.
    PaymentState.FAILED: (PaymentState.CAPTURED,),
    PaymentState.EXPIRED: (PaymentState.CAPTURED,),
}
REFUND_MOVES: Mapping[RefundState, tuple[RefundState, ...]] = {
    RefundState.PENDING: (RefundState.DONE, RefundState.FAILED),
    RefundState.DONE: (RefundState.FAILED,),  # a bank may send it back days later
}
_ENDED = (DisputeState.WON, DisputeState.LOST, DisputeState.DROPPED)
DISPUTE_MOVES: Mapping[DisputeState, tuple[DisputeState, ...]] = {
    DisputeState.OPEN: (DisputeState.ANSWERED, *_ENDED),
    DisputeState.ANSWERED: (DisputeState.OPEN, *_ENDED),
    DisputeState.LOST: (DisputeState.WON,),  # a bank may let it go after all
    DisputeState.DROPPED: (DisputeState.OPEN,),  # an inquiry may still become a dispute
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentView:
    """One payment. Amounts are minor units of `currency`; ids of others are "" for none.

    `reference` and `capture_reference` are the provider's words for it, `public_name` is what its
    address is made of: it cannot be guessed and names no person. `note` is the brand and the last
    four digits of a card, or the slip of a terminal.
    """

    id: str
    basket_id: str
    order_id: str
    method: Method
    state: PaymentState
    amount: int
    currency: str
    refunded: int
    reference: str
    capture_reference: str
    public_name: str
    shift_id: str
    note: str
    deadline_at: datetime | None
    created_at: datetime
    settled_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether the provider may still capture it in time."""
        return self.state in OPEN

    @property
    def left(self) -> int:
        """What can still be given back of it; pending refunds count as given back."""
        return self.amount - self.refunded if self.state is PaymentState.CAPTURED else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundView:
    """Money of one payment that is given back, in minor units of the payment's currency."""

    id: str
    payment_id: str
    amount: int
    state: RefundState
    cause: RefundCause
    reason: str
    key: str
    reference: str
    created_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeView:
    """A dispute about a payment. `reference` is the provider's; `order_id` is "" without an order.

    `due_at` is until when the provider takes an answer, None where it says nothing.
    """

    reference: str
    payment_id: str
    order_id: str
    amount: int
    currency: str
    state: DisputeState
    due_at: datetime | None
    opened_at: datetime
    closed_at: datetime | None
