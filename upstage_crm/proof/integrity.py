"""What the server checks by itself: the rows that were touched, and the new end of the trail.

Every turn looks at what the log of touched rows names since the last one, at rows that failed a
proof, at what was found before, and at the entries that are new. A finding ends when its row is
again what the trail says.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, SQLModel

from upstage_crm.audit import recorded, seals, trail, vouching
from upstage_crm.audit.chain import Vouching, Walk
from upstage_crm.audit.errors import RowNotProven
from upstage_crm.audit.events import SYSTEM, Action, AuditEvent, Channel
from upstage_crm.audit.findings import Difference, Problem
from upstage_crm.audit.proven_rows import RECORDED, SEALED
from upstage_crm.audit.tables import IntegrityFindingRow, TouchedRow
from upstage_crm.core.db import dialect_of, insert_unless_there, table_of
from upstage_crm.core.ids import new_id

TRAIL = "trail"  # the subject of what is wrong with the trail itself
MOST = 2_000  # touched rows looked at in one turn
MOST_ENTRIES = 5_000

_touched = table_of(TouchedRow)
_finding = table_of(IntegrityFindingRow)
_SINCE = {
    "sqlite": sa.select(_touched).where(_touched.c.n > sa.bindparam("n")).order_by(_touched.c.n),
    # Numbers are given before the commit: what is not settled yet is looked at in a later turn.
    "postgresql": sa.select(_touched)
    .where(
        sa.text("(tx, n) > (:tx, :n)"),
        sa.text("tx < CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)"),
    )
    .order_by(_touched.c.tx, _touched.c.n),
}
_STANDING = sa.select(_finding).where(_finding.c.ended_at.is_(None)).order_by(_finding.c.found_at)
# Rows of these tables may go: an attacker who deletes one only ends a session or forgets a browser.
_MAY_GO = frozenset(
    {
        *("staff_session", "staff_device"),
        *("patron_registration", "patron_session", "patron_sign_in"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A row that is not what it should be. `detail` names tables, rows and columns, no value."""

    subject: str
    row_id: str
    problem: Problem
    detail: str = ""

    @property
    def ref(self) -> tuple[str, str]:
        """What it is about."""
        return self.subject, self.row_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far the checks have come: in the log of touched rows, and in the trail."""

    tx: int = 0
    n: int = 0
    seq: int = 0
    hash: str = Walk().hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What one look brought: findings, how far it came, whether more waits.

    `ended` are rows that were found before and hold again.
    """

    findings: tuple[Finding, ...]
    ended: frozenset[tuple[str, str]]
    position: Position
    is_more: bool


def look(session: Session, position: Position) -> Looked:
    """Look at all that is new since `position`, at suspects, and at what was found before."""
    refs, tx, n, is_more = _touched_since(session, position)
    suspects = vouching.keys_of(session).suspects
    while suspects:
        refs.add(suspects.popleft())
    before = {one.ref for one in standing(session) if one.subject != TRAIL}
    refs |= before
    findings = list(examine(session, refs))
    broken, seq, head = walk_on(session, position)
    bad = {finding.ref for finding in findings}
    return Looked(
        findings=(*findings, *broken),
        ended=frozenset(before - bad),
        position=Position(tx=tx, n=n, seq=seq, hash=head),
        is_more=is_more,
    )


def touched_after(session: Session, n: int) -> set[tuple[str, str]]:
    """What the log of touched rows names after number `n`, whatever is committed of it."""
    query = sa.select(_touched.c.subject, _touched.c.row_id).where(_touched.c.n > n)
    return {(row.subject, row.row_id) for row in session.connection().execute(query)}


def look_at(
    session: Session, refs: Collection[tuple[str, str]], position: Position
) -> tuple[Finding, ...]:
    """What a turn would find in these rows, and in the entries after `position`."""
    broken, _seq, _head = walk_on(session, position)
    return (*examine(session, refs), *broken)


def examine(session: Session, refs: Collection[tuple[str, str]]) -> Iterator[Finding]:
    """Which of these rows are not what the trail or their seal says."""
    for subject, row_id in sorted(refs):
        try:
            with session.begin_nested():
                found = _examined(session, subject, row_id)
        except (SQLAlchemyError, LookupError, ValueError):
            session.connection().execute(sa.select(1))  # fails in its turn if the database is away
            # It holds what we never write: an unknown word, bytes, an instant out of range.
            found = Finding(
                subject=subject, row_id=row_id, problem=Problem.ROW_ALTERED, detail="unreadable"
            )
        if found is not None:
            yield found


def _examined(session: Session, subject: str, row_id: str) -> Finding | None:
    if subject in RECORDED:
        error = recorded.disagreement(session, subject, row_id)
        return None if error is None else of_error(error)
    if subject in SEALED and (problem := _seal_problem(session, subject, row_id)):
        return Finding(subject=subject, row_id=row_id, problem=problem)
    return None


def note(
    session: Session,
    findings: Sequence[Finding],
    ended: Collection[tuple[str, str]],
    *,
    now: datetime,
) -> tuple[Finding, ...]:
    """Keep what was found, and what has `ended`; return the findings that are new."""
    events: list[AuditEvent] = []
    new: list[Finding] = []
    for finding in findings:
        values = {
            "id": new_id(now),
            "subject": finding.subject,
            "row_id": finding.row_id,
            "problem": finding.problem.value,
            "detail": finding.detail,
            "found_at": now,
        }
        statement = insert_unless_there(session, _finding)
        is_kept = session.connection().execute(statement, values).first() is not None
        if is_kept or not _is_standing(session, finding.ref):
            new.append(finding)
            events.append(_event(Action.TAMPERING_FOUND, finding))
    events += [_end(session, one, now) for one in standing(session) if one.ref in ended]
    if events:
        trail.record(session, events, now=now)
    return tuple(new)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingFinding(Finding):
    """A finding that has not ended; `first_by` is "" until a staff member has agreed to restore."""

    id: str
    found_at: datetime
    first_by: str = ""
    first_label: str = ""


