"""What happens by the clock: mail leaves, and requests whose time is up lapse.

Several workers may run all of it at once: a mail is leased, and an expiry locks and looks again.
"""

from __future__ import annotations

import asyncio
import logging

from upstage_crm.change_requests import queries, timing
from upstage_crm.wiring import Runtime, runtime

EXPIRY_EVERY_S = 10.0

_log = logging.getLogger(__name__)


async def send_mail() -> None:
    """Drain the outbox until cancelled; a lifespan task of every worker."""
    stop = asyncio.Event()
    try:
        await runtime().dispatcher.run(stop)
    finally:
        stop.set()


async def expire_requests() -> None:
    """Let due requests lapse until cancelled; a lifespan task of every worker."""
    while True:
        try:
            await asyncio.to_thread(expire_due, runtime())
        except Exception:  # noqa: BLE001  # a database that is away must not end expiry for good
            _log.exception("expiry failed; trying again")
        await asyncio.sleep(EXPIRY_EVERY_S)


def expire_due(parts: Runtime) -> int:
    """Let every request whose time is up lapse, each in its own transaction; return how many."""
    now, expired = parts.clock.now(), 0
    with parts.database.reading() as session:
        due = queries.due(session, now=now)
    for request_id in due:
        with parts.database.transaction() as session:
            expired += timing.expire(
                session, request_id=request_id, mailroom=parts.mailroom, now=now
            )
    return expired
