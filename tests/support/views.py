"""Read models of requests, made up for tests of pure rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from upstage_crm.change_requests.model.policy import DEFAULT
from upstage_crm.change_requests.model.rules import (
    FieldOutcome,
    ReasonCode,
    RequestPath,
    RequestState,
)
from upstage_crm.change_requests.model.views import FieldView, RequestView
from upstage_crm.patrons.visibility import EVERYTHING

MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def request_view(
    *,
    state: RequestState = RequestState.PENDING,
    outcome: FieldOutcome = FieldOutcome.PENDING,
    **known: Any,
) -> RequestView:
    """A request about an email address; `known` is what else of it matters."""
    field = FieldView(
        id="field",
        field="email",
        now="old@example.com",
        proposed="new@example.org",
        outcome=outcome,
    )
    usual: dict[str, Any] = {
        "id": "request",
        "reference": "K7-2FQ",
        "patron_id": "patron",
        "patron_number": 1001,
        "patron_name": "Mara Smith",
        "access": EVERYTHING,
        "sees_fields": True,
        "cause": None,
        "reason_code": ReasonCode.ASKED_BY_PHONE,
        "reason_text": "",
        "proposer_id": "dana",
        "proposer_label": "Dana, box office",
        "answerable_id": "dana",
        "answerable_label": "Dana, box office",
        "created_at": MONDAY,
        "expires_at": MONDAY + timedelta(days=7),
        "ended_at": None,
        "last_sent_at": MONDAY,
        "sent_count": 1,
        "policy": DEFAULT,
        "path": RequestPath.LINK,
        "held_for": None,
        "released_at": None,
        "applies_at": None,
        "notice_state": None,
        "noticed_at": None,
        "next_reminder_at": None,
        "code_tries": 0,
        "fields": (field,),
    }
    return RequestView(state=state, **{**usual, **known})
