"""A visitor with a basket: the secret in their cookie, and where they come from."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from upstage_crm.http.cookie_headers import give, held
from upstage_crm.http.origins import host_of, is_own_form, network_of
from upstage_crm.portal.errors import ForeignForm
from upstage_crm.portal.limits import Limit, pace
from upstage_crm.wiring import runtime

BASKET: Final = "upstage-basket"
ORDER: Final = "upstage-order"  # the secret of the basket that was sold last
HERE: Final = "upstage-visitor"  # tells the script of public pages that there is a basket to show
LIFE: Final = timedelta(days=1)
_LONGEST: Final = 64  # characters of a secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who asks. `secret` opens the basket, `order_secret` the order that was bought before."""

    secret: str
    order_secret: str
    network: str

    def count(self, limit: Limit) -> None:
        """Count one more of what is limited.

        Raises:
            TooOften: there were too many lately.
        """
        pace.count(limit, visitor=self.secret, network=self.network)

    def note(self, limit: Limit) -> None:
        """Count one more of what `ensure` asks for later."""
        pace.note(limit, visitor=self.secret, network=self.network)

    def ensure(self, limit: Limit) -> None:
        """See that not too much was noted.

        Raises:
            TooOften: there was, lately.
        """
        pace.ensure(limit, visitor=self.secret, network=self.network)


def visitor_of(request: Request) -> Visitor:
    """The visitor of a request."""
    header, is_https = request.headers.get("cookie", ""), runtime().settings.is_https
    return Visitor(
        secret=held(header, BASKET, is_https=is_https)[:_LONGEST],
        order_secret=held(header, ORDER, is_https=is_https)[:_LONGEST],
        network=network_of(host_of(request)),
    )


def new_secret() -> str:
    """A fresh secret of 144 bits."""
    return secrets.token_urlsafe(18)


def give_basket(response: Response, secret: str) -> None:
    """Let the browser keep its basket for a day."""
    is_https = runtime().settings.is_https
    give(response, BASKET, secret, life=LIFE, is_https=is_https)
    response.set_cookie(
        HERE, "1", max_age=int(LIFE.total_seconds()), path="/", secure=is_https, samesite="lax"
    )


def give_order(response: Response, secret: str) -> None:
    """Let the browser see the order of a basket that was sold, for a day."""
    give(response, ORDER, secret, life=LIFE, is_https=runtime().settings.is_https)


def ensure_own_form(request: Request) -> None:
    """Refuse a form of another site.

    Raises:
        ForeignForm: it is one.
    """
    if not is_own_form(request, runtime().settings.origins):
        raise ForeignForm
