"""`GET /health`: whether this process can do its work, for people and for machines."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from upstage_crm.audit import guards
from upstage_crm.core import migrations
from upstage_crm.mail import queries as mails
from upstage_crm.wiring import PROTECTED, Runtime, runtime

UNAVAILABLE = 503
OLDEST_MAIL = timedelta(minutes=15)  # a mail that waits longer needs a person


@dataclass(frozen=True, slots=True)
class Health:
    """What was found; `problems` is empty when all is well."""

    facts: dict[str, Any]
    problems: tuple[str, ...]


def check(parts: Runtime) -> Health:
    """Look at the database, its revision and guards, and at the outbox."""
    mode = parts.mail_mode.value
    try:
        with parts.database.reading() as session:
            connection = session.connection()
            revision = migrations.current(connection)
            missing = guards.missing(connection, PROTECTED)
            queue = mails.health(session, now=parts.clock.now())
    except SQLAlchemyError:
        return Health({"database": "unreachable", "mail": mode}, ("database",))
    problems: list[str] = []
    if revision != migrations.head():
        problems.append("migrations")
    if missing:
        problems.append("guards")
    oldest = queue.oldest_age or timedelta()
    if oldest > OLDEST_MAIL or queue.paused_reason:
        problems.append("outbox")
    facts: dict[str, Any] = {
        "database": "ok",
        "migrations": revision,
        "guards": "ok" if not missing else f"{len(missing)} missing",
        "outbox_queued": queue.queued,
        "outbox_oldest_s": round(oldest.total_seconds()),
        "outbox_paused": queue.paused_reason,
        "mail": mode,
    }
    return Health(facts, tuple(problems))


async def health(_request: Request) -> Response:
    """Answer 200 when all is well, else 503; JSON either way."""
    found = await asyncio.to_thread(check, runtime())
    status = "ok" if not found.problems else "failing"
    body = {"status": status, "problems": list(found.problems), **found.facts}
    return JSONResponse(body, 200 if not found.problems else UNAVAILABLE)


ROUTES = [Route("/health", health, methods=["GET"])]
