"""Every recorded and every sealed row against the trail and its seal: for `audit verify`.

The running server looks at rows that were touched. This looks at all of them, so it finds what
was written while the log of touched rows was switched off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from upstage_crm.audit import recorded, seals, states
from upstage_crm.audit.chain import read_object
from upstage_crm.audit.findings import Compared, Difference, Problem
from upstage_crm.audit.proven_rows import RECORDED, SEALED
from upstage_crm.audit.recorded import PREFIX, name_of
from upstage_crm.audit.tables import AuditEntryRow, RecordedRow
from upstage_crm.change_requests.model.tables import ChangeRequestRow
from upstage_crm.core.db import table_of
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.proof import integrity
from upstage_crm.proof.integrity import Finding

BATCH = 500

_recorded, _entry = table_of(RecordedRow), table_of(AuditEntryRow)
_request, _patron = table_of(ChangeRequestRow), table_of(PatronRow)


def reconcile(session: Session) -> Iterator[Compared]:
    """Compare everything, one batch after the other, over the session's snapshot."""
    for subject in RECORDED:
        for ids in _batches(session, subject):
            found = [integrity.of_error(e) for e in recorded.disagreements(session, subject, ids)]
            yield Compared(len(ids), tuple(difference(session, one) for one in found))
    yield from _pointers(session)
    for table in SEALED:
        yield from _sealed(session, table)


def difference(session: Session, found: Finding) -> Difference:
    """A finding as a difference, with the patron's number or the request's reference."""
    number = reference = None
    connection = session.connection()
    if found.subject == "patron":
        number = connection.scalar(sa.select(_patron.c.number).where(_patron.c.id == found.row_id))
    elif found.subject == "change_request":
        query = sa.select(_request.c.reference).where(_request.c.id == found.row_id)
        reference = connection.scalar(query)
    return Difference(
        problem=found.problem,
        number=number,
        reference=reference,
        row=f"{found.subject} {found.row_id}",
        detail=found.detail,
    )


def _batches(session: Session, subject: str) -> Iterator[list[str]]:
    """The ids of all subjects of a kind, and of those that the trail knows and are gone."""
    connection, root = session.connection(), SQLModel.metadata.tables[subject]
    text = sa.cast(root.c.id, sa.String) if states.has_number(subject) else root.c.id
    after = ""
    while True:
        query = sa.select(text.label("id")).where(text > after).order_by(text).limit(BATCH)
        ids = list(connection.execute(query).scalars())
        if ids:
            yield ids
        if len(ids) < BATCH:
            break
        after = ids[-1]
    known = sa.select(_recorded.c.row_id).where(_recorded.c.subject == subject).distinct()
    lost = list(
        connection.execute(known.where(_recorded.c.row_id.not_in(sa.select(text)))).scalars()
    )
    for place in range(0, len(lost), BATCH):
        yield lost[place : place + BATCH]


def _pointers(session: Session) -> Iterator[Compared]:
    """Each commitment of the trail has its pointer: without one an older state could pass."""
    connection, after = session.connection(), 0
    has_rows = _entry.c.commitments.contains(f'"{PREFIX}')
    while True:
        query = (
            sa.select(_entry.c.seq, _entry.c.commitments)
            .where(_entry.c.seq > after, has_rows)
            .order_by(_entry.c.seq)
            .limit(BATCH)
        )
        entries = connection.execute(query).all()
        if not entries:
            return
        after = entries[-1].seq
        pointed = sa.select(_recorded).where(_recorded.c.seq.between(entries[0].seq, after))
        known: dict[int, set[str]] = {}
        for row in connection.execute(pointed):
            known.setdefault(row.seq, set()).add(name_of((row.subject, row.row_id)))
        yield Compared(
            0,
            tuple(
                Difference(problem=Problem.EVIDENCE_GONE, seq=entry.seq, row=name)
                for entry in entries
                for name in read_object(entry.commitments)
                if name.startswith(PREFIX) and name not in known.get(entry.seq, ())
            ),
        )


def _sealed(session: Session, name: str) -> Iterator[Compared]:
    table = SQLModel.metadata.tables[name]
    key = [table.c[column] for column in SEALED[name].key]
    everything = sa.select(table).order_by(*key).execution_options(yield_per=BATCH)
    rows = session.connection().execute(everything)
    for batch in rows.mappings().partitions(BATCH):
        yield Compared(len(batch), tuple(_unsealed(session, name, batch)))


def _unsealed(
    session: Session, name: str, rows: Sequence[Mapping[Any, Any]]
) -> Iterator[Difference]:
    for row in rows:
        if not seals.is_sealed(session, name, row) and not seals.is_former(session, row):
            where = f"{name} {seals.row_id(name, row)}"
            yield Difference(problem=Problem.SEAL, row=where)
