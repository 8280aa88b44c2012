"""The tickets that this browser has just bought, at once: mails may take minutes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from upstage_crm.core.languages import speaker
from upstage_crm.orders import queries as orders
from upstage_crm.orders.basket_reading import of_visitor
from upstage_crm.orders.views import BasketState
from upstage_crm.portal import portal_words
from upstage_crm.portal.addresses import BASKET, WHATS_ON
from upstage_crm.portal.answers import NO_STORE, see
from upstage_crm.portal.basket import ticket_downloads, visitors
from upstage_crm.portal.basket.basket_page import TICKETS, own_page
from upstage_crm.portal.basket.order_words import OrderWords, order_words
from upstage_crm.portal.basket.visitors import Visitor, visitor_of
from upstage_crm.portal.listings import public_programme
from upstage_crm.portal.portal_page import Head, page
from upstage_crm.portal.readers import Reader, reader_of
from upstage_crm.wiring import runtime

PDF: Final = f"{TICKETS}.pdf"
ICS: Final = f"{TICKETS}.ics"


@dataclass(frozen=True, slots=True)
class Bought:
    """An order with the secret of the basket that it was."""

    secret: str
    order: OrderWords


async def show(request: Request) -> Response:
    """The order of this visitor; who has none is led to the basket."""
    reader, visitor = await _reader(request), visitor_of(request)
    bought = await asyncio.to_thread(_bought, visitor, reader)
    if bought is None:
        return see(reader.href(BASKET))
    response = own_page(await asyncio.to_thread(_drawn, bought.order, reader))
    if bought.secret != visitor.order_secret:
        visitors.give_order(response, bought.secret)
    return response


async def as_pdf(request: Request) -> Response:
    """The tickets to print."""
    reader, organisation = await _reader(request), (await public_programme.soon()).organisation
    bought = await asyncio.to_thread(_bought, visitor_of(request), reader)
    if bought is None:
        return see(reader.href(BASKET))
    content = await asyncio.to_thread(ticket_downloads.paper, bought.order, organisation, reader)
    return _file(content, "application/pdf", f"{bought.order.reference}.pdf")


async def as_calendar(request: Request) -> Response:
    """One visit as an entry for a calendar."""
    reader, organisation = await _reader(request), (await public_programme.soon()).organisation
    bought = await asyncio.to_thread(_bought, visitor_of(request), reader)
    if bought is None:
        return see(reader.href(BASKET))
    content = ticket_downloads.calendar(
        bought.order,
        request.query_params.get("performance", ""),
        organisation,
        reader,
        url=runtime().settings.base_url + WHATS_ON,
    )
    return _file(content, "text/calendar; charset=utf-8", f"{bought.order.reference}.ics")


async def _reader(request: Request) -> Reader:
    programme = await public_programme.soon()
    return reader_of(request, usual=programme.organisation.language)


def _bought(visitor: Visitor, reader: Reader) -> Bought | None:
    parts = runtime()
    with parts.database.reading() as session:
        for secret in (visitor.secret, visitor.order_secret):
            view = of_visitor(session, secret, now=parts.clock.now())
            if view is not None and view.state is BasketState.SOLD and view.order_id:
                order = orders.order(session, view.order_id)
                return Bought(secret, order_words(session, order, reader))
    return None


def _drawn(order: OrderWords, reader: Reader) -> str:
    return page(
        "tickets.html",
        reader,
        public_programme.programme().organisation,
        Head(title=speaker(reader.language)(portal_words.TICKETS), path=TICKETS, is_public=False),
        order=order,
        files={"pdf": reader.href(PDF), "ics": ICS},
        whats_on=reader.href(WHATS_ON),
    )


def _file(content: bytes, kind: str, name: str) -> Response:
    if not content:
        return PlainTextResponse("There is no such file.\n", 404, {"cache-control": NO_STORE})
    headers = {"cache-control": NO_STORE, "content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=kind, headers=headers)


ROUTES = [
    Route(TICKETS, show, methods=["GET"]),
    Route(PDF, as_pdf, methods=["GET"]),
    Route(ICS, as_calendar, methods=["GET"]),
]
