"""How payments refuse.

Invalid
├── NothingToPay
└── CurrencyUnknown         facts: `currency`
NotFound
├── UnknownPayment
└── UnknownRefund
Conflict
├── PaymentOpen
├── PaymentOfAnotherOrder
├── ReferenceTaken
├── NotCaptured             facts: `state`
├── OverRefund              facts: `left`, `minor_units`
└── RefundKeyTaken
"""

from __future__ import annotations

from upstage_crm.core.errors import Conflict, Invalid, NotFound


class NothingToPay(Invalid):
    """A payment, or a refund, is of one minor unit at least."""

    code = "nothing_to_pay"


class CurrencyUnknown(Invalid):
    """A payment has a currency that is no code of three capital letters. Facts: `currency`."""

    code = "payment_currency_unknown"


class UnknownPayment(NotFound):
    """There is no such payment."""

    code = "payment_unknown"


class UnknownRefund(NotFound):
    """There is no such refund."""

    code = "refund_unknown"


class PaymentOpen(Conflict):
    """The basket has a payment that is neither captured nor over."""

    code = "payment_open"


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
