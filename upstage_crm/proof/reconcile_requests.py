"""Compares every field change with the trail: its values, its keys, and what became of it.

The second half of what `proof.reconcile_patrons` does: the guards let a value through because of
a field change, so no one may have altered one behind the trail's back either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit.chain import read_object
from upstage_crm.audit.events import Action
from upstage_crm.audit.findings import Compared, Difference, Problem
from upstage_crm.audit.tables import AuditEntryRow, AuditValueRow
from upstage_crm.change_requests.lifecycle.checks import key_of
from upstage_crm.change_requests.model.rules import (
    ChangeKind,
    Decision,
    FieldOutcome,
)
from upstage_crm.change_requests.model.tables import (
    ChangeRequestRow,
    FieldChangeRow,
    ReviewRow,
)
from upstage_crm.core.db import table_of
from upstage_crm.core.errors import Invalid
from upstage_crm.patrons.fields import FIELDS, ProtectedField
from upstage_crm.patrons.tables import PatronRow, PatronStatus
from upstage_crm.proof.reconcile_patrons import are_keys_right

BATCH = 500  # requests compared at once

_request = table_of(ChangeRequestRow)
_change = table_of(FieldChangeRow)
_review = table_of(ReviewRow)
_patron = table_of(PatronRow)
_entry = table_of(AuditEntryRow)
_value = table_of(AuditValueRow)
_TELLING = (
    Action.REQUEST_PROPOSED,
    Action.FIELD_APPROVED,
    Action.DESK_CONFIRMED,
    Action.FIELD_APPLIED,
)
_Review = tuple[str | None, bool]  # what it decided, and whether it had to say yes
_VALUES = ("current_value", "proposed_value", "proposed_key")
# Words are read as text: one that was tampered with must not stop the check.
_CHANGES = (
    sa.select(
        *(_change.c[name] for name in ("id", "request_id", "field", *_VALUES)),
        sa.type_coerce(_change.c.kind, sa.String).label("kind"),
        sa.type_coerce(_change.c.outcome, sa.String).label("outcome"),
        sa.type_coerce(_patron.c.status, sa.String).label("status"),
        _request.c.reference,
        _patron.c.number,
    )
    .join(_request, _request.c.id == _change.c.request_id)
    .join(_patron, _patron.c.id == _change.c.patron_id)
    .order_by(_change.c.id)
)
_ENTRIES = sa.select(
    *(_entry.c[name] for name in ("seq", "request_id", "action", "facts", "commitments"))
).where(_entry.c.action.in_(_TELLING))
_OPENED = (
    sa.select(_value.c.seq, _value.c.name, _value.c.value)
    .join(_entry, _entry.c.seq == _value.c.seq)
    .where(_entry.c.action.in_(_TELLING))
)
_REVIEWS = sa.select(
    _review.c.field_change_id,
    sa.type_coerce(_review.c.decision, sa.String),
    _review.c.is_binding,
).where(_review.c.replaced_at.is_(None))


@dataclass(frozen=True, slots=True)
class _Said:
    """One entry that tells of field changes: what it commits to, and what is still there of it."""

    seq: int
    facts: Mapping[str, Any]
    names: frozenset[str]
    values: Mapping[str, str | None]


@dataclass(slots=True)
class _Told:
    """What the trail says of one request."""

    proposed: _Said | None = None
    approved: set[str] = field(default_factory=set[str])
    is_confirmed: bool = False
    applied: dict[str, _Said] = field(default_factory=dict[str, _Said])


def reconcile(session: Session) -> Iterator[Compared]:
    """Compare every field change, one batch of requests after the other, over one snapshot."""
    for ids, after, until in batches(session):
        yield _compare(session, set(ids), after, until)


def batches(session: Session) -> Iterator[tuple[Sequence[str], str, str | None]]:
    """The ids of all requests, some at a time, with the bounds of `within` that hold just them.

    The last batch has no upper bound: what belongs to no request must not hide behind it.
    """
    after, until = "", None
    while True:
        query = sa.select(_request.c.id).where(_request.c.id > after).order_by(_request.c.id)
        ids = session.connection().execute(query.limit(BATCH)).scalars().all()
        until = ids[-1] if len(ids) == BATCH else None
        yield ids, after, until
        if until is None:
            return
        after = until


def within(column: sa.ColumnElement[Any], after: str, until: str | None) -> sa.ColumnElement[bool]:
    """Whether a request's id lies in one batch."""
    return column > after if until is None else sa.and_(column > after, column <= until)


def _compare(session: Session, ids: set[str], after: str, until: str | None) -> Compared:
    connection = session.connection()
    told = _told(session, after, until)
    rows = (
        connection.execute(_CHANGES.where(within(_change.c.request_id, after, until)))
        .mappings()
        .all()
    )
    reviews: dict[str, list[_Review]] = {}
    query = _REVIEWS.where(within(_review.c.request_id, after, until))
    for change_id, decision, is_binding in connection.execute(query):
        reviews.setdefault(change_id, []).append((decision, is_binding))
    found: list[Difference] = []
    fields_of: dict[str, set[str]] = {request_id: set() for request_id in ids}
    for row in rows:
        said = told.get(row["request_id"], _Told())
        fields_of.setdefault(row["request_id"], set()).add(row["field"])
        if (flaw := _flaw(row, said, reviews.get(row["id"], []))) is not None:
            problem, seq = flaw
            found.append(
                Difference(
                    problem=problem,
                    number=row["number"],
                    field=row["field"],
                    reference=row["reference"],
                    seq=seq,
                )
            )
        said.applied.pop(row["id"], None)
    return Compared(len(rows), (*found, *_gone(told, fields_of)))


