"""What came free is offered to the one who has waited longest: held, mailed, taken or let go.

An offer is a basket of the portal that no browser has yet. What it holds is what is bought: the
person who takes it gets the basket, and nothing is chosen again.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.errors import UpstageError
from upstage_crm.inventory import holds
from upstage_crm.orders import basket_lines, baskets
from upstage_crm.orders.basket_reading import read
from upstage_crm.orders.letters.order_mailer import OrderMailer
from upstage_crm.orders.views import BasketState, BasketView, Contact, Seller
from upstage_crm.programme import queries as programme
from upstage_crm.programme.prices.views import SaleChannel
from upstage_crm.staff.command_context import CommandContext
from upstage_crm.waiting_list import joining, queries, rules, waiting_mails
from upstage_crm.waiting_list.errors import NothingFits, OfferOver
from upstage_crm.waiting_list.queries import PLACE
from upstage_crm.waiting_list.views import PricedZone, WaitingState, Wish

SELLER = Seller(channel=SaleChannel.PORTAL)


def offer(context: CommandContext[OrderMailer], *, place_id: str) -> bool:
    """Hold what is free for a place whose turn it is, and mail it; return whether it was news.

    Two jobs at once offer it once: the second finds the place's row turned already.

    Raises:
        NothingFits: what is free does not fit; the transaction has to be taken back.
    """
    session, now = context.session, context.now
    row = joining.locked(session, place_id)
    if row is None or row.state is not WaitingState.WAITING:
        return False
    [performance] = programme.performances(session, [row.performance_id])
    until = rules.offer_until(now, performance.starts_at)
    if until is None or not queries.may_offer(performance, now):
        return False
    basket_id = baskets.open_basket(context, SELLER, language=row.language)
    wish = Wish(id=row.id, places=row.places, zone=row.zone)
    zones = queries.zones_of(session, performance, now=now)
    if not any(
        _is_held(context, basket_id, row.performance_id, wish, zone)
        for zone in rules.fitting(wish, zones)
    ):
        raise NothingFits
    holds.keep_until(session, holder=basket_id, until=until, now=now)
    baskets.keep_contact(context, basket_id, Contact(email=row.email, language=row.language))
    turned = session.connection().execute(
        sa.update(PLACE)
        .where(PLACE.c.id == row.id, PLACE.c.state == WaitingState.WAITING)
        .values(state=WaitingState.OFFERED, basket_id=basket_id, offer_until=until)
    )
    if turned.rowcount != 1:
        raise NothingFits
    basket = read(session, basket_id, now=now)
    waiting_mails.offer(context, row, performance, basket, until=until)
    return True


def offered(session: Session, place_id: str, *, now: datetime) -> BasketView | None:
    """What a place is offered, as long as it can be taken; None without an offer."""
    query = sa.select(PLACE.c.basket_id).where(
        PLACE.c.id == place_id, PLACE.c.state == WaitingState.OFFERED
    )
    basket_id = session.connection().execute(query).scalar_one_or_none()
    if basket_id is None:
        return None
    view = read(session, basket_id, now=now)
    is_paying = view.state is BasketState.PAYING
    return view if is_paying or (view.state is BasketState.OPEN and view.is_held) else None


def take(context: CommandContext[object], *, place_id: str, secret: str) -> None:
    """Give the basket of an offer to the browser that holds `secret`; the last one has it.

    Raises:
        OfferOver: there is no offer any more.
        BasketPaying: it is being paid.
    """
    session, now = context.session, context.now
    row = joining.locked(session, place_id)
    if row is None or row.state is not WaitingState.OFFERED:
        raise OfferOver
    view = baskets.ensured_open(context, row.basket_id)
    if not view.is_held:
        raise OfferOver
    baskets.give_to(context, row.basket_id, secret=secret)
    until = rules.kept_until(now, row.offer_until)
    if view.until is not None and until > view.until:
        holds.keep_until(session, holder=row.basket_id, until=until, now=now)


def to_settle(session: Session) -> list[str]:
    """The ids of all places with an offer."""
    query = sa.select(PLACE.c.id).where(PLACE.c.state == WaitingState.OFFERED)
    return list(session.connection().execute(query).scalars())


def settle(context: CommandContext[object], *, place_id: str) -> bool:
    """End an offer that was bought, let go of, or not answered in time; return whether it ended."""
    session, now = context.session, context.now
    row = joining.locked(session, place_id)
    if row is None or row.state is not WaitingState.OFFERED:
        return False
    basket = baskets.lock(session, row.basket_id)
    match basket["state"]:
        case BasketState.SOLD:
            state = WaitingState.TAKEN
        case BasketState.LET_GO:
            is_refused = now < row.offer_until
            state = WaitingState.DECLINED if is_refused else WaitingState.LAPSED
        case BasketState.OPEN:
            if read(session, row.basket_id, now=now).is_held:
                return False
            baskets.let_go(context, row.basket_id)
            state = WaitingState.LAPSED
        case _:
            return False
    joining.end(context, row.id, state)
    return True


def _is_held(
    context: CommandContext[OrderMailer],
    basket_id: str,
    performance_id: str,
    wish: Wish,
    zone: PricedZone,
) -> bool:
    """Whether the places of a wish could be put into a basket from this zone."""
    choices = {zone.type_id: wish.places}
    try:
        with context.session.begin_nested():
            if zone.pool_id:
                basket_lines.add_places(
                    context, SELLER, basket_id, pool_id=zone.pool_id, choices=choices
                )
            else:
                basket_lines.add_best(
                    context,
                    SELLER,
                    basket_id,
                    performance_id=performance_id,
                    choices=choices,
                    zone=zone.name,
                )
    except UpstageError:  # not together, or another was first: the next zone may do
        return False
    return True
