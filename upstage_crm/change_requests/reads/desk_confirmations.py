"""Reads what two staff members vouch for together."""

from __future__ import annotations

import json

from sqlmodel import Session, col, select

from upstage_crm.change_requests.model.rules import (
    Decision,
    DeskKind,
)
from upstage_crm.change_requests.model.tables import DeskConfirmationRow
from upstage_crm.change_requests.model.views import DeskView


def confirmations(session: Session, request_id: str) -> tuple[DeskView, ...]:
    """What was recorded at the desk about a request, the newest first."""
    query = (
        select(DeskConfirmationRow)
        .where(DeskConfirmationRow.request_id == request_id)
        .order_by(col(DeskConfirmationRow.id).desc())
    )
    return tuple(_view(row) for row in session.exec(query))


def _view(row: DeskConfirmationRow) -> DeskView:
    said: dict[str, str] = json.loads(row.answers).get("fields", {})
    return DeskView(
        kind=DeskKind(row.kind),
        method=row.method,
        note=row.note,
        answers={key: Decision(value) for key, value in said.items()},
        clerk_id=row.clerk_id,
        clerk_label=row.clerk_label,
        created_at=row.created_at,
        second_label=row.second_label,
        confirmed_at=row.confirmed_at,
        declined_at=row.declined_at,
    )
