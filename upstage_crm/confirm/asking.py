"""What the patron's page says while there is something to decide. Pure.

`{organisation}`, `{until}` and `{applies}` are filled in by `words`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from upstage_crm.change_requests.views import ChangeReview, Phase
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
NOTICE: Final = Asking(
    title="A change to your details was proposed",
    lead=(
        "Nothing has changed yet. We are asking at the proposed address whether it is right.",
        "If you want this change, you need to do nothing here. If not, you can stop it.",
    ),
    answers=(
        ("If you stop it", "Everything stays as it is now."),
        (
            "If you do nothing",
            "We make the change only if it is approved at the proposed address in time.",
        ),
    ),
    until="Without an approval the request ends on {until}.",
)

DESK: Final = Asking(
    title="Your details will change",
    lead=(
        "Nothing has changed yet. Somebody asked {organisation} for this change.",
        "They say that they no longer read this mailbox. Two of our staff found out who they are.",
        "If you want this change, you need to do nothing here. If not, you can stop it.",
    ),
    answers=(
        ("If you stop it", "Everything stays as it is now."),
        ("If you do nothing", "The change is made on {applies}."),
    ),
    until="You can stop it until {applies}.",
)

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
_LATE: Final = Objecting(
    title="This wasn't me",
    words=(
        "Did you not want this change? We put back at once what was there before. "
        "Two members of our staff then look into it before anything else can change."
    ),
    button="Undo this change",
)


def asking_of(review: ChangeReview) -> Asking:
    """Return the question that an open review asks."""
    if review.purpose is Purpose.OBJECTION:
        return DESK if review.applies_at is not None else NOTICE
    return ADDRESS if review.reviewer is Reviewer.PROPOSED else DETAILS


def objecting_of(review: ChangeReview) -> Objecting:
    """Return how this reviewer may say that it is wrong, if at all."""
    if not review.can_object:
        return NO_OBJECTION
    if review.purpose is Purpose.OBJECTION:
        return _STOP if review.phase is Phase.OPEN else _LATE
    return _NOT_MY_ADDRESS if review.reviewer is Reviewer.PROPOSED else _NOT_ME
