"""Somebody says "this wasn't me" or "this is not my address" to an open question."""

from __future__ import annotations

from upstage_crm.audit.events import Action
from upstage_crm.change_requests.lifecycle import receipts
from upstage_crm.change_requests.lifecycle.answer import (
    Answer,
    record_review,
)
from upstage_crm.change_requests.lifecycle.locked_request import (
    LockedRequest,
)
from upstage_crm.change_requests.model.errors import RequestEnded
from upstage_crm.change_requests.model.rules import FieldOutcome
from upstage_crm.change_requests.model.tables import (
    FieldChangeRow,
    ReviewRow,
)
from upstage_crm.links.claims import Reviewer
from upstage_crm.mail.message import MailKind
from upstage_crm.patrons import fields, marks, suppressions
from upstage_crm.patrons.views import SuppressionCause


def object_to(locked: LockedRequest, answer: Answer) -> None:
    """Stop what this mailbox may stop, and tell everybody.

    The current mailbox marks the record as in question; the proposed one is never asked again, in
    nobody's name.

    Raises:
        RequestEnded: it may stop nothing (any more).
    """
    objected = _objectionable(locked, answer.reviewer)
    if not objected:
        raise RequestEnded(state=locked.request.state)
    told = _told(locked, answer.reviewer)
    for change in objected:
        review = _review_of(locked, change, answer.reviewer)
        # A reader who approved first and objects now is heard; the trail tells both, in order.
        if review.decision is None:
            record_review(locked, review, answer)
        locked.note(
            Action.FIELD_OBJECTED,
            answer.actor,
            answer.door,
            facts=answer.facts | {"field": change.field},
            values=answer.values,
        )
    locked.settle(objected, FieldOutcome.OBJECTED)
    if answer.reviewer is Reviewer.PROPOSED:
        _suppress(locked, objected, answer)
    else:
        marks.flag(locked.session, patron_id=locked.patron.id)
    state = locked.close()
    locked.tell_ended(MailKind.CHANGE_REJECTED, objected, to=told)
    receipts.of_answers(locked, answer, [(change, answer.decision) for change in objected])
    if not state.is_open:
        locked.tell_proposer(comment=answer.comment)


def _objectionable(locked: LockedRequest, reviewer: Reviewer) -> list[FieldChangeRow]:
    """What this mailbox may object to: the record's own address to all, another to its fields."""
    if reviewer is Reviewer.CURRENT:
        return locked.open_changes
    return [change for change in locked.open_changes if locked.review_of(change, reviewer)]


def _told(locked: LockedRequest, reviewer: Reviewer) -> list[Reviewer]:
    """The record's own address always; the proposed one if it was asked and did not object."""
    if reviewer is Reviewer.CURRENT and Reviewer.PROPOSED in locked.mailed():
        return [Reviewer.CURRENT, Reviewer.PROPOSED]
    return [Reviewer.CURRENT]


def _review_of(locked: LockedRequest, change: FieldChangeRow, reviewer: Reviewer) -> ReviewRow:
    """This reviewer's review of a field; one who was told but not asked gets one now."""
    found = locked.review_of(change, reviewer)
    return found or locked.add_review(change, reviewer, locked.patron.email or "")


def _suppress(locked: LockedRequest, objected: list[FieldChangeRow], answer: Answer) -> None:
    """Remember every proposed mailbox among `objected`: it gets no mail from us any more."""
    for change in objected:
        is_new = fields.field(change.field).is_mailbox and suppressions.suppress(
            locked.session,
            address_key=change.proposed_key,
            patron_id=None,
            cause=SuppressionCause.NOT_MY_ADDRESS,
            request_id=locked.request.id,
            now=locked.now,
        )
        if is_new:
            values = {"address": change.proposed_key}
            locked.note(Action.ADDRESS_SUPPRESSED, answer.actor, answer.door, values=values)
