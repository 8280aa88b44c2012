"""Reads change requests."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from upstage_crm.audit import recorded
from upstage_crm.change_requests.model import policy_store
from upstage_crm.change_requests.model.errors import UnknownRequest
from upstage_crm.change_requests.model.rules import (
    OPEN_OUTCOMES,
    ChangeKind,
    FieldOutcome,
    RequestState,
)
from upstage_crm.change_requests.model.tables import (
    ChangeRequestRow,
    FieldChangeRow,
    ReviewRow,
)
from upstage_crm.change_requests.model.views import (
    FieldView,
    RequestLine,
    RequestView,
)
from upstage_crm.change_requests.reads import comments, request_order, search
from upstage_crm.change_requests.reads.search import Dated
from upstage_crm.core.counting import count_some
from upstage_crm.core.db import table_of
from upstage_crm.links.claims import Reviewer
from upstage_crm.organisation.settings import home
from upstage_crm.patrons import fields
from upstage_crm.patrons import queries as patron_queries
from upstage_crm.patrons.errors import UnknownPatron
from upstage_crm.patrons.queries import access_of, seen_name
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.patrons.visibility import FieldAccess
from upstage_crm.staff import accounts
from upstage_crm.staff.roles import Role

# Every decision runs these. Built once: building them anew takes longer than running them.
_ID = sa.bindparam("id", type_=sa.String())
_IDS = sa.bindparam("ids", type_=sa.String(), expanding=True)
_request = table_of(ChangeRequestRow)
_PATRON_OF = sa.select(_request.c.patron_id).where(_request.c.id == _ID)
# The patron of a request never changes, so it may be read before the request is locked.
_LOCK_PATRON = patron_queries.locking(_PATRON_OF.scalar_subquery())
_FRESH = {"populate_existing": True}
_LOCK = (
    select(ChangeRequestRow)
    .where(col(ChangeRequestRow.id) == _ID)
    .with_for_update()
    .execution_options(**_FRESH)
)
_FIELDS_OF = (
    select(FieldChangeRow)
    .where(col(FieldChangeRow.request_id).in_(_IDS), col(FieldChangeRow.kind) != ChangeKind.REVERT)
    .execution_options(**_FRESH)
)
_REVIEWS_OF = (
    select(ReviewRow).where(col(ReviewRow.request_id).in_(_IDS)).execution_options(**_FRESH)
)
_ORDER = {key: place for place, key in enumerate(fields.FIELDS)}


def patron_of(session: Session, request_id: str) -> str:
    """The patron of a request; it never changes.

    Raises:
        UnknownRequest: there is none.
    """
    patron_id: str | None = session.connection().execute(_PATRON_OF, {"id": request_id}).scalar()
    if patron_id is None:
        raise UnknownRequest
    return patron_id


def lock_patron(session: Session, request_id: str) -> PatronRow:
    """Return the row of a request's patron, locked: the first lock of a command.

    Raises:
        UnknownRequest: there is no such request. RowNotProven: as `patrons.queries.lock` says.
    """
    try:
        return patron_queries.lock(session, request_id, statement=_LOCK_PATRON)
    except UnknownPatron:
        raise UnknownRequest from None


def lock(session: Session, request_id: str) -> ChangeRequestRow:
    """Return the request's row, locked; take the patron's lock first.

    Raises:
        UnknownRequest: there is none.
        RowNotProven: it, or a row that belongs to it, is not what the trail says.
    """
    row = session.exec(_LOCK, params={"id": request_id}).first()
    if row is None:
        raise UnknownRequest
    recorded.prove(session, "change_request", request_id)
    return row


def fields_of(session: Session, request_ids: Iterable[str]) -> dict[str, list[FieldChangeRow]]:
    """The proposed field changes of each request, in the registry's order; reverts are not."""
    by_request: dict[str, list[FieldChangeRow]] = {}
    rows = session.exec(_FIELDS_OF, params={"ids": list(request_ids)}).all()
    for row in sorted(rows, key=lambda r: (_ORDER.get(r.field, 99), r.id)):
        by_request.setdefault(row.request_id, []).append(row)
    return by_request


def reviews_of(session: Session, request_ids: Iterable[str]) -> dict[str, list[ReviewRow]]:
    """The reviews of each field change of the requests, by field change id."""
    by_field: dict[str, list[ReviewRow]] = {}
    for row in session.exec(_REVIEWS_OF, params={"ids": list(request_ids)}):
        by_field.setdefault(row.field_change_id, []).append(row)
    return by_field


def open_fields(session: Session, patron_id: str) -> dict[str, FieldChangeRow]:
    """The open field changes of a patron, by field key; at most one each."""
    query = select(FieldChangeRow).where(
        FieldChangeRow.patron_id == patron_id, col(FieldChangeRow.outcome).in_(OPEN_OUTCOMES)
    )
    return {row.field: row for row in session.exec(query)}


