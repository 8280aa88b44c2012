"""Restores what the trail says: by the operator, or by two staff members as far as guards allow.

A row that the trail knows gets back the columns that the newest entry committed to; a row that it
does not know goes, with what refers to it. A sealed row that fails its seal goes: nothing else
says what it should be. Entries that nobody signed stay where they are, named as void.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, SQLModel

from upstage_crm.audit import guards, recorded, states, trail, vouching
from upstage_crm.audit.chain import read_object
from upstage_crm.audit.events import OPERATOR, Action, Actor, AuditEvent, Channel
from upstage_crm.audit.findings import Problem
from upstage_crm.audit.guard_rules import Protected
from upstage_crm.audit.recorded import Ref, name_of
from upstage_crm.audit.registry import RECORDED, SEALED, Part
from upstage_crm.audit.tables import IntegrityFindingRow, RecordedRow
from upstage_crm.change_requests.errors import SamePerson
from upstage_crm.core.db import UtcDateTime, table_of
from upstage_crm.proof import integrity
from upstage_crm.proof.errors import FindingOver, NeedsOperator
from upstage_crm.proof.integrity import StandingFinding
from upstage_crm.staff.roles import Permission, StaffMember, ensure_may

UNUSABLE = "!"  # no password has this hash
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_recorded = table_of(RecordedRow)


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair did: rows restored, entries named as void, findings that it cannot end."""

    rows: int
    void: int
    left: tuple[StandingFinding, ...]


def repair_all(session: Session, protected: Protected, *, now: datetime) -> Repaired:
    """Restore every row that a finding names. Needs the rights of the database's owner.

    The guards make way and are back before this returns; all of it is one signed entry.
    """
    connection = session.connection()
    found = integrity.standing(session)
    rows = [row for row in found if row.subject in RECORDED or row.subject in SEALED]
    void = [row for row in found if row.problem is Problem.ENTRY_UNSIGNED]
    guards.drop(connection)
    for row in rows:
        _restore(session, (row.subject, row.row_id))
    guards.install(connection, protected)
    _record(session, rows, void, actor=OPERATOR, channel=Channel.COMMAND_LINE, now=now)
    ended = [*rows, *void]
    integrity.end_all(session, ended, now=now)
    left = tuple(row for row in found if row not in ended)
    return Repaired(rows=len(rows), void=len(void), left=left)


def agree(session: Session, *, actor: StaffMember, finding_id: str, now: datetime) -> bool:
    """Say that a row shall be what the trail says; the second member who says so restores it.

    Raises:
        Forbidden; FindingOver: there is no such finding any more.
        SamePerson: the first word was the actor's own.
        NeedsOperator: the database's guards keep the row from the app.
    """
    ensure_may(actor, Permission.RESTORE_ROWS)
    row = session.get(IntegrityFindingRow, finding_id, with_for_update=True)
    if row is None:
        raise FindingOver
    recorded.prove(session, "integrity_finding", finding_id)
    if row.ended_at is not None:
        raise FindingOver
    if row.subject not in RECORDED and row.subject not in SEALED:
        raise NeedsOperator
    if row.first_by is None:
        row.first_by, row.first_label = actor.id, actor.label
        session.add(row)
        trail.record(session, [], now=now)
        return False
    if row.first_by == actor.id:
        raise SamePerson
    try:
        with session.begin_nested():
            _restore(session, (row.subject, row.row_id))
    except DBAPIError as error:
        raise NeedsOperator from error
    found = [one for one in integrity.standing(session) if one.id == finding_id]
    _record(session, found, [], actor=actor.as_actor(), channel=Channel.CRM, now=now)
    integrity.end_all(session, found, now=now)
    return True


def _record(
    session: Session,
    rows: Sequence[StandingFinding],
    void: Sequence[StandingFinding],
    *,
    actor: Actor,
    channel: Channel,
    now: datetime,
) -> None:
    """One entry that commits to the rows as they are again, and names the void entries."""
    if not rows and not void:
        return
    facts: dict[str, str | int] = {"rows": ", ".join(f"{r.subject} {r.row_id}" for r in rows)}
    if void:
        facts["void"] = ", ".join(sorted((row.row_id for row in void), key=int))
    event = AuditEvent(action=Action.ROWS_RESTORED, actor=actor, channel=channel, facts=dict(facts))
    refs = [(row.subject, row.row_id) for row in rows if row.subject in RECORDED]
    session.info["proven"] |= set(refs)
    besides = [
        state
        for subject, row_id in refs
        for state in recorded.read(session.connection(), RECORDED[subject], [row_id])
        if state.text != states.GONE
    ]
    recorded.touched(session)  # they are among `besides`
    trail.record(session, [event], now=now, besides=besides)


