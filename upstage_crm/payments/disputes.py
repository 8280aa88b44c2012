"""Keeps what cardholders' banks dispute, for the staff members who answer it at the provider."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

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
    """
    take_turns(session, f"dispute {facts.reference}")
    connection = session.connection()
    changing = {
        "state": facts.state,
        "due_at": facts.due_at,
        "closed_at": None if facts.state in _GOES_ON else now,
    }
    mine = _DISPUTE.c.id == facts.reference
    known = connection.execute(sa.select(_DISPUTE.c.state).where(mine)).scalar_one_or_none()
    if known is None:
        row = {
            "id": facts.reference,
            "payment_id": payment.id,
            "amount": facts.amount,
            "currency": facts.currency,
            "opened_at": now,
        }
        connection.execute(sa.insert(_DISPUTE).values(row | changing))
    elif facts.state in DISPUTE_MOVES.get(known, ()):
        connection.execute(sa.update(_DISPUTE).where(mine).values(changing))
    else:
        if facts.state is known and known in _GOES_ON:  # the provider may give more time
            connection.execute(sa.update(_DISPUTE).where(mine).values(due_at=facts.due_at))
        return False
    return True


def needing(session: Session, *, since: datetime) -> list[DisputeView]:
    """What has to be answered, what is due first before the rest; then what ended since `since`."""
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
            reference=row.id,
            payment_id=row.payment_id,
            order_id=row.order_id,
            amount=row.amount,
            currency=row.currency,
            state=row.state,
            due_at=row.due_at,
            opened_at=row.opened_at,
            closed_at=row.closed_at,
        )
        for row in session.connection().execute(query)
    ]
    return sorted(found, key=_urgency)


def _urgency(found: DisputeView) -> tuple[bool, float]:
    if found.closed_at is not None:
        return True, -found.closed_at.timestamp()
    return False, (found.due_at or found.opened_at).timestamp()
