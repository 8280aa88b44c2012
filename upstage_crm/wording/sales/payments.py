"""The words of payments and refunds, and of their refusals."""

from __future__ import annotations

from collections.abc import Mapping

from upstage_crm.payments.views import DisputeState, Method, PaymentState, RefundCause, RefundState

PAYMENT_SENTENCES: Mapping[str, str] = {
    "nothing_to_pay": "Enter an amount above zero.",
    "payment_currency_unknown": "This currency is unknown.",
    "payment_unknown": "There is no such payment.",
    "refund_unknown": "There is no such refund.",
    "payment_open": "A payment for this is under way. Finish or cancel it first.",
    "payment_over": "This payment is over. Look at what became of it.",
    "payment_of_another_order": "This payment belongs to another order.",
    "payment_reference_taken": "The payment provider calls two payments by one name. Nothing was "
    "changed.",
    "payment_not_captured": "Nothing was paid, so there is nothing to give back.",
    "over_refund": "Only {left} is left of this payment. Nothing was given back.",
    "refund_key_taken": "This refund was made with another amount already.",
    "card_unfit": "A card cannot pay {amount}.",
    "card_not_offered": "Cards are not taken here.",
    "provider_event_unreadable": "This is no event that we can read.",
    "provider_event_refused": "This was not sent by the payment provider.",
    "provider_refused": "The payment provider has refused this ({reason}).",
    "provider_facts_differ": "The payment provider has captured another amount than was asked "
    "for. Compare both before anything else.",
    "provider_away": "The payment provider does not answer. Nothing was charged. Try again in "
    "{seconds} seconds.",
}
METHOD_WORDS: Mapping[Method, str] = {
    Method.CARD: "Card, online",
    Method.CASH: "Cash",
    Method.TERMINAL: "Card terminal",
    Method.INVOICE: "Invoice",
}
PAYMENT_WORDS: Mapping[PaymentState, str] = {
    PaymentState.CREATED: "Begun",
    PaymentState.ACTION_NEEDED: "Waiting for the buyer",
    PaymentState.CAPTURED: "Paid",
    PaymentState.FAILED: "Failed",
    PaymentState.EXPIRED: "Expired",
}
REFUND_WORDS: Mapping[RefundState, str] = {
    RefundState.PENDING: "On its way",
    RefundState.DONE: "Given back",
    RefundState.FAILED: "Failed, still owed",
}
REFUND_CAUSE_WORDS: Mapping[RefundCause, str] = {
    RefundCause.RETURNED: "Tickets returned",
    RefundCause.EXCHANGED: "Tickets exchanged for cheaper ones",
    RefundCause.CANCELLED: "Performance cancelled",
    RefundCause.SEATS_GONE: "Paid after the seats were gone",
    RefundCause.PAID_TWICE: "Paid twice",
    RefundCause.STAFF: "Given back by staff",
    RefundCause.PROVIDER: "Given back at the payment provider",
}
DISPUTE_WORDS: Mapping[DisputeState, str] = {
    DisputeState.OPEN: "Payment disputed",
    DisputeState.ANSWERED: "Dispute answered",
    DisputeState.WON: "Dispute won",
    DisputeState.LOST: "Dispute lost",
    DisputeState.DROPPED: "Inquiry ended",
}
