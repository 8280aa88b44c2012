"""What we ask of a provider, and what it answers: one protocol for Stripe and the test acquirer.

Nothing here is called inside a transaction: a payment or a refund is committed first, under an id
that makes asking twice the same as asking once, and what the answer says is one guarded step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from upstage_crm.payments.views import DisputeState, PaymentState, RefundState


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWanted:
    """A page of the provider on which the buyer pays `amount` minor units of `currency`.

    `words` say there what is bought; they name no person. The buyer comes back to `return_url`
    from a payment and to `back_url` without one; both are addresses of ours.
    """

    payment_id: str
    amount: int
    currency: str
    words: str
    return_url: str
    back_url: str
    language: str
    deadline_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the provider: its `reference` there, and where the browser goes."""

    reference: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is true of a payment, as the provider says now.

    `payment_id` is the id that we gave it; `capture_reference` and `note` (brand and last four
    digits) are there once it is captured.
    """

    payment_id: str
    state: PaymentState
    amount: int
    currency: str
    capture_reference: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundWanted:
    """What to give back of a captured payment. `refund_id` is the key of the whole refund."""

    refund_id: str
    payment_id: str
    capture_reference: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFacts:
    """What is true of a refund. `refund_id` is ours, "" for one that was made at the provider."""

    reference: str
    refund_id: str
    capture_reference: str
    state: RefundState
    amount: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeFacts:
    """A cardholder's bank wants the money back: `amount` is withheld until it is decided.

    An inquiry is no dispute yet, and withholds nothing. `due_at` is until when the provider takes
    an answer, None where it says nothing.
    """

    reference: str
    capture_reference: str
    amount: int
    currency: str
    is_withheld: bool
    is_won: bool
    state: DisputeState
    due_at: datetime | None


class EventAbout(StrEnum):
    """What an event tells of; of most a provider tells more than we asked for."""

    PAYMENT = "payment"
    REFUND = "refund"
    DISPUTE = "dispute"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEvent:
    """A hint of a provider that something has changed; what holds is asked of it.

    `id` is the same on every delivery; `subject` is the provider's reference of what it is about.
    """

    id: str
    kind: str
    about: EventAbout
    subject: str


class Provider(Protocol):
    """Captures payments by card on a page of its own. Safe to share between threads.

    Every call may raise `ProviderAway`, after which the same call is worth another try, and
    `ProviderRefused`, after which it is not.
    """

    @property
    def name(self) -> str:
        """What rows call it; it never changes."""
        ...

    @property
    def mark(self) -> str:
        """What each of its references begins with."""
        ...

    @property
    def form_action(self) -> str:
        """The origin that a form of ours may lead to, for the content policy; "" for our own."""
        ...

    def can_take(self, amount: int, currency: str) -> bool:
        """Whether it takes such an amount: not too small, not too fine, in a currency it knows."""
        ...

    def open(self, wanted: PageWanted, *, now: datetime) -> Page:
        """Make the page, or give the one that was made for this payment before."""
        ...

    def close(self, reference: str, *, now: datetime) -> None:
        """End a page, so that nothing can be captured on it any more. No error when it is over."""
        ...

    def fetch(self, reference: str, *, now: datetime) -> Facts:
        """What is true of the payment behind a page, or behind a capture."""
        ...

    def refund(self, wanted: RefundWanted, *, now: datetime) -> RefundFacts:
        """Give money back, once for each refund id."""
        ...

    def fetch_refund(self, reference: str, *, now: datetime) -> RefundFacts:
        """What is true of a refund."""
        ...

    def fetch_dispute(self, reference: str, *, now: datetime) -> DisputeFacts:
        """What is true of a dispute."""
        ...

    def read_event(
        self, headers: Mapping[str, str], body: bytes, *, now: datetime
    ) -> ProviderEvent:
        """Check that the provider sent this, and read it. `headers` by lower-case name.

        Raises:
            EventRefused: it is not the provider's, or too old.
            EventUnreadable: it is the provider's, and no event.
        """
        ...
