"""Cross-site request forgery: a form of another site must not act with our visitor's cookies."""

from __future__ import annotations

from collections.abc import Collection

from starlette.requests import Request


def is_own_form(request: Request, origins: Collection[str]) -> bool:
    """Whether a POST came from one of our own pages.

    Every current browser sends `Origin` with a POST. Without it, `Sec-Fetch-Site` must say
    same-origin; a client that sends neither (no browser) cannot carry a visitor's cookies.
    """
    origin = request.headers.get("origin")
    if origin is not None:
        return origin in origins
    return request.headers.get("sec-fetch-site", "same-origin") == "same-origin"


def ip_prefix(request: Request) -> str:
    """The network of the visitor: the first three parts of IPv4, the first four of IPv6."""
    host = request.client.host if request.client else ""
    if ":" in host:
        return ":".join(host.split(":")[:4]) + "::"
    return ".".join(host.split(".")[:3]) + ".0" if host.count(".") == 3 else host
