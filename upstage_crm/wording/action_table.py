"""What an entry of the trail is called, where it belongs, and how it is drawn: one table."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from upstage_crm.audit.events import Action


class ActionGroup(StrEnum):
    """What people look for in the trail; the values stand in its address."""

    REQUESTS = "requests"
    DECISIONS = "decisions"
    RECORDS = "records"
    STAFF = "staff"
    SETTINGS = "settings"
    PROGRAMME = "programme"
    ORDERS = "orders"
    SEALS = "seals"


class ActionLook(NamedTuple):
    """How an action is told: its words after the actor's name, its group, its icon and tone."""

    words: str
    group: ActionGroup
    icon: str
    tone: str


_REQUESTS, _DECISIONS, _RECORDS = ActionGroup.REQUESTS, ActionGroup.DECISIONS, ActionGroup.RECORDS
_STAFF, _SETTINGS = ActionGroup.STAFF, ActionGroup.SETTINGS
_PROGRAMME, _ORDERS = ActionGroup.PROGRAMME, ActionGroup.ORDERS
ACTIONS: Mapping[Action, ActionLook] = {
    Action.PATRON_ADDED: ActionLook("added the patron", _RECORDS, "plus", "neutral"),
    Action.PATRON_EDITED: ActionLook("edited the record", _RECORDS, "pencil", "neutral"),
    Action.ADDRESS_PROVEN: ActionLook("proved the address", _RECORDS, "shield-check", "success"),
    Action.ADDRESS_BOUNCED: ActionLook(
        "marked the address as not working", _RECORDS, "mail-x", "danger"
    ),
    Action.PATRON_PROTECTED: ActionLook(
        "marked the patron as protected", _RECORDS, "shield-check", "info"
    ),
    Action.PATRON_UNPROTECTED: ActionLook(
        "removed the protection", _RECORDS, "shield-alert", "neutral"
    ),
    Action.STATUS_CHANGED: ActionLook(
        "changed the status of the record", _RECORDS, "user", "neutral"
    ),
    Action.RECORD_CHANGE_ASKED: ActionLook(
        "asked for a change that takes a second person", _RECORDS, "user", "neutral"
    ),
    Action.RECORD_CHANGE_DECLINED: ActionLook(
        "declined a change that takes a second person", _RECORDS, "user", "neutral"
    ),
    Action.PATRON_FROZEN: ActionLook("froze the record", _RECORDS, "lock", "danger"),
    Action.FREEZE_LOOKED_AT: ActionLook("looked into the dispute", _RECORDS, "search", "info"),
    Action.FREEZE_CLEARED: ActionLook("cleared the dispute", _RECORDS, "shield-check", "success"),
    Action.ERASURE_REQUESTED: ActionLook("requested the erasure", _RECORDS, "trash-2", "danger"),
    Action.ERASURE_DECLINED: ActionLook("declined the erasure", _RECORDS, "circle-x", "neutral"),
    Action.PATRON_ERASED: ActionLook("erased the patron’s data", _RECORDS, "trash-2", "danger"),
    Action.DATA_EXPORTED: ActionLook(
        "took out a copy of the data", _RECORDS, "download", "warning"
    ),
    Action.PATRON_SIGNED_IN: ActionLook("signed in to the account", _RECORDS, "log-in", "neutral"),
    Action.PATRON_SIGNED_OUT: ActionLook(
        "signed out of the account", _RECORDS, "log-out", "neutral"
    ),
    Action.VALUE_REVEALED: ActionLook("looked at a masked value", _RECORDS, "eye", "warning"),
    Action.REQUEST_PROPOSED: ActionLook("proposed a change", _REQUESTS, "pencil", "neutral"),
    Action.REQUEST_RESENT: ActionLook("sent the email again", _REQUESTS, "send", "info"),
    Action.REQUEST_WITHDRAWN: ActionLook(
        "withdrew the request", _REQUESTS, "circle-slash", "neutral"
    ),
    Action.REQUEST_EXPIRED: ActionLook("let the request expire", _REQUESTS, "timer-off", "neutral"),
    Action.REQUEST_SUPERSEDED: ActionLook(
        "replaced the request by a newer one", _REQUESTS, "history", "neutral"
    ),
    Action.REQUEST_RELEASED: ActionLook("released the request", _REQUESTS, "users", "info"),
    Action.REQUEST_REMINDED: ActionLook("sent a reminder", _REQUESTS, "clock", "info"),
    Action.REQUEST_UNDELIVERABLE: ActionLook(
        "ended the request: its email could not be delivered", _REQUESTS, "mail-x", "danger"
    ),
    Action.REQUEST_REVERTED: ActionLook("undid the change", _DECISIONS, "undo-2", "danger"),
    Action.REVIEWER_ADDED: ActionLook("asked another mailbox too", _REQUESTS, "users", "info"),
    Action.REVIEWER_REPLACED: ActionLook(
        "asked the new mailbox in place of the former one", _REQUESTS, "users", "info"
    ),
    Action.NOTICE_DELIVERED: ActionLook(
        "noted that the notice has arrived", _REQUESTS, "mail-check", "success"
    ),
    Action.NOTICE_STOPPED: ActionLook(
        "paused the deadline: the notice did not arrive", _REQUESTS, "mail-warning", "danger"
    ),
    Action.NOTICE_RENEWED: ActionLook(
        "sent the notice again, with a new waiting period", _REQUESTS, "send", "info"
    ),
    Action.PERIOD_ENDED: ActionLook(
        "ended the waiting period as second person", _REQUESTS, "users", "info"
    ),
    Action.REQUEST_HANDED_OVER: ActionLook(
        "chose who answers for the request", _REQUESTS, "clipboard-check", "neutral"
    ),
    Action.REQUEST_COMMENTED: ActionLook(
        "left a comment for colleagues", _REQUESTS, "message-square", "neutral"
    ),
    Action.DESK_IDENTIFIED: ActionLook("identified the patron", _REQUESTS, "user", "info"),
    Action.DESK_CONFIRMED: ActionLook(
        "confirmed it as second person", _REQUESTS, "users", "success"
    ),
    Action.DESK_DECLINED: ActionLook(
        "declined it as second person", _REQUESTS, "circle-x", "danger"
    ),
    Action.LETTER_NOTED: ActionLook(
        "recorded the letter that told the patron", _REQUESTS, "mail", "info"
    ),
    Action.CODE_ACCEPTED: ActionLook("gave the right code", _DECISIONS, "key-round", "success"),
    Action.CODE_REFUSED: ActionLook("gave a wrong code", _DECISIONS, "key-round", "danger"),
    Action.RECEIPT_ISSUED: ActionLook("issued a receipt", _DECISIONS, "scroll-text", "neutral"),
    Action.FIELD_APPROVED: ActionLook("approved", _DECISIONS, "circle-check", "success"),
    Action.FIELD_WAITS: ActionLook(
        "noted that the approved change waits", _REQUESTS, "clock", "info"
    ),
    Action.FIELD_APPLIED: ActionLook(
        "changed the record as approved", _RECORDS, "check-check", "success"
    ),
    Action.FIELD_REJECTED: ActionLook("rejected", _DECISIONS, "circle-x", "danger"),
    Action.FIELD_OBJECTED: ActionLook("objected", _DECISIONS, "shield-alert", "danger"),
    Action.OBJECTION_RECEIVED: ActionLook(
        "objected after the change", _DECISIONS, "shield-alert", "danger"
    ),
    Action.ADDRESS_SUPPRESSED: ActionLook(
        "said that the address is not the patron’s", _DECISIONS, "circle-slash", "danger"
    ),
    Action.MAILBOX_OUT: ActionLook(
        "stopped writing to an address", _REQUESTS, "circle-slash", "danger"
    ),
    Action.LIFTING_ASKED: ActionLook(
        "asked to write to a suppressed address again", _REQUESTS, "users", "info"
    ),
    Action.SUPPRESSION_LIFTED: ActionLook(
        "let us write to a suppressed address again", _REQUESTS, "mail-check", "success"
    ),
    Action.STAFF_ADDED: ActionLook("added a staff member", _STAFF, "key-round", "neutral"),
    Action.STAFF_DISABLED: ActionLook("disabled a staff member", _STAFF, "key-round", "neutral"),
    Action.STAFF_FROZEN: ActionLook(
        "froze a staff member’s account", _STAFF, "key-round", "neutral"
    ),
    Action.TRIPWIRE_TRIPPED: ActionLook(
        "paused a colleague’s proposals: unusual activity", _STAFF, "key-round", "neutral"
    ),
    Action.ALERT_CLOSED: ActionLook(
        "closed the alert about a colleague", _STAFF, "key-round", "neutral"
    ),
    Action.STAFF_PASSWORD_RESET: ActionLook("set a new password", _STAFF, "key-round", "neutral"),
    Action.STAFF_SIGNED_IN: ActionLook("signed in", _STAFF, "key-round", "neutral"),
    Action.STAFF_SIGNED_OUT: ActionLook("signed out", _STAFF, "log-out", "neutral"),
    Action.SIGN_IN_REFUSED: ActionLook("was refused at sign-in", _STAFF, "lock", "warning"),
    Action.STAFF_PROVEN: ActionLook("proved who they are", _STAFF, "key-round", "neutral"),
    Action.STAFF_INVITED: ActionLook("invited someone to the team", _STAFF, "key-round", "neutral"),
    Action.INVITATION_RESENT: ActionLook(
        "sent an invitation again", _STAFF, "key-round", "neutral"
    ),
    Action.INVITATION_WITHDRAWN: ActionLook(
        "withdrew an invitation", _STAFF, "key-round", "neutral"
    ),
    Action.INVITATION_ACCEPTED: ActionLook(
        "accepted an invitation", _STAFF, "key-round", "neutral"
    ),
    Action.STAFF_ENABLED: ActionLook(
        "enabled a staff member again", _STAFF, "key-round", "neutral"
    ),
    Action.STAFF_RENAMED: ActionLook(
        "changed a staff member’s name", _STAFF, "key-round", "neutral"
    ),
    Action.STAFF_ROLE_CHANGED: ActionLook(
        "changed a staff member’s role", _STAFF, "key-round", "neutral"
    ),
    Action.STAFF_PASSWORD_CHANGED: ActionLook(
        "changed their password", _STAFF, "key-round", "neutral"
    ),
    Action.STAFF_RESET_ASKED: ActionLook(
        "asked for a link to set a new password", _STAFF, "key-round", "neutral"
    ),
    Action.SECOND_FACTOR_ADDED: ActionLook("added a second factor", _STAFF, "key-round", "neutral"),
    Action.SECOND_FACTOR_REMOVED: ActionLook(
        "removed a second factor", _STAFF, "key-round", "neutral"
    ),
    Action.SECOND_FACTOR_REFUSED: ActionLook(
        "gave a wrong second factor", _STAFF, "key-round", "neutral"
    ),
    Action.RECOVERY_CODE_USED: ActionLook("used a recovery code", _STAFF, "key-round", "neutral"),
    Action.RECOVERY_CODES_MADE: ActionLook(
        "made new recovery codes", _STAFF, "key-round", "neutral"
    ),
    Action.SESSIONS_ENDED: ActionLook("ended sessions", _STAFF, "key-round", "neutral"),
    Action.NEW_DEVICE: ActionLook("signed in from a new device", _STAFF, "key-round", "neutral"),
    Action.SECURITY_CHANGED: ActionLook(
        "changed the rules of staff accounts", _SETTINGS, "settings", "neutral"
    ),
    Action.ORGANISATION_CHANGED: ActionLook(
        "changed the organisation’s details", _SETTINGS, "settings", "neutral"
    ),
    Action.VENUE_ADDED: ActionLook("added a venue", _PROGRAMME, "map-pin", "neutral"),
    Action.VENUE_CHANGED: ActionLook("changed a venue", _PROGRAMME, "map-pin", "neutral"),
    Action.HALL_ADDED: ActionLook("added a hall", _PROGRAMME, "map-pin", "neutral"),
    Action.HALL_CHANGED: ActionLook("changed a hall", _PROGRAMME, "map-pin", "neutral"),
    Action.EVENT_ADDED: ActionLook("added an event", _PROGRAMME, "ticket", "neutral"),
    Action.EVENT_CHANGED: ActionLook("changed an event", _PROGRAMME, "ticket", "neutral"),
    Action.EVENT_TRANSLATED: ActionLook(
        "changed the texts of an event in another language", _PROGRAMME, "ticket", "neutral"
    ),
    Action.EVENT_PICTURE_CHANGED: ActionLook(
        "changed the picture of an event", _PROGRAMME, "ticket", "neutral"
    ),
    Action.EVENT_COPIED: ActionLook("copied an event", _PROGRAMME, "ticket", "neutral"),
    Action.PERFORMANCES_ADDED: ActionLook("added performances", _PROGRAMME, "calendar", "neutral"),
    Action.PERFORMANCES_ON_SALE: ActionLook(
        "put performances on sale", _PROGRAMME, "calendar", "success"
    ),
    Action.PERFORMANCES_PAUSED: ActionLook(
        "paused the sale of performances", _PROGRAMME, "calendar", "warning"
    ),
    Action.PERFORMANCE_MOVED: ActionLook(
        "changed when, where or for whom a performance is", _PROGRAMME, "calendar", "neutral"
    ),
    Action.PERFORMANCE_PERFORMED: ActionLook(
        "noted that a performance is over", _PROGRAMME, "calendar", "neutral"
    ),
    Action.PERFORMANCE_CANCELLED: ActionLook(
        "cancelled performances", _PROGRAMME, "calendar", "danger"
    ),
    Action.PRICE_TYPE_ADDED: ActionLook("added a price type", _PROGRAMME, "ticket", "neutral"),
    Action.PRICE_TYPE_CHANGED: ActionLook("changed a price type", _PROGRAMME, "ticket", "neutral"),
    Action.TAX_RATE_ADDED: ActionLook("added a tax rate", _PROGRAMME, "ticket", "neutral"),
    Action.TAX_RATE_RETIRED: ActionLook("retired a tax rate", _PROGRAMME, "ticket", "neutral"),
    Action.PRICES_SAVED: ActionLook("set prices", _PROGRAMME, "ticket", "neutral"),
    Action.WINDOW_ADDED: ActionLook("added a sale window", _PROGRAMME, "clock", "neutral"),
    Action.WINDOW_CHANGED: ActionLook("changed a sale window", _PROGRAMME, "clock", "neutral"),
    Action.WINDOW_REMOVED: ActionLook("removed a sale window", _PROGRAMME, "clock", "danger"),
    Action.HOUSE_LAID_OUT: ActionLook(
        "laid out the seats of a performance", _PROGRAMME, "layout-dashboard", "neutral"
    ),
    Action.HOUSE_MOVED: ActionLook(
        "moved a performance to another seat plan", _PROGRAMME, "layout-dashboard", "neutral"
    ),
    Action.HOUSE_RUSH: ActionLook(
        "changed how long seats are held", _PROGRAMME, "clock", "neutral"
    ),
    Action.HOUSE_HELD_BACK: ActionLook("held seats back", _PROGRAMME, "lock", "warning"),
    Action.HOUSE_RELEASED: ActionLook(
        "released seats that were held back", _PROGRAMME, "undo-2", "neutral"
    ),
    Action.ORDER_FILED: ActionLook("filed a guest’s order", _ORDERS, "ticket", "neutral"),
    Action.ORDER_CLAIMED: ActionLook("added an order to the record", _ORDERS, "ticket", "neutral"),
    Action.CONTACTS_EMPTIED: ActionLook(
        "emptied the contacts of guests’ old orders", _ORDERS, "trash-2", "neutral"
    ),
    Action.TICKETS_GIVEN: ActionLook("gave tickets away", _ORDERS, "ticket", "warning"),
    Action.TICKETS_HANDED_OUT: ActionLook("handed tickets out", _ORDERS, "ticket", "neutral"),
    Action.TICKETS_HANDED_BACK: ActionLook(
        "noted that tickets were not collected", _ORDERS, "ticket", "neutral"
    ),
    Action.TICKETS_RETURNED: ActionLook("took tickets back", _ORDERS, "ticket", "warning"),
    Action.TICKETS_EXCHANGED: ActionLook("exchanged tickets", _ORDERS, "ticket", "neutral"),
    Action.ORDERS_CANCELLED: ActionLook(
        "listed the orders of a cancelled performance", _ORDERS, "circle-slash", "danger"
    ),
    Action.ORDERS_MOVED: ActionLook(
        "listed the orders of a moved performance", _ORDERS, "calendar", "warning"
    ),
    Action.TICKETS_REISSUED: ActionLook("issued tickets again", _ORDERS, "ticket", "warning"),
    Action.TICKETS_OFFERED: ActionLook(
        "offered tickets to another person", _ORDERS, "send", "neutral"
    ),
    Action.OFFER_TAKEN_BACK: ActionLook(
        "took an offer of tickets back", _ORDERS, "undo-2", "neutral"
    ),
    Action.OFFER_DECLINED: ActionLook("did not take the tickets offered", _ORDERS, "x", "neutral"),
    Action.TICKETS_PASSED_ON: ActionLook(
        "took tickets over from their holder", _ORDERS, "ticket", "success"
    ),
    Action.SEAT_PROPOSED: ActionLook(
        "proposed another seat to a ticket’s holder", _ORDERS, "send", "info"
    ),
    Action.SEAT_WITHDRAWN: ActionLook(
        "withdrew the proposal of another seat", _ORDERS, "undo-2", "neutral"
    ),
    Action.SEAT_DECLINED: ActionLook("kept the seat as it is", _ORDERS, "x", "neutral"),
    Action.SEAT_LAPSED: ActionLook(
        "ended the proposal of another seat for want of an answer", _ORDERS, "clock", "neutral"
    ),
    Action.SEAT_MOVED: ActionLook(
        "said yes to another seat, and got it", _ORDERS, "ticket", "success"
    ),
    Action.TICKETS_PRINTED_AGAIN: ActionLook("printed tickets again", _ORDERS, "ticket", "neutral"),
    Action.MONEY_GIVEN_BACK: ActionLook("gave money back", _ORDERS, "undo-2", "warning"),
    Action.TILL_ADDED: ActionLook("added a till", _ORDERS, "settings", "neutral"),
    Action.TILL_RENAMED: ActionLook("renamed a till", _ORDERS, "settings", "neutral"),
    Action.TILL_RETIRED: ActionLook("retired a till", _ORDERS, "settings", "warning"),
    Action.SHIFT_OPENED: ActionLook("opened a shift", _ORDERS, "key-round", "neutral"),
    Action.SHIFT_CLOSED: ActionLook("closed a shift", _ORDERS, "lock", "neutral"),
    Action.GIFT_ASKED: ActionLook(
        "asked a second person for complimentary tickets", _ORDERS, "users", "info"
    ),
    Action.GIFT_GIVEN: ActionLook(
        "gave complimentary tickets as second person", _ORDERS, "users", "success"
    ),
    Action.GIFT_DECLINED: ActionLook(
        "declined complimentary tickets as second person", _ORDERS, "circle-x", "neutral"
    ),
    Action.CASH_MOVED: ActionLook("moved cash in a drawer", _ORDERS, "arrow-right", "neutral"),
    Action.PLAN_SAVED: ActionLook(
        "saved a new version of a seat plan", _PROGRAMME, "layout-dashboard", "neutral"
    ),
    Action.PLAN_BROUGHT_BACK: ActionLook(
        "brought an older seat plan back", _PROGRAMME, "undo-2", "neutral"
    ),
    Action.PLAN_IMPORTED: ActionLook(
        "imported a seat plan from a file", _PROGRAMME, "layout-dashboard", "neutral"
    ),
    Action.MAIL_SENT_AGAIN: ActionLook(
        "sent one email again", _REQUESTS, "clipboard-check", "neutral"
    ),
    Action.MAIL_RESUMED: ActionLook("resumed sending email", _SETTINGS, "settings", "neutral"),
    Action.POLICY_CHANGED: ActionLook(
        "changed the rules of requests", _SETTINGS, "settings", "neutral"
    ),
    Action.REPORT_EXPORTED: ActionLook(
        "took a report out as a file", _ORDERS, "download", "neutral"
    ),
    Action.TRAIL_EXPORTED: ActionLook("exported the trail", _SETTINGS, "settings", "neutral"),
    Action.TRAIL_OPENED: ActionLook("opened the trail", _SETTINGS, "settings", "neutral"),
    Action.TRAIL_KEY_ENTERED: ActionLook(
        "took a new signing key into use", _SETTINGS, "settings", "neutral"
    ),
    Action.ROWS_RECORDED: ActionLook(
        "recorded what the record holds", _SETTINGS, "settings", "neutral"
    ),
    Action.ROWS_SEALED: ActionLook(
        "sealed what was sold and booked", ActionGroup.SEALS, "shield-check", "neutral"
    ),
    Action.ROWS_RESTORED: ActionLook(
        "restored what the trail says", _SETTINGS, "settings", "neutral"
    ),
    Action.TAMPERING_FOUND: ActionLook(
        "found a row that was changed outside the CRM", _SETTINGS, "settings", "neutral"
    ),
    Action.TAMPERING_ENDED: ActionLook(
        "found the row as it should be again", _SETTINGS, "settings", "neutral"
    ),
}
FOLLOWS: frozenset[Action] = frozenset(
    {
        Action.ADDRESS_PROVEN,
        Action.ADDRESS_BOUNCED,
        Action.REVIEWER_ADDED,
        Action.REVIEWER_REPLACED,
        Action.NOTICE_RENEWED,
        Action.DESK_IDENTIFIED,
        Action.CODE_ACCEPTED,
        Action.RECEIPT_ISSUED,
        Action.FIELD_WAITS,
        Action.FIELD_APPLIED,
        Action.MAILBOX_OUT,
        Action.PATRON_FROZEN,
    }
)
"""What follows from another entry of the same moment, and is told in one line with it."""
