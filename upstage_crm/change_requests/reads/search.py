"""Which requests a search finds, for one reader; see `patrons.search_query` for the rule."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import col

from upstage_crm.change_requests.model.rules import ENDED_STATES, RequestState
from upstage_crm.change_requests.model.tables import (
    ChangeRequestRow,
    FieldChangeRow,
    is_answered_by,
)
from upstage_crm.core.db import on_the_way
from upstage_crm.core.ids import REFERENCE_LENGTH, parse_reference, plain_code
from upstage_crm.patrons.search import search_query as patrons
from upstage_crm.patrons.search_terms import (
    prefix_end,
    query_words,
)
from upstage_crm.patrons.visibility import MAILBOX
from upstage_crm.staff.roles import Role
from upstage_crm.staff.visibility import sees


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """Requests that were asked, or that ended, from `start` on and before `end`."""

    by_ending: bool
    start: datetime | None = None
    end: datetime | None = None


def matching(
    states: Sequence[RequestState],
    answerable_id: str | None,
    expiring_before: datetime | None,
    only: Collection[str] | None = None,
    query: str = "",
    *,
    dated: Dated | None = None,
    reader: Role = Role.OWNER,
    home: str = "",
) -> list[sa.ColumnElement[bool]]:
    """The conditions on a request; `query` finds by reference, proposed address, or patron.

    `only` are the ids among which the others count.
    """
    conditions: list[sa.ColumnElement[bool]] = []
    if set(states) == set(ENDED_STATES):
        conditions.append(col(ChangeRequestRow.ended_at).is_not(None))
    elif states:
        is_in_state = col(ChangeRequestRow.state).in_(states)
        # No index has two ends in one order: those of a list are met as they ended.
        has_several_ends = len(states) > 1 and not any(state.is_open for state in states)
        conditions.append(on_the_way(is_in_state) if has_several_ends else is_in_state)
    if answerable_id is not None:
        is_theirs = is_answered_by(answerable_id)
        conditions.append(is_theirs if only is None else on_the_way(is_theirs))
    if expiring_before is not None:
        conditions.append(col(ChangeRequestRow.expires_at) <= expiring_before)
    if only is not None:
        conditions.append(col(ChangeRequestRow.id).in_(only))
    if dated is not None:
        moment = col(ChangeRequestRow.ended_at if dated.by_ending else ChangeRequestRow.created_at)
        conditions += [moment >= dated.start] if dated.start else []
        conditions += [moment < dated.end] if dated.end else []
    if words := query_words(query):
        request_id = col(ChangeRequestRow.id)
        by_patron = patrons.matching(query, reader=reader, home=home)
        # One after the other: with OR between them every request would be read.
        any_of = [sa.select(request_id).where(col(ChangeRequestRow.patron_id).in_(by_patron))]
        any_of += [sa.select(request_id).where(is_it) for is_it in _is_called(query)]
        if "@" in words[0]:
            proposes = _proposes(query, words[0], reader, home)
            any_of.append(sa.select(col(FieldChangeRow.request_id)).where(proposes))
        conditions.append(request_id.in_(sa.union(*any_of)))
    return conditions


def _is_called(query: str) -> Iterator[sa.ColumnElement[bool]]:
    """The request's reference is this, or begins so: of a whole one the index knows the place."""
    column, length = col(ChangeRequestRow.reference), len(plain_code(query))
    if length == REFERENCE_LENGTH:
        yield column == parse_reference(query)
    elif 0 < length < REFERENCE_LENGTH:
        yield column.startswith(parse_reference(query), autoescape=True)


def _proposes(query: str, word: str, reader: Role, home: str) -> sa.ColumnElement[bool]:
    """The proposed address begins so, for staff who see it; else it is that as a whole."""
    key = col(FieldChangeRow.proposed_key)
    begins = sa.and_(key >= word, key < prefix_end(word))
    if sees(reader, MAILBOX.key, is_protected=True):
        return begins
    whole = [
        key == keys[MAILBOX.derived[0]] for keys in patrons.whole_keys(query, MAILBOX, home=home)
    ]
    if sees(reader, MAILBOX.key, is_protected=False):
        is_open = col(FieldChangeRow.patron_id).in_(patrons.open_ids())
        return sa.or_(sa.and_(begins, is_open), *whole)
    return sa.or_(sa.false(), *whole)
