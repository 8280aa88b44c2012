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
from upstage_crm.confirm.page_view import CODE_PHASE
from upstage_crm.links.claims import Reviewer
from upstage_crm.patrons.views import SuppressionCause

_CLOSE = "You can close this page."
_NEWER = "Look for a newer email from us about this, and use the link in that one."


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
            "You don’t need to do anything else now. We’ll email you the result.",
            "Did you change your mind? Call us before {until}.",
        ),
        icon="hourglass",
    ),
    Phase.WAITING.value: Ending(
        title="Approved, taking effect later",
        lead=(
            "Nothing has changed yet.",
            "It takes effect on {applies}, unless the other person we asked says no first.",
        ),
        steps=("We’ll email you when it is done. " + _CLOSE, "Was this a mistake? Call us."),
        tone="success",
        icon="hourglass",
    ),
    "waiting_unsure": Ending(
        title="Approved, taking effect later",
        lead=(
            "Nothing has changed yet.",
            "We are waiting until the person at the current address has had time to answer.",
        ),
        steps=("We’ll email you when it is done. " + _CLOSE, "Was this a mistake? Call us."),
        tone="success",
        icon="hourglass",
    ),
    SuppressionCause.NOT_THIS_PERSON.value: Ending(
        title="Thank you for telling us",
        lead=("You will get no more emails about this record.",),
        steps=("You don’t need to do anything. " + _CLOSE, "Was this a mistake? Call us."),
        icon="shield-check",
    ),
    SuppressionCause.DISOWNED.value: Ending(
        title="This address is no longer used",
        lead=(
            "The person at the earlier address told us that they did not want this change.",
            "Everything approved from here since then was undone as well.",
        ),
        steps=(
            "Is this your record, and your address? Call us: two of our staff will look into it.",
        ),
        icon="undo-2",
    ),
    SuppressionCause.FOUND.value: Ending(
        title="This address can’t answer here",
        lead=("Two of our staff found out that this address belongs to someone else.",),
        steps=("Is that wrong? Call us.",),
        icon="info",
    ),
    SuppressionCause.NOT_MY_ADDRESS.value: Ending(
        title="This address can’t answer here",
        lead=(
            (
                "We were told that this address does not belong to the patron, "
                "so {organisation} does not use it."
            ),
        ),
        steps=("Is that wrong? Call us.",),
        icon="info",
    ),
    Phase.APPROVED.value: Ending(
        title="Approved. Thank you",
        lead=("{news}",),
        steps=(
            "We’ll email you a confirmation. " + _CLOSE,
            "Was this a mistake? Call us, and we will change it back with you.",
        ),
        tone="success",
        icon="circle-check",
        when_label="Changed on",
    ),
    "approved_told": Ending(
        title="Your details have changed",
        lead=("The change was approved. {news}",),
        steps=(
            "If you wanted this change, you don’t need to do anything. " + _CLOSE,
            "Didn’t want it? Call us.",
        ),
        icon="info",
        when_label="Changed on",
    ),
    Phase.PARTLY_APPROVED.value: Ending(
        title="Partly approved",
        lead=("Only what was approved has changed. Everything else stays as it was.",),
        steps=(
            "We’ll email you a confirmation. " + _CLOSE,
            "Was this a mistake? Call us, and we will change it back with you.",
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
            "Was this a mistake? Call us: we can ask you again.",
        ),
        icon="circle-x",
        when_label="Rejected on",
    ),
    "rejected_address": Ending(
        title="Rejected. Nothing was changed",
        lead=("{organisation} will not use this address.",),
        steps=(
            "We have told the person who asked. " + _CLOSE,
            "Was this a mistake? Call us: we can ask you again.",
        ),
        icon="circle-x",
        when_label="Rejected on",
    ),
    Phase.EXPIRED.value: Ending(
        title="This request has expired",
        lead=("There was no approval in time, so this request changed nothing.",),
        steps=(
            _NEWER,
            "No newer email, but you want the change? Call us, and we will ask you again.",
        ),
        icon="timer-off",
    ),
    Phase.WITHDRAWN.value: Ending(
        title="This request was withdrawn",
        lead=("{organisation} has withdrawn it. This request changed nothing.",),
        steps=(
            "You don’t need to do anything. " + _CLOSE,
            "Do you still want the change? Call us.",
        ),
        icon="circle-slash",
    ),
    Phase.SUPERSEDED.value: Ending(
        title="A newer request replaces this one",
        lead=("This one no longer counts. It changed nothing.",),
        steps=(_NEWER, "No newer email? Then you don’t need to do anything."),
        icon="history",
    ),
    Phase.OUTDATED.value: Ending(
        title="There is a newer link",
        lead=("We sent this request again, so only the link in the newest email works.",),
        steps=(_NEWER, "The newest email can take a few minutes. Check your spam folder as well."),
        icon="history",
    ),
    Phase.UNDELIVERABLE.value: Ending(
        title="This request has ended",
        lead=("One of our emails could not be delivered. This request changed nothing.",),
        steps=("You don’t need to do anything. Do you want the change? Call us.",),
        icon="mail-x",
    ),
    Phase.REVERTED.value: Ending(
        title="This change was undone",
        lead=("Your earlier details are back.",),
        steps=("You don’t need to do anything. Didn’t want this? Call us.",),
        icon="undo-2",
        when_label="Undone on",
    ),
    "reverted_own": Ending(
        title="Thank you. We have undone the change",
        lead=("{restored}", "{blocked}"),
        steps=(
            "We have emailed everyone involved, and paused changes to your record.",
            "No other change can be proposed until two of our staff have looked into it.",
            "Was this a mistake? Call us.",
        ),
        tone="success",
        icon="undo-2",
        when_label="Undone on",
    ),
    Phase.OBJECTED.value: Ending(
        title="This request was stopped",
        lead=("Someone we asked told us that it was not right. This request changed nothing.",),
        steps=("You don’t need to do anything. Do you want the change? Call us.",),
        icon="shield-check",
        when_label="Stopped on",
    ),
    "objected_address": Ending(
        title="Thank you for telling us",
        lead=("We have stopped the request. {organisation} will not use this address.",),
        steps=(
            "We have told the person who asked. " + _CLOSE,
            "Was this a mistake? Call us.",
        ),
        icon="shield-check",
        when_label="Stopped on",
    ),
    "objected_own": Ending(
        title="Thank you for telling us",
        lead=("We have stopped the request. It changed nothing.",),
        steps=(
            "We have told the person who asked, and paused changes to your record.",
            "Was this a mistake? Call us.",
        ),
        icon="shield-check",
        when_label="Stopped on",
    ),
    "objected_late": Ending(
        title="Thank you for telling us",
        lead=(
            "You told us that you did not want this change.",
            "Something else has changed since, so it could not be undone automatically.",
            "Two of our staff will look into it. Until then nothing else can change.",
        ),
        steps=("To have it corrected sooner, call us.",),
        tone="warning",
        icon="shield-alert",
        when_label="You told us on",
    ),
    "objected_too_late": Ending(
        title="Thank you for telling us",
        lead=(
            "You told us that you did not want this change. Nothing was undone.",
            "Two of our staff will look into it. Until then nothing else can change.",
        ),
        steps=("To have it corrected sooner, call us.",),
        tone="warning",
        icon="shield-alert",
        when_label="You told us on",
    ),
    Phase.INVALID.value: Ending(
        title="This link does not work",
        lead=("Nothing has changed.", "Some email programs split long links over two lines."),
        steps=(
            "Open the email again and press its button, or copy the whole link into your browser.",
            "Still not working? Call us. You don’t need the link for that.",
        ),
        icon="link",
    ),
    CODE_PHASE: Ending(
        title="Enter your code",
        lead=("The reference and the code are in our email. Opening the request changes nothing.",),
        steps=(),
        icon="key-round",
    ),
    "missing": Ending(
        title="Open the link in your email again",
        lead=(
            "The link stays open for two hours, and only in the browser that opened it.",
            "Nothing has changed.",
        ),
        steps=(
            "Go back to the email and press its button again.",
            "Can’t find the email? Call us. You don’t need the link for that.",
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
