"""The words of the product: one plain sentence for every code that people can meet.

Errors carry facts, never sentences; here they become words. A house test fails when a code has
none. Sentences say what happened and what to do next, in the words of the desk.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo

from upstage_crm.audit.events import Channel
from upstage_crm.change_requests.model.rules import (
    Cause,
    Decision,
    FieldOutcome,
    Finding,
    FreezeCause,
    NoticeState,
    RequestState,
)
from upstage_crm.core import when
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.languages import Say
from upstage_crm.mail.delivery import MailMode
from upstage_crm.patrons.advice import Advice, AdviceCode
from upstage_crm.patrons.commands import PatronStatus
from upstage_crm.patrons.views import SuppressionCause
from upstage_crm.privacy.erasure import Blocker, BlockerKind
from upstage_crm.receipts.facts import ReceiptEvent
from upstage_crm.wording import failures
from upstage_crm.wording.programme import PROGRAMME_SENTENCES
from upstage_crm.wording.records import RECORD_SENTENCES
from upstage_crm.wording.sales.sentences import SALE_SENTENCES
from upstage_crm.wording.staff import STAFF_SENTENCES
from upstage_crm.wording.values import VALUE_SENTENCES
from upstage_crm.wording.venues import INVENTORY_SENTENCES, VENUE_SENTENCES

SENTENCES: Mapping[str, str] = {
    # The roots, for a refusal without a sentence of its own.
    "refused": "This could not be done. Nothing was changed.",
    "invalid": "This value cannot be used. Nothing was changed.",
    "forbidden": "Your role does not allow this. Ask an owner of this CRM.",
    "not_found": "There is no such record.",
    "conflict": "Something changed in the meantime. Load the page again.",
    "edited_meanwhile": "A colleague has changed this since you opened it, so nothing was saved. "
    "Save again to replace it.",
    "subject_moved": "The page has moved on since this was opened, so nothing was done. "
    "Open it again.",
    "busy": "There is no room for this right now. Try again in {seconds} seconds.",
    **VALUE_SENTENCES,
    **RECORD_SENTENCES,
    # Change requests.
    "nothing_to_change": "This is already on the record.",
    "nothing_proposed": "Propose at least one new value.",
    "reason_missing": "Choose a reason. For another reason, describe it.",
    "note_missing": "Enter a reason.",
    "code_refused": "The reference or code is wrong, or there were too many attempts.",
    "policy_out_of_range": "Enter a whole number from {least} to {most}.",
    "policy_reminder_too_late": "Links expire before that, so this reminder would never be sent.",
    "policy_cannot_be_asked": "Only the current address can decide this field.",
    "same_person": "A different colleague must take this step.",
    "not_yet_second": "You can be the second person from {day} at {time}.",
    "first_not_settled": (
        "Your colleague’s account is new or was changed in the last week. Someone who does not "
        "manage the team can take this step now, you can from {day} at {time}."
    ),
    "own_record": "This is your own patron record. Ask a colleague to do it.",
    "field_hidden": "This is hidden from you, so you cannot correct a part of it.",
    "nothing_held": "There is nothing on the record that could be corrected.",
    "already_proposed": "This has been proposed already (request {reference}).",
    "staff_address": "This address belongs to a staff account and cannot be a patron’s.",
    "patron_inactive": "This patron’s record is not active, so they can’t be asked.",
    "patron_frozen": ("This record is in dispute. Two colleagues must end that first."),
    "status_refused": "Choose another status.",
    "record_moved": "The record has changed since this was requested. Decline it and ask again.",
    "not_frozen": "This record is not in dispute.",
    "no_mailbox": (
        "This patron has no working email. Propose a new one first, or confirm their identity at "
        "the desk."
    ),
    "address_recently_proposed": (
        "This address was proposed for another patron in the last 30 days (request {reference})."
    ),
    "address_suppressed": (
        "We were told that this address is not the patron’s. Two colleagues can allow it again, "
        "on the request where it was said."
    ),
    "change_waits": (
        "An approved change of this takes effect later, see request {reference}. Withdraw it first."
    ),
    "in_revert_window": (
        "The record has changed recently, which may still be undone. Wait until {until}."
    ),
    "not_suppressed": "This address is no longer suppressed.",
    "other_finding": "Your colleague recorded a different finding. Talk to each other first.",
    "mailbox_out": "This address can no longer answer for this record.",
    "recently_rejected": (
        "The patron rejected this (request {reference}). You can propose it again from {until}; a "
        "manager, the privacy lead or an owner can do so now."
    ),
    "request_unknown": "There is no such request.",
    "request_ended": "This request has ended: {state}.",
    "erasure_blocked": "This patron cannot be erased yet. The reasons are listed.",
    "nothing_waits": "Nothing here needs a second person.",
    "already_waiting": "This is already waiting for a second person.",
    "revert_window_over": "It is too late to undo this.",
    "link_outdated": "A newer email has replaced this link. Use the newest email.",
    "link_expired": "This link has expired.",
    "link_invalid": "This link does not work.",
    "resend_too_soon": "The last email was sent just now. Try again in {wait}.",
    "resend_limit": "This request has been sent again {limit} times today. Try tomorrow.",
    # Mail.
    "mail_not_found": "There is no such email.",
    "mail_header_invalid": "This text cannot be used in an email header. Remove the line breaks.",
    "mail_address_invalid": "Email cannot be sent to this address.",
    "mail_not_sendable": "Only an email that failed or may not have been sent can be sent again.",
    "mail_send_failed": "The email could not be sent.",
    "mail_rejected": "The email provider refused this email.",
    "mail_deferred": "The email provider is busy. The email will be sent later.",
    "mail_paused": "Email is paused.",
    "mail_conflict": "The email provider already has this email with other content.",
    "resend_setting_invalid": "The settings of the email provider cannot be used.",
    "mail_event_malformed": "This event cannot be read.",
    "mail_event_unknown": "There is no such kind of event.",
    "webhook_refused": "This event was not signed by the email provider, or it is too old.",
    "mail_catalogue_mismatch": "This email could not be written. Nothing was changed.",
    # Settings.
    "organisation_detail_missing": "Enter a value: every email shows it.",
    "time_zone_unknown": "Choose a time zone from the list.",
    "organisation_country_unknown": "Choose a country from the list.",
    "language_unknown": "Choose a language from the list.",
    **VENUE_SENTENCES,
    **INVENTORY_SENTENCES,
    **PROGRAMME_SENTENCES,
    **SALE_SENTENCES,
    # The proof.
    "trail_broken": "The trail does not verify from entry {seq} on, so it is not signed.",
    "bundle_refused": "This export does not verify.",
    "bundle_unreadable": "This file is not an export of the trail, or it cannot be read.",
    "bundle_member_missing": "The export is not whole: {name} is missing.",
    "bundle_member_unknown": "The export holds a file that does not belong there: {name}.",
    "bundle_signature": "The export was not signed with this key, or its manifest was altered.",
    "bundle_format": "The manifest is not one of this version of the export.",
    "bundle_member_changed": "The export’s {name} was altered or is damaged.",
    "bundle_line": "Line {line} of {name} in the export cannot be read.",
    "bundle_entry_unsigned": "Entry {seq} of the export carries no signature of this key.",
    "row_not_proven": (
        "This record was changed outside the CRM, so nothing can be done with it until it has been "
        "checked. Every owner has been told."
    ),
    "row_moved": "Someone else changed this at the same moment. Please try again.",
    "finding_over": "This has been restored already.",
    "needs_operator": (
        "Only the operator of the server can restore this row: upstage-crm audit repair"
    ),
    "trail_unsigned": (
        "The trail has entries from before signing. Seal them once: upstage-crm migrate"
    ),
    "trail_key_unknown": (
        "The trail is signed with the key {kid}, which is not among the keys of this server. Add "
        "it again after the first one in UPSTAGE_SECRET_KEYS. If it is lost, or was revoked on "
        "purpose, give the new key another name, then run: upstage-crm migrate --new-key"
    ),
    "bundle_entry_missing": "Entry {seq} is missing from the export, or not in its place.",
    "bundle_entry_changed": "Entry {seq} in the export was altered.",
    "bundle_value": "A personal value of entry {seq} in the export was altered.",
    "bundle_receipt": "Receipt {receipt} in the export does not verify.",
    "bundle_count": "The export does not hold as much as its manifest says.",
    **STAFF_SENTENCES,
}
"""Codes that only an operator at a terminal meets have their words in `cli.start_words`."""

ADVICE: Mapping[AdviceCode, str] = {
    AdviceCode.SPELLING_ONLY: "Only the spelling differs from the current address.",
    AdviceCode.LIKELY_TYPO: "Is this a typing mistake? Did you mean {suggestion}?",
    AdviceCode.UNKNOWN_TOP_LEVEL_DOMAIN: ".{top_level} is not a valid ending.",
    AdviceCode.LOOK_ALIKE_CHARACTERS: (
        "Some letters only look like others. Computers read this domain as {punycode}."
    ),
    AdviceCode.DISPOSABLE: "This is a disposable address.",
    AdviceCode.ROLE_ADDRESS: "This looks like a shared mailbox, not one person’s.",
    AdviceCode.OTHER_EMAIL_IN_TEXT: "The reason mentions another email address.",
    AdviceCode.OTHER_PHONE_IN_TEXT: "The reason mentions a phone number.",
    AdviceCode.HELD_VALUE_IN_TEXT: "Your message mentions the {label} on the record. Leave it out.",
}
STATE_WORDS: Mapping[RequestState, str] = {
    RequestState.HELD: "On hold",
    RequestState.PENDING: "Pending",
    RequestState.WAITING: "Approved, takes effect later",
    RequestState.APPROVED: "Approved",
    RequestState.PARTLY_APPROVED: "Partly approved",
    RequestState.REJECTED: "Rejected",
    RequestState.EXPIRED: "Expired",
    RequestState.SUPERSEDED: "Replaced",
    RequestState.WITHDRAWN: "Withdrawn",
    RequestState.UNDELIVERABLE: "Undeliverable",
    RequestState.REVERTED: "Undone",
}
OUTCOME_WORDS: Mapping[FieldOutcome, str] = {
    FieldOutcome.HELD: "On hold",
    FieldOutcome.PENDING: "Waiting for an answer",
    FieldOutcome.WAITING: "Approved, takes effect later",
    FieldOutcome.APPROVED: "Approved",
    FieldOutcome.APPLIED: "Approved and changed",
    FieldOutcome.REJECTED: "Rejected",
    FieldOutcome.OBJECTED: "Objected to",
    FieldOutcome.LAPSED: "Not answered in time",
    FieldOutcome.SUPERSEDED: "Replaced by a newer request",
    FieldOutcome.WITHDRAWN: "Withdrawn",
    FieldOutcome.UNDELIVERABLE: "Could not be delivered",
}
NOTICE_WORDS: Mapping[NoticeState, str] = {
    NoticeState.ON_ITS_WAY: "The notice to the current address is on its way.",
    NoticeState.DELIVERED: "The notice to the current address has arrived.",
    NoticeState.ON_PAPER: "The patron was told by letter.",
    NoticeState.ENDED: "A second person ended the waiting period.",
    NoticeState.NOT_SENT: "The notice to the current address could not be sent.",
    NoticeState.NOT_DELIVERED: "The notice to the current address did not arrive within a day.",
    NoticeState.BOUNCED: "The notice to the current address bounced.",
    NoticeState.COMPLAINED: "The notice to the current address was marked as spam.",
    NoticeState.SUPPRESSED: "The email provider no longer delivers to the current address.",
    NoticeState.NO_MAILBOX: "The record has no working email.",
}
SUPPRESSION_WORDS: Mapping[SuppressionCause, str] = {
    SuppressionCause.NOT_MY_ADDRESS: "Its owner told us that it is not the patron’s address.",
    SuppressionCause.NOT_THIS_PERSON: "Its reader told us that they are not the patron.",
    SuppressionCause.DISOWNED: "The former address objected to it.",
    SuppressionCause.FOUND: "Two colleagues found that it is not the patron’s.",
}
FINDING_WORDS: Mapping[Finding, str] = {
    Finding.NOTHING_WRONG: "The record is right as it is",
    Finding.CURRENT_NOT_PATRONS: "The address on the record is not the patron’s",
    Finding.OBJECTOR_NOT_PATRONS: "The address that objected is not the patron’s",
}
CAUSE_WORDS: Mapping[Cause, str] = {
    Cause.STAFF: "Withdrawn by staff",
    Cause.PROPOSER_GONE: "Withdrawn because its proposer no longer works here",
    Cause.ADDRESS_TAKEN: "Withdrawn because another patron now has the address",
    Cause.VALUE_MOVED: "Withdrawn because the record had changed in the meantime",
    Cause.PATRON_INACTIVE: "Withdrawn because the patron is no longer active",
    Cause.MERGED: "Withdrawn because the record was merged",
    Cause.KEY_REVOKED: "Withdrawn because its link was revoked",
    Cause.PATRON_FROZEN: "Withdrawn because the record is in dispute",
}
FREEZE_WORDS: Mapping[FreezeCause, str] = {
    FreezeCause.OBJECTION: "Because someone objected to a change that had been made",
    FreezeCause.REVERT_BLOCKED: "Because a change could not be undone automatically",
    FreezeCause.ASKED_BY_STAFF: "Because staff are checking who reads a mailbox",
}
BLOCKER_WORDS: Mapping[BlockerKind, str] = {
    BlockerKind.OPEN_REQUEST: "Request {reference} is open. Withdraw it, or wait for its end.",
    BlockerKind.REVERT_WINDOW: "What request {reference} changed can be undone until {until}.",
    BlockerKind.FROZEN: "The record is in dispute. Two colleagues have to end it first.",
    BlockerKind.FUTURE_TICKET: "Order {reference} has tickets for a performance on {until}.",
    BlockerKind.REFUND_ON_ITS_WAY: "Money of order {reference} is on its way back.",
    BlockerKind.MONEY_OWED: "Money of order {reference} is owed. Give it back first.",
}
DECISION_WORDS: Mapping[Decision, str] = {
    Decision.APPROVE: "Approved",
    Decision.REJECT: "Rejected",
    Decision.OBJECT: "Objected",
    Decision.NOT_THIS_PERSON: "Is not this person",
}
CHANNEL_WORDS: Mapping[Channel, str] = {
    Channel.CRM: "CRM",
    Channel.PATRON_PAGE: "confirmation page",
    Channel.SIMPLE_PAGE: "simple confirmation page",
    Channel.COMMAND_LINE: "command line",
    Channel.SCHEDULE: "automatically",
    Channel.DEMO: "demo data",
    Channel.DESK: "desk",
}
RECEIPT_WORDS: Mapping[ReceiptEvent, str] = {
    ReceiptEvent.APPROVED: "Approved",
    ReceiptEvent.PARTLY_APPROVED: "Partly approved",
    ReceiptEvent.REJECTED: "Rejected",
    ReceiptEvent.OBJECTED: "Objected to",
    ReceiptEvent.REVERTED: "Undone",
    ReceiptEvent.CONFIRMED_AT_DESK: "Confirmed at the desk",
}
DUPLICATE_WORDS: Mapping[str, str] = {
    "phone": "same phone number",
    "name": "same name",
}
STATUS_WORDS: Mapping[PatronStatus, str] = {
    PatronStatus.ACTIVE: "Active",
    PatronStatus.INACTIVE: "Inactive",
    PatronStatus.DECEASED: "Deceased",
    PatronStatus.ERASED: "Erased",
}
PAUSE_WORDS: Mapping[str, str] = {
    "key_refused": "Email is paused: Resend refuses our key. Nothing is lost.",
    "domain_refused": "Email is paused: Resend refuses our sender’s domain. Nothing is lost.",
    "wrong_address": "Email is paused: the email provider’s address is wrong. Nothing is lost.",
    "quota_used_up": "Email is paused: today’s quota is used up. It resumes automatically.",
    "other": "Email is paused: the email provider refuses it. Ask the operator of this server.",
}
MAIL_MODE_WORDS: Mapping[MailMode, str] = {
    MailMode.RESEND: "",  # nothing to say: mail leaves
    MailMode.DEMO: "This is a demo: no email is sent. It is kept in the built-in mailbox.",
    MailMode.REHEARSAL: (
        "This is a rehearsal: no email is sent, and the links in the mailbox do not work. "
        "No patron can be asked until an email provider is set."
    ),
}
CHECK_FIRST = "Before you repeat what you did, check whether it was saved."
FAILED = f"{failures.TITLE}. {failures.SOON} {CHECK_FIRST}"
SIGNED_OUT = "You are signed out."
LANGUAGE_WORDS: Mapping[str, str] = {
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "de": "German",
    "ar": "Arabic",
}


def cause_words(cause: object) -> str:
    """Return why something ended or was frozen; empty for a staff member's own withdrawal."""
    if cause in list(FreezeCause):
        return FREEZE_WORDS[FreezeCause(str(cause))]
    if cause in list(Cause) and cause != Cause.STAFF:
        return CAUSE_WORDS[Cause(str(cause))]
    return ""


