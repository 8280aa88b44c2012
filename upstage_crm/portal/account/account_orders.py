"""The orders of a patron who is signed in: what is still to come, what was, and each with tickets.

Inside a revert window of the address a mailbox sees what was bought with it, and nothing else: the
one that it displaced may still be the patron's.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from upstage_crm.change_requests.reads import revert_windows
from upstage_crm.core.languages import speaker
from upstage_crm.orders import queries as orders
from upstage_crm.orders.errors import UnknownOrder
from upstage_crm.orders.records import patron_orders
from upstage_crm.patron_accounts import sessions
from upstage_crm.patron_accounts.views import SignedInPatron
from upstage_crm.portal import portal_words
from upstage_crm.portal.account.account_cookies import SESSION, cookie_of
from upstage_crm.portal.account.account_visitor import keep_on, patron_of, reader_here
from upstage_crm.portal.account.sign_in_pages import SIGN_IN
from upstage_crm.portal.addresses import ACCOUNT
from upstage_crm.portal.answers import see
from upstage_crm.portal.basket.basket_page import own_page
from upstage_crm.portal.basket.order_words import OrderWords, order_words
from upstage_crm.portal.basket.tickets_page import calendar_answer, paper_answer
from upstage_crm.portal.found_orders import give_tickets
from upstage_crm.portal.listings import public_programme
from upstage_crm.portal.portal_page import Head, page
from upstage_crm.portal.readers import Reader
from upstage_crm.wiring import runtime

ORDER: Final = f"{ACCOUNT}order"
RETURN: Final = f"{ORDER}/return"


def ids_of(session: Session, patron: SignedInPatron) -> list[str]:
    """The ids of the orders that the mailbox may see, the newest first."""
    claimed = patron_orders.claimed(session, patron.patron_id)
    now = runtime().clock.now()
    if revert_windows.besides_own(session, patron.patron_id, now=now) is None:
        return list(claimed)
    bought = {line.id for line in orders.of_address(session, patron.email_key)}
    return [one for one in claimed if one in bought]


async def show(request: Request) -> Response:
    """One order with its tickets."""
    patron = await patron_of(request)
    reader = await reader_here(request)
    if patron is None:
        return see(reader.href(SIGN_IN))
    order = await asyncio.to_thread(_order, patron, request.query_params.get("order", ""), reader)
    if order is None:
        return see(reader.href(ACCOUNT))
    body = await asyncio.to_thread(_drawn, order, reader)
    return await keep_on(request, own_page(body), patron)


async def as_pdf(request: Request) -> Response:
    """Its tickets to print."""
    reader, order = await _asked(request)
    return see(reader.href(SIGN_IN)) if order is None else await paper_answer(order, reader)


async def as_calendar(request: Request) -> Response:
    """One visit as an entry for a calendar."""
    reader, order = await _asked(request)
    if order is None:
        return see(reader.href(SIGN_IN))
    return await calendar_answer(order, request.query_params.get("performance", ""), reader)


async def _asked(request: Request) -> tuple[Reader, OrderWords | None]:
    patron, reader = await patron_of(request), await reader_here(request)
    if patron is None:
        return reader, None
    reference = request.query_params.get("order", "")
    return reader, await asyncio.to_thread(_order, patron, reference, reader)


def _order(patron: SignedInPatron, reference: str, reader: Reader) -> OrderWords | None:
    with runtime().database.reading() as session:
        try:
            order = orders.by_reference(session, reference)
        except UnknownOrder:
            return None
        return order_words(session, order, reader) if order.id in ids_of(session, patron) else None


def _drawn(order: OrderWords, reader: Reader) -> str:
    query = {"order": order.reference}
    return page(
        "account_order.html",
        reader,
        public_programme.programme().organisation,
        Head(title=speaker(reader.language)(portal_words.TICKETS), path=ORDER, is_public=False),
        order=order,
        files={"pdf": reader.href(f"{ORDER}.pdf", query), "ics": f"{ORDER}.ics"},
        account=reader.href(ACCOUNT),
        give=reader.href(BY_ACCOUNT.give, query),
        give_back=reader.href(RETURN, query),
    )


def _opened(session: Session, key: str, reference: str) -> str:
    """The order that a session's cookie and a reference open; "" for none."""
    patron = sessions.find(session, key, now=runtime().clock.now()) if key else None
    try:
        found = orders.by_reference(session, reference).id
    except UnknownOrder:
        return ""
    return found if patron is not None and found in ids_of(session, patron) else ""


async def _gone(request: Request) -> Response:
    """Lead to the account, which asks to sign in who is not."""
    return see((await reader_here(request)).href(ACCOUNT))


BY_ACCOUNT: Final = give_tickets.Entrance(
    give=f"{ORDER}/give",
    order=ORDER,
    key_of=partial(cookie_of, name=SESSION),
    order_id=_opened,
    gone=_gone,
)


ROUTES = [
    Route(ORDER, show, methods=["GET"]),
    Route(f"{ORDER}.pdf", as_pdf, methods=["GET"]),
    Route(f"{ORDER}.ics", as_calendar, methods=["GET"]),
    *give_tickets.routes(BY_ACCOUNT),
]
