"""The page behind a link of the waiting list: join, see the place, take or decline an offer.

`GET` changes nothing. The token moves into a cookie at once, so that no history keeps it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from upstage_crm.core import when
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.languages import speaker
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.http.cookie_headers import give, held
from upstage_crm.links.claims import LinkClaims, LinkRefused, Purpose
from upstage_crm.orders.views import BasketView
from upstage_crm.portal import portal_words
from upstage_crm.portal.addresses import BASKET, WAITING, WHATS_ON
from upstage_crm.portal.answers import see
from upstage_crm.portal.basket import visitors
from upstage_crm.portal.basket.basket_page import own_page
from upstage_crm.portal.basket.basket_words import BasketWords, basket_words
from upstage_crm.portal.basket.visitors import visitor_of
from upstage_crm.portal.found_orders.open_order import gone
from upstage_crm.portal.limits import HOLDS
from upstage_crm.portal.listings import public_programme
from upstage_crm.portal.listings.offer_words import EventWords, PerformanceWords
from upstage_crm.portal.order_link import LIFE
from upstage_crm.portal.portal_page import Head, page
from upstage_crm.portal.readers import Reader, reader_of
from upstage_crm.portal.refusals import sentence
from upstage_crm.staff.command_context import CommandContext
from upstage_crm.waiting_list import joining, queries, waiting_offers
from upstage_crm.waiting_list.views import WaitingPlace
from upstage_crm.wiring import runtime

LINK: Final = "upstage-waiting-link"
CONFLICT: Final = 409

Act = Callable[[CommandContext[Any], str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    place: WaitingPlace
    basket: BasketView | None


async def enter(request: Request) -> Response:
    """Move the token into a cookie, and go to the place."""
    token = str(request.path_params["token"])
    if _claims(token) is None:
        return await gone(request)
    response = see(WAITING)
    give(response, LINK, token, life=LIFE, is_https=runtime().settings.is_https)
    return response


async def show(request: Request) -> Response:
    """The place behind the link that this browser has opened."""
    return await _answer(request)


async def take(request: Request) -> Response:
    """Put what is offered into the basket of this browser, and show it."""
    claims, secret = _opened_claims(request), visitors.new_secret()
    if claims is None:
        return await gone(request)
    place_id = claims.request_id
    try:
        visitors.ensure_own_form(request)
        visitor_of(request).count(HOLDS)

        def act(context: CommandContext[Any], place_id: str) -> None:
            waiting_offers.take(context, place_id=place_id, secret=secret)

        await to_writer_thread(_act, act, place_id)
    except UpstageError as refusal:
        return await _answer(request, refusal=refusal)
    response = see(reader_of(request, usual="").href(BASKET))
    visitors.give_basket(response, secret)
    return response


def _acting(act: Act) -> Callable[[Request], Any]:
    """A route that does something to the place, and shows it again."""

    async def route(request: Request) -> Response:
        claims = _opened_claims(request)
        if claims is None:
            return await gone(request)
        try:
            visitors.ensure_own_form(request)
            await to_writer_thread(_act, act, claims.request_id)
        except UpstageError as refusal:
            return await _answer(request, refusal=refusal)
        return see(reader_of(request, usual="").href(WAITING))

    return route


def _confirm(context: CommandContext[Any], place_id: str) -> None:
    joining.confirm(context, place_id=place_id)


def _leave(context: CommandContext[Any], place_id: str) -> None:
    joining.leave(context, place_id=place_id)


def _act(act: Act, place_id: str) -> None:
    parts = runtime()

    def work(session: Session) -> None:
        act(parts.order_context(session), place_id)

    parts.database.attempt(work, is_recorded=False)


def _claims(token: str) -> LinkClaims | None:
    """The claims of a link to a place, as long as it counts."""
    parts = runtime()
    try:
        claims = parts.codec.read(token)
    except LinkRefused:
        return None
    is_good = claims.purpose is Purpose.WAITING and not claims.is_expired(parts.clock.now())
    return claims if is_good else None


def _opened_claims(request: Request) -> LinkClaims | None:
    header, is_https = request.headers.get("cookie", ""), runtime().settings.is_https
    return _claims(held(header, LINK, is_https=is_https))


async def _answer(request: Request, *, refusal: UpstageError | None = None) -> Response:
    claims = _opened_claims(request)
    opened = await asyncio.to_thread(_read, claims) if claims is not None else None
    programme = await public_programme.soon()
    reader = reader_of(request, usual=programme.organisation.language)
    if opened is None:
        return await gone(request)
    problem = "" if refusal is None else sentence(refusal, speaker(reader.language))
    body = await asyncio.to_thread(_drawn, opened, reader, problem)
    return own_page(body, CONFLICT if problem else 200)


def _read(claims: LinkClaims) -> _Opened | None:
    parts = runtime()
    with parts.database.reading() as session:
        place = queries.of_claims(session, claims)
        if place is None:
            return None
        basket = waiting_offers.offered(session, place.id, now=parts.clock.now())
        return _Opened(place=place, basket=basket)


def _drawn(opened: _Opened, reader: Reader, problem: str) -> str:
    programme, now = public_programme.programme(), runtime().clock.now()
    place, said = opened.place, None
    title = ""
    found = programme.find(place.performance_id)
    if found is not None:
        offer = programme.offer(found[1])
        words = EventWords(programme, found[0], [offer], reader)
        title, said = words.title, words.performance(offer)
    basket: BasketWords | None = None
    until = ""
    if opened.basket is not None:
        basket = basket_words(programme, opened.basket, reader, now=now)
        moment = opened.basket.until or place.offer_until
        zone = programme.organisation.zone
        until = when.in_words(moment, zone, reader.language) if moment else ""
    return page(
        "waiting.html",
        reader,
        programme.organisation,
        Head(title=speaker(reader.language)(portal_words.WAITING), path=WAITING, is_public=False),
        place=place,
        state=_state(opened, said),
        title=title,
        one=said,
        basket=basket,
        until=until,
        problem=problem,
        action={name: reader.href(f"{WAITING}/{name}") for name in ("confirm", "leave", "take")},
        whats_on=reader.href(WHATS_ON),
    )


def _state(opened: _Opened, said: PerformanceWords | None) -> str:
    """What the page says: an offer whose basket is gone has lapsed, though no job has seen it."""
    if said is None and opened.place.state.value in {"asked", "waiting"}:
        return "ended"
    if opened.place.state.value == "offered" and opened.basket is None:
        return "lapsed"
    return opened.place.state.value


ROUTES = [
    Route(f"{WAITING}/link/{{token}}", enter, methods=["GET"]),
    Route(WAITING, show, methods=["GET"]),
    Route(f"{WAITING}/confirm", _acting(_confirm), methods=["POST"]),
    Route(f"{WAITING}/leave", _acting(_leave), methods=["POST"]),
    Route(f"{WAITING}/take", take, methods=["POST"]),
]
