"""The link to orders that this browser has opened: kept in a cookie of its own for two hours."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from upstage_crm.http.cookie_headers import give, held, take
from upstage_crm.links.claims import FOR_ORDERS, LinkClaims, LinkRefused
from upstage_crm.orders import order_contacts
from upstage_crm.wiring import runtime

LINK: Final = "upstage-order-link"
LIFE: Final = timedelta(hours=2)


def token_of(request: Request) -> str:
    """The token in the cookie of a request; "" for none."""
    header, is_https = request.headers.get("cookie", ""), runtime().settings.is_https
    return held(header, LINK, is_https=is_https)


def keep(response: Response, token: str) -> None:
    """Let the browser keep a link that it has opened."""
    give(response, LINK, token, life=LIFE, is_https=runtime().settings.is_https)


def forget(response: Response) -> None:
    """Let the browser forget it."""
    take(response, LINK, is_https=runtime().settings.is_https)


def claims_of(token: str) -> LinkClaims | None:
    """The claims of a link to orders that still counts."""
    parts = runtime()
    try:
        claims = parts.codec.read(token)
    except LinkRefused:
        return None
    is_good = claims.purpose in FOR_ORDERS and not claims.is_expired(parts.clock.now())
    return claims if is_good else None


def email_of(token: str) -> str:
    """The address to which the link was mailed; "" without one. Reads the database."""
    claims = claims_of(token) if token else None
    if claims is None:
        return ""
    with runtime().database.reading() as session:
        return order_contacts.of_order(session, claims.request_id).email
