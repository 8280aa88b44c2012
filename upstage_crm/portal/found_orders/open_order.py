"""The link in a mail, and the order that it opens: `GET` changes nothing.

The token moves into a cookie at once, so that no address and no history keeps it.
"""

from __future__ import annotations

import asyncio
from typing import Final

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from upstage_crm.core.languages import speaker
from upstage_crm.links.claims import LinkClaims, Purpose
from upstage_crm.orders import queries as orders
from upstage_crm.orders.errors import UnknownOrder
from upstage_crm.orders.letters import order_links
from upstage_crm.portal import order_link, portal_words
from upstage_crm.portal.addresses import ORDERS, WHATS_ON
from upstage_crm.portal.answers import see
from upstage_crm.portal.basket.basket_page import own_page
from upstage_crm.portal.basket.order_words import OrderWords, order_words
from upstage_crm.portal.basket.tickets_page import calendar_answer, paper_answer
from upstage_crm.portal.found_orders import order_forms
from upstage_crm.portal.found_orders.find_order import FIND
from upstage_crm.portal.found_orders.order_forms import ALL, MINE
from upstage_crm.portal.listings import public_programme
from upstage_crm.portal.order_link import claims_of, token_of
from upstage_crm.portal.portal_page import Head, page
from upstage_crm.portal.readers import Reader, reader_of
from upstage_crm.wiring import runtime

GIVE: Final = f"{ORDERS}give"


async def enter(request: Request) -> Response:
    """Move the token into a cookie, and go to the order, or to all of them."""
    token = str(request.path_params["token"])
    claims = claims_of(token)
    if claims is None:
        return await gone(request)
    response = see(ALL if claims.purpose is Purpose.ORDERS else MINE)
    order_link.keep(response, token)
    return response


async def show(request: Request) -> Response:
    """The order behind the link that this browser has opened."""
    reader, order = await _opened(request)
    if order is None:
        return await gone(request)
    can_add = await asyncio.to_thread(order_forms.can_add, token_of(request), order.reference)
    return own_page(await asyncio.to_thread(_drawn, order, reader, can_add=can_add))


async def show_all(request: Request) -> Response:
    """Everything that was bought with the address of the link, what is still to come first."""
    programme = await public_programme.soon()
    reader = reader_of(request, usual=programme.organisation.language)
    listed = await asyncio.to_thread(_listed, token_of(request), reader)
    if listed is None:
        return await gone(request)
    can_add = await asyncio.to_thread(order_forms.can_add, token_of(request))
    return own_page(await asyncio.to_thread(_all_drawn, listed, reader, can_add=can_add))


async def as_pdf(request: Request) -> Response:
    """Its tickets to print."""
    reader, order = await _opened(request)
    return await gone(request) if order is None else await paper_answer(order, reader)


async def as_calendar(request: Request) -> Response:
    """One visit as an entry for a calendar."""
    reader, order = await _opened(request)
    if order is None:
        return await gone(request)
    performance_id = request.query_params.get("performance", "")
    return await calendar_answer(order, performance_id, reader)


async def _opened(request: Request) -> tuple[Reader, OrderWords | None]:
    programme = await public_programme.soon()
    reader = reader_of(request, usual=programme.organisation.language)
    reference = request.query_params.get("order", "")
    return reader, await asyncio.to_thread(_order, token_of(request), reference, reader)


def _order(token: str, reference: str, reader: Reader) -> OrderWords | None:
    with runtime().database.reading() as session:
        found = order_id(session, token, reference)
        return order_words(session, orders.order(session, found), reader) if found else None


def order_id(session: Session, token: str, reference: str) -> str:
    """The order of a link; with a reference another one of the same address, if it opens those.

    It is "" where the link opens no such order.
    """
    claims = claims_of(token)
    if claims is None:
        return ""
    try:
        if not reference or claims.purpose is not Purpose.ORDERS:
            return orders.order(session, claims.request_id).id
        found = orders.by_reference(session, reference).id
    except UnknownOrder:
        return ""
    return found if found in _ids(session, claims) else ""


def _ids(session: Session, claims: LinkClaims) -> list[str]:
    key = order_links.address_key(session, claims)
    return [line.id for line in orders.of_address(session, key)]


def _listed(token: str, reader: Reader) -> tuple[list[OrderWords], list[OrderWords]] | None:
    """The orders with something still to come, and the others."""
    claims = claims_of(token)
    if claims is None or claims.purpose is not Purpose.ORDERS:
        return None
    now = runtime().clock.now()
    with runtime().database.reading() as session:
        found = [
            order_words(session, orders.order(session, order_id), reader)
            for order_id in _ids(session, claims)
        ]
    coming = [one for one in found if any(visit.starts_at > now for visit in one.visits)]
    return coming, [one for one in found if one not in coming]


async def gone(request: Request) -> Response:
    """The page for a link that opens nothing."""
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


def _all_drawn(
    listed: tuple[list[OrderWords], list[OrderWords]], reader: Reader, *, can_add: bool
) -> str:
    coming, past = listed
    return page(
        "all_orders.html",
        reader,
        public_programme.programme().organisation,
        Head(title=speaker(reader.language)(portal_words.TICKETS), path=ALL, is_public=False),
        coming=coming,
        past=past,
        hrefs={one.reference: reader.href(MINE, {"order": one.reference}) for one in coming + past},
        whats_on=reader.href(WHATS_ON),
        add_href=reader.href(order_forms.ADD) if can_add else "",
        close_href=reader.href(order_forms.CLOSE),
    )


def _drawn(order: OrderWords, reader: Reader, *, can_add: bool) -> str:
    return page(
        "found_order.html",
        reader,
        public_programme.programme().organisation,
        Head(title=speaker(reader.language)(portal_words.TICKETS), path=MINE, is_public=False),
        order=order,
        files={
            "pdf": reader.href(f"{MINE}.pdf", {"order": order.reference}),
            "ics": f"{MINE}.ics",
        },
        all_href=reader.href(ALL),
        give=reader.href(GIVE, {"order": order.reference}),
        whats_on=reader.href(WHATS_ON),
        add_href=reader.href(order_forms.ADD) if can_add else "",
        close_href=reader.href(order_forms.CLOSE),
    )


ROUTES = [
    Route(f"{ORDERS}link/{{token}}", enter, methods=["GET"]),
    Route(ALL, show_all, methods=["GET"]),
    Route(MINE, show, methods=["GET"]),
    Route(f"{MINE}.pdf", as_pdf, methods=["GET"]),
    Route(f"{MINE}.ics", as_calendar, methods=["GET"]),
]
