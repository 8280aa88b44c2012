"""The staff session's cookie: HttpOnly, so that no script can read it; `__Host-` under https."""

from __future__ import annotations

from starlette.responses import Response

from upstage_crm.staff import sessions
from upstage_crm.staff.roles import StaffMember
from upstage_crm.staff.sessions import ABSOLUTE_LIFE
from upstage_crm.wiring import runtime

NAME = "upstage-session"
SECURE_NAME = f"__Host-{NAME}"


def session_token(cookie_header: str, *, is_https: bool) -> str:
    """The session token in a Cookie header; empty when there is none.

    Under https only the `__Host-` cookie counts: no other host can set it, so nobody can slip a
    session of their own to our staff. The text is cut by hand: the library's parser gives up at the
    first cookie of somebody else that it does not like.
    """
    wanted = SECURE_NAME if is_https else NAME
    for part in cookie_header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == wanted:
            return value.strip().strip('"')
    return ""


def set_session(response: Response, token: str, *, is_https: bool) -> None:
    """Give the browser its session."""
    response.set_cookie(
        SECURE_NAME if is_https else NAME,
        token,
        max_age=int(ABSOLUTE_LIFE.total_seconds()),
        path="/",
        secure=is_https,
        httponly=True,
        samesite="lax",
    )


def clear_session(response: Response, *, is_https: bool) -> None:
    """Take the session from the browser."""
    response.delete_cookie(
        SECURE_NAME if is_https else NAME,
        path="/",
        secure=is_https,
        httponly=True,
        samesite="lax",
    )


def member_of_cookie(cookie_header: str) -> StaffMember | None:
    """The member whose live session a Cookie header carries; reads the database, writes nothing."""
    parts = runtime()
    token = session_token(cookie_header, is_https=parts.settings.is_https)
    if not token:
        return None
    with parts.database.reading() as session:
        signed_in = sessions.find(session, token, now=parts.clock.now())
    return None if signed_in is None else signed_in.member
