"""Mails in words: their kinds and readers, and what became of one, with a sentence for its reason.

A mail carries a stable code for its last failure: ours (`matter_over`) or the provider's own word
(`validation_error`). Codes that we do not know are told by the status of the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo

from upstage_crm.core import when
from upstage_crm.mail.delivery import MailState
from upstage_crm.mail.event_log import NotedEvent
from upstage_crm.mail.message import Audience, MailKind
from upstage_crm.mail.provider_events import EventKind
from upstage_crm.mail.queries import MailSummary

SERVER_FAULT = 500

MAIL_KIND_WORDS: Mapping[MailKind, str] = {
    MailKind.DECISION_REQUEST: "Approval request",
    MailKind.DECISION_REMINDER: "Reminder of the approval request",
    MailKind.CHANGE_NOTICE: "Notice of a new address",
    MailKind.NOTICE_REMINDER: "Reminder of the notice",
    MailKind.FURTHER_CHANGE: "Notice of a further change, to the former address",
    MailKind.CHANGE_WAITING: "Confirmation of the approval, with the waiting period",
    MailKind.DESK_NOTICE: "Notice of a change confirmed at the desk",
    MailKind.CHANGE_APPLIED: "Confirmation of the change",
    MailKind.CHANGE_PARTLY_APPLIED: "Confirmation of a partly approved change",
    MailKind.CHANGE_REJECTED: "Confirmation of the rejection",
    MailKind.CHANGE_EXPIRED: "Expired",
    MailKind.CHANGE_WITHDRAWN: "Notice of the withdrawal",
    MailKind.CHANGE_SUPERSEDED: "Notice that a newer request replaced it",
    MailKind.CHANGE_UNDELIVERABLE: "Notice that an email could not be delivered",
    MailKind.CHANGE_REVERTED: "Confirmation that the change was undone",
    MailKind.SUPPRESSION_LIFTED: "Notice that we may write again",
    MailKind.RECORD_FROZEN: "Alert: a record is in dispute",
    MailKind.PROTECTION_REMOVED: "Notice that the record is no longer protected",
    MailKind.RECORD_ERASED: "Confirmation of the erasure",
    MailKind.ORDER_CONFIRMATION: "Confirmation of an order, with its tickets",
    MailKind.ORDER_LINK: "Link to the tickets of an order",
    MailKind.ORDERS_LINK: "Link to all tickets of an address",
    MailKind.SIGN_IN_CODE: "Code and link to sign in to an account",
    MailKind.OWN_CHANGE_CODE: "Code to change a detail in an account",
    MailKind.PERFORMANCE_CANCELLED: "Notice of a cancelled performance",
    MailKind.PERFORMANCE_MOVED: "Notice of a moved performance",
    MailKind.TICKET_OFFER: "Offer of tickets to another person",
    MailKind.TICKETS_RECEIVED: "Tickets that another person gave",
    MailKind.OFFER_ANSWERED: "Answer to an offer of tickets",
    MailKind.SEAT_MOVE: "Proposal of another seat",
    MailKind.SEAT_MOVE_ENDED: "What became of a proposal of another seat",
    MailKind.WAITING_PLACE: "Question to join a waiting list",
    MailKind.WAITING_OFFER: "Offer of tickets from a waiting list",
    MailKind.DAY_OF: "Reminder on the day of the performance",
    MailKind.STAFF_OUTCOME: "Result (to staff)",
    MailKind.STAFF_INVITATION: "Invitation to the team",
    MailKind.STAFF_PASSWORD_LINK: "Link to set a new password",
    MailKind.STAFF_NOTICE: "Notice about a staff account",
    MailKind.STAFF_ALERT: "Alert: unusual activity of a colleague",
}
AUDIENCE_WORDS: Mapping[Audience, str] = {
    Audience.CURRENT: "the current address",
    Audience.PROPOSED: "the proposed address",
    Audience.BUYER: "the buyer",
    Audience.STAFF: "a staff member",
}
EVENT_WORDS: Mapping[EventKind, str] = {
    EventKind.SENT: "Accepted by the provider",
    EventKind.DELIVERED: "Delivered",
    EventKind.DELAYED: "Delayed: its mailbox does not accept it yet",
    EventKind.BOUNCED: "Bounced",
    EventKind.COMPLAINED: "Marked as spam",
    EventKind.SUPPRESSED: "Stopped by the provider: an earlier email bounced",
    EventKind.FAILED: "The provider could not send it",
}

REASONS: Mapping[str, str] = {
    # Ours.
    "matter_over": "The request had ended before this email was sent.",
    "notice_not_sent": "The notice that goes first could not be sent, so this email was not sent.",
    "link_expired": "Its link had expired before the email could be sent.",
    "file_not_drawn": "A file that belongs to it could not be made.",
    "link_key_missing": "The key that signs its link is gone. Ask your server administrator.",
    "retries_ended": "It was tried for 23 hours without a clear answer.",
    # The provider's, and what we make of answers without a word.
    "no_content": "The email provider’s answer was empty.",
    "unusable_answer": "The email provider’s answer could not be read.",
    "redirected": "The email provider’s address is not right. Ask your server administrator.",
    "rate_limit_exceeded": "The email provider asked us to slow down.",
    "daily_quota_exceeded": "The email provider’s daily allowance is used up.",
    "monthly_quota_exceeded": "The email provider’s monthly allowance is used up.",
    "invalid_idempotent_request": "The email provider already has this email with different words.",
    "concurrent_idempotent_requests": "The email provider was still busy with this email.",
    "resource_locked": "The email provider was still busy with this email.",
    "invalid_api_key": "The email provider refuses our key. Ask your server administrator.",
    "missing_api_key": "The email provider refuses our key. Ask your server administrator.",
    "restricted_api_key": "The email provider refuses our key. Ask your server administrator.",
    "invalid_from_address": "The email provider refuses our sender. Ask your server administrator.",
    "invalid_to_address": "The email provider refuses the address.",
    "validation_error": "The email provider refuses the sender, the address or the words.",
    "security_error": "The email provider refuses this email as unsafe.",
}
UNREACHABLE = "The email provider could not be reached."
FAULT = "The email provider had a fault of its own."
REFUSED = "The email provider refused it ({code})."
BOUNCED = "The email provider could not deliver it to this address."
COMPLAINED = "Its reader marked it as spam."
SUPPRESSED = "The email provider no longer delivers to this address."
WAITS_FOR_NOTICE = "It leaves once the notice to the current address was accepted."
UNCERTAIN = "It may or may not have been sent. It is not retried automatically."


def event_words(event: NotedEvent) -> str:
    """What the provider reported about a mail, with its own word for the cause."""
    words = EVENT_WORDS[event.kind]
    if event.kind is EventKind.BOUNCED:
        words += " permanently" if event.is_permanent else " temporarily"
    return f"{words} ({event.detail})" if event.detail else words


def delivery_key(mail: MailSummary) -> str:
    """The key of a mail's chip: what its provider told last counts more than that it was sent."""
    told = (
        ("complained", mail.complained_at),
        ("bounced", mail.bounced_at),
        ("suppressed", mail.suppressed_at),
        ("delivered", mail.delivered_at),
    )
    return next((key for key, at in told if at is not None), mail.state.value)


