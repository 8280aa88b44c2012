"""What prices and sale windows ask for before a performance goes on sale; see `sale_checks`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache, partial

from sqlmodel import Session

from upstage_crm.programme.prices import price_lists, window_commands
from upstage_crm.programme.prices.errors import SaleWindowMissing, ZoneUnpriced
from upstage_crm.programme.prices.price_types import price_types
from upstage_crm.programme.prices.versions import holding
from upstage_crm.programme.prices.views import SaleWindow
from upstage_crm.programme.prices.zones import without_price, zones_of_hall
from upstage_crm.programme.sale_checks import Obstacle
from upstage_crm.programme.views import PerformanceView


def priced_and_windowed(
    session: Session, performances: Sequence[PerformanceView], *, now: datetime
) -> Iterator[Obstacle]:
    """Every zone of the hall has a price, and a sale window is open or opens in time."""
    lists = cache(partial(price_lists.versions, session))
    windows = cache(partial(window_commands.windows, session))
    hall = cache(partial(zones_of_hall, session))
    types = price_types(session)
    for one in performances:
        prices = holding(lists(one.event_id), now, performance_id=one.id)
        for _hall, zone in without_price([hall(one.hall_id)], prices, types):
            yield Obstacle(performance_id=one.id, refusal=ZoneUnpriced(zone=zone))
        if not _is_sold(windows(one.event_id), one, now):
            yield Obstacle(performance_id=one.id, refusal=SaleWindowMissing())


def _is_sold(windows: Sequence[SaleWindow], one: PerformanceView, now: datetime) -> bool:
    own = [window for window in windows if window.performance_id == one.id]
    valid = own or [window for window in windows if window.performance_id is None]
    return any(
        window.opens_at < one.starts_at and (window.closes_at is None or window.closes_at > now)
        for window in valid
    )