def get(session: Session, reference: str, *, reader: Role = Role.OWNER) -> RequestView:
    """Return one request as `reader` sees it.

    Raises:
        UnknownRequest: there is none with this reference.
    """
    query = select(ChangeRequestRow, PatronRow).where(
        ChangeRequestRow.reference == reference,
        col(PatronRow.id) == col(ChangeRequestRow.patron_id),
    )
    found = session.exec(query).first()
    if found is None:
        raise UnknownRequest
    return _views(session, [found], reader)[0]


def of_patron(
    session: Session, patron_id: str, *, limit: int = 50, reader: Role = Role.OWNER
) -> tuple[RequestView, ...]:
    """The requests of a patron as `reader` sees them, the newest first."""
    query = (
        select(ChangeRequestRow, PatronRow)
        .where(
            ChangeRequestRow.patron_id == patron_id,
            col(PatronRow.id) == col(ChangeRequestRow.patron_id),
        )
        .order_by(col(ChangeRequestRow.id).desc())
        .limit(limit)
    )
    return _views(session, session.exec(query).all(), reader)


def count_of_patron(session: Session, patron_id: str) -> int:
    """How many requests of a patron there are."""
    rows = sa.select(col(ChangeRequestRow.id)).where(col(ChangeRequestRow.patron_id) == patron_id)
    return count_some(session, rows)


def page(
    session: Session,
    *,
    states: Sequence[RequestState] = (),
    answerable_id: str | None = None,
    expiring_before: datetime | None = None,
    only: Collection[str] | None = None,
    dated: Dated | None = None,
    query: str = "",
    sort: request_order.RequestSort = request_order.RequestSort.TIME,
    descending: bool = False,
    page: int = 0,
    size: int = 50,
    reader: Role = Role.OWNER,
) -> tuple[int, tuple[RequestLine, ...]]:
    """How many requests match (see `count_some`), and one page of them, ordered by `sort`.

    `query` finds by reference, by a proposed address, or by what finds the patron, as far as
    `reader` sees them: see `search_query`. `only` are the ids among which the others count.
    """
    wanted = search.matching(
        states,
        answerable_id,
        expiring_before,
        only,
        query,
        dated=dated,
        reader=reader,
        home=home(session),
    )
    ids_found = sa.select(_request.c.id).where(*wanted)
    total = count_some(session, ids_found, at_least=(page + 1) * size)
    if sort is request_order.RequestSort.ASKED:
        ids = request_order.as_asked(session, wanted, page * size, size, descending=descending)
    else:
        ids = request_order.by_time(session, wanted, page * size, size, descending=descending)
    statement = select(ChangeRequestRow, PatronRow).where(
        col(ChangeRequestRow.id).in_(ids), col(PatronRow.id) == col(ChangeRequestRow.patron_id)
    )
    place = {request_id: n for n, request_id in enumerate(ids)}
    rows = sorted(session.exec(statement), key=lambda row: place[row[0].id])
    return total, _lines(session, rows, reader)


def counts(session: Session) -> Mapping[RequestState, int]:
    """How many requests are in each state, see `count_some`; states without any are left out."""
    found = {
        state: count_some(session, sa.select(_request.c.id).where(_request.c.state == state))
        for state in RequestState
    }
    return {state: count for state, count in found.items() if count}


def mailbox_of(change: FieldChangeRow, reviewer: Reviewer) -> str | None:
    """The address behind a reviewer, where the field is itself one; None where it is not."""
    column = fields.field(change.field).mailbox_column
    if column is None:
        return None
    source = change.proposed_value if reviewer is Reviewer.PROPOSED else change.current_value
    return values(source)[column]


def values(text: str) -> dict[str, str | None]:
    """The column values that a field change's JSON holds; what was erased reads as not known."""
    return _Columns(json.loads(text))


class _Columns(dict[str, str | None]):
    def __missing__(self, _column: str) -> None:
        return None


def _lines(
    session: Session, rows: Sequence[tuple[ChangeRequestRow, PatronRow]], reader: Role
) -> tuple[RequestLine, ...]:
    ids = [request.id for request, _patron in rows]
    changes, country = fields_of(session, ids), home(session)
    keepers, said = _keepers(session, rows), comments.counts(session, ids)
    return tuple(
        RequestLine(
            id=request.id,
            reference=request.reference,
            patron_number=patron.number,
            patron_name=seen_name(patron, reader),
            state=request.state,
            fields=", ".join(fields.field(c.field).label for c in changes[request.id]),
            proposed="; ".join(
                access_of(patron, reader, home=country).show(
                    fields.field(c.field), values(c.proposed_value)
                )
                for c in changes[request.id]
            ),
            proposer_label=request.proposer_label,
            answerable_label=keepers.get(request.keeper_id or "", request.proposer_label),
            comments=said.get(request.id, 0),
            created_at=request.created_at,
            expires_at=request.expires_at,
            ended_at=request.ended_at,
            applies_at=_applies_at(changes[request.id]),
            is_stopped=_is_lost(request),
            held_for=request.held_for,
        )
        for request, patron in rows
    )


