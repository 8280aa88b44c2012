"""Income is deferred until its performance is over, and earned once, whatever happens beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.app.test_ledger import SALE, post
from tests.app.test_performances import put_on_sale, shown, states
from tests.app.test_programme import hall, hamlet
from tests.support.factories import Desk, days, together
from tests.support.pipeline import installed
from upstage_crm.core.clock import FrozenClock
from upstage_crm.jobs import schedule
from upstage_crm.ledger import earning, queries
from upstage_crm.ledger.views import Leg, Posting, PostingKind
from upstage_crm.programme import performances
from upstage_crm.programme.views import PerformanceView

__all__ = ["hall", "hamlet", "shown"]  # the fixtures of performances


def sale_of(performance_id: str, *, kind: PostingKind = PostingKind.SALE, sign: int = 1) -> Posting:
    legs = tuple(
        replace(leg, amount=sign * leg.amount, performance_id=leg.performance_id and performance_id)
        for leg in SALE.legs
    )
    return replace(SALE, kind=kind, legs=legs)


def held(desk: Desk, performance_id: str) -> dict[str, int]:
    found = desk.read(lambda s: queries.balances(s, performance_id=performance_id))
    return {account.value: amount for account, amount in found.items() if amount}


SOLD = {"deferred_income": -2917, "deferred_fees": -100, "tax": -583}
EARNED = {"earned_income": -2917, "earned_fees": -100, "tax": -583}


@pytest.fixture
def sold(desk: Desk, shown: list[PerformanceView]) -> list[PerformanceView]:
    """Three performances, of each of which one ticket is sold."""
    put_on_sale(desk, *shown)
    for one in shown:
        post(desk, sale_of(one.id))
    return shown


def test_the_end_of_a_performance_earns_its_income(desk: Desk, sold: list[PerformanceView]) -> None:
    over, _, later = sold
    desk.clock.advance(over.starts_at + timedelta(hours=4) - desk.now)

    with installed(desk.database, desk.clock) as parts:
        schedule.do_what_is_due(parts)
        schedule.do_what_is_due(parts)

    assert states(desk, sold) == ["performed", "on_sale", "on_sale"]
    assert held(desk, over.id) == EARNED
    assert held(desk, later.id) == SOLD
    booked = "SELECT count(*) FROM ledger_transaction WHERE kind = 'earned'"
    assert desk.scalar(booked) == 1
    assert desk.scalar("SELECT sum(amount) FROM ledger_entry") == 0


def test_what_is_booked_after_the_end_is_earned_in_the_next_turn(
    desk: Desk, sold: list[PerformanceView]
) -> None:
    over = sold[0]
    desk.clock.advance(over.starts_at + timedelta(hours=4) - desk.now)
    with installed(desk.database, desk.clock) as parts:
        schedule.do_what_is_due(parts)
        desk.clock.advance(timedelta(minutes=10))
        post(desk, sale_of(over.id, kind=PostingKind.RETURN, sign=-1))

        schedule.do_what_is_due(parts)

    assert held(desk, over.id) == {}


def test_a_start_finds_what_no_turn_has_seen(desk: Desk, sold: list[PerformanceView]) -> None:
    """A server that was away for longer than a turn looks back."""
    over, _, later = sold
    desk.clock.advance(over.starts_at + timedelta(hours=4) - desk.now)
    desk.run(performances.mark_performed, performance_id=over.id)
    desk.clock.advance(days(1))

    with installed(desk.database, desk.clock) as parts:
        late = parts.clock.now() - schedule.LATE
        assert schedule.earn_income(parts, since=late) == 0
        assert schedule.earn_income(parts) == 1
        assert schedule.earn_income(parts) == 0

    assert held(desk, over.id) == EARNED
    assert held(desk, later.id) == SOLD


def test_two_workers_earn_once(desk: Desk, sold: list[PerformanceView]) -> None:
    over = sold[0].id
    now = desk.now

    def earn() -> bool:
        return desk.database.attempt(
            lambda s: earning.earn(s, performance_id=over, now=now), is_recorded=False
        )

    assert sorted(map(bool, together(*[earn] * 4))) == [False, False, False, True]
    assert held(desk, over) == EARNED


def test_an_earned_performance_is_no_news(desk: Desk, sold: list[PerformanceView]) -> None:
    """Its own posting does not make the clock look at it again."""
    over = sold[0].id
    desk.clock.advance(days(1))
    desk.write(lambda s: earning.earn(s, performance_id=over, now=desk.now))

    found = desk.read(lambda s: earning.performances_with_deferred(s, since=desk.now))

    assert found == set()
    assert over not in desk.read(earning.performances_with_deferred)


def test_the_clock_moves_only_what_is_deferred(desk: Desk, sold: list[PerformanceView]) -> None:
    legs = (Leg(SALE.legs[0].account, 5, sold[0].id), Leg(SALE.legs[1].account, -5, sold[0].id))
    post(desk, replace(SALE, legs=legs))
    clock = FrozenClock(sold[0].starts_at + timedelta(hours=4))

    with installed(desk.database, clock) as parts:
        schedule.do_what_is_due(parts)

    assert held(desk, sold[0].id) == EARNED | {"cash_drawer": 5, "card_clearing": -5}