def standing(session: Session) -> tuple[StandingFinding, ...]:
    """The findings that have not ended, the oldest first.

    One that an attacker wrote is not among them: the next look finds the row itself.
    """
    return tuple(
        StandingFinding(
            id=row.id,
            subject=row.subject,
            row_id=row.row_id,
            problem=Problem(row.problem),
            detail=row.detail,
            found_at=row.found_at,
            first_by=row.first_by or "",
            first_label=row.first_label or "",
        )
        for row in session.connection().execute(_STANDING).all()
        if recorded.is_proven(session, "integrity_finding", row.id)
    )


def _is_standing(session: Session, ref: tuple[str, str]) -> bool:
    """Whether a finding about this row stands that we have told of, and no attacker's."""
    return any(one.ref == ref for one in standing(session))


def end_all(session: Session, findings: Sequence[StandingFinding], *, now: datetime) -> None:
    """End findings whose rows were restored or accepted, with an entry for each."""
    events = [_end(session, found, now) for found in findings]
    if events:
        trail.record(session, events, now=now)


def of_error(error: RowNotProven) -> Finding:
    """The finding behind a refusal."""
    return Finding(
        subject=error.subject, row_id=error.row_id, problem=error.problem, detail=error.detail
    )


def of_trail(seq: int, reason: str) -> Finding:
    """The finding that an entry of the trail is not signed, or not what was signed."""
    problem = Problem.ENTRY_UNSIGNED if reason == "unsigned" else Problem.ENTRY_ALTERED
    return Finding(subject=TRAIL, row_id=str(seq), problem=problem, detail=reason)


def of_difference(found: Difference, words: str) -> Finding:
    """The finding that a record and the trail disagree, with what people read of it."""
    parts = (found.number, found.reference, found.field, found.seq)
    place = "/".join("-" if part is None else str(part) for part in parts)
    name = f"{found.problem}: {place}"
    return Finding(subject=TRAIL, row_id=name[:160], problem=found.problem, detail=words)


def is_difference(found: Finding) -> bool:
    """Whether `of_difference` made it: only a check of everything can say that it is over."""
    return found.subject == TRAIL and found.row_id.startswith(f"{found.problem}: ")


def _end(session: Session, found: StandingFinding, now: datetime) -> AuditEvent:
    session.connection().execute(
        sa.update(_finding).where(_finding.c.id == found.id).values(ended_at=now)
    )
    return _event(Action.TAMPERING_ENDED, found)


def _event(action: Action, finding: Finding) -> AuditEvent:
    facts = {"row": f"{finding.subject} {finding.row_id}", "problem": finding.problem.value}
    return AuditEvent(action=action, actor=SYSTEM, channel=Channel.SCHEDULE, facts=dict(facts))


def _touched_since(
    session: Session, position: Position
) -> tuple[set[tuple[str, str]], int, int, bool]:
    query = _SINCE[dialect_of(session)].limit(MOST)
    wanted = {"tx": position.tx, "n": position.n}
    rows = session.connection().execute(query, wanted).all()
    refs = {(row.subject, row.row_id) for row in rows}
    if not rows:
        return refs, position.tx, position.n, False
    return refs, rows[-1].tx or 0, rows[-1].n, len(rows) == MOST


def _seal_problem(session: Session, table_name: str, row_id: str) -> Problem | None:
    table = SQLModel.metadata.tables[table_name]
    key = SEALED[table_name].key
    parts = row_id.split("/", len(key) - 1)
    if len(parts) != len(key):
        return None  # the log names no row: an attacker wrote this line
    is_this = [table.c[name] == part for name, part in zip(key, parts, strict=True)]
    row = session.connection().execute(sa.select(table).where(*is_this)).mappings().first()
    if row is None:
        return None if table_name in _MAY_GO else Problem.ROW_GONE
    holds = seals.is_sealed(session, table_name, row) or seals.is_former(session, row)
    return None if holds else Problem.SEAL


def walk_on(session: Session, position: Position) -> tuple[list[Finding], int, str]:
    """Check the entries after `position`: the chain, and who signed them.

    Returns what is wrong and the last signed entry, where the next look begins. What is wrong
    with one entry does not hide what follows it.
    """
    walk = Walk(position.seq, position.hash)
    kid = vouching.key_at(session, position.seq)
    public_key = "" if kid is None else vouching.public_key_at(session, kid, position.seq)
    signatures = Vouching(
        vouching.keys_of(session).ring.public_keys, kid=kid, public_key=public_key
    )
    found: list[Finding] = []
    seq, head = position.seq, position.hash
    for row, opened in trail.entries(session, after=position.seq, most=MOST_ENTRIES):
        flaws = (walk.step(row, opened), signatures.step(row))
        found += [of_trail(flaw.seq, flaw.reason) for flaw in flaws if flaw is not None]
        walk.resume(row)
        if row["signature"] is not None:
            seq, head = walk.seq, walk.hash
    found += [of_trail(one, "unsigned") for one in signatures.unsigned]
    if (kid := signatures.unknown_key) is not None:
        found.append(Finding(subject=TRAIL, row_id=f"key {kid[:64]}", problem=Problem.TRAIL_KEY))
    return found, seq, head
