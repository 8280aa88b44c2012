"""What the patron's page says when there is nothing left to decide. Pure.

Each ending says what holds now and what the reader can do next. `{organisation}`, `{ended}`,
`{until}`, `{applies}`, `{news}`, `{restored}` and `{blocked}` are filled in by `words`; a line that
comes out empty is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from upstage_crm.change_requests.model.rules import (
    Decision,
    FieldOutcome,
)
from upstage_crm.change_requests.model.views import (
    ChangeReview,
    Phase,
)
from upstage_crm.links.claims import Reviewer
from upstage_crm.patrons.views import SuppressionCause

_CLOSE = "You can close this page."
_NEWER = "Look for a newer mail from us about this, and use the link in that one."


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """One calm page. `tone` and `icon` are the kit's; `when_label` names its date."""

    title: str
    lead: tuple[str, ...]
    steps: tuple[str, ...]
    tone: str = "neutral"
    icon: str = "info"
    when_label: str = "Ended on"


ENDINGS: Mapping[str, Ending] = {
    Phase.DECIDED.value: Ending(
        title="Thank you. We have your answer",
        lead=("We are waiting for another answer before the request ends.",),
        steps=(
            "There is nothing more to do for you now. We tell you by email how it ends.",
            "Did you change your mind? Call us before {until}.",
        ),
        icon="hourglass",
    ),
    Phase.WAITING.value: Ending(
        title="Approved, taking effect later",
        lead=(
            "Nothing has changed yet.",
            "It takes effect on {applies}, unless someone else we asked says no first.",
        ),
        steps=("We tell you by email when it is done. " + _CLOSE, "Was this a mistake? Call us."),
        tone="success",
        icon="hourglass",
    ),
    "waiting_unsure": Ending(
        title="Approved, taking effect later",
        lead=(
            "Nothing has changed yet.",
            "We wait until the current address has been told, and has had time to answer.",
        ),
        steps=("We tell you by email when it is done. " + _CLOSE, "Was this a mistake? Call us."),
        tone="success",
        icon="hourglass",
    ),
    SuppressionCause.NOT_THIS_PERSON.value: Ending(
        title="Thank you for telling us",
        lead=("You get no more email about this record.",),
        steps=("There is nothing to do. " + _CLOSE, "Was this a mistake? Call us."),
        icon="shield-check",
    ),
    SuppressionCause.DISOWNED.value: Ending(
        title="This address is no longer used",
        lead=(
            "The address that was used before told us that it did not want this change.",
            "All that was approved from here since then was undone with it.",
        ),
        steps=("Is this your record, and your address? Call us: two of our staff look into it.",),
        icon="undo-2",
    ),
    SuppressionCause.FOUND.value: Ending(
        title="This address has no say here",
        lead=("Two of our staff found out that this address belongs to someone else.",),
        steps=("Is that wrong? Call us.",),
        icon="info",
    ),
    SuppressionCause.NOT_MY_ADDRESS.value: Ending(
        title="This address has no say here",
        lead=(
            "Someone told us that this is not their address, so {organisation} does not use it.",
        ),
        steps=("Is that wrong? Call us.",),
        icon="info",
    ),
    Phase.APPROVED.value: Ending(
        title="Approved. Thank you",
        lead=("{news}",),
        steps=(
            "We send you an email that confirms it. " + _CLOSE,
            "Was this a mistake? Call us, and we change it back with you.",
        ),
        tone="success",
        icon="circle-check",
        when_label="Changed on",
    ),
    "approved_told": Ending(
        title="Your details have changed",
        lead=("The change was approved. {news}",),
        steps=(
            "If you wanted this change, there is nothing to do. " + _CLOSE,
            "Did you not want it? Call us.",
        ),
        icon="info",
        when_label="Changed on",
    ),
    Phase.PARTLY_APPROVED.value: Ending(
        title="Partly approved",
        lead=("Only what was approved has changed. Everything else stays as it was.",),
        steps=(
            "We send you an email that confirms it. " + _CLOSE,
            "Was this a mistake? Call us, and we change it back with you.",
        ),
        tone="success",
        icon="contrast",
        when_label="Ended on",
    ),
    Phase.REJECTED.value: Ending(
        title="Rejected. Nothing was changed",
        lead=("Everything stays as it was.",),
        steps=(
            "We have told the person who asked. " + _CLOSE,
            "Was this a mistake? Call us: we can ask you once more.",
        ),
        icon="circle-x",
        when_label="Rejected on",
    ),
    "rejected_address": Ending(
        title="Rejected. Nothing was changed",
        lead=("{organisation} does not use this address.",),
        steps=(
            "We have told the person who asked. " + _CLOSE,
            "Was this a mistake? Call us: we can ask you once more.",
        ),
        icon="circle-x",
        when_label="Rejected on",
    ),
    Phase.EXPIRED.value: Ending(
        title="The time for this answer is over",
        lead=("Nobody approved the change in time, so nothing was changed by this request.",),
        steps=(
            _NEWER,
            "Is there no newer mail, and you want the change? Call us, and we ask you again.",
        ),
        icon="timer-off",
    ),
    Phase.WITHDRAWN.value: Ending(
        title="This request was withdrawn",
        lead=("{organisation} has taken it back. Nothing was changed by this request.",),
        steps=(
            "There is nothing to do. " + _CLOSE,
            "Do you want the change anyway? Call us.",
        ),
        icon="circle-slash",
    ),
    Phase.SUPERSEDED.value: Ending(
        title="A newer request has taken its place",
        lead=("This one no longer counts. Nothing was changed by it.",),
        steps=(_NEWER, "Is there no newer mail? Then there is nothing to do."),
        icon="history",
    ),
    Phase.OUTDATED.value: Ending(
        title="This link is not the newest one",
        lead=("We sent this request again, so only the link in the newest mail works.",),
        steps=(_NEWER, "The newest mail can take a few minutes. Look in your spam folder, too."),
        icon="history",
    ),
    Phase.UNDELIVERABLE.value: Ending(
        title="This request has ended",
        lead=("One of our mails could not be delivered. Nothing was changed by this request.",),
        steps=("There is nothing to do. Do you want the change? Call us.",),
        icon="mail-x",
    ),
    Phase.REVERTED.value: Ending(
        title="This change was undone",
        lead=("What held before holds again.",),
        steps=("There is nothing to do. Did you not want this? Call us.",),
        icon="undo-2",
        when_label="Undone on",
    ),
    "reverted_own": Ending(
        title="Thank you. We have put it back",
        lead=("{restored}", "{blocked}"),
        steps=(
            "We have told everyone by email, and marked your record for a closer look.",
            "Until two of our staff have looked into it, nobody can propose another change.",
            "Was this a mistake? Call us.",
        ),
        tone="success",
        icon="undo-2",
        when_label="Undone on",
    ),
    Phase.OBJECTED.value: Ending(
        title="This request was stopped",
        lead=("Somebody told us that it was not right. Nothing was changed by this request.",),
        steps=("There is nothing to do. Do you want the change? Call us.",),
        icon="shield-check",
        when_label="Stopped on",
    ),
    "objected_address": Ending(
        title="Thank you for telling us",
        lead=("We have stopped the request. {organisation} does not use this address.",),
        steps=(
            "We have told the person who asked. " + _CLOSE,
            "Was this a mistake? Call us.",
        ),
        icon="shield-check",
        when_label="Stopped on",
    ),
    "objected_own": Ending(
        title="Thank you for telling us",
        lead=("We have stopped the request. Nothing was changed by it.",),
        steps=(
            "We have told the person who asked, and marked your record for a closer look.",
            "Was this a mistake? Call us.",
        ),
        icon="shield-check",
        when_label="Stopped on",
    ),
    "objected_late": Ending(
        title="Thank you for telling us",
        lead=(
            "You told us that you did not want this change.",
            "Something else has changed since, so it could not be undone by itself.",
            "Two of our staff look into it. Until then nothing more can change.",
        ),
        steps=("To have it put right sooner, call us.",),
        tone="warning",
        icon="shield-alert",
        when_label="You told us on",
    ),
    "objected_too_late": Ending(
        title="Thank you for telling us",
        lead=(
            "You told us that you did not want this change. Nothing was undone.",
            "Two of our staff look into it. Until then nothing more can change.",
        ),
        steps=("To have it put right sooner, call us.",),
        tone="warning",
        icon="shield-alert",
        when_label="You told us on",
    ),
    Phase.INVALID.value: Ending(
        title="This link does not work",
        lead=("Nothing has changed.", "Some mail programs cut long links in two."),
        steps=(
            "Open the email again and press its button, or copy the whole link into your browser.",
            "Does it still not work? Call us. You do not need the link for that.",
        ),
        icon="link",
    ),
    "missing": Ending(
        title="Open the link in your mail again",
        lead=(
            "The link stays open for two hours, and only in the browser that opened it.",
            "Nothing has changed.",
        ),
        steps=(
            "Go back to the email and press its button again.",
            "Is the email gone? Call us. You do not need the link for that.",
        ),
        icon="mail",
    ),
}


