"""What the page about a cancelled or moved performance says. Pure; in English, see `locales/`."""

from __future__ import annotations

from typing import Final

CANCELLED: Final = "Your performance is cancelled"
MOVED: Final = "Your performance has moved"
SORRY: Final = "It will not take place, and your tickets are no longer valid. We are sorry."
STILL_VALID: Final = "Your tickets are valid at the new time and place."
UNTIL: Final = "You can choose until {until}."
SILENCE_REFUNDS: Final = "If you choose nothing, you get your money back."
SILENCE_KEEPS: Final = "If you choose nothing, you keep your tickets."

EVENT: Final = "Event"
WHEN: Final = "When"
WHERE: Final = "Where"
BEFORE: Final = "Before"
NOW: Final = "Now"
SEATS: Final = "Your seats"
PAID: Final = "You paid"

YOUR_CHOICE: Final = "Your choice"
REFUND: Final = "My money back: {amount}"
ANOTHER_DATE: Final = "The same tickets on {when} ({hall})"
ANOTHER_DATE_HINT: Final = (
    "You get the best free seats of the same kind. If they cost less, you get the rest back."
)
KEEP: Final = "I am coming at the new time"
CANNOT_COME: Final = "I cannot come, I give my tickets back"
CANNOT_COME_PAID: Final = "I cannot come, I give my tickets back and get {amount}"
TICK: Final = "I have read this and it is my choice."
SEND: Final = "Send my choice"

DONE_REFUND: Final = "You get your money back"
DONE_DATE: Final = "You have tickets for another date"
DONE_KEEP: Final = "You keep your tickets"
DONE_FREE: Final = "Nothing was paid, so nothing is paid back"
BY_CARD: Final = (
    "We are giving back {amount}. What was paid by card goes back to that card, usually within a "
    "week."
)
ALL_AT_DESK: Final = (
    "You get {amount} back at the box office, where it was paid. Bring your tickets, or say your "
    "reference."
)
AT_DESK: Final = (
    "{amount} of it was paid at the box office and is paid out there. Bring your tickets, or say "
    "your reference."
)
NEW_TICKETS: Final = "{amount} of what you paid went into the new tickets."
COME: Final = "We look forward to seeing you on {when}."
ENDED: Final = "A newer email from us replaces this one"
ENDED_HINT: Final = "Look for a newer email from us about this, and use the link in that one."
BROKEN: Final = "This link does not work"
BROKEN_HINT: Final = "Open the link in our email again, or call us."
