"""Revert windows: until when an applied change may still be put back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.change_requests.model import policy_store
from upstage_crm.change_requests.model.policy import LONGEST_REVERT_WINDOW
from upstage_crm.change_requests.model.reviewers import Window
from upstage_crm.change_requests.model.rules import (
    ChangeKind,
    FieldOutcome,
    RequestPath,
    RequestState,
)
from upstage_crm.change_requests.model.tables import (
    ChangeRequestRow,
    FieldChangeRow,
)
from upstage_crm.change_requests.reads import evidence
from upstage_crm.core.db import table_of
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.patrons.visibility import MAILBOX

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
_PUT_BACK = (
    sa.select(_change.c.patron_id)
    .where(_change.c.outcome == FieldOutcome.APPLIED, _change.c.kind == ChangeKind.REVERT)
    .distinct()
)


def patrons(session: Session, *, now: datetime) -> frozenset[str]:
    """The ids of all patrons inside a window.

    Inside it nothing that could not be put back may happen to the patron: no export, no erasure.
    """
    rows = session.connection().execute(_APPLIED.where(_is_recent(now)))
    inside = {row.patron_id for row in rows if _end(row) > now}
    for patron_id in session.connection().execute(_PUT_BACK.where(_is_recent(now))).scalars():
        if _window(session, patron_id, now):
            inside.add(patron_id)
    return frozenset(inside)


def of_patron(session: Session, patron_id: str, *, now: datetime) -> dict[str, datetime]:
    """Until when each window of a patron runs, by the reference of its request.

    An address that staff put back has one, too: the mailbox that lost the record may speak up.

    Raises:
        RowNotProven: a change of the address is not what the trail says.
    """
    of_them = _APPLIED.where(_change.c.patron_id == patron_id, _is_recent(now))
    rows = session.connection().execute(of_them)
    windows: dict[str, datetime] = {}
    for row in rows:
        if (end := _end(row)) > now:
            windows[row.reference] = max(end, windows.get(row.reference, end))
    if window := _window(session, patron_id, now):
        reference = session.get_one(ChangeRequestRow, window.request_id).reference
        windows[reference] = max(window.ends, windows.get(reference, window.ends))
    return windows


def besides_own(session: Session, patron_id: str, *, now: datetime) -> datetime | None:
    """Until when the patron's windows run, without those of details that they changed themselves.

    A new address has one even where it was their wish: the mailbox before it may still speak up.
    None where no such window runs.

    Raises:
        RowNotProven: a change of the address is not what the trail says.
    """
    is_own = sa.and_(_request.c.path == RequestPath.OWN, _change.c.field != MAILBOX.key)
    of_them = _APPLIED.where(_change.c.patron_id == patron_id, _is_recent(now), sa.not_(is_own))
    ends = [_end(row) for row in session.connection().execute(of_them)]
    if window := _window(session, patron_id, now):
        ends.append(window.ends)
    return max((end for end in ends if end > now), default=None)


def is_open(session: Session, patron_id: str, *, now: datetime) -> bool:
    """Whether a window of a patron runs.

    Raises:
        RowNotProven: a change of the address is not what the trail says.
    """
    return bool(of_patron(session, patron_id, now=now))


def _window(session: Session, patron_id: str, now: datetime) -> Window | None:
    """The window of a change of address that the displaced mailbox did not approve, if one runs."""
    return evidence.gather(session, session.get_one(PatronRow, patron_id), now=now).window


def _is_recent(now: datetime) -> sa.ColumnElement[bool]:
    """No owner's longest window has passed since the change; the index leaves older ones out."""
    return _change.c.settled_at > now - LONGEST_REVERT_WINDOW


def _end(row: sa.Row[Any, Any, Any, Any]) -> datetime:
    return row.settled_at + policy_store.read(row.policy).revert_window
