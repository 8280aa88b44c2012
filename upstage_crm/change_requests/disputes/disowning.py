"""A mailbox objects, by the link that came with a change which was made.

Inside the revert window an objection to a change of address disowns the mailbox that it brought in:
all that mailbox decided since is put back with it, and it is out. After the window it opens a
dispute, and undoes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlmodel import col, select

from upstage_crm.audit.events import Action
from upstage_crm.change_requests.disputes import freezing, mailbox_out, objections, reverting
from upstage_crm.change_requests.disputes.reverting import (
    Applied,
    Undone,
    Who,
    has_objected,
)
from upstage_crm.change_requests.lifecycle import receipts
from upstage_crm.change_requests.lifecycle.answer import Answer
from upstage_crm.change_requests.lifecycle.locked_request import LockedRequest
from upstage_crm.change_requests.model.errors import (
    MailboxOut,
    RequestEnded,
)
from upstage_crm.change_requests.model.field_change import FieldChange
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
from upstage_crm.change_requests.reads import requests
from upstage_crm.links.claims import Reviewer
from upstage_crm.patrons.views import SuppressionCause

PUT_BACK = "undone, after an objection"
NOT_PUT_BACK = "objected to, not undone"
TOO_LATE = "objected to, too late to undo"


def object_to(locked: LockedRequest, answer: Answer) -> None:
    """Hear an objection: undo inside the window, and open a dispute; a second press adds nothing.

    Raises:
        MailboxOut: the reader of this mailbox has no say about this patron.
        RequestEnded: it may stop nothing, or staff have put back everything already.
    """
    if mailbox_out.is_out(locked):
        raise MailboxOut
    if not any(change.outcome is FieldOutcome.APPLIED for change in locked.changes):
        objections.object_to(locked, answer)
        return
    if has_objected(locked.session, locked.request.id, answer.reviewer):
        return
    if locked.request.state is RequestState.REVERTED:
        raise RequestEnded(state=locked.request.state)
    if open_changes := locked.open_changes:
        locked.settle(open_changes, FieldOutcome.OBJECTED)
        locked.close()
    revertible = reverting.revertible(locked)
    undone = _undo(locked, answer, revertible) if revertible else Undone()
    locked.note(
        Action.OBJECTION_RECEIVED,
        answer.actor,
        answer.door,
        facts=answer.facts
        | {
            "restored": ", ".join(undone.restored_keys),
            "blocked": ", ".join(undone.blocked_keys),
        },
        values=answer.values,
    )
    outcome = PUT_BACK if undone.restored else NOT_PUT_BACK if revertible else TOO_LATE
    cause = FreezeCause.REVERT_BLOCKED if undone.blocked else FreezeCause.OBJECTION
    freezing.freeze(locked, cause, channel=answer.door, outcome=outcome)
    _tell(locked, answer, undone, outcome)


def _undo(locked: LockedRequest, answer: Answer, revertible: Sequence[FieldChangeRow]) -> Undone:
    who = Who(actor=answer.actor, channel=answer.door, is_own=answer.reviewer is Reviewer.CURRENT)
    applied = [Applied(locked, change) for change in revertible]
    disowned = [m for c in revertible if (m := requests.mailbox_of(c, Reviewer.PROPOSED))]
    applied += _decided_since(locked, applied, disowned)
    # Out before anything else: of all that ends now it hears by the one last mail alone.
    for mailbox in disowned:
        cause = SuppressionCause.DISOWNED
        mailbox_out.put_out(locked, mailbox, cause, actor=answer.actor, door=answer.door)
    freezing.withdraw_others(locked, Cause.PATRON_FROZEN, channel=answer.door)
    undone = reverting.undo(applied, who)
    for other in undone.cases:
        if other is not locked:
            locked.events += other.events
            other.events.clear()
    return undone


def _decided_since(
    locked: LockedRequest, applied: Sequence[Applied], disowned: list[str]
) -> list[Applied]:
    """What the disowned mailbox decided since, and those that it brought in, which are added."""
    starts = [one.change.settled_at for one in applied if one.change.settled_at]
    query = (
        select(FieldChangeRow, ReviewRow.mailbox)
        .join(ReviewRow, col(ReviewRow.field_change_id) == col(FieldChangeRow.id))
        .join(ChangeRequestRow, col(ChangeRequestRow.id) == col(FieldChangeRow.request_id))
        .where(
            FieldChangeRow.patron_id == locked.patron.id,
            FieldChangeRow.outcome == FieldOutcome.APPLIED,
            FieldChangeRow.kind != ChangeKind.REVERT,
            ChangeRequestRow.state != RequestState.REVERTED,
            col(FieldChangeRow.settled_at) >= min(starts),
            ReviewRow.reviewer == Reviewer.CURRENT,
            ReviewRow.decision == Decision.APPROVE,
        )
        .order_by(col(FieldChangeRow.settled_at), col(FieldChangeRow.id))
    )
    known = {one.change.id for one in applied}
    cases = {locked.request.id: locked}
    later: list[Applied] = []
    for change, mailbox in locked.session.exec(query).all():
        if change.id in known or mailbox not in disowned:
            continue
        if change.request_id not in cases:
            cases[change.request_id] = locked.other(change.request_id)
        own = cases[change.request_id]
        later.append(Applied(own, next(c for c in own.changes if c.id == change.id)))
        if (brought := requests.mailbox_of(change, Reviewer.PROPOSED)) is not None:
            disowned.append(brought)
    return later


def _tell(locked: LockedRequest, answer: Answer, undone: Undone, outcome: str) -> None:
    """One mail to each mailbox that is concerned, and one to the keeper of each request."""
    session, room, now = locked.session, locked.notifier, locked.now
    restored, blocked = undone.of(locked)
    made = [change for change in locked.changes if change.outcome is FieldOutcome.APPLIED]
    receipts.of_late_objection(
        locked, answer, restored=restored, blocked=blocked or ([] if restored else made)
    )
    if undone.restored:
        whole = replace(locked.matter(made), fields=_fields(undone))
        if (own := _objector(made)) is not None:
            whole = whole.about(own)
        room.tell_reverted(
            session,
            whole,
            blocked=undone.blocked_keys,
            to=(Reviewer.CURRENT,),
            is_frozen=True,
            now=now,
        )
        mailed: set[str | None] = set()
        for other in undone.cases:
            mine = other.matter(undone.of(other)[0])
            if mine.proposed_email not in mailed:
                mailed.add(mine.proposed_email)
                room.tell_reverted(
                    session,
                    mine,
                    to=(Reviewer.PROPOSED,),
                    is_frozen=True,
                    is_disowned=True,
                    now=now,
                )
    for other in undone.cases:
        if other is not locked:
            receipts.of_revert(other, answer.actor, restored=undone.of(other)[0], blocked=[])
            other.tell_proposer()
            locked.events += other.events
            other.events.clear()
    locked.tell_proposer(
        outcome=outcome, key=f"objection/{answer.reviewer.value}", comment=answer.comment
    )


def _objector(made: Sequence[FieldChangeRow]) -> str | None:
    """The mailbox that a change of address displaced; None when nothing of that kind was made."""
    displaced = (requests.mailbox_of(change, Reviewer.CURRENT) for change in made)
    return next((mailbox for mailbox in displaced if mailbox), None)


def _fields(undone: Undone) -> tuple[FieldChange, ...]:
    """Each field once: what it holds again, and what stood there last."""
    restored: list[FieldChange] = []
    for key in undone.restored_keys:
        chain = [one for one in undone.restored if one.change.field == key]
        (oldest,) = chain[-1].locked.matter([chain[-1].change]).fields
        last = requests.values(chain[0].change.proposed_value)
        restored.append(replace(oldest, proposed=last))
    return tuple(restored)
