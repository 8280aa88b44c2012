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

from upstage_crm.change_requests.model.dispute_tables import (
    ErasureRow,
    PatronFreezeRow,
    RecordChangeRow,
)
from upstage_crm.change_requests.model.rules import (
    STOPPED,
    Cause,
    DeskKind,
    FieldOutcome,
    HeldFor,
    RequestState,
)
from upstage_crm.change_requests.model.tables import (
    ChangeRequestRow,
    DeskConfirmationRow,
    FieldChangeRow,
)
from upstage_crm.change_requests.reads import requests
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
FINISHED_VIEWS = frozenset({View.APPROVED, View.REJECTED, View.ENDED, *ENDINGS})
"""The views whose requests have ended: their dates are those of the end."""


class Need(StrEnum):
    """Why a request or a record needs a person; what waits for two people comes first."""

    FROZEN = "frozen"
    NOTICE_STOPPED = "notice_stopped"
    SECOND_PERSON = "second_person"
    ERASURE = "erasure"
    RECORD_CHANGE = "record_change"
    OBJECTED = "objected"
    ADDRESS_TAKEN = "address_taken"
    UNDELIVERABLE = "undeliverable"
    EXPIRING = "expiring"


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
    """How many requests each view holds, before any search."""
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
        .where(col(ChangeRequestRow.ended_at) >= since)
        .group_by(col(ChangeRequestRow.state))
    )
    return {RequestState(state): count for state, count in session.exec(query)}


def recently_decided(
    session: Session, *, limit: int = 8, reader: Role = Role.OWNER
) -> tuple[Standing, ...]:
    """The requests that a patron decided last, the newest first."""
    decided = (*VIEW_STATES[View.APPROVED], *VIEW_STATES[View.REJECTED])
    ended = col(ChangeRequestRow.ended_at)
    return _standings(
        session,
        col(ChangeRequestRow.state).in_(decided),
        order=ended.desc(),
        limit=limit,
        reader=reader,
    )


def needing(
    session: Session,
    need: Need,
    *,
    since: datetime,
    until: datetime,
    limit: int = 5,
    reader: Role = Role.OWNER,
) -> tuple[Standing, ...]:
    """Requests that need a person, for what happened since `since` or is due by `until`.

    The expiring ones come by deadline, what waits for a second person longest first, the others
    newest first.
    """
    if need is Need.FROZEN:
        return _frozen(session, limit, reader)
    if need in _ON_RECORDS:
        return _on_records(session, _ON_RECORDS[need], limit, reader)
    how: dict[str, Any] = {"limit": limit, "reader": reader}
    if need in (Need.SECOND_PERSON, Need.NOTICE_STOPPED):
        asked = col(ChangeRequestRow.created_at)
        is_stopped = need is Need.NOTICE_STOPPED
        waits = _clock_stands() if is_stopped else _waits_for_second()
        return _standings(session, waits, order=asked.asc(), **how)
    if need is Need.EXPIRING:
        due = col(ChangeRequestRow.expires_at)
        return _standings(session, *_expiring(until), order=due.asc(), **how)
    ended = col(ChangeRequestRow.ended_at)
    if need is Need.OBJECTED:
        return _standings(session, _objected(since), order=ended.desc(), **how)
    wanted: Mapping[Need, sa.ColumnElement[bool]] = {
        Need.ADDRESS_TAKEN: col(ChangeRequestRow.cause) == Cause.ADDRESS_TAKEN,
        Need.UNDELIVERABLE: col(ChangeRequestRow.state) == RequestState.UNDELIVERABLE,
    }
    return _standings(session, ended >= since, wanted[need], order=ended.desc(), **how)


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


_ON_RECORDS: Mapping[Need, type[ErasureRow | RecordChangeRow]] = {
    Need.ERASURE: ErasureRow,
    Need.RECORD_CHANGE: RecordChangeRow,
}


