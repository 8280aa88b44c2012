"""Puts back what changes replaced: by staff for a reason here, by an objection in `disowning`.

Only what the record still holds from them is put back, only to a value that is still free and that
nobody contests; proof and marks of a mailbox come back with it. What these rules cannot decide
freezes the record for two people to look into: nothing is guessed, nothing is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from sqlmodel import Session, col, select

from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, Actor, Channel
from upstage_crm.change_requests.disputes import freezing
from upstage_crm.change_requests.lifecycle import advance, receipts
from upstage_crm.change_requests.lifecycle.locked_request import LockedRequest
from upstage_crm.change_requests.model.errors import (
    NoteMissing,
    RevertWindowOver,
)
from upstage_crm.change_requests.model.rules import (
    Cause,
    ChangeKind,
    Decision,
    FieldOutcome,
    FreezeCause,
    RequestState,
)
from upstage_crm.change_requests.model.tables import (
    ChangeRequestRow,
    FieldChangeRow,
    ReviewRow,
)
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.change_requests.reads import requests, second_person
from upstage_crm.core.ids import new_id
from upstage_crm.core.text import REMARK_LIMIT, clean_block
from upstage_crm.links.claims import Reviewer
from upstage_crm.patrons import fields
from upstage_crm.patrons.commands import Proof
from upstage_crm.patrons.errors import AddressTaken
from upstage_crm.patrons.queries import ensure_unique, values_of
from upstage_crm.patrons.tables import PatronStatus
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may

STAFF_BLOCKED = "not undone, the record has moved on"


@dataclass(frozen=True, slots=True)
class Applied:
    """One applied field change, with its request."""

    locked: LockedRequest
    change: FieldChangeRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who undoes. A mailbox that objects (`is_own`) reads the address that comes back."""

    actor: Actor
    channel: Channel
    is_own: bool = False
    reason: str = ""


@dataclass(slots=True)
class Undone:
    """What was put back, and what was not."""

    restored: list[Applied] = field(default_factory=list[Applied])
    blocked: list[Applied] = field(default_factory=list[Applied])

    @property
    def restored_keys(self) -> list[str]:
        """The fields that hold again what they held."""
        return list(dict.fromkeys(applied.change.field for applied in self.restored))

    @property
    def blocked_keys(self) -> list[str]:
        """The fields that do not."""
        return list(dict.fromkeys(applied.change.field for applied in self.blocked))

    def of(self, locked: LockedRequest) -> tuple[list[FieldChangeRow], list[FieldChangeRow]]:
        """What was put back of one request, and what was not."""
        mine = [a.change for a in self.restored if a.locked is locked]
        return mine, [a.change for a in self.blocked if a.locked is locked]

    @property
    def cases(self) -> list[LockedRequest]:
        """Every request that something was put back of, once."""
        return list({id(a.locked): a.locked for a in self.restored}.values())


def revert(context: StaffContext[Notifier], *, reference: str, reason: str) -> RequestState:
    """Put back what a request changed, for a reason that the trail keeps; both sides are told.

    Returns the request's state afterwards: REVERTED, or as it was when nothing could be put back,
    in which case the record is frozen for two people to look into.

    Raises:
        Forbidden, UnknownRequest; OwnRecord: it is the actor's own record.
        NoteMissing: without a reason. InvalidText: it is too long.
        RevertWindowOver: it is too late, or nothing was changed.
    """
    actor = context.actor
    ensure_may(actor, Permission.REVERT_CHANGE)
    words = clean_block(reason, REMARK_LIMIT)
    if not words:
        raise NoteMissing
    locked = LockedRequest.by_reference(context, reference)
    second_person.ensure_not_own(actor, locked.patron)
    changes = revertible(locked)
    if not changes:
        raise RevertWindowOver
    who = Who(actor=actor.as_actor(), channel=Channel.CRM, reason=words)
    # A newer proposal about a field was made about a value that is going away.
    keys = {change.field for change in changes}
    freezing.withdraw_others(locked, Cause.VALUE_MOVED, channel=who.channel, field_keys=keys)
    undone = undo((Applied(locked, change) for change in changes), who)
    restored, blocked = undone.of(locked)
    if blocked:
        cause = FreezeCause.REVERT_BLOCKED
        freezing.freeze(locked, cause, channel=who.channel, outcome=STAFF_BLOCKED)
    if restored:
        receipts.of_revert(locked, who.actor, restored=restored, blocked=blocked)
        matter = locked.matter(restored)
        context.notifier.tell_reverted(
            context.session,
            matter,
            blocked=undone.blocked_keys,
            is_frozen=bool(blocked),
            now=context.now,
        )
        if actor.id != locked.request.answerable_id:
            locked.tell_proposer()
        for change in restored:
            if (mailbox := requests.mailbox_of(change, Reviewer.CURRENT)) is not None:
                advance.hand_over(locked, mailbox)
    locked.record()
    return locked.request.state


def revertible(locked: LockedRequest) -> list[FieldChangeRow]:
    """The applied changes of a request that are inside the window and not put back yet."""
    if locked.request.state is RequestState.REVERTED:
        return []
    window = locked.policy.revert_window
    return [
        change
        for change in locked.changes
        if change.outcome is FieldOutcome.APPLIED
        and change.settled_at is not None
        and locked.now < change.settled_at + window
    ]


