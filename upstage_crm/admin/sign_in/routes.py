"""Sign-in and sign-out: native form POSTs, because only they can set an HttpOnly cookie."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from upstage_crm.staff import passwords, sessions
from upstage_crm.web.origins import ip_prefix, is_own_form, typed
from upstage_crm.web.session_cookie import clear_session, session_token, set_session
from upstage_crm.wiring import runtime

SEE_OTHER = 303


async def sign_in(request: Request) -> Response:
    """Check name and password; one answer for every way of being wrong."""
    settings = runtime().settings
    if not is_own_form(request, settings.origins):
        return PlainTextResponse("This form was not sent from our own page.\n", 403)
    async with request.form() as form:
        given = typed(form)
    email, password = given.get("email", ""), given.get("password", "")
    target = own_path(given.get("next", ""))
    token = await asyncio.to_thread(
        _begin, email, password, request.headers.get("user-agent", ""), ip_prefix(request)
    )
    if token is None:
        return RedirectResponse(f"/sign-in/?refused=1&next={quote(target)}", SEE_OTHER)
    response = RedirectResponse(target, SEE_OTHER)
    set_session(response, token, is_https=settings.is_https)
    return response


async def sign_out(request: Request) -> Response:
    """End the session; pressing twice is no error."""
    settings = runtime().settings
    if not is_own_form(request, settings.origins):
        return PlainTextResponse("This form was not sent from our own page.\n", 403)
    held = session_token(request.headers.get("cookie", ""), is_https=settings.is_https)
    await asyncio.to_thread(_end, held)
    response = RedirectResponse("/sign-in/?signed_out=1", SEE_OTHER)
    clear_session(response, is_https=settings.is_https)
    return response


def own_path(target: str) -> str:
    """`target` if it is a path of ours, else the dashboard: no open redirect.

    Two slashes, a backslash or a dot segment are refused anywhere in the path: browsers and the
    router turn some of them into the name of another host.
    """
    path = re.split(r"[?#]", target, maxsplit=1)[0]
    is_plain = path.startswith("/") and "//" not in path and "\\" not in path
    has_dots = any(unquote(part) in (".", "..") for part in path.split("/"))
    if not is_plain or has_dots or path.startswith("/auth/") or not target.isprintable():
        return "/"
    return target


def _begin(email: str, password: str, user_agent: str, prefix: str) -> str | None:
    parts = runtime()
    with parts.database.reading() as session:
        found = sessions.credentials(session, email)
    is_right = passwords.matches(found.password_hash, password)
    now = parts.clock.now()
    with parts.database.transaction() as session:
        if not is_right or found.staff_id is None:
            sessions.record_refusal(session, email=email, now=now)
            return None
        return sessions.begin(
            session, staff_id=found.staff_id, user_agent=user_agent, ip_prefix=prefix, now=now
        )


def _end(token: str) -> None:
    parts = runtime()
    with parts.database.transaction() as session:
        sessions.end(session, token, now=parts.clock.now())


ROUTES = [
    Route("/auth/sign-in", sign_in, methods=["POST"]),
    Route("/auth/sign-out", sign_out, methods=["POST"]),
]
