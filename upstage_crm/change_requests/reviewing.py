"""What one reviewer may see of a request: the patron's page, both twins of it, reads this.

Reading changes nothing, however often and by whomever the link is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import Action
from upstage_crm.change_requests import policy_settings, queries
from upstage_crm.change_requests.errors import UnknownRequest
from upstage_crm.change_requests.masking import masked_name
from upstage_crm.change_requests.reasons import REASONS
from upstage_crm.change_requests.rules import FieldOutcome, RequestPath, RequestState
from upstage_crm.change_requests.standing import is_trusted
from upstage_crm.change_requests.tables import ChangeRequestRow, FieldChangeRow, ReviewRow
from upstage_crm.change_requests.views import ChangeReview, Phase, ReviewField
from upstage_crm.core.languages import SOURCE, choose
from upstage_crm.links.claims import LinkClaims, LinkRefused, Purpose, Reviewer
from upstage_crm.patrons import fields
from upstage_crm.patrons.fields import ProtectedField
from upstage_crm.patrons.queries import name_of
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.patrons.values import Values
from upstage_crm.staff.names import shown_label

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


def review(
    session: Session, *, claims: LinkClaims, now: datetime, otherwise: str = SOURCE
) -> ChangeReview:
    """Return what the reviewer behind `claims` may see, and which page it is.

    `otherwise` is the language for a patron whose own we do not have: the organisation's.

    Raises:
        LinkRefused: the request does not exist, or the link opens receipts and nothing else.
    """
    if claims.purpose is Purpose.RECEIPT:
        raise LinkRefused
    request = session.get(ChangeRequestRow, claims.request_id)
    if request is None:
        raise LinkRefused from UnknownRequest()
    patron = session.get_one(PatronRow, request.patron_id)
    seen = _Seen(
        request=request,
        changes=queries.fields_of(session, [request.id])[request.id],
        reviews=queries.reviews_of(session, [request.id]),
        claims=claims,
        now=now,
    )
    stranger = claims.reviewer is Reviewer.PROPOSED
    trusted = not stranger and is_trusted(patron.email_verified_at, now=now)
    shown = [change for change in seen.changes if not stranger or seen.own(change)]
    phase = _phase(seen)
    name, language = name_of(patron), choose(patron.language, otherwise)
    return ChangeReview(
        phase=phase,
        purpose=claims.purpose,
        reviewer=claims.reviewer,
        reference=request.reference,
        patron_name=name if trusted else masked_name(name),
        proposer=shown_label(request.proposer_label),
        reason_sentence=REASONS[request.reason_code].sentence,
        reason_text=request.reason_text if trusted else "",
        mailbox=_mailbox(patron, seen.changes, claims.reviewer),
        time_zone=patron.time_zone,
        language=language,
        created_at=request.created_at,
        expires_at=request.expires_at,
        ended_at=request.ended_at,
        can_object=_can_object(seen),
        fields=tuple(_field(change, seen, phase, language) for change in shown),
        applies_at=request.applies_at if request.state is RequestState.HELD else None,
        objected_at=_objected_at(session, claims),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """The rows behind one link at one moment."""

    request: ChangeRequestRow
    changes: list[FieldChangeRow]
    reviews: Mapping[str, list[ReviewRow]]
    claims: LinkClaims
    now: datetime

    def own(self, change: FieldChangeRow) -> ReviewRow | None:
        """This reviewer's review of a field, if it was asked about it."""
        reviews = self.reviews.get(change.id, [])
        return next((r for r in reviews if r.reviewer is self.claims.reviewer), None)

    def waits(self, change: FieldChangeRow) -> bool:
        """Whether this reviewer's answer to a field is missing."""
        review = self.own(change)
        return change.outcome.is_open and review is not None and review.decision is None


def _phase(seen: _Seen) -> Phase:
    request, claims = seen.request, seen.claims
    if any(change.outcome is FieldOutcome.OBJECTED for change in seen.changes):
        return Phase.OBJECTED
    may_stop = claims.purpose is Purpose.OBJECTION
    if request.state is RequestState.HELD and request.path is RequestPath.DESK and may_stop:
        return Phase.EXPIRED if claims.is_expired(seen.now) else Phase.OPEN
    if request.state is not RequestState.PENDING:
        return _PHASES[request.state]
    return _phase_while_pending(seen, may_stop=may_stop)


def _phase_while_pending(seen: _Seen, *, may_stop: bool) -> Phase:
    request, claims = seen.request, seen.claims
    if seen.now >= request.expires_at or claims.is_expired(seen.now):
        return Phase.EXPIRED
    if may_stop:
        return Phase.OPEN
    if claims.version != request.link_version:
        return Phase.OUTDATED
    return Phase.OPEN if any(seen.waits(change) for change in seen.changes) else Phase.DECIDED


def _can_object(seen: _Seen) -> bool:
    request, claims, now = seen.request, seen.claims, seen.now
    may_stop = claims.purpose is Purpose.OBJECTION
    if claims.is_expired(now) or claims.purpose is Purpose.RECEIPT:
        return False
    if request.state is RequestState.HELD:
        return may_stop and request.path is RequestPath.DESK
    if request.state is RequestState.PENDING:
        return now < request.expires_at and (may_stop or claims.version == request.link_version)
    window = policy_settings.read(request.policy).revert_window
    may_undo = request.state in (RequestState.APPROVED, RequestState.PARTLY_APPROVED) and any(
        change.outcome is FieldOutcome.APPLIED
        and change.settled_at is not None
        and now < change.settled_at + window
        for change in seen.changes
    )
    return may_stop and may_undo


def _objected_at(session: Session, claims: LinkClaims) -> datetime | None:
    """When this mailbox objected to a change that had been made already."""
    if claims.purpose is not Purpose.OBJECTION:
        return None
    lines = trail.timeline(
        session, request_id=claims.request_id, action=Action.OBJECTION_RECEIVED, limit=1
    )
    return lines[0].at if lines else None


def _mailbox(patron: PatronRow, changes: list[FieldChangeRow], reviewer: Reviewer) -> str:
    for change in changes:
        column = fields.field(change.field).mailbox_column
        if column is not None:
            source = (
                change.proposed_value if reviewer is Reviewer.PROPOSED else change.current_value
            )
            return queries.values(source)[column] or ""
    return patron.email or ""


def as_read(
    entry: ProtectedField,
    current: Values,
    proposed: Values,
    *,
    is_stranger: bool,
    language: str = SOURCE,
) -> tuple[str, str]:
    """A field's two values as one reader sees them.

    Everybody reads their own address in full and recognises the other one.
    """
    now, then = entry.show(current, language), entry.show(proposed, language)
    if entry.mailbox_column is None:
        return now, then
    return (entry.mask(current), then) if is_stranger else (now, entry.mask(proposed))


def _field(change: FieldChangeRow, seen: _Seen, phase: Phase, language: str) -> ReviewField:
    entry, own = fields.field(change.field), seen.own(change)
    now, then = as_read(
        entry,
        queries.values(change.current_value),
        queries.values(change.proposed_value),
        is_stranger=seen.claims.reviewer is Reviewer.PROPOSED,
        language=language,
    )
    return ReviewField(
        id=change.id,
        label=entry.label,
        about=entry.about,
        now=now,
        proposed=then,
        outcome=change.outcome,
        decision=own.decision if own else None,
        can_answer=phase is Phase.OPEN and seen.waits(change),
    )