def _restore(session: Session, ref: Ref) -> None:
    connection = session.connection()
    if ref[0] in SEALED:
        key = zip(SEALED[ref[0]].key, ref[1].split("/", len(SEALED[ref[0]].key) - 1), strict=True)
        _delete(connection, SQLModel.metadata.tables[ref[0]], dict(key))
        return
    subject = RECORDED[ref[0]]
    committed = _newest_committed(session, ref)
    if committed is None:
        for part in reversed(subject.parts):
            _delete(connection, SQLModel.metadata.tables[part.table], {part.subject: ref[1]})
        return
    wanted: states.State = json.loads(committed)
    for part in subject.parts:
        _restore_part(connection, part, ref[1], wanted.get(part.table, []))


def _newest_committed(session: Session, ref: Ref) -> str | None:
    """The newest state that a signed entry commits to; pointers to anything else go."""
    is_about = sa.and_(_recorded.c.subject == ref[0], _recorded.c.row_id == ref[1])
    query = sa.select(_recorded.c.seq).where(is_about).order_by(_recorded.c.seq.desc())
    for seq in session.connection().execute(query).scalars().all():
        entry = vouching.entry(session, seq)
        if entry is not None and name_of(ref) in read_object(entry["commitments"]):
            state = recorded.committed_state(session, ref, seq)
            return state if not isinstance(state, Problem) and state != states.GONE else None
        session.connection().execute(sa.delete(_recorded).where(is_about, _recorded.c.seq == seq))
    return None


def _restore_part(
    connection: Connection,
    part: Part,
    subject_id: str,
    wanted: Sequence[Mapping[str, Any]],
) -> None:
    table = SQLModel.metadata.tables[part.table]
    of_subject = table.c[part.subject] == _typed(table.c[part.subject], subject_id)
    rows = connection.execute(sa.select(table).where(of_subject)).mappings().all()
    held = {row[part.key]: row for row in rows}
    known: set[Any] = set()
    for row in wanted:
        key = _typed(table.c[part.key], row[part.key])
        known.add(key)
        values = {
            column.name: _value(part, column, row, held.get(key, {}))
            for column in table.columns
            if column.name not in part.rest
        }
        if key in held:
            connection.execute(sa.update(table).where(table.c[part.key] == key).values(**values))
        else:
            connection.execute(sa.insert(table), _complete(table, values))
    for key in held.keys() - known:
        _delete(connection, table, {part.key: key})


def _value(
    part: Part, column: sa.Column[Any], row: Mapping[str, Any], held: Mapping[Any, Any]
) -> Any:
    """The value to write; the trail holds only the hash of a secret, so an altered one is lost."""
    if column.name in part.secrets:
        current = held.get(column.name)
        is_same = current is not None and states.digest(current) == row.get(column.name)
        return current if is_same else UNUSABLE
    return _typed(column, row.get(column.name))


def _typed(column: sa.Column[Any], value: Any) -> Any:
    """What a column takes for what the state of a subject holds."""
    if value is None:
        return None
    if isinstance(column.type, UtcDateTime):
        if isinstance(value, int):  # microseconds, on PostgreSQL
            return _EPOCH + timedelta(microseconds=value)
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    if isinstance(column.type, sa.Boolean):
        return bool(value)
    return int(value) if isinstance(column.type, sa.Integer) else value


def _complete(table: sa.Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values for a row that went; columns that decide nothing begin empty."""
    missing = {c.name: "" for c in table.columns if c.name not in values and not c.nullable}
    return {**missing, **values}


def _delete(connection: Connection, table: sa.Table, where: Mapping[str, Any]) -> None:
    """Delete rows, and first what refers to them."""
    is_this = [table.c[name] == _typed(table.c[name], value) for name, value in where.items()]
    for other in SQLModel.metadata.tables.values():
        for reference in other.foreign_keys:
            if reference.column.table is table and other is not table:
                keys = connection.execute(sa.select(reference.column).where(*is_this)).scalars()
                for key in keys.all():
                    _delete(connection, other, {reference.parent.name: key})
    connection.execute(sa.delete(table).where(*is_this))
