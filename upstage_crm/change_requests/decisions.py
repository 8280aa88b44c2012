"""What a reviewer does with a link: approve, reject, object.

Commands like those in `commands`: the patron's row is locked first, then the request's, then
everything is checked again, and only then is anything written.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlmodel import Session

from upstage_crm.audit.events import SYSTEM, Action, Channel
from upstage_crm.change_requests import objecting, opening, queries, receipting, reverting
from upstage_crm.change_requests.answering import Answer, Evidence, record_review
from upstage_crm.change_requests.errors import (
    LinkExpired,
    LinkOutdated,
    RequestEnded,
    UnknownRequest,
)
from upstage_crm.change_requests.mails import Mailroom
from upstage_crm.change_requests.rules import (
    Cause,
    Decision,
    FieldOutcome,
    RequestState,
    ReviewChannel,
    settle,
)
from upstage_crm.change_requests.settling import Case
from upstage_crm.change_requests.tables import FieldChangeRow, ReviewRow
from upstage_crm.core.text import clean_block
from upstage_crm.links.claims import LinkClaims, LinkRefused, Purpose, Reviewer
from upstage_crm.patrons import commands as patrons

COMMENT_LIMIT = 500  # characters of a patron's own words
_CONFIRMED = (FieldOutcome.APPLIED, FieldOutcome.REJECTED)


def decide(
    session: Session,
    *,
    claims: LinkClaims,
    decision: Decision,
    channel: ReviewChannel,
    mailroom: Mailroom,
    now: datetime,
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
        RequestEnded: nothing is left to decide; carries the state. Show it as an outcome.
        InvalidText: the comment is too long.
    """
    answer = Answer(
        reviewer=claims.reviewer,
        decision=decision,
        channel=channel,
        comment=clean_block(comment, COMMENT_LIMIT),
        evidence=evidence,
        vouched=vouched or {},
        jti=claims.jti,
    )
    try:
        case = opening.by_id(session, claims.request_id, mailroom=mailroom, now=now)
    except UnknownRequest as error:
        raise LinkRefused from error
    _ensure_may_decide(case, claims, decision, now)
    if decision is Decision.OBJECT:
        if case.request.state.is_open:
            objecting.object_to(case, answer)
        else:
            reverting.object_afterwards(case, answer)
    else:
        wanted = dict(answers) if answers else None
        _decide(case, answer, wanted if wanted else _all_alike(case, decision, field_ids))
    case.record()
    return case.request.state


def _all_alike(
    case: Case, decision: Decision, field_ids: Collection[str] | None
) -> dict[str, Decision]:
    return {
        change.id: decision
        for change in case.open_changes
        if field_ids is None or change.id in field_ids
    }


def _decide(case: Case, answer: Answer, answers: Mapping[str, Decision]) -> None:
    """Approve or reject: all of it happens, and what can no longer be true is withdrawn."""
    chosen = _chosen(case, answer.reviewer, answers)
    approves = Decision.APPROVE in {answers[change.id] for change, _review in chosen}
    cause = case.obstacle() if approves else None
    if cause is not None:
        case.withdraw(cause, channel=answer.door)
        return
    is_own = any(review.mailbox == case.patron.email for _change, review in chosen)
    late: dict[str, Cause] = {}
    said: list[tuple[FieldChangeRow, Decision]] = []
    for change, review in chosen:
        if cause := _settle_one(case, answer.saying(answers[change.id]), change, review):
            late[change.id] = cause
        else:
            said.append((change, answers[change.id]))
    if is_own and len(late) < len(chosen):
        _note_proof(case, answer)
    withdrawn = case.withdraw_fields(late, channel=answer.door) if late else []
    state = case.close(cause=next(iter(late.values()), None))
    matter = case.matter()
    settled = [change.id for change, _review in chosen if change.outcome in _CONFIRMED]
    if settled:
        case.mailroom.tell_settled(case.session, matter.only(settled), now=case.now)
    case.tell_withdrawn(withdrawn)
    receipting.of_answers(case, answer, said)
    if not state.is_open:
        case.tell_proposer(matter, comment=answer.comment)


def _chosen(
    case: Case, reviewer: Reviewer, answers: Mapping[str, Decision]
) -> list[tuple[FieldChangeRow, ReviewRow]]:
    """The open field changes that this reviewer was asked about and answers now."""
    chosen = [
        (change, review)
        for change in case.open_changes
        for review in case.reviews.get(change.id, [])
        if review.reviewer is reviewer and review.decision is None and change.id in answers
    ]
    if not chosen:
        raise RequestEnded(state=case.request.state)
    return chosen


def _settle_one(
    case: Case, answer: Answer, change: FieldChangeRow, review: ReviewRow
) -> Cause | None:
    """Record one review and what it settles; the cause when it came too late to be true."""
    approves = answer.decision is Decision.APPROVE
    cause = case.obstacle_of(change) if approves else None
    if cause is not None:
        return cause
    record_review(case, review, answer)
    case.note(
        Action.FIELD_APPROVED if approves else Action.FIELD_REJECTED,
        answer.actor,
        answer.door,
        facts=answer.facts | {"field": change.field},
        values=answer.values,
    )
    outcome = settle([r.decision for r in case.reviews[change.id]])
    if outcome is FieldOutcome.APPROVED:
        if unasked := case.unasked(change):
            _ask_too(case, change, unasked)
            return None
        proven = any(r.reviewer is Reviewer.PROPOSED for r in case.reviews[change.id])
        if not case.apply(change, proven=proven, actor=answer.actor, channel=answer.door):
            return Cause.ADDRESS_TAKEN
    elif outcome is not FieldOutcome.PENDING:
        case.settle([change], outcome)
    return None


def _ask_too(case: Case, change: FieldChangeRow, reviewers: list[Reviewer]) -> None:
    """The record needs more protection than when this was proposed: ask who was not asked."""
    for reviewer in reviewers:
        mailbox = queries.mailbox_of(change, reviewer) or case.patron.email or ""
        case.add_review(change, reviewer, mailbox)
        facts = {"reviewer": reviewer.value, "field": change.field}
        case.note(Action.REVIEWER_ADDED, SYSTEM, Channel.SCHEDULE, facts=dict(facts))
    case.mailroom.ask(case.session, case.matter([change]), only=reviewers, now=case.now)


def _note_proof(case: Case, answer: Answer) -> None:
    """The address on the record answered: note it once."""
    if patrons.prove_address(case.session, patron_id=case.patron.id, now=case.now):
        values = {"email": case.patron.email}
        case.note(Action.ADDRESS_PROVEN, answer.actor, answer.door, values=values)


def _ensure_may_decide(case: Case, claims: LinkClaims, decision: Decision, now: datetime) -> None:
    """The link counts, and there is something to decide."""
    state = case.request.state
    if claims.purpose is Purpose.OBJECTION:
        if decision is not Decision.OBJECT:
            raise LinkRefused
        if claims.is_expired(now):
            raise LinkExpired
        applied = FieldOutcome.APPLIED in {change.outcome for change in case.changes}
        if not state.is_open and not applied:
            raise RequestEnded(state=state)
        return
    if claims.purpose is not Purpose.DECISION:
        raise LinkRefused
    if not state.is_open:
        raise RequestEnded(state=state)
    if claims.version != case.request.link_version:
        raise LinkOutdated
    if state is RequestState.HELD:
        raise LinkOutdated
    if claims.is_expired(now) or now >= case.request.expires_at:
        raise LinkExpired
