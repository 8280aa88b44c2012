"""What a visitor is told when something is refused: what happened, and the way on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from upstage_crm.core.errors import UpstageError
from upstage_crm.core.languages import Say

EMAIL: Final = "This is not a whole email address. An example: name@example.org"
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
    "value_missing": "Please fill this in: {label}.",
    "name_character": "A name has letters, spaces, dots, hyphens and apostrophes. Please leave "
    "this out: {character}",
    "name_without_letter": "A name has at least one letter.",
    "text_too_long": "{label}: this is too long. At most {limit} characters fit.",
    "text_line_break": "Please write this on one line: {label}.",
    "export_waits": "Your details have changed recently, and the change may still be undone. Try "
    "again in a few days, or call the box office.",
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
