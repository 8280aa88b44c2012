"""How complete the records are: counts that cost the same however many patrons there are."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.counting import count_some
from upstage_crm.core.db import on_the_way, table_of
from upstage_crm.patrons.search.list_filters import twins
from upstage_crm.patrons.tables import PatronRow, PatronStatus

_patron = table_of(PatronRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Active patrons without an address, and with one that bounced, as `count_some` says.

    `twins` are those of the thousand that were changed last who share name and phone with another
    record.
    """

    no_email: int
    bounced: int
    twins: int


def quality(session: Session) -> Quality:
    """Count what makes records hard to work with."""
    is_active = on_the_way(_patron.c.status == PatronStatus.ACTIVE)
    no_email, bounced = _patron.c.email_key.is_(None), sa.text("email_bounced_at IS NOT NULL")
    return Quality(
        no_email=count_some(session, sa.select(_patron.c.id).where(no_email, is_active)),
        bounced=count_some(session, sa.select(_patron.c.id).where(bounced, is_active)),
        twins=count_some(session, twins()),
    )
