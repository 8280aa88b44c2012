"""Giving tickets to another person: offered from the page of an order, and taken back.

The recipient decides, by a link of their own; until then the giver's codes open the door.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from upstage_crm.change_requests.reads import revert_windows
from upstage_crm.core.email_address import mask_email
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.languages import speaker
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.orders import queries as orders
from upstage_crm.orders.transfers import giving as offering
from upstage_crm.orders.transfers import ticket_offers as offers
from upstage_crm.portal import portal_words
from upstage_crm.portal.answers import see
from upstage_crm.portal.basket import visitors
from upstage_crm.portal.basket.basket_page import own_page
from upstage_crm.portal.basket.order_words import OrderWords, TicketLine, VisitWords, order_words
from upstage_crm.portal.basket.visitors import visitor_of
from upstage_crm.portal.found_orders import open_order
from upstage_crm.portal.found_orders.order_forms import MINE
from upstage_crm.portal.limits import OFFERS
from upstage_crm.portal.listings import public_programme
from upstage_crm.portal.order_link import token_of
from upstage_crm.portal.portal_page import Head, page
from upstage_crm.portal.readers import Reader, reader_of
from upstage_crm.portal.refusals import sentence
from upstage_crm.wiring import runtime

_LONGEST: Final = 254
_MOST: Final = 200  # tickets in one form


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """A way to an order: by the link in a mail, or by the patron's account.

    `key_of` takes from a request what opens orders, `order_id` says which one that and a reference
    open ("" for none), and `gone` answers who may open none. `give` and `order` are addresses.
    """

    give: str
    order: str
    key_of: Callable[[Request], str]
    order_id: Callable[[Session, str, str], str]
    gone: Callable[[Request], Awaitable[Response]]

    @property
    def back(self) -> str:
        """Where an offer is taken back."""
        return f"{self.give}/back"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLine:
    """An offer that waits for its answer, in the words of the giver."""

    id: str
    to: str
    places: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Giving:
    """What of an order can be given, by performance, and what is offered already."""

    order: OrderWords
    visits: tuple[tuple[VisitWords, tuple[TicketLine, ...]], ...]
    offered: tuple[OfferLine, ...]


async def _show(entrance: Entrance, request: Request) -> Response:
    """The form, and what is offered already."""
    return await _page(entrance, request)


async def _offer(entrance: Entrance, request: Request) -> Response:
    """Offer the chosen tickets to the address that was typed."""
    async with request.form() as form:
        chosen = [str(each)[:32] for each in form.getlist("ticket")[:_MOST]]
        email = str(form.get("email", "")).replace("\0", "")[:_LONGEST]

    def work(session: Session, order_id: str, language: str) -> None:
        context = runtime().order_context(session)
        offering.offer(
            context,
            order_id=order_id,
            ticket_ids=chosen,
            email=email,
            language=language,
            in_window=partial(revert_windows.is_open, now=context.now),
        )

    return await _done(entrance, request, work, email=email, chosen=chosen)


async def _take_back(entrance: Entrance, request: Request) -> Response:
    """Keep tickets that are offered and not taken yet."""
    async with request.form() as form:
        offer_id = str(form.get("offer", ""))[:32]

    def work(session: Session, order_id: str, language: str) -> None:
        del language
        context = runtime().order_context(session)
        offering.take_back(context, order_id=order_id, offer_id=offer_id)

    return await _done(entrance, request, work)


async def _done(
    entrance: Entrance,
    request: Request,
    work: Callable[[Session, str, str], None],
    *,
    email: str = "",
    chosen: list[str] | None = None,
) -> Response:
    """Do something to the order behind the entrance, and show the page again."""
    reader = await _reader(request)
    reference = request.query_params.get("order", "")
    key = entrance.key_of(request)
    try:
        visitors.ensure_own_form(request)
        visitor_of(request).count(OFFERS)
        is_found = await to_writer_thread(_run, entrance, key, reference, reader.language, work)
    except UpstageError as refusal:
        return await _page(entrance, request, refusal=refusal, email=email, chosen=chosen or [])
    if not is_found:
        return await entrance.gone(request)
    return see(reader.href(entrance.give, {"order": reference}))


def _run(
    entrance: Entrance,
    key: str,
    reference: str,
    language: str,
    work: Callable[[Session, str, str], None],
) -> bool:
    """Run a command on an order; False where the key opens none."""

    def found(session: Session) -> bool:
        order_id = entrance.order_id(session, key, reference)
        if order_id:
            work(session, order_id, language)
        return bool(order_id)

    return runtime().database.attempt(found)


async def _page(
    entrance: Entrance,
    request: Request,
    *,
    refusal: UpstageError | None = None,
    email: str = "",
    chosen: list[str] | None = None,
) -> Response:
    reader = await _reader(request)
    key, reference = entrance.key_of(request), request.query_params.get("order", "")
    giving = await asyncio.to_thread(_giving, entrance, key, reference, reader)
    if giving is None:
        return await entrance.gone(request)
    say = speaker(reader.language)
    problem = "" if refusal is None else sentence(refusal, say)
    body = await asyncio.to_thread(_drawn, entrance, giving, reader, problem, email, chosen or [])
    return own_page(body, 409 if problem else 200)


def _giving(entrance: Entrance, key: str, reference: str, reader: Reader) -> Giving | None:
    now = runtime().clock.now()
    with runtime().database.reading() as session:
        order_id = entrance.order_id(session, key, reference)
        if not order_id:
            return None
        order = order_words(session, orders.order(session, order_id), reader)
        found = [each for each in offers.of_order(session, order_id, now=now) if each.is_open]
        free = offers.givable(session, order_id, now=now)
    visits = (
        (visit, tuple(each for each in visit.tickets if each.id in free)) for visit in order.visits
    )
    return Giving(
        order=order,
        visits=tuple((visit, tickets) for visit, tickets in visits if tickets),
        offered=tuple(
            OfferLine(
                id=each.id,
                to=mask_email(each.email),
                places="; ".join(one.place for one in each.open_tickets),
            )
            for each in found
        ),
    )


def _drawn(
    entrance: Entrance,
    giving: Giving,
    reader: Reader,
    problem: str,
    email: str,
    chosen: list[str],
) -> str:
    query = {"order": giving.order.reference}
    return page(
        "give_tickets.html",
        reader,
        public_programme.programme().organisation,
        Head(
            title=speaker(reader.language)(portal_words.GIVE), path=entrance.give, is_public=False
        ),
        giving=giving,
        problem=problem,
        email=email,
        chosen=chosen,
        action=reader.href(entrance.give, query),
        back=reader.href(entrance.back, query),
        mine=reader.href(entrance.order, query),
    )


async def _reader(request: Request) -> Reader:
    programme = await public_programme.soon()
    return reader_of(request, usual=programme.organisation.language)


def routes(entrance: Entrance) -> list[Route]:
    """The addresses of an entrance."""
    return [
        Route(entrance.give, partial(_show, entrance), methods=["GET"]),
        Route(entrance.give, partial(_offer, entrance), methods=["POST"]),
        Route(entrance.back, partial(_take_back, entrance), methods=["POST"]),
    ]


BY_LINK: Final = Entrance(
    give=open_order.GIVE,
    order=MINE,
    key_of=token_of,
    order_id=open_order.order_id,
    gone=open_order.gone,
)
ROUTES = routes(BY_LINK)
