"""Gathers what the mails of one request say, from rows that the command has locked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from upstage_crm.change_requests.model import policy_store
from upstage_crm.change_requests.model.rules import (
    Decision,
    DeskMethod,
    FieldOutcome,
    RequestPath,
)
from upstage_crm.change_requests.model.standing import is_trusted
from upstage_crm.change_requests.model.tables import (
    ChangeRequestRow,
    FieldChangeRow,
    ReviewRow,
)
from upstage_crm.change_requests.notifications.context import (
    MailContext,
    MatterField,
)
from upstage_crm.change_requests.reads.requests import values
from upstage_crm.core.languages import choose
from upstage_crm.links.claims import Reviewer
from upstage_crm.organisation.details import OrganisationDetails
from upstage_crm.patrons import fields
from upstage_crm.patrons.queries import name_of
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.staff.accounts import Reachable
from upstage_crm.staff.names import shown_label


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
    found = tuple(field_of(change, reviews.get(change.id, ()), untold) for change in changes)
    asked = next((field.current_mailbox for field in found if field.current_mailbox), None)
    before = _email_before(patron, changes)
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
        proposer_id=request.answerable_id,
        proposer_label=shown_label(request.proposer_label),
        proposer_email=proposer.email if proposer else None,
        reason_code=request.reason_code,
        reason_text=request.reason_text,
        created_at=request.created_at,
        expires_at=request.expires_at,
        revert_window=policy.revert_window,
        wait=policy.desk_wait if is_desk else policy.notice_period,
        is_desk=is_desk,
        versions={who: request.version_for(who) for who in Reviewer},
        organisation=organisation,
        fields=found,
        languages_before=tuple(languages_before),
        method=method,
        applies_at=min((at for at in waiting if at is not None), default=None),
    )


def field_of(
    change: FieldChangeRow, reviews: Sequence[ReviewRow], untold: Collection[str]
) -> MatterField:
    """One field change as its mails need it; reviews that were replaced do not count."""
    counting = [review for review in reviews if review.replaced_at is None]
    current = next((r.mailbox for r in counting if r.reviewer is Reviewer.CURRENT), None)
    return MatterField(
        id=change.id,
        field=change.field,
        current=values(change.current_value),
        proposed=values(change.proposed_value),
        outcome=change.outcome,
        asked=tuple(review.reviewer for review in counting),
        binding=tuple(review.reviewer for review in counting if review.is_binding),
        approved=tuple(r.reviewer for r in counting if r.decision is Decision.APPROVE),
        current_mailbox=None if current in untold else current,
    )


def _email_before(patron: PatronRow, changes: Sequence[FieldChangeRow]) -> str | None:
    for change in changes:
        column = fields.field(change.field).mailbox_column
        if column is not None:
            return values(change.current_value)[column]
    return patron.email
