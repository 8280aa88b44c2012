"""Owners are told when the limits of the portal are hit often: someone may be trying something.

Each process counts for itself, so each tells for itself: once in an hour for a limit at most.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from upstage_crm.core.ids import new_id
from upstage_crm.portal.limits import (
    ADDRESSES,
    CODES,
    DOWNLOADS,
    HOLDS,
    LETTING_GO,
    LOOKUPS,
    OFFERS,
    PAYMENTS,
    SIGN_INS,
    WAITING,
    Limit,
    Pace,
    pace,
)
from upstage_crm.staff.accounts import colleagues
from upstage_crm.staff.roles import Role
from upstage_crm.wiring import Runtime, runtime

EVERY_S: Final = 60.0
QUIET_FOR: Final = timedelta(hours=1)
USUAL: Final = 20  # refusals of one limit in an hour that are no news
WORDS: Final[Mapping[Limit, str]] = {
    HOLDS: "seats held",
    LETTING_GO: "seats held and let go again",
    PAYMENTS: "payments begun",
    OFFERS: "tickets offered to others",
    LOOKUPS: "orders looked for",
    SIGN_INS: "sign-ins asked for",
    ADDRESSES: "emails asked for to one address",
    WAITING: "places on waiting lists asked for",
    DOWNLOADS: "downloads of data",
    CODES: "codes of sign-ins tried",
}

_log = logging.getLogger(__name__)


class LimitAlerts:
    """Adds up what the limits refused, and tells the owners."""

    def __init__(self, counted: Pace) -> None:
        self._pace = counted
        self._since: dict[str, datetime] = {}
        self._told: dict[str, datetime] = {}
        self._counts: dict[str, int] = {}

    def turn(self, parts: Runtime) -> int:
        """Look at what was refused, and tell what is news; return of how many limits."""
        now = parts.clock.now()
        for what, count in self._pace.tripped().items():
            if now - self._since.setdefault(what, now) > QUIET_FOR:
                self._since[what], self._counts[what] = now, 0
            self._counts[what] = self._counts.get(what, 0) + count
        news = {what: count for what, count in self._counts.items() if self._is_news(what, now)}
        if news:
            _tell(parts, news, now)
        for what in news:
            self._told[what] = now
            self._counts[what] = 0
        return len(news)

    def _is_news(self, what: str, now: datetime) -> bool:
        told = self._told.get(what)
        return self._counts[what] >= USUAL and (told is None or now - told >= QUIET_FOR)


async def watch_limits() -> None:
    """Look once a minute until cancelled; a lifespan task of every worker."""
    alerts = LimitAlerts(pace)
    while True:
        try:
            await asyncio.to_thread(alerts.turn, runtime())
        except Exception:  # noqa: BLE001  # a database that is away must not end this for good
            _log.exception("owners could not be told of the portal's limits; trying again")
        await asyncio.sleep(EVERY_S)


def _tell(parts: Runtime, news: Mapping[str, int], now: datetime) -> None:
    words = {limit.what: said for limit, said in WORDS.items()}
    lines = [
        "Visitors of the portal did something more often than people do, and were refused:",
        *(f"{words[what]}: {count}" for what, count in sorted(news.items())),
        "Others can go on buying. Look at the newest orders and payments, and at the server's log.",
    ]
    alarm = new_id(now)
    with parts.database.transaction() as session:
        for owner in colleagues(session, [Role.OWNER]):
            parts.post.notice(
                session,
                to=owner.email,
                staff_id=owner.id,
                greeting=owner.name,
                subject="unusual visitors of the portal",
                lines=lines,
                key=f"limits/{alarm}",
                button="See the orders",
                path="/orders/",
                now=now,
            )
