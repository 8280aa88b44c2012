"""Whether the yes of a proposed mailbox alone would change a record at once.

Such a record is what a thief with a staff account looks for: nobody else is asked, and there is
no time in which somebody could object. The tripwires are set closer there.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.change_requests.rules import FieldOutcome
from upstage_crm.change_requests.standing import YOUNG, has_stake
from upstage_crm.change_requests.tables import FieldChangeRow
from upstage_crm.core.db import table_of
from upstage_crm.patrons.seeing import MAILBOX
from upstage_crm.patrons.tables import PatronRow

_change = table_of(FieldChangeRow)
_ADDRESS_SINCE = sa.select(sa.func.max(_change.c.settled_at)).where(
    _change.c.patron_id == sa.bindparam("patron"),
    _change.c.field == MAILBOX.key,
    _change.c.outcome == FieldOutcome.APPLIED,
)


def decides_alone(session: Session, patron: PatronRow, *, now: datetime) -> bool:
    """Whether a new address of this patron would count at once, on its own word.

    It does where nobody has anything to lose, and the current address cannot answer, or is so
    new and unproven that it may be a typing mistake.
    """
    if patron.is_protected or patron.is_flagged:
        return False
    if has_stake(None, created_at=patron.created_at, now=now):
        return False
    if patron.email is None or patron.email_bounced_at is not None:
        return True
    if patron.email_verified_at is not None:
        return False
    changed = session.connection().execute(_ADDRESS_SINCE, {"patron": patron.id}).scalar()
    return now - max(patron.created_at, changed or patron.created_at) < YOUNG
