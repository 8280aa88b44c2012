"""Gathers what the mails of one request say, from rows that the command has locked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from upstage_crm.change_requests import policy_settings
from upstage_crm.change_requests.matter import Matter, MatterField
from upstage_crm.change_requests.queries import values
from upstage_crm.change_requests.standing import is_trusted
from upstage_crm.change_requests.tables import (
    ChangeRequestRow,
    FieldChangeRow,
    ReviewRow,
)
from upstage_crm.core.languages import choose
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
    now: datetime,
) -> Matter:
    """The matter as it stood before any of `changes` was written to `patron`."""
    return Matter(
        id=request.id,
        reference=request.reference,
        patron_id=patron.id,
        patron_number=patron.number,
        patron_name=name_of(patron),
        patron_time_zone=patron.time_zone,
        language=choose(patron.language, organisation.language),
        current_email=None if patron.email_bounced_at else _email_before(patron, changes),
        current_trusted=is_trusted(patron.email_verified_at, now=now),
        proposer_id=request.answerable_id,
        proposer_label=shown_label(request.proposer_label),
        proposer_email=proposer.email if proposer else None,
        reason_code=request.reason_code,
        reason_text=request.reason_text,
        created_at=request.created_at,
        expires_at=request.expires_at,
        revert_window=policy_settings.read(request.policy).revert_window,
        link_version=request.link_version,
        organisation=organisation,
        fields=tuple(field_of(change, reviews.get(change.id, ())) for change in changes),
    )


def field_of(change: FieldChangeRow, reviews: Sequence[ReviewRow]) -> MatterField:
    """One field change as its mails need it."""
    return MatterField(
        id=change.id,
        field=change.field,
        current=values(change.current_value),
        proposed=values(change.proposed_value),
        outcome=change.outcome,
        asked=tuple(review.reviewer for review in reviews),
    )


def _email_before(patron: PatronRow, changes: Sequence[FieldChangeRow]) -> str | None:
    for change in changes:
        column = fields.field(change.field).mailbox_column
        if column is not None:
            return values(change.current_value)[column]
    return patron.email
