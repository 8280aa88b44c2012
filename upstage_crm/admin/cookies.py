"""The session cookie: HttpOnly, so that no script can read it; `__Host-` under https."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie

from starlette.responses import Response

from upstage_crm.staff.sessions import ABSOLUTE_LIFE

NAME = "upstage-session"
SECURE_NAME = f"__Host-{NAME}"


def session_token(cookie_header: str) -> str:
    """The session token in a Cookie header; empty when there is none."""
    try:
        cookies = SimpleCookie(cookie_header)
    except CookieError:
        return ""
    found = cookies.get(SECURE_NAME) or cookies.get(NAME)
    return found.value if found else ""


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
