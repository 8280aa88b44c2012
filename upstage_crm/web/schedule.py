"""What happens by the clock: mail leaves, patrons are reminded, requests lapse or take effect.

Several workers may run all of it at once: a mail is leased, and every step locks and looks again.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from typing import Protocol

from sqlmodel import Session

from upstage_crm.change_requests import desk, queries, timing
from upstage_crm.change_requests.mails import Mailroom
from upstage_crm.wiring import Runtime, runtime

EVERY_S = 10.0

_log = logging.getLogger(__name__)


class _Due(Protocol):
    def __call__(self, session: Session, *, now: datetime) -> tuple[str, ...]: ...


class _Act(Protocol):
    def __call__(
        self, session: Session, *, request_id: str, mailroom: Mailroom, now: datetime
    ) -> bool: ...


async def send_mail() -> None:
    """Drain the outbox until cancelled; a lifespan task of every worker."""
    stop = asyncio.Event()
    try:
        await runtime().dispatcher.run(stop)
    finally:
        stop.set()


async def keep_time() -> None:
    """Do what is due by the clock until cancelled; a lifespan task of every worker."""
    while True:
        try:
            await asyncio.to_thread(do_what_is_due, runtime())
        except Exception:  # noqa: BLE001  # a database that is away must not end this for good
            _log.exception("what is due by the clock failed; trying again")
        await asyncio.sleep(EVERY_S)


def do_what_is_due(parts: Runtime) -> None:
    """Everything that time and the provider's answers ask for, each step in its own transaction."""
    give_up_undeliverable(parts)
    remind_due(parts)
    apply_due(parts)
    expire_due(parts)


def expire_due(parts: Runtime) -> int:
    """Let every request whose time is up lapse; return how many."""
    return _each(parts, queries.due, timing.expire)


def remind_due(parts: Runtime) -> int:
    """Send every reminder that is due; return how many requests were reminded of."""
    return _each(parts, queries.due_reminders, timing.remind)


def apply_due(parts: Runtime) -> int:
    """Make every change that the desk confirmed and that has waited; return how many ended."""
    return _each(parts, queries.due_at_desk, desk.apply)


def give_up_undeliverable(parts: Runtime) -> int:
    """End what can no longer be decided because a question came back; return how many."""
    with parts.database.reading() as session:
        lost = queries.lost_questions(session)
    ended = 0
    for request_id, reviewer in lost:
        with parts.database.transaction() as session:
            ended += timing.give_up(
                session,
                request_id=request_id,
                reviewer=reviewer,
                mailroom=parts.mailroom,
                now=parts.clock.now(),
            )
    return ended


def _each(parts: Runtime, due: _Due, act: _Act) -> int:
    """Do `act` to each request that is `due`; whoever was first elsewhere leaves nothing to do."""
    now, done = parts.clock.now(), 0
    with parts.database.reading() as session:
        found = due(session, now=now)
    for request_id in found:
        with parts.database.transaction() as session:
            done += act(session, request_id=request_id, mailroom=parts.mailroom, now=now)
    return done
