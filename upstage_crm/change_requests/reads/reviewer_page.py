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
from upstage_crm.change_requests.model import policy_store
from upstage_crm.change_requests.model.errors import UnknownRequest
from upstage_crm.change_requests.model.reasons import REASONS
from upstage_crm.change_requests.model.reviewers import is_trusted
from upstage_crm.change_requests.model.rules import (
    FieldOutcome,
    RequestPath,
    RequestState,
)
from upstage_crm.change_requests.model.tables import (
    ChangeRequestRow,
    FieldChangeRow,
    ReviewRow,
)
from upstage_crm.change_requests.model.views import (
    ChangeReview,
    FieldView,
    Phase,
)
from upstage_crm.change_requests.reads import requests
from upstage_crm.core.email_address import parse_email
from upstage_crm.core.languages import SOURCE, choose, speaker
from upstage_crm.links.claims import LinkClaims, LinkRefused, Purpose, Reviewer
from upstage_crm.orders.records import patron_orders
from upstage_crm.organisation.settings import home
from upstage_crm.patrons import fields, suppressions
from upstage_crm.patrons.queries import name_of
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.patrons.views import SuppressionCause
from upstage_crm.patrons.visibility import MailboxAccess
from upstage_crm.staff.names import label_for_patrons

_PHASES: Mapping[RequestState, Phase] = {
    RequestState.HELD: Phase.OUTDATED,
    RequestState.WAITING: Phase.WAITING,
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
    seen = _seen(session, claims, now)
    request, patron = seen.request, seen.patron
    cause = _cause_of_out(session, seen)
    access = _access(session, seen, cause)
    shown = [c for c in seen.changes if access.sees(c.field) and seen.is_given(c)]
    phase = Phase.OUT if cause is not None else _phase(seen)
    language = choose(patron.language, otherwise)
    objected_at, restored, blocked = _objected(session, claims)
    waiting = (c.applies_at for c in seen.changes if c.outcome is FieldOutcome.WAITING)
    return ChangeReview(
        phase=phase,
        purpose=claims.purpose,
        reviewer=claims.reviewer,
        reference=request.reference,
        patron_name=access.name(name_of(patron)) if cause is None else "",
        proposer=label_for_patrons(request.proposer_label, speaker(language)),
        reason_sentence=REASONS[request.reason_code].sentence,
        reason_text=access.words(request.reason_text),
        mailbox=access.address,
        time_zone=patron.time_zone,
        language=language,
        created_at=request.created_at,
        expires_at=request.expires_at,
        ended_at=request.ended_at,
        can_object=cause is None and _can_object(seen),
        can_leave=phase is Phase.OPEN and _can_leave(seen),
        can_undo=_can_undo(seen),
        fields=()
        if cause is not None
        else tuple(_field(change, seen, phase, access, language) for change in shown),
        applies_at=min((at for at in waiting if at is not None), default=None),
        not_before=_not_before(seen),
        is_desk=request.path is RequestPath.DESK,
        out_cause=cause,
        objected_at=objected_at,
        restored=restored,
        not_restored=blocked,
        tickets=_tickets(session, seen) if phase is Phase.OPEN and access.reads_freely else 0,
    )


def mailbox_access(session: Session, *, claims: LinkClaims, now: datetime) -> MailboxAccess:
    """Return what the mailbox behind `claims` may read of its request; for its receipts.

    Raises:
        LinkRefused: the request does not exist.
    """
    seen = _seen(session, claims, now)
    return _access(session, seen, _cause_of_out(session, seen))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """The rows behind one link at one moment."""

    request: ChangeRequestRow
    patron: PatronRow
    changes: list[FieldChangeRow]
    reviews: Mapping[str, list[ReviewRow]]
    claims: LinkClaims
    now: datetime

    def own(self, change: FieldChangeRow) -> ReviewRow | None:
        """The review of a field by the mailbox behind the link, if it was asked about it."""
        return next((r for r in self._all_of(change) if r.mailbox == self.mailbox), None)

    def is_given(self, change: FieldChangeRow) -> bool:
        """Whether this mailbox was given a field to decide, and not another one in its place.

        A current mailbox may hear of a change about which no current mailbox was asked, unless
        that very change brought it in.
        """
        if self.own(change) is not None:
            return True
        is_newcomer = requests.mailbox_of(change, Reviewer.PROPOSED) == self.mailbox != ""
        is_current = self.claims.reviewer is Reviewer.CURRENT
        return is_current and not is_newcomer and not self._all_of(change)

    def waits(self, change: FieldChangeRow) -> bool:
        """Whether this reviewer's answer to a field is missing."""
        review = self.own(change)
        is_asked = review is not None and review.replaced_at is None and review.decision is None
        return change.outcome.is_open and is_asked

    def _all_of(self, change: FieldChangeRow) -> list[ReviewRow]:
        reviews = self.reviews.get(change.id, [])
        return [r for r in reviews if r.reviewer is self.claims.reviewer]

    @property
    def mailbox(self) -> str:
        """The mailbox that the link was sent to; "" when it was asked nothing.

        Where another one took its place, only the newest link is that one's.
        """
        every = (r for change in self.changes for r in self._all_of(change))
        reviews = sorted(every, key=lambda r: r.id)
        is_newest = self.claims.version == self.request.version_for(self.claims.reviewer)
        is_newest = is_newest and self.claims.purpose is Purpose.DECISION
        return reviews[-1 if is_newest else 0].mailbox if reviews else ""


def _seen(session: Session, claims: LinkClaims, now: datetime) -> _Seen:
    request = session.get(ChangeRequestRow, claims.request_id)
    if request is None:
        raise LinkRefused from UnknownRequest()
    return _Seen(
        request=request,
        patron=session.get_one(PatronRow, request.patron_id),
        changes=requests.fields_of(session, [request.id])[request.id],
        reviews=requests.reviews_of(session, [request.id]),
        claims=claims,
        now=now,
    )


def _access(session: Session, seen: _Seen, out: SuppressionCause | None) -> MailboxAccess:
    """What the mailbox behind a link may read: only the record's own one can be trusted."""
    reviewer, patron = seen.claims.reviewer, seen.patron
    named = (requests.mailbox_of(change, reviewer) for change in seen.changes)
    address = seen.mailbox or next(filter(None, named), patron.email or "")
    is_own = out is None and seen.mailbox in ("", patron.email)
    return MailboxAccess(
        reviewer,
        address,
        is_trusted=is_own and is_trusted(patron.email_verified_at, now=seen.now),
        home=home(session),
    )


def _cause_of_out(session: Session, seen: _Seen) -> SuppressionCause | None:
    """Why the mailbox behind a link has no say about the patron; None when it has one."""
    if seen.claims.reviewer is Reviewer.PROPOSED:
        # What a proposed mailbox objected to says so itself, unless it was in use and disowned.
        applied = any(c.outcome is FieldOutcome.APPLIED for c in seen.changes)
        if not applied:
            return None
    mailbox = seen.mailbox or seen.patron.email or ""
    key = parse_email(mailbox).key if mailbox else None
    return suppressions.cause_of(session, key, patron_id=seen.patron.id)


def _phase(seen: _Seen) -> Phase:
    request, claims = seen.request, seen.claims
    if any(change.outcome is FieldOutcome.OBJECTED for change in seen.changes):
        return Phase.OBJECTED
    if not request.state.is_open or request.state is RequestState.HELD:
        return _PHASES[request.state]
    is_over = request.state is RequestState.PENDING and seen.now >= request.expires_at
    if is_over or claims.is_expired(seen.now):
        return Phase.EXPIRED
    is_objection = claims.purpose is Purpose.OBJECTION
    if not is_objection and claims.version != request.version_for(claims.reviewer):
        return Phase.OUTDATED
    is_asked = is_objection or any(seen.waits(change) for change in seen.changes)
    answered = Phase.WAITING if request.state is RequestState.WAITING else Phase.DECIDED
    return Phase.OPEN if is_asked else answered


def _can_object(seen: _Seen) -> bool:
    request, claims, now = seen.request, seen.claims, seen.now
    if claims.is_expired(now) or claims.purpose is Purpose.RECEIPT:
        return False
    applied = any(change.outcome is FieldOutcome.APPLIED for change in seen.changes)
    if claims.purpose is Purpose.OBJECTION:
        is_undone = request.state is RequestState.REVERTED
        return not is_undone and (applied or request.state.is_open)
    if request.state not in (RequestState.PENDING, RequestState.WAITING) or _can_leave(seen):
        return False
    is_over = request.state is RequestState.PENDING and now >= request.expires_at
    return not is_over and claims.version == request.version_for(claims.reviewer)


def _can_undo(seen: _Seen) -> bool:
    """Whether the revert window of something that was made still runs."""
    window = policy_store.read(seen.request.policy).revert_window
    applied = (c for c in seen.changes if c.outcome is FieldOutcome.APPLIED)
    return any(c.settled_at is not None and seen.now < c.settled_at + window for c in applied)


def _can_leave(seen: _Seen) -> bool:
    """Whether a current mailbox, told of another in its place, may say that it is no one's."""
    if seen.claims.reviewer is not Reviewer.CURRENT or seen.claims.purpose is not Purpose.DECISION:
        return False
    is_desk = seen.request.path is RequestPath.DESK
    return any(
        seen.waits(c) and (is_desk or fields.field(c.field).is_mailbox) for c in seen.changes
    )


def _not_before(seen: _Seen) -> datetime | None:
    """Before when a change does not take effect that the current mailbox may stop.

    None where its silence is a no: it has to say yes, too.
    """
    request = seen.request
    heard = [r for c in seen.changes if (r := seen.own(c)) and not r.is_binding]
    if seen.claims.reviewer is not Reviewer.CURRENT or not heard:
        return None
    policy = policy_store.read(request.policy)
    length = policy.desk_wait if request.path is RequestPath.DESK else policy.notice_period
    return (request.noticed_at or seen.now) + length


def _tickets(session: Session, seen: _Seen) -> int:
    """How many tickets go with an address that is to change."""
    if not any(fields.field(c.field).is_mailbox and seen.waits(c) for c in seen.changes):
        return 0
    return patron_orders.future_tickets(session, seen.patron.id, now=seen.now)


def _objected(
    session: Session, claims: LinkClaims
) -> tuple[datetime | None, tuple[str, ...], tuple[str, ...]]:
    """When this mailbox objected to what had been made, and which fields were put back, and not."""
    if claims.purpose is not Purpose.OBJECTION:
        return None, (), ()
    lines = trail.timeline(
        session, request_id=claims.request_id, action=Action.OBJECTION_RECEIVED, limit=1
    )
    if not lines:
        return None, (), ()
    facts = lines[0].facts
    return lines[0].at, _labels(facts.get("restored")), _labels(facts.get("blocked"))


def _labels(keys: object) -> tuple[str, ...]:
    return tuple(fields.field(key).label for key in str(keys or "").split(", ") if key)


def _field(
    change: FieldChangeRow, seen: _Seen, phase: Phase, access: MailboxAccess, language: str
) -> FieldView:
    entry, own = fields.field(change.field), seen.own(change)
    now, then = access.values(
        entry,
        requests.values(change.current_value),
        requests.values(change.proposed_value),
        language,
    )
    return FieldView(
        id=change.id,
        field=change.field,
        now=now,
        proposed=then,
        outcome=change.outcome,
        decision=own.decision if own else None,
        can_answer=phase is Phase.OPEN and seen.waits(change),
    )
