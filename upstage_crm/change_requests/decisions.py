"""What a reviewer does with a link: approve, reject, object.

Commands like those in `commands`: the patron's row is locked first, then the request's, then
everything is checked again, and only then is anything written.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import (
    PATRON_AT_CURRENT,
    PATRON_AT_PROPOSED,
    Action,
    Actor,
    Channel,
)
from upstage_crm.change_requests import queries, settling
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
from upstage_crm.change_requests.tables import (
    FieldChangeRow,
    ReviewRow,
    SuppressedAddressRow,
)
from upstage_crm.core.db import table_of
from upstage_crm.core.ids import new_id
from upstage_crm.core.text import clean_block
from upstage_crm.links.claims import LinkClaims, LinkRefused, Purpose, Reviewer
from upstage_crm.mail.message import MailKind
from upstage_crm.patrons import commands as patrons
from upstage_crm.patrons import queries as patron_queries

COMMENT_LIMIT = 500  # characters of a patron's own words
_review = table_of(ReviewRow)
# Built once: every decision runs it.
_ANSWER = (
    sa.update(_review)
    .where(_review.c.id == sa.bindparam("review"))
    .values(
        {
            name: sa.bindparam(f"to_{name}", type_=_review.c[name].type)
            for name in ("decision", "channel", "comment", "decided_at")
        }
    )
)
_ACTORS: Mapping[Reviewer, Actor] = {
    Reviewer.PROPOSED: PATRON_AT_PROPOSED,
    Reviewer.CURRENT: PATRON_AT_CURRENT,
}
_CHANNELS: Mapping[ReviewChannel, Channel] = {
    ReviewChannel.PATRON_PAGE: Channel.PATRON_PAGE,
    ReviewChannel.SIMPLE_PAGE: Channel.SIMPLE_PAGE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of the browser behind a patron's decision. Personal: kept as audit values."""

    ip_prefix: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What a reviewer said, and all that the trail notes of it."""

    reviewer: Reviewer
    decision: Decision
    channel: ReviewChannel
    comment: str
    evidence: Evidence | None

    @property
    def actor(self) -> Actor:
        return _ACTORS[self.reviewer]

    @property
    def door(self) -> Channel:
        return _CHANNELS[self.channel]

    @property
    def facts(self) -> dict[str, str | int | bool | None]:
        return {"reviewer": self.reviewer.value}

    @property
    def values(self) -> dict[str, str | None]:
        found: dict[str, str | None] = {"comment": self.comment} if self.comment else {}
        if self.evidence is not None:
            found |= {
                "ip_prefix": self.evidence.ip_prefix,
                "user_agent": self.evidence.user_agent,
            }
        return found


def decide(
    session: Session,
    *,
    claims: LinkClaims,
    decision: Decision,
    channel: ReviewChannel,
    mailroom: Mailroom,
    now: datetime,
    field_ids: Collection[str] | None = None,
    comment: str = "",
    evidence: Evidence | None = None,
) -> RequestState:
    """Record one reviewer's decision on the fields that this reviewer was given, and act on it.

    `claims` come from a token that `LinkCodec.read` accepted. `field_ids` narrows the decision
    to some fields; all open ones otherwise. Returns the request's state afterwards, which is
    WITHDRAWN when an approval came too late to be true.

    Raises:
        LinkRefused: the link is not for this decision, or its request does not exist.
        LinkOutdated, LinkExpired: the link no longer counts.
        RequestEnded: nothing is left to decide; carries the state. Show it as an outcome.
        InvalidText: the comment is too long.
    """
    answer = _Answer(
        reviewer=claims.reviewer,
        decision=decision,
        channel=channel,
        comment=clean_block(comment, COMMENT_LIMIT),
        evidence=evidence,
    )
    case = _open_case(session, claims, mailroom, now)
    _ensure_may_decide(case, claims, decision, now)
    if decision is Decision.OBJECT:
        act = _object if case.request.state.is_open else _object_afterwards
        act(case, answer)
    else:
        _decide(case, answer, field_ids)
    case.record()
    return case.request.state


def _decide(case: Case, answer: _Answer, field_ids: Collection[str] | None) -> None:
    """Approve or reject: all of it happens, or the request is withdrawn with a cause."""
    approves = answer.decision is Decision.APPROVE
    cause = case.obstacle() if approves else None
    if cause is None:
        chosen = _chosen(case, answer.reviewer, field_ids)
        is_own = any(review.mailbox == case.patron.email for _change, review in chosen)
        if all(_settle_one(case, answer, change, review) for change, review in chosen):
            if is_own:
                _note_proof(case, answer)
            _tell_settled(case, answer, [change for change, _review in chosen])
            return
        cause = Cause.ADDRESS_TAKEN
    case.withdraw(cause, channel=answer.door)


def _chosen(
    case: Case, reviewer: Reviewer, field_ids: Collection[str] | None
) -> list[tuple[FieldChangeRow, ReviewRow]]:
    """The open field changes that this reviewer was asked about and has not answered."""
    chosen = [
        (change, review)
        for change in case.open_changes
        for review in case.reviews.get(change.id, [])
        if review.reviewer is reviewer
        and review.decision is None
        and (field_ids is None or change.id in field_ids)
    ]
    if not chosen:
        raise RequestEnded(state=case.request.state)
    return chosen


def _settle_one(case: Case, answer: _Answer, change: FieldChangeRow, review: ReviewRow) -> bool:
    """Record one review and what it settles; False when the address was taken this instant."""
    _record_review(case, review, answer)
    approves = answer.decision is Decision.APPROVE
    case.note(
        Action.FIELD_APPROVED if approves else Action.FIELD_REJECTED,
        answer.actor,
        answer.door,
        facts=answer.facts | {"field": change.field},
        values=answer.values,
    )
    outcome = settle([r.decision for r in case.reviews[change.id]])
    if outcome is FieldOutcome.APPROVED:
        proven = answer.reviewer is Reviewer.PROPOSED
        return case.apply(change, proven=proven, actor=answer.actor, channel=answer.door)
    if outcome is not FieldOutcome.PENDING:
        case.settle([change], outcome)
    return True


def _tell_settled(case: Case, answer: _Answer, changes: list[FieldChangeRow]) -> None:
    """Close the request if it is over, and confirm to everybody what was settled just now."""
    state = case.close()
    matter, room = case.matter(), case.mailroom
    applied = [c.id for c in changes if c.outcome is FieldOutcome.APPLIED]
    rejected = [c.id for c in changes if c.outcome is FieldOutcome.REJECTED]
    if applied:
        room.tell_applied(case.session, settling.only(matter, applied), now=case.now)
    if rejected:
        room.tell_ended(
            case.session,
            settling.only(matter, rejected),
            kind=MailKind.CHANGE_REJECTED,
            to=(Reviewer.CURRENT, Reviewer.PROPOSED),
            now=case.now,
        )
    if not state.is_open:
        case.tell_proposer(matter, comment=answer.comment)


def _object(case: Case, answer: _Answer) -> None:
    """Somebody says "this wasn't me" or "this is not my address" while it is open."""
    objected = _objectionable(case, answer.reviewer)
    if not objected:
        raise RequestEnded(state=case.request.state)
    told = _told_of_objection(case, answer.reviewer)
    patrons.flag(case.session, patron_id=case.patron.id)
    for change in objected:
        _record_review(case, _review_of(case, change, answer.reviewer), answer)
        case.note(
            Action.FIELD_OBJECTED,
            answer.actor,
            answer.door,
            facts=answer.facts | {"field": change.field},
            values=answer.values,
        )
    case.settle(objected, FieldOutcome.OBJECTED)
    if answer.reviewer is Reviewer.PROPOSED:
        _suppress(case, objected, answer)
    state = case.close()
    case.mailroom.tell_ended(
        case.session,
        case.matter(objected),
        kind=MailKind.CHANGE_REJECTED,
        to=told,
        now=case.now,
    )
    if not state.is_open:
        case.tell_proposer(comment=answer.comment)


def _object_afterwards(case: Case, answer: _Answer) -> None:
    """Somebody objects to what was applied: it is recorded, the record marked, the desk told."""
    if _has_objected(case, answer.reviewer):
        return
    case.note(
        Action.OBJECTION_RECEIVED,
        answer.actor,
        answer.door,
        facts=answer.facts,
        values=answer.values,
    )
    case.mailroom.tell_proposer(
        case.session,
        case.matter(),
        outcome="objected to after it was approved",
        key=f"objection/{answer.reviewer.value}",
        comment=answer.comment,
        now=case.now,
    )
    patrons.flag(case.session, patron_id=case.patron.id)


def _objectionable(case: Case, reviewer: Reviewer) -> list[FieldChangeRow]:
    """What this mailbox may object to: the record's own address to all, another to its fields."""
    if reviewer is Reviewer.CURRENT:
        return case.open_changes
    return [
        change
        for change in case.open_changes
        if any(review.reviewer is reviewer for review in case.reviews.get(change.id, []))
    ]


