"""The picture of an event for everybody, and the poster that is drawn where it has none."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from upstage_crm.core.errors import NotFound
from upstage_crm.portal.addresses import ENDING_LENGTH, PICTURES, POSTERS, ending, ending_of
from upstage_crm.portal.answers import FOREVER, NO_STORE, document, shared
from upstage_crm.portal.listings import public_programme
from upstage_crm.portal.portal_page import TEMPLATES
from upstage_crm.programme import pictures
from upstage_crm.programme.views import EventView
from upstage_crm.wiring import runtime

DIGEST_LENGTH: Final = 16
SVG: Final = "image/svg+xml"
POSTER_WIDTH, POSTER_HEIGHT = 640, 360
PALETTES: Final = (
    ("#4a0f1c", "#8f1d2f", "#e3a857", "#f6e7d2"),
    ("#10283c", "#1f4f8c", "#e8bd78", "#f1ede6"),
    ("#12302b", "#0f766e", "#f0c987", "#eaf3ee"),
    ("#2b1a3d", "#5b3a86", "#f0a3ab", "#f4eefa"),
    ("#3a2410", "#9a5a1c", "#f3d9a4", "#fbf3e4"),
    ("#1c1a18", "#5a5148", "#c4485c", "#efe9e1"),
)
"""Ground, second colour, light and paper of a poster."""
MOTIFS: Final = ("spotlights", "rows", "curtain", "moon", "squares")
KEPT_S: Final = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture on a page: its address, those of other widths, and its words."""

    src: str
    set: str
    alt: str
    is_photo: bool


def image_of(event: EventView, widths: Sequence[int], alt: str) -> Image:
    """The picture of an event; a poster says nothing, so it has no words."""
    if not event.picture or not widths:
        return Image(src=f"{POSTERS}{ending(event.id)}.svg", set="", alt="", is_photo=False)
    folder = f"{PICTURES}{ending(event.id)}/{event.picture[:DIGEST_LENGTH]}"
    return Image(
        src=f"{folder}/{widths[min(1, len(widths) - 1)]}.jpg",
        set=", ".join(f"{folder}/{width}.jpg {width}w" for width in widths),
        alt=alt,
        is_photo=True,
    )


async def picture(request: Request) -> Response:
    """A picture at one of our widths. An event that is not announced has none here."""
    asked = request.path_params
    return await asyncio.to_thread(
        _picture, str(asked["event"]), str(asked["digest"]), str(asked["width"])
    )


async def poster(request: Request) -> Response:
    """The poster that belongs to an id; it is drawn of its digits and says nothing."""
    digits = str(request.path_params["event"])
    if len(digits) != ENDING_LENGTH or ending_of(digits) != digits:
        return _missing()
    return await shared(
        request,
        ("poster", digits),
        lambda: document(drawn(digits), kind=SVG, headers={"cache-control": FOREVER}),
        life_s=KEPT_S,
    )


def drawn(digits: str) -> str:
    """The poster of these hexadecimal digits as SVG."""
    numbers = [int(digit, 16) for digit in digits]
    ground, second, light, paper = PALETTES[sum(numbers) % len(PALETTES)]
    return TEMPLATES.render(
        "poster.html",
        lang="en",
        motif=motif_of(digits),
        numbers=numbers,
        ground=ground,
        second=second,
        light=light,
        paper=paper,
    )


def motif_of(digits: str) -> str:
    """What a poster shows."""
    return MOTIFS[sum(int(digit, 16) for digit in digits[::2]) % len(MOTIFS)]


def _picture(event: str, digest: str, width: str) -> Response:
    is_asked_well = width.isascii() and width.isdecimal() and len(width) < 6
    found = next(
        (
            one
            for one in public_programme.programme().events
            if ending(one.id) == event
            and len(digest) == DIGEST_LENGTH
            and one.picture.startswith(digest)
        ),
        None,
    )
    if found is None or not is_asked_well:
        return _missing()
    try:
        with runtime().database.reading() as session:
            content = pictures.content(
                session, event_id=found.id, digest=found.picture, width=int(width)
            )
    except NotFound:
        return _missing()
    return Response(content, media_type="image/jpeg", headers={"cache-control": FOREVER})


def _missing() -> Response:
    return PlainTextResponse("There is no such picture.\n", 404, {"cache-control": NO_STORE})


ROUTES = [
    Route(f"{PICTURES}{{event}}/{{digest}}/{{width}}.jpg", picture, methods=["GET"]),
    Route(f"{POSTERS}{{event}}.svg", poster, methods=["GET"]),
]
