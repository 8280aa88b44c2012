"""Every applied change has its receipts: over the same values, from everyone whose yes it needed.

The guards and the trail say that a change was approved. A receipt is what the reviewer holds, so
a change without one is a finding, whatever else was forged with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit.chain import commitment, read_object
from upstage_crm.audit.events import Action
from upstage_crm.audit.findings import Compared, Difference, Problem
from upstage_crm.audit.tables import AuditEntryRow, AuditValueRow
from upstage_crm.change_requests.model.rules import (
    ChangeKind,
    Decision,
    FieldOutcome,
)
from upstage_crm.change_requests.model.tables import (
    ChangeRequestRow,
    FieldChangeRow,
    ReviewRow,
)
from upstage_crm.core.db import table_of
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.patrons.tables import PatronRow, PatronStatus
from upstage_crm.proof.reconcile_requests import (
    batches,
    within,
)
from upstage_crm.receipts.facts import AT_THE_DESK
from upstage_crm.receipts.tables import ReceiptRow

_change, _review = table_of(FieldChangeRow), table_of(ReviewRow)
_request, _patron = table_of(ChangeRequestRow), table_of(PatronRow)
_receipt, _entry, _value = table_of(ReceiptRow), table_of(AuditEntryRow), table_of(AuditValueRow)

_APPLIED = (
    sa.select(
        *(_change.c[name] for name in ("id", "request_id", "field", "kind")),
        *(_change.c[name] for name in ("current_value", "proposed_value")),
        sa.type_coerce(_patron.c.status, sa.String).label("status"),
        _request.c.reference,
        _patron.c.number,
    )
    .join(_request, _request.c.id == _change.c.request_id)
    .join(_patron, _patron.c.id == _change.c.patron_id)
    .where(_change.c.outcome == FieldOutcome.APPLIED)
)
_APPROVING = sa.select(_review.c.field_change_id, _review.c.reviewer).where(
    _review.c.decision == Decision.APPROVE
)
_SALTS = (
    sa.select(_entry.c.facts, _value.c.name, _value.c.salt)
    .join(_value, _value.c.seq == _entry.c.seq)
    .where(_entry.c.action == Action.RECEIPT_ISSUED)
)

Salts = Mapping[str, str]


def reconcile(session: Session) -> Iterator[Compared]:
    """Compare every applied change with the receipts of its request, some requests at a time."""
    connection = session.connection()
    for _ids, after, until in batches(session):
        changes = connection.execute(_APPLIED.where(within(_change.c.request_id, after, until)))
        rows = changes.mappings().all()
        if not rows:
            continue
        asked: dict[str, set[str]] = {}
        query = _APPROVING.where(within(_review.c.request_id, after, until))
        for change_id, reviewer in connection.execute(query):
            asked.setdefault(change_id, set()).add(reviewer.value)
        salts = _salts(session, after, until)
        receipts: dict[str, list[tuple[dict[str, Any], Salts]]] = {}
        bodies = sa.select(_receipt.c.id, _receipt.c.request_id, _receipt.c.body)
        for receipt in connection.execute(
            bodies.where(within(_receipt.c.request_id, after, until))
        ):
            told = (read_object(receipt.body), salts.get(receipt.id, {}))
            receipts.setdefault(receipt.request_id, []).append(told)
        yield Compared(
            0,
            tuple(
                _missing(row)
                for row in rows
                for who in _needed(row, asked.get(row["id"], set()))
                if not any(
                    _covers(row, who, body, known)
                    for body, known in receipts.get(row["request_id"], [])
                )
            ),
        )


def _needed(row: Mapping[Any, Any], approved: set[str]) -> set[str | None]:
    """Whose receipts a change needs; None for the one that any of them may have asked for."""
    if row["kind"] is ChangeKind.CHANGE:
        return set(approved)
    return {AT_THE_DESK} if row["kind"] is ChangeKind.DESK else {None}


def _covers(row: Mapping[Any, Any], who: str | None, body: Mapping[str, Any], salts: Salts) -> bool:
    """Whether a receipt is about this change, from this reviewer, with these very values."""
    if who is not None and body.get("reviewer") != who:
        return False
    kind = "revert" if row["kind"] is ChangeKind.REVERT else "change"
    decisions = ("object", "revert") if who is None else ("approve",)
    for said in body.get("fields", []):
        is_this = said["field"] == row["field"] and said["kind"] == kind
        if is_this and said["decision"] in decisions and _same_values(row, said, salts):
            return True
    return False


def _same_values(row: Mapping[Any, Any], said: Mapping[str, Any], salts: Salts) -> bool:
    if row["status"] == PatronStatus.ERASED:
        return True  # the values and their salts went with the person
    return all(
        said[side].get(name) == commitment(salts.get(f"{name}.{side}", ""), f"{name}.{side}", value)
        for side, column in (("old", "current_value"), ("new", "proposed_value"))
        for name, value in _values(row, column).items()
    )


def _values(row: Mapping[Any, Any], column: str) -> dict[str, str | None]:
    values = read_object(row[column])
    return {name: values.get(name) for name in FIELDS[row["field"]].columns}


def _salts(session: Session, after: str, until: str | None) -> dict[str, dict[str, str]]:
    """The salts of each receipt's values, by the receipt's id."""
    found: dict[str, dict[str, str]] = {}
    query = _SALTS.where(within(_entry.c.request_id, after, until))
    for facts, name, salt in session.connection().execute(query):
        found.setdefault(str(read_object(facts).get("receipt")), {})[name] = salt
    return found


def _missing(row: Mapping[Any, Any]) -> Difference:
    return Difference(
        problem=Problem.RECEIPT_MISSING,
        number=row["number"],
        field=row["field"],
        reference=row["reference"],
    )
