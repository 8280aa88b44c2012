"""The link in a mail, and the order that it opens: `GET` changes nothing.

The token moves into a cookie at once, so that it stands in no address and in no history.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from upstage_crm.core.languages import speaker
from upstage_crm.http.session_cookie import give, held
from upstage_crm.links.claims import LinkClaims, LinkRefused, Purpose
from upstage_crm.orders import queries as orders
from upstage_crm.orders.errors import UnknownOrder
from upstage_crm.portal import portal_words
from upstage_crm.portal.addresses import ORDERS, WHATS_ON
from upstage_crm.portal.answers import see
from upstage_crm.portal.basket.basket_page import own_page
from upstage_crm.portal.basket.order_words import OrderWords, order_words
from upstage_crm.portal.basket.tickets_page import calendar_answer, paper_answer
from upstage_crm.portal.found_orders.find_order import FIND
from upstage_crm.portal.listings import public_programme
from upstage_crm.portal.portal_page import Head, page
from upstage_crm.portal.readers import Reader, reader_of
from upstage_crm.wiring import runtime

LINK: Final = "upstage-order-link"
LIFE: Final = timedelta(hours=2)
MINE: Final = f"{ORDERS}mine"


async def enter(request: Request) -> Response:
    """Move the token into a cookie, and go to the order."""
    token = str(request.path_params["token"])
    if _claims(token) is None:
        return await _gone(request)
    response = see(MINE)
    give(response, LINK, token, life=LIFE, is_https=runtime().settings.is_https)
    return response


async def show(request: Request) -> Response:
    """The order behind the link that this browser has opened."""
    reader, order = await _opened(request)
    if order is None:
        return await _gone(request)
    return own_page(await asyncio.to_thread(_drawn, order, reader))


async def as_pdf(request: Request) -> Response:
    """Its tickets to print."""
    reader, order = await _opened(request)
    return await _gone(request) if order is None else await paper_answer(order, reader)


async def as_calendar(request: Request) -> Response:
    """One visit as an entry for a calendar."""
    reader, order = await _opened(request)
    if order is None:
        return await _gone(request)
    performance_id = request.query_params.get("performance", "")
    return await calendar_answer(order, performance_id, reader)


async def _opened(request: Request) -> tuple[Reader, OrderWords | None]:
    programme = await public_programme.soon()
    reader = reader_of(request, usual=programme.organisation.language)
    header, is_https = request.headers.get("cookie", ""), runtime().settings.is_https
    token = held(header, LINK, is_https=is_https)
    return reader, await asyncio.to_thread(_order, token, reader)


def _order(token: str, reader: Reader) -> OrderWords | None:
    claims = _claims(token)
    if claims is None:
        return None
    try:
        with runtime().database.reading() as session:
            return order_words(session, orders.order(session, claims.request_id), reader)
    except UnknownOrder:
        return None


def _claims(token: str) -> LinkClaims | None:
    """The claims of a link to an order that still counts."""
    parts = runtime()
    try:
        claims = parts.codec.read(token)
    except LinkRefused:
        return None
    is_good = claims.purpose is Purpose.ORDER and not claims.is_expired(parts.clock.now())
    return claims if is_good else None


async def _gone(request: Request) -> Response:
    programme = await public_programme.soon()
    reader = reader_of(request, usual=programme.organisation.language)

    def drawn() -> str:
        return page(
            "link_over.html",
            reader,
            public_programme.programme().organisation,
            Head(
                title=speaker(reader.language)(portal_words.LINK_OVER), path=FIND, is_public=False
            ),
            find=reader.href(FIND),
        )

    return own_page(await asyncio.to_thread(drawn), 404)


def _drawn(order: OrderWords, reader: Reader) -> str:
    return page(
        "found_order.html",
        reader,
        public_programme.programme().organisation,
        Head(title=speaker(reader.language)(portal_words.TICKETS), path=MINE, is_public=False),
        order=order,
        files={"pdf": reader.href(f"{MINE}.pdf"), "ics": f"{MINE}.ics"},
        whats_on=reader.href(WHATS_ON),
    )


ROUTES = [
    Route(f"{ORDERS}link/{{token}}", enter, methods=["GET"]),
    Route(MINE, show, methods=["GET"]),
    Route(f"{MINE}.pdf", as_pdf, methods=["GET"]),
    Route(f"{MINE}.ics", as_calendar, methods=["GET"]),
]
