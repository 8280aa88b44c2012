"""What the trail can say: who acted, through which channel, what happened.

Pure. An `AuditEvent` is built beside the change it describes, so that forgetting it is hard.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class ActorKind(StrEnum):
    """Who acted."""

    STAFF = "staff"
    PATRON = "patron"
    SYSTEM = "system"
    OPERATOR = "operator"
    OUTSIDER = "outsider"


class Channel(StrEnum):
    """The door through which an actor came."""

    CRM = "crm"
    PATRON_PAGE = "patron_page"
    SIMPLE_PAGE = "simple_page"
    COMMAND_LINE = "command_line"
    SCHEDULE = "schedule"
    DEMO = "demo"
    DESK = "desk"


class Action(StrEnum):
    """What happened, in the past tense: subject, then event. Values are stored; never reuse one."""

    PATRON_ADDED = "patron.added"
    PATRON_EDITED = "patron.edited"
    ADDRESS_PROVEN = "patron.address_proven"
    ADDRESS_BOUNCED = "patron.address_bounced"
    PATRON_PROTECTED = "patron.protected"
    PATRON_UNPROTECTED = "patron.unprotected"
    STATUS_CHANGED = "patron.status_changed"
    RECORD_CHANGE_ASKED = "patron.record_change_asked"
    RECORD_CHANGE_DECLINED = "patron.record_change_declined"
    PATRON_FROZEN = "patron.frozen"
    FREEZE_LOOKED_AT = "patron.freeze_looked_at"
    FREEZE_CLEARED = "patron.freeze_cleared"
    ERASURE_REQUESTED = "patron.erasure_requested"
    ERASURE_DECLINED = "patron.erasure_declined"
    PATRON_ERASED = "patron.erased"
    VALUE_REVEALED = "patron.value_revealed"
    DATA_EXPORTED = "patron.data_exported"
    PATRON_SIGNED_IN = "patron.signed_in"
    PATRON_SIGNED_OUT = "patron.signed_out"
    REQUEST_PROPOSED = "request.proposed"
    REQUEST_RESENT = "request.resent"
    REQUEST_WITHDRAWN = "request.withdrawn"
    REQUEST_EXPIRED = "request.expired"
    REQUEST_SUPERSEDED = "request.superseded"
    REQUEST_RELEASED = "request.released"
    REQUEST_REMINDED = "request.reminded"
    REQUEST_UNDELIVERABLE = "request.undeliverable"
    REQUEST_REVERTED = "request.reverted"
    REVIEWER_ADDED = "request.reviewer_added"
    REVIEWER_REPLACED = "request.reviewer_replaced"
    NOTICE_DELIVERED = "request.notice_delivered"
    NOTICE_STOPPED = "request.notice_stopped"
    NOTICE_RENEWED = "request.notice_renewed"
    PERIOD_ENDED = "request.period_ended"
    REQUEST_HANDED_OVER = "request.handed_over"
    REQUEST_COMMENTED = "request.commented"
    DESK_IDENTIFIED = "desk.identified"
    DESK_CONFIRMED = "desk.confirmed"
    DESK_DECLINED = "desk.declined"
    LETTER_NOTED = "desk.letter_noted"
    CODE_ACCEPTED = "code.accepted"
    CODE_REFUSED = "code.refused"
    RECEIPT_ISSUED = "receipt.issued"
    FIELD_APPROVED = "field.approved"
    FIELD_WAITS = "field.waits"
    FIELD_APPLIED = "field.applied"
    FIELD_REJECTED = "field.rejected"
    FIELD_OBJECTED = "field.objected"
    OBJECTION_RECEIVED = "request.objection_received"
    ADDRESS_SUPPRESSED = "address.suppressed"
    MAILBOX_OUT = "address.out"
    LIFTING_ASKED = "address.lifting_asked"
    SUPPRESSION_LIFTED = "address.suppression_lifted"
    STAFF_ADDED = "staff.added"
    STAFF_DISABLED = "staff.disabled"
    STAFF_FROZEN = "staff.frozen"
    TRIPWIRE_TRIPPED = "staff.tripwire_tripped"
    ALERT_CLOSED = "staff.alert_closed"
    STAFF_PASSWORD_RESET = "staff.password_reset"  # noqa: S105  # an event, not a password
    STAFF_SIGNED_IN = "staff.signed_in"
    STAFF_SIGNED_OUT = "staff.signed_out"
    SIGN_IN_REFUSED = "staff.sign_in_refused"
    STAFF_PROVEN = "staff.proven"
    STAFF_INVITED = "staff.invited"
    INVITATION_RESENT = "staff.invitation_resent"
    INVITATION_WITHDRAWN = "staff.invitation_withdrawn"
    INVITATION_ACCEPTED = "staff.invitation_accepted"
    STAFF_ENABLED = "staff.enabled"
    STAFF_RENAMED = "staff.renamed"
    STAFF_ROLE_CHANGED = "staff.role_changed"
    STAFF_PASSWORD_CHANGED = "staff.password_changed"  # noqa: S105  # an event, not a password
    STAFF_RESET_ASKED = "staff.reset_asked"
    SECOND_FACTOR_ADDED = "staff.second_factor_added"
    SECOND_FACTOR_REMOVED = "staff.second_factor_removed"
    SECOND_FACTOR_REFUSED = "staff.second_factor_refused"
    RECOVERY_CODE_USED = "staff.recovery_code_used"
    RECOVERY_CODES_MADE = "staff.recovery_codes_made"
    SESSIONS_ENDED = "staff.sessions_ended"
    NEW_DEVICE = "staff.new_device"
    SECURITY_CHANGED = "security.changed"
    ORGANISATION_CHANGED = "organisation.changed"
    VENUE_ADDED = "venue.added"
    VENUE_CHANGED = "venue.changed"
    HALL_ADDED = "hall.added"
    HALL_CHANGED = "hall.changed"
    EVENT_ADDED = "event.added"
    EVENT_CHANGED = "event.changed"
    EVENT_TRANSLATED = "event.translated"
    EVENT_PICTURE_CHANGED = "event.picture_changed"
    EVENT_COPIED = "event.copied"
    PERFORMANCES_ADDED = "performance.added"
    PERFORMANCES_ON_SALE = "performance.on_sale"
    PERFORMANCES_PAUSED = "performance.paused"
    PERFORMANCE_MOVED = "performance.moved"
    PERFORMANCE_PERFORMED = "performance.performed"
    PERFORMANCE_CANCELLED = "performance.cancelled"
    PRICE_TYPE_ADDED = "price.type_added"
    PRICE_TYPE_CHANGED = "price.type_changed"
    TAX_RATE_ADDED = "price.tax_rate_added"
    TAX_RATE_RETIRED = "price.tax_rate_retired"
    PRICES_SAVED = "price.saved"
    WINDOW_ADDED = "window.added"
    WINDOW_CHANGED = "window.changed"
    WINDOW_REMOVED = "window.removed"
    HOUSE_LAID_OUT = "house.laid_out"
    HOUSE_MOVED = "house.moved"
    HOUSE_RUSH = "house.rush"
    HOUSE_HELD_BACK = "house.held_back"
    HOUSE_RELEASED = "house.released"
    TILL_ADDED = "till.added"
    TILL_RENAMED = "till.renamed"
    TILL_RETIRED = "till.retired"
    SHIFT_OPENED = "shift.opened"
    SHIFT_CLOSED = "shift.closed"
    CASH_MOVED = "shift.cash_moved"
    GIFT_ASKED = "till.gift_asked"
    GIFT_GIVEN = "till.gift_given"
    GIFT_DECLINED = "till.gift_declined"
    PLAN_SAVED = "plan.saved"
    PLAN_IMPORTED = "plan.imported"
    PLAN_BROUGHT_BACK = "plan.brought_back"
    ORDER_FILED = "order.filed"
    ORDER_CLAIMED = "order.claimed"
    CONTACTS_EMPTIED = "order.contacts_emptied"
    TICKETS_GIVEN = "order.tickets_given"
    TICKETS_RETURNED = "order.tickets_returned"
    TICKETS_EXCHANGED = "order.tickets_exchanged"
    ORDERS_CANCELLED = "order.cancelled"
    ORDERS_MOVED = "order.moved"
    TICKETS_REISSUED = "order.tickets_reissued"
    TICKETS_PRINTED_AGAIN = "order.tickets_printed_again"
    TICKETS_OFFERED = "order.tickets_offered"
    OFFER_TAKEN_BACK = "order.offer_taken_back"
    OFFER_DECLINED = "order.offer_declined"
    TICKETS_PASSED_ON = "order.tickets_passed_on"
    SEAT_PROPOSED = "order.seat_proposed"
    SEAT_WITHDRAWN = "order.seat_withdrawn"
    SEAT_DECLINED = "order.seat_declined"
    SEAT_LAPSED = "order.seat_lapsed"
    SEAT_MOVED = "order.seat_moved"
    TICKETS_HANDED_OUT = "order.tickets_handed_out"
    TICKETS_HANDED_BACK = "order.tickets_handed_back"
    MONEY_GIVEN_BACK = "order.money_given_back"
    MAIL_SENT_AGAIN = "mail.sent_again"
    MAIL_RESUMED = "mail.resumed"
    POLICY_CHANGED = "policy.changed"
    REPORT_EXPORTED = "report.exported"
    TRAIL_EXPORTED = "trail.exported"
    TRAIL_OPENED = "trail.opened"
    TRAIL_KEY_ENTERED = "trail.key_entered"
    ROWS_RECORDED = "trail.rows_recorded"
    ROWS_SEALED = "trail.rows_sealed"
    ROWS_RESTORED = "trail.rows_restored"
    TAMPERING_FOUND = "integrity.found"
    TAMPERING_ENDED = "integrity.ended"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acted, as the trail and the timeline name them.

    `id` is the staff member's id, or None. `label` is what people read: "Dana, box office",
    "The patron", "UpStage".
    """

    kind: ActorKind
    label: str
    id: str | None = None


SYSTEM = Actor(ActorKind.SYSTEM, "UpStage")
OPERATOR = Actor(ActorKind.OPERATOR, "Operator")
OUTSIDER = Actor(ActorKind.OUTSIDER, "Someone who did not sign in")
PATRON_AT_PROPOSED = Actor(ActorKind.PATRON, "The proposed address")
PATRON_AT_CURRENT = Actor(ActorKind.PATRON, "The current address")
BUYER = Actor(ActorKind.PATRON, "The address of the order")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One thing that happened.

    `facts` are plain, non-personal values (codes, field keys, references) and stand in clear in
    the chain. `values` are personal: the chain holds salted commitments of them only, and the
    values themselves stand in `audit_value`, which erasure may delete. A value's salt is drawn
    when the event is recorded, unless `salts` gives it: the one who committed to it before does.
    """

    action: Action
    actor: Actor
    channel: Channel
    patron_id: str | None = None
    request_id: str | None = None
    facts: Mapping[str, str | int | bool | None] = field(default_factory=dict[str, str])
    values: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    salts: Mapping[str, str] = field(default_factory=dict[str, str])
