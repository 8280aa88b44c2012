"""The one way in for files: `POST /files/{kind}/{subject}`, for staff with the right permission.

A file may be larger than any other body: `body_limit` says how large, and for whom. Each kind says
in an `Incoming` who may send it, how it is read, and what becomes of it. It is read before the
transaction begins, so that no writer waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlmodel import Session
from starlette.datastructures import Headers, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Scope

from upstage_crm.admin.sign_in.routes import SEE_OTHER, back, foreign
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.http.origins import is_own_form, typed
from upstage_crm.http.session_cookie import member_of_cookie
from upstage_crm.pages import calm_page
from upstage_crm.pages.calm_page import CalmPage
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, StaffMember, may
from upstage_crm.wiring import runtime
from upstage_crm.wording.sentences import sentence

FILES = "/files/"
FILE = "file"  # the input of a form that holds the file
AROUND_A_FILE = 16_384  # bytes of a form besides its file
UNPROCESSABLE = 422
Lines = Callable[[UpstageError], Sequence[str]]


def _no_more(_: UpstageError) -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One kind of file.

    `page_of` is where its subject is shown, and where a refusal leads back to. `read` looks at the
    bytes outside any transaction; `keep` runs the command and returns the address to go on to.
    `lines` says more of a refusal than its sentence.
    """

    kind: str
    permission: Permission
    limit: int  # bytes
    title: str  # of the page of a refusal
    way_back: str
    page_of: Callable[[Session, str], str]
    read: Callable[[bytes], Any]
    keep: Callable[[StaffContext[object], str, Mapping[str, str], Any], str]
    lines: Lines = _no_more


Kinds = Mapping[str, Incoming]


def by_kind(*kinds: Incoming) -> Kinds:
    """The kinds by name."""
    return {each.kind: each for each in kinds}


def href(kind: str, subject: str) -> str:
    """Where a form sends its file."""
    return f"{FILES}{kind}/{subject}"


def routes(kinds: Kinds) -> list[Route]:
    """The route."""
    return [Route(f"{FILES}{{kind}}/{{subject}}", partial(_take_in, kinds), methods=["POST"])]


def body_limit(kinds: Kinds) -> Callable[[Scope, int], Awaitable[int]]:
    """What says how large the body of a request may be: one with a file more than usual.

    A stranger's is not: the session is looked at before the body is read.
    """

    async def limit(scope: Scope, usual: int) -> int:
        path = str(scope["path"])
        if not path.startswith(FILES) or scope["method"] != "POST":
            return usual
        found = kinds.get(path.removeprefix(FILES).partition("/")[0])
        if found is None:
            return usual
        cookie = Headers(scope=scope).get("cookie", "")
        member = await asyncio.to_thread(_sender, cookie, found.permission)
        return usual if member is None else found.limit + AROUND_A_FILE

    return limit


async def _take_in(kinds: Kinds, request: Request) -> Response:
    """Keep a file, or say what is wrong with it."""
    if not is_own_form(request, runtime().settings.origins):
        return foreign()
    found = kinds.get(str(request.path_params["kind"]))
    permission = None if found is None else found.permission
    member = await asyncio.to_thread(_sender, request.headers.get("cookie", ""), permission)
    if member is None or found is None:
        return back("/sign-in/", "/")
    subject = str(request.path_params["subject"])
    async with request.form(max_files=1, max_fields=4) as form:
        texts, upload = typed(form), form.get(FILE)
        content = await upload.read() if isinstance(upload, UploadFile) else b""
    page = "/"
    try:
        page = await asyncio.to_thread(_page_of, found, subject)
        what = await asyncio.to_thread(found.read, content)
        place = await to_writer_thread(_keep, found, member, subject, texts, what)
    except UpstageError as error:
        return _refusal(found, error, page)
    return RedirectResponse(place, SEE_OTHER)


def _sender(cookie: str, permission: Permission | None) -> StaffMember | None:
    """The member who may send such a file, by the cookie of their session."""
    member = member_of_cookie(cookie)
    allowed = member is not None and permission is not None and may(member, permission)
    return member if allowed else None


def _page_of(found: Incoming, subject: str) -> str:
    with runtime().database.reading() as session:
        return found.page_of(session, subject)


def _keep(
    found: Incoming, member: StaffMember, subject: str, texts: Mapping[str, str], what: Any
) -> str:
    parts = runtime()
    return parts.database.attempt(
        lambda session: found.keep(parts.staff_context(session, member), subject, texts, what)
    )


def _refusal(found: Incoming, error: UpstageError, page: str) -> Response:
    """A calm page with everything that is wrong, and the way back."""
    shown = CalmPage(
        title=found.title,
        lines=(sentence(error), *found.lines(error)),
        note="Nothing was changed.",
        action=(found.way_back, page),
    )
    headers = {"cache-control": "no-store", "content-security-policy": calm_page.POLICY}
    return HTMLResponse(shown.as_html(), UNPROCESSABLE, headers)