def ending_of(review: ChangeReview) -> Ending:
    """Return the ending that fits a review with nothing left to decide."""
    is_address = review.reviewer is Reviewer.PROPOSED
    phase = _phase_for(review)
    said = {field.decision for field in review.fields}
    applied = any(field.outcome is FieldOutcome.APPLIED for field in review.fields)
    name = phase.value
    if review.out_cause is not None:
        name = review.out_cause.value
    elif review.objected_at is not None:
        stopped = "objected_late" if review.not_restored else "objected_too_late"
        name = "reverted_own" if review.restored else stopped
    elif phase is Phase.WAITING and review.applies_at is None:
        name = "waiting_unsure"
    elif phase is Phase.APPROVED and Decision.APPROVE not in said:
        name = "approved_told"
    elif phase is Phase.REJECTED and is_address:
        name = "rejected_address"
    elif phase is Phase.OBJECTED and Decision.OBJECT in said and not applied:
        name = "objected_address" if is_address else "objected_own"
    return ENDINGS[name]


def _phase_for(review: ChangeReview) -> Phase:
    """The phase of what this reviewer sees: a mixed end may be a plain one for one of two."""
    if review.phase is not Phase.PARTLY_APPROVED:
        return review.phase
    outcomes = {field.outcome for field in review.fields}
    if outcomes == {FieldOutcome.APPLIED}:
        return Phase.APPROVED
    return Phase.REJECTED if outcomes == {FieldOutcome.REJECTED} else review.phase
