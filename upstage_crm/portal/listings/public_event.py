"""The page of an event: what it is, and its performances."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from upstage_crm.core.languages import speaker
from upstage_crm.portal import addresses, portal_words
from upstage_crm.portal.addresses import WHATS_ON
from upstage_crm.portal.answers import Made, answer, document, moved, shared
from upstage_crm.portal.listings import public_programme
from upstage_crm.portal.listings.missing_pages import missing
from upstage_crm.portal.listings.offer_words import EventWords
from upstage_crm.portal.listings.public_programme import Programme
from upstage_crm.portal.listings.structured_data import of_event
from upstage_crm.portal.portal_page import Head, page
from upstage_crm.portal.readers import Reader, reader_of
from upstage_crm.programme import queries
from upstage_crm.programme.errors import UnknownEvent
from upstage_crm.programme.views import Access, EventView, PerformanceState, PerformanceView
from upstage_crm.wiring import runtime


async def show(request: Request) -> Response:
    """The event whose id the address ends with; an old title leads to the one of now."""
    part = str(request.path_params["event"])
    programme = await public_programme.soon()
    reader = reader_of(request, usual=programme.organisation.language)
    event = event_of(programme, part)
    if event is None:
        earlier = await asyncio.to_thread(_earlier, addresses.ending_of(part))
        return answer(request, await asyncio.to_thread(missing, reader, programme, earlier))
    path = addresses.event_path(event)
    if request.url.path != path:
        return moved(reader.href(path))
    return await shared(request, ("event", event.id, reader), lambda: _made(event.id, reader))


def event_of(programme: Programme, part: str) -> EventView | None:
    """The announced event that a part of an address names."""
    ending = addresses.ending_of(part)
    if not ending:
        return None
    return next((one for one in programme.events if addresses.ending(one.id) == ending), None)


def places_of(
    programme: Programme, performances: Sequence[PerformanceView]
) -> list[dict[str, str]]:
    """The halls and venues of these performances, with how to get in."""
    found: list[dict[str, str]] = []
    for hall_id in dict.fromkeys(one.hall_id for one in performances):
        hall = programme.halls[hall_id]
        venue = programme.venues[hall.venue_id]
        own = {name: hall.texts[name] or venue.texts[name] for name in ("step_free", "doors")}
        found.append(
            {
                **own,
                "name": f"{hall.texts['name']}, {venue.texts['name']}",
                "address": venue.texts["address"],
                "map_note": venue.texts["map_note"],
                "access_notes": "\n".join(
                    filter(None, (hall.texts["access_notes"], venue.texts["access_notes"]))
                ),
            }
        )
    return found


def _made(event_id: str, reader: Reader) -> Made:
    programme = public_programme.programme()
    event = programme.by_id.get(event_id)
    if event is None:
        return reader.href(WHATS_ON)
    words = EventWords(programme, event, programme.offers(event), reader)
    head = Head(
        title=words.title,
        path=words.path,
        about=words.texts["description"][:200],
        image=words.image.src if words.image.is_photo else "",
        data=of_event(words, programme),
    )
    return document(
        page(
            "event.html",
            reader,
            programme.organisation,
            head,
            event=words,
            places=places_of(programme, event.performances),
            access_words=_access(event, reader),
        )
    )


def _earlier(ending: str) -> EventView | None:
    """An event that was on before; None where there is none, or none that was ever on sale."""
    if not ending:
        return None
    try:
        with runtime().database.reading() as session:
            event = queries.event_by_ending(session, ending)
    except UnknownEvent:
        return None
    known = {PerformanceState.PERFORMED, PerformanceState.CANCELLED, PerformanceState.ON_SALE}
    was_on = any(one.state in known for one in event.performances)
    return event if was_on else None


def _access(event: EventView, reader: Reader) -> list[tuple[str, str]]:
    say = speaker(reader.language)
    kinds = {kind for one in event.performances for kind in one.access}
    return [
        (say(portal_words.ACCESS[kind]), say(portal_words.ACCESS_ABOUT[kind]))
        for kind in Access
        if kind in kinds
    ]


ROUTES = [
    Route(f"{WHATS_ON}{{event}}", show, methods=["GET"]),
    Route(f"{WHATS_ON}{{event}}/", show, methods=["GET"]),
]
