"""Restores what the trail says: by the operator, or by two staff members as far as guards allow.

A row that the trail knows gets back the columns that the newest entry committed to; a row that it
does not know goes, with what refers to it. A sealed row that fails its seal goes: nothing else
says what it should be. Entries that no key signed stay where they are, named as void.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import RowMapping
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, SQLModel

from upstage_crm.audit import recorded, seals, states, trail, vouching
from upstage_crm.audit.chain import read_object
from upstage_crm.audit.events import OPERATOR, Action, Actor, AuditEvent, Channel
from upstage_crm.audit.findings import Problem
from upstage_crm.audit.guards import triggers
from upstage_crm.audit.guards.rules import Protected
from upstage_crm.audit.proven_rows import RECORDED, SEALED, Part
from upstage_crm.audit.recorded import Ref, name_of
from upstage_crm.audit.tables import IntegrityFindingRow, RecordedRow
from upstage_crm.change_requests.reads import second_person
from upstage_crm.core.db import UtcDateTime, table_of
from upstage_crm.organisation.tables import FIRST_NUMBER
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.proof import integrity
from upstage_crm.proof.errors import FindingOver, NeedsOperator
from upstage_crm.proof.integrity import StandingFinding
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may

UNUSABLE = "!"  # no password has this hash
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_recorded, _patron = table_of(RecordedRow), table_of(PatronRow)


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
    triggers.drop(connection)
    _restore(session, [row.ref for row in rows], now=now)
    triggers.install(connection, protected)
    _record(session, rows, void, actor=OPERATOR, channel=Channel.COMMAND_LINE, now=now)
    ended = [*rows, *void]
    integrity.end_all(session, ended, now=now)
    left = tuple(row for row in found if row not in ended)
    return Repaired(rows=len(rows), void=len(void), left=left)


def agree(context: StaffContext[object], *, finding_id: str) -> bool:
    """Say that a row shall be what the trail says; the second member who says so restores it.

    Raises:
        Forbidden; FindingOver: there is no such finding any more.
        All that `second_person.ensure_second` raises.
        NeedsOperator: the database's guards keep the row from the app.
    """
    session, actor, now = context.session, context.actor, context.now
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
    second_person.ensure_second(context, first_id=row.first_by)
    try:
        with session.begin_nested():
            _restore(session, [(row.subject, row.row_id)], now=now)
    except DBAPIError as error:
        raise NeedsOperator from error
    found = [one for one in integrity.standing(session) if one.id == finding_id]
    _record(
        session,
        found,
        [],
        actor=actor.as_actor(),
        channel=Channel.CRM,
        now=now,
    )
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


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of one table of a subject, as the trail has them."""

    part: Part
    subject_id: str
    wanted: Sequence[Mapping[str, Any]]

    @property
    def table(self) -> sa.Table:
        return SQLModel.metadata.tables[self.part.table]

    @property
    def keys(self) -> set[Any]:
        key = self.table.c[self.part.key]
        return {_typed(key, row[self.part.key]) for row in self.wanted}


def _restore(session: Session, refs: Sequence[Ref], *, now: datetime) -> None:
    """What has to go goes first, the rest is written with what it refers to before it."""
    found: list[_Rows] = []
    for ref in refs:
        if ref[0] in SEALED:
            key = SEALED[ref[0]].key
            values = zip(key, ref[1].split("/", len(key) - 1), strict=True)
            _delete(session, SQLModel.metadata.tables[ref[0]], dict(values))
            continue
        wanted = _newest_committed(session, ref)
        found += [
            _Rows(part, ref[1], wanted.get(part.table, [])) for part in RECORDED[ref[0]].parts
        ]
    places = {table.name: place for place, table in enumerate(SQLModel.metadata.sorted_tables)}
    found.sort(key=lambda rows: places[rows.part.table])
    for rows in reversed(found):
        for key in _held(session, rows).keys() - rows.keys:
            _delete(session, rows.table, {rows.part.key: key})
    for rows in found:
        _write(session, rows, now)


def _newest_committed(session: Session, ref: Ref) -> states.State:
    """The newest state that a signed entry commits to, empty where there is none; pointers to
    anything else go.
    """
    is_about = sa.and_(_recorded.c.subject == ref[0], _recorded.c.row_id == ref[1])
    query = sa.select(_recorded.c.seq).where(is_about).order_by(_recorded.c.seq.desc())
    for seq in session.connection().execute(query).scalars().all():
        entry = vouching.entry(session, seq)
        if entry is not None and name_of(ref) in read_object(entry["commitments"]):
            state = recorded.committed_state(session, ref, seq)
            return {} if isinstance(state, Problem) else json.loads(state) or {}
        session.connection().execute(sa.delete(_recorded).where(is_about, _recorded.c.seq == seq))
    return {}


def _held(session: Session, rows: _Rows) -> dict[Any, RowMapping]:
    """What the database holds of them, by their keys."""
    of_subject = rows.table.c[rows.part.subject]
    query = sa.select(rows.table).where(of_subject == _typed(of_subject, rows.subject_id))
    return {row[rows.part.key]: row for row in session.connection().execute(query).mappings().all()}


def _write(session: Session, rows: _Rows, now: datetime) -> None:
    part, table, connection = rows.part, rows.table, session.connection()
    held = _held(session, rows)
    for row in rows.wanted:
        key = _typed(table.c[part.key], row[part.key])
        values = {
            column.name: _value(part, column, row, held.get(key, {}))
            for column in table.columns
            if column.name not in part.rest
        }
        if key in held:
            connection.execute(sa.update(table).where(table.c[part.key] == key).values(**values))
        else:
            rest = {c.name: _begun(c, now) for c in table.columns if c.name in part.rest}
            connection.execute(sa.insert(table).values(**rest, **values))


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


def _begun(column: sa.Column[Any], now: datetime) -> Any:
    """How a column that decides nothing begins in a row that is written again."""
    if column.name == "next_patron_number":
        highest = sa.func.coalesce(sa.func.max(_patron.c.number), FIRST_NUMBER - 1)
        return sa.select(highest + 1).scalar_subquery()
    if column.nullable:
        return None
    if isinstance(column.type, UtcDateTime):
        return now
    return 0 if isinstance(column.type, sa.Integer) else ""


def _delete(session: Session, table: sa.Table, where: Mapping[str, Any]) -> None:
    """Delete rows, and first what refers to them."""
    connection = session.connection()
    is_this = [table.c[name] == _typed(table.c[name], value) for name, value in where.items()]
    for other in SQLModel.metadata.sorted_tables:
        for reference in other.foreign_keys:
            if reference.column.table is not table:
                continue
            keys = connection.execute(sa.select(reference.column).where(*is_this)).scalars().all()
            for key in keys:
                if other is table:
                    _let_go(session, table, reference.parent, key)
                else:
                    _delete(session, other, {reference.parent.name: key})
    connection.execute(sa.delete(table).where(*is_this))


def _let_go(session: Session, table: sa.Table, column: sa.Column[Any], key: Any) -> None:
    """Let rows that refer to one of their own table refer to none: they are sealed again if they
    were ours.
    """
    connection = session.connection()
    for row in connection.execute(sa.select(table).where(column == key)).mappings().all():
        values: dict[str, str | None] = {column.name: None}
        if seals.is_sealed(session, table.name, row):
            values["seal"] = seals.seal(session, table.name, {**row, **values})
        is_this = [table.c[name] == row[name] for name in SEALED[table.name].key]
        connection.execute(sa.update(table).where(*is_this).values(**values))
