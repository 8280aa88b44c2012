"""`POST /webhooks/stripe`: what Stripe tells of payments, refunds and disputes.

Taken only with a secret: without one the route is not there. An event is a hint: what holds is
asked of Stripe. Whatever could not be acted on yet is answered 503, so that Stripe tells it again;
what is known, or not about us, is answered 200.
"""

from __future__ import annotations

import logging

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from upstage_crm.core.errors import UpstageError
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.jobs import card_payments
from upstage_crm.payments.errors import CardNotOffered, EventRefused, EventUnreadable
from upstage_crm.webhooks.raw_body import raw_body
from upstage_crm.wiring import runtime

PATH = "/webhooks/stripe"
NAME = "stripe"

_log = logging.getLogger(__name__)


async def receive(request: Request) -> Response:
    """Verify one event, act on it, and note it."""
    body = await raw_body(request)
    if body is None:
        return JSONResponse({"error": "too_large"}, 413)
    headers = {name.lower(): value for name, value in request.headers.items()}
    return await to_writer_thread(_take, headers, body)


def routes(*, has_secret: bool) -> list[BaseRoute]:
    """The route, if there is a secret to check events with."""
    return [Route(PATH, receive, methods=["POST"])] if has_secret else []


def _take(headers: dict[str, str], body: bytes) -> Response:
    parts = runtime()
    try:
        provider = parts.cards.named(NAME)
        event = provider.read_event(headers, body, now=parts.clock.now())
    except (EventRefused, CardNotOffered) as error:
        _log.warning("a webhook of Stripe was refused: its signature or its age")
        return JSONResponse({"error": error.code}, 401)
    except EventUnreadable as error:
        return JSONResponse({"error": error.code}, 400)
    try:
        heard = card_payments.hear(parts, provider, event)
    except UpstageError as refusal:
        _log.warning("a webhook of Stripe has to come again: %s", refusal.code)
        return JSONResponse({"error": refusal.code}, 503)
    return JSONResponse({"status": heard.value})
