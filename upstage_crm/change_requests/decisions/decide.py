"""What a reviewer does with a link: approve, reject, object.

Commands like those in `staff_commands`: the patron's row is locked first, then the request's, then
everything is checked again, and only then is anything written.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy.orm.attributes import set_committed_value

from upstage_crm.audit.events import Action
from upstage_crm.change_requests.disputes import disowning, mailbox_out, objections
from upstage_crm.change_requests.lifecycle import advance, notices, receipts
from upstage_crm.change_requests.lifecycle.answer import (
    Answer,
    Evidence,
    record_review,
)
from upstage_crm.change_requests.lifecycle.locked_request import LockedRequest
from upstage_crm.change_requests.model.errors import (
    LinkExpired,
    LinkOutdated,
    MailboxOut,
    RequestEnded,
    UnknownRequest,
)
from upstage_crm.change_requests.model.rules import (
    Cause,
    Decision,
    FieldOutcome,
    NoticeState,
    RequestState,
    ReviewChannel,
)
from upstage_crm.change_requests.model.tables import (
    FieldChangeRow,
    ReviewRow,
)
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.core.text import REMARK_LIMIT, clean_block
from upstage_crm.links.claims import LinkClaims, LinkRefused, Purpose, Reviewer
from upstage_crm.patrons import marks
from upstage_crm.staff.command_context import CommandContext


def decide(
    context: CommandContext[Notifier],
    *,
    claims: LinkClaims,
    decision: Decision,
    channel: ReviewChannel,
    field_ids: Collection[str] | None = None,
    answers: Mapping[str, Decision] | None = None,
    comment: str = "",
    evidence: Evidence | None = None,
    vouched: Mapping[str, str] | None = None,
) -> RequestState:
    """Record one reviewer's decision on the fields that this reviewer was given, and act on it.

    `claims` come from a token that `LinkCodec.read` accepted. `field_ids` narrows the decision
    to some fields; all open ones otherwise. `answers` gives each field, by id, an answer of its
    own, approve or reject, in place of `decision`. `vouched` names the two staff members who heard
    it at the desk. Returns the request's state afterwards, which is WITHDRAWN when an approval
    came too late to be true.

    Raises:
        LinkRefused: the link is not for this decision, or its request does not exist.
        LinkOutdated, LinkExpired: the link no longer counts.
        MailboxOut: the reader of this mailbox has no say about this patron.
        RequestEnded: nothing is left to decide; carries the state. Show it as an outcome.
        InvalidText: the comment is too long.
    """
    answer = Answer(
        reviewer=claims.reviewer,
        decision=decision,
        channel=channel,
        comment=clean_block(comment, REMARK_LIMIT),
        evidence=evidence,
        vouched=vouched or {},
        jti=claims.jti,
    )
    try:
        locked = LockedRequest.by_id(context, claims.request_id)
    except UnknownRequest as error:
        raise LinkRefused from error
    _ensure_may_decide(locked, claims, decision, context.now)
    if decision is Decision.NOT_THIS_PERSON:
        mailbox_out.say_not_this_person(locked, answer)
    elif decision is Decision.OBJECT and claims.purpose is Purpose.OBJECTION:
        disowning.object_to(locked, answer)
    elif decision is Decision.OBJECT:
        objections.object_to(locked, answer)
    else:
        by_field = dict(answers) if answers else None
        _decide(locked, answer, by_field if by_field else _all_alike(locked, decision, field_ids))
    locked.record()
    return locked.request.state


def _all_alike(
    locked: LockedRequest, decision: Decision, field_ids: Collection[str] | None
) -> dict[str, Decision]:
    return {
        change.id: decision
        for change in locked.open_changes
        if field_ids is None or change.id in field_ids
    }


def _decide(locked: LockedRequest, answer: Answer, answers: Mapping[str, Decision]) -> None:
    """Approve or reject: all of it happens, and what can no longer be true is withdrawn."""
    if Decision.APPROVE in answers.values():
        notices.refresh(locked)
    chosen = _chosen(locked, answer.reviewer, answers)
    decisions = {change.id: answers[change.id] for change, _review in chosen}
    cause = locked.obstacle() if Decision.APPROVE in decisions.values() else None
    if cause is not None:
        locked.withdraw(cause, channel=answer.door)
        return
    is_own = any(review.mailbox == locked.patron.email for _change, review in chosen)
    late: dict[str, Cause] = {}
    for change, review in chosen:
        if cause := _say(locked, answer.saying(decisions[change.id]), change, review):
            late[change.id] = cause
    answered = [
        (change, decisions[change.id]) for change, _review in chosen if change.id not in late
    ]
    if answered and is_own:
        _note_proof(locked, answer)
    if answered and answer.reviewer is Reviewer.CURRENT:
        _note_arrival(locked)
    advance.go_on(
        locked,
        [change for change, _review in chosen],
        actor=answer.actor,
        channel=answer.door,
        late=late,
        comment=answer.comment,
    )
    locked.plan_reminder()
    receipts.of_answers(locked, answer, answered)


def _chosen(
    locked: LockedRequest, reviewer: Reviewer, answers: Mapping[str, Decision]
) -> list[tuple[FieldChangeRow, ReviewRow]]:
    """The open field changes that this reviewer was asked about and answers now."""
    chosen = [
        (change, review)
        for change in locked.open_changes
        for review in locked.counting(change)
        if review.reviewer is reviewer and review.decision is None and change.id in answers
    ]
    if not chosen:
        raise RequestEnded(state=locked.request.state)
    return chosen


def _say(
    locked: LockedRequest, answer: Answer, change: FieldChangeRow, review: ReviewRow
) -> Cause | None:
    """Record what one review says; the cause when a yes came too late to be true."""
    approves = answer.decision is Decision.APPROVE
    cause = locked.obstacle_of(change) if approves else None
    if cause is not None:
        return cause
    record_review(locked, review, answer)
    locked.note(
        Action.FIELD_APPROVED if approves else Action.FIELD_REJECTED,
        answer.actor,
        answer.door,
        facts=answer.facts | {"field": change.field},
        values=answer.values,
    )
    return None


def _note_arrival(locked: LockedRequest) -> None:
    """The reader has been told: an answer is worth the provider's word that a mail arrived."""
    state = locked.request.notice_state
    if state is NoticeState.ON_ITS_WAY or (state is not None and state.is_stopped):
        notices.arrived(locked, locked.now, by="answer")


