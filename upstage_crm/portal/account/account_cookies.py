"""The cookies of an account: the session, the browser that asked for a code, and an opened link.

None of them is one of staff's.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from upstage_crm.http.cookie_headers import give, held, take
from upstage_crm.patron_accounts.mailed_codes import LIFE
from upstage_crm.patron_accounts.sessions import IDLE_LIFE
from upstage_crm.wiring import runtime

SESSION: Final = "upstage-patron"
ASKED: Final = "upstage-patron-asked"
LINK: Final = "upstage-patron-link"
_LIVES: Final[dict[str, timedelta]] = {SESSION: IDLE_LIFE, ASKED: LIFE, LINK: LIFE}


def cookie_of(request: Request, name: str) -> str:
    """The value of one of these cookies; "" for none."""
    header = request.headers.get("cookie", "")
    return held(header, name, is_https=runtime().settings.is_https)


def keep(response: Response, name: str, value: str) -> None:
    """Let the browser keep one of them, for as long as it counts."""
    give(response, name, value, life=_LIVES[name], is_https=runtime().settings.is_https)


def forget(response: Response, *names: str) -> None:
    """Let the browser forget them."""
    for name in names:
        take(response, name, is_https=runtime().settings.is_https)
