"""Compares every patron's protected values with the trail, and derived keys with the registry.

The guards refuse a write that no patron approved. An attacker who may drop a guard can still write;
this finds it afterwards. A difference names a patron and a field, never a value.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit.chain import read_object
from upstage_crm.audit.events import Action
from upstage_crm.audit.findings import Compared, Difference, Problem
from upstage_crm.audit.tables import AuditEntryRow, AuditValueRow
from upstage_crm.core.db import on_the_way, table_of
from upstage_crm.core.errors import Invalid
from upstage_crm.households.tables import HouseholdMemberRow, RelationshipRow
from upstage_crm.patrons.erasure import GONE
from upstage_crm.patrons.fields import DERIVED_COLUMNS, FIELDS, PROTECTED_COLUMNS, ProtectedField
from upstage_crm.patrons.tables import PatronRow, PatronStatus

BATCH = 1_000  # patrons compared at once

_patron = table_of(PatronRow)
_entry = table_of(AuditEntryRow)
_value = table_of(AuditValueRow)
_WRITING = (Action.PATRON_ADDED, Action.FIELD_APPLIED, Action.PATRON_ERASED)
_NEW = ".new"
_OF_HOUSEHOLDS = (table_of(HouseholdMemberRow), table_of(RelationshipRow))
_EMPTIED = ("preferred_name", "pronouns", "note")  # free columns that erasure blanks
# The status is read as text: a word that was tampered with must not stop the check.
_ROWS = sa.select(
    sa.type_coerce(_patron.c.status, sa.String).label("status"),
    *(
        _patron.c[name]
        for name in ("id", "number", *PROTECTED_COLUMNS, *DERIVED_COLUMNS, *_EMPTIED)
    ),
).order_by(_patron.c.id)


@dataclass(slots=True)
class _Told:
    """What the trail says that a record holds. A column may be committed to, its value gone."""

    is_added: bool = False
    erased_at: int | None = None
    has_opened: bool = False
    values: dict[str, str | None] = field(default_factory=dict[str, str | None])
    seqs: dict[str, int] = field(default_factory=dict[str, int])
    gone: set[str] = field(default_factory=set[str])


def reconcile(session: Session) -> Iterator[Compared]:
    """Compare every patron, one batch after the other, over the session's snapshot."""
    connection, after = session.connection(), ""
    while True:
        batch = _ROWS.where(_patron.c.id > after).limit(BATCH)
        rows = connection.execute(batch).mappings().all()
        is_last = len(rows) < BATCH
        until = None if is_last else str(rows[-1]["id"])
        told = _told(session, after=after, until=until)
        left = _left_over(session, [r["id"] for r in rows if r["status"] == PatronStatus.ERASED])
        found: list[Difference] = []
        for row in rows:
            found += _differences(row, told.pop(row["id"], _Told()), is_left=row["id"] in left)
        found += [
            Difference(problem=Problem.RECORD_GONE, seq=min(rest.seqs.values(), default=None))
            for rest in told.values()
        ]
        yield Compared(len(rows), tuple(found))
        if until is None:
            return
        after = until


def _told(session: Session, *, after: str, until: str | None) -> dict[str, _Told]:
    """What the trail says of the patrons with ids after `after`, up to `until`."""
    within = (_entry.c.patron_id > after) & on_the_way(_entry.c.action.in_(_WRITING))
    if until is not None:
        within &= _entry.c.patron_id <= until
    connection = session.connection()
    columns = (_entry.c.seq, _entry.c.patron_id, _entry.c.action, _entry.c.commitments)
    entries = connection.execute(sa.select(*columns).where(within).order_by(_entry.c.seq)).all()
    opened = sa.select(_value.c.seq, _value.c.name, _value.c.value).join(
        _entry, _entry.c.seq == _value.c.seq
    )
    values = {(seq, name): value for seq, name, value in connection.execute(opened.where(within))}
    told: dict[str, _Told] = {}
    for seq, patron_id, action, commitments in entries:
        known = told.setdefault(patron_id, _Told())
        committed = _committed(action, read_object(commitments))
        known.is_added |= action is Action.PATRON_ADDED
        if action is Action.PATRON_ERASED:
            known.erased_at = seq
            continue
        for column, name in committed.items():
            known.seqs[column] = seq
            known.values[column] = values.get((seq, name)) if name else None
            known.has_opened |= (seq, name) in values
            known.gone.discard(column)
            if name is not None and (seq, name) not in values:
                known.gone.add(column)
    return told


def _committed(action: Action, commitments: Mapping[str, str]) -> dict[str, str | None]:
    """Which columns an entry wrote: the name that its value has there, None for no value."""
    if action is Action.PATRON_ADDED:
        return {c: c if c in commitments else None for c in PROTECTED_COLUMNS}
    names = {name.removesuffix(_NEW): name for name in commitments if name.endswith(_NEW)}
    return {column: name for column, name in names.items() if column in PROTECTED_COLUMNS}


def _left_over(session: Session, erased: Collection[str]) -> set[str]:
    """Those of the erased patrons of whom a row is still there that should have gone with them."""
    found: set[str] = set()
    for table in (*GONE, *_OF_HOUSEHOLDS) if erased else ():
        query = sa.select(table.c.patron_id).where(table.c.patron_id.in_(erased))
        found |= set(session.connection().execute(query).scalars())
    return found


def _differences(row: Mapping[Any, Any], told: _Told, *, is_left: bool) -> list[Difference]:
    number = row["number"]
    if not told.is_added:
        return [Difference(problem=Problem.NEVER_ADDED, number=number)]
    is_erased = row["status"] == PatronStatus.ERASED
    if told.erased_at is not None:
        is_empty = not any(row[c] for c in (*PROTECTED_COLUMNS, *DERIVED_COLUMNS, *_EMPTIED))
        if is_erased and is_empty and not told.has_opened and not is_left:
            return []
        problem = Problem.ERASURE_INCOMPLETE
        return [Difference(problem=problem, number=number, seq=told.erased_at)]
    if is_erased:
        return [Difference(problem=Problem.ERASURE_UNTOLD, number=number)]
    found: list[Difference] = []
    for entry in FIELDS.values():
        problem = _problem(entry, row, told)
        if problem is not None:
            seq = max((told.seqs.get(column, 0) for column in entry.columns), default=None)
            found.append(Difference(problem=problem, number=number, field=entry.key, seq=seq))
    return found


def _problem(entry: ProtectedField, row: Mapping[Any, Any], told: _Told) -> Problem | None:
    for column in entry.columns:
        if column in told.gone:
            return Problem.EVIDENCE_GONE
        if row[column] != told.values.get(column):
            return Problem.VALUE
    return None if are_keys_right(entry, row) else Problem.DERIVED


def are_keys_right(entry: ProtectedField, values: Mapping[Any, Any]) -> bool:
    """Whether the derived columns in `values` are what the registry derives from the others."""
    try:
        derived = entry.derive({column: values[column] for column in entry.columns})
    except Invalid:
        return False
    return all(values.get(column) == key for column, key in derived.items())
