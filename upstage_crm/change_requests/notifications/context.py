"""What the mails of one request say, and how it is gathered from rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from upstage_crm.change_requests.model import policy_store
from upstage_crm.change_requests.model.field_change import FieldChange
from upstage_crm.change_requests.model.reviewers import is_trusted
from upstage_crm.change_requests.model.rules import (
    Decision,
    DeskMethod,
    FieldOutcome,
    ReasonCode,
    RequestPath,
    RequestState,
)
from upstage_crm.change_requests.model.tables import ChangeRequestRow, FieldChangeRow, ReviewRow
from upstage_crm.change_requests.reads.requests import values
from upstage_crm.core.languages import choose
from upstage_crm.links.claims import Reviewer
from upstage_crm.organisation.details import OrganisationDetails
from upstage_crm.patrons import fields
from upstage_crm.patrons.queries import name_of
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.patrons.visibility import MailboxAccess
from upstage_crm.staff.accounts import Reachable
from upstage_crm.staff.names import shown_label

OUTCOME_WORDS: Mapping[FieldOutcome, str] = {
    FieldOutcome.HELD: "on hold",
    FieldOutcome.PENDING: "not answered yet",
    FieldOutcome.WAITING: "approved, takes effect later",
    FieldOutcome.APPROVED: "approved",
    FieldOutcome.APPLIED: "approved",
    FieldOutcome.REJECTED: "rejected",
    FieldOutcome.OBJECTED: "objected to",
    FieldOutcome.LAPSED: "not answered in time",
    FieldOutcome.SUPERSEDED: "replaced by a newer request",
    FieldOutcome.WITHDRAWN: "withdrawn",
    FieldOutcome.UNDELIVERABLE: "could not be delivered",
}
STATE_WORDS: Mapping[RequestState, str] = {
    RequestState.HELD: "on hold",
    RequestState.PENDING: "waiting for the patron",
    RequestState.WAITING: "approved, takes effect later",
    RequestState.APPROVED: "approved",
    RequestState.PARTLY_APPROVED: "partly approved",
    RequestState.REJECTED: "rejected",
    RequestState.EXPIRED: "expired",
    RequestState.SUPERSEDED: "replaced",
    RequestState.WITHDRAWN: "withdrawn",
    RequestState.UNDELIVERABLE: "undeliverable",
    RequestState.REVERTED: "undone",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailContext:
    """One request with all that its mails say.

    `current_email` is the address before the change, as stored; None when there is none, or none
    that works; `current_trusted` says that it has proven itself lately. `languages_before` are
    those that the record had until a few days ago: what warns is said in them, too. `method` is
    how the desk found out who the patron is, `applies_at` when a waiting change takes effect.
    `tickets` are for performances to come: they go with the address, and a warning says
    so where that is to change.
    """

    id: str
    reference: str
    patron_id: str
    patron_number: int
    patron_name: str
    patron_time_zone: str
    language: str
    current_email: str | None
    current_trusted: bool
    proposer_id: str
    proposer_label: str
    proposer_email: str | None
    reason_code: ReasonCode
    reason_text: str
    created_at: datetime
    expires_at: datetime
    revert_window: timedelta
    wait: timedelta
    is_desk: bool
    is_own: bool
    versions: Mapping[Reviewer, int]
    organisation: OrganisationDetails
    fields: tuple[FieldChange, ...]
    languages_before: tuple[str, ...] = ()
    method: DeskMethod | None = None
    applies_at: datetime | None = None
    tickets: int = 0

    @property
    def proposed_email(self) -> str | None:
        """The address that was proposed, as stored, if the fields propose one."""
        return next((c.field.mailbox(c.proposed) for c in self.fields if c.field.is_mailbox), None)

    @property
    def asked(self) -> tuple[Reviewer, ...]:
        """Every mailbox that decides at least one field."""
        return tuple(r for r in Reviewer if any(r in field.asked for field in self.fields))

    def address_of(self, reviewer: Reviewer) -> str | None:
        """The mailbox behind a reviewer, as stored; the one that was asked, before any other."""
        if reviewer is Reviewer.PROPOSED:
            return self.proposed_email
        asked = (field.current_mailbox for field in self.fields)
        return next((mailbox for mailbox in asked if mailbox), self.current_email)

    def about(self, mailbox: str) -> MailContext:
        """The matter as it is told to a mailbox that was displaced: it is a stranger's by now."""
        fields = (replace(field, current_mailbox=mailbox) for field in self.fields)
        return replace(self, fields=tuple(fields), current_trusted=False)

    def access(self, reviewer: Reviewer) -> MailboxAccess:
        """What a mailbox may read of this."""
        return MailboxAccess(
            reviewer,
            self.address_of(reviewer) or "",
            is_trusted=self.current_trusted,
            home=self.organisation.home,
        )

    @property
    def replaces_mailbox(self) -> bool:
        """Whether the current mailbox is asked, or told, that another one takes its place."""
        return any(c.field.is_mailbox and Reviewer.CURRENT in c.asked for c in self.fields)

    def only(self, ids: Collection[str]) -> MailContext:
        """The matter cut down to some of its field changes."""
        return replace(self, fields=tuple(field for field in self.fields if field.id in ids))

    def seen_by(self, reviewer: Reviewer) -> MailContext:
        """The matter as a mailbox may know it."""
        sees = self.access(reviewer).sees
        return replace(self, fields=tuple(field for field in self.fields if sees(field.field.key)))