def channel_words(channel: Channel) -> str:
    """By which way something came; "" for what was made up: the demo reads like a real house."""
    return "" if channel is Channel.DEMO else CHANNEL_WORDS[channel]


def sentence(error: UpstageError, say: Say = str) -> str:
    """Return the sentence for a refusal as `say` says it, its facts filled in."""
    return fill(say(SENTENCES[error.code]), error.facts)


def blocker_sentence(blocker: Blocker, time_zone: tzinfo) -> str:
    """Return what has to happen before an erasure, and when it is over without anyone's doing."""
    until = blocker.until and blocker.until.astimezone(time_zone)
    return fill(BLOCKER_WORDS[blocker.kind], {"reference": blocker.reference, "until": until})


def advice_sentence(advice: Advice) -> str:
    """Return the sentence for a warning, its facts filled in."""
    return fill(ADVICE[advice.code], advice.facts)


def fill(template: str, facts: Mapping[str, object]) -> str:
    """Fill facts into a sentence: states become words, instants days by the clock they carry."""
    return template.format_map(_Facts({name: _word(value) for name, value in facts.items()}))


class _Facts(dict[str, str]):
    """Facts of a sentence; one that is missing reads as a dash instead of an error."""

    def __missing__(self, key: str) -> str:
        return "–"


def _word(value: object) -> str:
    match value:
        case RequestState():
            return STATE_WORDS[value].lower()
        case datetime():
            return when.day_in_words(value, value.tzinfo or UTC)
        case timedelta():
            return when.span(value)
        case _:
            return str(value)
