"""What a visitor is told when something is refused: what happened, and the way on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from upstage_crm.core.errors import UpstageError
from upstage_crm.core.languages import Say

EMAIL: Final = "This is not a whole email address. An example: name@example.org"
PHONE: Final = "Enter the whole phone number with its country code. An example: +44 20 7946 0018"
OTHERWISE: Final = "This did not work, and nothing has changed. Try again, or call the box office."
SENTENCES: Final[Mapping[str, str]] = {
    "seats_taken": "Another visitor was faster: {seats}. Nothing was added. Choose other seats, or "
    "let us find the best ones.",
    "seat_unknown": "These seats are no longer in the plan. Choose again.",
    "no_seats_together": "So many seats are not left together. Take fewer, another zone, or choose "
    "them yourself.",
    "places_taken": "Fewer places are left: {left}.",
    "nothing_wanted": "Choose at least one ticket.",
    "not_laid_out": "There are no tickets for this performance here.",
    "pool_unknown": "There are no tickets for this performance here.",
    "hold_lapsed": "The time is over. Press the button to keep what is still free.",
    "hold_at_its_end": "Your time is up. Please pay now, or start again.",
    "basket_not_priced": "This price is not offered for these seats.",
    "basket_too_few": "{price_type}: at least {least} tickets.",
    "basket_too_many": "{price_type}: at most {most} tickets.",
    "not_on_sale": "This performance is not on sale at the moment.",
    "not_on_sale_yet": "This performance is not on sale yet.",
    "performance_unknown": "This performance is not on sale at the moment.",
    "basket_empty": "Your basket is empty.",
    "basket_over": "This basket is closed already. Look at your tickets, or start again.",
    "basket_paying": "You are paying for this basket. Finish the payment, or cancel it there.",
    "basket_unknown": "Your basket is empty.",
    "price_changed": "The price has changed. It was {before} and is {now} now. Look at it again.",
    "order_contact_missing": "Please enter your email address: your tickets go there.",
    "nothing_offered": "Choose at least one ticket.",
    "transfer_own_address": "Your tickets go to this address already. Enter the one of the person "
    "who gets them.",
    "ticket_offered_before": "This ticket is offered already, or was given to someone: {place}.",
    "ticket_not_valid": "This ticket is no longer valid: {place}.",
    "transfer_too_late": "It is too late to give this ticket to someone: {place}.",
    "transfer_waits": "These tickets cannot change hands at the moment. Try again in three days, "
    "or call us.",
    "transfer_too_many": "You have offered tickets of this order often today. Try again tomorrow.",
    "offer_ended": "This offer is over. Below is what is valid now.",
    "nothing_to_return": "Choose at least one ticket.",
    "performance_begun": "The performance has begun.",
    "own_return_not_offered": "Tickets are returned at the box office. Please call us.",
    "own_return_too_late": "It is too late to return this ticket here: {place}. Please call the "
    "box office.",
    "own_return_comp": "This ticket was a gift of the house, so it is not returned here: {place}. "
    "Please call the box office.",
    "own_return_used": "This ticket was used at the door: {place}.",
    "seat_move_before": "We asked you about another seat: {place}. Please answer our email first.",
    "refund_too_high": "Your money cannot be given back from here. Please call the box office.",
    "portal_nothing_chosen": "Choose at least one ticket.",
    "portal_too_many": "At most {most} tickets fit into one basket. For a larger group, please "
    "call the box office.",
    "portal_another_plan": "The seat plan has changed. Please choose your seats again.",
    "portal_too_often": "Too many attempts in a short time. Wait a minute, then try again.",
    "portal_card_not_taken": "Cards cannot be charged here at the moment. Your seats are "
    "kept: please call the box office.",
    "portal_card_declined": "Several cards were declined. Please call the box office, or try again "
    "tomorrow.",
    "portal_wrong_code": "That is not the code. Look at the newest email, and type its six digits. "
    "After five tries you need a new one.",
    "account_waits": "Your details have changed recently, and the change may still be undone. Try "
    "again in a few days, or call the box office.",
    "account_sign_in_over": "This code or link no longer counts. Ask for a new "
    "one, and let your browser keep our cookies.",
    "account_too_many_codes": "You have asked for many codes recently. Try again in an hour, or "
    "call the box office.",
    "value_missing": "Please fill this in: {label}.",
    "name_character": "A name has letters, spaces, dots, hyphens and apostrophes. Please leave "
    "this out: {character}",
    "name_without_letter": "A name has at least one letter.",
    "phone_unreadable": PHONE,
    "phone_country_unknown": PHONE,
    "phone_area_code_missing": PHONE,
    "phone_too_short": PHONE,
    "phone_too_long": PHONE,
    "phone_extension": PHONE,
    "phone_impossible": PHONE,
    "country_unknown": "Please choose a country from the list.",
    "date_unreadable": "Please enter the whole date, with its year.",
    "date_in_future": "This date is still to come.",
    "date_too_early": "This date is too long ago.",
    "text_too_long": "{label}: this is too long. At most {limit} characters fit.",
    "text_line_break": "Please write this on one line: {label}.",
    "nothing_to_change": "This is what your record says already.",
    "in_revert_window": "Your details have changed recently, and the change may still be undone. "
    "They can be changed here from {until} on. If it is urgent, call the box office.",
    "already_proposed": "Our staff are looking into a change of this detail ({reference}). Please "
    "call the box office.",
    "change_waits": "A change of this detail is approved already and takes effect later "
    "({reference}). Until then it cannot be changed here.",
    "recently_rejected": "This was rejected recently. It can be asked for again from {until} on.",
    "export_waits": "Your details have changed recently, and the change may still be undone. Try "
    "again in a few days, or call the box office.",
    "waiting_wish_invalid": "Choose a number of tickets up to {most}, and one of the zones.",
    "waiting_list_closed": "The waiting list of this performance is closed, or your email was "
    "answered too late.",
    "waiting_offer_over": "This offer is over: its time ran out, or you declined it.",
    "portal_foreign_form": "This form came from another website. Please start again here.",
}
"""By the code of a refusal."""


def sentence(refusal: UpstageError, say: Say, **facts: str) -> str:
    """What a visitor is told; `facts` stand in place of those of the refusal, in their language."""
    if refusal.code.startswith("email_"):
        return say(EMAIL)
    known = {name: str(value) for name, value in refusal.facts.items()} | facts
    try:
        return say(SENTENCES[refusal.code]).format_map(known)
    except KeyError:
        return say(OTHERWISE)
