"""Empties a patron's record: the one write of protected columns that is not an applied change."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.patrons.details.tables import (
    ContactPreferenceRow,
    PatronContactRow,
    PatronNoteRow,
)
from upstage_crm.patrons.fields import DERIVED_COLUMNS, PROTECTED_COLUMNS
from upstage_crm.patrons.search import search_index
from upstage_crm.patrons.tables import PatronRow, PatronStatus, PatronTagRow

# What staff may have written about the person; what is not named here is no personal value.
EMPTY_FREE = {
    "preferred_name": "",
    "pronouns": "",
    "language": "en",
    "time_zone": "",
    "note": "",
}
GONE = tuple(map(table_of, (PatronTagRow, PatronNoteRow, ContactPreferenceRow, PatronContactRow)))
"""Tables whose rows go with their patron."""

_patron = table_of(PatronRow)


def empty(session: Session, *, row: PatronRow, now: datetime) -> None:
    """Empty the locked `row` and everything it is found by, except its id and its number.

    `privacy.erasure` calls this while an erasure of the patron is confirmed and not
    done; at any other time the database's guard refuses.
    """
    columns = (*PROTECTED_COLUMNS, *DERIVED_COLUMNS)
    emptied: dict[str, object] = {**dict.fromkeys(columns), **EMPTY_FREE}
    emptied |= {"email_verified_at": None, "email_bounced_at": None}
    emptied |= {"is_flagged": False, "is_protected": False}
    emptied |= {"status": PatronStatus.ERASED, "updated_at": now}
    connection = session.connection()
    connection.execute(sa.update(_patron).where(_patron.c.id == row.id).values(**emptied))
    for table in GONE:
        connection.execute(sa.delete(table).where(table.c.patron_id == row.id))
    search_index.renew(session, {}, row.number)
