"""Commits the trail to recorded rows, and proves a row before anything acts on it.

Triggers name every subject that a transaction touches. `commitments` reads what each one is now;
`trail.record` commits to it in the entry that it signs. `prove` compares a subject with the newest
entry about it and raises `RowNotProven` when they differ. A command that touches a subject which it
has not proven cannot commit: otherwise it would sign what an attacker had written.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Session, SQLModel

from upstage_crm.audit import keys, vouching
from upstage_crm.audit.chain import canonical, commitment, read_object
from upstage_crm.audit.errors import RowNotProven
from upstage_crm.audit.findings import Problem
from upstage_crm.audit.registry import RECORDED, Part, Subject
from upstage_crm.audit.tables import AuditEntryRow, AuditValueRow, RecordedRow, TouchedRow
from upstage_crm.core.db import UtcDateTime, dialect_of, table_of

State = dict[str, list[dict[str, Any]]]
Ref = tuple[str, str]  # a subject's name and the id of its row

PREFIX = "row:"
GONE = "null"  # what is committed to for a subject whose own row was deleted
_CACHED = 20_000  # subjects whose newest commitment this process has checked

_entry = table_of(AuditEntryRow)
_value = table_of(AuditValueRow)
_recorded = table_of(RecordedRow)
_touched = table_of(TouchedRow)
_NEWEST = sa.select(sa.func.max(_recorded.c.seq)).where(
    _recorded.c.subject == sa.bindparam("subject"), _recorded.c.row_id == sa.bindparam("row_id")
)
_COMMITTED = sa.select(_value.c.value, _value.c.salt).where(
    _value.c.seq == sa.bindparam("seq"), _value.c.name == sa.bindparam("name")
)
_TOUCHED = sa.select(
    _touched.c.subject,
    _touched.c.row_id,
    sa.func.max(sa.case((_touched.c.op == "born", 1), else_=0)).label("born"),
    sa.func.max(_touched.c.n).label("n"),
).group_by(_touched.c.subject, _touched.c.row_id)
_TOUCHED_SINCE = {
    "sqlite": _TOUCHED.where(_touched.c.n > sa.bindparam("since")),
    "postgresql": _TOUCHED.where(
        _touched.c.n > sa.bindparam("since"),
        _touched.c.tx == sa.text("CAST(CAST(pg_current_xact_id() AS text) AS bigint)"),
    ),
}
_KEEP = sa.insert(_recorded)
_LAST = sa.text("SELECT coalesce(max(n), 0) FROM touched_row")


@dataclass(frozen=True, slots=True)
class Touched:
    """A subject that this transaction has changed: its patron, if it has one, and what it is now.

    `text` is canonical JSON, as it is committed to.
    """

    ref: Ref
    patron_id: str | None
    text: str

    @property
    def name(self) -> str:
        """The name of the commitment."""
        return name_of(self.ref)


class _Proofs:
    """What this process has proven already: by subject, the newest entry and a hash of the state.

    It spares a proof its arithmetic, never the look at the newest entry and at the rows.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[Ref, tuple[int, bytes]] = OrderedDict()
        self._lock = Lock()

    def holds(self, ref: Ref, seq: int, raw: str) -> bool:
        with self._lock:
            return self._known.get(ref) == (seq, _short(raw))

    def keep(self, ref: Ref, seq: int, raw: str) -> None:
        with self._lock:
            self._known[ref] = (seq, _short(raw))
            self._known.move_to_end(ref)
            while len(self._known) > _CACHED:
                self._known.popitem(last=False)


def _short(raw: str) -> bytes:
    return hashlib.blake2b(raw.encode(), digest_size=16).digest()


def name_of(ref: Ref) -> str:
    """How the commitment to a subject is called in its entry."""
    return f"{PREFIX}{ref[0]}:{ref[1]}"


def mark(session: Session) -> None:
    """Remember where the log of touched rows ends as a transaction begins."""
    session.info["touched_since"] = 0
    session.info["proven"] = set[Ref]()
    if dialect_of(session) == "sqlite":
        # On PostgreSQL the number of the transaction tells its rows from those of others.
        session.info["touched_since"] = session.connection().execute(_LAST).scalar_one()


