"""What has to be right before a performance goes on sale.

A check looks at several performances at once and names every fault that keeps one from sale.
This package knows when and where; packages above it (prices, seats) have checks of the same shape.
`wiring.SALE_CHECKS` lists all of them, so a new check is one more name there: the command that puts
performances on sale, its preview and `upstage-crm programme check` take that list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlmodel import Session

from upstage_crm.core.errors import UpstageError
from upstage_crm.programme.errors import PerformanceOver, PlanMissing, RunningTimeMissing
from upstage_crm.programme.views import PerformanceView
from upstage_crm.venues import plans


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why one performance is not ready for sale: a refusal with its code and its sentence."""

    performance_id: str
    refusal: UpstageError


class SaleCheck(Protocol):
    """One thing that must be right, or several."""

    def __call__(
        self, session: Session, performances: Sequence[PerformanceView], *, now: datetime
    ) -> Iterable[Obstacle]:
        """Every fault of each of these performances; none means that they may be sold."""
        ...


def timed_and_seated(
    session: Session, performances: Sequence[PerformanceView], *, now: datetime
) -> Iterator[Obstacle]:
    """A performance is in the future, says how long it takes, and its hall has a seat plan."""
    planned = plans.halls_with_plan(session)
    for one in performances:
        found = (
            (one.starts_at <= now, PerformanceOver),
            (one.running_minutes is None, RunningTimeMissing),
            (one.hall_id not in planned, PlanMissing),
        )
        for stands, refusal in found:
            if stands:
                yield Obstacle(performance_id=one.id, refusal=refusal())


def obstacles(
    session: Session,
    performances: Sequence[PerformanceView],
    checks: Sequence[SaleCheck],
    *,
    now: datetime,
) -> list[Obstacle]:
    """Everything that every check finds, in the order of the performances."""
    found = [each for check in checks for each in check(session, performances, now=now)]
    order = {one.id: place for place, one in enumerate(performances)}
    return sorted(found, key=lambda each: order[each.performance_id])
