"""`POST /webhooks/resend`: what the mail provider tells of our mails.

Taken only with a secret: without one the route is not there. An event that we know already, a mail
that we do not know, and a topic that is not ours are answered 200, because anything else makes the
provider send it again for a day.
"""

from __future__ import annotations

import json
import logging

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from upstage_crm.core.errors import UpstageError
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.jobs.schedule import give_up_undeliverable
from upstage_crm.mail import event_log, provider_events
from upstage_crm.webhooks.raw_body import raw_body
from upstage_crm.webhooks.signature import SignatureRefused, event_id
from upstage_crm.wiring import runtime

PATH = "/webhooks/resend"

_log = logging.getLogger(__name__)


async def receive(request: Request) -> Response:
    """Verify one event, note it once, and act on it."""
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
    now = parts.clock.now()
    try:
        name = event_id(headers, body, secrets=parts.settings.webhook_secrets, now=now)
        event = provider_events.parse(json.loads(body))
    except SignatureRefused as error:
        _log.warning("a webhook was refused: its signature or its age")
        return JSONResponse({"error": error.code}, 401)
    except UpstageError as error:
        _log.warning("a webhook could not be used: %s", error.code)
        return JSONResponse({"error": error.code}, 422)
    except (ValueError, RecursionError):
        return JSONResponse({"error": provider_events.EventMalformed.code}, 400)
    if event is None:
        return JSONResponse({"status": "ignored"})
    with parts.database.transaction() as session:
        is_new = event_log.note(session, event, event_id=name, now=now)
    if is_new and event.is_permanent:
        # Whatever still waits for an answer from there ends now, not at the next turn of the clock.
        give_up_undeliverable(parts)
    return JSONResponse({"status": "noted" if is_new else "known"})
