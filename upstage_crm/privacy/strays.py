"""Rows about patrons who are erased or gone, which should have gone with them: there are none."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.counting import count_some
from upstage_crm.core.db import table_of
from upstage_crm.households.tables import HouseholdMemberRow, RelationshipRow
from upstage_crm.patrons.erasure import GONE
from upstage_crm.patrons.tables import PatronRow, PatronStatus

_patron = table_of(PatronRow)
_OWNED = (*GONE, table_of(HouseholdMemberRow), table_of(RelationshipRow))


def strays(session: Session) -> Mapping[str, int]:
    """How many such rows each table holds, as `count_some` says; tables without any are left out.

    Every row of the tables is looked at once.
    """
    is_theirs = _patron.c.status != PatronStatus.ERASED
    found: dict[str, int] = {}
    for table in _OWNED:
        owners = (column for column in table.c if column.name in ("patron_id", "other_id"))
        is_stray = sa.or_(
            *(~sa.exists().where(_patron.c.id == owner, is_theirs) for owner in owners)
        )
        found[table.name] = count_some(session, sa.select(table.c.patron_id).where(is_stray))
    return {name: count for name, count in found.items() if count}
