"""Ends what can no longer be decided because the question could not be delivered."""

from __future__ import annotations

from upstage_crm.audit.events import SYSTEM, Action, Channel
from upstage_crm.change_requests.lifecycle.transitions import Case
from upstage_crm.change_requests.model.rules import FieldOutcome
from upstage_crm.links.claims import Reviewer
from upstage_crm.mail.message import MailKind
from upstage_crm.patrons import marks


def end(case: Case, reviewer: Reviewer) -> bool:
    """End the fields that need the yes of a mailbox whose question came back; False without any.

    The proposer is told, and so is the other mailbox if it had heard of the request. A current
    address is marked.
    """
    lost = [
        change
        for change in case.undecided
        if (review := case.review_of(change, reviewer)) is not None and review.is_binding
    ]
    if not lost:
        return False
    told = [who for who in case.mailed() if who is not reviewer]
    case.settle(lost, FieldOutcome.UNDELIVERABLE)
    said = {"reviewer": reviewer.value, "fields": ", ".join(change.field for change in lost)}
    case.note(Action.REQUEST_UNDELIVERABLE, SYSTEM, Channel.SCHEDULE, facts=said)
    state = case.close()
    case.tell_ended(MailKind.CHANGE_UNDELIVERABLE, lost, to=told)
    if not state.is_open:
        case.tell_proposer()
    if reviewer is Reviewer.CURRENT:
        mark_bounced(case)
    return True


def mark_bounced(case: Case) -> None:
    """Mark the record: mail to its address has come back."""
    if marks.note_bounce(case.session, patron_id=case.patron.id, now=case.now):
        values = {"email": case.patron.email}
        case.note(Action.ADDRESS_BOUNCED, SYSTEM, Channel.SCHEDULE, values=values)
