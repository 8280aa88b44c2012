"""What the patron's page says while there is something to decide. Pure.

`{organisation}`, `{until}`, `{applies}` and `{tickets_text}` are filled in by `words`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from upstage_crm.change_requests.model.views import (
    ChangeReview,
    Phase,
)
from upstage_crm.links.claims import Purpose, Reviewer


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One question. `answers` are pairs of what a patron does and what then happens."""

    title: str
    lead: tuple[str, ...]
    answers: tuple[tuple[str, str], ...]
    until: str = "Please answer by {until}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Objecting:
    """The way to say that this is wrong: what it is called, what it does, its button."""

    title: str = ""
    words: str = ""
    button: str = ""


_SILENCE: Final = ("If you do nothing", "The request ends, and nothing changes.")

ADDRESS: Final = Asking(
    title="Did you give us this email address?",
    lead=(
        "{organisation} would like to use this address, and asks you first.",
        "Nothing has changed yet.",
    ),
    answers=(
        ("If you approve", "{organisation} will use this address."),
        ("If you reject", "We will not use this address."),
        _SILENCE,
    ),
)
DETAILS: Final = Asking(
    title="May we change your details?",
    lead=(
        "{organisation} would like to change your record, and asks you first.",
        "Nothing has changed yet.",
    ),
    answers=(
        ("If you approve", "{organisation} will use the new details."),
        ("If you reject", "Everything stays as it is now."),
        _SILENCE,
    ),
)
_NOT_YOU: Final = (
    "If you are not this person",
    "We will stop emailing this address about it. The request will go on without you.",
)
_REPLACING: Final = (
    "Someone asked {organisation} to replace this email address with another one: {new}.",
    "Nothing has changed yet.",
)
_KEEPING: Final = ("If you say no", "We will keep this address, and the request will end.")
NOTICE: Final = Asking(
    title="Did you ask for this?",
    lead=(
        *_REPLACING,
        (
            "If the new address approves, we will switch on {applies} at the earliest, "
            "unless you say no."
        ),
    ),
    answers=(
        ("If you say yes", "We will use the new address as soon as it has approved as well."),
        _KEEPING,
        _NOT_YOU,
        (
            "If you do nothing",
            "We will switch if the new address approves, on {applies} at the earliest.",
        ),
    ),
    until="",
)
NOTICE_WAITING: Final = Asking(
    title="Did you ask for this?",
    lead=(*_REPLACING, "The new address has approved."),
    answers=(
        ("If you say yes", "We will use the new address at once."),
        _KEEPING,
        _NOT_YOU,
        ("If you do nothing", "We will switch on {applies}."),
    ),
    until="You can say no until {applies}.",
)
BOTH: Final = Asking(
    title="Did you ask for this?",
    lead=(
        *_REPLACING,
        "We will switch only if you say yes, and the new address approves as well.",
    ),
    answers=(
        ("If you say yes", "We will use the new address as soon as it has approved as well."),
        _KEEPING,
        _NOT_YOU,
        _SILENCE,
    ),
)
DESK: Final = Asking(
    title="Your details will change",
    lead=(
        "Nothing has changed yet. Someone asked {organisation} for this change.",
        (
            "They say that they no longer read emails at this address. "
            "Two of our staff checked their identity."
        ),
        "If you want this change, you don’t need to do anything. If not, you can stop it.",
    ),
    answers=(
        ("If you say yes", "The change will be made at once."),
        ("If you say no", "Everything stays as it is now."),
        _NOT_YOU,
        ("If you do nothing", "The change will be made on {applies} at the earliest."),
    ),
    until="You can stop it until {applies}.",
)
TICKETS: Final = (
    "Your tickets for coming performances ({tickets_text}) stay on your record: emails about them "
    "would go to the new address."
)
ASKS_MORE: Final = "The other details change only if you approve them here by {until}."

NO_OBJECTION: Final = Objecting()
_NOT_MY_ADDRESS: Final = Objecting(
    title="This is not my address",
    words="Then there was a mistake. We will stop the request, and will not use this address.",
    button="Yes, this is not my address",
)
_NOT_ME: Final = Objecting(
    title="This wasn’t me",
    words="Did someone ask for this in your name? We will stop the request and look into it.",
    button="Yes, this wasn’t me",
)
_STOP: Final = Objecting(
    title="This wasn’t me",
    words="We will stop the request, tell the person who asked, and look into it.",
    button="Stop this change",
)
_LEAVE: Final = Objecting(
    title="I am not this person",
    words="Don’t know what this is about? Then we will stop emailing this address about it.",
    button="I am not this person",
)
_TOO_LATE: Final = Objecting(
    title="This wasn’t me",
    words=(
        "Didn’t want this change? It is too late to undo it on this page. "
        "Tell us, and two members of our staff will look into it before anything else changes."
    ),
    button="Tell us",
)
_LATE: Final = Objecting(
    title="This wasn’t me",
    words=(
        "Didn’t want this change? We will undo it at once, and everything that was approved "
        "from the new address since. "
        "Two members of our staff will then look into it before anything else changes."
    ),
    button="Undo this change",
)


def asking_of(review: ChangeReview) -> Asking:
    """Return the question that an open review asks."""
    if review.reviewer is Reviewer.PROPOSED:
        return ADDRESS
    if review.is_desk:
        return DESK
    if not any(field.is_mailbox and field.can_answer for field in review.fields):
        return DETAILS
    if review.not_before is None:
        return BOTH
    return NOTICE if review.applies_at is None else NOTICE_WAITING


def objecting_of(review: ChangeReview) -> Objecting:
    """Return how this reviewer may say that it is wrong, if at all."""
    if review.can_leave:
        return _LEAVE
    if not review.can_object:
        return NO_OBJECTION
    if review.purpose is not Purpose.OBJECTION:
        return _NOT_MY_ADDRESS if review.reviewer is Reviewer.PROPOSED else _NOT_ME
    if review.phase is Phase.OPEN:
        return _STOP
    return _LATE if review.can_undo else _TOO_LATE
