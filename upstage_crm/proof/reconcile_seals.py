"""Every sealed row against the seal over it, and every seal against the trail: `audit verify`.

What is booked is compared with its entries, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit.chain import read_object
from upstage_crm.audit.events import Action
from upstage_crm.audit.findings import Compared, Difference, Problem
from upstage_crm.audit.tables import AuditEntryRow
from upstage_crm.core.db import table_of
from upstage_crm.ledger.queries import ENTRY, TRANSACTION
from upstage_crm.ledger.row_seals import LEDGER, SEAL, Sealable, is_ours, root_of, unpacked

BATCH = 500
TICKETS = Sealable(
    "ticket",
    (
        *("id", "order_id", "line_id", "performance_id", "seat_id", "pool_id", "place", "zone"),
        *("type_id", "amount", "created_at", "salt"),
    ),
)
SUBJECTS = (LEDGER, TICKETS)
"""All that is sealed."""

_entry = table_of(AuditEntryRow)
_OF = {subject.table: subject for subject in SUBJECTS}
_TOLD = sa.select(_entry.c.seq, _entry.c.facts).where(_entry.c.action == Action.ROWS_SEALED)


def reconcile(session: Session) -> Iterator[Compared]:
    """Compare everything, one batch after the other, over the session's snapshot."""
    seals, covered = 0, dict.fromkeys(_OF, 0)
    for told in _batches(session, _TOLD, _entry.c.seq):
        by_id = {str(read_object(row["facts"]).get("seal")): row for row in told}
        query = sa.select(SEAL).where(SEAL.c.id.in_(by_id))
        for seal in session.connection().execute(query).mappings().all():
            seals += 1
            yield _under(session, seal, by_id.pop(seal["id"]), covered)
        gone = (_wrong_seal(name, Problem.ROW_GONE, row["seq"]) for name, row in by_id.items())
        yield Compared(0, tuple(gone))
    if seals != session.connection().scalar(sa.select(sa.func.count()).select_from(SEAL)):
        yield Compared(0, tuple(_untold(session)))
    for subject in SUBJECTS:
        yield Compared(0, tuple(_never_sealed(session, subject)))
        if covered[subject.table] != _count_sealed(session, subject):
            yield Compared(0, tuple(_uncovered(session, subject)))
    yield from _spread(session)


def _under(
    session: Session, seal: sa.RowMapping, told: sa.RowMapping, covered: dict[str, int]
) -> Compared:
    """One seal with what the trail tells of it, and every row under it."""
    leaves = list(unpacked(seal["leaves"]))
    facts = read_object(told["facts"])
    said = tuple(facts.get(name) for name in ("subject", "rows", "root"))
    held = (seal["subject"], seal["covers"], seal["root"])
    if not said == held == (seal["subject"], len(leaves), root_of(leaves)):
        return Compared(0, (_wrong_seal(seal["id"], Problem.ROW_ALTERED, told["seq"]),))
    subject = _OF[seal["subject"]]
    wanted = {leaf.name.hex(): leaf.digest for leaf in leaves}
    found: list[Difference] = []
    query = subject.read().where(subject.rows.c.id.in_(wanted))
    for row in session.connection().execute(query).mappings():
        covered[subject.table] += row["seal_id"] == seal["id"]
        if wanted.pop(row["id"]) != subject.digest(row) or row["seal_id"] != seal["id"]:
            found.append(_wrong(subject, row["id"], Problem.SEAL))
    found += [_wrong(subject, row_id, Problem.ROW_GONE) for row_id in wanted]
    return Compared(len(leaves), tuple(found))


def _untold(session: Session) -> Iterator[Difference]:
    """Seals that the trail knows nothing of."""
    told = session.connection().execute(_TOLD).mappings()
    known = {read_object(row["facts"]).get("seal") for row in told}
    for seal_id in session.connection().execute(sa.select(SEAL.c.id)).scalars():
        if seal_id not in known:
            yield _wrong_seal(seal_id, Problem.ROW_UNKNOWN, None)


