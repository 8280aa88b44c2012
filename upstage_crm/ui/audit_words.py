"""The trail in words: groups of actions, who acts, and what a check of the chain found."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from upstage_crm.audit.events import Action, ActorKind
from upstage_crm.audit.findings import Difference, Problem
from upstage_crm.audit.trail import Broken
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.proof.verifying import Report


class ActionGroup(StrEnum):
    """What people look for in the trail; the values stand in its address."""

    REQUESTS = "requests"
    DECISIONS = "decisions"
    RECORDS = "records"
    STAFF = "staff"
    SETTINGS = "settings"


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
    Action.PATRON_FROZEN: ActionGroup.RECORDS,
    Action.FREEZE_LOOKED_AT: ActionGroup.RECORDS,
    Action.FREEZE_CLEARED: ActionGroup.RECORDS,
    Action.ERASURE_REQUESTED: ActionGroup.RECORDS,
    Action.ERASURE_DECLINED: ActionGroup.RECORDS,
    Action.PATRON_ERASED: ActionGroup.RECORDS,
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
    Action.STAFF_PASSWORD_RESET: ActionGroup.STAFF,
    Action.STAFF_SIGNED_IN: ActionGroup.STAFF,
    Action.STAFF_SIGNED_OUT: ActionGroup.STAFF,
    Action.SIGN_IN_REFUSED: ActionGroup.STAFF,
    Action.ORGANISATION_CHANGED: ActionGroup.SETTINGS,
    Action.MAIL_SENT_AGAIN: ActionGroup.REQUESTS,
    Action.MAIL_RESUMED: ActionGroup.SETTINGS,
    Action.POLICY_CHANGED: ActionGroup.SETTINGS,
    Action.TRAIL_EXPORTED: ActionGroup.SETTINGS,
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
    "head": "The trail does not end where it should: something is wrong from entry {seq} on.",
}
UNREADABLE = "The trail cannot be read: an entry holds something that we never write."


def broken_words(broken: Broken) -> str:
    """Say which entry is the first that does not verify, and what is wrong with it."""
    return _BROKEN[broken.reason].format(seq=f"{broken.seq:,}")


def unbroken_words(count: int) -> str:
    """Say that the whole chain verifies."""
    return f"{counted(count, 'entry', 'entries')}, unbroken."


def counted(count: int, one: str, several: str = "") -> str:
    """A number with its noun."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"


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
}


def difference_words(found: Difference) -> str:
    """Say where a record and the trail disagree: the patron, the field, never the value."""
    where: list[str] = []
    if found.number is not None:
        where.append(f"Patron {found.number}")
    if found.reference is not None:
        where.append(f"request {found.reference}")
    if found.field is not None:
        entry = FIELDS.get(found.field)
        where.append(entry.label.lower() if entry else f"field {found.field}")
    seq = "–" if found.seq is None else f"{found.seq:,}"
    words = PROBLEM_WORDS[found.problem].format(seq=seq)
    return f"{', '.join(where)}: {words}" if where else words


def clean_words(report: Report) -> list[str]:
    """Say what was checked and found to be whole."""
    patrons = counted(report.patrons, "patron")
    changes = counted(report.field_changes, "field change")
    receipts = counted(report.receipts, "receipt")
    return [
        f"{unbroken_words(report.entries)} Every guard stands.",
        f"{patrons}, {changes} and {receipts} agree with the trail.",
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
