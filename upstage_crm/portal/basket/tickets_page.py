"""The tickets that this browser has just bought, at once: mails may take minutes."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from upstage_crm.core.languages import speaker
from upstage_crm.orders import queries as orders
from upstage_crm.orders.basket_reading import of_visitor
from upstage_crm.orders.views import BasketState, OrderView
from upstage_crm.portal import portal_words
from upstage_crm.portal.addresses import BASKET, WHATS_ON
from upstage_crm.portal.answers import see
from upstage_crm.portal.basket import visitors
from upstage_crm.portal.basket.basket_page import TICKETS, own_page
from upstage_crm.portal.basket.order_words import order_words
from upstage_crm.portal.basket.visitors import Visitor, visitor_of
from upstage_crm.portal.listings import public_programme
from upstage_crm.portal.portal_page import Head, page
from upstage_crm.portal.readers import Reader, reader_of
from upstage_crm.wiring import runtime


async def show(request: Request) -> Response:
    """The order of this visitor; who has none is led to the basket."""
    programme = await public_programme.soon()
    reader = reader_of(request, usual=programme.organisation.language)
    visitor = visitor_of(request)
    secret, body = await asyncio.to_thread(_drawn, visitor, reader)
    if not body:
        return see(reader.href(BASKET))
    response = own_page(body)
    if secret != visitor.order_secret:
        visitors.give_order(response, secret)
    return response


def _drawn(visitor: Visitor, reader: Reader) -> tuple[str, str]:
    """The secret of the order and its page; ("", "") without one."""
    parts, programme = runtime(), public_programme.programme()
    with parts.database.reading() as session:
        for secret in (visitor.secret, visitor.order_secret):
            view = of_visitor(session, secret, now=parts.clock.now())
            if view is not None and view.state is BasketState.SOLD and view.order_id:
                order: OrderView = orders.order(session, view.order_id)
                words = order_words(session, order, reader)
                break
        else:
            return "", ""
    body = page(
        "tickets.html",
        reader,
        programme.organisation,
        Head(title=speaker(reader.language)(portal_words.TICKETS), path=TICKETS, is_public=False),
        order=words,
        whats_on=reader.href(WHATS_ON),
    )
    return secret, body


ROUTES = [Route(TICKETS, show, methods=["GET"])]
