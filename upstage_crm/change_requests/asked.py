"""Gathers what the policy needs to know of a record, and says who is asked about a field.

A proposal asks it once; an approval asks it again, because the record may have become worth more
protection meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.change_requests.policy import Mailboxes, Policy, reviewers
from upstage_crm.change_requests.rules import FieldOutcome
from upstage_crm.change_requests.tables import FieldChangeRow
from upstage_crm.core.db import table_of
from upstage_crm.links.claims import Reviewer
from upstage_crm.patrons.fields import ProtectedField
from upstage_crm.patrons.tables import PatronRow

_change = table_of(FieldChangeRow)
# Built once: every decision runs it.
_APPLIED_SINCE = (
    sa.select(_change.c.id)
    .where(
        _change.c.patron_id == sa.bindparam("patron"),
        _change.c.field == sa.bindparam("field_key"),
        _change.c.outcome == FieldOutcome.APPLIED,
        _change.c.settled_at > sa.bindparam("since", type_=_change.c.settled_at.type),
    )
    .limit(1)
)


def who_is_asked(
    session: Session,
    entry: ProtectedField,
    *,
    patron: PatronRow,
    proposed_mailbox: str | None,
    policy: Policy,
    now: datetime,
    ask_both: bool = False,
) -> tuple[Reviewer, ...]:
    """Who decides about one field of this record, as things stand now; empty when nobody can."""
    is_mailbox = entry.mailbox_column is not None
    window = policy.revert_window
    known = Mailboxes(
        current=patron.email,
        current_bounced=patron.email_bounced_at is not None,
        proposed=proposed_mailbox,
        current_proven=patron.email_verified_at is not None,
        # Somebody objected before: a record in question deserves the same care.
        is_protected=patron.is_protected or patron.is_flagged,
        in_revert_window=is_mailbox and was_applied_since(session, entry, patron, now - window),
    )
    return reviewers(policy.of(entry), known, is_mailbox=is_mailbox, ask_both=ask_both)


def was_applied_since(
    session: Session, entry: ProtectedField, patron: PatronRow, since: datetime
) -> bool:
    """Whether a change of this field took effect after `since`."""
    wanted = {"patron": patron.id, "field_key": entry.key, "since": since}
    return session.connection().execute(_APPLIED_SINCE, wanted).first() is not None


def proposed_mailbox(
    proposals: Iterable[tuple[ProtectedField, Mapping[str, str | None]]],
) -> str | None:
    """The address that mails would go to, if one of the fields is one."""
    return next((v[f.mailbox_column] for f, v in proposals if f.mailbox_column), None)
