"""The trail in words: groups of actions, who acts, and what a check of the chain found."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from upstage_crm.audit.events import Action, ActorKind
from upstage_crm.audit.trail import Broken


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
    Action.POLICY_CHANGED: ActionGroup.SETTINGS,
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
    return f"{count:,} entries, unbroken." if count != 1 else "1 entry, unbroken."
