"""The zones that prices are for: those of the newest seat plans where an event is performed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.programme.prices.views import PriceList, PriceType
from upstage_crm.programme.tables import PerformanceRow
from upstage_crm.programme.views import PerformanceState
from upstage_crm.venues import plans, queries
from upstage_crm.venues.seat_plan import SeatPlan

_performance = table_of(PerformanceRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class HallZones:
    """A hall with what its seat plan sells: how many seats or places each zone has, by its name.

    Without a plan there is none.
    """

    hall: str
    sizes: Mapping[str, int]


def zone_sizes(plan: SeatPlan) -> dict[str, int]:
    """How many seats each zone has, and places each area without numbers, by their names.

    A zone without seats sells nothing and is left out.
    """
    sizes = {zone.name: 0 for zone in plan.zones}
    for seat in plan.seats:
        sizes[seat.zone] += 1
    for area in plan.areas:
        sizes[area.name] = sizes.get(area.name, 0) + area.places
    return {name: size for name, size in sizes.items() if size}


def zones_of_event(session: Session, event_id: str, performance_id: str = "") -> list[HallZones]:
    """The halls in which an event is performed, cancelled performances apart; or one performance.

    They are in the order of the first performance in each.
    """
    query = (
        sa.select(_performance.c.hall_id)
        .where(
            _performance.c.event_id == event_id,
            _performance.c.state != PerformanceState.CANCELLED,
            *([_performance.c.id == performance_id] if performance_id else []),
        )
        .group_by(_performance.c.hall_id)
        .order_by(sa.func.min(_performance.c.starts_at), _performance.c.hall_id)
    )
    found = session.connection().execute(query).scalars().all()
    return [zones_of_hall(session, hall_id) for hall_id in found]


def zones_of_hall(session: Session, hall_id: str) -> HallZones:
    """The zones of the newest plan of a hall.

    Raises:
        UnknownHall: there is none with this id.
    """
    hall, known = queries.hall(session, hall_id), plans.versions(session, hall_id)
    sizes = zone_sizes(plans.get(session, hall_id, known[0].version).plan) if known else {}
    return HallZones(hall=f"{hall.texts['name']}, {hall.venue_name}", sizes=sizes)


def without_price(
    halls: list[HallZones], prices: PriceList | None, types: Mapping[str, PriceType]
) -> list[tuple[str, str]]:
    """The halls and zones in which no price type that is offered has a price."""
    cells = () if prices is None else prices.prices
    priced = {cell.zone for cell in cells if not types[cell.type_id].is_retired}
    return [(each.hall, zone) for each in halls for zone in each.sizes if zone not in priced]
