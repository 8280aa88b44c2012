"""Status chips: text, icon and tone from one table, for plain values and vars alike.

chip(label, *, icon, tone)   request_chip(state)   field_chip(outcome)   mail_chip(state)
email_chip(state)

The words are the product's words for these states; nothing else on screen may call them otherwise.
"""

from typing import Final, NamedTuple

import reflex as rx

from upstage_crm.ui.components.base import Text, Tone
from upstage_crm.ui.components.base import icon as icon_


class Look(NamedTuple):
    """How one state is shown."""

    label: str
    icon: str
    tone: str


REQUEST_LOOKS: Final[dict[str, Look]] = {
    "HELD": Look("Held", "circle-pause", "neutral"),
    "PENDING": Look("Pending", "hourglass", "warning"),
    "APPROVED": Look("Approved", "circle-check", "success"),
    "PARTLY_APPROVED": Look("Partly approved", "contrast", "success"),
    "REJECTED": Look("Rejected", "circle-x", "danger"),
    "EXPIRED": Look("Expired", "timer-off", "neutral"),
    "SUPERSEDED": Look("Superseded", "history", "neutral"),
    "WITHDRAWN": Look("Withdrawn", "circle-slash", "neutral"),
    "UNDELIVERABLE": Look("Undeliverable", "mail-x", "danger"),
    "REVERTED": Look("Reverted", "undo-2", "danger"),
}

FIELD_LOOKS: Final[dict[str, Look]] = {
    **{
        state: REQUEST_LOOKS[state]
        for state in (
            "HELD",
            "PENDING",
            "APPROVED",
            "REJECTED",
            "EXPIRED",
            "SUPERSEDED",
            "WITHDRAWN",
            "UNDELIVERABLE",
            "REVERTED",
        )
    },
    "APPLIED": Look("Applied", "circle-check", "success"),
    "LAPSED": Look("Lapsed", "timer-off", "neutral"),
    "OBJECTED": Look("Objected", "shield-alert", "danger"),
}

MAIL_LOOKS: Final[dict[str, Look]] = {
    "queued": Look("Queued", "clock", "neutral"),
    "sending": Look("Sending", "send", "info"),
    "sent": Look("Sent", "check", "info"),
    "captured": Look("In the local mailbox", "inbox", "info"),
    "delivered": Look("Delivered", "check-check", "success"),
    "failed": Look("Failed", "circle-x", "danger"),
    "uncertain": Look("Not certain", "circle-question-mark", "warning"),
    "bounced": Look("Bounced", "mail-x", "danger"),
    "delayed": Look("Delayed", "clock", "warning"),
    "complained": Look("Marked as spam", "mail-warning", "danger"),
    "suppressed": Look("Suppressed", "mail-warning", "danger"),
    "cancelled": Look("Cancelled", "circle-slash", "neutral"),
}

EMAIL_LOOKS: Final[dict[str, Look]] = {
    "verified": Look("Verified", "shield-check", "success"),
    "unverified": Look("Not verified", "circle-question-mark", "neutral"),
    "bounced": Look("Bounced", "mail-x", "danger"),
    "shared": Look("Shared", "users", "neutral"),
    "pending": Look("Change pending", "hourglass", "warning"),
}


def chip(label: Text, *, icon: Text, tone: Tone = "neutral") -> rx.Component:
    """Return a chip: icon, text and tone together, so that colour is never the only sign."""
    return rx.el.span(icon_(icon, size=14), label, data_tone=tone, class_name="u-chip")


def request_chip(state: Text) -> rx.Component:
    """Return the chip of a request's state (`PENDING`, …)."""
    return _looked_up(REQUEST_LOOKS, state)


def field_chip(outcome: Text) -> rx.Component:
    """Return the chip of one field change's outcome."""
    return _looked_up(FIELD_LOOKS, outcome)


def mail_chip(state: Text) -> rx.Component:
    """Return the chip of a mail's state (`queued`, …)."""
    return _looked_up(MAIL_LOOKS, state)


def email_chip(state: Text) -> rx.Component:
    """Return the chip of an email address (`verified`, …)."""
    return _looked_up(EMAIL_LOOKS, state)


def _looked_up(looks: dict[str, Look], key: Text) -> rx.Component:
    if isinstance(key, str):
        look = looks[key]
        return chip(look.label, icon=look.icon, tone=look.tone)  # pyright: ignore[reportArgumentType]  # a table's str is one of Tone
    # One match per part: a value match is a small switch, a component match ten copies of a chip.
    label, mark, tone = (
        rx.match(key, *((state, look[part]) for state, look in looks.items()), default)
        for part, default in ((0, key), (1, "circle-question-mark"), (2, "neutral"))
    )
    return chip(label, icon=mark, tone=tone)
