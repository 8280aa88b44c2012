"""Reads change requests for the queue's views and the dashboard: how many, and which need a person.

Every answer is a read model; nothing here locks or writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from upstage_crm.change_requests.model.rules import (
    RequestState,
)
from upstage_crm.change_requests.model.tables import (
    ChangeRequestRow,
    FieldChangeRow,
)
from upstage_crm.change_requests.reads import requests
from upstage_crm.core.counting import count_some
from upstage_crm.core.db import on_the_way
from upstage_crm.patrons import fields
from upstage_crm.patrons.queries import find_live_by_email_key, seen_name
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.staff.roles import Role


class View(StrEnum):
    """The queue's views; the values stand in its address."""

    OPEN = "open"
    HELD = "held"
    MINE = "mine"
    EXPIRING = "expiring"
    APPROVED = "approved"
    REJECTED = "rejected"
    ENDED = "ended"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    UNDELIVERABLE = "undeliverable"
    REVERTED = "reverted"
    ALL = "all"


ENDINGS: Mapping[View, RequestState] = {
    View.EXPIRED: RequestState.EXPIRED,
    View.WITHDRAWN: RequestState.WITHDRAWN,
    View.SUPERSEDED: RequestState.SUPERSEDED,
    View.UNDELIVERABLE: RequestState.UNDELIVERABLE,
    View.REVERTED: RequestState.REVERTED,
}
"""The parts of the view ENDED: how a request ended that the patron did not decide."""
VIEW_STATES: Mapping[View, tuple[RequestState, ...]] = {
    # What is held waits for staff, and no patron has heard of it.
    View.OPEN: (RequestState.PENDING, RequestState.WAITING),
    View.HELD: (RequestState.HELD,),
    View.MINE: (),
    View.EXPIRING: (RequestState.PENDING,),
    View.APPROVED: (RequestState.APPROVED, RequestState.PARTLY_APPROVED),
    View.REJECTED: (RequestState.REJECTED,),
    View.ENDED: tuple(ENDINGS.values()),
    **{view: (state,) for view, state in ENDINGS.items()},
    View.ALL: (),
}
"""The states that a view shows; none means all of them."""
_ENDED = tuple(state for state in RequestState if not state.is_open)
FINISHED_VIEWS = frozenset({View.APPROVED, View.REJECTED, View.ENDED, *ENDINGS})
"""The views whose requests have ended: their dates are those of the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One request in a short list: whose, where it stands, and since (or until) when.

    `patron_name` is masked for a reader who may not see it.

    `at` is the deadline of an expiring request, the moment since which somebody is waited for,
    else the moment it ended. `reference` is empty for what was asked for on a record, which is
    about no request.
    """

    reference: str
    patron_number: int
    patron_name: str
    proposer_label: str
    state: RequestState
    at: datetime


def view_counts(
    session: Session, *, proposer_id: str, expiring_before: datetime
) -> Mapping[View, int]:
    """How many requests each view holds, before any search, as `count_some` says."""
    by_state = requests.counts(session)
    found = {
        view: sum(by_state.get(state, 0) for state in states)
        for view, states in VIEW_STATES.items()
    }
    found[View.ALL] = sum(by_state.values())
    found[View.MINE] = _count(session, col(ChangeRequestRow.proposer_id) == proposer_id)
    found[View.EXPIRING] = expiring_count(session, before=expiring_before)
    return found


def expiring_count(session: Session, *, before: datetime) -> int:
    """How many pending requests run out at or before an instant."""
    return _count(session, *_expiring(before))


def ended_counts(session: Session, *, since: datetime) -> Mapping[RequestState, int]:
    """How many requests ended in each state since an instant; states without any are left out."""
    query = (
        select(ChangeRequestRow.state, sa.func.count())
        .where(col(ChangeRequestRow.state).in_(_ENDED), col(ChangeRequestRow.ended_at) >= since)
        .group_by(col(ChangeRequestRow.state))
    )
    return {RequestState(state): count for state, count in session.exec(query)}


def recently_decided(
    session: Session, *, limit: int = 8, reader: Role = Role.OWNER
) -> tuple[Standing, ...]:
    """The requests that a patron decided last, the newest first."""
    decided = (*VIEW_STATES[View.APPROVED], *VIEW_STATES[View.REJECTED])
    ended = col(ChangeRequestRow.ended_at)
    return standings(
        session,
        ended.is_not(None),
        on_the_way(col(ChangeRequestRow.state).in_(decided)),
        order=ended.desc(),
        limit=limit,
        reader=reader,
    )


def address_holder(session: Session, request_id: str) -> int | None:
    """The number of the live patron who has an address that this request proposes, if any."""
    query = select(FieldChangeRow).where(FieldChangeRow.request_id == request_id)
    for change in session.exec(query):
        if fields.field(change.field).unique_column is None:
            continue
        holder = find_live_by_email_key(session, change.proposed_key, besides=change.patron_id)
        if holder is not None:
            return holder
    return None


def _expiring(before: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(ChangeRequestRow.state) == RequestState.PENDING,
        col(ChangeRequestRow.expires_at) <= before,
    )


def _count(session: Session, *wanted: sa.ColumnElement[bool]) -> int:
    return count_some(session, sa.select(col(ChangeRequestRow.id)).where(*wanted))


def standings(
    session: Session,
    *wanted: sa.ColumnElement[bool],
    order: sa.UnaryExpression[Any],
    limit: int,
    reader: Role,
) -> tuple[Standing, ...]:
    """The first requests that fulfil all of these conditions, in this order."""
    query = (
        select(ChangeRequestRow, PatronRow)
        .where(col(PatronRow.id) == col(ChangeRequestRow.patron_id), *wanted)
        .order_by(order, col(ChangeRequestRow.id).desc())
        .limit(limit)
    )
    return tuple(
        standing(request, patron, at=request.ended_at or _since(request), reader=reader)
        for request, patron in session.exec(query)
    )


def _since(request: ChangeRequestRow) -> datetime:
    is_pending = request.state is RequestState.PENDING
    return request.expires_at if is_pending else request.created_at


def standing(
    request: ChangeRequestRow, patron: PatronRow, *, at: datetime, reader: Role
) -> Standing:
    """One request in a short list."""
    return Standing(
        reference=request.reference,
        patron_number=patron.number,
        patron_name=seen_name(patron, reader),
        proposer_label=request.proposer_label,
        state=request.state,
        at=at,
    )
