"""The trail in words: groups of actions, who acts, and what a check of the chain found."""

from __future__ import annotations

from collections.abc import Mapping

from upstage_crm.audit.events import Action, ActorKind
from upstage_crm.audit.findings import Difference, Problem
from upstage_crm.audit.trail import Broken
from upstage_crm.change_requests.model.rules import ChangeKind
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.proof.integrity import TRAIL, Finding, is_difference
from upstage_crm.proof.verifying import Report
from upstage_crm.wording.action_table import ACTIONS, ActionGroup
from upstage_crm.wording.consequences import counted

GROUP_WORDS: Mapping[ActionGroup, str] = {
    ActionGroup.REQUESTS: "Requests",
    ActionGroup.DECISIONS: "Decisions of patrons",
    ActionGroup.RECORDS: "Patron records",
    ActionGroup.STAFF: "Staff and sign-in",
    ActionGroup.SETTINGS: "Settings",
    ActionGroup.PROGRAMME: "Venues and programme",
    ActionGroup.ORDERS: "Orders and money",
    ActionGroup.SEALS: "Seals over sales",
}
ACTOR_WORDS: Mapping[ActorKind, str] = {
    ActorKind.STAFF: "Staff",
    ActorKind.PATRON: "Patrons",
    ActorKind.SYSTEM: "UpStage, automatically",
    ActorKind.OPERATOR: "The operator",
    ActorKind.OUTSIDER: "Someone outside",
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
        return "restored the previous value"
    return ACTIONS[action].words


def broken_words(broken: Broken) -> str:
    """Say which entry is the first that does not verify, and what is wrong with it."""
    return _BROKEN[broken.reason].format(seq=f"{broken.seq:,}")


def unbroken_words(count: int) -> str:
    """Say that the whole chain verifies."""
    return f"All {counted(count, 'entry', 'entries')} verified."


PROBLEM_WORDS: Mapping[Problem, str] = {
    Problem.VALUE: "the record does not hold what entry {seq} of the trail wrote.",
    Problem.DERIVED: "a key derived from the value is not what the value gives.",
    Problem.EVIDENCE_GONE: "the value behind entry {seq} is gone, so nothing proves the record.",
    Problem.NEVER_ADDED: "the trail knows nothing of this record.",
    Problem.RECORD_GONE: "Entry {seq} wrote a patron’s record that is gone.",
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
    "price_list": "A version of prices",
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
        f"{unbroken_words(report.entries)} All safeguards are in place.",
        f"{patrons}, {changes} and {receipts} agree with the trail.",
        f"{counted(report.rows, 'row')} that grant something are what was recorded or sealed.",
        f"{counted(report.sealed, 'row')} of orders and money are as they were sealed.",
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
