"""How complete the records are: counts that cost the same however many patrons there are."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core import counting
from upstage_crm.core.counting import count_some
from upstage_crm.core.db import on_the_way, table_of
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
        twins=_twins(session),
    )


def _twins(session: Session) -> int:
    """Of the records that were changed last, those that may be about the same person as another."""
    columns = (_patron.c.id, _patron.c.phone_key, _patron.c.sort_name, _patron.c.status)
    latest = (
        sa.select(*columns).order_by(_patron.c.updated_at.desc()).limit(counting.COUNTED).subquery()
    )
    other = _patron.alias("other")
    is_same = sa.exists().where(
        other.c.phone_key == latest.c.phone_key,
        other.c.id != latest.c.id,
        other.c.sort_name == latest.c.sort_name,
        other.c.status == PatronStatus.ACTIVE,
    )
    query = sa.select(sa.func.count()).select_from(latest)
    wanted = query.where(latest.c.status == PatronStatus.ACTIVE, is_same)
    return session.connection().execute(wanted).scalar_one()
