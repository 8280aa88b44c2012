"""Commits the trail to recorded rows, and proves a row before anything acts on it.

Triggers name every subject that a transaction touches. `commitments` reads what each one is now;
`trail.record` commits to it in the entry that it signs. `prove` compares a subject with the newest
entry about it and raises `RowNotProven` when they differ. A command that touches a subject which it
has not proven cannot commit: otherwise it would sign what an attacker had written.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Session

from upstage_crm.audit import states, vouching
from upstage_crm.audit.chain import commitment, read_object
from upstage_crm.audit.errors import RowMoved, RowNotProven
from upstage_crm.audit.findings import Problem
from upstage_crm.audit.proven_rows import RECORDED, Subject
from upstage_crm.audit.states import GONE
from upstage_crm.audit.tables import AuditEntryRow, AuditValueRow, RecordedRow, TouchedRow
from upstage_crm.core.db import dialect_of, table_of

Ref = tuple[str, str]  # a subject's name and the id of its row

PREFIX = "row:"
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
_OWN = "CAST(CAST(pg_current_xact_id() AS text) AS bigint)"  # PostgreSQL's number of this one
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
        _touched.c.tx == sa.text(_OWN),
    ),
}
_BY_OTHERS = sa.select(_touched.c.subject, _touched.c.row_id, _touched.c.n).where(
    _touched.c.tx >= sa.bindparam("horizon"),
    _touched.c.tx != sa.text(_OWN),
    sa.tuple_(_touched.c.subject, _touched.c.row_id).in_(sa.bindparam("refs", expanding=True)),
)
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
    session.info["horizons"] = dict[Ref, tuple[int, frozenset[int]]]()
    if dialect_of(session) == "sqlite":
        # On PostgreSQL the number of the transaction tells its rows from those of others.
        session.info["touched_since"] = session.connection().execute(_LAST).scalar_one()


def touched(session: Session) -> list[Touched]:
    """What this transaction has changed since it began, or since this was last asked.

    Raises:
        RowNotProven: a subject was changed that nothing proved before.
    """
    rows = _log(session)
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
    states_now = [
        found
        for subject, ids in wanted.items()
        for found in read(session.connection(), RECORDED[subject], ids)
    ]
    _ensure_unmoved(session, [state.ref for state in states_now])
    return states_now


def _ensure_unmoved(session: Session, refs: Collection[Ref]) -> None:
    """See that no other transaction has changed a subject since it was proven.

    PostgreSQL lets one commit meanwhile: its change would stand in the states that were read just
    now. SQLite has one writer at a time.

    Raises:
        RowMoved: one has.
    """
    horizons: dict[Ref, tuple[int, frozenset[int]]] = session.info["horizons"]
    proven = {ref: horizons[ref] for ref in refs if ref in horizons}
    if not proven:
        return
    horizon = min(since for since, _seen in proven.values())
    wanted = {"horizon": horizon, "refs": list(proven)}
    for row in session.connection().execute(_BY_OTHERS, wanted):
        ref = (row.subject, row.row_id)
        if row.n not in proven[ref][1]:
            vouching.keys_of(session).suspects.append(ref)
            raise RowMoved


def _log(session: Session) -> Sequence[sa.Row[Any, Any, Any, Any]]:
    """What the log of touched rows names since this transaction began, or recorded last."""
    since = {"since": session.info["touched_since"]}
    return session.connection().execute(_TOUCHED_SINCE[dialect_of(session)], since).all()


def _is_own_work(session: Session, ref: Ref) -> bool:
    if "touched_since" not in session.info:
        return False  # it only reads
    is_proven = ref in session.info["proven"]
    return any(
        (row.subject, row.row_id) == ref and (row.born or is_proven) for row in _log(session)
    )


def read(connection: Connection, subject: Subject, ids: Collection[str]) -> list[Touched]:
    """What subjects are now, those that are gone included."""
    rows = connection.execute(
        states.statement(subject, connection.dialect.name), {"ids": list(ids)}
    )
    found = {
        row.id: Touched(
            (subject.name, row.id), row.patron_id, states.committed_text(subject, row.state)
        )
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

    Call it when the subject's rows are locked, before anything acts on them. One that this
    transaction has made, or proven and changed, since it recorded last needs no proof.

    Raises:
        RowNotProven: it is not. Facts: `subject`, `row_id`, `problem`, `detail`.
    """
    found = disagreement(session, subject, row_id)
    if found is None:
        session.info.setdefault("proven", set[Ref]()).add((subject, row_id))
    elif not _is_own_work(session, (subject, row_id)):
        vouching.keys_of(session).suspects.append((subject, row_id))
        raise found


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
    row = connection.execute(
        states.statement_of_proof(wanted, connection.dialect.name), {"row_id": row_id}
    ).first()
    seq = row.seq if row else _newest(connection, (subject, row_id))
    found = _compare(session, wanted, row_id, seq, row.state if row else None)
    if found is None and row is not None and dialect_of(session) == "postgresql":
        horizons = session.info.setdefault("horizons", dict[Ref, tuple[int, frozenset[int]]]())
        horizons[subject, row_id] = row.horizon, frozenset(row.seen)
    return found


