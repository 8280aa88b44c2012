"""The words that are on the patron's pages for every reader. Pure; see `words`.

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
ASKED_ELSEWHERE: Final = "We are asking the proposed address about this"
EACH_SUMMARY: Final = "Answer each one separately"
EACH_HINT: Final = "Choose an answer for each of them, then send them together."
EACH_SEND: Final = "Send my answers"
EACH_MISSING: Final = "Choose an answer for each one. Nothing has changed yet."
CODE_TITLE: Final = "Can’t use the link?"
CODE_LEAD: Final = (
    "Enter the reference and code from our email. Opening the request changes nothing."
)
CODE_REFERENCE: Final = "Reference"
CODE_REFERENCE_HINT: Final = "Five letters and digits, like K7-2FQ"
CODE: Final = "Code"
CODE_HINT: Final = "Eight letters and digits, like 7QK2-M9XD"
CODE_OPEN: Final = "Open the request"
CODE_REFUSED: Final = (
    "The reference or code is wrong, or there were too many attempts. "
    "Check both, use the link in the email, or call us."
)
CODE_STAFF: Final = (
    "You are signed in to the CRM in this browser. Staff do not answer for patrons: "
    "enter a code that a patron reads out on the page of the request."
)
COMMENT_SUMMARY: Final = "Rejecting? You can say why (optional)"
COMMENT_LABEL: Final = "Why are you rejecting this?"
COMMENT_SEND: Final = "Reject and send"
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
LOADING: Final = "We are opening your request. Opening this page changes nothing."
SIMPLE_PAGE: Final = "Use the simple page"
SIMPLE_HINT: Final = "Nothing happening? The simple page works on every phone and computer:"
SIMPLE_OFFER: Final = "Does something not work?"
# Where the page itself cannot go on.
OFFLINE: Final = "The connection is lost. Your answer may not have reached us."
BROKEN_TITLE: Final = "This page stopped working in your browser"
BROKEN: Final = (
    "Nothing is lost. The simple page works in every browser, and shows whether your answer "
    "has been recorded."
)
MORE: Final = "More about this request"
# The plain page's form.
PLAIN_COMMENT: Final = "You can say why (optional)"
TICK: Final = "I have read this and it is my decision."
SEND: Final = "Send my answer"
PLAIN_EACH: Final = "Answer each one separately, below"
BOTH_WAYS: Final = (
    "You chose one answer for all, and also separate answers. Choose one or the other. "
    "Nothing has changed yet."
)
CHOOSE_FIRST: Final = "Choose one of the answers first. Nothing has changed yet."
TICK_FIRST: Final = "Tick the box beside “I have read this” as well. Nothing has changed yet."
BOTH_FIRST: Final = "Choose an answer and tick the box. Nothing has changed yet."
TOO_OLD: Final = "This page was open for a long time. Please answer again. Nothing has changed yet."
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
