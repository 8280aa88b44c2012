"""Revert windows: until when an applied change may still be put back."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.change_requests import policy_settings
from upstage_crm.change_requests.rules import ChangeKind, FieldOutcome, RequestState
from upstage_crm.change_requests.tables import ChangeRequestRow, FieldChangeRow
from upstage_crm.core.db import table_of

_request = table_of(ChangeRequestRow)
_change = table_of(FieldChangeRow)
_APPLIED = (
    sa.select(_change.c.patron_id, _change.c.settled_at, _request.c.policy)
    .join(_request, _request.c.id == _change.c.request_id)
    .where(
        _change.c.outcome == FieldOutcome.APPLIED,
        _change.c.kind != ChangeKind.REVERT,
        _request.c.state != RequestState.REVERTED,
    )
)


def running(
    session: Session, *, now: datetime, patron_id: str | None = None
) -> dict[str, datetime]:
    """Until when a window runs, by patron id; patrons without one are left out.

    Inside it nothing that could not be put back may happen to the patron: no export, no erasure.
    """
    query = _APPLIED if patron_id is None else _APPLIED.where(_change.c.patron_id == patron_id)
    found: dict[str, datetime] = {}
    for patron, settled_at, policy in session.connection().execute(query):
        until = settled_at + policy_settings.read(policy).revert_window
        if until > now:
            found[patron] = max(until, found.get(patron, until))
    return found
