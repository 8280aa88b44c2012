"""How many seats and places are free, for many performances at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.inventory.pools import POOL
from upstage_crm.inventory.seats import SEAT
from upstage_crm.inventory.views import SeatState


def free_counts(
    session: Session, performance_ids: Collection[str], *, now: datetime
) -> Mapping[str, int]:
    """Free seats and places together, by performance; one that is not laid out is left out.

    Places whose hold has lapsed count as held until they are tidied up: the number is for a list.
    """
    connection = session.connection()
    is_free = sa.or_(
        SEAT.c.state == SeatState.FREE,
        sa.and_(SEAT.c.state == SeatState.HELD, SEAT.c.expires_at <= now),
    )
    found: dict[str, int] = {}
    seats = (
        sa.select(SEAT.c.performance_id, sa.func.sum(sa.case((is_free, 1), else_=0)))
        .where(SEAT.c.performance_id.in_(performance_ids))
        .group_by(SEAT.c.performance_id)
    )
    places = (
        sa.select(
            POOL.c.performance_id,
            sa.func.sum(POOL.c.capacity - POOL.c.held - POOL.c.sold - POOL.c.blocked),
        )
        .where(POOL.c.performance_id.in_(performance_ids))
        .group_by(POOL.c.performance_id)
    )
    for query in (seats, places):
        for performance_id, count in connection.execute(query):
            found[performance_id] = found.get(performance_id, 0) + int(count)
    return found