def delivery_note(mail: MailSummary, *, now: datetime, time_zone: tzinfo) -> str:
    """Why a mail is where it is; empty when its state says it all."""
    told = {"complained": COMPLAINED, "bounced": BOUNCED, "suppressed": SUPPRESSED}
    if note := told.get(delivery_key(mail)):
        return note
    if mail.state is MailState.QUEUED:
        return _waiting(mail, now=now, time_zone=time_zone)
    if mail.state is MailState.UNCERTAIN:
        return f"{UNCERTAIN} {_reason(mail)}".rstrip()
    if mail.state in (MailState.FAILED, MailState.CANCELLED):
        return _reason(mail)
    return ""


def _waiting(mail: MailSummary, *, now: datetime, time_zone: tzinfo) -> str:
    if mail.last_type is None:
        return WAITS_FOR_NOTICE if mail.after_id is not None else ""
    if mail.next_at <= now:
        return f"{_reason(mail)} It is tried again now."
    return f"{_reason(mail)} It is tried again at {when.short(mail.next_at, time_zone)}."


def _reason(mail: MailSummary) -> str:
    if mail.last_type is None:
        return ""
    if mail.last_type in REASONS:
        return REASONS[mail.last_type]
    if mail.last_code is None:
        return UNREACHABLE
    return FAULT if mail.last_code >= SERVER_FAULT else REFUSED.format(code=mail.last_code)