def _told_of_objection(case: Case, reviewer: Reviewer) -> list[Reviewer]:
    """The record's own address always; the proposed one if it was asked and did not object."""
    if reviewer is Reviewer.CURRENT and Reviewer.PROPOSED in case.mailed():
        return [Reviewer.CURRENT, Reviewer.PROPOSED]
    return [Reviewer.CURRENT]


def _has_objected(case: Case, reviewer: Reviewer) -> bool:
    """Whether this mailbox objected to the applied change before: a second press adds nothing."""
    lines = trail.timeline(
        case.session, request_id=case.request.id, action=Action.OBJECTION_RECEIVED
    )
    return any(line.facts.get("reviewer") == reviewer.value for line in lines)


def _note_proof(case: Case, answer: _Answer) -> None:
    """The address on the record answered: note it once."""
    if patrons.prove_address(case.session, patron_id=case.patron.id, now=case.now):
        values = {"email": case.patron.email}
        case.note(Action.ADDRESS_PROVEN, answer.actor, answer.door, values=values)


def _open_case(session: Session, claims: LinkClaims, mailroom: Mailroom, now: datetime) -> Case:
    try:
        patron_id = queries.patron_of(session, claims.request_id)
    except UnknownRequest as error:
        raise LinkRefused from error
    patron = patron_queries.lock(session, patron_id)
    request = queries.lock(session, claims.request_id)
    return Case.opened(session, patron=patron, request=request, mailroom=mailroom, now=now)


