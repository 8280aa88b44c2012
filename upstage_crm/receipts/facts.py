"""What a decision was, as its receipt states it. Pure.

The body of a receipt is what is signed: plain facts, and salted commitments in place of every
personal value. So the values can be erased, and the receipt still verifies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from upstage_crm.audit.chain import GENESIS, instant_text
from upstage_crm.audit.events import Actor, Channel
from upstage_crm.organisation.details import OrganisationDetails
from upstage_crm.patrons import fields
from upstage_crm.patrons.values import Values

FORMAT = "upstage-receipt/1"
LINK_LIFE = timedelta(days=90)  # how long a link opens the receipts of its reviewer
# Reviewers that are no mailbox of the request.
AT_THE_DESK, BY_STAFF, BY_DISPLACED = "desk", "staff", "displaced"
NOT_PUT_BACK = "not_put_back"  # what came of an objection or a revert that the rules stopped
EVIDENCE = ("notice_hash", "ip_prefix", "user_agent")


class ReceiptEvent(StrEnum):
    """What a reviewer decided. Values are stored and signed; never reuse one."""

    APPROVED = "approved"
    PARTLY_APPROVED = "partly_approved"
    REJECTED = "rejected"
    OBJECTED = "objected"
    REVERTED = "reverted"
    CONFIRMED_AT_DESK = "confirmed_at_desk"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedField:
    """One field that was decided: its key, a `Decision` value, and what came of it.

    `decision` may also be "revert". `outcome` is a `FieldOutcome` value, or `NOT_PUT_BACK`.
    `current` and `proposed` are patron columns as they stood before the decision. A revert turns
    them around: it proposes what had been replaced, and `is_revert` says so.
    """

    key: str
    decision: str
    outcome: str
    current: Values
    proposed: Values
    is_revert: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One decision, all of it: what its receipt will say.

    `reviewer` is a `Reviewer` value, or who answered when no mailbox did: "desk" or "staff".
    `state` is the request's afterwards. `link_id` comes from `hashed_link`. `notice_hash` is the
    SHA-256, in hex, of the wording that the reviewer got, "" if there was none. It is personal
    like `ip_prefix`, `user_agent` and the fields' values: who guesses an address could confirm it
    by the mail that went there. Nothing else here is.
    """

    receipt_id: str
    request_id: str
    reference: str
    patron_id: str
    reviewer: str
    event: ReceiptEvent
    state: str
    channel: Channel
    actor: Actor
    proposer: str
    language: str
    organisation: OrganisationDetails
    reason_code: str
    asked_at: datetime
    decided_at: datetime
    notice_hash: str = ""
    link_id: str = ""
    ip_prefix: str = ""
    user_agent: str = ""
    fields: tuple[DecidedField, ...] = field(default=())

    @property
    def values(self) -> dict[str, str | None]:
        """Every personal value, named as the trail names them."""
        found: dict[str, str | None] = {}
        for decided in self.fields:
            for column in fields.field(decided.key).columns:
                found[f"{column}.old"] = decided.current.get(column)
                found[f"{column}.new"] = decided.proposed.get(column)
        return found | {name: text for name in EVIDENCE if (text := getattr(self, name))}


def body(
    decided: Decided,
    commitments: Mapping[str, str],
    *,
    kid: str,
    public_key: str,
    head: tuple[int, str] | None,
) -> dict[str, object]:
    """The receipt's body, to be spelled by `audit.chain.canonical` and signed.

    `commitments` holds one for each of `decided.values`. No personal value stands in the body.
    `head` is the trail's when it was issued, number and hash of its last entry: who holds the
    receipt can tell whether all before it was rewritten.
    """
    seq, digest = head or (0, GENESIS)
    return {
        "format": FORMAT,
        "id": decided.receipt_id,
        "request_id": decided.request_id,
        "reference": decided.reference,
        "patron_id": decided.patron_id,
        "reviewer": decided.reviewer,
        "event": decided.event.value,
        "state": str(decided.state),
        "channel": decided.channel.value,
        "actor": {"kind": decided.actor.kind.value, "label": decided.actor.label},
        "proposer": decided.proposer,
        "language": decided.language,
        "organisation": decided.organisation.stated(),
        "reason_code": str(decided.reason_code),
        "link_id": decided.link_id,
        "asked_at": instant_text(decided.asked_at),
        "decided_at": instant_text(decided.decided_at),
        "fields": [_field(one, commitments) for one in decided.fields],
        "evidence": {name: commitments[name] for name in EVIDENCE if name in commitments},
        "trail": {"seq": seq, "head": digest},
        "kid": kid,
        "public_key": public_key,
    }


def _field(decided: DecidedField, commitments: Mapping[str, str]) -> dict[str, object]:
    columns = fields.field(decided.key).columns
    return {
        "field": decided.key,
        "decision": str(decided.decision),
        "outcome": str(decided.outcome),
        "kind": "revert" if decided.is_revert else "change",
        "old": {column: commitments[f"{column}.old"] for column in columns},
        "new": {column: commitments[f"{column}.new"] for column in columns},
    }


def head_of(said: Mapping[str, Any]) -> tuple[int, str] | None:
    """The head that a receipt's body names; None before receipts named one."""
    trail = said.get("trail")
    return None if trail is None else (int(trail["seq"]), str(trail["head"]))


def hashed_link(jti: str) -> str:
    """How a receipt names the link that was used: never by the token, nor by its id in clear."""
    return hashlib.sha256(jti.encode()).hexdigest()


def hashed_body(text: str) -> str:
    """The SHA-256 of a body, in hex, as its audit entry holds it."""
    return hashlib.sha256(text.encode()).hexdigest()
