"""Reads change requests for the dashboard: how many ended, and short lists of them.

Every answer is a read model; nothing here locks or writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from upstage_crm.change_requests.model.rules import ENDED_STATES, RequestState
from upstage_crm.change_requests.model.tables import (
    ChangeRequestRow,
    FieldChangeRow,
)
from upstage_crm.core.db import on_the_way
from upstage_crm.patrons import fields
from upstage_crm.patrons.queries import find_live_by_email_key, seen_name
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.staff.roles import Role

_DECIDED = (RequestState.APPROVED, RequestState.PARTLY_APPROVED, RequestState.REJECTED)


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


def ended_counts(session: Session, *, since: datetime) -> Mapping[RequestState, int]:
    """How many requests ended in each state since an instant; states without any are left out."""
    query = (
        select(ChangeRequestRow.state, sa.func.count())
        .where(
            col(ChangeRequestRow.state).in_(ENDED_STATES), col(ChangeRequestRow.ended_at) >= since
        )
        .group_by(col(ChangeRequestRow.state))
    )
    return {RequestState(state): count for state, count in session.exec(query)}


def recently_decided(
    session: Session, *, limit: int = 8, reader: Role = Role.OWNER
) -> tuple[Standing, ...]:
    """The requests that a patron decided last, the newest first."""
    ended = col(ChangeRequestRow.ended_at)
    return standings(
        session,
        ended.is_not(None),
        on_the_way(col(ChangeRequestRow.state).in_(_DECIDED)),
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
