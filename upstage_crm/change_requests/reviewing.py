"""What one reviewer may see of a request: the patron's page, both twins of it, reads this.

Reading changes nothing, however often and by whomever the link is opened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from upstage_crm.change_requests import queries
from upstage_crm.change_requests.errors import UnknownRequest
from upstage_crm.change_requests.masking import masked_name, redacted
from upstage_crm.change_requests.reasons import REASONS
from upstage_crm.change_requests.rules import Decision, FieldOutcome, RequestState
from upstage_crm.change_requests.tables import ChangeRequestRow, FieldChangeRow, ReviewRow
from upstage_crm.change_requests.views import ChangeReview, Phase, ReviewField
from upstage_crm.links.claims import LinkClaims, LinkRefused, Purpose, Reviewer
from upstage_crm.patrons import fields
from upstage_crm.patrons.queries import name_of
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.patrons.values import find_phones

_PHASES: Mapping[RequestState, Phase] = {
    RequestState.HELD: Phase.OUTDATED,
    RequestState.APPROVED: Phase.APPROVED,
    RequestState.PARTLY_APPROVED: Phase.PARTLY_APPROVED,
    RequestState.REJECTED: Phase.REJECTED,
    RequestState.EXPIRED: Phase.EXPIRED,
    RequestState.SUPERSEDED: Phase.SUPERSEDED,
    RequestState.WITHDRAWN: Phase.WITHDRAWN,
    RequestState.UNDELIVERABLE: Phase.UNDELIVERABLE,
    RequestState.REVERTED: Phase.REVERTED,
}


def review(session: Session, *, claims: LinkClaims, now: datetime) -> ChangeReview:
    """Return what the reviewer behind `claims` may see, and which page it is.

    Raises:
        LinkRefused: the request does not exist, or the link opens receipts and nothing else.
    """
    if claims.purpose is Purpose.RECEIPT:
        raise LinkRefused
    request = session.get(ChangeRequestRow, claims.request_id)
    if request is None:
        raise LinkRefused from UnknownRequest()
    patron = session.get_one(PatronRow, request.patron_id)
    changes = queries.fields_of(session, [request.id])[request.id]
    reviews = queries.reviews_of(session, [request.id])
    stranger = claims.reviewer is Reviewer.PROPOSED
    shown = [
        change
        for change in changes
        if not stranger or any(r.reviewer is Reviewer.PROPOSED for r in reviews.get(change.id, []))
    ]
    name = name_of(patron)
    return ChangeReview(
        phase=_phase(request, changes, reviews, claims, now),
        purpose=claims.purpose,
        reviewer=claims.reviewer,
        reference=request.reference,
        patron_name=masked_name(name) if stranger or not patron.email_verified_at else name,
        proposer=request.proposer_label,
        reason_sentence=REASONS[request.reason_code].sentence,
        reason_text=_reason(request, patron, changes, stranger=stranger),
        mailbox=_mailbox(patron, changes, claims.reviewer),
        time_zone=patron.time_zone,
        created_at=request.created_at,
        expires_at=request.expires_at,
        ended_at=request.ended_at,
        can_object=_can_object(request, changes, claims, now),
        fields=tuple(_field(change, reviews.get(change.id, []), claims) for change in shown),
    )


def _phase(
    request: ChangeRequestRow,
    changes: list[FieldChangeRow],
    reviews: Mapping[str, list[ReviewRow]],
    claims: LinkClaims,
    now: datetime,
) -> Phase:
    if any(change.outcome is FieldOutcome.OBJECTED for change in changes):
        return Phase.OBJECTED
    if request.state is not RequestState.PENDING:
        return _PHASES[request.state]
    if now >= request.expires_at or claims.is_expired(now):
        return Phase.EXPIRED
    if claims.purpose is Purpose.OBJECTION:
        return Phase.OPEN
    if claims.version != request.link_version:
        return Phase.OUTDATED
    waiting = any(
        review.reviewer is claims.reviewer and review.decision is None
        for change in changes
        if change.outcome.is_open
        for review in reviews.get(change.id, [])
    )
    return Phase.OPEN if waiting else Phase.DECIDED


def _can_object(
    request: ChangeRequestRow, changes: list[FieldChangeRow], claims: LinkClaims, now: datetime
) -> bool:
    if claims.is_expired(now):
        return False
    if request.state is RequestState.PENDING:
        current_link = claims.version == request.link_version
        return now < request.expires_at and (current_link or claims.purpose is Purpose.OBJECTION)
    applied = any(change.outcome is FieldOutcome.APPLIED for change in changes)
    return claims.purpose is Purpose.OBJECTION and applied


def _reason(
    request: ChangeRequestRow,
    patron: PatronRow,
    changes: list[FieldChangeRow],
    *,
    stranger: bool,
) -> str:
    if not stranger:
        return request.reason_text
    return for_strangers(request.reason_text, patron, changes)


def for_strangers(text: str, patron: PatronRow, changes: Sequence[FieldChangeRow]) -> str:
    """Return staff's own words without anything that would tell a stranger about the patron."""
    secrets = _secrets_of(patron, changes)
    # A number is the same number however it is grouped.
    secrets += [
        written
        for written, number in find_phones(text, region=fields.DEFAULT_REGION)
        if number in secrets
    ]
    return redacted(text, secrets)


def _secrets_of(patron: PatronRow, changes: Sequence[FieldChangeRow]) -> list[str | None]:
    """The values that a stranger must not read: names, and everything held today.

    A country or region is left out: it names nobody, and its code may be a word ("us").
    """
    held = [
        patron.given_name,
        patron.family_name,
        patron.preferred_name,
        patron.email,
        patron.phone,
        patron.address_line1,
        patron.address_line2,
        patron.address_city,
        patron.address_postcode,
        patron.date_of_birth,
    ]
    for change in changes:
        entry = fields.field(change.field)
        current = queries.values(change.current_value)
        held += [current[part.name] for part in entry.parts if part.type != "country"]
        held += [current[column] for column in entry.derived]
    return held


def _mailbox(patron: PatronRow, changes: list[FieldChangeRow], reviewer: Reviewer) -> str:
    for change in changes:
        column = fields.field(change.field).mailbox_column
        if column is not None:
            source = (
                change.proposed_value if reviewer is Reviewer.PROPOSED else change.current_value
            )
            return queries.values(source)[column] or ""
    return patron.email or ""


def _field(change: FieldChangeRow, reviews: list[ReviewRow], claims: LinkClaims) -> ReviewField:
    entry = fields.field(change.field)
    current, proposed = queries.values(change.current_value), queries.values(change.proposed_value)
    now, then = entry.show(current), entry.show(proposed)
    if entry.mailbox_column is not None:
        # Everybody reads their own address in full and recognises the other one.
        if claims.reviewer is Reviewer.PROPOSED:
            now = entry.mask(current)
        else:
            then = entry.mask(proposed)
    own: Decision | None = next(
        (review.decision for review in reviews if review.reviewer is claims.reviewer), None
    )
    return ReviewField(
        id=change.id,
        label=entry.label,
        about=entry.about,
        now=now,
        proposed=then,
        outcome=change.outcome,
        decision=own,
    )
