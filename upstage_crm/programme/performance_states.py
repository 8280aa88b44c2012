"""How far a performance is, and where it may go from there. Pure.

    DRAFT ──put on sale──► ON_SALE ◄──► PAUSED
                              └──its end has come──► PERFORMED
    CANCELLED can be reached from each of them but PERFORMED.

PERFORMED and CANCELLED are for good. *Sold out* is no state: it is what the seats say. A move to
another day, time or hall is no state either: the trail tells it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from upstage_crm.programme.errors import (
    PerformanceCancelled,
    PerformanceNotOnSale,
    PerformanceOnSale,
    PerformanceOver,
)
from upstage_crm.programme.views import PerformanceState

MOVES: Mapping[PerformanceState, frozenset[PerformanceState]] = {
    PerformanceState.DRAFT: frozenset({PerformanceState.ON_SALE, PerformanceState.CANCELLED}),
    PerformanceState.ON_SALE: frozenset(
        {PerformanceState.PAUSED, PerformanceState.PERFORMED, PerformanceState.CANCELLED}
    ),
    PerformanceState.PAUSED: frozenset(
        {PerformanceState.ON_SALE, PerformanceState.PERFORMED, PerformanceState.CANCELLED}
    ),
    PerformanceState.PERFORMED: frozenset(),
    PerformanceState.CANCELLED: frozenset(),
}
ENDED = frozenset(state for state, ways in MOVES.items() if not ways)
UNKNOWN_LENGTH = timedelta(hours=4)  # of an event that has no running time


def ensure_may_move(state: PerformanceState, to: PerformanceState) -> None:
    """Refuse a step that the state does not allow; one to the same state is refused, too.

    Raises:
        PerformanceCancelled, PerformanceOver: it has ended, which is for good.
        PerformanceNotOnSale, PerformanceOnSale: the step needs another state.
    """
    ensure_open(state)
    if to not in MOVES[state]:
        raise PerformanceOnSale if state is PerformanceState.ON_SALE else PerformanceNotOnSale


def ensure_open(state: PerformanceState) -> None:
    """Refuse a performance that has ended.

    Raises:
        PerformanceCancelled, PerformanceOver: as it ended.
    """
    if state is PerformanceState.CANCELLED:
        raise PerformanceCancelled
    if state is PerformanceState.PERFORMED:
        raise PerformanceOver


def end_of(starts_at: datetime, running_minutes: int | None) -> datetime:
    """When a performance is over: after its running time, or after `UNKNOWN_LENGTH`."""
    length = UNKNOWN_LENGTH if running_minutes is None else timedelta(minutes=running_minutes)
    return starts_at + length