def _ensure_may_decide(case: Case, claims: LinkClaims, decision: Decision, now: datetime) -> None:
    """The link counts, and there is something to decide."""
    if claims.purpose is Purpose.OBJECTION:
        if decision is not Decision.OBJECT:
            raise LinkRefused
        if claims.is_expired(now):
            raise LinkExpired
        applied = {FieldOutcome.APPLIED} & {change.outcome for change in case.changes}
        if not case.request.state.is_open and not applied:
            raise RequestEnded(state=case.request.state)
        return
    if not case.request.state.is_open:
        raise RequestEnded(state=case.request.state)
    if claims.version != case.request.link_version:
        raise LinkOutdated
    if claims.is_expired(now) or now >= case.request.expires_at:
        raise LinkExpired
    if case.request.state is RequestState.HELD:
        raise LinkOutdated


def _record_review(case: Case, review: ReviewRow, answer: _Answer) -> None:
    written = {
        "review": review.id,
        "to_decision": answer.decision,
        "to_channel": answer.channel,
        "to_comment": answer.comment,
        "to_decided_at": case.now,
    }
    case.session.connection().execute(_ANSWER, written)
    set_committed_value(review, "decision", answer.decision)


def _review_of(case: Case, change: FieldChangeRow, reviewer: Reviewer) -> ReviewRow:
    """This reviewer's review of a field; one who was told but not asked gets one now."""
    for review in case.reviews.get(change.id, []):
        if review.reviewer is reviewer:
            return review
    review = ReviewRow(
        id=new_id(case.now),
        field_change_id=change.id,
        request_id=case.request.id,
        reviewer=reviewer,
        mailbox=case.patron.email or "",
    )
    case.session.add(review)
    case.session.flush()
    return review


def _suppress(case: Case, objected: list[FieldChangeRow], answer: _Answer) -> None:
    """Remember every proposed mailbox among `objected`: it is never asked again."""
    for change in objected:
        if settling.is_mailbox(change):
            row = SuppressedAddressRow(
                address_key=change.proposed_key, request_id=case.request.id, created_at=case.now
            )
            case.session.merge(row)
            case.session.flush()
            values: dict[str, str | None] = {"address": change.proposed_key}
            case.note(Action.ADDRESS_SUPPRESSED, answer.actor, answer.door, values=values)
