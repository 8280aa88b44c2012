"""Prices what is in a basket: reads the offers of its performances and asks `pricing`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlmodel import Session

from upstage_crm.audit import recorded
from upstage_crm.orders.views import BasketLine, Seller
from upstage_crm.organisation.currency import currency
from upstage_crm.pricing.basket import price_basket
from upstage_crm.pricing.errors import NotOnSale
from upstage_crm.pricing.views import Buyer, Line, Offer, Priced
from upstage_crm.programme import queries as programme
from upstage_crm.programme.prices import price_lists, window_commands
from upstage_crm.programme.prices.price_types import price_types
from upstage_crm.programme.prices.versions import holding
from upstage_crm.programme.views import PerformanceFacts, PerformanceState
from upstage_crm.staff.roles import Permission, may

_SOLD_IN = (PerformanceState.ON_SALE, PerformanceState.PAUSED)


def offers(
    session: Session, performance_ids: Collection[str], *, is_new: bool = False
) -> dict[str, Offer]:
    """What is to be had of performances, by their ids, with every version of their prices.

    What is held already is sold while its performance is paused; what `is_new` is not.

    Raises:
        UnknownPerformance: there is none with one of these ids.
        NotOnSale: one of them is not on sale.
    """
    found: dict[str, Offer] = {}
    for performance_id in sorted(performance_ids):
        facts = programme.performance(session, performance_id)
        may_be = (PerformanceState.ON_SALE,) if is_new else _SOLD_IN
        if facts.state not in may_be:
            raise NotOnSale
        found[performance_id] = _offer(session, facts)
    return found


def offer_of(session: Session, performance_id: str) -> Offer:
    """What was, is or will be to be had of a performance, whatever its state.

    Raises:
        UnknownPerformance: there is none with this id.
    """
    return _offer(session, programme.performance(session, performance_id))


def _offer(session: Session, facts: PerformanceFacts) -> Offer:
    return Offer(
        performance_id=facts.id,
        starts_at=facts.starts_at,
        lists=price_lists.versions(session, facts.event_id),
        windows=window_commands.windows(session, facts.event_id),
    )


def price(
    session: Session,
    lines: Sequence[BasketLine],
    seller: Seller,
    *,
    now: datetime,
    is_new: bool = False,
    is_proven: bool = False,
) -> Priced:
    """Price lines as of `now`.

    `is_new` says that some of them are not held yet, `is_proven` that the versions of the prices
    have to be what staff saved, because money is taken by them.

    Raises:
        UpstageError: as `offers` and `pricing.price_basket`; RowNotProven.
    """
    found = offers(session, {line.performance_id for line in lines}, is_new=is_new)
    if is_proven:
        for each in found.values():
            version = holding(each.lists, now, performance_id=each.performance_id)
            if version is not None:
                recorded.prove(session, "price_list", version.id)
    return price_basket(
        [
            Line(
                key=line.key,
                performance_id=line.performance_id,
                zone=line.zone,
                type_id=line.type_id,
                comp_reason=line.comp_reason,
            )
            for line in lines
        ],
        found,
        price_types(session),
        _buyer(seller),
        now=now,
        currency=currency(session),
    )


def _buyer(seller: Seller) -> Buyer:
    may_comp = seller.actor is not None and may(seller.actor, Permission.GIVE_TICKETS)
    return Buyer(channel=seller.channel, may_comp=may_comp)
