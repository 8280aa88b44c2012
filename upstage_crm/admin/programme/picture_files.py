"""The picture of an event: it comes in through `admin.incoming_files`, and goes out to staff by
`GET /events/picture/{event}/{digest}/{width}.jpg`, whose content never changes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from upstage_crm.admin.incoming_files import Incoming
from upstage_crm.admin.programme.url import PICTURE, PICTURES, event_href
from upstage_crm.core.errors import NotFound
from upstage_crm.http.session_cookie import member_of_cookie
from upstage_crm.programme import picture_reading, pictures, queries
from upstage_crm.programme.event_texts import ALT
from upstage_crm.programme.picture_reading import Picture
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, may
from upstage_crm.wiring import runtime

VERSION = "version"
_FOREVER = "private, max-age=31536000, immutable"


async def show(request: Request) -> Response:
    """The picture. A visitor who may not see it, or asks for none, gets the same 404."""
    asked = request.path_params
    return await asyncio.to_thread(
        _shown,
        request.headers.get("cookie", ""),
        str(asked["event"]),
        str(asked["digest"]),
        str(asked["width"]),
    )


def _page_of(session: Session, event_id: str) -> str:
    queries.event(session, event_id)
    return event_href(event_id)


def _read(content: bytes) -> Picture | None:
    """The picture; None when the form came without one, to change only what is said of it."""
    return picture_reading.read(content) if content else None


def _keep(
    context: StaffContext[object],
    event_id: str,
    typed: Mapping[str, str],
    picture: Picture | None,
) -> str:
    version = typed.get(VERSION, "")
    is_number = version.isascii() and version.isdecimal() and len(version) < 10
    pictures.set_picture(
        context,
        event_id=event_id,
        version=int(version) if is_number else 0,
        picture=picture,
        alt=typed.get(ALT, ""),
    )
    return f"{event_href(event_id)}?picture=kept"


def _shown(cookie: str, event_id: str, digest: str, width: str) -> Response:
    member = member_of_cookie(cookie)
    is_number = width.isascii() and width.isdecimal() and len(width) < 6
    if member is None or not may(member, Permission.VIEW_PROGRAMME) or not is_number:
        return _missing()
    try:
        with runtime().database.reading() as session:
            found = pictures.content(session, event_id=event_id, digest=digest, width=int(width))
    except NotFound:
        return _missing()
    return Response(found, media_type="image/jpeg", headers={"cache-control": _FOREVER})


def _missing() -> Response:
    return PlainTextResponse("There is no such picture.\n", 404, {"cache-control": "no-store"})


INCOMING = Incoming(
    kind=PICTURE,
    permission=Permission.EDIT_PROGRAMME,
    limit=picture_reading.MOST_BYTES,
    title="This picture was not kept",
    way_back="Back to the event",
    page_of=_page_of,
    read=_read,
    keep=_keep,
)
ROUTES = [Route(f"{PICTURES}{{event}}/{{digest}}/{{width}}.jpg", show, methods=["GET"])]
