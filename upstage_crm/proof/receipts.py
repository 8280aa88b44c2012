"""Receipts: each signature verifies, and each body's hash stands in the chain.

A receipt proves itself to holders of its public key; the trail proves besides that it was issued
when it says, and that none has gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.chain import instant_text, read_object
from upstage_crm.audit.events import Action
from upstage_crm.audit.findings import Compared, Difference, Problem
from upstage_crm.audit.tables import AuditEntryRow
from upstage_crm.change_requests.model.tables import ChangeRequestRow
from upstage_crm.core.db import table_of
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.proof.bundle import RECEIPT_COLUMNS
from upstage_crm.proof.errors import TrailBroken
from upstage_crm.proof.receipt_check import (
    Verdict,
    judge,
)
from upstage_crm.proof.reconcile_requests import (
    batches,
    within,
)
from upstage_crm.receipts.tables import ReceiptRow

BATCH = 500  # receipts read at once by an export

_receipt = table_of(ReceiptRow)
_entry = table_of(AuditEntryRow)
_request = table_of(ChangeRequestRow)
_patron = table_of(PatronRow)
_ISSUED = (
    sa.select(_entry.c.seq, _entry.c.request_id, _entry.c.facts)
    .where(_entry.c.action == Action.RECEIPT_ISSUED)
    .order_by(_entry.c.seq)
)
_NOT_ISSUED: tuple[int | None, dict[str, Any]] = (None, {})
_ROWS = sa.select(*(_receipt.c[name] for name in RECEIPT_COLUMNS))
_SIGNED_WITH = sa.select(_receipt.c.kid, sa.func.min(_receipt.c.body)).group_by(_receipt.c.kid)
_NAMED = (
    _ROWS.add_columns(_request.c.reference, _patron.c.number)
    .outerjoin(_request, _request.c.id == _receipt.c.request_id)
    .outerjoin(_patron, _patron.c.id == _receipt.c.patron_id)
    .order_by(_receipt.c.id)
)


def reconcile(session: Session, *, public_keys: Mapping[str, str]) -> Iterator[Compared]:
    """Compare every receipt with the trail, one batch of requests after the other."""
    connection = session.connection()
    for _ids, after, until in batches(session):
        issued: dict[str, tuple[int, dict[str, Any]]] = {}
        query = _ISSUED.where(within(_entry.c.request_id, after, until))
        for row in connection.execute(query).mappings():
            facts = read_object(row["facts"])
            issued[str(facts.get("receipt"))] = row["seq"], facts
        rows = connection.execute(_NAMED.where(within(_receipt.c.request_id, after, until)))
        found: list[Difference] = []
        count = 0
        for row in rows.mappings():
            seq, facts = issued.pop(row["id"], _NOT_ISSUED)
            verdict = judge(
                _plain(row),
                issued=facts,
                public_keys=public_keys,
                hash_at=lambda named: trail.hash_at(session, named),
            )
            count += 1
            if verdict is not Verdict.HOLDS:
                found.append(
                    Difference(
                        problem=_problem(verdict, facts),
                        number=row["number"],
                        reference=row["reference"],
                        seq=seq,
                    )
                )
        found += [Difference(problem=Problem.RECEIPT_GONE, seq=seq) for seq, _ in issued.values()]
        yield Compared(count, tuple(found))


def _problem(verdict: Verdict, issued: Mapping[str, Any]) -> Problem:
    if verdict is Verdict.UNKNOWN_KEY:
        return Problem.RECEIPT_KEY
    return Problem.RECEIPT if issued else Problem.RECEIPT_UNKNOWN


def keys_used(session: Session) -> dict[str, str]:
    """The public key of every receipt, by the key's name, as the receipts themselves say."""
    found: dict[str, str] = {}
    for kid, body in session.connection().execute(_SIGNED_WITH):
        found[str(kid)] = str(read_object(body).get("public_key"))
    return found


def in_order(session: Session) -> Iterator[dict[str, Any]]:
    """Every receipt in the order in which the trail issued them, `at` as the hashes spell it.

    Raises:
        TrailBroken: the trail names a receipt that is gone.
    """
    connection, after = session.connection(), 0
    while rows := connection.execute(_ISSUED.where(_entry.c.seq > after).limit(BATCH)).all():
        issued = [(row.seq, read_object(row.facts).get("receipt")) for row in rows]
        query = _ROWS.where(_receipt.c.id.in_([receipt_id for _seq, receipt_id in issued]))
        found = {row["id"]: _plain(row) for row in connection.execute(query).mappings()}
        for seq, receipt_id in issued:
            if receipt_id not in found:
                raise TrailBroken(seq=seq)
            yield found[receipt_id]
        after = issued[-1][0]


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(n): instant_text(v) if n == "at" else v for n, v in row.items()}
