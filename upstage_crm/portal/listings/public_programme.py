"""What everybody may know of the programme, with what is for sale: read once in a few seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

from sqlmodel import Session

from upstage_crm.inventory import queries as inventory
from upstage_crm.inventory.errors import NotLaidOut
from upstage_crm.inventory.queries import Layout
from upstage_crm.organisation import currency
from upstage_crm.organisation.details import OrganisationDetails
from upstage_crm.organisation.settings import details
from upstage_crm.portal.listings.sale_states import SaleState, sale_state
from upstage_crm.portal.memory import Memory
from upstage_crm.programme import pictures, queries
from upstage_crm.programme.prices import price_lists, price_types, window_commands
from upstage_crm.programme.prices.sale_windows import may_sell
from upstage_crm.programme.prices.versions import holding
from upstage_crm.programme.prices.views import (
    PriceList,
    PriceType,
    SaleChannel,
    SaleWindow,
)
from upstage_crm.programme.views import EventView, PerformanceView
from upstage_crm.venues import queries as venues
from upstage_crm.venues.views import HallView, VenueView
from upstage_crm.wiring import runtime

PROGRAMME_LIFE_S: Final = 2.0
LAYOUT_LIFE_S: Final = 1.0
LISTED_LIFE_S: Final = 15.0  # of what is free, where only whether anything is counts

_programme: Memory[Programme] = Memory(life_s=PROGRAMME_LIFE_S, most=1)
_layouts: Memory[_Found] = Memory(life_s=LAYOUT_LIFE_S, most=512)


@dataclass(frozen=True, slots=True)
class _Found:
    layout: Layout | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneOffer:
    """A zone in which something is free, and what each price type pays there, by its id."""

    name: str
    free: int
    prices: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnOffer:
    """A performance as it can be bought now. `opens_at` is when its sale begins, if that is later.

    `lowest` is what the cheapest ticket costs that is left and that needs no proof.
    """

    performance: PerformanceView
    state: SaleState
    opens_at: datetime | None
    zones: tuple[ZoneOffer, ...]
    lowest: int | None
    layout: Layout | None


@dataclass(frozen=True, kw_only=True)
class Programme:
    """Everything that is announced, at `now`."""

    now: datetime
    organisation: OrganisationDetails
    currency: str
    types: Mapping[str, PriceType]
    events: Sequence[EventView]
    widths: Mapping[str, Sequence[int]]
    lists: Mapping[str, Sequence[PriceList]]
    windows: Mapping[str, Sequence[SaleWindow]]
    halls: Mapping[str, HallView]
    venues: Mapping[str, VenueView]

    @cached_property
    def by_id(self) -> Mapping[str, EventView]:
        """The events by their ids."""
        return {event.id: event for event in self.events}

    @cached_property
    def _by_performance(self) -> Mapping[str, tuple[EventView, PerformanceView]]:
        return {one.id: (event, one) for event in self.events for one in event.performances}

    def find(self, performance_id: str) -> tuple[EventView, PerformanceView] | None:
        """The performance with its event, if it is announced and still to come."""
        return self._by_performance.get(performance_id)

    def prices_of(
        self, performance: PerformanceView, now: datetime
    ) -> Mapping[str, Mapping[str, int]]:
        """What each price type that is offered online costs, by the name of the zone."""
        prices = holding(self.lists[performance.event_id], now, performance_id=performance.id)
        found: dict[str, dict[str, int]] = {}
        for type_id, kind in self.types.items():
            if kind.is_retired or kind.is_comp or prices is None:
                continue
            for cell, price in prices.prices.items():
                if cell.type_id == type_id:
                    found.setdefault(cell.zone, {})[type_id] = price.amount
        return found

    def offers(self, event: EventView, *, is_listed: bool = False) -> list[OnOffer]:
        """Its performances, without those that were cancelled before their seats were for sale."""
        found = [self.offer(one, is_listed=is_listed) for one in event.performances]
        return [
            one for one in found if one.layout is not None or one.state is not SaleState.CANCELLED
        ]

    def offer(
        self, performance: PerformanceView, *, is_listed: bool = False, now: datetime | None = None
    ) -> OnOffer:
        """A performance of one of the events; `is_listed`: what is free may be some seconds old."""
        now = now or self.now
        layout = _layout(performance.id, LISTED_LIFE_S if is_listed else LAYOUT_LIFE_S)
        prices = self.prices_of(performance, now)
        sale = may_sell(
            self.windows[performance.event_id],
            (),
            SaleChannel.PORTAL,
            now,
            performance_id=performance.id,
            starts_at=performance.starts_at,
        )
        zones = self._zones(prices, layout)
        state = sale_state(
            performance,
            sale,
            free=None if layout is None else sum(_free(layout).values()),
            is_priced=bool(zones),
            now=now,
        )
        return OnOffer(
            performance=performance,
            state=state,
            opens_at=sale.opens_at,
            zones=zones,
            lowest=self._lowest(zones),
            layout=layout,
        )

    def _zones(
        self, prices: Mapping[str, Mapping[str, int]], layout: Layout | None
    ) -> tuple[ZoneOffer, ...]:
        if layout is None:
            return ()
        return tuple(
            ZoneOffer(name=name, free=free, prices=prices[name])
            for name, free in _free(layout).items()
            if free > 0 and name in prices
        )

    def _lowest(self, zones: Sequence[ZoneOffer]) -> int | None:
        """Of price types that need neither proof nor a group, if there are any."""
        plain = {kind.id for kind in self.types.values() if not kind.proof and kind.least <= 1}
        amounts = [amount for zone in zones for amount in zone.prices.values()]
        usual = [amount for zone in zones for kind, amount in zone.prices.items() if kind in plain]
        return min(usual or amounts, default=None)


def known() -> Programme | None:
    """What is announced, if it was read a moment ago."""
    return _programme.fresh("")


async def soon() -> Programme:
    """What is announced, read on a thread if it is too old."""
    return known() or await asyncio.to_thread(programme)


def programme() -> Programme:
    """What is announced; blocks while it is read."""
    return _programme.get("", _read)


def _read() -> Programme:
    parts = runtime()
    with parts.database.reading() as session:
        return read(session, now=parts.clock.now())


def read(session: Session, *, now: datetime) -> Programme:
    """What is announced, read from the database."""
    events = queries.announced(session, now=now)
    return Programme(
        now=now,
        organisation=details(session),
        currency=currency.currency(session),
        types=price_types.price_types(session),
        events=events,
        widths={event.id: pictures.widths(session, event.id) for event in events if event.picture},
        lists={event.id: price_lists.versions(session, event.id) for event in events},
        windows={event.id: window_commands.windows(session, event.id) for event in events},
        halls={hall.id: hall for hall in venues.halls(session)},
        venues={line.id: venues.venue(session, line.id) for line in venues.venues(session)},
    )


def _layout(performance_id: str, life_s: float) -> Layout | None:
    return _layouts.get(performance_id, lambda: _look(performance_id), life_s=life_s).layout


def _look(performance_id: str) -> _Found:
    parts = runtime()
    try:
        with parts.database.reading() as session:
            found = inventory.layout(session, performance_id, now=parts.clock.now())
    except NotLaidOut:
        return _Found(None)
    return _Found(found)


def _free(layout: Layout) -> dict[str, int]:
    """What is free by zone, in the order of the plan; a pool is a zone of its own."""
    found = {zone.name: layout.free_seats.get(zone.name, 0) for zone in layout.plan.zones}
    for pool in layout.pools:
        found[pool.name] = found.get(pool.name, 0) + max(pool.free, 0)
    return found