def touched(session: Session) -> list[Touched]:
    """What this transaction has changed since it began, or since this was last asked.

    Raises:
        RowNotProven: a subject was changed that nothing proved before.
    """
    dialect = dialect_of(session)
    since = {"since": session.info["touched_since"]}
    rows = session.connection().execute(_TOUCHED_SINCE[dialect], since).all()
    if not rows:
        return []
    session.info["touched_since"] = max(row.n for row in rows)
    wanted: dict[str, list[str]] = {}
    for row in rows:
        if row.subject not in RECORDED:
            continue  # a sealed row: its seal says all
        ref = (row.subject, row.row_id)
        if row.born:
            session.info["proven"].add(ref)
        elif ref not in session.info["proven"]:
            raise RowNotProven(subject=row.subject, row_id=row.row_id, problem=Problem.UNPROVEN)
        wanted.setdefault(row.subject, []).append(row.row_id)
    return [
        found
        for subject, ids in wanted.items()
        for found in read(session.connection(), RECORDED[subject], ids)
    ]


def read(connection: Connection, subject: Subject, ids: Collection[str]) -> list[Touched]:
    """What subjects are now, those that are gone included."""
    rows = connection.execute(_state_of(subject, connection.dialect.name), {"ids": list(ids)})
    found = {
        row.id: Touched((subject.name, row.id), row.patron_id, _canonical(subject, row.state))
        for row in rows
    }
    gone = [Touched((subject.name, each), None, GONE) for each in ids if each not in found]
    return [*found.values(), *gone]


def keep(session: Session, written: Iterable[tuple[int, Touched]]) -> None:
    """Note which entry, by its number, commits to what; the entries are written already."""
    rows = [{"subject": row.ref[0], "row_id": row.ref[1], "seq": seq} for seq, row in written]
    if rows:
        session.connection().execute(_KEEP, rows)


def prove(session: Session, subject: str, row_id: str) -> None:
    """See that a subject is what the newest entry about it says; a subject of no rows is no error.

    Call it when the subject's rows are locked, before anything acts on them.

    Raises:
        RowNotProven: it is not. Facts: `subject`, `row_id`, `problem`, `detail`.
    """
    found = disagreement(session, subject, row_id)
    if found is not None:
        keys.of(session).suspects.append((subject, row_id))
        raise found
    session.info.setdefault("proven", set[Ref]()).add((subject, row_id))


def is_proven(session: Session, subject: str, row_id: str) -> bool:
    """As `prove`, for a caller that goes on without a subject that is not."""
    try:
        prove(session, subject, row_id)
    except RowNotProven:
        return False
    return True


def disagreement(session: Session, subject: str, row_id: str) -> RowNotProven | None:
    """How a subject differs from the newest entry about it; None when it does not."""
    connection = session.connection()
    wanted = RECORDED[subject]
    row = connection.execute(_proof_of(wanted, connection.dialect.name), {"ids": [row_id]}).first()
    seq = row.seq if row else _newest(connection, (subject, row_id))
    return _compare(session, wanted, row_id, seq, row.state if row else None)


def _newest(connection: Connection, ref: Ref) -> int | None:
    wanted = {"subject": ref[0], "row_id": ref[1]}
    return connection.execute(_NEWEST, wanted).scalar()


def _compare(
    session: Session, subject: Subject, row_id: str, seq: int | None, stored: str | None
) -> RowNotProven | None:
    ref = (subject.name, row_id)
    if seq is None:
        return None if stored is None else _refuse(ref, Problem.ROW_UNKNOWN)
    proofs: _Proofs = keys.of(session).cache(_Proofs)
    raw = stored or GONE
    if proofs.holds(ref, seq, raw):
        return None
    committed = committed_state(session, ref, seq)
    if isinstance(committed, Problem):
        return _refuse(ref, committed, seq=seq)
    now = _canonical(subject, raw)
    if now != committed and (where := differences(subject, committed, now)):
        problem = Problem.ROW_GONE if now == GONE else Problem.ROW_ALTERED
        return _refuse(ref, problem, seq=seq, detail="; ".join(where))
    proofs.keep(ref, seq, raw)
    return None


def committed_state(session: Session, ref: Ref, seq: int) -> str | Problem:
    """The state that entry `seq` commits to, once the entry is vouched for; or what is wrong."""
    entry = vouching.entry(session, seq)
    if entry is None:
        return Problem.ENTRY_UNSIGNED
    name = name_of(ref)
    said = read_object(entry["commitments"]).get(name)
    if said is None:
        return Problem.ROW_UNKNOWN
    kept = session.connection().execute(_COMMITTED, {"seq": seq, "name": name}).first()
    if kept is None:
        return Problem.EVIDENCE_GONE
    if commitment(kept.salt, name, kept.value) != said:
        return Problem.EVIDENCE_ALTERED
    return str(kept.value)