def undo(applied: Iterable[Applied], who: Who) -> Undone:
    """Put back what may be put back: of each field all changes, the newest first, or none.

    Every request that something was put back of ends as REVERTED; nothing else of it may be open.
    """
    by_field: dict[str, list[Applied]] = {}
    for one in sorted(applied, key=_settled, reverse=True):
        by_field.setdefault(one.change.field, []).append(one)
    undone = Undone()
    for chain in by_field.values():
        if _may_undo(chain, who) and all(_put_back(one, who) for one in chain):
            undone.restored += chain
        else:
            undone.blocked += chain
    for locked in undone.cases:
        restored, blocked = undone.of(locked)
        locked.end(RequestState.REVERTED)
        facts = {
            "fields": ", ".join(change.field for change in restored),
            "blocked": ", ".join(change.field for change in blocked),
        }
        values = {"reason": who.reason} if who.reason else {}
        locked.note(Action.REQUEST_REVERTED, who.actor, who.channel, facts=facts, values=values)
    return undone


def has_objected(session: Session, request_id: str, reviewer: Reviewer) -> bool:
    """Whether this mailbox objected to the applied change of a request."""
    lines = trail.timeline(session, request_id=request_id, action=Action.OBJECTION_RECEIVED)
    return any(line.facts.get("reviewer") == reviewer.value for line in lines)


def _settled(one: Applied) -> tuple[datetime, str]:
    assert one.change.settled_at is not None
    return one.change.settled_at, one.change.id


def _put_back(one: Applied, who: Who) -> bool:
    locked, change = one.locked, one.change
    row = FieldChangeRow(
        id=new_id(locked.now),
        request_id=locked.request.id,
        patron_id=locked.patron.id,
        field=change.field,
        kind=ChangeKind.REVERT,
        current_value=change.proposed_value,
        proposed_value=change.current_value,
        outcome=FieldOutcome.PENDING,
    )
    locked.session.add(row)
    locked.session.flush()
    proof = Proof(
        verified_at=locked.now if who.is_own else change.displaced_verified_at,
        bounced_at=None if who.is_own else change.displaced_bounced_at,
    )
    if locked.apply(row, proof=proof, actor=who.actor, channel=who.channel):
        return True
    # Another patron took the old value at this very moment: the row must not stay open.
    locked.settle([row], FieldOutcome.WITHDRAWN)
    return False


def _may_undo(chain: Sequence[Applied], who: Who) -> bool:
    """Whether the record holds what the newest of a field's changes wrote, each replaced what the
    one before it wrote, and what the oldest replaced is sound and free.
    """
    newest, oldest = chain[0], chain[-1]
    entry, locked = fields.field(newest.change.field), oldest.locked
    held = entry.pick(values_of(locked.patron))
    if locked.patron.status is not PatronStatus.ACTIVE:
        return False
    if held != entry.pick(requests.values(newest.change.proposed_value)):
        return False
    if any(
        newer.change.current_value != older.change.proposed_value
        for newer, older in pairwise(chain)
    ):
        return False
    try:
        replaced = requests.values(oldest.change.current_value)
        ensure_unique(locked.session, replaced, besides=locked.patron.id)
    except AddressTaken:
        return False
    undone = {one.change.id for one in chain}
    return all(
        _is_sound(locked.session, writer, is_own=who.is_own)
        for writer in _writers_of_what_it_replaced(oldest)
        if writer.id not in undone
    )


def _writers_of_what_it_replaced(one: Applied) -> list[FieldChangeRow]:
    """The newest applied change that had written the value which this one replaced.

    None for a first value, several when they were applied at one moment. Found by the value: ids
    and times come from the clocks of several machines.
    """
    query = (
        select(FieldChangeRow)
        .where(
            FieldChangeRow.patron_id == one.locked.patron.id,
            FieldChangeRow.field == one.change.field,
            FieldChangeRow.outcome == FieldOutcome.APPLIED,
            FieldChangeRow.proposed_value == one.change.current_value,
            FieldChangeRow.id != one.change.id,
        )
        .order_by(col(FieldChangeRow.settled_at).desc())
    )
    writers = list(one.locked.session.exec(query))
    return [writer for writer in writers if writer.settled_at == writers[0].settled_at]


def _is_sound(session: Session, written: FieldChangeRow, *, is_own: bool) -> bool:
    """Whether a value that an earlier change wrote may come back.

    Not when it is contested, and a mailbox only when it has proven itself: by approving, or
    by being the one that objects now (`is_own`).
    """
    if written.kind is ChangeKind.REVERT:
        return True
    request = session.get_one(ChangeRequestRow, written.request_id)
    if request.state is RequestState.REVERTED:
        return False
    if has_objected(session, written.request_id, Reviewer.CURRENT):
        return False
    if is_own or not fields.field(written.field).is_mailbox:
        return True
    approved = select(ReviewRow.id).where(
        ReviewRow.field_change_id == written.id,
        ReviewRow.reviewer == Reviewer.PROPOSED,
        ReviewRow.decision == Decision.APPROVE,
    )
    return session.exec(approved).first() is not None
