"""Versions of a seat plan as files: one goes out by `GET /venues/plan/{hall}/{version}.json`, one
comes in by `POST /venues/plan/{hall}` as the next version.

A file that comes in may be larger than any other body: `body_limit` says how large, and for whom.
"""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Scope

from upstage_crm.admin.sign_in.routes import SEE_OTHER, back, foreign
from upstage_crm.admin.venues.url import FILES, plan_href
from upstage_crm.core.errors import NotFound, UpstageError
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.http.origins import is_own_form, typed
from upstage_crm.http.session_cookie import member_of_cookie
from upstage_crm.pages import calm_page
from upstage_crm.pages.calm_page import CalmPage
from upstage_crm.staff.roles import Permission, StaffMember, may
from upstage_crm.venues import plans, queries
from upstage_crm.venues.plan_errors import SeatingFileRefused
from upstage_crm.venues.seating_file import FILE_LIMIT, Fault
from upstage_crm.wiring import runtime
from upstage_crm.wording.sentences import sentence
from upstage_crm.wording.venues import fault_words

AROUND_A_FILE = 16_384  # bytes of a form besides its file
UNPROCESSABLE = 422
AFTER, FILE = "after", "file"
"""The inputs of the form: the version that the next one follows, and the file."""


async def download(request: Request) -> Response:
    """The file. A visitor who may not read it, or asks for none, gets the same 404."""
    return await asyncio.to_thread(
        _file,
        request.headers.get("cookie", ""),
        str(request.path_params["hall"]),
        str(request.path_params["version"]),
    )


async def take_in(request: Request) -> Response:
    """Make a file the next version, or say what is wrong with it."""
    if not is_own_form(request, runtime().settings.origins):
        return foreign()
    member = await asyncio.to_thread(_editor, request.headers.get("cookie", ""))
    if member is None:
        return back("/sign-in/", "/venues/")
    hall_id = str(request.path_params["hall"])
    async with request.form(max_files=1, max_fields=4) as form:
        after, upload = typed(form).get(AFTER, ""), form.get(FILE)
        content = await upload.read() if isinstance(upload, UploadFile) else b""
    is_number = after.isascii() and after.isdecimal() and len(after) < 10
    page = "/venues/"
    try:
        page = await asyncio.to_thread(_page_of, hall_id)
        version = await to_writer_thread(
            _import, member, hall_id, int(after) if is_number else 0, content
        )
    except UpstageError as error:
        return _refusal(error, page)
    return RedirectResponse(f"{page}?imported={version}", SEE_OTHER)


async def body_limit(scope: Scope, usual: int) -> int:
    """How large the body of a request may be: one with a plan more than the `usual`.

    A stranger's is not: the session is looked at before the body is read.
    """
    if not str(scope["path"]).startswith(FILES) or scope["method"] != "POST":
        return usual
    cookie = Headers(scope=scope).get("cookie", "")
    member = await asyncio.to_thread(_editor, cookie)
    return usual if member is None else FILE_LIMIT + AROUND_A_FILE


def _editor(cookie: str) -> StaffMember | None:
    """The member who may edit venues, by the cookie of their session."""
    member = member_of_cookie(cookie)
    return member if member is not None and may(member, Permission.EDIT_VENUES) else None


def _page_of(hall_id: str) -> str:
    with runtime().database.reading() as session:
        hall = queries.hall(session, hall_id)
    return plan_href(hall.venue_id, hall.id)


def _import(member: StaffMember, hall_id: str, after: int, content: bytes) -> int:
    parts = runtime()
    return parts.database.attempt(
        lambda session: plans.import_file(
            parts.staff_context(session, member), hall_id=hall_id, after=after, content=content
        )
    )


def _refusal(error: UpstageError, page: str) -> Response:
    """A calm page with everything that is wrong, and the way back."""
    said = error.facts.get("faults") if isinstance(error, SeatingFileRefused) else ()
    faults = said if isinstance(said, tuple) else ()
    shown = CalmPage(
        title="This file was not imported",
        lines=(
            sentence(error),
            *(fault_words(fault) for fault in faults if isinstance(fault, Fault)),
        ),
        note="Nothing was changed.",
        action=("Back to the seat plan", page),
    )
    headers = {"cache-control": "no-store", "content-security-policy": calm_page.POLICY}
    return HTMLResponse(shown.as_html(), UNPROCESSABLE, headers)


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


ROUTES = [
    Route(f"{FILES}{{hall}}/{{version}}.json", download, methods=["GET"]),
    Route(f"{FILES}{{hall}}", take_in, methods=["POST"]),
]
