"""Revert windows: until when an applied change may still be put back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.change_requests.model import policy_store
from upstage_crm.change_requests.model.policy import LONGEST_REVERT_WINDOW
from upstage_crm.change_requests.model.rules import (
    ChangeKind,
    FieldOutcome,
    RequestState,
)
from upstage_crm.change_requests.model.tables import (
    ChangeRequestRow,
    FieldChangeRow,
)
from upstage_crm.core.db import table_of

_request = table_of(ChangeRequestRow)
_change = table_of(FieldChangeRow)
_APPLIED = (
    sa.select(_change.c.patron_id, _request.c.reference, _change.c.settled_at, _request.c.policy)
    .join(_request, _request.c.id == _change.c.request_id)
    .where(
        _change.c.outcome == FieldOutcome.APPLIED,
        _change.c.kind != ChangeKind.REVERT,
        _request.c.state != RequestState.REVERTED,
    )
)


def patrons(session: Session, *, now: datetime) -> frozenset[str]:
    """The ids of all patrons inside a window.

    Inside it nothing that could not be put back may happen to the patron: no export, no erasure.
    """
    # Those that an owner's longest window has passed cannot be in any; the index leaves them out.
    recent = _APPLIED.where(_change.c.settled_at > now - LONGEST_REVERT_WINDOW)
    rows = session.connection().execute(recent)
    return frozenset(row.patron_id for row in rows if _end(row) > now)


def of_patron(session: Session, patron_id: str, *, now: datetime) -> dict[str, datetime]:
    """Until when each window of a patron runs, by the reference of its request."""
    rows = session.connection().execute(_APPLIED.where(_change.c.patron_id == patron_id))
    windows: dict[str, datetime] = {}
    for row in rows:
        if (end := _end(row)) > now:
            windows[row.reference] = max(end, windows.get(row.reference, end))
    return windows


def _end(row: sa.Row[Any, Any, Any, Any]) -> datetime:
    return row.settled_at + policy_store.read(row.policy).revert_window
