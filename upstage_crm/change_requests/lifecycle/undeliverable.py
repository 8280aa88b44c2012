"""Ends what can no longer be decided because the question could not be delivered."""

from __future__ import annotations

from upstage_crm.audit.events import SYSTEM, Action, Channel
from upstage_crm.change_requests.lifecycle.locked_request import LockedRequest
from upstage_crm.change_requests.model.rules import FieldOutcome
from upstage_crm.links.claims import Reviewer
from upstage_crm.mail.message import MailKind
from upstage_crm.patrons import marks


def end(locked: LockedRequest, reviewer: Reviewer) -> bool:
    """End the fields that need the yes of a mailbox whose question came back; False without any.

    The proposer is told, and so is the other mailbox if it had heard of the request. A current
    address is marked.
    """
    lost = [
        change
        for change in locked.undecided
        if (review := locked.review_of(change, reviewer)) is not None and review.is_binding
    ]
    if not lost:
        return False
    others = [who for who in locked.mailed() if who is not reviewer]
    locked.settle(lost, FieldOutcome.UNDELIVERABLE)
    facts = {"reviewer": reviewer.value, "fields": ", ".join(change.field for change in lost)}
    locked.note(Action.REQUEST_UNDELIVERABLE, SYSTEM, Channel.SCHEDULE, facts=facts)
    state = locked.close()
    locked.tell_ended(MailKind.CHANGE_UNDELIVERABLE, lost, to=others)
    if not state.is_open:
        locked.tell_proposer()
    if reviewer is Reviewer.CURRENT:
        mark_bounced(locked)
    return True


def mark_bounced(locked: LockedRequest) -> None:
    """Mark the record: mail to its address has come back."""
    if marks.note_bounce(locked.session, patron_id=locked.patron.id, now=locked.now):
        values = {"email": locked.patron.email}
        locked.note(Action.ADDRESS_BOUNCED, SYSTEM, Channel.SCHEDULE, values=values)
