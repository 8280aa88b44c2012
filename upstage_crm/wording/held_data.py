"""The words of what is held about a patron: sections, columns, and the values that are codes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from upstage_crm.audit.events import Action, Channel
from upstage_crm.change_requests.model.reasons import REASONS
from upstage_crm.core import when
from upstage_crm.patrons.commands import PatronKind
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.patrons.views import ContactPlace
from upstage_crm.privacy.held_data import Section, Value
from upstage_crm.wording.action_table import ACTIONS
from upstage_crm.wording.households import RELATION_WORDS
from upstage_crm.wording.mails import MAIL_KIND_WORDS
from upstage_crm.wording.preferences import (
    ANSWER_WORDS,
    BASIS_WORDS,
    CHANNEL_WORDS,
    PURPOSE_WORDS,
    SOURCE_WORDS,
    kept_answer_words,
)
from upstage_crm.wording.programme import CHANNEL_WORDS as SALE_WORDS
from upstage_crm.wording.sales.orders import DIRECTIONS, OFFER_STATES, TICKET_STATES
from upstage_crm.wording.sales.payments import METHOD_WORDS, PAYMENT_WORDS
from upstage_crm.wording.sales.waiting_lists import WAITING_WORDS
from upstage_crm.wording.sentences import (
    LANGUAGE_WORDS,
    OUTCOME_WORDS,
    RECEIPT_WORDS,
    STATE_WORDS,
    STATUS_WORDS,
    channel_words,
)

TITLE = "What is held about {name}"
LEAD = "Patron {number}, as of {at}."
MASKED = "Some of it is masked, because of the role of the staff member who took it out."
HEAD = "The newest entry of the audit trail is {entry}, and its hash is {hash}."
NOTHING, NOT_GIVEN = "Nothing.", "Not given"
REFUSED = "Nothing was exported"
AS_JSON, BACK = "Download as JSON", "Back to the record"

SECTION_WORDS: Mapping[Section, str] = {
    Section.RECORD: "The record",
    Section.DETAILS: "Details that only the patron can change",
    Section.OTHER_CONTACTS: "Other emails and phones",
    Section.PREFERENCES: "Contact preferences",
    Section.TAGS: "Tags",
    Section.NOTES: "Notes of staff",
    Section.HOUSEHOLD: "Household",
    Section.RELATIONSHIPS: "Relationships",
    Section.ORDERS: "Orders",
    Section.TICKETS: "Tickets",
    Section.TRANSFERS: "Tickets given and received",
    Section.PAYMENTS: "Payments",
    Section.WAITING_LISTS: "Places on waiting lists",
    Section.REQUESTS: "Change requests",
    Section.CHANGES: "What they asked for, and the answers",
    Section.COMMENTS: "Comments of staff on requests",
    Section.RECEIPTS: "Receipts of decisions",
    Section.EMAILS: "Emails to the patron",
    Section.SIGN_INS: "Sign-ins to the account",
    Section.LOOKS: "Who looked at masked details, or took out a copy",
    Section.HISTORY: "Everything that happened",
}


def _begun(words: str) -> str:
    return words[:1].upper() + words[1:]


COLUMN_WORDS: Mapping[str, str] = {
    "is_protected": "Protected",
    "is_in_dispute": "In dispute",
    "is_head": "Head of the household",
    "is_not_theirs": "Reported as not theirs",
    "is_their": "Is their",
    "note": "Pinned note",
    "patron": "Patron number",
    "created_at": "Created",
    "updated_at": "Changed last",
    "changed_at": "Changed",
    "ended_at": "Ended",
    "last_seen_at": "Used last",
    "settled_at": "Decided",
    "delivered_at": "Delivered",
    "answered_at": "Answered",
    "email_verified_at": "Email verified",
    "email_bounced_at": "Email bounced",
    "at": "When",
    "actor": "Who",
    "action": "What",
    "channel": "By",
    "reason_text": "Message",
    "wording": "Version of the words",
    "basis": "Lawful basis",
    "source": "How we know",
    "starts_at": "Performed",
    "places": "Tickets wanted",
    "waiting": "State",
    "asked_at": "Asked for",
    "confirmed_at": "Confirmed",
    "email": "Email",
    "paid_by": "Paid by",
}
_DOORS = {channel: channel_words(channel) for channel in Channel}
_CODES: Mapping[tuple[Section, str], Mapping[Any, str]] = {
    (Section.RECORD, "status"): STATUS_WORDS,
    (Section.PREFERENCES, "channel"): CHANNEL_WORDS,
    (Section.PREFERENCES, "purpose"): PURPOSE_WORDS,
    (Section.PREFERENCES, "answer"): ANSWER_WORDS,
    (Section.PREFERENCES, "basis"): BASIS_WORDS,
    (Section.PREFERENCES, "source"): SOURCE_WORDS,
    (Section.RELATIONSHIPS, "is_their"): RELATION_WORDS,
    (Section.ORDERS, "sold"): SALE_WORDS,
    (Section.TICKETS, "ticket"): TICKET_STATES,
    (Section.TRANSFERS, "transfer"): DIRECTIONS,
    (Section.TRANSFERS, "answer"): OFFER_STATES,
    (Section.WAITING_LISTS, "waiting"): WAITING_WORDS,
    (Section.PAYMENTS, "paid_by"): METHOD_WORDS,
    (Section.PAYMENTS, "payment"): PAYMENT_WORDS,
    (Section.REQUESTS, "state"): STATE_WORDS,
    (Section.CHANGES, "outcome"): OUTCOME_WORDS,
    (Section.RECEIPTS, "event"): RECEIPT_WORDS,
    (Section.EMAILS, "kind"): MAIL_KIND_WORDS,
    (Section.LOOKS, "channel"): _DOORS,
    (Section.HISTORY, "channel"): _DOORS,
}
_PLAIN: Mapping[str, Mapping[str, str]] = {
    "language": LANGUAGE_WORDS,
    "reason": {code.value: reason.label for code, reason in REASONS.items()},
    "field": {key: entry.label for key, entry in FIELDS.items()},
    "action": {action.value: _begun(ACTIONS[action].words) for action in Action},
    "kind": {kind.value: _begun(kind.value) for kind in PatronKind},
    "place": {place.value: _begun(place.value) for place in ContactPlace},
}


def column_words(column: str) -> str:
    """What people call a column."""
    plain = column.removesuffix("_at").replace("_", " ")
    return COLUMN_WORDS.get(column, _begun(plain))


def value_words(section: Section, column: str, value: Value, time_zone: tzinfo) -> str:
    """A value as people read it: codes and instants become words. "" where there is none to say."""
    if value is None or value == "":
        return NOT_GIVEN if section is Section.DETAILS else ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    text = str(value)
    if column in {"at", "since"} or column.endswith("_at"):
        return when.short(datetime.fromisoformat(text), time_zone)
    named = {str(code): words for code, words in _CODES.get((section, column), {}).items()}
    if column == "about":
        labels = _PLAIN["field"]
        return ", ".join(labels.get(one, one.replace("_", " ")) for one in text.split(", "))
    if column in {"before", "after"}:
        text = kept_answer_words(text, time_zone)
    if column == "time_zone":
        text = when.place_of(text)
    return named.get(text) or _PLAIN.get(column, {}).get(text, text)
