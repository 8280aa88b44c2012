"""`POST /auth/passkey`: what the browser made. A native form, like all that a script fills."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from upstage_crm.admin.sign_in.routes import SEE_OTHER, back, foreign
from upstage_crm.admin.sign_in.second_routes import AGAIN
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.http.origins import (
    is_own_form,
    typed,
)
from upstage_crm.http.session_cookie import signed_in_by_cookie
from upstage_crm.staff.auth import second_factor
from upstage_crm.staff.auth.sessions import (
    SignedIn,
    Stage,
)
from upstage_crm.wiring import runtime

PAGE = "/account/"


async def add_passkey(request: Request) -> Response:
    """Take a passkey into use for the staff member who is signed in."""
    parts = runtime()
    if not is_own_form(request, parts.settings.origins):
        return foreign()
    async with request.form() as form:
        given = typed(form)
    cookie = request.headers.get("cookie", "")
    signed_in = await asyncio.to_thread(signed_in_by_cookie, cookie)
    if signed_in is None or signed_in.stage is Stage.NEEDS_FACTOR:
        return back("/sign-in/", PAGE)
    if not signed_in.is_fresh(parts.clock.now()):
        return back(AGAIN, PAGE)
    try:
        await to_writer_thread(_add, signed_in, given.get("answer", ""), given.get("label", ""))
    except UpstageError as error:
        return RedirectResponse(f"{PAGE}?problem={error.code}", SEE_OTHER)
    return RedirectResponse(f"{PAGE}?added=1", SEE_OTHER)


def _add(signed_in: SignedIn, answer: str, label: str) -> None:
    parts = runtime()
    now = parts.clock.now()
    with parts.database.transaction() as session:
        second_factor.add_passkey(
            session, signed_in, answer=answer, label=label, site=parts.site, now=now
        )


ROUTES = [Route("/auth/passkey", add_passkey, methods=["POST"])]
