"""A mailbox whose reader is not the patron is out: it has no vote and gets no mail."""

from __future__ import annotations

from upstage_crm.audit.events import Action, Actor, Channel
from upstage_crm.change_requests.lifecycle import advance, notices
from upstage_crm.change_requests.lifecycle.answer import (
    Answer,
    record_review,
)
from upstage_crm.change_requests.lifecycle.locked_request import (
    LockedRequest,
)
from upstage_crm.change_requests.model.errors import RequestEnded
from upstage_crm.change_requests.model.rules import (
    NoticeState,
    RequestPath,
)
from upstage_crm.core.email_address import parse_email
from upstage_crm.links.claims import LinkRefused, Reviewer
from upstage_crm.patrons import fields, suppressions
from upstage_crm.patrons.views import SuppressionCause


def say_not_this_person(locked: LockedRequest, answer: Answer) -> None:
    """The reader of the current mailbox is not the patron. This stops nothing: the request goes on.

    Raises:
        LinkRefused: only a current mailbox that was told of another one can say so.
        RequestEnded: there is nothing to say it to (any more).
    """
    asked = [
        (change, review)
        for change in locked.open_changes
        if (review := locked.review_of(change, Reviewer.CURRENT)) and review.decision is None
    ]
    is_desk = locked.request.path is RequestPath.DESK
    concerned = [
        change for change, _review in asked if is_desk or fields.field(change.field).is_mailbox
    ]
    if answer.reviewer is not Reviewer.CURRENT:
        raise LinkRefused
    mailbox = asked[0][1].mailbox if concerned else None
    if mailbox is None or mailbox != locked.patron.email:
        raise RequestEnded(state=locked.request.state)
    for _change, review in asked:
        record_review(locked, review, answer)
    put_out(locked, mailbox, SuppressionCause.NOT_THIS_PERSON, actor=answer.actor, door=answer.door)
    locked.forget_evidence()
    for change, review in asked:
        # Its yes can no longer be waited for; a mailbox that was only heard is silent from now on.
        if review.is_binding and change in concerned:
            advance.replace_review(locked, review)
    if locked.request.notice_state is NoticeState.ON_ITS_WAY:
        notices.arrived(locked, locked.now, by="answer")
    advance.go_on(locked, concerned, actor=answer.actor, channel=answer.door)


def put_out(
    locked: LockedRequest, mailbox: str, cause: SuppressionCause, *, actor: Actor, door: Channel
) -> None:
    """Leave a mailbox out of everything about this patron, from now on."""
    key = parse_email(mailbox).key
    is_new = suppressions.suppress(
        locked.session,
        address_key=key,
        patron_id=locked.patron.id,
        cause=cause,
        request_id=locked.request.id,
        now=locked.now,
    )
    if is_new:
        facts, values = {"cause": cause.value}, {"address": key}
        locked.note(Action.MAILBOX_OUT, actor, door, facts=facts, values=values)


def is_out(locked: LockedRequest) -> bool:
    """Whether the current mailbox that this request asked has no say about the patron."""
    asked = {
        r.mailbox
        for c in locked.changes
        for r in locked.reviews.get(c.id, [])
        if r.reviewer is Reviewer.CURRENT
    }
    keys = {parse_email(mailbox).key for mailbox in asked if mailbox}
    return any(
        suppressions.cause_of(locked.session, key, patron_id=locked.patron.id) for key in keys
    )
