"""What needs a staff member: only what she may do, and not what waits for a colleague of hers.

Nothing here locks or writes. Commands check again for everything that they do.
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
    is_answered_by,
)
from upstage_crm.change_requests.reads.dashboard import Standing, standing, standings
from upstage_crm.core.db import table_of
from upstage_crm.patrons.queries import seen_name
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.staff.roles import Permission, StaffMember, may


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


@dataclass(frozen=True, slots=True)
class Needed:
    """How much there is of one need, and the first of it."""

    total: int = 0
    items: tuple[Standing, ...] = ()


# Who may let go what is held, by why it is held.
_LET_GO = {
    HeldFor.SECOND_PERSON: Permission.RELEASE_REQUEST,
    HeldFor.QUARANTINE: Permission.RELEASE_QUARANTINE,
    HeldFor.DESK: Permission.DESK_CONFIRM,
}
_WAITING = (Need.SECOND_PERSON, Need.NOTICE_STOPPED)  # the others have ended
_ON_RECORDS: Mapping[Need, tuple[type[ErasureRow | RecordChangeRow], Permission]] = {
    Need.ERASURE: (ErasureRow, Permission.ERASE_PATRON),
    Need.RECORD_CHANGE: (RecordChangeRow, Permission.CONFIRM_RECORD_CHANGE),
}


def needing(
    session: Session, need: Need, *, viewer: StaffMember, since: datetime, limit: int
) -> Needed:
    """What needs `viewer` in one way, for what ended since `since`.

    What waits for somebody comes longest first, what has ended newest first.
    """
    if need is Need.FROZEN:
        return _frozen(session, viewer, limit)
    if need in _ON_RECORDS:
        return _on_records(session, need, viewer, limit)
    order = col(ChangeRequestRow.created_at).asc()
    if need not in _WAITING:
        order = col(ChangeRequestRow.ended_at).desc()
    wanted = _wanted(need, viewer, since)
    return Needed() if wanted is None else _requests(session, viewer, wanted, order, limit)


def request_ids(session: Session, *, viewer: StaffMember, since: datetime, limit: int) -> list[str]:
    """The requests that need `viewer` in any way, for what ended since `since`; `limit` at most."""
    found: dict[str, None] = {}
    for need in Need:
        if need in _ON_RECORDS or len(found) >= limit:
            continue
        query = _frozen_ids(viewer) if need is Need.FROZEN else None
        wanted = None if need is Need.FROZEN else _wanted(need, viewer, since)
        if wanted is not None:
            patron = col(PatronRow.id) == col(ChangeRequestRow.patron_id)
            query = sa.select(col(ChangeRequestRow.id)).where(patron, wanted, _not_own(viewer))
        if query is not None:
            rows = session.connection().execute(query.limit(limit))
            found |= dict.fromkeys(rows.scalars())
    return list(found)[:limit]


def _wanted(need: Need, viewer: StaffMember, since: datetime) -> sa.ColumnElement[bool] | None:
    """The requests that need `viewer` in one way; None when the role can do nothing about them."""
    if need is Need.SECOND_PERSON:
        return _second_for(viewer)
    if need is Need.NOTICE_STOPPED:
        return _stopped_for(viewer)
    # Whoever may propose can call the patron and propose again.
    if not may(viewer, Permission.PROPOSE_CHANGE):
        return None
    ended, state = col(ChangeRequestRow.ended_at), col(ChangeRequestRow.state)
    wanted: Mapping[Need, sa.ColumnElement[bool]] = {
        Need.OBJECTED: _objected(since),
        Need.ADDRESS_TAKEN: (ended >= since)
        & (col(ChangeRequestRow.cause) == Cause.ADDRESS_TAKEN)
        & ~_is_followed(),
        Need.UNDELIVERABLE: (ended >= since)
        & (state == RequestState.UNDELIVERABLE)
        & ~_is_followed(),
    }
    return wanted[need]


def _is_followed() -> sa.ColumnElement[bool]:
    """A newer request about the same patron deals with it: ids are in the order of time."""
    newer = sa.alias(table_of(ChangeRequestRow))
    return sa.exists().where(
        newer.c.patron_id == col(ChangeRequestRow.patron_id),
        newer.c.id > col(ChangeRequestRow.id),
    )


def _requests(
    session: Session,
    viewer: StaffMember,
    wanted: sa.ColumnElement[bool],
    order: sa.UnaryExpression[Any],
    limit: int,
) -> Needed:
    conditions = (wanted, _not_own(viewer))
    patron = col(PatronRow.id) == col(ChangeRequestRow.patron_id)
    total = session.exec(
        select(sa.func.count()).select_from(ChangeRequestRow, PatronRow).where(patron, *conditions)
    ).one()
    found = standings(session, *conditions, order=order, limit=limit, reader=viewer.role)
    return Needed(total, found)


def _second_for(viewer: StaffMember) -> sa.ColumnElement[bool]:
    """Held until a colleague of the proposer says yes, or a code that another must confirm."""
    state, request = col(ChangeRequestRow.state), col(ChangeRequestRow.id)
    mine = [held for held, permission in _LET_GO.items() if may(viewer, permission)]
    waits = [
        (state == RequestState.HELD)
        & col(ChangeRequestRow.held_for).in_(mine)
        & (col(ChangeRequestRow.proposer_id) != viewer.id)
    ]
    if may(viewer, Permission.DESK_CONFIRM):
        read_out = sa.select(col(DeskConfirmationRow.request_id)).where(
            col(DeskConfirmationRow.kind) == DeskKind.CODE,
            col(DeskConfirmationRow.confirmed_at).is_(None),
            col(DeskConfirmationRow.declined_at).is_(None),
            col(DeskConfirmationRow.clerk_id) != viewer.id,
        )
        is_asked = state.in_((RequestState.PENDING, RequestState.WAITING))
        waits.append(is_asked & request.in_(read_out))
    return sa.or_(*waits)


def _stopped_for(viewer: StaffMember) -> sa.ColumnElement[bool]:
    """A patron was not told, so that no silence counts until a person has acted.

    A second person may end the wait; who answers for the request may withdraw it.
    """
    stands = sa.and_(
        col(ChangeRequestRow.state).in_((RequestState.PENDING, RequestState.WAITING)),
        col(ChangeRequestRow.notice_state).in_(STOPPED),
    )
    proposer = col(ChangeRequestRow.proposer_id)
    who: list[sa.ColumnElement[bool]] = [sa.false()]
    if may(viewer, Permission.RELEASE_REQUEST):
        who.append(proposer.is_distinct_from(viewer.id))
    if may(viewer, Permission.WITHDRAW_REQUEST):
        who.append(is_answered_by(viewer.id))
    return stands & sa.or_(*who)


def _objected(since: datetime) -> sa.ColumnElement[bool]:
    """Rejected by an objection since an instant; one after the change has frozen the record."""
    objected = sa.select(col(FieldChangeRow.request_id)).where(
        col(FieldChangeRow.outcome) == FieldOutcome.OBJECTED,
        col(FieldChangeRow.settled_at) >= since,
    )
    return col(ChangeRequestRow.id).in_(objected)


def _frozen(session: Session, viewer: StaffMember, limit: int) -> Needed:
    """Records in dispute; who has looked already waits for the second person."""
    if not may(viewer, Permission.CLEAR_FREEZE):
        return Needed()
    wanted = _in_dispute(viewer)
    query = (
        select(PatronFreezeRow, ChangeRequestRow, PatronRow)
        .where(*wanted)
        .order_by(col(PatronFreezeRow.opened_at), col(PatronFreezeRow.id))
        .limit(limit)
    )
    tables = (PatronFreezeRow, ChangeRequestRow, PatronRow)
    counted = select(sa.func.count()).select_from(*tables).where(*wanted)
    found = (
        standing(request, patron, at=freeze.opened_at, reader=viewer.role)
        for freeze, request, patron in session.exec(query)
    )
    return Needed(session.exec(counted).one(), tuple(found))


def _frozen_ids(viewer: StaffMember) -> sa.Select[Any] | None:
    """The requests about which a record is in dispute."""
    if not may(viewer, Permission.CLEAR_FREEZE):
        return None
    return sa.select(col(ChangeRequestRow.id)).where(*_in_dispute(viewer))


def _in_dispute(viewer: StaffMember) -> tuple[sa.ColumnElement[bool], ...]:
    first = col(PatronFreezeRow.first_id)
    return (
        col(PatronFreezeRow.cleared_at).is_(None),
        sa.or_(first.is_(None), first != viewer.id),
        col(ChangeRequestRow.id) == col(PatronFreezeRow.request_id),
        col(PatronRow.id) == col(PatronFreezeRow.patron_id),
        _not_own(viewer),
    )


def _on_records(session: Session, need: Need, viewer: StaffMember, limit: int) -> Needed:
    """What a colleague asked for on a record, and a second person must confirm."""
    kind, permission = _ON_RECORDS[need]
    if not may(viewer, permission):
        return Needed()
    wanted = (
        col(kind.done_at).is_(None),
        col(kind.declined_at).is_(None),
        col(kind.requested_by) != viewer.id,
        col(PatronRow.id) == col(kind.patron_id),
        _not_own(viewer),
    )
    query = (
        select(kind, PatronRow)
        .where(*wanted)
        .order_by(col(kind.requested_at), col(kind.id))
        .limit(limit)
    )
    found = (
        Standing(
            reference="",
            patron_number=patron.number,
            patron_name=seen_name(patron, viewer.role),
            proposer_label=asked.requested_label,
            state=RequestState.HELD,
            at=asked.requested_at,
        )
        for asked, patron in session.exec(query)
    )
    total = session.exec(select(sa.func.count()).select_from(kind, PatronRow).where(*wanted)).one()
    return Needed(total, tuple(found))


def _not_own(viewer: StaffMember) -> sa.ColumnElement[bool]:
    """Not the staff member's own record as a patron: nobody acts on that one."""
    key = col(PatronRow.email_key)
    return sa.or_(key.is_(None), key != viewer.email_key)
