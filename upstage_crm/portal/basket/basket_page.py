"""The basket and its checkout on one page: what is chosen, an email address, and the way to pay."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from upstage_crm.core.languages import speaker
from upstage_crm.orders.views import BasketState, Contact
from upstage_crm.portal import order_link, portal_words
from upstage_crm.portal.addresses import BASKET, WHATS_ON
from upstage_crm.portal.answers import NO_STORE, policy_leading_to, see
from upstage_crm.portal.basket import basket_commands
from upstage_crm.portal.basket.basket_commands import Kept
from upstage_crm.portal.basket.basket_words import BasketWords, basket_words
from upstage_crm.portal.basket.visitors import visitor_of
from upstage_crm.portal.listings import public_programme
from upstage_crm.portal.order_link import token_of
from upstage_crm.portal.portal_page import TEMPLATES, Head, page
from upstage_crm.portal.readers import Reader, reader_of
from upstage_crm.wiring import runtime

TICKETS: Final = f"{BASKET}tickets"
WARN_S: Final = 120  # before the seats are free again


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is said on the page about the form that came before. `suggestion` is an address."""

    problem: str = ""
    suggestion: str = ""
    email: str = ""
    status: int = 200


async def show(request: Request) -> Response:
    """The basket of this visitor."""
    return await answer_with(request, Said())


async def mine(request: Request) -> Response:
    """The count of the basket, for the head of pages that all visitors see alike."""
    kept = await asyncio.to_thread(basket_commands.find, visitor_of(request).secret)
    is_open = kept is not None and kept.view.state is not BasketState.SOLD
    count = len(kept.view.lines) if kept and is_open else 0
    text = TEMPLATES.render("_count.html", lang="en", count=count)
    return HTMLResponse(text, headers={"cache-control": NO_STORE})


async def answer_with(request: Request, said: Said) -> Response:
    """The page with what is said about a form."""
    programme = await public_programme.soon()
    reader = reader_of(request, usual=programme.organisation.language)
    kept = await asyncio.to_thread(basket_commands.find, visitor_of(request).secret)
    if kept is not None and kept.view.state is BasketState.SOLD:
        return see(reader.href(TICKETS))
    body = await asyncio.to_thread(_drawn, reader, kept, said, token_of(request))
    return own_page(body, said.status)


def own_page(body: str, status: int = 200) -> Response:
    """A page that is one visitor's own. Its form may lead on to the page on which a card pays."""
    cards = runtime().cards
    origin = cards.offered.form_action if cards.is_offered else ""
    headers = {
        "content-security-policy": policy_leading_to(origin),
        "x-frame-options": "DENY",
        "cache-control": NO_STORE,
        "x-robots-tag": "noindex",
    }
    return HTMLResponse(body, status, headers)


def _drawn(reader: Reader, kept: Kept | None, said: Said, link: str) -> str:
    programme = public_programme.programme()
    say, now = speaker(reader.language), runtime().clock.now()
    words: BasketWords | None = None
    contact = Contact()
    if kept is not None and kept.view.lines:
        words, contact = basket_words(programme, kept.view, reader, now=now), kept.contact
    return page(
        "basket.html",
        reader,
        programme.organisation,
        Head(title=say(portal_words.BASKET), path=BASKET, is_public=False),
        basket=words,
        basket_count=words.count if words else 0,
        said=said,
        email=said.email or contact.email or order_link.email_of(link),
        warn_s=WARN_S,
        action={
            name: reader.href(f"{BASKET}{name}")
            for name in ("types", "remove", "keep", "again", "cancel", "pay", "stop")
        },
        whats_on=reader.href(WHATS_ON),
    )


ROUTES = [
    Route(BASKET.rstrip("/"), show, methods=["GET"]),
    Route(BASKET, show, methods=["GET"]),
    Route(f"{BASKET}mine", mine, methods=["GET"]),
]
