"""What the clock has to do: ids of requests, the most urgent first. Nothing here writes."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from upstage_crm.change_requests.model.rules import (
    DeskKind,
    FieldOutcome,
    HeldFor,
    NoticeState,
    RequestPath,
    RequestState,
)
from upstage_crm.change_requests.model.tables import (
    ChangeRequestRow,
    DeskConfirmationRow,
    FieldChangeRow,
)
from upstage_crm.core.db import table_of
from upstage_crm.links.claims import Reviewer
from upstage_crm.mail import delivery_history
from upstage_crm.mail.delivery import ENDED_UNSENT, MailState
from upstage_crm.mail.outbox import OUTBOX

_A_DAY = timedelta(hours=24)  # see `notices.LATEST`
_request, _change = table_of(ChangeRequestRow), table_of(FieldChangeRow)


def expiring(session: Session, *, now: datetime, limit: int = 100) -> tuple[str, ...]:
    """Ids of pending requests whose time is up."""
    query = (
        select(ChangeRequestRow.id)
        .where(ChangeRequestRow.state == RequestState.PENDING, ChangeRequestRow.expires_at <= now)
        .order_by(col(ChangeRequestRow.expires_at))
        .limit(limit)
    )
    return tuple(session.exec(query).all())


def reminders(session: Session, *, now: datetime, limit: int = 100) -> tuple[str, ...]:
    """Ids of requests whose next reminder is due."""
    query = (
        select(ChangeRequestRow.id)
        .where(
            col(ChangeRequestRow.next_reminder_at) <= now,
            col(ChangeRequestRow.state).in_((RequestState.PENDING, RequestState.WAITING)),
        )
        .order_by(col(ChangeRequestRow.next_reminder_at))
        .limit(limit)
    )
    return tuple(session.exec(query).all())


def effects(session: Session, *, now: datetime, limit: int = 100) -> tuple[str, ...]:
    """Ids of requests with an approved change whose waiting time is over."""
    query = (
        sa.select(_change.c.request_id, sa.func.min(_change.c.applies_at))
        .where(_change.c.outcome == FieldOutcome.WAITING, _change.c.applies_at <= now)
        .group_by(_change.c.request_id)
        .order_by(sa.func.min(_change.c.applies_at))
        .limit(limit)
    )
    return tuple(session.connection().execute(query).scalars())


def notices_with_news(session: Session, *, now: datetime, limit: int = 100) -> tuple[str, ...]:
    """Ids of requests of whose notice more may be known than the request says."""
    mail, state = OUTBOX.c, _request.c.notice_state
    on_its_way = state == NoticeState.ON_ITS_WAY
    has_arrived = sa.or_(mail.delivered_at.is_not(None), mail.state == MailState.CAPTURED)
    came_back = sa.or_(delivery_history.CAME_BACK, mail.complained_at.is_not(None))
    is_late = sa.or_(mail.state.in_(tuple(ENDED_UNSENT)), mail.created_at <= now - _A_DAY)
    was_well = (NoticeState.ON_ITS_WAY, NoticeState.DELIVERED, NoticeState.NOT_DELIVERED)
    query = (
        sa.select(_request.c.id)
        .join(OUTBOX, mail.id == _request.c.notice_id)
        .where(
            _request.c.state.in_((RequestState.PENDING, RequestState.WAITING)),
            sa.or_(
                sa.and_(on_its_way, sa.or_(has_arrived, is_late)),
                sa.and_(state.in_((NoticeState.NOT_DELIVERED, NoticeState.NOT_SENT)), has_arrived),
                sa.and_(state.in_(was_well), came_back),
            ),
        )
        .order_by(_request.c.id)
        .limit(limit)
    )
    return tuple(session.connection().execute(query).scalars())


def confirmed_at_desk(session: Session, *, now: datetime, limit: int = 100) -> tuple[str, ...]:
    """Ids of requests that two people vouched for before changes could wait: see `desk.resume`."""
    del now
    confirmed = sa.select(col(DeskConfirmationRow.request_id)).where(
        col(DeskConfirmationRow.kind) == DeskKind.IDENTITY,
        col(DeskConfirmationRow.confirmed_at).is_not(None),
    )
    query = (
        select(ChangeRequestRow.id)
        .where(
            col(ChangeRequestRow.state) == RequestState.HELD,
            ChangeRequestRow.path == RequestPath.DESK,
            col(ChangeRequestRow.id).in_(confirmed),
        )
        .limit(limit)
    )
    return tuple(session.exec(query).all())


def cooling(session: Session, *, now: datetime, limit: int = 100) -> tuple[str, ...]:
    """Ids of requests that cool down, the oldest first; each knows for how long."""
    query = (
        select(ChangeRequestRow.id)
        .where(
            ChangeRequestRow.state == RequestState.HELD,
            ChangeRequestRow.held_for == HeldFor.COOLING,
            ChangeRequestRow.created_at < now,
        )
        .order_by(col(ChangeRequestRow.created_at))
        .limit(limit)
    )
    return tuple(session.exec(query).all())


def lost_questions(session: Session, *, limit: int = 100) -> tuple[tuple[str, Reviewer], ...]:
    """Pending requests with a question that came back for good, and whose mailbox it was.

    A notice to a reader who is only heard stops a clock, and ends nothing: see `notices`.
    """
    query = (
        sa.select(OUTBOX.c.request_id, OUTBOX.c.audience)
        .join(_request, _request.c.id == OUTBOX.c.request_id)
        .where(
            _request.c.state == RequestState.PENDING,
            OUTBOX.c.kind.in_(delivery_history.ASKING),
            delivery_history.CAME_BACK,
        )
        .distinct()
        .limit(limit)
    )
    rows = session.connection().execute(query).all()
    return tuple((row.request_id, Reviewer(row.audience.value)) for row in rows)
