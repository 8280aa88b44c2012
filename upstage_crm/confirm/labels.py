"""The words that stand on the patron's pages whoever reads them. Pure; see `words`."""

from __future__ import annotations

from typing import Final

APPROVE: Final = "Approve"
REJECT: Final = "Reject"
COMMENT_SUMMARY: Final = "Rejecting? You can say why (optional)"
COMMENT_LABEL: Final = "Why do you reject it?"
COMMENT_SEND: Final = "Say no and send this"
COMMENT_HINT: Final = "Our box office reads this. At most 500 characters."
WHAT_HAPPENS: Final = "What happens"
YOUR_ANSWER: Final = "Your answer"
NEXT_STEPS: Final = "What you can do now"
NOTHING: Final = "Nothing"
RECEIPT: Final = "Open the receipt, to keep or to print"
QUESTIONS: Final = "Questions, or is something wrong? Call"
SAY_REFERENCE: Final = "and say the reference"
NEVER: Final = "We never ask for a password or for money here."
LOADING_TITLE: Final = "One moment, please"
LOADING: Final = "We are opening your request. Nothing changes by opening this page."
SIMPLE_PAGE: Final = "Use the simple page"
SIMPLE_HINT: Final = "Does nothing happen? The simple page works on every phone and computer:"
# The plain page's form.
PLAIN_COMMENT: Final = "You can say why (optional)"
TICK: Final = "I have read this and it is my decision."
SEND: Final = "Send my answer"
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
