"""Reads what the screen of a till shows: performances, the house of one of them, and its prices."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from sqlmodel import Session

from upstage_crm.box_office.sale.till_map import codes_of, rows_of
from upstage_crm.box_office.sale.till_rows import (
    PerformanceChoice,
    Screen,
    TypeChoice,
    ZoneChoice,
)
from upstage_crm.box_office.sale.typed_tickets import letters_of
from upstage_crm.core import when
from upstage_crm.core.money import in_words
from upstage_crm.inventory import queries as inventory
from upstage_crm.inventory.counting_free import free_counts
from upstage_crm.inventory.errors import NotLaidOut
from upstage_crm.inventory.views import House, SeatState
from upstage_crm.organisation.settings import details
from upstage_crm.programme import queries as programme
from upstage_crm.programme.prices import price_lists
from upstage_crm.programme.prices.price_types import price_types
from upstage_crm.programme.prices.versions import holding
from upstage_crm.programme.prices.views import Cell, PriceList, PriceType
from upstage_crm.programme.views import PerformanceState, PerformanceView
from upstage_crm.venues.picture import hall_picture
from upstage_crm.venues.seat_plan import SeatPlan

LATE = timedelta(hours=2)  # a performance that has begun is still sold for
AHEAD = timedelta(days=365)
MOST_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the clerk looks at: performance and zone, "" for the first, and what is held here.

    `known_plan` is the plan that the browser has already; `may_comp` offers what is given away.
    """

    performance_id: str = ""
    zone: str = ""
    mine: Collection[str] = ()
    known_plan: str = ""
    may_comp: bool = False


def read_screen(session: Session, wish: Wish, *, now: datetime) -> Screen:
    """Everything of the screen; of the plan only what the browser does not have yet."""
    zone = when.zone(details(session).time_zone, country=details(session).country)
    found = programme.between(
        session, start=now - LATE, end=now + AHEAD, state=PerformanceState.ON_SALE
    )[:MOST_SHOWN]
    free = free_counts(session, [one.id for one in found], now=now)
    choices = _choices(found, free, zone, now)
    chosen = next((one for one in found if one.id == wish.performance_id), None)
    chosen = chosen or next((one for one in found if free.get(one.id)), next(iter(found), None))
    if chosen is None:
        return Screen(performances=choices)
    title = f"{chosen.title}, {when.brief(chosen.starts_at, zone)}"
    try:
        house = inventory.house(session, chosen.id, now=now)
        plan = inventory.plan_of(session, chosen.id)
    except NotLaidOut:
        return Screen(performances=choices, chosen=chosen.id, title=title)
    zones = _zones(house, plan)
    keys = [one.key for one in zones]
    at = wish.zone if wish.zone in keys else next(iter(keys), "")
    prices = holding(price_lists.versions(session, chosen.event_id), now, performance_id=chosen.id)
    offered = [
        one
        for one in price_types(session).values()
        if not one.is_retired and (wish.may_comp or not one.is_comp) and _is_priced(one, prices)
    ]
    letters = letters_of([one.name for one in offered])
    names = {pool.id: pool.name for pool in house.pools}
    is_known = wish.known_plan == house.plan_id
    return Screen(
        performances=choices,
        chosen=chosen.id,
        title=title,
        zones=zones,
        zone=at,
        types=[
            TypeChoice(
                letter=letter,
                name=one.name,
                price=_price(one, prices, names.get(at, at)),
                proof=one.proof,
                is_comp=one.is_comp,
            )
            for one, letter in zip(offered, letters, strict=True)
        ],
        type_ids={letter: one.id for one, letter in zip(offered, letters, strict=True) if letter},
        first_type=offered[0].id if offered else "",
        plan_id=house.plan_id,
        rows="" if is_known else rows_of(plan),
        backdrop="" if is_known else hall_picture(plan, label=f"{plan.name}: the hall"),
        codes=codes_of(house, set(wish.mine)),
        seat_ids=[one.id for one in house.seats],
        pool_ids=frozenset(names),
        is_on_sale=prices is not None,
    )


def _choices(
    found: Sequence[PerformanceView], free: Mapping[str, int], zone: tzinfo, now: datetime
) -> list[PerformanceChoice]:
    """The performances in their order, with a heading where another day begins."""
    today, choices, last = now.astimezone(zone).date(), list[PerformanceChoice](), None
    for one in found:
        day, time = when.weekday(one.starts_at, zone)
        local = one.starts_at.astimezone(zone).date()
        words = {today: "Today", today + timedelta(days=1): "Tomorrow"}.get(local, day)
        left = free.get(one.id)
        choices.append(
            PerformanceChoice(
                id=one.id,
                title=one.title,
                day=words if local != last else "",
                time=time,
                hall=one.hall,
                free="" if left is None else f"{left:,} free" if left else "Sold out",
                is_full=left == 0,
            )
        )
        last = local
    return choices


def _zones(house: House, plan: SeatPlan) -> list[ZoneChoice]:
    """The best of all seats first, then each zone, then places without numbers."""
    counts = {zone.name: 0 for zone in plan.zones}
    states = {one.id: one.state for one in house.seats}
    for seat in plan.seats:
        if states[seat.id] is SeatState.FREE:
            counts[seat.zone] = counts.get(seat.zone, 0) + 1
    has_seats = {seat.zone for seat in plan.seats}
    zones = [
        ZoneChoice(key=name, name=f"Zone {name}" if len(name) == 1 else name, free=f"{count:,}")
        for name, count in counts.items()
        if name in has_seats
    ]
    pools = [ZoneChoice(key=one.id, name=one.name, free=f"{one.free:,}") for one in house.pools]
    best = [ZoneChoice(name="Best seats", free=f"{sum(counts.values()):,}")] if zones else []
    return [*best, *zones, *pools]


def _is_priced(kind: PriceType, prices: PriceList | None) -> bool:
    if kind.is_comp or prices is None:
        return kind.is_comp
    return any(cell.type_id == kind.id for cell in prices.prices)


def _price(kind: PriceType, prices: PriceList | None, zone: str) -> str:
    """The price in a zone; over all zones the dearest and the cheapest."""
    if kind.is_comp:
        return "free"
    if prices is None:
        return ""
    if zone:
        one = prices.prices.get(Cell(zone, kind.id))
        return "" if one is None else in_words(one.amount, prices.currency)
    amounts = [one.amount for cell, one in prices.prices.items() if cell.type_id == kind.id]
    least, most = in_words(min(amounts), prices.currency), in_words(max(amounts), prices.currency)
    return least if least == most else f"{least}–{most}"
