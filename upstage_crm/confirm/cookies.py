"""The cookies that hold decision links, one per link: HttpOnly, `__Host-` under https.

The cookie's value is the token itself, so its key in `?link=` is worth nothing without it. Header
text is cut by hand: the library's parser gives up at the first cookie of another site that it
does not like.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from starlette.responses import Response

from upstage_crm.links.claims import KEY_LENGTH, LinkClaims

PREFIX = "upstage-link-"
LIMIT = 6  # cookies; with tokens of at most 2 kB the request head stays under 16 kB
LONGEST_LIFE = timedelta(hours=2)
SHORTEST_LIFE = timedelta(minutes=10)  # long enough to read the page of a link that has run out

_KEY = re.compile(rf"[A-Za-z0-9_-]{{{KEY_LENGTH}}}")


def is_key(text: object) -> bool:
    """Whether `text`, which may be anything, has the form of a link's key."""
    return isinstance(text, str) and _KEY.fullmatch(text) is not None


def links(cookie_header: str, *, is_https: bool) -> dict[str, str]:
    """The tokens in a Cookie header by key, oldest cookie first, as browsers send them.

    Nothing is verified. Under https only `__Host-` cookies count: no other host can set those.
    """
    found: dict[str, str] = {}
    prefix = _prefix(is_https=is_https)
    for part in cookie_header.split(";"):
        name, _, value = part.strip().partition("=")
        key = name.removeprefix(prefix)
        if name.startswith(prefix) and is_key(key):
            found[key] = value.strip().strip('"')
    return found


def life(claims: LinkClaims, *, now: datetime) -> timedelta:
    """How long a link's cookie lives: as long as the link, at least 10 minutes, at most 2 hours."""
    return min(max(claims.expires_at - now, SHORTEST_LIFE), LONGEST_LIFE)


def set_link(
    response: Response, claims: LinkClaims, token: str, *, is_https: bool, now: datetime
) -> None:
    """Give the browser a link that was found authentic."""
    response.set_cookie(
        _prefix(is_https=is_https) + claims.key,
        token,
        max_age=int(life(claims, now=now).total_seconds()),
        path="/",  # the websocket stands under no path of ours
        secure=is_https,
        httponly=True,
        samesite="lax",
    )


def clear_links(response: Response, keys: Iterable[str], *, is_https: bool) -> None:
    """Take links from the browser."""
    for key in keys:
        response.delete_cookie(
            _prefix(is_https=is_https) + key,
            path="/",
            secure=is_https,
            httponly=True,
            samesite="lax",
        )


def surplus(held: Iterable[str], new: str) -> list[str]:
    """The keys to remove, oldest first, so that `new` fits among the ones held."""
    others = [key for key in held if key != new]
    return others[: max(0, len(others) - (LIMIT - 1))]


def _prefix(*, is_https: bool) -> str:
    return f"__Host-{PREFIX}" if is_https else PREFIX
