"""The events of providers that were heard: each is one row, whatever it is delivered again."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import insert_unless_there, table_of
from upstage_crm.payments.tables import ProviderEventRow

_EVENT = table_of(ProviderEventRow)


def is_known(session: Session, event_id: str) -> bool:
    """Whether an event was heard before."""
    query = sa.select(_EVENT.c.id).where(_EVENT.c.id == event_id)
    return session.connection().execute(query).first() is not None


def note(
    session: Session, *, event_id: str, provider: str, kind: str, payment_id: str, now: datetime
) -> bool:
    """Note an event in the transaction that acts on it; False when it was heard before."""
    if is_known(session, event_id):
        return False
    row = {
        "id": event_id,
        "provider": provider,
        "kind": kind,
        "payment_id": payment_id,
        "received_at": now,
    }
    insert = insert_unless_there(session, _EVENT).values(row)
    return session.connection().execute(insert).first() is not None
