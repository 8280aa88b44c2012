"""The queue of requests: its views, how many requests each holds, and a page of one of them.

Nothing here locks or writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.change_requests.model.dispute_tables import PatronFreezeRow
from upstage_crm.change_requests.model.rules import ENDED_STATES, FieldOutcome, RequestState
from upstage_crm.change_requests.model.tables import ChangeRequestRow, FieldChangeRow
from upstage_crm.change_requests.model.views import RequestLine
from upstage_crm.change_requests.reads import figures, needs, requests, search
from upstage_crm.change_requests.reads.figures import Step
from upstage_crm.change_requests.reads.request_order import RequestSort
from upstage_crm.change_requests.reads.search import Dated
from upstage_crm.core import counting
from upstage_crm.core.counting import count_some
from upstage_crm.core.db import table_of
from upstage_crm.staff.roles import StaffMember

SOON = timedelta(hours=48)  # what the view EXPIRING holds
NEEDED_FOR = timedelta(days=7)  # how long a request that has ended asks for a staff member
OBJECTED_FOR = timedelta(days=90)  # older objections are history: the view CLOSED has them


class View(StrEnum):
    """The queue's views; the values stand in its address."""

    NEEDS_YOU = "needs-you"
    OPEN = "open"
    EXPIRING = "expiring"
    HELD = "held"
    UNDELIVERABLE = "undeliverable"
    OBJECTED = "objected"
    CLOSED = "closed"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    REVERTED = "reverted"
    ALL = "all"


ENDINGS: Mapping[View, tuple[RequestState, ...]] = {
    View.APPROVED: (RequestState.APPROVED, RequestState.PARTLY_APPROVED),
    View.REJECTED: (RequestState.REJECTED,),
    View.EXPIRED: (RequestState.EXPIRED,),
    View.WITHDRAWN: (RequestState.WITHDRAWN,),
    View.SUPERSEDED: (RequestState.SUPERSEDED,),
    View.REVERTED: (RequestState.REVERTED,),
}
"""The parts of the view CLOSED that have no view of their own beside it."""
VIEW_STATES: Mapping[View, tuple[RequestState, ...]] = {
    View.NEEDS_YOU: (),
    # What is held waits for staff, and no patron has heard of it.
    View.OPEN: (RequestState.PENDING, RequestState.WAITING),
    View.EXPIRING: (RequestState.PENDING,),
    View.HELD: (RequestState.HELD,),
    View.UNDELIVERABLE: (RequestState.UNDELIVERABLE,),
    View.OBJECTED: (),
    View.CLOSED: ENDED_STATES,
    **ENDINGS,
    View.ALL: (),
}
"""The states that a view shows; none means all of them."""
FINISHED_VIEWS = frozenset({View.UNDELIVERABLE, View.OBJECTED, View.CLOSED, *ENDINGS})
"""The views whose requests have ended: their dates are those of the end."""

_request, _change = table_of(ChangeRequestRow), table_of(FieldChangeRow)
_freeze = table_of(PatronFreezeRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Who looks at the queue, and when. `is_mine` leaves only what the viewer answers for."""

    viewer: StaffMember
    now: datetime
    is_mine: bool = False


def page(
    session: Session,
    view: View,
    *,
    look: Look,
    start: datetime | None = None,
    end: datetime | None = None,
    by_proposal: bool = False,
    step: Step | None = None,
    query: str = "",
    sort: RequestSort = RequestSort.TIME,
    descending: bool = False,
    page: int = 0,
    size: int = 50,
) -> tuple[int, tuple[RequestLine, ...]]:
    """How many requests of a view match (see `count_some`), and one page of them.

    `start` and `end` are about the end of requests that have ended, else about their proposal, as
    they always are with `by_proposal`. `step` leaves those of the newest thousand since `start`
    that came so far: see `figures`.
    """
    is_ended = view in FINISHED_VIEWS
    return requests.page(
        session,
        states=VIEW_STATES[view],
        answerable_id=look.viewer.id if look.is_mine else None,
        expiring_before=look.now + SOON if view is View.EXPIRING else None,
        only=_listed(session, view, look)
        if step is None
        else figures.ids_that_came(session, step, since=start),
        dated=Dated(by_ending=is_ended and not by_proposal, start=start, end=end),
        query=query,
        sort=sort,
        descending=descending,
        page=page,
        size=size,
        reader=look.viewer.role,
    )


def counts(session: Session, *, look: Look) -> Mapping[View, int]:
    """How many requests each view holds, before any search, as `count_some` says."""
    return {view: count(session, view, look=look) for view in View}


def count(session: Session, view: View, *, look: Look) -> int:
    """How many requests one view holds."""
    only = _listed(session, view, look)
    if only is not None and not look.is_mine:
        return len(only)
    wanted = search.matching(
        VIEW_STATES[view],
        look.viewer.id if look.is_mine else None,
        look.now + SOON if view is View.EXPIRING else None,
        only,
    )
    return count_some(session, sa.select(_request.c.id).where(*wanted))


def _listed(session: Session, view: View, look: Look) -> list[str] | None:
    """The ids of a view that is no matter of the state alone, at most a thousand and one."""
    if view is View.NEEDS_YOU:
        since = look.now - NEEDED_FOR
        return needs.request_ids(
            session, viewer=look.viewer, since=since, limit=counting.COUNTED + 1
        )
    if view is View.OBJECTED:
        return _objected(session, look.now - OBJECTED_FOR)
    return None


def _objected(session: Session, since: datetime) -> list[str]:
    """What is in dispute, then what an objection ended since an instant, the newest first."""
    open_disputes = sa.select(_freeze.c.request_id).where(_freeze.c.cleared_at.is_(None))
    query = (
        sa.select(_change.c.request_id)
        .where(_change.c.outcome == FieldOutcome.OBJECTED, _change.c.settled_at >= since)
        .order_by(_change.c.settled_at.desc())
        .limit(counting.COUNTED + 1)
    )
    run = session.connection().execute
    disputed = run(open_disputes.limit(counting.COUNTED + 1)).scalars()
    return list(dict.fromkeys((*disputed, *run(query).scalars())))[: counting.COUNTED + 1]
