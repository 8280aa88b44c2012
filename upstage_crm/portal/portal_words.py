"""Words of the portal that no template has: of states, of access, of seats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from upstage_crm.audit.events import Action
from upstage_crm.orders.views import TicketState
from upstage_crm.patrons.details.preferences import ContactChannel, Purpose, Source
from upstage_crm.patrons.views import ContactPlace
from upstage_crm.portal.listings.sale_states import SaleState
from upstage_crm.portal.portal_menu import ACCOUNT_WORDS, WHATS_ON_WORDS
from upstage_crm.programme.views import Access
from upstage_crm.venues.seat_plan import SeatKind

MENU: Final = (WHATS_ON_WORDS, ACCOUNT_WORDS)
STATES: Final[Mapping[SaleState, str]] = {
    SaleState.OPEN: "Tickets available",
    SaleState.SOLD_OUT: "Sold out",
    SaleState.LATER: "Not on sale yet",
    SaleState.DESK: "Tickets at the box office",
    SaleState.PAUSED: "Not on sale at the moment",
    SaleState.CANCELLED: "Cancelled",
    SaleState.OVER: "Over",
}
OPENS: Final = "On sale from {when}"
ACCESS: Final[Mapping[Access, str]] = {
    Access.CAPTIONED: "Captioned",
    Access.SIGNED: "Sign language",
    Access.DESCRIBED: "Audio described",
    Access.RELAXED: "Relaxed",
}
ACCESS_ABOUT: Final[Mapping[Access, str]] = {
    Access.CAPTIONED: "What is spoken and heard appears as text.",
    Access.SIGNED: "An interpreter signs beside or on the stage.",
    Access.DESCRIBED: "A voice in your headphones tells what happens on stage.",
    Access.RELAXED: "Noise and moving about are welcome, and the lights stay low.",
}
SEAT_KINDS: Final[Mapping[SeatKind, str]] = {
    SeatKind.WHEELCHAIR: "wheelchair space",
    SeatKind.COMPANION: "companion seat",
    SeatKind.RESTRICTED: "restricted view",
}
BASKET: Final = "Your basket"
PAYMENT_STATES: Final[Mapping[str, str]] = {
    "paid": "Thank you, it is paid",
    "open": "We are waiting for your bank",
    "failed": "It was not paid",
    "given_back": "Your money goes back",
}
FIND: Final = "Find my order"
ACCOUNT: Final = "My account"
MY_DATA: Final = "My data"
FROM_THE_START: Final = "From the day on which your record was made: {when}"
CHANGED: Final = "Changed on {when}. {proposer} asked for it, and it was approved ({reference})."
SINCE: Final = "Since {when}"
CONTACT_PLACES: Final[Mapping[ContactPlace, str]] = {
    ContactPlace.SECONDARY: "{label}, another one",
    ContactPlace.PREVIOUS: "{label}, an earlier one",
}
WHO_LOOKED: Final = "Who looked, and what changed"
YOU: Final = "You"
PROPOSED_MAILBOX: Final = "The proposed address"
BY_ITSELF: Final = "Automatically"
HISTORY: Final[Mapping[Action, str]] = {
    Action.PATRON_ADDED: "Your record was made",
    Action.PATRON_EDITED: "Notes or other details that staff keep were changed",
    Action.STATUS_CHANGED: "The status of your record was changed",
    Action.VALUE_REVEALED: "{field}: looked at, for a reason that was kept",
    Action.DATA_EXPORTED: "A copy of your data was taken",
    Action.PATRON_SIGNED_IN: "Signed in to your account",
    Action.PATRON_SIGNED_OUT: "Signed out of your account",
    Action.REQUEST_PROPOSED: "A change was proposed",
    Action.REQUEST_WITHDRAWN: "The proposal was withdrawn",
    Action.REQUEST_EXPIRED: "The proposal ended without an answer",
    Action.FIELD_APPROVED: "{field}: the change was approved",
    Action.FIELD_REJECTED: "{field}: the change was rejected",
    Action.FIELD_OBJECTED: "{field}: the change was objected to",
    Action.FIELD_APPLIED: "{field}: changed on your record",
    Action.ORDER_CLAIMED: "An order was added to your record",
}
PUT_BACK: Final = "{field}: restored to its earlier value"
PREFERENCES_CHANGED: Final = "Your answers on being contacted were changed"
PREFERENCES: Final = "How we may contact you"
PURPOSES: Final[Mapping[Purpose, str]] = {
    Purpose.NEWS: "News and offers",
    Purpose.FUNDRAISING: "Ways to support us",
    Purpose.RESEARCH: "Questions about your opinion",
}
WAYS: Final[Mapping[ContactChannel, str]] = {
    ContactChannel.EMAIL: "By email",
    ContactChannel.POST: "By post",
    ContactChannel.PHONE: "By phone",
    ContactChannel.SMS: "By text message",
}
NOT_ASKED: Final = "Not asked yet. That counts as no."
ANSWERED: Final[Mapping[Source, str]] = {
    Source.IN_PERSON: "Told us in person on {when}",
    Source.PHONE: "Told us by phone on {when}",
    Source.LETTER: "Told us by letter on {when}",
    Source.EMAIL: "Told us by email on {when}",
    Source.ORDER: "Answered with an order on {when}",
    Source.ACCOUNT: "Answered here on {when}",
}
SIGN_IN: Final = "Sign in"
REGISTER: Final = "Create an account"
TYPE_CODE: Final = "Type the code"
LINK_OVER: Final = "This link no longer works"
GIVE: Final = "Give tickets to someone"
GIVEN: Final = "You gave this ticket to {address}"
OFFERED: Final = "Offered to {address}, who has not answered yet"
SEAT_PROPOSED: Final = "We proposed another seat: {place}. Please answer our email."
ORDER: Final = "Order {reference}"
TICKETS: Final = "Your tickets"
TICKET_STATES: Final[Mapping[TicketState, str]] = {
    TicketState.RETURNED: "This ticket was returned",
    TicketState.EXCHANGED: "This ticket was exchanged",
    TicketState.VOID: "This ticket is no longer valid",
}
NOT_ANNOUNCED: Final = "No longer on sale"
AT_LEAST: Final = "{count} tickets or more"
MAP: Final = (
    "{section}, row {row}, seat {number}",
    "still free",
    "already taken",
    "chosen by you",
    "Seat {number} in row {row} is taken.",
    "You can choose up to {most} seats at a time.",
    "Seats chosen: {count}. Total: {total}",
    "No seats chosen yet",
    "Closer",
    "Further away",
)
"""Words of the map in the browser, in the order in which its script asks for them."""
