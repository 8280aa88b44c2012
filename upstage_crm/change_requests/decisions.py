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
    comment = clean_block(comment, COMMENT_LIMIT)
    case = _open_case(session, claims, mailroom, now)
    _ensure_may_decide(case, claims, decision, now)
    actor, audit_channel = _ACTORS[claims.reviewer], _CHANNELS[channel]
    if decision is Decision.OBJECT:
        return _object(case, claims, channel, comment, evidence)
    if decision is Decision.APPROVE and (cause := case.obstacle()) is not None:
        case.withdraw(cause, channel=audit_channel)
        case.record()
        return case.request.state
    chosen = [
        (change, review)
        for change in case.open_changes
        for review in case.reviews.get(change.id, [])
        if review.reviewer is claims.reviewer
        and review.decision is None
        and (field_ids is None or change.id in field_ids)
    ]
    if not chosen:
        raise RequestEnded(state=case.request.state)
    settled: dict[FieldOutcome, list[str]] = {}
    for change, review in chosen:
        _record_review(session, review, decision, channel, comment, now)
        outcome = settle([r.decision for r in case.reviews[change.id]])
        values = _evidence(evidence, comment)
        said = Action.FIELD_APPROVED if decision is Decision.APPROVE else Action.FIELD_REJECTED
        facts: dict[str, str | int | bool | None] = {
            "field": change.field,
            "reviewer": claims.reviewer.value,
        }
        case.note(said, actor, audit_channel, facts=facts, values=values)
        if outcome is FieldOutcome.APPROVED:
            proven = claims.reviewer is Reviewer.PROPOSED
            if not case.apply(change, proven=proven, actor=actor, channel=audit_channel):
                case.withdraw(Cause.ADDRESS_TAKEN, channel=audit_channel)
                case.record()
                return case.request.state
        elif outcome is not FieldOutcome.PENDING:
            case.settle([change], outcome)
        settled.setdefault(change.outcome, []).append(change.id)
    if any(review.mailbox == case.patron.email for _change, review in chosen):
        _note_proof(case, actor, audit_channel)
    state = case.close()
    matter = case.matter()
    if applied := settled.get(FieldOutcome.APPLIED):
        mailroom.tell_applied(session, settling.only(matter, applied), now=now)
    if rejected := settled.get(FieldOutcome.REJECTED):
        mailroom.tell_ended(
            session,
            settling.only(matter, rejected),
            kind=MailKind.CHANGE_REJECTED,
            to=(Reviewer.CURRENT, Reviewer.PROPOSED),
            now=now,
        )
    if not state.is_open:
        case.tell_proposer(comment=comment)
    case.record()
    return state


def _object(
    case: Case,
    claims: LinkClaims,
    channel: ReviewChannel,
    comment: str,
    evidence: Evidence | None,
) -> RequestState:
    """Somebody says "this wasn't me" or "this is not my address"."""
    session, now = case.session, case.now
    actor, audit_channel = _ACTORS[claims.reviewer], _CHANNELS[channel]
    values = _evidence(evidence, comment)
    facts: dict[str, str | int | bool | None] = {"reviewer": claims.reviewer.value}
    if not case.request.state.is_open:
        if _has_objected(case, claims.reviewer):
            return case.request.state
        case.note(Action.OBJECTION_RECEIVED, actor, audit_channel, facts=facts, values=values)
        case.mailroom.tell_proposer(
            session,
            case.matter(),
            outcome="objected to after it was approved",
            key=f"objection/{claims.reviewer.value}",
            comment=comment,
            now=now,
        )
        patrons.flag(session, patron_id=case.patron.id)
        case.record()
        return case.request.state
    objected = _objectionable(case, claims.reviewer)
    if not objected:
        raise RequestEnded(state=case.request.state)
    told = _told_of_objection(case, claims.reviewer)
    patrons.flag(session, patron_id=case.patron.id)
    for change in objected:
        review = _review_of(session, case, change, claims.reviewer)
        _record_review(session, review, Decision.OBJECT, channel, comment, now)
        case.note(
            Action.FIELD_OBJECTED,
            actor,
            audit_channel,
            facts=facts | {"field": change.field},
            values=values,
        )
    case.settle(objected, FieldOutcome.OBJECTED)
    if claims.reviewer is Reviewer.PROPOSED:
        _suppress(case, objected, actor, audit_channel)
    state = case.close()
    matter = case.matter(objected)
    case.mailroom.tell_ended(session, matter, kind=MailKind.CHANGE_REJECTED, to=told, now=now)
    if not state.is_open:
        case.tell_proposer(comment=comment)
    case.record()
    return state


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


def _note_proof(case: Case, actor: Actor, channel: Channel) -> None:
    """The address on the record answered: note it once."""
    if patrons.prove_address(case.session, patron_id=case.patron.id, now=case.now):
        case.note(Action.ADDRESS_PROVEN, actor, channel, values={"email": case.patron.email})


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


def _record_review(
    session: Session,
    review: ReviewRow,
    decision: Decision,
    channel: ReviewChannel,
    comment: str,
    now: datetime,
) -> None:
    written = {"decision": decision, "channel": channel, "comment": comment, "decided_at": now}
    session.connection().execute(
        sa.update(_review).where(_review.c.id == review.id).values(**written)
    )
    set_committed_value(review, "decision", decision)


def _review_of(
    session: Session, case: Case, change: FieldChangeRow, reviewer: Reviewer
) -> ReviewRow:
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
    session.add(review)
    session.flush()
    return review


def _suppress(case: Case, objected: list[FieldChangeRow], actor: Actor, channel: Channel) -> None:
    for change in objected:
        if settling.is_mailbox(change):
            row = SuppressedAddressRow(
                address_key=change.proposed_key, request_id=case.request.id, created_at=case.now
            )
            case.session.merge(row)
            case.session.flush()
            case.note(
                Action.ADDRESS_SUPPRESSED, actor, channel, values={"address": change.proposed_key}
            )


def _evidence(evidence: Evidence | None, comment: str) -> dict[str, str | None]:
    found: dict[str, str | None] = {"comment": comment} if comment else {}
    if evidence is not None:
        found |= {"ip_prefix": evidence.ip_prefix, "user_agent": evidence.user_agent}
    return found
