"""Status chips: text, icon and tone from one table, for plain values and vars alike.

chip(label, *, icon, tone)   request_chip(state, words)   field_chip(outcome, words)
mail_chip(state)   email_chip(state)   performance_chip(state)

The keys are the values of the domain's own enumerations, in either case; a test compares them.
The words are the product's words for these states: nothing else on screen calls them otherwise.
"""

from typing import Final, NamedTuple, cast

import reflex as rx

from upstage_crm.ui.components.base import PlainTone, Text, Tone, text_for
from upstage_crm.ui.components.base import icon as icon_


class Look(NamedTuple):
    """How one state is shown."""

    label: str
    icon: str
    tone: PlainTone


REQUEST_LOOKS: Final[dict[str, Look]] = {
    "held": Look("On hold", "circle-pause", "neutral"),
    "pending": Look("Pending", "hourglass", "warning"),
    "waiting": Look("Approved, takes effect later", "clock", "success"),
    "approved": Look("Approved", "circle-check", "success"),
    "partly_approved": Look("Partly approved", "contrast", "success"),
    "rejected": Look("Rejected", "circle-x", "danger"),
    "expired": Look("Expired", "timer-off", "neutral"),
    "superseded": Look("Replaced", "history", "neutral"),
    "withdrawn": Look("Withdrawn", "circle-slash", "neutral"),
    "undeliverable": Look("Undeliverable", "mail-x", "danger"),
    "reverted": Look("Undone", "undo-2", "danger"),
}

FIELD_LOOKS: Final[dict[str, Look]] = {
    **{
        outcome: REQUEST_LOOKS[outcome]
        for outcome in (
            "held",
            "pending",
            "waiting",
            "approved",
            "rejected",
            "superseded",
            "withdrawn",
            "undeliverable",
        )
    },
    "applied": Look("Approved", "circle-check", "success"),
    "lapsed": Look("Expired", "timer-off", "neutral"),
    "objected": Look("Objected", "shield-alert", "danger"),
}

MAIL_LOOKS: Final[dict[str, Look]] = {
    "queued": Look("Queued", "clock", "neutral"),
    "sending": Look("Sending", "send", "info"),
    "sent": Look("Sent", "check", "info"),
    "captured": Look("In the mailbox", "inbox", "info"),
    "failed": Look("Failed", "circle-x", "danger"),
    "uncertain": Look("Uncertain", "circle-question-mark", "warning"),
    "cancelled": Look("Cancelled", "circle-slash", "neutral"),
    # What the provider tells later about a mail that was sent.
    "delivered": Look("Delivered", "check-check", "success"),
    "delayed": Look("Delayed", "clock", "warning"),
    "bounced": Look("Bounced", "mail-x", "danger"),
    "complained": Look("Marked as spam", "mail-warning", "danger"),
    "suppressed": Look("Suppressed", "mail-warning", "danger"),
}

EMAIL_LOOKS: Final[dict[str, Look]] = {
    "verified": Look("Verified", "shield-check", "success"),
    "unverified": Look("Not verified", "circle-question-mark", "neutral"),
    "bounced": Look("Bounced", "mail-x", "danger"),
    "shared": Look("Shared", "users", "neutral"),
    "pending": Look("Change pending", "hourglass", "warning"),
}

PERFORMANCE_LOOKS: Final[dict[str, Look]] = {
    "draft": Look("Draft", "pencil", "neutral"),
    "on_sale": Look("On sale", "ticket", "success"),
    "paused": Look("Paused", "circle-pause", "warning"),
    "performed": Look("Performed", "check-check", "neutral"),
    "cancelled": Look("Cancelled", "circle-slash", "danger"),
}


def chip(label: Text, *, icon: Text, tone: Tone = "neutral") -> rx.Component:
    """Return a chip: icon, text and tone together, so that colour is never the only sign."""
    return rx.el.span(icon_(icon, size=14), label, data_tone=tone, class_name="u-chip")


def request_chip(state: Text, words: Text = "") -> rx.Component:
    """Return the chip of a request's state (`pending`, …), or `words` in place of its own."""
    return _looked_up(REQUEST_LOOKS, state, words)


def field_chip(outcome: Text, words: Text = "") -> rx.Component:
    """Return the chip of one field change's outcome; `words` as in `request_chip`."""
    return _looked_up(FIELD_LOOKS, outcome, words)


def mail_chip(state: Text) -> rx.Component:
    """Return the chip of a mail's state (`queued`, …)."""
    return _looked_up(MAIL_LOOKS, state)


def email_chip(state: Text) -> rx.Component:
    """Return the chip of an email address (`verified`, …)."""
    return _looked_up(EMAIL_LOOKS, state)


def performance_chip(state: Text) -> rx.Component:
    """Return the chip of a performance's state (`on_sale`, …)."""
    return _looked_up(PERFORMANCE_LOOKS, state)


def _looked_up(looks: dict[str, Look], key: Text, words: Text = "") -> rx.Component:
    if isinstance(key, str):
        look = looks[key.lower()]
        return chip(words or look.label, icon=look.icon, tone=look.tone)
    state = key.to(str).lower()
    # One match per part: a value match is a small switch, a component match ten copies of a chip.
    labels = {name: look.label for name, look in looks.items()}
    icons = {name: look.icon for name, look in looks.items()}
    tones: dict[str, str] = {name: look.tone for name, look in looks.items()}
    label = text_for(state, labels, state)
    return chip(
        label if isinstance(words, str) else cast("Text", rx.cond(words, words, label)),
        icon=text_for(state, icons, "circle-question-mark"),
        tone=cast("rx.Var[str]", text_for(state, tones, "neutral")),
    )
