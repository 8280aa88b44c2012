"""Returning tickets from the account: chosen, shown what comes back, and pressed once."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlmodel import Session
from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from upstage_crm.change_requests.reads import revert_windows
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.ids import new_id
from upstage_crm.core.languages import speaker
from upstage_crm.core.money import in_words
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.door import queries as door
from upstage_crm.orders import queries as orders
from upstage_crm.orders.transfers import own_returns
from upstage_crm.organisation.return_hours import return_hours
from upstage_crm.portal import portal_words
from upstage_crm.portal.account.account_orders import BY_ACCOUNT, ORDER, RETURN
from upstage_crm.portal.account.account_visitor import reader_here
from upstage_crm.portal.answers import see
from upstage_crm.portal.basket import visitors
from upstage_crm.portal.basket.basket_page import own_page
from upstage_crm.portal.basket.order_words import OrderWords, TicketLine, VisitWords, order_words
from upstage_crm.portal.basket.visitors import visitor_of
from upstage_crm.portal.limits import OFFERS
from upstage_crm.portal.listings import public_programme
from upstage_crm.portal.portal_page import Head, page
from upstage_crm.portal.readers import Reader
from upstage_crm.portal.refusals import sentence
from upstage_crm.wiring import runtime

_MOST: Final = 200  # tickets in one form


@dataclass(frozen=True, slots=True, kw_only=True)
class Returning:
    """What of an order can be returned, by performance, or what the chosen tickets give back.

    `hours` is None where tickets are returned by staff alone. `chosen` is empty until something is
    chosen; then `to_card` and `at_desk` say what comes back each way, "" for nothing.
    """

    order: OrderWords
    hours: int | None
    visits: tuple[tuple[VisitWords, tuple[TicketLine, ...]], ...]
    chosen: tuple[TicketLine, ...] = ()
    to_card: str = ""
    at_desk: str = ""


async def show(request: Request) -> Response:
    """The tickets to choose from, or the sums of those that were chosen. It changes nothing."""
    return await _page(request, chosen=_chosen(request.query_params))


async def take_back(request: Request) -> Response:
    """Return the tickets, once."""
    async with request.form() as form:
        chosen = _chosen(form)
        key = str(form.get("key", "")).replace("\0", "")[:32]
    reader = await reader_here(request)
    reference = request.query_params.get("order", "")
    try:
        visitors.ensure_own_form(request)
        visitor_of(request).count(OFFERS)
        is_found = await to_writer_thread(_run, BY_ACCOUNT.key_of(request), reference, chosen, key)
    except UpstageError as refusal:
        return await _page(request, refusal=refusal)
    if not is_found:
        return await BY_ACCOUNT.gone(request)
    return see(reader.href(RETURN, {"order": reference, "done": "yes"}))


def _chosen(given: FormData | QueryParams) -> list[str]:
    return [str(each)[:32] for each in given.getlist("ticket")[:_MOST]]


def _run(session_key: str, reference: str, chosen: Collection[str], key: str) -> bool:
    """Return the tickets; False where the session opens no such order."""

    def work(session: Session) -> bool:
        order_id = BY_ACCOUNT.order_id(session, session_key, reference)
        if not order_id:
            return False
        context = runtime().order_context(session)
        own_returns.return_own(
            context,
            order_id=order_id,
            ticket_ids=chosen,
            key=f"own:{order_id}:{key}",
            in_window=partial(revert_windows.is_open, now=context.now),
            were_scanned=_scanned,
        )
        return True

    return runtime().database.attempt(work)


def _scanned(session: Session, tickets: Mapping[str, str]) -> Collection[str]:
    return [
        ticket
        for ticket, performance in tickets.items()
        if door.passages_of(session, ticket_id=ticket, performance_id=performance)
    ]


async def _page(
    request: Request, *, refusal: UpstageError | None = None, chosen: Collection[str] = ()
) -> Response:
    reader = await reader_here(request)
    key, reference = BY_ACCOUNT.key_of(request), request.query_params.get("order", "")
    try:
        found = await asyncio.to_thread(_returning, key, reference, reader, chosen)
    except UpstageError as problem:  # of the choice: the tickets again, and why not
        refusal = problem
        found = await asyncio.to_thread(_returning, key, reference, reader, ())
    if found is None:
        return await BY_ACCOUNT.gone(request)
    problem = "" if refusal is None else sentence(refusal, speaker(reader.language))
    is_done = bool(request.query_params.get("done")) and not problem
    body = await asyncio.to_thread(_drawn, found, reader, problem, is_done=is_done)
    return own_page(body, 409 if problem else 200)


def _returning(
    key: str, reference: str, reader: Reader, chosen: Collection[str]
) -> Returning | None:
    now = runtime().clock.now()
    with runtime().database.reading() as session:
        order_id = BY_ACCOUNT.order_id(session, key, reference)
        if not order_id:
            return None
        stored = orders.order(session, order_id)
        order = order_words(session, stored, reader)
        free = own_returns.returnable(
            session,
            order_id,
            [each.id for each in stored.tickets],
            were_scanned=_scanned,
            now=now,
        )
        wanted = free.intersection(chosen)
        visits = _visits(order, wanted or free)
        hours = return_hours(session)
        if not wanted:
            return Returning(order=order, hours=hours, visits=visits)
        sums = own_returns.sums(session, order_id, wanted)
    say = partial(in_words, currency=stored.currency, language=reader.language)
    return Returning(
        order=order,
        hours=hours,
        visits=visits,
        chosen=tuple(each for _, tickets in visits for each in tickets),
        to_card=say(sums.to_card) if sums.to_card else "",
        at_desk=say(sums.at_desk) if sums.at_desk else "",
    )


def _visits(
    order: OrderWords, ids: Collection[str]
) -> tuple[tuple[VisitWords, tuple[TicketLine, ...]], ...]:
    found = (
        (visit, tuple(each for each in visit.tickets if each.id in ids)) for visit in order.visits
    )
    return tuple((visit, tickets) for visit, tickets in found if tickets)


def _drawn(found: Returning, reader: Reader, problem: str, *, is_done: bool) -> str:
    query = {"order": found.order.reference}
    return page(
        "return_tickets.html",
        reader,
        public_programme.programme().organisation,
        Head(title=speaker(reader.language)(portal_words.RETURN), path=RETURN, is_public=False),
        found=found,
        problem=problem,
        is_done=is_done,
        key=new_id(runtime().clock.now()),
        choose=reader.href(RETURN),
        action=reader.href(RETURN, query),
        mine=reader.href(ORDER, query),
    )


ROUTES = [
    Route(RETURN, show, methods=["GET"]),
    Route(RETURN, take_back, methods=["POST"]),
]
