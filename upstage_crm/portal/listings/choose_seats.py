"""The page of a performance: its seats as a map and as a list, and the best that are free."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from upstage_crm.core.languages import Say, speaker
from upstage_crm.portal import addresses, portal_words
from upstage_crm.portal.addresses import WHATS_ON
from upstage_crm.portal.answers import NO_STORE, Made, answer, document, moved, shared
from upstage_crm.portal.listings import public_programme
from upstage_crm.portal.listings.missing_pages import missing
from upstage_crm.portal.listings.offer_words import EventWords
from upstage_crm.portal.listings.public_event import event_of, places_of
from upstage_crm.portal.listings.public_programme import OnOffer, Programme
from upstage_crm.portal.listings.sale_states import SaleState
from upstage_crm.portal.listings.seat_list import sections_of
from upstage_crm.portal.listings.seat_map import bits_href, looks_of, map_href
from upstage_crm.portal.listings.structured_data import of_performance
from upstage_crm.portal.listings.waiting_form import waiting_form
from upstage_crm.portal.portal_menu import ADD
from upstage_crm.portal.portal_page import Head, page
from upstage_crm.portal.readers import Reader, reader_of
from upstage_crm.programme.prices.views import PriceType
from upstage_crm.programme.views import EventView, PerformanceView
from upstage_crm.venues.seat_plan import SeatKind

MOST_AT_ONCE: Final = 20  # seats or places of one form
BITS_LIFE_S: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeWords:
    """A price type with what it costs: one price, or the lowest and the highest."""

    id: str
    name: str
    span: Sequence[str]
    about: str
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneWords:
    """A zone with something free. `look` is its colour and shape; `price` the usual one."""

    name: str
    look: int
    price: str
    minor: int
    free: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolWords:
    """Places without numbers, with the price types that have a price there."""

    id: str
    name: str
    types: Sequence[TypeWords]


async def show(request: Request) -> Response:
    """The performance whose id the address ends with."""
    programme = await public_programme.soon()
    reader = reader_of(request, usual=programme.organisation.language)
    found = performance_of(
        programme, str(request.path_params["event"]), str(request.path_params["performance"])
    )
    if found is None:
        return answer(request, await asyncio.to_thread(missing, reader, programme))
    event, performance = found
    path = addresses.performance_path(event, performance)
    if request.url.path != path:
        return moved(reader.href(path))
    key = ("performance", performance.id, reader)
    return await shared(request, key, lambda: _made(event.id, performance.id, reader))


async def seats(request: Request) -> Response:
    """What is free now, as two bits a seat in the order of the map."""
    programme = await public_programme.soon()
    found = performance_of(
        programme, str(request.path_params["event"]), str(request.path_params["performance"])
    )
    if found is None:
        return PlainTextResponse("There is nothing here.\n", 404, {"cache-control": NO_STORE})
    performance = found[1]
    key = ("seats", performance.id)
    return await shared(request, key, lambda: _bits(performance), life_s=BITS_LIFE_S)


def performance_of(
    programme: Programme, event_part: str, performance_part: str
) -> tuple[EventView, PerformanceView] | None:
    """The announced performance that an address names, with its event."""
    event, ending = event_of(programme, event_part), addresses.ending_of(performance_part)
    if event is None or not ending:
        return None
    for one in event.performances:
        if addresses.ending(one.id) == ending:
            return event, one
    return None


def _made(event_id: str, performance_id: str, reader: Reader) -> Made:
    programme = public_programme.programme()
    event = programme.by_id.get(event_id)
    performance = next(
        (one for one in event.performances if one.id == performance_id) if event else iter(()),
        None,
    )
    if event is None or performance is None:
        return reader.href(WHATS_ON)
    return document(drawn(programme, event, performance, reader))


def usual_types(programme: Programme, performance: PerformanceView) -> dict[str, str]:
    """The first price type of each zone, which is what a seat costs until another is chosen."""
    return _usual(programme, programme.prices_of(performance, programme.now))


def drawn(
    programme: Programme,
    event: EventView,
    performance: PerformanceView,
    reader: Reader,
    *,
    problem: str = "",
    typed: Mapping[str, str] | None = None,
) -> str:
    """The page, with what can be chosen on it; `problem` and `typed` are of a form that failed."""
    offer = programme.offer(performance)
    words = EventWords(programme, event, [offer], reader)
    others = [
        one
        for one in programme.offers(event, is_listed=True)
        if one.state is SaleState.OPEN and one.performance.id != performance.id
    ]
    said = words.performance(offer)
    head = Head(
        title=f"{words.title}, {said.date}",
        path=addresses.performance_path(event, performance),
        about=said.whole,
        image=words.image.src if words.image.is_photo else "",
        data=of_performance(words, offer, programme),
        scripts=("seat_map.mjs",),
    )
    choice = _choice(programme, event, offer, words, reader) if said.is_open else {}
    return page(
        "performance.html",
        reader,
        programme.organisation,
        head,
        event=words,
        one=said,
        others=[words.performance(each) for each in others[:4]],
        places=places_of(programme, [performance]),
        choice=choice,
        most=MOST_AT_ONCE,
        add_href=reader.href(ADD),
        waiting=waiting_form(programme, performance, offer.state, words, reader),
        performance_id=performance.id,
        problem=problem,
        typed={"zone": "", "places": "", "email": ""} | dict(typed or {}),
    )


def _choice(
    programme: Programme, event: EventView, offer: OnOffer, words: EventWords, reader: Reader
) -> dict[str, object]:
    """What can be chosen: price types, zones, seats by section and row, and places."""
    layout, say = offer.layout, speaker(reader.language)
    assert layout is not None  # a performance without seats is not open
    pools = {pool.name: pool for pool in layout.pools}
    looks = looks_of(layout.plan)
    usual = _usual(programme, {zone.name: zone.prices for zone in offer.zones})
    zones = [
        ZoneWords(
            name=zone.name,
            look=looks[zone.name],
            price=words.amount(zone.prices[usual[zone.name]]),
            minor=zone.prices[usual[zone.name]],
            free=zone.free,
        )
        for zone in offer.zones
        if zone.name not in pools
    ]
    sections = sections_of(layout, {zone.name: zone.price for zone in zones}, looks, say)
    seated = [zone for zone in offer.zones if zone.name not in pools]
    return {
        "zones": zones,
        "types": _types(programme, [dict(zone.prices) for zone in seated], words, say),
        "sections": sections,
        "pools": [
            PoolWords(
                id=pools[zone.name].id,
                name=zone.name,
                types=_types(programme, [dict(zone.prices)], words, say),
            )
            for zone in offer.zones
            if zone.name in pools
        ],
        "has_wheelchair": any(seat.kind is SeatKind.WHEELCHAIR for seat in layout.plan.seats),
        "plan": addresses.ending(layout.plan_id),
        "map": map_href(offer.performance, layout.plan_id),
        "bits": bits_href(event, offer.performance),
        "words": json.dumps([say(one) for one in portal_words.MAP], ensure_ascii=False),
        "specials": json.dumps(
            [
                say(portal_words.SEAT_KINDS[kind])
                for kind in (SeatKind.WHEELCHAIR, SeatKind.COMPANION, SeatKind.RESTRICTED)
            ],
            ensure_ascii=False,
        ),
        "zone_prices": json.dumps(
            {str(zone.look): [zone.price, zone.minor] for zone in zones}, ensure_ascii=False
        ),
    }


def _usual(programme: Programme, prices: Mapping[str, Mapping[str, int]]) -> dict[str, str]:
    return {
        zone: next(kind for kind in programme.types if kind in offered)
        for zone, offered in prices.items()
    }


def _types(
    programme: Programme, prices: Sequence[dict[str, int]], words: EventWords, say: Say
) -> list[TypeWords]:
    """The price types with what they cost in these zones."""
    found: list[TypeWords] = []
    for kind in programme.types.values():
        amounts = [each[kind.id] for each in prices if kind.id in each]
        if not amounts or kind.least > MOST_AT_ONCE:
            continue
        found.append(
            TypeWords(
                id=kind.id,
                name=kind.name,
                span=[words.amount(one) for one in sorted({min(amounts), max(amounts)})],
                about=", ".join(filter(None, (_at_least(kind, say), kind.proof))),
                most=min(kind.most or MOST_AT_ONCE, MOST_AT_ONCE),
            )
        )
    return found


def _at_least(kind: PriceType, say: Say) -> str:
    return say(portal_words.AT_LEAST).format(count=kind.least) if kind.least > 1 else ""


def _bits(performance: PerformanceView) -> Made:
    layout = public_programme.programme().offer(performance).layout
    content = b"" if layout is None else layout.bits
    return document(content, kind="application/octet-stream")


_PLACE: Final = f"{WHATS_ON}{{event}}/{{performance}}"
ROUTES = [
    Route(f"{_PLACE}/seats", seats, methods=["GET"]),
    Route(_PLACE, show, methods=["GET"]),
    Route(f"{_PLACE}/", show, methods=["GET"]),
]
