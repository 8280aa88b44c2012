"""Reads what needs care on a record: a dispute, an erasure, and changes that wait for two."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from upstage_crm.change_requests.disputes import record_changes
from upstage_crm.change_requests.model.rules import (
    Finding,
    FreezeCause,
    RecordChangeKind,
)
from upstage_crm.change_requests.reads import evidence
from upstage_crm.change_requests.reads.references import references
from upstage_crm.patrons.tables import PatronRow, PatronStatus
from upstage_crm.privacy import erasure


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeView:
    """A dispute that is open. `first_id` is "" until a colleague has looked into it."""

    cause: FreezeCause
    reference: str
    opened_at: datetime
    first_id: str
    first_label: str
    first_note: str
    finding: Finding | None


def freeze_of(session: Session, patron_id: str) -> FreezeView | None:
    """The dispute on a patron's record, if one stands."""
    row = evidence.find_freeze(session, patron_id)
    if row is None:
        return None
    return FreezeView(
        cause=row.cause,
        reference=references(session, [row.request_id]).get(row.request_id, ""),
        opened_at=row.opened_at,
        first_id=row.first_id or "",
        first_label=row.first_label or "",
        first_note=row.first_note,
        finding=row.finding,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChangeView:
    """A change of protection or status that waits for its second person."""

    kind: RecordChangeKind
    status_to: PatronStatus | None
    asked_id: str
    asked_label: str
    asked_at: datetime
    reason: str


def record_changes_of(session: Session, patron_id: str) -> tuple[RecordChangeView, ...]:
    """The changes of a patron's record that wait."""
    return tuple(
        RecordChangeView(
            kind=row.kind,
            status_to=row.status_to,
            asked_id=row.requested_by,
            asked_label=row.requested_label,
            asked_at=row.requested_at,
            reason=row.reason,
        )
        for row in record_changes.find_waiting(session, patron_id)
    )


def status_takes_two(session: Session, patron_id: str, *, now: datetime) -> bool:
    """Whether a change of a patron's status waits for a second person."""
    return record_changes.needs_second(session, session.get_one(PatronRow, patron_id), now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureView:
    """An erasure that waits for its second person."""

    asked_id: str
    asked_label: str
    asked_at: datetime
    reason: str


def erasure_of(session: Session, patron_id: str) -> ErasureView | None:
    """The erasure of a patron that waits, if one does."""
    row = erasure.find_waiting(session, patron_id)
    if row is None:
        return None
    return ErasureView(
        asked_id=row.requested_by,
        asked_label=row.requested_label,
        asked_at=row.requested_at,
        reason=row.reason,
    )
