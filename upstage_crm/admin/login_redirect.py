"""Keeps the CRM's pages from browsers that are not signed in, before anything of them is shown.

The built pages hold no data and every event is guarded (`admin.guard`), so this protects nothing
by itself: it spares people an empty frame that turns into the sign-in page a moment later.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, RedirectResponse

from upstage_crm.http.session_cookie import signed_in_by_cookie
from upstage_crm.staff.auth.sessions import Stage

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

RAW_MAIL = "/mailbox/raw/"
ACCOUNT = "/account/"
SECOND = "/sign-in/second/"
SEE_OTHER = 303


class StaffGate:
    """Sends a GET of a staff page without a live session to `/sign-in/`, and remembers the page.

    A member who owes the second factor goes to give it, one who has to set one up first to
    their account. A mail under `/mailbox/raw/` is not there at all (404). Every other path, every
    other method and the websocket are not its business.

    `places` are the first parts of the paths of staff pages (`pages.registry.staff_places`).
    """

    def __init__(self, app: ASGIApp, *, places: frozenset[str]) -> None:
        self._app = app
        self._places = places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, unless it asks for a staff page without a session."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        path = str(scope["path"])
        if not is_staff_page(path, self._places):
            await self._app(scope, receive, send)
            return
        cookie = Headers(scope=scope).get("cookie", "")
        signed_in = await asyncio.to_thread(signed_in_by_cookie, cookie)
        stage = None if signed_in is None else signed_in.stage
        if stage is Stage.COMPLETE or (stage is Stage.MUST_ENROL and _is_account(path)):
            await self._app(scope, receive, send)
            return
        if path.startswith(RAW_MAIL):
            await HTMLResponse("There is no such email.\n", 404)(scope, receive, send)
            return
        query = scope.get("query_string", b"").decode("latin-1")
        wanted = quote(f"{path}?{query}" if query else path)
        place = SECOND if stage is Stage.NEEDS_FACTOR else "/sign-in/"
        target = ACCOUNT if stage is Stage.MUST_ENROL else f"{place}?next={wanted}"
        await RedirectResponse(target, SEE_OTHER)(scope, receive, send)


def is_staff_page(path: str, places: frozenset[str]) -> bool:
    """Whether `path` belongs to a page of the CRM that needs a session."""
    return path.lstrip("/").partition("/")[0] in places


def _is_account(path: str) -> bool:
    return path.strip("/") == ACCOUNT.strip("/")
