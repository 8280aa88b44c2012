"""What the patron's page says while there is something to decide. Pure.

`{organisation}`, `{until}` and `{applies}` are filled in by `words`.
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
    """One question. `answers` are pairs of what somebody does and what then happens."""

    title: str
    lead: tuple[str, ...]
    answers: tuple[tuple[str, str], ...]
    until: str = "You can answer until {until}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Objecting:
    """The way to say that this is wrong: what it is called, what it does, its button."""

    title: str = ""
    words: str = ""
    button: str = ""


_SILENCE: Final = ("If you do nothing", "The request ends, and nothing changes.")

ADDRESS: Final = Asking(
    title="Is this your email address?",
    lead=(
        "{organisation} would like to use this address. We ask you before we use it.",
        "Nothing has changed yet.",
    ),
    answers=(
        ("If you approve", "{organisation} uses this address from then on."),
        ("If you reject", "We do not use this address."),
        _SILENCE,
    ),
)
DETAILS: Final = Asking(
    title="May we change your details?",
    lead=("We ask you before we change anything.", "Nothing has changed yet."),
    answers=(
        ("If you approve", "{organisation} uses the new details from then on."),
        ("If you reject", "Everything stays as it is now."),
        _SILENCE,
    ),
)
_NOT_YOU: Final = (
    "If you are not this person",
    "We stop writing to this address about it. The request goes on without you.",
)
_REPLACING: Final = (
    "Someone asked {organisation} to replace this email address with another one: {new}.",
    "Nothing has changed yet.",
)
_KEEPING: Final = ("If you say no", "We keep this address, and the request ends.")
NOTICE: Final = Asking(
    title="Did you ask for this?",
    lead=(
        *_REPLACING,
        "If the new address approves, we will switch not before {applies}, unless you say no.",
    ),
    answers=(
        ("If you say yes", "We use the new address as soon as it has approved, too."),
        _KEEPING,
        _NOT_YOU,
        ("If you do nothing", "We switch if the new address approves, not before {applies}."),
    ),
    until="",
)
NOTICE_WAITING: Final = Asking(
    title="Did you ask for this?",
    lead=(*_REPLACING, "The new address has approved."),
    answers=(
        ("If you say yes", "We use the new address at once."),
        _KEEPING,
        _NOT_YOU,
        ("If you do nothing", "We switch on {applies}."),
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
        ("If you say yes", "We use the new address as soon as it has approved, too."),
        _KEEPING,
        _NOT_YOU,
        _SILENCE,
    ),
)
DESK: Final = Asking(
    title="Your details will change",
    lead=(
        "Nothing has changed yet. Someone asked {organisation} for this change.",
        "They say that they no longer read this mailbox. Two of our staff found out who they are.",
        "If you want this change, you need to do nothing here. If not, you can stop it.",
    ),
    answers=(
        ("If you say yes", "The change is made without waiting any longer."),
        ("If you say no", "Everything stays as it is now."),
        _NOT_YOU,
        ("If you do nothing", "The change is made, not before {applies}."),
    ),
    until="You can stop it until {applies}.",
)
ASKS_MORE: Final = "The other details change only if you approve them here, until {until}."

NO_OBJECTION: Final = Objecting()
_NOT_MY_ADDRESS: Final = Objecting(
    title="This is not my address",
    words="Then somebody made a mistake. We stop the request and do not use this address again.",
    button="Yes, this is not my address",
)
_NOT_ME: Final = Objecting(
    title="This wasn't me",
    words="Did somebody ask for this in your name? We stop the request and take a closer look.",
    button="Yes, this wasn't me",
)
_STOP: Final = Objecting(
    title="This wasn't me",
    words="We stop the request, tell the person who asked, and take a closer look.",
    button="Stop this change",
)
_LEAVE: Final = Objecting(
    title="I am not this person",
    words="You do not know what this is about? Then we stop writing to this address about it.",
    button="I am not this person",
)
_TOO_LATE: Final = Objecting(
    title="This wasn't me",
    words=(
        "Did you not want this change? The time to undo it on this page is over. "
        "Tell us, and two members of our staff look into it before anything else can change."
    ),
    button="Tell us",
)
_LATE: Final = Objecting(
    title="This wasn't me",
    words=(
        "Did you not want this change? We put back at once what was there before, and undo all "
        "that was approved from the new address since. "
        "Two members of our staff then look into it before anything else can change."
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
