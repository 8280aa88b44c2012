"""How far a performance is: every step, allowed or refused, and the database's copy of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from upstage_crm.audit.guards.rules import PERFORMANCE_MOVES
from upstage_crm.core.errors import UpstageError
from upstage_crm.programme.errors import (
    PerformanceCancelled,
    PerformanceNotOnSale,
    PerformanceOnSale,
    PerformanceOver,
)
from upstage_crm.programme.performance_states import ENDED, MOVES, end_of, ensure_may_move
from upstage_crm.programme.views import PerformanceState as P


@pytest.mark.parametrize(
    ("state", "to", "refusal"),
    [
        (P.DRAFT, P.ON_SALE, None),
        (P.DRAFT, P.PAUSED, PerformanceNotOnSale),
        (P.DRAFT, P.PERFORMED, PerformanceNotOnSale),
        (P.DRAFT, P.CANCELLED, None),
        (P.ON_SALE, P.ON_SALE, PerformanceOnSale),
        (P.ON_SALE, P.PAUSED, None),
        (P.ON_SALE, P.DRAFT, PerformanceOnSale),
        (P.PAUSED, P.ON_SALE, None),
        (P.PAUSED, P.PAUSED, PerformanceNotOnSale),
        (P.PAUSED, P.CANCELLED, None),
        *((P.PERFORMED, to, PerformanceOver) for to in P),
        *((P.CANCELLED, to, PerformanceCancelled) for to in P),
    ],
)
def test_a_step_is_allowed_or_refused(state: P, to: P, refusal: type[UpstageError] | None) -> None:
    if refusal is None:
        ensure_may_move(state, to)
        return
    with pytest.raises(refusal):
        ensure_may_move(state, to)


def test_the_guard_allows_what_the_rules_allow() -> None:
    assert {state.value: {to.value for to in ways} for state, ways in MOVES.items() if ways} == {
        state: set(ways) for state, ways in PERFORMANCE_MOVES.items()
    }
    assert {P.PERFORMED, P.CANCELLED} == ENDED


def test_a_performance_is_over_after_its_running_time() -> None:
    start = datetime(2026, 12, 4, 19, 30, tzinfo=UTC)

    assert end_of(start, 140) == start + timedelta(hours=2, minutes=20)
    assert end_of(start, None) == start + timedelta(hours=4)
