"""Owners are told when the portal's limits are hit often, and not of a single impatient visitor."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.factories import Desk
from tests.support.pipeline import installed
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.mail.message import MailKind
from upstage_crm.mail.outbox import OUTBOX
from upstage_crm.portal import limit_alerts
from upstage_crm.portal.errors import TooOften
from upstage_crm.portal.limit_alerts import QUIET_FOR, USUAL, LimitAlerts
from upstage_crm.portal.limits import HOLDS, LOOKUPS, Pace
from upstage_crm.wiring import Runtime


@pytest.fixture
def parts(database: Database, clock: FrozenClock) -> Iterator[Runtime]:
    with installed(database, clock) as made:
        yield made


@pytest.fixture
def pace() -> Pace:
    return Pace(lambda: 0.0)


def hit(pace: Pace, times: int) -> None:
    """Be refused so often."""
    refused = 0
    while refused < times:
        try:
            pace.count(LOOKUPS, visitor="bot", network="net")
        except TooOften:
            refused += 1


def notices(desk: Desk) -> list[str]:
    query = OUTBOX.select().where(OUTBOX.c.kind == MailKind.STAFF_NOTICE)
    return [row.payload for row in desk.read(lambda s: s.connection().execute(query).all())]


def test_every_owner_is_told_once_an_hour_when_a_limit_is_hit_often(
    desk: Desk, parts: Runtime, clock: FrozenClock, pace: Pace
) -> None:
    assert desk.owner.id
    alerts = LimitAlerts(pace)
    hit(pace, USUAL - 1)
    assert alerts.turn(parts) == 0

    hit(pace, 1)
    assert alerts.turn(parts) == 1
    hit(pace, USUAL)
    assert alerts.turn(parts) == 0

    [told] = notices(desk)
    assert f"orders looked for: {USUAL}" in told
    clock.advance(QUIET_FOR)
    assert alerts.turn(parts) == 1
    assert len(notices(desk)) == 2


def test_refusals_spread_over_hours_are_no_news(
    desk: Desk, parts: Runtime, clock: FrozenClock, pace: Pace
) -> None:
    alerts = LimitAlerts(pace)
    for _ in range(4):
        for _ in range(USUAL // 2):
            hit(pace, 1)
        assert alerts.turn(parts) == 0
        clock.advance(QUIET_FOR + QUIET_FOR / 60)
    assert notices(desk) == []


def test_every_limit_has_words() -> None:
    assert {limit.what for limit in limit_alerts.WORDS} == {
        limit.what for limit in vars(limit_alerts).values() if type(limit) is type(HOLDS)
    }