def differences(subject: Subject, committed: str, now: str) -> list[str]:
    """Where two states differ, as `table id: column, column`; empty when they mean the same.

    A column that came with a later revision is empty in an older state; so is a whole table.
    """
    before: State = json.loads(committed) or {}
    after: State = json.loads(now) or {}
    found: list[str] = []
    for part in subject.parts:
        old = {str(row[part.key]): row for row in before.get(part.table, [])}
        new = {str(row[part.key]): row for row in after.get(part.table, [])}
        for key in sorted(old.keys() | new.keys()):
            if key not in new:
                found.append(f"{part.table} {key}: gone")
            elif key not in old:
                found.append(f"{part.table} {key}: unknown")
            elif columns := _other_columns(part, old[key], new[key]):
                found.append(f"{part.table} {key}: {', '.join(columns)}")
    return found


def _other_columns(part: Part, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    names = sorted(old.keys() | new.keys())
    return [n for n in names if n not in part.rest and old.get(n) != new.get(n)]


def _refuse(ref: Ref, problem: Problem, *, seq: int | None = None, detail: str = "") -> RowNotProven:
    return RowNotProven(subject=ref[0], row_id=ref[1], problem=problem, seq=seq, detail=detail)


def _canonical(subject: Subject, raw: str) -> str:
    """The state as it is committed to: what is empty is left out, a secret is its hash."""
    read: State | None = json.loads(raw)
    if read is None:
        return GONE
    secrets = {part.table: part.secrets for part in subject.parts}
    return canonical(
        {
            table: [
                {
                    name: _digest(value) if name in secrets[table] else value
                    for name, value in row.items()
                    if value is not None
                }
                for row in rows
            ]
            for table, rows in read.items()
            if rows
        }
    )


def _digest(value: object) -> str:
    return hashlib.sha256(str(value).encode()).hexdigest()


# --- the state of a subject as one JSON text, made by the database ------------------------------


@cache
def _state_of(subject: Subject, dialect: str) -> sa.TextClause:
    return _statement(subject, dialect, "")


@cache
def _proof_of(subject: Subject, dialect: str) -> sa.TextClause:
    """The same with the newest entry about each, so that a proof is one statement."""
    newest = (
        f", (SELECT max(r.seq) FROM recorded_row r WHERE r.subject = '{subject.name}' "
        f"AND r.row_id = {_text('t.id', dialect)}) AS seq"
    )
    return _statement(subject, dialect, newest)


def _statement(subject: Subject, dialect: str, extra: str) -> sa.TextClause:
    root = subject.parts[0]
    patron = f"t.{subject.patron}" if subject.patron else "NULL"
    is_id = f"{_text('t.id', dialect)} IN :ids"
    text = (
        f"SELECT {_text('t.id', dialect)} AS id, {patron} AS patron_id, "
        f"{_state(subject, dialect)} AS state{extra} FROM {root.table} t WHERE {is_id}"
    )
    return sa.text(text).bindparams(sa.bindparam("ids", expanding=True))


def _state(subject: Subject, dialect: str) -> str:
    root, *children = subject.parts
    members = [f"'{root.table}', {_list(_object(root, 't', dialect), dialect)}"]
    members += [f"'{part.table}', {_rows(part, dialect)}" for part in children]
    build = "json_object" if dialect == "sqlite" else "json_build_object"
    return _text(f"{build}({', '.join(members)})", dialect)


def _list(item: str, dialect: str) -> str:
    return f"json_array({item})" if dialect == "sqlite" else f"json_build_array({item})"


def _rows(part: Part, dialect: str) -> str:
    one = _object(part, "c", dialect)
    where = f"FROM {part.table} c WHERE c.{part.subject} = t.id"
    if dialect == "sqlite":
        inner = f"SELECT {one} AS o {where} ORDER BY c.{part.key}"
        return f"(SELECT json_group_array(json(o)) FROM ({inner}))"
    return f"(SELECT coalesce(json_agg({one} ORDER BY c.{part.key}), CAST('[]' AS json)) {where})"


def _object(part: Part, alias: str, dialect: str) -> str:
    """One row as a JSON object; `key` stands in it even where it decides nothing."""
    columns = [c for c in _columns(part.table) if c.name not in part.rest]
    members = ", ".join(f"'{c.name}', {_column(c, alias, dialect)}" for c in columns)
    return f"json_object({members})" if dialect == "sqlite" else f"json_build_object({members})"


def _column(column: sa.Column[Any], alias: str, dialect: str) -> str:
    name = f"{alias}.{column.name}"
    if dialect == "postgresql" and isinstance(column.type, UtcDateTime):
        # As text an instant would depend on the session's time zone.
        return f"CAST(extract(epoch FROM {name}) * 1000000 AS bigint)"
    return name


def _columns(table: str) -> list[sa.Column[Any]]:
    return list(SQLModel.metadata.tables[table].columns)


def _text(expression: str, dialect: str) -> str:
    return f"CAST({expression} AS {'TEXT' if dialect == 'sqlite' else 'text'})"
