"""Where the links in mails lead: the token goes from the address into a cookie, and that is all.

Mail scanners open every link, several times, some with scripts: opening one reads nothing from the
database and writes nothing to it.
"""

from __future__ import annotations

import itertools
import logging
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from upstage_crm.change_requests.model.rules import Decision
from upstage_crm.confirm import cookies
from upstage_crm.confirm.link_visit import OFFER_PAGE, RECEIPT_PAGE, SEAT_PAGE, TICKETS_PAGE
from upstage_crm.links.claims import FOR_STAFF, LinkRefused, Purpose
from upstage_crm.wiring import runtime

SEE_OTHER = 303
INVALID = "invalid"  # not a key, so the page says that the link does not work
CHOICES = (Decision.APPROVE.value, Decision.REJECT.value, Decision.NOT_THIS_PERSON.value)

_HEADERS = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
_log = logging.getLogger(__name__)
_refused = itertools.count(1)


async def open_link(request: Request) -> Response:
    """Check the token's signature, keep it in a cookie, and go on to the page.

    Every flaw has the same answer. A link whose time is over is authentic, and its page says so.
    """
    parts = runtime()
    token = str(request.path_params["token"])
    try:
        claims = parts.codec.read(token)
        if claims.purpose in FOR_STAFF:
            raise LinkRefused
    except LinkRefused:
        _log.warning("link refused", extra={"event": "link_refused", "count": next(_refused)})
        return RedirectResponse(f"/confirm/?link={INVALID}", SEE_OTHER, _HEADERS)
    query, page = {"link": claims.key}, "/confirm/"
    if claims.purpose is Purpose.RECEIPT:
        page = RECEIPT_PAGE
    elif claims.purpose is Purpose.CHOICE:
        page = TICKETS_PAGE
    elif claims.purpose is Purpose.TRANSFER:
        page = OFFER_PAGE
    elif claims.purpose is Purpose.SEAT_MOVE:
        page = SEAT_PAGE
    choice = request.query_params.get("choice", "")
    if choice in CHOICES:
        query["choice"] = choice
    response = RedirectResponse(f"{page}?{urlencode(query)}", SEE_OTHER, _HEADERS)
    if request.method == "GET":
        is_https = parts.settings.is_https
        held = cookies.links(request.headers.get("cookie", ""), is_https=is_https)
        cookies.clear_links(response, cookies.surplus(held, claims.key), is_https=is_https)
        cookies.set_link(response, claims, token, is_https=is_https, now=parts.clock.now())
    return response


ROUTES = [Route("/c/{token:path}", open_link, methods=["GET"])]