def _views(
    session: Session, rows: Sequence[tuple[ChangeRequestRow, PatronRow]], reader: Role
) -> tuple[RequestView, ...]:
    ids = [request.id for request, _patron in rows]
    changes, reviews = fields_of(session, ids), reviews_of(session, ids)
    country, keepers = home(session), _keepers(session, rows)
    return tuple(
        _view(request, patron, changes[request.id], reviews, reader, country, keepers)
        for request, patron in rows
    )


def _keepers(
    session: Session, rows: Sequence[tuple[ChangeRequestRow, PatronRow]]
) -> Mapping[str, str]:
    """How the members are called who took requests over."""
    return accounts.labels_of(
        session, {request.keeper_id for request, _patron in rows if request.keeper_id}
    )


def _view(
    request: ChangeRequestRow,
    patron: PatronRow,
    changes: Sequence[FieldChangeRow],
    reviews: Mapping[str, Sequence[ReviewRow]],
    reader: Role,
    country: str,
    keepers: Mapping[str, str],
) -> RequestView:
    access = _sight(patron, changes, reader, country)
    return RequestView(
        id=request.id,
        reference=request.reference,
        patron_id=patron.id,
        patron_number=patron.number,
        patron_name=seen_name(patron, reader),
        access=access,
        sees_fields=all(access.sees(change.field) for change in changes),
        state=request.state,
        cause=request.cause,
        reason_code=request.reason_code,
        reason_text=access.words(request.reason_text),
        proposer_id=request.proposer_id,
        proposer_label=request.proposer_label,
        answerable_id=request.answerable_id,
        answerable_label=keepers.get(request.keeper_id or "", request.proposer_label),
        created_at=request.created_at,
        expires_at=request.expires_at,
        ended_at=request.ended_at,
        last_sent_at=request.last_sent_at,
        sent_count=request.sent_count,
        policy=policy_store.read(request.policy),
        path=request.path,
        held_for=request.held_for,
        released_at=request.released_at,
        applies_at=_applies_at(changes),
        notice_state=request.notice_state,
        noticed_at=request.noticed_at,
        next_reminder_at=request.next_reminder_at,
        code_tries=request.code_tries,
        fields=tuple(
            _field(c, reviews.get(c.id, []), access, is_lost=_is_lost(request)) for c in changes
        ),
    )


def _applies_at(changes: Sequence[FieldChangeRow]) -> datetime | None:
    """When the first waiting change of a request takes effect; None while its clock stands."""
    waiting = (c.applies_at for c in changes if c.outcome is FieldOutcome.WAITING)
    return min((at for at in waiting if at is not None), default=None)


def _sight(
    patron: PatronRow, changes: Sequence[FieldChangeRow], reader: Role, home: str
) -> FieldAccess:
    """What the reader may see; what the request holds must not stand in a text either."""
    told = (text for change in changes for text in (change.current_value, change.proposed_value))
    return access_of(patron, reader, home=home).knowing(*(values(text) for text in told))


def _is_lost(request: ChangeRequestRow) -> bool:
    """Whether the notice to the current mailbox did not arrive."""
    return request.notice_state is not None and request.notice_state.is_stopped


def _field(
    change: FieldChangeRow, reviews: Sequence[ReviewRow], access: FieldAccess, *, is_lost: bool
) -> FieldView:
    entry = fields.field(change.field)
    counting = [review for review in reviews if review.replaced_at is None]
    decided = sorted((review.decided_at, review.id) for review in reviews if review.decided_at)
    last = next((r for r in reviews if decided and r.id == decided[-1][1]), None)
    return FieldView(
        id=change.id,
        field=change.field,
        now=access.show(entry, values(change.current_value)),
        proposed=access.show(entry, values(change.proposed_value)),
        outcome=change.outcome,
        settled_at=change.settled_at,
        applies_at=change.applies_at,
        reviewers=tuple(review.reviewer for review in counting),
        mailboxes=tuple(access.mailbox(review.mailbox) for review in counting),
        unanswered=tuple(
            access.mailbox(review.mailbox)
            for review in counting
            if review.decision is None and (review.is_binding or is_lost)
        ),
        comment=access.words(last.comment) if last else "",
        decision=last.decision if last else None,
        decided_at=last.decided_at if last else None,
        channel=last.channel if last else None,
    )