def _note_proof(locked: LockedRequest, answer: Answer) -> None:
    """The address on the record answered: note it once."""
    if marks.prove_address(locked.session, patron_id=locked.patron.id, now=locked.now):
        # The mails of this very answer are told to a mailbox that has proven itself.
        set_committed_value(locked.patron, "email_verified_at", locked.now)
        values = {"email": locked.patron.email}
        locked.note(Action.ADDRESS_PROVEN, answer.actor, answer.door, values=values)


def _ensure_may_decide(
    locked: LockedRequest, claims: LinkClaims, decision: Decision, now: datetime
) -> None:
    """The link counts, its mailbox has a say, and there is something to decide."""
    state = locked.request.state
    if claims.purpose is Purpose.OBJECTION:
        if decision is not Decision.OBJECT:
            raise LinkRefused
        if claims.is_expired(now):
            raise LinkExpired
        applied = FieldOutcome.APPLIED in {change.outcome for change in locked.changes}
        if not state.is_open and not applied:
            raise RequestEnded(state=state)
        return
    if claims.purpose is not Purpose.DECISION:
        raise LinkRefused
    if not state.is_open:
        raise RequestEnded(state=state)
    if state is RequestState.HELD or claims.version != locked.request.version_for(claims.reviewer):
        raise LinkOutdated
    is_over = state is RequestState.PENDING and now >= locked.request.expires_at
    if is_over or claims.is_expired(now):
        raise LinkExpired
    if claims.reviewer is Reviewer.CURRENT and mailbox_out.is_out(locked):
        raise MailboxOut
