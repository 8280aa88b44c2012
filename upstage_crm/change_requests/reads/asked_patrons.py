"""Patrons who are asked something now: conditions on the table `patron`, and counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlmodel import Session, col, select

from upstage_crm.change_requests.model.rules import OPEN_OUTCOMES, OPEN_STATES
from upstage_crm.change_requests.model.tables import ChangeRequestRow, FieldChangeRow
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


def pending_counts(session: Session, patron_ids: Sequence[str]) -> Mapping[str, int]:
    """How many open field changes each patron has; patrons without any are left out."""
    query = (
        select(FieldChangeRow.patron_id, sa.func.count())
        .where(
            col(FieldChangeRow.patron_id).in_(patron_ids),
            col(FieldChangeRow.outcome).in_(OPEN_OUTCOMES),
        )
        .group_by(col(FieldChangeRow.patron_id))
    )
    return dict(session.exec(query).all())
