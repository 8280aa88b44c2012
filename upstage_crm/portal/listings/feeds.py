"""What programs read: the sitemap, the feed of what is on, and what search machines may visit."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from upstage_crm.core import when
from upstage_crm.core.languages import LANGUAGES
from upstage_crm.portal import addresses
from upstage_crm.portal.addresses import FEED, LANGUAGE, ROBOTS, SITEMAP, WHATS_ON
from upstage_crm.portal.answers import Document, document, shared
from upstage_crm.portal.listings import public_programme
from upstage_crm.portal.listings.offer_words import EventWords
from upstage_crm.portal.portal_page import TEMPLATES
from upstage_crm.portal.readers import Reader, reader_of
from upstage_crm.wiring import runtime

LIFE_S = 60.0


async def sitemap(request: Request) -> Response:
    """Every public page in every language."""
    return await shared(request, "sitemap", _sitemap, life_s=LIFE_S)


async def feed(request: Request) -> Response:
    """The events that are on, as Atom."""
    programme = await public_programme.soon()
    reader = reader_of(request, usual=programme.organisation.language)
    return await shared(request, ("feed", reader), lambda: _feed(reader), life_s=LIFE_S)


async def robots(_: Request) -> Response:
    """Where search machines may go: what is on, and nothing else."""
    base = runtime().settings.base_url
    lines = ("User-agent: *", f"Allow: {WHATS_ON}", "Disallow: /", f"Sitemap: {base}{SITEMAP}")
    return PlainTextResponse("\n".join(lines) + "\n")


def _sitemap() -> Document:
    programme = public_programme.programme()
    paths = [WHATS_ON]
    for event in programme.events:
        paths.append(addresses.event_path(event))
        paths += [addresses.performance_path(event, one) for one in event.performances]
    filled = TEMPLATES.render(
        "sitemap.html",
        lang="en",
        base=runtime().settings.base_url,
        paths=paths,
        languages=list(LANGUAGES),
        language=LANGUAGE,
    )
    return document(filled, kind="application/xml")


def _feed(reader: Reader) -> Document:
    programme = public_programme.programme()
    filled = TEMPLATES.render(
        "feed.html",
        lang=reader.language,
        base=runtime().settings.base_url,
        organisation=programme.organisation,
        home=WHATS_ON,
        feed=FEED,
        now=when.iso(programme.now),
        events=[
            EventWords(programme, event, programme.offers(event, is_listed=True), reader)
            for event in programme.events
        ],
    )
    return document(filled, kind="application/atom+xml")


ROUTES = [
    Route(SITEMAP, sitemap, methods=["GET"]),
    Route(ROBOTS, robots, methods=["GET"]),
    Route(FEED, feed, methods=["GET"]),
]
