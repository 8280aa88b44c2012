"""The trail in words: groups of actions, who acts, and what a check of the chain found."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from upstage_crm.audit.events import Action, ActorKind
from upstage_crm.audit.findings import Difference, Problem
from upstage_crm.audit.trail import Broken
from upstage_crm.change_requests.model.rules import ChangeKind
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.proof.integrity import TRAIL, Finding, is_difference
from upstage_crm.proof.verifying import Report
from upstage_crm.wording.consequences import counted


class ActionGroup(StrEnum):
    """What people look for in the trail; the values stand in its address."""

    REQUESTS = "requests"
    DECISIONS = "decisions"
    RECORDS = "records"
    STAFF = "staff"
    SETTINGS = "settings"


ACTION_WORDS: Mapping[Action, str] = {
    Action.PATRON_ADDED: "added the patron",
    Action.PATRON_EDITED: "edited the record",
    Action.ADDRESS_PROVEN: "proved the address",
    Action.ADDRESS_BOUNCED: "marked the address as not working",
    Action.PATRON_PROTECTED: "marked the patron as protected",
    Action.PATRON_UNPROTECTED: "removed the protection",
    Action.STATUS_CHANGED: "changed the status of the record",
    Action.RECORD_CHANGE_ASKED: "asked for a change that takes a second person",
    Action.RECORD_CHANGE_DECLINED: "declined a change that takes a second person",
    Action.PATRON_FROZEN: "froze the record",
    Action.FREEZE_LOOKED_AT: "looked into the dispute",
    Action.FREEZE_CLEARED: "cleared the dispute",
    Action.ERASURE_REQUESTED: "asked for the erasure",
    Action.ERASURE_DECLINED: "declined the erasure",
    Action.PATRON_ERASED: "erased the patron's data",
    Action.VALUE_REVEALED: "looked at a masked value",
    Action.REQUEST_PROPOSED: "proposed a change",
    Action.REQUEST_RESENT: "sent the mail again",
    Action.REQUEST_WITHDRAWN: "withdrew the request",
    Action.REQUEST_EXPIRED: "let the request expire",
    Action.REQUEST_SUPERSEDED: "replaced the request by a newer one",
    Action.REQUEST_RELEASED: "released the request",
    Action.REQUEST_REMINDED: "sent a reminder",
    Action.REQUEST_UNDELIVERABLE: "ended the request: its mail could not be delivered",
    Action.REQUEST_REVERTED: "put back what was changed",
    Action.REVIEWER_ADDED: "asked another mailbox too",
    Action.REVIEWER_REPLACED: "asked the new mailbox in place of the former one",
    Action.NOTICE_DELIVERED: "noted that the notice has arrived",
    Action.NOTICE_STOPPED: "stopped the clock: the notice did not arrive",
    Action.NOTICE_RENEWED: "sent the notice once more, with a new period",
    Action.PERIOD_ENDED: "ended the waiting time as second person",
    Action.LETTER_NOTED: "recorded the letter that told the patron",
    Action.REQUEST_HANDED_OVER: "handed the request over to another member",
    Action.DESK_IDENTIFIED: "identified the patron",
    Action.DESK_CONFIRMED: "confirmed it as second person",
    Action.DESK_DECLINED: "declined it as second person",
    Action.CODE_ACCEPTED: "gave the right code",
    Action.CODE_REFUSED: "gave a wrong code",
    Action.RECEIPT_ISSUED: "issued a receipt",
    Action.FIELD_APPROVED: "approved",
    Action.FIELD_WAITS: "noted that the approved change waits",
    Action.FIELD_APPLIED: "changed the record as approved",
    Action.FIELD_REJECTED: "rejected",
    Action.FIELD_OBJECTED: "objected",
    Action.OBJECTION_RECEIVED: "objected after the change",
    Action.ADDRESS_SUPPRESSED: "said that the address is not the patron's",
    Action.MAILBOX_OUT: "stopped writing to an address",
    Action.LIFTING_ASKED: "asked to write to a suppressed address again",
    Action.SUPPRESSION_LIFTED: "let us write to a suppressed address again",
    Action.STAFF_ADDED: "added a staff member",
    Action.STAFF_DISABLED: "disabled a staff member",
    Action.STAFF_FROZEN: "froze a staff member's account",
    Action.TRIPWIRE_TRIPPED: "held a member's proposals: a tripwire tripped",
    Action.ALERT_CLOSED: "closed the alert about a member",
    Action.STAFF_PASSWORD_RESET: "set a new password",
    Action.STAFF_SIGNED_IN: "signed in",
    Action.STAFF_SIGNED_OUT: "signed out",
    Action.SIGN_IN_REFUSED: "was refused at sign-in",
    Action.STAFF_PROVEN: "proved who they are",
    Action.STAFF_INVITED: "invited somebody to the team",
    Action.INVITATION_RESENT: "sent an invitation again",
    Action.INVITATION_WITHDRAWN: "withdrew an invitation",
    Action.INVITATION_ACCEPTED: "accepted an invitation",
    Action.STAFF_ENABLED: "enabled a staff member again",
    Action.STAFF_RENAMED: "changed a staff member's name",
    Action.STAFF_ROLE_CHANGED: "changed a staff member's role",
    Action.STAFF_PASSWORD_CHANGED: "changed their password",
    Action.STAFF_RESET_ASKED: "asked for a link to set a new password",
    Action.SECOND_FACTOR_ADDED: "added a second factor",
    Action.SECOND_FACTOR_REMOVED: "removed a second factor",
    Action.SECOND_FACTOR_REFUSED: "gave a wrong second factor",
    Action.RECOVERY_CODE_USED: "used a recovery code",
    Action.RECOVERY_CODES_MADE: "made new recovery codes",
    Action.SESSIONS_ENDED: "ended sessions",
    Action.NEW_DEVICE: "signed in from a new device",
    Action.SECURITY_CHANGED: "changed the rules of staff accounts",
    Action.ORGANISATION_CHANGED: "changed the organisation's details",
    Action.MAIL_SENT_AGAIN: "sent one mail again",
    Action.MAIL_RESUMED: "ended a pause of the mail",
    Action.POLICY_CHANGED: "changed the rules of requests",
    Action.TRAIL_EXPORTED: "exported the trail",
    Action.TRAIL_OPENED: "opened the trail",
    Action.TRAIL_KEY_ENTERED: "took a new signing key into use",
    Action.ROWS_RECORDED: "recorded what the record holds",
    Action.ROWS_RESTORED: "restored what the trail says",
    Action.TAMPERING_FOUND: "found a row that was changed outside the CRM",
    Action.TAMPERING_ENDED: "found the row as it should be again",
}
GROUP_WORDS: Mapping[ActionGroup, str] = {
    ActionGroup.REQUESTS: "Requests",
    ActionGroup.DECISIONS: "Decisions of patrons",
    ActionGroup.RECORDS: "Patron records",
    ActionGroup.STAFF: "Staff and sign-in",
    ActionGroup.SETTINGS: "Settings",
}
GROUPS: Mapping[Action, ActionGroup] = {
    Action.PATRON_ADDED: ActionGroup.RECORDS,
    Action.PATRON_EDITED: ActionGroup.RECORDS,
    Action.ADDRESS_PROVEN: ActionGroup.RECORDS,
    Action.ADDRESS_BOUNCED: ActionGroup.RECORDS,
    Action.PATRON_PROTECTED: ActionGroup.RECORDS,
    Action.PATRON_UNPROTECTED: ActionGroup.RECORDS,
    Action.STATUS_CHANGED: ActionGroup.RECORDS,
    Action.RECORD_CHANGE_ASKED: ActionGroup.RECORDS,
    Action.RECORD_CHANGE_DECLINED: ActionGroup.RECORDS,
    Action.PATRON_FROZEN: ActionGroup.RECORDS,
    Action.FREEZE_LOOKED_AT: ActionGroup.RECORDS,
    Action.FREEZE_CLEARED: ActionGroup.RECORDS,
    Action.ERASURE_REQUESTED: ActionGroup.RECORDS,
    Action.ERASURE_DECLINED: ActionGroup.RECORDS,
    Action.PATRON_ERASED: ActionGroup.RECORDS,
    Action.VALUE_REVEALED: ActionGroup.RECORDS,
    Action.FIELD_APPLIED: ActionGroup.RECORDS,
    Action.REQUEST_PROPOSED: ActionGroup.REQUESTS,
    Action.REQUEST_RESENT: ActionGroup.REQUESTS,
    Action.REQUEST_WITHDRAWN: ActionGroup.REQUESTS,
    Action.REQUEST_EXPIRED: ActionGroup.REQUESTS,
    Action.REQUEST_SUPERSEDED: ActionGroup.REQUESTS,
    Action.REQUEST_RELEASED: ActionGroup.REQUESTS,
    Action.REQUEST_REMINDED: ActionGroup.REQUESTS,
    Action.REQUEST_UNDELIVERABLE: ActionGroup.REQUESTS,
    Action.REVIEWER_ADDED: ActionGroup.REQUESTS,
    Action.REVIEWER_REPLACED: ActionGroup.REQUESTS,
    Action.NOTICE_DELIVERED: ActionGroup.REQUESTS,
    Action.NOTICE_STOPPED: ActionGroup.REQUESTS,
    Action.NOTICE_RENEWED: ActionGroup.REQUESTS,
    Action.PERIOD_ENDED: ActionGroup.REQUESTS,
    Action.LETTER_NOTED: ActionGroup.REQUESTS,
    Action.FIELD_WAITS: ActionGroup.REQUESTS,
    Action.MAILBOX_OUT: ActionGroup.REQUESTS,
    Action.LIFTING_ASKED: ActionGroup.REQUESTS,
    Action.SUPPRESSION_LIFTED: ActionGroup.REQUESTS,
    Action.REQUEST_HANDED_OVER: ActionGroup.REQUESTS,
    Action.DESK_IDENTIFIED: ActionGroup.REQUESTS,
    Action.DESK_CONFIRMED: ActionGroup.REQUESTS,
    Action.DESK_DECLINED: ActionGroup.REQUESTS,
    Action.FIELD_APPROVED: ActionGroup.DECISIONS,
    Action.FIELD_REJECTED: ActionGroup.DECISIONS,
    Action.FIELD_OBJECTED: ActionGroup.DECISIONS,
    Action.OBJECTION_RECEIVED: ActionGroup.DECISIONS,
    Action.REQUEST_REVERTED: ActionGroup.DECISIONS,
    Action.CODE_ACCEPTED: ActionGroup.DECISIONS,
    Action.CODE_REFUSED: ActionGroup.DECISIONS,
    Action.RECEIPT_ISSUED: ActionGroup.DECISIONS,
    Action.ADDRESS_SUPPRESSED: ActionGroup.DECISIONS,
    Action.STAFF_ADDED: ActionGroup.STAFF,
    Action.STAFF_DISABLED: ActionGroup.STAFF,
    Action.STAFF_FROZEN: ActionGroup.STAFF,
    Action.TRIPWIRE_TRIPPED: ActionGroup.STAFF,
    Action.ALERT_CLOSED: ActionGroup.STAFF,
    Action.STAFF_PASSWORD_RESET: ActionGroup.STAFF,
    Action.STAFF_SIGNED_IN: ActionGroup.STAFF,
    Action.STAFF_SIGNED_OUT: ActionGroup.STAFF,
    Action.SIGN_IN_REFUSED: ActionGroup.STAFF,
    Action.STAFF_PROVEN: ActionGroup.STAFF,
    Action.STAFF_INVITED: ActionGroup.STAFF,
    Action.INVITATION_RESENT: ActionGroup.STAFF,
    Action.INVITATION_WITHDRAWN: ActionGroup.STAFF,
    Action.INVITATION_ACCEPTED: ActionGroup.STAFF,
    Action.STAFF_ENABLED: ActionGroup.STAFF,
    Action.STAFF_RENAMED: ActionGroup.STAFF,
    Action.STAFF_ROLE_CHANGED: ActionGroup.STAFF,
    Action.STAFF_PASSWORD_CHANGED: ActionGroup.STAFF,
    Action.STAFF_RESET_ASKED: ActionGroup.STAFF,
    Action.SECOND_FACTOR_ADDED: ActionGroup.STAFF,
    Action.SECOND_FACTOR_REMOVED: ActionGroup.STAFF,
    Action.SECOND_FACTOR_REFUSED: ActionGroup.STAFF,
    Action.RECOVERY_CODE_USED: ActionGroup.STAFF,
    Action.RECOVERY_CODES_MADE: ActionGroup.STAFF,
    Action.SESSIONS_ENDED: ActionGroup.STAFF,
    Action.NEW_DEVICE: ActionGroup.STAFF,
    Action.SECURITY_CHANGED: ActionGroup.SETTINGS,
    Action.ORGANISATION_CHANGED: ActionGroup.SETTINGS,
    Action.MAIL_SENT_AGAIN: ActionGroup.REQUESTS,
    Action.MAIL_RESUMED: ActionGroup.SETTINGS,
    Action.POLICY_CHANGED: ActionGroup.SETTINGS,
    Action.TRAIL_EXPORTED: ActionGroup.SETTINGS,
    Action.TRAIL_OPENED: ActionGroup.SETTINGS,
    Action.TRAIL_KEY_ENTERED: ActionGroup.SETTINGS,
    Action.ROWS_RECORDED: ActionGroup.SETTINGS,
    Action.ROWS_RESTORED: ActionGroup.SETTINGS,
    Action.TAMPERING_FOUND: ActionGroup.SETTINGS,
    Action.TAMPERING_ENDED: ActionGroup.SETTINGS,
}
ACTOR_WORDS: Mapping[ActorKind, str] = {
    ActorKind.STAFF: "Staff",
    ActorKind.PATRON: "Patrons",
    ActorKind.SYSTEM: "UpStage by itself",
    ActorKind.OPERATOR: "The operator",
    ActorKind.OUTSIDER: "Somebody outside",
}
_BROKEN: Mapping[str, str] = {
    "missing": "Entry {seq} is missing.",
    "chain": "Entry {seq} does not follow from the entry before it.",
    "hash": "Entry {seq} was altered.",
    "value": "A personal value of entry {seq} was altered.",
    "unsigned": "Entry {seq} is not signed.",
    "signature": "The signature at entry {seq} is not one of a key that counted then.",
    "unknown_key": "The trail is signed with a key that this server does not know.",
    "head": "The trail does not end where it should: something is wrong from entry {seq} on.",
}
UNREADABLE = "The trail cannot be read: an entry holds something that we never write."


def action_words(action: Action, facts: Mapping[str, object]) -> str:
    """Return what an entry of the trail tells, in lower case."""
    if action is Action.FIELD_APPLIED and facts.get("kind") == ChangeKind.REVERT:
        return "wrote the former value again"
    return ACTION_WORDS[action]


def broken_words(broken: Broken) -> str:
    """Say which entry is the first that does not verify, and what is wrong with it."""
    return _BROKEN[broken.reason].format(seq=f"{broken.seq:,}")


def unbroken_words(count: int) -> str:
    """Say that the whole chain verifies."""
    return f"{counted(count, 'entry', 'entries')}, unbroken."


PROBLEM_WORDS: Mapping[Problem, str] = {
    Problem.VALUE: "the record does not hold what entry {seq} of the trail wrote.",
    Problem.DERIVED: "a key derived from the value is not what the value gives.",
    Problem.EVIDENCE_GONE: "the value behind entry {seq} is gone, so nothing proves the record.",
    Problem.NEVER_ADDED: "the trail knows nothing of this record.",
    Problem.RECORD_GONE: "Entry {seq} wrote a patron's record that is gone.",
    Problem.ERASURE_UNTOLD: "the record is erased, but the trail holds no erasure.",
    Problem.ERASURE_INCOMPLETE: "entry {seq} erased the record, but a value is still there.",
    Problem.CHANGE_VALUE: "the values are not those that entry {seq} recorded.",
    Problem.CHANGE_KEY: "a key derived from the proposed value is not what the value gives.",
    Problem.CHANGE_UNKNOWN: "the trail knows nothing of this field change.",
    Problem.CHANGE_GONE: "Entry {seq} tells of a field change that is gone.",
    Problem.CHANGE_OUTCOME: "the outcome is not the one in the trail.",
    Problem.CHANGE_UNAPPROVED: "it was applied, but the trail holds no approval.",
    Problem.RECEIPT: "a receipt is not the one that entry {seq} issued, or its signature fails.",
    Problem.RECEIPT_UNKNOWN: "the trail knows nothing of a receipt.",
    Problem.RECEIPT_GONE: "Entry {seq} issued a receipt that is gone.",
    Problem.RECEIPT_MISSING: "it was applied, but there is no receipt of a yes to these values.",
    Problem.RECEIPT_KEY: "a receipt is signed with a key that is not known.",
    Problem.ROW_ALTERED: "it is not what the trail says ({detail}).",
    Problem.ROW_UNKNOWN: "the trail knows nothing of this row.",
    Problem.ROW_GONE: "the trail knows this row, and it is gone.",
    Problem.UNPROVEN: "it was changed without being checked first.",
    Problem.ENTRY_UNSIGNED: "the entry is not signed.",
    Problem.ENTRY_ALTERED: "the entry was altered or is missing.",
    Problem.EVIDENCE_ALTERED: "what the trail holds of this row was altered.",
    Problem.SEAL: "it was not written by this server, or it was altered.",
    Problem.TRAIL_KEY: "it is signed with a key that this server does not know.",
    Problem.OLDER_DATABASE: "the database is older than what this server has seen ({detail}).",
}


def difference_words(found: Difference) -> str:
    """Say where a record and the trail disagree: the patron, the field, never the value."""
    where: list[str] = []
    if found.row and found.number is None and found.reference is None:
        where.append(found.row)
    if found.number is not None:
        where.append(f"Patron {found.number}")
    if found.reference is not None:
        where.append(f"request {found.reference}")
    if found.field is not None:
        entry = FIELDS.get(found.field)
        where.append(entry.label.lower() if entry else f"field {found.field}")
    seq = "–" if found.seq is None else f"{found.seq:,}"
    words = PROBLEM_WORDS[found.problem].format(seq=seq, detail=found.detail)
    return f"{', '.join(where)}: {words}" if where else words


SUBJECT_WORDS: Mapping[str, str] = {
    "patron": "Patron",
    "change_request": "Request",
    "staff": "Account of",
    "staff_invitation": "An invitation",
    "staff_alert": "An alert",
    "staff_session": "A session",
    "staff_device": "A known browser",
    "policy": "The rules of requests",
    "security": "The rules of accounts",
    "organisation": "The organisation",
    "mail_outbox": "An email",
    "mail_event": "A delivery report",
    "link_code": "The code of a link",
    "integrity_finding": "A finding",
}


def found_words(found: Finding, name: str = "") -> str:
    """Say what was found and what is wrong with it; `name` is what people call the row."""
    if is_difference(found):
        return found.detail
    words = PROBLEM_WORDS[found.problem].format(seq=found.row_id, detail=found.detail)
    return f"{subject_words(found, name)}: {words}"


def subject_words(found: Finding, name: str = "") -> str:
    """Say which row a finding is about."""
    if found.subject == TRAIL:
        return f"Entry {found.row_id}" if found.row_id.isdigit() else "The trail"
    return f"{SUBJECT_WORDS.get(found.subject, found.subject)} {name or found.row_id}"


def clean_words(report: Report) -> list[str]:
    """Say what was checked and found to be whole."""
    patrons = counted(report.patrons, "patron")
    changes = counted(report.field_changes, "field change")
    receipts = counted(report.receipts, "receipt")
    return [
        f"{unbroken_words(report.entries)} Every guard stands.",
        f"{patrons}, {changes} and {receipts} agree with the trail.",
        f"{counted(report.rows, 'row')} that grant something are what was recorded or sealed.",
    ]


def finding_words(report: Report) -> list[str]:
    """Say everything that a check found; empty when all is whole."""
    sentences = [f"Guard missing or altered: {name}." for name in report.missing_guards]
    if report.broken is not None:
        sentences.append(f"The trail is broken. {broken_words(report.broken)}")
    sentences += [difference_words(found) for found in report.differences]
    if (rest := report.found - len(report.differences)) > 0:
        sentences.append(f"And {rest:,} more differences like these.")
    return sentences