def _waits_for_second() -> sa.ColumnElement[bool]:
    """Held until another member says yes, or a code was read out that another must confirm."""
    read_out = sa.select(col(DeskConfirmationRow.request_id)).where(
        col(DeskConfirmationRow.kind) == DeskKind.CODE,
        col(DeskConfirmationRow.confirmed_at).is_(None),
        col(DeskConfirmationRow.declined_at).is_(None),
    )
    return sa.or_(
        sa.and_(
            col(ChangeRequestRow.state) == RequestState.HELD,
            # The clock lets it go. A request that is not held for anything has no such value.
            col(ChangeRequestRow.held_for) != HeldFor.COOLING,
        ),
        sa.and_(
            col(ChangeRequestRow.state).in_((RequestState.PENDING, RequestState.WAITING)),
            col(ChangeRequestRow.id).in_(read_out),
        ),
    )


def _clock_stands() -> sa.ColumnElement[bool]:
    """Somebody was not told, so that nobody's silence counts until a person has looked."""
    return sa.and_(
        col(ChangeRequestRow.state).in_((RequestState.PENDING, RequestState.WAITING)),
        col(ChangeRequestRow.notice_state).in_(STOPPED),
    )


def _frozen(session: Session, limit: int, reader: Role) -> tuple[Standing, ...]:
    query = (
        select(PatronFreezeRow, ChangeRequestRow, PatronRow)
        .where(
            col(PatronFreezeRow.cleared_at).is_(None),
            col(ChangeRequestRow.id) == col(PatronFreezeRow.request_id),
            col(PatronRow.id) == col(PatronFreezeRow.patron_id),
        )
        .order_by(col(PatronFreezeRow.opened_at), col(PatronFreezeRow.id))
        .limit(limit)
    )
    return tuple(
        _standing(request, patron, at=freeze.opened_at, reader=reader)
        for freeze, request, patron in session.exec(query)
    )


def _on_records(
    session: Session, kind: type[ErasureRow | RecordChangeRow], limit: int, reader: Role
) -> tuple[Standing, ...]:
    """What was asked for on a record and waits for its second person."""
    query = (
        select(kind, PatronRow)
        .where(
            col(kind.done_at).is_(None),
            col(kind.declined_at).is_(None),
            col(PatronRow.id) == col(kind.patron_id),
        )
        .order_by(col(kind.requested_at), col(kind.id))
        .limit(limit)
    )
    return tuple(
        Standing(
            reference="",
            patron_number=patron.number,
            patron_name=seen_name(patron, reader),
            proposer_label=asked.requested_label,
            state=RequestState.HELD,
            at=asked.requested_at,
        )
        for asked, patron in session.exec(query)
    )


def _expiring(before: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(ChangeRequestRow.state) == RequestState.PENDING,
        col(ChangeRequestRow.expires_at) <= before,
    )


def _objected(since: datetime) -> sa.ColumnElement[bool]:
    """Rejected by an objection since an instant; one after the change has frozen the record."""
    objected = sa.select(col(FieldChangeRow.request_id)).where(
        col(FieldChangeRow.outcome) == FieldOutcome.OBJECTED,
        col(FieldChangeRow.settled_at) >= since,
    )
    return col(ChangeRequestRow.id).in_(objected)


def _count(session: Session, *wanted: sa.ColumnElement[bool]) -> int:
    return session.exec(select(sa.func.count()).select_from(ChangeRequestRow).where(*wanted)).one()


def _standings(
    session: Session,
    *wanted: sa.ColumnElement[bool],
    order: sa.UnaryExpression[Any],
    limit: int,
    reader: Role,
) -> tuple[Standing, ...]:
    query = (
        select(ChangeRequestRow, PatronRow)
        .where(col(PatronRow.id) == col(ChangeRequestRow.patron_id), *wanted)
        .order_by(order, col(ChangeRequestRow.id).desc())
        .limit(limit)
    )
    return tuple(
        _standing(request, patron, at=request.ended_at or _since(request), reader=reader)
        for request, patron in session.exec(query)
    )


def _since(request: ChangeRequestRow) -> datetime:
    is_pending = request.state is RequestState.PENDING
    return request.expires_at if is_pending else request.created_at


def _standing(
    request: ChangeRequestRow, patron: PatronRow, *, at: datetime, reader: Role
) -> Standing:
    return Standing(
        reference=request.reference,
        patron_number=patron.number,
        patron_name=seen_name(patron, reader),
        proposer_label=request.proposer_label,
        state=request.state,
        at=at,
    )
