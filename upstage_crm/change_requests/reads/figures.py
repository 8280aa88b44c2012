"""Figures about change requests for the dashboard's plots.

What a figure costs depends on the time that it is about, never on how long the tables have grown:
each is read by an index over that time, and the requests behind a funnel are a thousand at most.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from statistics import median
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.change_requests.model.rules import RequestState
from upstage_crm.change_requests.model.tables import ChangeRequestRow, ReviewRow
from upstage_crm.core import counting
from upstage_crm.core.db import table_of
from upstage_crm.mail import delivery_history

_request, _review = table_of(ChangeRequestRow), table_of(ReviewRow)
_APPROVED = (RequestState.APPROVED, RequestState.PARTLY_APPROVED)
WITHIN = (timedelta(hours=1), timedelta(days=1), timedelta(days=3), timedelta(days=7))
"""The times to decide that are told apart; what took longer is the rest."""


class Step(StrEnum):
    """How far a request came; of those that were decided, how soon. The values are in addresses."""

    DELIVERED = "delivered"
    DECIDED = "decided"
    WITHIN_HOUR = "within-1-hour"
    WITHIN_DAY = "within-1-day"
    WITHIN_3_DAYS = "within-3-days"
    WITHIN_7_DAYS = "within-7-days"
    LATER = "later"


SPEEDS = (
    *(Step.WITHIN_HOUR, Step.WITHIN_DAY, Step.WITHIN_3_DAYS, Step.WITHIN_7_DAYS),
    Step.LATER,
)
"""The steps of `WITHIN`, and what took longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """How far the requests of some time came, and how long their patrons took.

    `ended` counts those that ended, by state. `decided_within` has a count for each of `WITHIN`,
    and one for what took longer; `median` is None while none was decided. `is_cut` says that there
    were more than are counted.
    """

    proposed: int
    delivered: int
    decided: int
    ended: Mapping[RequestState, int]
    decided_within: tuple[int, ...]
    median: timedelta | None
    is_cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What was proposed, and what ended in which way, from `start` on and before `end`."""

    start: datetime
    end: datetime
    proposed: int
    approved: int
    rejected: int
    lapsed: int


def funnel(session: Session, *, since: datetime) -> Funnel:
    """How far the newest requests proposed since an instant have come."""
    came = _came(session, since)
    took: list[Any] = list(came.took.values())  # `median` is not typed for lengths of time
    return Funnel(
        proposed=len(came.states),
        delivered=len(came.delivered),
        decided=len(took),
        ended=Counter(state for state in came.states.values() if not state.is_open),
        decided_within=_spread(took),
        median=median(took) if took else None,
        is_cut=came.is_cut,
    )


def ids_that_came(session: Session, step: Step, *, since: datetime | None) -> list[str]:
    """The ids of the requests that `funnel` counts in one step."""
    came = _came(session, since)
    if step is Step.DELIVERED:
        return [each for each in came.states if each in came.delivered]
    if step is Step.DECIDED:
        return list(came.took)
    return [each for each, took in came.took.items() if SPEEDS[_place(took)] is step]


def trend(session: Session, bounds: Sequence[datetime]) -> tuple[Span, ...]:
    """What happened between each two of `bounds`, which may be months or the weeks of a season."""
    return tuple(
        Span(
            start=start,
            end=end,
            proposed=_count(session, _between(_request.c.created_at, start, end)),
            approved=_ended(session, _APPROVED, start, end),
            rejected=_ended(session, (RequestState.REJECTED,), start, end),
            lapsed=_ended(session, (RequestState.EXPIRED,), start, end),
        )
        for start, end in pairwise(bounds)
    )


@dataclass(frozen=True, slots=True)
class _Came:
    """The newest requests of some time by id, the newest first, and how far each came."""

    states: Mapping[str, RequestState]
    delivered: frozenset[str]
    took: Mapping[str, timedelta]
    is_cut: bool


def _came(session: Session, since: datetime | None) -> _Came:
    newest = sa.select(
        _request.c.id, _request.c.state, _request.c.created_at, _request.c.released_at
    ).order_by(_request.c.created_at.desc(), _request.c.id.desc())
    if since is not None:
        newest = newest.where(_request.c.created_at >= since)
    rows = session.connection().execute(newest.limit(counting.COUNTED + 1)).all()
    is_cut, rows = len(rows) > counting.COUNTED, rows[: counting.COUNTED]
    ids = [row.id for row in rows]
    decided_at = _decided_at(session, ids)
    took = {
        row.id: decided_at[row.id] - (row.released_at or row.created_at)
        for row in rows
        if row.id in decided_at
    }
    return _Came(
        states={row.id: row.state for row in rows},
        delivered=frozenset(delivery_history.arrived(session, ids) | decided_at.keys()),
        took=took,
        is_cut=is_cut,
    )


def _decided_at(session: Session, ids: Sequence[str]) -> dict[str, datetime]:
    """When the first mailbox answered, by request."""
    first = sa.func.min(_review.c.decided_at, type_=_review.c.decided_at.type)
    query = (
        sa.select(_review.c.request_id, first)
        .where(_review.c.request_id.in_(ids), _review.c.decided_at.is_not(None))
        .group_by(_review.c.request_id)
    )
    rows = session.connection().execute(query).all()
    return {row[0]: row[1] for row in rows}


def _spread(took: Sequence[timedelta]) -> tuple[int, ...]:
    places = [_place(one) for one in took]
    return tuple(places.count(place) for place in range(len(SPEEDS)))


def _place(took: timedelta) -> int:
    """The place among `SPEEDS`."""
    return sum(took > limit for limit in WITHIN)


def _ended(session: Session, states: Sequence[RequestState], start: datetime, end: datetime) -> int:
    within = _between(_request.c.ended_at, start, end)
    return sum(_count(session, (_request.c.state == state, *within)) for state in states)


def _between(
    moment: sa.ColumnElement[datetime], start: datetime, end: datetime
) -> tuple[sa.ColumnElement[bool], ...]:
    return (moment >= start, moment < end)


def _count(session: Session, wanted: Sequence[sa.ColumnElement[bool]]) -> int:
    query = sa.select(sa.func.count()).select_from(_request).where(*wanted)
    return session.connection().execute(query).scalar_one()
