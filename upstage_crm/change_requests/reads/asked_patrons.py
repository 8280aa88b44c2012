"""Patrons who are asked something now, as conditions on the table `patron`."""

from __future__ import annotations

import sqlalchemy as sa

from upstage_crm.change_requests.model.rules import OPEN_STATES
from upstage_crm.change_requests.model.tables import ChangeRequestRow
from upstage_crm.core.db import table_of
from upstage_crm.patrons.tables import PatronRow

_patron = table_of(PatronRow)
_request = table_of(ChangeRequestRow)


def is_asked(*, by: str | None = None) -> sa.ColumnElement[bool]:
    """The patron has an open request, or one that the staff member `by` (an id) proposed."""
    asked = sa.select(_request.c.patron_id).where(_request.c.state.in_(OPEN_STATES))
    if by is not None:
        asked = asked.where(_request.c.proposer_id == by)
    return _patron.c.id.in_(asked)
