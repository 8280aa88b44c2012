"""How payments refuse.

Invalid
├── NothingToPay
├── CurrencyUnknown         facts: `currency`
├── CardUnfit               facts: `amount`
└── EventUnreadable
Forbidden
└── EventRefused
NotFound
├── UnknownPayment
└── UnknownRefund
Conflict
├── PaymentOpen
├── PaymentOver
├── PaymentOfAnotherOrder
├── ReferenceTaken
├── NotCaptured             facts: `state`
├── OverRefund              facts: `left`, `minor_units`
├── RefundKeyTaken
├── CardNotOffered
├── ProviderRefused         facts: `reason`
└── FactsDiffer             facts: `payment`
Busy
└── ProviderAway            facts: `seconds`
"""

from __future__ import annotations

from upstage_crm.core.errors import Busy, Conflict, Forbidden, Invalid, NotFound


class NothingToPay(Invalid):
    """A payment, or a refund, is of one minor unit at least."""

    code = "nothing_to_pay"


class CurrencyUnknown(Invalid):
    """A payment has a currency that is no code of three capital letters. Facts: `currency`."""

    code = "payment_currency_unknown"


class CardUnfit(Invalid):
    """The provider takes no such amount by card. Facts: `amount`, in words."""

    code = "card_unfit"


class EventUnreadable(Invalid):
    """A body is the provider's, and no event that we can read."""

    code = "provider_event_unreadable"


class EventRefused(Forbidden):
    """A body is not the provider's, or too old. It does not say which."""

    code = "provider_event_refused"


class UnknownPayment(NotFound):
    """There is no such payment."""

    code = "payment_unknown"


class UnknownRefund(NotFound):
    """There is no such refund."""

    code = "refund_unknown"


class PaymentOpen(Conflict):
    """The basket has a payment that is neither captured nor over."""

    code = "payment_open"


class PaymentOver(Conflict):
    """The payment was captured, or has ended."""

    code = "payment_over"


class PaymentOfAnotherOrder(Conflict):
    """The payment belongs to an order already, and stays there."""

    code = "payment_of_another_order"


class ReferenceTaken(Conflict):
    """The provider's reference belongs to another payment, or the payment has another one."""

    code = "payment_reference_taken"


class NotCaptured(Conflict):
    """Nothing was captured, so nothing can be given back. Facts: `state` of the payment."""

    code = "payment_not_captured"


class OverRefund(Conflict):
    """More than is left of a payment. Facts: `left`, in words; `minor_units`."""

    code = "over_refund"


class RefundKeyTaken(Conflict):
    """The key stands for another refund: another payment, or another amount."""

    code = "refund_key_taken"


class CardNotOffered(Conflict):
    """There is no provider here, so that no card can be charged."""

    code = "card_not_offered"


class ProviderRefused(Conflict):
    """The provider will never do what it was asked. Facts: `reason`, its short word for it."""

    code = "provider_refused"


class FactsDiffer(Conflict):
    """The provider captured another amount, or for another payment. Facts: `payment`, its id."""

    code = "provider_facts_differ"


class ProviderAway(Busy):
    """The provider does not answer, or asks to wait. Facts: `seconds`."""

    code = "provider_away"

    def __init__(self, seconds: int = 10) -> None:
        super().__init__(seconds=seconds)
