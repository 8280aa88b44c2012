"""`GET /health`: whether this process can do its work, for people and for machines."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from upstage_crm.audit import rights
from upstage_crm.audit.guards import triggers
from upstage_crm.core import heartbeat, migrations
from upstage_crm.core.db_trouble import Trouble, trouble_of
from upstage_crm.mail import queries as mails
from upstage_crm.proof import integrity
from upstage_crm.wiring import PROTECTED, Runtime, runtime

UNAVAILABLE = 503
OLDEST_MAIL = timedelta(minutes=15)  # a mail that waits longer needs a person
FRESH_S = 1.0
OK = "ok"


@dataclass(frozen=True, slots=True)
class Health:
    """What was found; `problems` names the facts that are not well, and is empty when all is."""

    facts: dict[str, Any]
    problems: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """What `/health` says."""
        status = OK if not self.problems else "failing"
        return {"status": status, "problems": list(self.problems), **self.facts}


class Checkup:
    """Looks at most once a second, and once for all who ask meanwhile.

    Any visitor may ask, and each look writes: a stranger must not keep the database busy.
    """

    def __init__(
        self,
        look: Callable[[Runtime], Health],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look = look
        self._clock = clock
        self._looking = asyncio.Lock()
        self._last: tuple[Runtime, float, Health] | None = None

    async def result(self, parts: Runtime) -> Health:
        """What was found a moment ago, or is found now."""
        async with self._looking:
            if self._last is not None:
                whose, found_at, found = self._last
                if whose is parts and self._clock() - found_at < FRESH_S:
                    return found
            found = await asyncio.to_thread(self._look, parts)
            self._last = (parts, self._clock(), found)
            return found


def check(parts: Runtime) -> Health:
    """Read and write the database; look at its revision, guards and role, and at the outbox.

    A role with too many rights is a problem where others reach us, and else a fact: a laptop's
    PostgreSQL has one superuser and nothing to lose.
    """
    facts: dict[str, Any] = {"mail": parts.mail_mode.value}
    try:
        problems = _read(parts, facts)
    except SQLAlchemyError as error:
        facts["database_read"] = _cause(error)
        return Health(facts, ("database_read",))
    facts["database_read"] = OK
    if "migrations" not in problems:
        try:
            heartbeat.touch(parts.database, now=parts.clock.now())
            facts["database_write"] = OK
        except SQLAlchemyError as error:
            facts["database_write"] = _cause(error)
            problems.insert(0, "database_write")
    return Health(facts, tuple(problems))


def _read(parts: Runtime, facts: dict[str, Any]) -> list[str]:
    """Fill in what reading tells; return what is not well."""
    with parts.database.reading() as session:
        connection = session.connection()
        facts["migrations"] = migrations.current(connection)
        if facts["migrations"] != migrations.head():
            return ["migrations"]  # what else it holds is for another version to say
        missing = triggers.missing(connection, PROTECTED)
        excess = rights.look(connection)
        queue = mails.health(session, now=parts.clock.now())
    oldest = queue.oldest_age or timedelta()
    facts |= {
        "guards": OK if not missing else f"{len(missing)} missing",
        "rights": OK if not excess else f"{len(excess)} beyond need",
        "outbox_queued": queue.queued,
        "outbox_age_s": round(oldest.total_seconds()),
        "outbox_paused": queue.paused_reason,
    }
    wrong = {
        "guards": bool(missing),
        "rights": bool(excess) and parts.settings.is_exposed,
        "outbox": oldest > OLDEST_MAIL or bool(queue.paused_reason),
    }
    return [name for name, is_wrong in wrong.items() if is_wrong]


def _cause(error: SQLAlchemyError) -> str:
    return (trouble_of(error) or Trouble.FAILING).value


_checkup = Checkup(check)


async def health(_request: Request) -> Response:
    """Answer 200 when all is well, else 503; JSON either way."""
    found = await _checkup.result(runtime())
    return JSONResponse(found.to_json(), UNAVAILABLE if found.problems else 200)


async def health_of_rows(_request: Request) -> Response:
    """Answer 503 while a row is known that is not what the trail or its seal says.

    Not part of `/health`: patrons are served meanwhile.
    """
    found = await asyncio.to_thread(_findings, runtime())
    if found is None:
        return JSONResponse({"status": "failing", "problems": ["database"]}, UNAVAILABLE)
    status = "failing" if found else "ok"
    return JSONResponse({"status": status, "findings": found}, UNAVAILABLE if found else 200)


def _findings(parts: Runtime) -> int | None:
    try:
        with parts.database.reading() as session:
            return len(integrity.standing(session))
    except SQLAlchemyError:
        return None


ROUTES = [
    Route("/health", health, methods=["GET"]),
    Route("/health/integrity", health_of_rows, methods=["GET"]),
]
