"""Find my order: a reference and an address, and the same answer whatever is true."""

from __future__ import annotations

import asyncio
from typing import Final

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from upstage_crm.core.errors import UpstageError
from upstage_crm.core.languages import speaker
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.http.even_time import evenly
from upstage_crm.orders.letters import order_links
from upstage_crm.portal import portal_words
from upstage_crm.portal.addresses import ORDERS
from upstage_crm.portal.basket import visitors
from upstage_crm.portal.basket.basket_page import own_page
from upstage_crm.portal.basket.visitors import visitor_of
from upstage_crm.portal.limits import LOOKUPS
from upstage_crm.portal.listings import public_programme
from upstage_crm.portal.portal_page import Head, page
from upstage_crm.portal.readers import Reader, reader_of
from upstage_crm.portal.refusals import sentence
from upstage_crm.wiring import runtime

FIND: Final = f"{ORDERS}find"
_LONGEST: Final = 254


async def show(request: Request) -> Response:
    """The form."""
    return await answer_with(request)


async def find(request: Request) -> Response:
    """Mail a link where both belong together, and say the same either way."""
    async with request.form() as form:
        reference = str(form.get("reference", "")).replace("\0", "")[:40]
        email = str(form.get("email", "")).replace("\0", "")[:_LONGEST]
    try:
        visitors.ensure_own_form(request)
        visitor_of(request).count(LOOKUPS)
    except UpstageError as refusal:
        return await answer_with(request, refusal=refusal, reference=reference, email=email)
    await evenly(to_writer_thread(_send, reference, email))
    return await answer_with(request, is_sent=True, reference=reference, email=email)


def _send(reference: str, email: str) -> None:
    parts = runtime()

    def work(session: Session) -> bool:
        return order_links.find(parts.order_context(session), reference=reference, email=email)

    parts.database.attempt(work)


async def answer_with(
    request: Request,
    *,
    refusal: UpstageError | None = None,
    is_sent: bool = False,
    reference: str = "",
    email: str = "",
) -> Response:
    """The form with what is said about the one that came before."""
    programme = await public_programme.soon()
    reader = reader_of(request, usual=programme.organisation.language)
    problem = "" if refusal is None else sentence(refusal, speaker(reader.language))
    body = await asyncio.to_thread(_drawn, reader, problem, is_sent, reference, email)
    return own_page(body, 409 if problem else 200)


def _drawn(reader: Reader, problem: str, is_sent: bool, reference: str, email: str) -> str:
    return page(
        "find_order.html",
        reader,
        public_programme.programme().organisation,
        Head(title=speaker(reader.language)(portal_words.FIND), path=FIND, is_public=False),
        action=reader.href(FIND),
        problem=problem,
        is_sent=is_sent,
        reference=reference,
        email=email,
    )


ROUTES = [
    Route(FIND, show, methods=["GET"]),
    Route(FIND, find, methods=["POST"]),
]
