"""What each guard refuses, in one plain sentence: for a reviewer of the SQL. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from upstage_crm.audit.guards.sql import Rule

# By the name of the rule.
_RULES: Mapping[str, str] = {
    "basket_moves": "A basket takes only the steps that its state allows.",
    "audit_head_order": "The head of the trail only moves forward.",
    "change_request_birth": "A request begins as pending or held; at the desk, always as held.",
    "change_request_end": "A request ends only as the outcomes of its fields say.",
    "change_request_held": "Why a request is held stays; only cooling may become quarantine.",
    "change_request_links": "Link versions and counted code attempts never go back.",
    "change_request_moves": "A request takes only the steps that its state allows.",
    "change_request_period": "A notice period is ended once, and never by the proposer.",
    "change_request_own": "Only staff propose, or a patron by a mailed code that this uses up.",
    "change_request_release": "A held request is released by another person than its proposer.",
    "desk_confirmation_birth": "An identification begins without its second person.",
    "desk_confirmation_second": "Another person confirms an identification, once, and only if "
    "no one declined it.",
    "erasure_birth": "An erasure begins unconfirmed, and with no change of the patron open.",
    "erasure_second": "Another person confirms an erasure before it is done; what ended stays.",
    "drawer_move_late": "Cash is moved only in the drawer of an open shift.",
    "field_change_approval": "A field is approved only when every review that counts says yes, or "
    "when its waiting time is over and none says no.",
    "field_change_birth": "A field change belongs to an open request of the same patron; a revert "
    "gives back exactly what an applied change replaced.",
    "field_change_clock": "Only a waiting field change has an instant at which it takes effect.",
    "field_change_displaced": "What is kept of the address before is written with the approval.",
    "field_change_moves": "A field change takes only the steps that its outcome allows.",
    "field_change_second": "A field of a patron has one open change at most.",
    "field_change_waiting": "A field change waits only when those who must say yes have said it, "
    "and no one has said no.",
    "house_hold_released": "What the house has let go stays so.",
    "ledger_entry_birth": "An entry is a leg of its transaction; the database writes it.",
    "ledger_transaction_birth": "A movement of money begins unsealed.",
    "ledger_transaction_legs": "At least two whole amounts on known accounts sum to zero.",
    "ledger_transaction_shift": "Nothing is booked in a shift that is closed, or in a training.",
    "ledger_transaction_sealed": "A movement of money is sealed once, by a seal that there is.",
    "orders_unfiled": "An order that is filed at a patron's record stays filed.",
    "patron_born_erased": "No record begins as erased.",
    "patron_erased": "A record is erased only under a confirmed erasure, and stays erased.",
    "patron_freeze_birth": "A freeze begins without a finding.",
    "patron_freeze_second": "Two different people end a freeze with one finding; then it stays.",
    "patron_live_email_insert": "No two active patrons share an email address.",
    "patron_live_email_update": "No two active patrons share an email address.",
    "patron_protection": "Protection ends only through a confirmed change of the record.",
    "patron_status": "A status changes only through a confirmed change of the record.",
    "price_complete": "A version of prices takes as many as it was made with, and none later.",
    "payment_birth": "A payment begins with nothing given back, a card's before it is captured.",
    "payment_counter": "What is given back of a payment covers all its refunds.",
    "payment_dispute_moves": "A dispute takes only the steps that its state allows.",
    "payment_moves": "A payment takes only the steps that its state allows.",
    "payment_order": "A payment that belongs to an order stays there.",
    "payment_references": "What a provider calls a payment is said once.",
    "payment_second": "A basket has one open payment at most.",
    "disrupted_order_birth": "An order of a cancelled or moved performance is listed first.",
    "disrupted_order_link": "A link that no longer counts stays so.",
    "disrupted_order_moves": "It takes only the steps that its stage allows.",
    "disrupted_order_settled": "What was settled stays.",
    "ticket_birth": "A ticket begins valid, with its first code.",
    "ticket_code": "The version of a ticket's code never goes back.",
    "ticket_moves": "A ticket takes only the steps that its state allows.",
    "ticket_sealed": "A ticket that is sealed keeps its seal.",
    "seat_move_birth": "Another seat is proposed for a valid ticket of the order, and held for it.",
    "seat_move_moved": "A ticket has another seat only by its holder's yes.",
    "seat_move_moves": "What became of a proposed seat stays.",
    "staff_session_ended": "A session that has ended stays so.",
    "patron_session_delete": "A patron's session goes only with an erasure.",
    "patron_session_ended": "A session that has ended stays so.",
    "patron_sign_in_delete": "A sign-in stays until its time is over, or an erasure takes it.",
    "patron_sign_in_tries": "The tries of a code are never fewer.",
    "patron_sign_in_used": "A sign-in is used once.",
    "ticket_offer_birth": "An offer of tickets begins open.",
    "ticket_offer_mailbox": "The mailbox that tickets are offered to stays; an erasure empties it.",
    "ticket_offer_moves": "An offer of tickets is answered or taken back once.",
    "ticket_transfer_birth": "A ticket is offered before it changes hands, in an open offer.",
    "ticket_transfer_held": "A ticket changes hands only by the recipient's yes.",
    "ticket_transfer_moves": "A ticket that has changed hands stays where it is.",
    "performance_birth": "A performance begins as a draft.",
    "performance_ended": "A performance that is over or cancelled keeps its time and its hall.",
    "performance_moves": "A performance takes only the steps that its state allows.",
    "record_change_birth": "A change of protection or status begins unconfirmed.",
    "record_change_second": "Another person confirms it before it is done; what ended stays.",
    "refund_birth": "A refund begins as pending, and counted by its payment.",
    "refund_moves": "A refund takes only the steps that its state allows.",
    "refund_reference": "What a provider calls a refund is said once.",
    "review_binding": "A review that binds never becomes one that is only heard.",
    "review_birth": "A review begins undecided, on an open field change of its own request.",
    "review_once": "A decision is given once; its comment may be emptied by an erasure.",
    "review_replaced": "A review stops counting only when its mailbox has lost its place.",
    "review_second": "A reviewer has one review that counts per field change.",
    "seat_state_birth": "A seat begins as a free one.",
    "seat_state_delete": "Only a free seat is taken away, when a performance has another plan.",
    "seat_state_holder": "A sold seat stays its sale's own, a held one its holder's until it "
    "lapses.",
    "seat_state_moves": "Only what was held is sold; what was sold or kept back is free first.",
    "seating_sold": "What is sold has its seat in every plan that a performance takes.",
    "staff_alert_birth": "An alert begins open.",
    "staff_alert_second": "Another person than the one it is about closes an alert, once.",
    "staff_since": "Role, email and password change together with the instant at which they did.",
    "suppressed_address_birth": "A suppression begins unlifted.",
    "suppressed_address_second": "Two different people lift a suppression; then it stays.",
    "till_gift_birth": "Complimentary tickets begin as asked for.",
    "till_gift_second": "Another person than the one who asked decides, once.",
    "till_shift_birth": "A shift begins open.",
    "till_shift_closed": "A shift that is closed keeps its count.",
}
# By how the rule's name begins, or ends, for what is repeated per field or per table.
_OF_FIELDS: Mapping[str, str] = {
    "field_change_applied_": "A change counts as applied only once the record holds its value.",
    "patron_": "A protected field is written only with the value of an approved change, or emptied "
    "by an erasure.",
}
_OF_TABLES: Mapping[str, str] = {
    "_identity": "What makes a row the one it is never changes.",
    "_words": "What was written stays; only an erasure empties it.",
    "_delete": "Rows are not deleted, except values of the trail under an erasure.",
    "_update": "Rows are never rewritten.",
    "_overwrite": "No INSERT takes the place of a row that exists.",
    "_truncate": "The table is never emptied.",
}


def sentence_of(rule: Rule) -> str:
    """What `rule` refuses, in words.

    Raises:
        KeyError: the rule has no sentence yet.
    """
    if rule.name in _RULES:
        return _RULES[rule.name]
    for ending, sentence in _OF_TABLES.items():
        if rule.name == f"{rule.table}{ending}":
            return sentence
    for beginning, sentence in _OF_FIELDS.items():
        if rule.name.startswith(beginning):
            return sentence
    raise KeyError(rule.name)
