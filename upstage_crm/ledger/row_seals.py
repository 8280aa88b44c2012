"""Seals many rows at once, so that no sale waits at the head of the trail.

A row is born with a salt. Once a second the rows without a seal get one: the trail holds the root
of their hashes (a Merkle tree), and the seal keeps each hash, so that a check can name the row that
differs. What has no seal is found by that and never by its id: a slow transaction commits late.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from upstage_crm.audit import trail
from upstage_crm.audit.chain import canonical, instant_text
from upstage_crm.audit.events import SYSTEM, Action, AuditEvent, Channel
from upstage_crm.core.db import Database, table_of
from upstage_crm.core.ids import new_id
from upstage_crm.ledger.tables import LedgerSealRow

SEAL = table_of(LedgerSealRow)
MOST = 5_000  # rows under one seal
NAME_BYTES, HASH_BYTES = 16, 32
_LEAF_BYTES = NAME_BYTES + HASH_BYTES
_ID = re.compile(r"[0-9a-f]{32}")
_LEAF, _NODE = b"\0", b"\1"  # so that no node can pass for a row


@dataclass(frozen=True, slots=True)
class Sealable:
    """A table whose rows are sealed: the columns that its guards keep as they were written.

    It has an `id`, a `salt`, a `seal_id` without a value at first, and an index of those.
    """

    table: str
    frozen: tuple[str, ...]

    @property
    def rows(self) -> sa.Table:
        """The table itself."""
        return SQLModel.metadata.tables[self.table]

    def read(self) -> sa.Select[Any]:
        """A query for what is hashed of the rows, with the seal of each."""
        columns = self.rows.c
        return sa.select(*(columns[name] for name in self.frozen), columns.seal_id)

    def digest(self, row: Mapping[Any, Any]) -> bytes:
        """The salted hash of one row."""
        said = [self.table, *(_plain(row[name]) for name in self.frozen)]
        return hashlib.sha256(_LEAF + canonical(said).encode()).digest()


LEDGER = Sealable(
    "ledger_transaction",
    (
        *("id", "kind", "booked_at", "legs", "order_id", "step_id", "payment_id", "refund_id"),
        *("shift_id", "staff_id", "salt"),
    ),
)


class Leaf(NamedTuple):
    """One row under a seal: the bytes of its id, and its hash."""

    name: bytes
    digest: bytes


def seal(database: Database, subjects: Sequence[Sealable], *, now: datetime) -> int:
    """Seal what has no seal yet, at most `MOST` rows of each table; return how many.

    Hashing is done before the transaction, which the sales wait for. Where another worker was
    quicker, nothing is sealed, and the next turn takes what is left.
    """
    with database.reading() as session:
        found = [batch for one in subjects if (batch := _unsealed(session, one)).ids]
    if not found:
        return 0
    try:
        with database.transaction() as session:
            events = [_seal(session, batch, now) for batch in found]
            trail.record(session, events, now=now)
    except _SealedMeanwhile:
        return 0
    return sum(len(batch.ids) for batch in found)


def root_of(leaves: Sequence[Leaf]) -> str:
    """The root of the tree over these leaves, in hex; one without a partner moves up as it is."""
    row = [leaf.digest for leaf in leaves]
    while len(row) > 1:
        alone = [row[-1]] if len(row) % 2 else []
        pairs = zip(row[::2], row[1::2], strict=False)
        row = [hashlib.sha256(_NODE + one + other).digest() for one, other in pairs] + alone
    return row[0].hex() if row else ""


def packed(leaves: Sequence[Leaf]) -> bytes:
    """Leaves as a seal keeps them."""
    return b"".join(leaf.name + leaf.digest for leaf in leaves)


def unpacked(kept: bytes) -> Iterator[Leaf]:
    """The leaves that a seal keeps."""
    for at in range(0, len(kept), _LEAF_BYTES):
        leaf = kept[at : at + _LEAF_BYTES]
        yield Leaf(leaf[:NAME_BYTES], leaf[NAME_BYTES:])


def is_ours(row_id: str) -> bool:
    """Whether an id is one that `core.ids` draws: a seal keeps its 16 bytes."""
    return _ID.fullmatch(row_id) is not None


class _SealedMeanwhile(Exception):  # another worker was quicker: nothing is wrong
    pass


class _Batch(NamedTuple):
    subject: Sealable
    ids: list[str]
    leaves: list[Leaf]


def _unsealed(session: Session, subject: Sealable) -> _Batch:
    columns = subject.rows.c
    query = subject.read().where(columns.seal_id.is_(None)).order_by(columns.id).limit(MOST)
    rows = session.connection().execute(query).mappings().all()
    ours = [row for row in rows if is_ours(row["id"])]
    leaves = [Leaf(bytes.fromhex(row["id"]), subject.digest(row)) for row in ours]
    return _Batch(subject, [row["id"] for row in ours], leaves)


def _seal(session: Session, batch: _Batch, now: datetime) -> AuditEvent:
    seal_id, table, root = new_id(now), batch.subject.rows, root_of(batch.leaves)
    kept = {
        "id": seal_id,
        "subject": batch.subject.table,
        "covers": len(batch.ids),
        "root": root,
        "leaves": packed(batch.leaves),
        "created_at": now,
    }
    session.connection().execute(sa.insert(SEAL), kept)
    these = sa.and_(table.c.seal_id.is_(None), table.c.id.in_(batch.ids))
    done = session.connection().execute(sa.update(table).where(these).values(seal_id=seal_id))
    if done.rowcount != len(batch.ids):
        raise _SealedMeanwhile
    return AuditEvent(
        action=Action.ROWS_SEALED,
        actor=SYSTEM,
        channel=Channel.SCHEDULE,
        facts={
            "seal": seal_id,
            "subject": batch.subject.table,
            "rows": len(batch.ids),
            "root": root,
        },
    )


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return instant_text(value)
    return str(value) if isinstance(value, str) else value  # an enum is a text, too
