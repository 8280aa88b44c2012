"""Cookies of ours: HttpOnly, so that no script can read them; `__Host-` under https."""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import Response


def held(cookie_header: str, name: str, *, is_https: bool) -> str:
    """The value of one of our cookies in a Cookie header; empty when there is none.

    Under https only the `__Host-` cookie counts: no other host can set it, so a thief cannot slip a
    session of their own to our staff. The text is cut by hand: the library's parser gives up at the
    first cookie of another site that it does not like.
    """
    wanted = _named(name, is_https=is_https)
    for part in cookie_header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == wanted:
            return value.strip().strip('"')
    return ""


def give(response: Response, name: str, value: str, *, life: timedelta, is_https: bool) -> None:
    """Give the browser one of our cookies."""
    response.set_cookie(
        _named(name, is_https=is_https),
        value,
        max_age=int(life.total_seconds()),
        path="/",
        secure=is_https,
        httponly=True,
        samesite="lax",
    )


def take(response: Response, name: str, *, is_https: bool) -> None:
    """Take one of our cookies from the browser."""
    response.delete_cookie(
        _named(name, is_https=is_https),
        path="/",
        secure=is_https,
        httponly=True,
        samesite="lax",
    )


def _named(name: str, *, is_https: bool) -> str:
    return f"__Host-{name}" if is_https else name
