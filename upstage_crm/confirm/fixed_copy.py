"""The words that stand on the patron's pages whoever reads them. Pure; see `words`.

Both twins say them in the reader's language: the plain one asks `core.languages`, the page with a
websocket gets them by name, in `PageWords.labels`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from upstage_crm.core.languages import speaker

APPROVE: Final = "Approve"
REJECT: Final = "Reject"
SWITCH: Final = "Yes, switch now"
KEEP: Final = "No, keep this address"
MAKE_NOW: Final = "Yes, make it now"
LEAVE: Final = "No, leave it as it is"
NOT_THIS_PERSON: Final = "I am not this person"
APPROVE_ALL: Final = "Approve all"
REJECT_ALL: Final = "Reject all"
ASKED_ELSEWHERE: Final = "We ask about this at the proposed address"
EACH_SUMMARY: Final = "Answer each one by itself"
EACH_HINT: Final = "Choose an answer for each of them, then send them together."
EACH_SEND: Final = "Send my answers"
EACH_MISSING: Final = "Choose an answer for each one. Nothing has changed yet."
CODE_TITLE: Final = "No link at hand?"
CODE_LEAD: Final = "Enter what stands in our mail. Nothing changes by opening the request."
CODE_REFERENCE: Final = "Reference"
CODE_REFERENCE_HINT: Final = "Five letters and digits, like K7-2FQ"
CODE: Final = "Code"
CODE_HINT: Final = "Eight letters and digits, like 7QK2-M9XD"
CODE_OPEN: Final = "Open the request"
CODE_REFUSED: Final = (
    "The reference and the code do not fit, or there were too many tries. "
    "Look at them again, use the link in the email, or call us."
)
CODE_STAFF: Final = (
    "You are signed in to the CRM in this browser. Staff do not answer for patrons: "
    "a code that a patron reads out goes into the request's own page."
)
COMMENT_SUMMARY: Final = "Saying no? You can say why (optional)"
COMMENT_LABEL: Final = "Why do you say no?"
COMMENT_SEND: Final = "Say no and send this"
COMMENT_HINT: Final = "Our box office reads this. At most 500 characters."
WHAT_HAPPENS: Final = "What happens"
YOUR_ANSWER: Final = "Your answer"
NEXT_STEPS: Final = "What you can do now"
NOTHING: Final = "Nothing"
SKIP: Final = "Skip to the content"
OPTIONAL: Final = "(optional)"
RECEIPT: Final = "Open the receipt, to keep or to print"
QUESTIONS: Final = "Questions, or is something wrong? Call"
SAY_REFERENCE: Final = "and say the reference"
NEVER: Final = "We never ask for a password or for money here."
# Stands before it is known who reads it.
LOADING_TITLE: Final = "One moment · Un momento · Un instant · Einen Moment · لحظة"
LOADING: Final = "We are opening your request. Nothing changes by opening this page."
SIMPLE_PAGE: Final = "Use the simple page"
SIMPLE_HINT: Final = "Does nothing happen? The simple page works on every phone and computer:"
# The plain page's form.
PLAIN_COMMENT: Final = "You can say why (optional)"
TICK: Final = "I have read this and it is my decision."
SEND: Final = "Send my answer"
PLAIN_EACH: Final = "Answer each one by itself, below"
BOTH_WAYS: Final = (
    "You chose one answer for all and answers for single ones. Choose one way. "
    "Nothing has changed yet."
)
CHOOSE_FIRST: Final = "Choose one of the answers first. Nothing has changed yet."
TICK_FIRST: Final = "Tick the box beside “I have read this” as well. Nothing has changed yet."
BOTH_FIRST: Final = "Choose an answer and tick the box. Nothing has changed yet."
TOO_OLD: Final = (
    "This page was open for a long time. Please answer once more. Nothing has changed yet."
)
FOREIGN: Final = (
    "This answer did not come from our own page, so we did not use it. Nothing has changed."
)
UNREADABLE: Final = "We could not read your answer. Nothing has changed. Please try again."


def in_language(language: str) -> dict[str, str]:
    """Every label by its name, in one language."""
    say = speaker(language)
    return {name: say(text) for name, text in ENGLISH.items()}


ENGLISH: Mapping[str, str] = {
    name: text for name, text in globals().items() if name.isupper() and isinstance(text, str)
}