def gather(
    *,
    organisation: OrganisationDetails,
    proposer: Reachable | None,
    request: ChangeRequestRow,
    patron: PatronRow,
    changes: Sequence[FieldChangeRow],
    reviews: Mapping[str, Sequence[ReviewRow]],
    untold: Collection[str],
    newcomer: str | None,
    languages_before: Sequence[str],
    method: DeskMethod | None,
    now: datetime,
) -> MailContext:
    """The matter as it stood before any of `changes` was written to `patron`.

    `untold` are mailboxes that get no mail. `newcomer` is one that came to its place just now, by
    its own yes.
    """
    policy = policy_store.read(request.policy)
    is_desk = request.path is RequestPath.DESK
    mail_fields = tuple(field_of(change, reviews.get(change.id, ()), untold) for change in changes)
    asked = next((field.current_mailbox for field in mail_fields if field.current_mailbox), None)
    addresses = (c.field.mailbox(c.current) for c in mail_fields if c.field.is_mailbox)
    before = next(addresses, patron.email)
    waiting = (c.applies_at for c in changes if c.outcome is FieldOutcome.WAITING)
    is_own = asked is None or asked == patron.email
    is_proven = is_own and is_trusted(patron.email_verified_at, now=now)
    return MailContext(
        id=request.id,
        reference=request.reference,
        patron_id=patron.id,
        patron_number=patron.number,
        patron_name=name_of(patron),
        patron_time_zone=patron.time_zone,
        language=choose(patron.language, organisation.language),
        current_email=None if before in untold else before,
        current_trusted=is_proven or (asked is not None and asked == newcomer),
        proposer_id=request.answerable_id or "",
        proposer_label=shown_label(request.proposer_label),
        proposer_email=proposer.email if proposer else None,
        reason_code=request.reason_code,
        reason_text=request.reason_text,
        created_at=request.created_at,
        expires_at=request.expires_at,
        revert_window=policy.revert_window,
        wait=policy.desk_wait if is_desk else policy.notice_period,
        is_desk=is_desk,
        is_own=request.path is RequestPath.OWN,
        versions={who: request.version_for(who) for who in Reviewer},
        organisation=organisation,
        fields=mail_fields,
        languages_before=tuple(languages_before),
        method=method,
        applies_at=min((at for at in waiting if at is not None), default=None),
    )


def field_of(
    change: FieldChangeRow, reviews: Sequence[ReviewRow], untold: Collection[str]
) -> FieldChange:
    """One field change as its mails need it; reviews that were replaced do not count."""
    counting = [review for review in reviews if review.replaced_at is None]
    current = next((r.mailbox for r in counting if r.reviewer is Reviewer.CURRENT), None)
    return FieldChange(
        id=change.id,
        field=fields.field(change.field),
        current=values(change.current_value),
        proposed=values(change.proposed_value),
        outcome=change.outcome,
        asked=tuple(review.reviewer for review in counting),
        binding=tuple(review.reviewer for review in counting if review.is_binding),
        approved=tuple(r.reviewer for r in counting if r.decision is Decision.APPROVE),
        current_mailbox=None if current in untold else current,
    )