def _never_sealed(session: Session, subject: Sealable) -> Iterator[Difference]:
    """Rows without a seal whose ids we never give: the sealer leaves them out."""
    rows = subject.rows
    query = sa.select(rows.c.id).where(rows.c.seal_id.is_(None))
    for row_id in session.connection().execute(query).scalars():
        if not is_ours(row_id):
            yield _wrong(subject, row_id, Problem.SEAL)


def _count_sealed(session: Session, subject: Sealable) -> int:
    rows = subject.rows
    query = sa.select(sa.func.count()).select_from(rows).where(rows.c.seal_id.is_not(None))
    return int(session.connection().scalar(query) or 0)


def _uncovered(session: Session, subject: Sealable) -> Iterator[Difference]:
    """Rows that name a seal which does not cover them."""
    rows = subject.rows
    query = sa.select(rows.c.id, rows.c.seal_id).where(rows.c.seal_id.is_not(None))
    kept: dict[str, frozenset[str]] = {}
    for batch in _batches(session, query, rows.c.id):
        new = {row["seal_id"] for row in batch} - kept.keys()
        kept = {name: names for name, names in kept.items() if len(kept) < BATCH}
        found = sa.select(SEAL.c.id, SEAL.c.leaves).where(SEAL.c.id.in_(new))
        for seal_id, leaves in session.connection().execute(found):
            kept[seal_id] = frozenset(leaf.name.hex() for leaf in unpacked(leaves))
        for row in batch:
            if row["id"] not in kept.get(row["seal_id"], ()):
                yield _wrong(subject, row["id"], Problem.SEAL)


def _spread(session: Session) -> Iterator[Compared]:
    """Every transaction with its entries: they are its legs, and these sum to zero."""
    query = sa.select(TRANSACTION.c.id, TRANSACTION.c.legs)
    for batch in _batches(session, query, TRANSACTION.c.id):
        first, last = batch[0]["id"], batch[-1]["id"]
        entries = _entries(session, first, last)
        ids = {row["id"] for row in batch}
        found = [
            Difference(
                problem=Problem.ROW_ALTERED,
                row=f"{LEDGER.table} {row['id']}",
                detail="its entries",
            )
            for row in batch
            if _legs(row["legs"]) != entries.get(row["id"], [])
        ]
        found += [
            Difference(problem=Problem.ROW_UNKNOWN, row=f"{ENTRY.name} {transaction_id}")
            for transaction_id in entries
            if transaction_id not in ids
        ]
        yield Compared(0, tuple(found))


def _entries(session: Session, first: str, last: str) -> dict[str, list[list[object]]]:
    rows = session.connection().execute(
        sa.select(ENTRY)
        .where(ENTRY.c.transaction_id.between(first, last))
        .order_by(ENTRY.c.transaction_id, ENTRY.c.n)
    )
    return {
        transaction_id: [
            [row.n, str(row.account), row.amount, row.performance_id or "", row.line_id or ""]
            for row in found
        ]
        for transaction_id, found in groupby(rows, lambda row: row.transaction_id)
    }


def _legs(text: str) -> list[list[object]] | None:
    """The entries that these legs make; None where they are no balanced legs."""
    try:
        legs: list[list[Any]] = json.loads(text)
        if sum(leg[1] for leg in legs):
            return None
        return [[n, *leg] for n, leg in enumerate(legs)]
    except (ValueError, TypeError, LookupError):
        return None


def _batches(
    session: Session, query: sa.Select[*tuple[Any, ...]], key: sa.ColumnElement[Any]
) -> Iterator[Sequence[sa.RowMapping]]:
    after = None
    while True:
        wanted = query.order_by(key).limit(BATCH)
        if after is not None:
            wanted = wanted.where(key > after)
        rows = session.connection().execute(wanted).mappings().all()
        if not rows:
            return
        yield rows
        after = rows[-1][key]


def _wrong(subject: Sealable, row_id: str, problem: Problem) -> Difference:
    return Difference(problem=problem, row=f"{subject.table} {row_id}")


def _wrong_seal(seal_id: str, problem: Problem, seq: int | None) -> Difference:
    return Difference(problem=problem, row=f"{SEAL.name} {seal_id}", seq=seq, detail="root")