def _gone(told: Mapping[str, _Told], fields_of: Mapping[str, set[str]]) -> Iterator[Difference]:
    """Field changes that the trail knows and the table does not."""
    for request_id, said in told.items():
        for entry in said.applied.values():
            yield Difference(problem=Problem.CHANGE_GONE, seq=entry.seq)
        if said.proposed is None:
            continue
        proposed = str(said.proposed.facts.get("fields", "")).split(", ")
        if not fields_of.get(request_id, set()).issuperset(proposed):
            yield Difference(problem=Problem.CHANGE_GONE, seq=said.proposed.seq)


def _flaw(
    row: Mapping[Any, Any], told: _Told, reviews: Sequence[_Review]
) -> tuple[Problem, int | None] | None:
    """What is wrong with one field change, and the entry that says otherwise."""
    applied = told.applied.get(row["id"])
    origin = applied if row["kind"] == ChangeKind.REVERT else told.proposed
    entry = FIELDS.get(row["field"])
    if entry is None or origin is None:
        return Problem.CHANGE_UNKNOWN, None
    if (found := _value_flaw(row, entry, origin, applied)) is not None:
        return found
    is_applied = row["outcome"] == FieldOutcome.APPLIED
    if is_applied != (applied is not None) or row["outcome"] == FieldOutcome.APPROVED:
        return Problem.CHANGE_OUTCOME, applied.seq if applied else None
    if is_applied and not _is_approved(row, told, reviews):
        return Problem.CHANGE_UNAPPROVED, origin.seq
    return None


def _value_flaw(
    row: Mapping[Any, Any], entry: ProtectedField, origin: _Said, applied: _Said | None
) -> tuple[Problem, int | None] | None:
    if row["status"] == PatronStatus.ERASED:
        is_empty = tuple(row[name] for name in _VALUES) == ("{}", "{}", "")
        return None if is_empty else (Problem.ERASURE_INCOMPLETE, origin.seq)
    for said in (origin, applied):
        if said and (problem := _disagrees(row, entry.columns, said)) is not None:
            return problem, said.seq
    return None if _are_keys_right(row) else (Problem.CHANGE_KEY, origin.seq)


def _is_approved(row: Mapping[Any, Any], told: _Told, reviews: Sequence[_Review]) -> bool:
    """Whether reviews and trail hold the approval that this kind of change needs."""
    if row["kind"] == ChangeKind.REVERT:
        return True
    if any(decision in (Decision.REJECT, Decision.OBJECT) for decision, _binds in reviews):
        return False
    needed = [decision for decision, is_binding in reviews if is_binding]
    if any(decision != Decision.APPROVE for decision in needed):
        return False
    if row["kind"] == ChangeKind.DESK:
        return told.is_confirmed
    return row["field"] in told.approved and bool(needed)


def _disagrees(row: Mapping[Any, Any], columns: Sequence[str], said: _Said) -> Problem | None:
    for stored, suffix in (("current_value", "old"), ("proposed_value", "new")):
        values = read_object(row[stored])
        for column in columns:
            name = f"{column}.{suffix}"
            if name not in said.names:
                return Problem.CHANGE_UNKNOWN
            if name not in said.values:
                return Problem.EVIDENCE_GONE
            if column not in values or values[column] != said.values[name]:
                return Problem.CHANGE_VALUE
    return None


def _are_keys_right(row: Mapping[Any, Any]) -> bool:
    """Whether every derived key in the field change is what the registry derives now."""
    entry = FIELDS[row["field"]]
    current, proposed = read_object(row["current_value"]), read_object(row["proposed_value"])
    if not are_keys_right(entry, current) or not are_keys_right(entry, proposed):
        return False
    if row["kind"] == ChangeKind.REVERT:
        return row["proposed_key"] == ""  # no one may be asked about it twice, so it has none
    try:
        return key_of(entry, proposed) == row["proposed_key"]
    except (Invalid, KeyError):
        return False


def _told(session: Session, after: str, until: str | None) -> dict[str, _Told]:
    is_ours = within(_entry.c.request_id, after, until)
    opened: dict[int, dict[str, str | None]] = {}
    for seq, name, value in session.connection().execute(_OPENED.where(is_ours)):
        opened.setdefault(seq, {})[name] = value
    told: dict[str, _Told] = {}
    query = _ENTRIES.where(is_ours).order_by(_entry.c.seq)
    for row in session.connection().execute(query).mappings():
        action, names = row["action"], frozenset(read_object(row["commitments"]))
        values = opened.get(row["seq"], {})
        said = _Said(row["seq"], read_object(row["facts"]), names, values)
        request = told.setdefault(row["request_id"], _Told())
        if action is Action.REQUEST_PROPOSED:
            request.proposed = said
        elif action is Action.FIELD_APPLIED:
            request.applied[str(said.facts.get("field_change"))] = said
        elif action is Action.FIELD_APPROVED:
            request.approved.add(str(said.facts.get("field")))
        else:
            request.is_confirmed = True
    return told
