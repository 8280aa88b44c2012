"""Reads the waiting lists. It writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.core.email_address import parse_email
from upstage_crm.inventory import queries as inventory
from upstage_crm.inventory.errors import NotLaidOut
from upstage_crm.links.claims import LinkClaims, Purpose
from upstage_crm.programme import queries as programme
from upstage_crm.programme.prices import price_lists, price_types
from upstage_crm.programme.prices.versions import holding
from upstage_crm.programme.views import PerformanceState, PerformanceView
from upstage_crm.waiting_list import rules
from upstage_crm.waiting_list.tables import WaitingPlaceRow
from upstage_crm.waiting_list.views import (
    ALIVE,
    ListCounts,
    PricedZone,
    WaitingPlace,
    WaitingState,
    Wish,
)

PLACE = table_of(WaitingPlaceRow)
IS_ALIVE = PLACE.c.state.in_(sorted(ALIVE))


def of_claims(session: Session, claims: LinkClaims) -> WaitingPlace | None:
    """The place that a link opens; None where it opens none."""
    if claims.purpose is not Purpose.WAITING:
        return None
    query = sa.select(PLACE).where(PLACE.c.id == claims.request_id)
    row = session.connection().execute(query).one_or_none()
    return None if row is None else view_of(row)


def mailboxes_of(session: Session, claims: LinkClaims) -> frozenset[str]:
    """The mailbox that a link may be mailed to: none once the place has ended."""
    query = sa.select(PLACE.c.email).where(PLACE.c.id == claims.request_id, IS_ALIVE)
    email = session.connection().execute(query).scalar_one_or_none()
    return frozenset({parse_email(email).wire}) if email else frozenset()


def of_address(session: Session, email_key: str) -> list[WaitingPlace]:
    """The places that an address has now, the oldest first."""
    query = sa.select(PLACE).where(PLACE.c.email_key == email_key, IS_ALIVE).order_by(PLACE.c.id)
    return [view_of(row) for row in session.connection().execute(query)] if email_key else []


def counts(session: Session, performance_id: str) -> ListCounts:
    """How many wait for a performance, and what became of its offers."""
    query = (
        sa.select(PLACE.c.state, sa.func.count(), sa.func.sum(PLACE.c.places))
        .where(PLACE.c.performance_id == performance_id)
        .group_by(PLACE.c.state)
    )
    found: Mapping[WaitingState, tuple[int, int]] = {
        row[0]: (int(row[1]), int(row[2])) for row in session.connection().execute(query)
    }

    def people(*states: WaitingState) -> int:
        return sum(found.get(state, (0, 0))[0] for state in states)

    return ListCounts(
        people=people(WaitingState.WAITING),
        places=found.get(WaitingState.WAITING, (0, 0))[1],
        offered=people(WaitingState.OFFERED),
        taken=people(WaitingState.TAKEN),
        passed=people(WaitingState.DECLINED, WaitingState.LAPSED),
    )


def to_ask(session: Session, *, now: datetime) -> list[str]:
    """The ids of those who are to be asked by now, in the order of joining."""
    query = sa.select(PLACE.c.performance_id).where(PLACE.c.state == WaitingState.WAITING)
    waited_for = set(session.connection().execute(query.distinct()).scalars())
    found: list[str] = []
    for performance in programme.performances(session, waited_for) if waited_for else []:
        if may_offer(performance, now):
            zones = zones_of(session, performance, now=now)
            if any(zone.free for zone in zones):
                found += rules.turns(_wishes(session, performance.id), zones)
    return found


def may_offer(performance: PerformanceView, now: datetime) -> bool:
    """Whether an offer for a performance can be made now, and be answered in time."""
    is_on_sale = performance.state is PerformanceState.ON_SALE
    return is_on_sale and rules.is_open(now, performance.starts_at)


def zones_of(session: Session, performance: PerformanceView, *, now: datetime) -> list[PricedZone]:
    """The zones of a performance that are priced, with what is free, in the order of the plan.

    In each the first price type is meant that needs no proof; its buyer may choose another.
    """
    lists = price_lists.versions(session, performance.event_id)
    prices = holding(lists, now, performance_id=performance.id)
    try:
        layout = inventory.layout(session, performance.id, now=now)
    except NotLaidOut:
        return []
    if prices is None:
        return []
    offered = {(cell.zone, cell.type_id) for cell in prices.prices}
    usual = [kind for kind in price_types.price_types(session).values() if rules.is_usual(kind)]
    pools = {pool.name: pool for pool in layout.pools}
    names = dict.fromkeys([*(zone.name for zone in layout.plan.zones), *pools])
    found: list[PricedZone] = []
    for name in names:
        kind = next((each for each in usual if (name, each.id) in offered), None)
        if kind is None:
            continue
        pool = pools.get(name)
        free = layout.free_seats.get(name, 0) if pool is None else max(pool.free, 0)
        most = kind.most or rules.MOST_PLACES
        pool_id = "" if pool is None else pool.id
        found.append(PricedZone(name=name, free=free, type_id=kind.id, most=most, pool_id=pool_id))
    return found


def view_of(row: Any) -> WaitingPlace:
    """A place from its row."""
    return WaitingPlace(
        id=row.id,
        performance_id=row.performance_id,
        places=row.places,
        zone=row.zone,
        state=row.state,
        language=row.language,
        asked_at=row.asked_at,
        confirm_until=row.asked_at + rules.CONFIRM_WITHIN,
        confirmed_at=row.confirmed_at,
        basket_id=row.basket_id or "",
        offer_until=row.offer_until,
    )


def _wishes(session: Session, performance_id: str) -> list[Wish]:
    query = (
        sa.select(PLACE.c.id, PLACE.c.places, PLACE.c.zone)
        .where(PLACE.c.performance_id == performance_id, PLACE.c.state == WaitingState.WAITING)
        .order_by(PLACE.c.confirmed_at, PLACE.c.id)
    )
    rows = session.connection().execute(query)
    return [Wish(id=row.id, places=row.places, zone=row.zone) for row in rows]
