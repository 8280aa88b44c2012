"""Where a request comes from, and what of a submitted form is text.

Cross-site request forgery: a form of another site must not act with our visitor's cookies.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_interface

from starlette.datastructures import FormData
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


def is_led_by_another_site(request: Request) -> bool:
    """Whether a page of another site sent the browser here: its visitor may not know what for.

    A typed address and a bookmark are the visitor's own.
    """
    return request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin")


def typed(form: FormData) -> dict[str, str]:
    """The text fields of a submitted form; files are no text.

    A multipart form names its own character set, and with a strange one it holds halves of
    characters, which no database stores; Postgres stores no NUL either. No one types those: they
    are left out.
    """
    texts = ((name, value) for name, value in form.items() if isinstance(value, str))
    return {name: _storable(value) for name, value in texts}


def _storable(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


def host_of(request: Request) -> str:
    """The visitor's address; behind a trusted proxy the one that the proxy named."""
    return request.client.host if request.client else ""


@lru_cache(maxsize=1024)  # several parts ask at each request
def network_of(host: str) -> str:
    """The network of an address: its first 24 bits for IPv4, its first 64 for IPv6.

    An IPv4 address in IPv6 clothes counts as the IPv4 address it is. Empty for what is no address.
    """
    try:
        address = ip_address(host)
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    bits = 24 if isinstance(address, IPv4Address) else 64
    return str(ip_interface(f"{address}/{bits}").network.network_address)
