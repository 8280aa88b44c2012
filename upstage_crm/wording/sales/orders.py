"""The words of baskets, orders and tickets."""

from __future__ import annotations

from collections.abc import Mapping

from upstage_crm.orders.transfers.views import OfferState, SeatMoveReason
from upstage_crm.orders.views import BasketState, OrderReason, StepKind, TicketState

ORDER_SENTENCES: Mapping[str, str] = {
    "basket_empty": "Nothing is chosen yet.",
    "order_contact_missing": "Enter an email address: the tickets are sent there.",
    "tenders_differ": "To be paid: {total}. Entered: {paid}.",
    "shift_missing": "Open a shift first: cash needs a drawer.",
    "refund_too_high": "Only {left} of what was paid is left.",
    "more_than_owed": "Only {owed} is owed.",
    "refund_above_limit": "More than {most} of one order is given back by an owner or a manager.",
    "order_reason_missing": "Choose a reason.",
    "no_valid_ticket": "No ticket of this order is valid.",
    "nothing_to_return": "Choose at least one ticket.",
    "basket_unknown": "This basket is gone.",
    "order_unknown": "There is no such order.",
    "ticket_unknown": "There is no such ticket in this order.",
    "basket_over": "This basket is closed. Start a new one.",
    "basket_paying": "The basket is being paid. Wait for the payment, or cancel it.",
    "price_changed": "The price has changed: it was {before} and is {now}. Look at it again.",
    "buyer_gone": "This record is closed, so nothing can be sold to it.",
    "ticket_not_valid": "This ticket is no longer valid: {place}.",
    "performance_begun": "The performance has begun.",
    "step_key_taken": "This was done for another order already.",
    "answered_before": "You have answered already. This is what you chose.",
    "answer_too_late": "The time to choose is over.",
    "date_not_possible": (
        "Your tickets could not be moved to that date. Please choose again, or call us."
    ),
    "nothing_offered": "Choose at least one ticket.",
    "transfer_own_address": "The tickets go to this address already.",
    "ticket_offered_before": "This ticket is offered already, or was given to someone: {place}.",
    "transfer_too_late": "It is too late to give this ticket to someone: {place}.",
    "transfer_waits": (
        "These tickets cannot change hands at the moment. Try again in three days, or call us."
    ),
    "transfer_too_many": "Tickets of this order were offered often today. Try again tomorrow.",
    "offer_ended": "This offer is over.",
    "seat_move_no_seat": "This ticket has no numbered seat: {place}.",
    "seat_move_no_mailbox": (
        "There is no email address that the holder could be asked at. Exchange the ticket at the "
        "box office instead."
    ),
    "seat_move_before": "The holder is asked about another seat already: {place}.",
    "seat_move_too_late": "It is too late to propose another seat: {place}.",
    "nothing_owed": "The desk owes nothing for this order.",
    "own_return_not_offered": "Tickets are returned at the box office.",
    "own_return_too_late": "It is too late to return this ticket here: {place}.",
    "own_return_comp": "This ticket was a gift of the house: {place}.",
    "own_return_used": "This ticket was used at the door: {place}.",
    "contact_time_refused": "Enter a whole number from {least} to {most}.",
    "return_time_refused": "Enter a whole number from 0 to {most}, or leave it empty.",
    "answer_time_refused": "Enter a whole number from 0 to {most}.",
}
TICKET_STATES: Mapping[TicketState, str] = {
    TicketState.VALID: "Valid",
    TicketState.RETURNED: "Returned",
    TicketState.EXCHANGED: "Exchanged",
    TicketState.VOID: "Void",
}
OFFER_STATES: Mapping[OfferState, str] = {
    OfferState.OPEN: "No answer yet",
    OfferState.ACCEPTED: "Taken",
    OfferState.DECLINED: "Not taken",
    OfferState.TAKEN_BACK: "Taken back",
    OfferState.LAPSED: "Lapsed",
}
SEAT_REASON_WORDS: Mapping[SeatMoveReason, str] = {
    SeatMoveReason.SEAT_PLAN: "The seats are arranged differently",
    SeatMoveReason.EQUIPMENT: "Equipment of the performance",
    SeatMoveReason.BROKEN: "The seat cannot be used",
    SeatMoveReason.ACCESS: "Someone depends on the seat",
    SeatMoveReason.AS_ASKED: "The holder asked for it",
}
DIRECTIONS: Mapping[str, str] = {"given": "Given", "received": "Received"}
STEPS: Mapping[StepKind, str] = {
    StepKind.SALE: "Sold",
    StepKind.EXCHANGE: "Exchanged",
    StepKind.RETURN: "Returned",
    StepKind.CANCELLATION: "Performance cancelled",
    StepKind.REISSUE: "Issued again",
    StepKind.TRANSFER: "Transferred",
    StepKind.SEAT_MOVE: "Moved to another seat",
}
REASON_WORDS: Mapping[OrderReason, str] = {
    OrderReason.CANNOT_COME: "The buyer cannot come",
    OrderReason.WRONG_DATE: "Bought for the wrong date or seats",
    OrderReason.BOUGHT_TWICE: "Bought twice",
    OrderReason.CHANGED: "The performance has changed",
    OrderReason.LOST: "Tickets were lost",
    OrderReason.COPIED: "Tickets may have been copied",
    OrderReason.GOODWILL: "Goodwill",
    OrderReason.OTHER: "Another reason",
}
BASKET_STATES: Mapping[BasketState, str] = {
    BasketState.OPEN: "Open",
    BasketState.PAYING: "Being paid",
    BasketState.SOLD: "Sold",
    BasketState.LET_GO: "Cancelled",
}


def reason_words(reason: str) -> str:
    """Why something was done with an order."""
    if reason in set(SeatMoveReason):
        return SEAT_REASON_WORDS[SeatMoveReason(reason)]
    return REASON_WORDS[OrderReason(reason)] if reason in set(OrderReason) else reason
