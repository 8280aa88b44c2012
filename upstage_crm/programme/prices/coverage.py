"""Which zones of a hall lack a price for what is performed there."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.programme.prices.price_lists import versions
from upstage_crm.programme.prices.price_types import price_types
from upstage_crm.programme.prices.versions import holding
from upstage_crm.programme.prices.zones import without_price, zones_of_hall
from upstage_crm.programme.tables import EventRow, PerformanceRow
from upstage_crm.programme.views import PerformanceState

_event, _performance = table_of(EventRow), table_of(PerformanceRow)


def zones_without_price(session: Session, hall_id: str, now: datetime) -> list[tuple[str, str]]:
    """Pairs of a zone and the title of an event whose tickets there have no price now.

    The zones are those of the hall's newest plan, the events those that are still performed there.
    """
    coming = (
        sa.select(_event.c.id, _event.c.title)
        .join(_performance, _performance.c.event_id == _event.c.id)
        .where(
            _performance.c.hall_id == hall_id,
            _performance.c.starts_at > now,
            _performance.c.state != PerformanceState.CANCELLED,
        )
        .group_by(_event.c.id, _event.c.title)
        .order_by(sa.func.min(_performance.c.starts_at), _event.c.id)
    )
    halls, types = [zones_of_hall(session, hall_id)], price_types(session)
    found: list[tuple[str, str]] = []
    for row in session.connection().execute(coming).all():
        held = holding(versions(session, row.id), now)
        found += [(zone, row.title) for _, zone in without_price(halls, held, types)]
    return found
