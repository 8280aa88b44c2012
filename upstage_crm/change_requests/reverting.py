"""Puts back what a change replaced: for whoever objects inside the window, or for staff.

Only what the field still holds from that change is put back, only to a value that is still free
and that nobody contests. Whatever cannot be decided by these rules freezes the record for two
people to look into: nothing is guessed, nothing is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, Actor, Channel
from upstage_crm.change_requests import freezing, opening, queries, receipting, second_person
from upstage_crm.change_requests.answering import Answer
from upstage_crm.change_requests.errors import NoteMissing, RevertWindowOver
from upstage_crm.change_requests.mails import Mailroom
from upstage_crm.change_requests.rules import (
    Cause,
    ChangeKind,
    Decision,
    FieldOutcome,
    FreezeCause,
    RequestState,
)
from upstage_crm.change_requests.settling import Case
from upstage_crm.change_requests.tables import ChangeRequestRow, FieldChangeRow, ReviewRow
from upstage_crm.core.ids import new_id
from upstage_crm.core.text import clean_block
from upstage_crm.links.claims import Reviewer
from upstage_crm.patrons import commands as patrons
from upstage_crm.patrons import fields
from upstage_crm.patrons.errors import AddressTaken
from upstage_crm.patrons.queries import values_of
from upstage_crm.patrons.tables import PatronStatus
from upstage_crm.staff.roles import Permission, StaffMember, ensure_may

REASON_LIMIT = 500  # characters
PUT_BACK = "objected to after it was approved, and put back"
NOT_PUT_BACK = "objected to after it was approved, and could not be put back by itself"
STAFF_BLOCKED = "to be put back by staff, which was not possible by itself"


def object_afterwards(case: Case, answer: Answer) -> None:
    """Somebody objects to what was applied: it is put back, the record is frozen, all are told.

    A second press adds nothing.

    Raises:
        RevertWindowOver: the window is over.
    """
    if has_objected(case.session, case.request.id, answer.reviewer):
        return
    changes = _revertible(case)
    if not changes:
        raise RevertWindowOver
    case.note(
        Action.OBJECTION_RECEIVED,
        answer.actor,
        answer.door,
        facts=answer.facts,
        values=answer.values,
    )
    freezing.withdraw_others(case, Cause.PATRON_FROZEN, channel=answer.door)
    restored, blocked = _restore(
        case, changes, actor=answer.actor, channel=answer.door, objector=answer.reviewer
    )
    cause = FreezeCause.REVERT_BLOCKED if blocked else FreezeCause.OBJECTION
    outcome = PUT_BACK if restored else NOT_PUT_BACK
    freezing.freeze(case, cause, channel=answer.door, outcome=outcome)
    receipting.of_late_objection(case, answer, restored=restored, blocked=blocked)
    if restored:
        matter = case.matter(restored)
        case.mailroom.tell_reverted(case.session, matter, is_frozen=True, now=case.now)
    case.mailroom.tell_proposer(
        case.session,
        case.matter(),
        outcome=outcome,
        key=f"objection/{answer.reviewer.value}",
        comment=answer.comment,
        now=case.now,
    )


def revert(
    session: Session,
    *,
    actor: StaffMember,
    reference: str,
    reason: str,
    mailroom: Mailroom,
    now: datetime,
) -> RequestState:
    """Put back what a request changed, for a reason that the trail keeps; both sides are told.

    Returns the request's state afterwards: REVERTED, or as it was when nothing could be put back,
    in which case the record is frozen for two people to look into.

    Raises:
        Forbidden, UnknownRequest; OwnRecord: it is the actor's own record.
        NoteMissing: without a reason. InvalidText: it is too long.
        RevertWindowOver: it is too late, or nothing was changed.
    """
    ensure_may(actor, Permission.REVERT_CHANGE)
    words = clean_block(reason, REASON_LIMIT)
    if not words:
        raise NoteMissing
    case = opening.by_reference(session, reference, mailroom=mailroom, now=now)
    second_person.ensure_not_own(actor, case.patron)
    changes = _revertible(case)
    if not changes:
        raise RevertWindowOver
    who, channel = actor.as_actor(), Channel.CRM
    # A newer proposal about a field was made about a value that is going away.
    keys = {change.field for change in changes}
    freezing.withdraw_others(case, Cause.VALUE_MOVED, channel=channel, field_keys=keys)
    restored, blocked = _restore(case, changes, actor=who, channel=channel, reason=words)
    if blocked:
        cause = FreezeCause.REVERT_BLOCKED
        freezing.freeze(case, cause, channel=channel, outcome=STAFF_BLOCKED)
    if restored:
        receipting.of_staff_revert(case, who, restored=restored, blocked=blocked)
        matter = case.matter(restored)
        mailroom.tell_reverted(session, matter, is_frozen=bool(blocked), now=now)
        if actor.id != case.request.answerable_id:
            case.tell_proposer()
    case.record()
    return case.request.state


def has_objected(session: Session, request_id: str, reviewer: Reviewer) -> bool:
    """Whether this mailbox objected to the applied change of a request."""
    lines = trail.timeline(session, request_id=request_id, action=Action.OBJECTION_RECEIVED)
    return any(line.facts.get("reviewer") == reviewer.value for line in lines)


def _revertible(case: Case) -> list[FieldChangeRow]:
    """The applied changes of a request that are inside the window and not put back yet."""
    if case.request.state not in (RequestState.APPROVED, RequestState.PARTLY_APPROVED):
        return []
    window = case.policy.revert_window
    return [
        change
        for change in case.changes
        if change.outcome is FieldOutcome.APPLIED
        and change.settled_at is not None
        and case.now < change.settled_at + window
    ]


def _restore(
    case: Case,
    changes: Sequence[FieldChangeRow],
    *,
    actor: Actor,
    channel: Channel,
    objector: Reviewer | None = None,
    reason: str = "",
) -> tuple[list[FieldChangeRow], list[FieldChangeRow]]:
    """Put back what may be put back; return what was, and what was not."""
    restored = [
        change
        for change in changes
        if _may_restore(case, change, objector)
        and _put_back(case, change, actor=actor, channel=channel, objector=objector)
    ]
    blocked = [change for change in changes if change not in restored]
    if restored:
        case.end(RequestState.REVERTED)
        facts = {
            "fields": ", ".join(change.field for change in restored),
            "blocked": ", ".join(change.field for change in blocked),
        }
        values: dict[str, str | None] = {"reason": reason} if reason else {}
        case.note(Action.REQUEST_REVERTED, actor, channel, facts=dict(facts), values=values)
    return restored, blocked


def _put_back(
    case: Case,
    change: FieldChangeRow,
    *,
    actor: Actor,
    channel: Channel,
    objector: Reviewer | None,
) -> bool:
    row = FieldChangeRow(
        id=new_id(case.now),
        request_id=case.request.id,
        patron_id=case.patron.id,
        field=change.field,
        kind=ChangeKind.REVERT,
        current_value=change.proposed_value,
        proposed_value=change.current_value,
        outcome=FieldOutcome.PENDING,
    )
    case.session.add(row)
    case.session.flush()
    # Whoever objects reads the mailbox that is put back.
    proven = objector is Reviewer.CURRENT
    if case.apply(row, proven=proven, actor=actor, channel=channel):
        return True
    # Somebody took the old value at this very moment: the row must not stay open.
    case.settle([row], FieldOutcome.WITHDRAWN)
    return False


def _may_restore(case: Case, change: FieldChangeRow, objector: Reviewer | None) -> bool:
    """Whether this change is still the latest of its field, and what it replaced is sound."""
    entry = fields.field(change.field)
    if case.patron.status is not PatronStatus.ACTIVE:
        return False
    if entry.pick(values_of(case.patron)) != entry.pick(queries.values(change.proposed_value)):
        return False
    try:
        replaced = queries.values(change.current_value)
        patrons.ensure_unique(case.session, replaced, besides=case.patron.id)
    except AddressTaken:
        return False
    return all(
        _is_sound(case.session, writer, is_own=objector is not None)
        for writer in _writers_of_what_it_replaced(case, change)
    )


def _writers_of_what_it_replaced(case: Case, change: FieldChangeRow) -> list[FieldChangeRow]:
    """The newest applied change that had written the value which this one replaced.

    None for a first value, several when they were applied at one moment. Found by the value: ids
    and times come from the clocks of several machines.
    """
    query = (
        select(FieldChangeRow)
        .where(
            FieldChangeRow.patron_id == case.patron.id,
            FieldChangeRow.field == change.field,
            FieldChangeRow.outcome == FieldOutcome.APPLIED,
            FieldChangeRow.proposed_value == change.current_value,
            FieldChangeRow.id != change.id,
        )
        .order_by(col(FieldChangeRow.settled_at).desc())
    )
    found = list(case.session.exec(query))
    return [writer for writer in found if writer.settled_at == found[0].settled_at]


def _is_sound(session: Session, written: FieldChangeRow, *, is_own: bool) -> bool:
    """Whether a value that an earlier change wrote may come back.

    Not when somebody contests it, and a mailbox only when it has proven itself: by approving, or
    by being the one that objects now (`is_own`).
    """
    if written.kind is ChangeKind.REVERT:
        return True
    request = session.get_one(ChangeRequestRow, written.request_id)
    if request.state is RequestState.REVERTED:
        return False
    if has_objected(session, written.request_id, Reviewer.CURRENT):
        return False
    if fields.field(written.field).mailbox_column is None or is_own:
        return True
    approved = select(ReviewRow.id).where(
        ReviewRow.field_change_id == written.id,
        ReviewRow.reviewer == Reviewer.PROPOSED,
        ReviewRow.decision == Decision.APPROVE,
    )
    return session.exec(approved).first() is not None
