"""Keeps what cardholders' banks dispute, for the staff members who answer it at the provider."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import seals
from upstage_crm.core.db import table_of, take_turns
from upstage_crm.payments.payment_rows import PAYMENT
from upstage_crm.payments.providers.provider import DisputeFacts
from upstage_crm.payments.tables import PaymentDisputeRow
from upstage_crm.payments.views import DISPUTE_MOVES, DisputeState, DisputeView, PaymentView

_DISPUTE = table_of(PaymentDisputeRow)
_GOES_ON = (DisputeState.OPEN, DisputeState.ANSWERED)
_TOLD = (DisputeState.WON, DisputeState.LOST)


def keep(session: Session, payment: PaymentView, facts: DisputeFacts, *, now: datetime) -> bool:
    """Write down how far a dispute has come, and return whether that was news.

    What an older message says of a dispute that has gone on since is no news.

    Raises:
        RowNotProven: the row that there is is not what was sealed; a repair takes it away, and the
            provider tells again.
    """
    take_turns(session, f"dispute {facts.reference}")
    connection = session.connection()
    changing = {
        "state": facts.state,
        "due_at": facts.due_at,
        "closed_at": None if facts.state in _GOES_ON else now,
    }
    mine = _DISPUTE.c.id == facts.reference
    row = connection.execute(sa.select(_DISPUTE).where(mine)).mappings().one_or_none()
    if row is None:
        born = {
            "id": facts.reference,
            "payment_id": payment.id,
            "amount": facts.amount,
            "currency": facts.currency,
            "opened_at": now,
        }
        values = _sealed(session, born | changing)
        connection.execute(sa.insert(_DISPUTE).values(values))
        return True
    seals.prove(session, _DISPUTE.name, row)
    known = row["state"]
    is_news = facts.state in DISPUTE_MOVES.get(known, ())
    if is_news:
        connection.execute(
            sa.update(_DISPUTE).where(mine).values(_sealed(session, {**row, **changing}))
        )
    elif facts.state is known and known in _GOES_ON:  # the provider may give more time
        later = _sealed(session, {**row, "due_at": facts.due_at})
        connection.execute(sa.update(_DISPUTE).where(mine).values(later))
    return is_news


def needing(session: Session, *, since: datetime) -> list[DisputeView]:
    """What has to be answered, what is due first before the rest; then what ended since `since`.

    A row that is not what was sealed is none of them: the next check tells of it.
    """
    wanted = sa.or_(
        _DISPUTE.c.state == DisputeState.OPEN,
        sa.and_(_DISPUTE.c.state.in_(_TOLD), _DISPUTE.c.closed_at >= since),
    )
    query = (
        sa.select(_DISPUTE, PAYMENT.c.order_id)
        .join(PAYMENT, PAYMENT.c.id == _DISPUTE.c.payment_id)
        .where(wanted)
    )
    found = [
        DisputeView(
            reference=row["id"],
            payment_id=row["payment_id"],
            order_id=row["order_id"],
            amount=row["amount"],
            currency=row["currency"],
            state=row["state"],
            due_at=row["due_at"],
            opened_at=row["opened_at"],
            closed_at=row["closed_at"],
        )
        for row in session.connection().execute(query).mappings()
        if seals.is_sealed(session, _DISPUTE.name, row)
    ]
    return sorted(found, key=_urgency)


def _sealed(session: Session, values: Mapping[str, Any]) -> dict[str, Any]:
    return {**values, "seal": seals.seal(session, _DISPUTE.name, values)}


def _urgency(found: DisputeView) -> tuple[bool, float]:
    if found.closed_at is not None:
        return True, -found.closed_at.timestamp()
    return False, (found.due_at or found.opened_at).timestamp()
