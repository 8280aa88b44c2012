"""The form of a sold-out performance: the same answer whatever is true about the address."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from upstage_crm.core.email_address import parse_email
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.languages import speaker
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.http.even_time import evenly
from upstage_crm.portal import addresses, portal_words
from upstage_crm.portal.addresses import WAITING, WHATS_ON
from upstage_crm.portal.answers import see
from upstage_crm.portal.basket import visitors
from upstage_crm.portal.basket.basket_page import own_page
from upstage_crm.portal.basket.visitors import visitor_of
from upstage_crm.portal.limits import ADDRESSES, pace
from upstage_crm.portal.limits import WAITING as ASKING
from upstage_crm.portal.listings import choose_seats, public_programme
from upstage_crm.portal.listings.sale_states import SaleState
from upstage_crm.portal.portal_page import Head, page
from upstage_crm.portal.readers import Reader, reader_of
from upstage_crm.portal.refusals import sentence
from upstage_crm.waiting_list import joining
from upstage_crm.wiring import runtime

JOIN = f"{WAITING}/join"
CONFLICT = 409
_LONGEST = 254


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    performance_id: str
    email: str
    places: int
    zone: str
    language: str


async def join(request: Request) -> Response:
    """Mail the address a question, and say so; a refusal shows the performance again."""
    programme = await public_programme.soon()
    reader = reader_of(request, usual=programme.organisation.language)
    async with request.form() as form:
        typed = {name: str(form.get(name, "")).replace("\0", "") for name in _NAMES}
    found = programme.find(typed["performance"][:32])
    if found is None:
        return see(reader.href(WHATS_ON))
    event, performance = found
    offer = await asyncio.to_thread(programme.offer, performance)
    if offer.state is SaleState.OPEN:  # something came free meanwhile: it can be bought at once
        return see(reader.href(addresses.performance_path(event, performance)))
    places = typed["places"]
    asked = _Asked(
        performance_id=performance.id,
        email=typed["email"][:_LONGEST],
        places=int(places) if places.isascii() and places.isdecimal() and len(places) < 4 else 0,
        zone=typed["zone"][:200],
        language=reader.language,
    )
    try:
        visitors.ensure_own_form(request)
        visitor_of(request).count(ASKING)
        key = parse_email(asked.email).key
        pace.count(ADDRESSES, visitor="", network=f"address:{key}")
        await evenly(to_writer_thread(_join, asked))
    except UpstageError as refusal:
        problem = sentence(refusal, speaker(reader.language))
        body = choose_seats.drawn(
            programme, event, performance, reader, problem=problem, typed=typed
        )
        return own_page(body, CONFLICT)
    return own_page(await asyncio.to_thread(_drawn, reader, asked.email))


def _join(asked: _Asked) -> None:
    parts = runtime()

    def work(session: Session) -> None:
        joining.join(
            parts.order_context(session),
            performance_id=asked.performance_id,
            email=asked.email,
            places=asked.places,
            zone=asked.zone,
            language=asked.language,
        )

    parts.database.attempt(work)


def _drawn(reader: Reader, email: str) -> str:
    return page(
        "waiting_asked.html",
        reader,
        public_programme.programme().organisation,
        Head(title=speaker(reader.language)(portal_words.WAITING), path=JOIN, is_public=False),
        email=email,
        whats_on=reader.href(WHATS_ON),
    )


_NAMES = ("performance", "email", "places", "zone")
ROUTES = [Route(JOIN, join, methods=["POST"])]