def _newest(connection: Connection, ref: Ref) -> int | None:
    wanted = {"subject": ref[0], "row_id": ref[1]}
    return connection.execute(_NEWEST, wanted).scalar()


def _compare(
    session: Session, subject: Subject, row_id: str, seq: int | None, stored: str | None
) -> RowNotProven | None:
    ref = (subject.name, row_id)
    if seq is None:
        return None if stored is None else _refuse(ref, Problem.ROW_UNKNOWN)
    proofs: _Proofs = vouching.keys_of(session).cache(_Proofs)
    raw = stored or GONE
    if proofs.holds(ref, seq, raw):
        return None
    found = _judge(subject, ref, seq, committed_state(session, ref, seq), raw)
    if found is None:
        proofs.keep(ref, seq, raw)
    return found


def _judge(
    subject: Subject, ref: Ref, seq: int, committed: str | Problem, raw: str
) -> RowNotProven | None:
    """Compare what an entry commits to with what the database holds."""
    if isinstance(committed, Problem):
        return _refuse(ref, committed, seq=seq)
    now = states.committed_text(subject, raw)
    if now == committed or not (where := states.differences(subject, committed, now)):
        return None
    problem = Problem.ROW_GONE if now == GONE else Problem.ROW_ALTERED
    return _refuse(ref, problem, seq=seq, detail="; ".join(where))


def disagreements(session: Session, subject: str, ids: Collection[str]) -> Iterator[RowNotProven]:
    """How subjects differ from the trail, read together: for a check of everything.

    The chain and its signatures were verified before, so entries are taken as they are.
    """
    wanted, connection = RECORDED[subject], session.connection()
    rows = connection.execute(
        states.statement_with_newest(wanted, connection.dialect.name), {"ids": list(ids)}
    ).all()
    known = {row.id: (row.seq, row.state) for row in rows}
    for row_id in ids:
        if row_id not in known:
            known[row_id] = (_newest(connection, (subject, row_id)), None)
    pairs = [(seq, name_of((subject, row_id))) for row_id, (seq, _) in known.items() if seq]
    committed = _committed_together(connection, pairs)
    for row_id, (seq, stored) in known.items():
        ref = (subject, row_id)
        if seq is None:
            if stored is not None:
                yield _refuse(ref, Problem.ROW_UNKNOWN)
            continue
        said = committed.get((seq, name_of(ref)), Problem.ROW_UNKNOWN)
        if (found := _judge(wanted, ref, seq, said, stored or GONE)) is not None:
            yield found


def _committed_together(
    connection: Connection, pairs: Sequence[tuple[int, str]]
) -> dict[tuple[int, str], str | Problem]:
    if not pairs:
        return {}
    seqs = sorted({seq for seq, _name in pairs})
    entries = sa.select(_entry.c.seq, _entry.c.commitments).where(_entry.c.seq.in_(seqs))
    said = {row.seq: read_object(row.commitments) for row in connection.execute(entries)}
    # Not by pairs: SQLite reads the whole table for those.
    query = sa.select(_value).where(_value.c.seq.in_(seqs), _value.c.name.startswith(PREFIX))
    kept = {(row.seq, row.name): (row.value, row.salt) for row in connection.execute(query)}
    return {
        (seq, name): _opened(said.get(seq, {}).get(name), name, kept.get((seq, name)))
        for seq, name in pairs
    }


def _opened(said: str | None, name: str, kept: tuple[str, str] | None) -> str | Problem:
    """The state behind a commitment, or what is wrong with it."""
    if said is None:
        return Problem.ROW_UNKNOWN
    if kept is None:
        return Problem.EVIDENCE_GONE
    value, salt = kept
    return value if commitment(salt, name, value) == said else Problem.EVIDENCE_ALTERED


def committed_state(session: Session, ref: Ref, seq: int) -> str | Problem:
    """The state that entry `seq` commits to, once the entry is vouched for; or what is wrong."""
    entry = vouching.entry(session, seq)
    if entry is None:
        return Problem.ENTRY_UNSIGNED
    name = name_of(ref)
    kept = session.connection().execute(_COMMITTED, {"seq": seq, "name": name}).first()
    said = read_object(entry["commitments"]).get(name)
    return _opened(said, name, None if kept is None else (kept.value, kept.salt))


def _refuse(
    ref: Ref, problem: Problem, *, seq: int | None = None, detail: str = ""
) -> RowNotProven:
    return RowNotProven(subject=ref[0], row_id=ref[1], problem=problem, seq=seq, detail=detail)
