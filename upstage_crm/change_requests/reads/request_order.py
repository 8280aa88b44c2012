"""The order in which a list shows requests: ids alone, because what is skipped is not read."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.change_requests.model.rules import OPEN_STATES, HeldFor, RequestState
from upstage_crm.change_requests.model.tables import ChangeRequestRow
from upstage_crm.core.db import table_of

_request = table_of(ChangeRequestRow)


class RequestSort(StrEnum):
    """What the queue may be ordered by.

    TIME is what is due first, then what ended last. ASKED is when it was proposed.
    """

    TIME = "time"
    ASKED = "asked"


def as_asked(
    session: Session,
    wanted: Sequence[sa.ColumnElement[bool]],
    first: int,
    size: int,
    *,
    descending: bool,
) -> list[str]:
    """The ids from the place `first` on, by the instant of the proposal."""
    asked = _request.c.created_at.desc() if descending else _request.c.created_at.asc()
    query = sa.select(_request.c.id).where(*wanted).order_by(asked, _request.c.id.desc())
    return list(session.connection().execute(query.offset(first).limit(size)).scalars())


def by_time(
    session: Session,
    wanted: Sequence[sa.ColumnElement[bool]],
    first: int,
    size: int,
    *,
    descending: bool,
) -> list[str]:
    """The ids from the place `first` on: the open ones by deadline, then the others as they ended.

    What is held has no deadline, and comes before; what needs a person comes before what the clock
    lets go. Two queries, because no index orders both.
    """
    connection, newest = session.connection(), _request.c.id.desc()
    is_open, is_held = _request.c.state.in_(OPEN_STATES), _request.c.state == RequestState.HELD
    open_ids = sa.select(_request.c.id).where(*wanted, is_open)
    ended_ids = sa.select(_request.c.id).where(*wanted, _request.c.ended_at.is_not(None))
    due = sa.case((~is_held, _request.c.expires_at))
    cools = sa.case((is_held & (_request.c.held_for == HeldFor.COOLING), 1), else_=0)
    order = (is_held.desc(), cools.asc(), due.desc() if descending else due.asc(), newest)
    found = list(connection.execute(open_ids.order_by(*order).offset(first).limit(size)).scalars())
    if len(found) == size:
        return found
    skipped = 0
    if not found:
        counted = sa.select(sa.func.count()).select_from(open_ids.subquery())
        skipped = first - connection.execute(counted).scalar_one()
    ended = _request.c.ended_at.asc() if descending else _request.c.ended_at.desc()
    by_end = ended_ids.order_by(ended, newest).offset(skipped).limit(size - len(found))
    return [*found, *connection.execute(by_end).scalars()]
