"""What one reader may see of a receipt. Pure.

A mailbox reads of it what its mail and page say, which is `MailboxAccess`. A salt, which proves a
value, is given only for a value that is shown in full.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from upstage_crm.audit.chain import Opened
from upstage_crm.organisation.details import OrganisationDetails
from upstage_crm.patrons import fields
from upstage_crm.patrons.values import Values
from upstage_crm.patrons.visibility import MailboxAccess
from upstage_crm.receipts.facts import AT_THE_DESK, BY_DISPLACED, BY_STAFF, ReceiptEvent, head_of


class Reader(StrEnum):
    """Who looks at a receipt: one of the two mailboxes (`Reviewer` values), or staff."""

    PROPOSED = "proposed"
    CURRENT = "current"
    STAFF = "staff"


class Shown(StrEnum):
    """How much of a value a reader sees."""

    FULL = "full"
    MASKED = "masked"
    WITHHELD = "withheld"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Proof:
    """A value in full, with the salt under which the receipt commits to it."""

    value: str | None
    salt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A value, or the values of one side of a field, as a reader sees them.

    `lines` are for people, as on an envelope; none when empty, withheld or erased. `commitments`
    are those of the signed body; `proofs` are there only for what is shown in full.
    """

    shown: Shown
    lines: tuple[str, ...]
    commitments: Mapping[str, str]
    proofs: Mapping[str, Proof]

    @property
    def text(self) -> str:
        """The value on one line."""
        return ", ".join(self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenField:
    """One decided field; `decision` and `outcome` are the values that were signed."""

    key: str
    decision: str
    outcome: str
    is_revert: bool
    old: Side
    new: Side

    @property
    def label(self) -> str:
        """The field's name for people."""
        return fields.field(self.key).label


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenReceipt:
    """A receipt as one reader sees it: everything that its page, JSON and PDF show.

    `body` is the signed text, byte for byte. `time_zone` is the patron's, "" if unknown.
    `organisation` is as it was signed; `desk_phone` is the number at which it answers today.
    """

    reader: Reader
    id: str
    request_id: str
    reference: str
    patron_id: str
    reviewer: str
    event: ReceiptEvent
    state: str
    channel: str
    actor: str
    proposer: str
    language: str
    time_zone: str
    organisation: OrganisationDetails
    desk_phone: str
    reason_code: str
    link_id: str
    asked_at: datetime
    decided_at: datetime
    fields: tuple[SeenField, ...]
    evidence: Mapping[str, Side]
    head: tuple[int, str] | None
    kid: str
    public_key: str
    signature: str
    body: str

    @property
    def is_erased(self) -> bool:
        """Whether personal values of it were erased since."""
        sides = [side for field in self.fields for side in (field.old, field.new)]
        return any(side.shown is Shown.ERASED for side in sides)


def may_see(reader: Reader, *, reviewer: str, keys: Sequence[str]) -> bool:
    """Whether a reader may open a receipt of `reviewer` about the fields `keys`.

    Staff and the record's own address see all. The proposed address may be a stranger's: it sees
    what it decided itself, or what was decided for it at the desk, and only receipts that say
    nothing of another field than an address.
    """
    if reader is not Reader.PROPOSED:
        return True
    is_its_own = reviewer in (Reader.PROPOSED.value, AT_THE_DESK, BY_STAFF, BY_DISPLACED)
    return is_its_own and all(fields.field(key).is_mailbox for key in keys)


def see(
    body: str,
    *,
    signature: str,
    opened: Sequence[Opened],
    access: MailboxAccess | None,
    time_zone: str,
    desk_phone: str,
    hidden: Collection[str] = (),
) -> SeenReceipt | None:
    """Return a receipt as its reader sees it, or None when it is not this reader's to see.

    `access` is that of the mailbox that reads, None for staff. `opened` are its personal values as
    far as they were not erased. The fields `hidden` are masked: a staff member's role may not see
    them.
    """
    reader = Reader.STAFF if access is None else Reader(access.reviewer.value)
    said: dict[str, Any] = json.loads(body)
    keys = [one["field"] for one in said["fields"]]
    if not may_see(reader, reviewer=said["reviewer"], keys=keys):
        return None
    proofs = {name: Proof(value, salt) for name, value, salt in opened}
    language = said["language"]
    organisation = OrganisationDetails(**said["organisation"])
    return SeenReceipt(
        reader=reader,
        id=said["id"],
        request_id=said["request_id"],
        reference=said["reference"],
        patron_id=said["patron_id"],
        reviewer=said["reviewer"],
        event=ReceiptEvent(said["event"]),
        state=said["state"],
        channel=said["channel"],
        actor=said["actor"]["label"],
        proposer=said["proposer"],
        language=language,
        time_zone=time_zone,
        organisation=organisation,
        desk_phone=desk_phone,
        reason_code=said["reason_code"],
        link_id=said["link_id"],
        asked_at=datetime.fromisoformat(said["asked_at"]),
        decided_at=datetime.fromisoformat(said["decided_at"]),
        fields=tuple(
            _field(one, proofs, access, language, organisation.home, hidden)
            for one in said["fields"]
        ),
        evidence={
            name: _evidence(name, hidden, proofs, is_own=_is_own(reader, said["reviewer"]))
            for name, hidden in said["evidence"].items()
        },
        head=head_of(said),
        kid=said["kid"],
        public_key=said["public_key"],
        signature=signature,
        body=body,
    )


def _field(
    said: Mapping[str, Any],
    proofs: Mapping[str, Proof],
    access: MailboxAccess | None,
    language: str,
    home: str,
    hidden: Collection[str],
) -> SeenField:
    is_revert = said["kind"] == "revert"
    key = said["field"]

    def side(name: str, *, is_proposed: bool) -> Side:
        def may_read(values: Values) -> bool:
            if access is None:
                return key not in hidden
            return access.reads(fields.field(key), values, is_proposed=is_proposed)

        return _side(key, name, said[name], proofs, language, home, may_read)

    # A revert turns the sides around: what it puts back had been replaced.
    return SeenField(
        key=key,
        decision=said["decision"],
        outcome=said["outcome"],
        is_revert=is_revert,
        old=side("old", is_proposed=is_revert),
        new=side("new", is_proposed=not is_revert),
    )


def _side(
    key: str,
    side: str,
    commitments: Mapping[str, str],
    proofs: Mapping[str, Proof],
    language: str,
    home: str,
    may_read: Callable[[Values], bool],
) -> Side:
    found = {c: proofs[f"{c}.{side}"] for c in commitments if f"{c}.{side}" in proofs}
    if len(found) < len(commitments):
        return Side(shown=Shown.ERASED, lines=(), commitments=commitments, proofs={})
    entry = fields.field(key)
    values = {column: proof.value for column, proof in found.items()}
    if not may_read(values):
        hidden = entry.mask(values)
        lines = (hidden,) if hidden else ()
        return Side(shown=Shown.MASKED, lines=lines, commitments=commitments, proofs={})
    return Side(
        shown=Shown.FULL,
        lines=entry.lines(values, language, home),
        commitments=commitments,
        proofs=found,
    )


def _evidence(name: str, hidden: str, proofs: Mapping[str, Proof], *, is_own: bool) -> Side:
    commitments = {name: hidden}
    proof = proofs.get(name)
    if proof is None:
        return Side(shown=Shown.ERASED, lines=(), commitments=commitments, proofs={})
    if not is_own:
        return Side(shown=Shown.WITHHELD, lines=(), commitments=commitments, proofs={})
    lines = (proof.value,) if proof.value else ()
    return Side(shown=Shown.FULL, lines=lines, commitments=commitments, proofs={name: proof})


def _is_own(reader: Reader, reviewer: str) -> bool:
    return reader is Reader.STAFF or reader.value == reviewer
