"""Versions of a seat plan as files: one goes out by `GET /venues/plan/{hall}/{version}.json`, one
comes in as the next version, see `admin.incoming_files`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from upstage_crm.admin.incoming_files import Incoming
from upstage_crm.admin.venues.url import FILES, PLAN, plan_href
from upstage_crm.core.errors import NotFound, UpstageError
from upstage_crm.http.session_cookie import member_of_cookie
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, may
from upstage_crm.venues import plans, queries
from upstage_crm.venues.plan_errors import SeatingFileRefused
from upstage_crm.venues.seating_file import FILE_LIMIT, Fault
from upstage_crm.wiring import runtime
from upstage_crm.wording.venues import fault_words

AFTER = "after"
"""The input of the form with the version that the next one follows."""


async def download(request: Request) -> Response:
    """The file. A visitor who may not read it, or asks for none, gets the same 404."""
    return await asyncio.to_thread(
        _file,
        request.headers.get("cookie", ""),
        str(request.path_params["hall"]),
        str(request.path_params["version"]),
    )


def _page_of(session: Session, hall_id: str) -> str:
    hall = queries.hall(session, hall_id)
    return plan_href(hall.venue_id, hall.id)


def _unread(content: bytes) -> bytes:
    """A plan is small; the command reads it."""
    return content


def _import(
    context: StaffContext[object], hall_id: str, typed: Mapping[str, str], content: bytes
) -> str:
    after = typed.get(AFTER, "")
    is_number = after.isascii() and after.isdecimal() and len(after) < 10
    version = plans.import_file(
        context, hall_id=hall_id, after=int(after) if is_number else 0, content=content
    )
    return f"{_page_of(context.session, hall_id)}?imported={version}"


def _faults(error: UpstageError) -> Sequence[str]:
    """Everything that is wrong with a file, place by place."""
    said = error.facts.get("faults") if isinstance(error, SeatingFileRefused) else ()
    faults = said if isinstance(said, tuple) else ()
    return [fault_words(fault) for fault in faults if isinstance(fault, Fault)]


def _file(cookie: str, hall_id: str, version: str) -> Response:
    member = member_of_cookie(cookie)
    is_number = version.isascii() and version.isdecimal() and len(version) < 10
    if member is None or not may(member, Permission.VIEW_PROGRAMME) or not is_number:
        return _missing()
    try:
        with runtime().database.reading() as session:
            found = plans.get(session, hall_id, int(version))
    except NotFound:
        return _missing()
    headers = {
        "content-disposition": f'attachment; filename="seat-plan-{version}.json"',
        "cache-control": "no-store",
    }
    return Response(found.file, media_type="application/json", headers=headers)


def _missing() -> Response:
    return PlainTextResponse("There is no such plan.\n", 404, {"cache-control": "no-store"})


INCOMING = Incoming(
    kind=PLAN,
    permission=Permission.EDIT_VENUES,
    limit=FILE_LIMIT,
    title="This file was not imported",
    way_back="Back to the seat plan",
    page_of=_page_of,
    read=_unread,
    keep=_import,
    lines=_faults,
)
ROUTES = [Route(f"{FILES}{{hall}}/{{version}}.json", download, methods=["GET"])]
