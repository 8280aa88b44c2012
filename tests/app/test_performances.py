"""Performances: put on sale, paused, moved, cancelled, over; the checks before a sale; raw SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session

from tests.app.test_programme import event_of, hall, hamlet, perform, run
from tests.app.test_seat_plans import STALLS, save
from tests.app.test_venues import add_hall, add_venue
from tests.support.factories import Desk, unchanged
from tests.support.keyring import RING
from tests.support.pipeline import installed
from upstage_crm.audit.events import Action, ActorKind
from upstage_crm.core.clock import FrozenClock
from upstage_crm.demo.attack import Outcome, _try
from upstage_crm.demo.attacks.attack_programme import programme_attempts
from upstage_crm.jobs import schedule
from upstage_crm.programme import bulk_edit, commands, performances, queries
from upstage_crm.programme.bulk_edit import BulkEdit, Change
from upstage_crm.programme.errors import (
    HallTaken,
    NotReadyForSale,
    PerformanceCancelled,
    PerformanceChangedMeanwhile,
    PerformanceNotOnSale,
    PerformanceOnSale,
    PerformanceOver,
    PlanMissing,
    RunningTimeMissing,
    TimeSkipped,
    UnknownPerformance,
)
from upstage_crm.programme.performances import place_of
from upstage_crm.programme.sale_checks import Obstacle, timed_and_seated
from upstage_crm.programme.views import Access, PerformanceState, PerformanceView

pytestmark = pytest.mark.each_database

__all__ = ["hall", "hamlet"]  # the fixtures of events

READY = {"title": "Hamlet", "running_minutes": "150"}
FRIDAY, SATURDAY, SUNDAY = date(2026, 12, 4), date(2026, 12, 5), date(2026, 12, 6)
CHECKS = (timed_and_seated,)


@pytest.fixture
def shown(desk: Desk, hall: str) -> list[PerformanceView]:
    """Three performances that are ready for sale."""
    save(desk, hall, STALLS)
    event = str(run(desk, commands.add_event, typed=READY))
    perform(desk, event, hall, FRIDAY, SATURDAY, SUNDAY)
    return list(event_of(desk, event).performances)


def again(desk: Desk, some: Sequence[PerformanceView]) -> list[PerformanceView]:
    return desk.read(lambda s: queries.performances(s, [one.id for one in some]))


def states(desk: Desk, some: Sequence[PerformanceView]) -> list[PerformanceState]:
    return [one.state for one in again(desk, some)]


def put_on_sale(desk: Desk, *some: PerformanceView, checks: Any = CHECKS) -> None:
    ids = [one.id for one in some]
    run(desk, performances.put_on_sale, performance_ids=ids, checks=checks)


def move(desk: Desk, *some: PerformanceView, **what: Any) -> None:
    change = Change(**what)
    places = {one.id: change.of(place_of(one)) for one in some}
    versions = {one.id: one.version for one in some}
    run(desk, performances.move, places=places, versions=versions)


def test_performances_go_on_sale_are_paused_and_go_on_again(
    desk: Desk, shown: list[PerformanceView]
) -> None:
    first, second, third = shown
    put_on_sale(desk, first, second)
    assert states(desk, shown) == ["on_sale", "on_sale", "draft"]
    facts = desk.lines(action=Action.PERFORMANCES_ON_SALE)[-1].facts
    assert facts == {
        "place": "Hamlet",
        "performances": 2,
        "times": "2026-12-04 19:30, 2026-12-05 19:30",
    }

    run(desk, performances.pause, performance_ids=[second.id])
    assert states(desk, shown) == ["on_sale", "paused", "draft"]
    unchanged(desk, lambda: put_on_sale(desk, first, second), PerformanceOnSale)
    put_on_sale(desk, second, third)
    assert states(desk, shown) == ["on_sale"] * 3
    pause = [first.id, "none"]
    unchanged(
        desk,
        lambda: run(desk, performances.pause, performance_ids=pause),
        UnknownPerformance,
    )


def test_what_stands_in_the_way_of_a_sale_comes_from_every_check(
    desk: Desk, hall: str, hamlet: str, shown: list[PerformanceView]
) -> None:
    loft = add_hall(desk, add_venue(desk, name="The Barn"))
    perform(desk, hamlet, loft)
    (bare,) = event_of(desk, hamlet).performances

    def unpriced(
        session: Session, performances: Sequence[PerformanceView], *, now: datetime
    ) -> list[Obstacle]:
        return [Obstacle(performance_id=shown[1].id, refusal=PerformanceNotOnSale())]

    found = desk.read(
        lambda s: bulk_edit.preview_states(
            s,
            BulkEdit.ON_SALE,
            [bare.id, *(one.id for one in shown)],
            checks=(*CHECKS, unpriced),
            now=desk.now,
        )
    )

    assert [one.id for one in found.applies] == [shown[0].id, shown[2].id]
    said = {one.id: [type(why) for why in reasons] for one, reasons in found.left_out}
    assert said == {
        bare.id: [RunningTimeMissing, PlanMissing],
        shown[1].id: [PerformanceNotOnSale],
    }
    unchanged(desk, lambda: put_on_sale(desk, bare), NotReadyForSale)
    unchanged(desk, lambda: put_on_sale(desk, shown[1], checks=(unpriced,)), NotReadyForSale)


def test_what_has_begun_is_not_put_on_sale(desk: Desk, shown: list[PerformanceView]) -> None:
    desk.clock.set(shown[0].starts_at)

    unchanged(desk, lambda: put_on_sale(desk, *shown), NotReadyForSale)
    put_on_sale(desk, *shown[1:])


def test_the_clock_ends_what_was_on_sale_and_nothing_else(
    desk: Desk, shown: list[PerformanceView]
) -> None:
    put_on_sale(desk, *shown[:2])
    run(desk, performances.pause, performance_ids=[shown[1].id])

    def end(at: datetime) -> list[bool]:
        desk.clock.set(at)
        due = desk.read(lambda s: queries.over(s, now=at))
        return [
            desk.write(
                lambda s, one=one: performances.mark_performed(
                    desk.command_context(s), performance_id=one
                )
            )
            for one in due
        ]

    over = shown[0].starts_at + timedelta(minutes=150)
    assert end(over - timedelta(seconds=1)) == []
    assert end(over) == [True]
    assert end(shown[2].starts_at + timedelta(days=9)) == [True]
    assert states(desk, shown) == ["performed", "performed", "draft"]
    line = desk.lines(action=Action.PERFORMANCE_PERFORMED)[0]
    assert (line.actor.kind, line.facts["day"]) == (ActorKind.SYSTEM, "2026-12-04")
    for command, how in (
        (performances.cancel, {}),
        (performances.pause, {}),
        (performances.put_on_sale, {"checks": ()}),
    ):
        unchanged(
            desk,
            lambda c=command, h=how: run(desk, c, performance_ids=[shown[0].id], **h),
            PerformanceOver,
        )


def test_a_step_that_another_worker_took_first_is_none(
    desk: Desk, shown: list[PerformanceView]
) -> None:
    put_on_sale(desk, shown[0])
    assert not desk.write(  # it was moved to a later day since it was looked for
        lambda s: performances.mark_performed(desk.command_context(s), performance_id=shown[0].id)
    )
    run(desk, performances.cancel, performance_ids=[shown[0].id])
    desk.clock.set(shown[0].starts_at + timedelta(days=1))

    assert not desk.write(
        lambda s: performances.mark_performed(desk.command_context(s), performance_id=shown[0].id)
    )
    assert states(desk, shown)[0] == "cancelled"


def test_a_move_keeps_the_time_of_the_clocks_when_they_change(
    desk: Desk, shown: list[PerformanceView]
) -> None:
    put_on_sale(desk, shown[0])
    (one,) = again(desk, shown[:1])

    move(desk, one, day=date(2027, 4, 2))

    moved = again(desk, [one])[0]
    assert (moved.at, moved.state) == (time(19, 30), "on_sale")
    assert (one.starts_at.hour, moved.starts_at) == (0, datetime(2027, 4, 2, 23, 30, tzinfo=UTC))
    assert desk.lines(action=Action.PERFORMANCE_MOVED)[-1].facts == {
        "place": "Hamlet",
        "day": "2026-12-04",
        "time": "19:30",
        "day.old": "2026-12-04",
        "day.new": "2027-04-02",
    }
    before = desk.dump()
    move(desk, moved, day=date(2027, 4, 2))
    assert before == desk.dump()


def test_several_move_into_each_others_places_in_either_direction(
    desk: Desk, shown: list[PerformanceView]
) -> None:
    move(desk, *shown, later=1)
    later = again(desk, shown)
    assert [one.day.day for one in later] == [5, 6, 7]

    move(desk, *later, later=-1, access=(Access.RELAXED,))

    assert [one.day.day for one in again(desk, shown)] == [4, 5, 6]
    assert {one.access for one in again(desk, shown)} == {(Access.RELAXED,)}


def test_a_move_is_refused_whole(desk: Desk, hall: str, shown: list[PerformanceView]) -> None:
    first, second, third = shown
    unchanged(desk, lambda: move(desk, first, day=SATURDAY), HallTaken)
    unchanged(desk, lambda: move(desk, first, day=date(2027, 3, 14), at=time(2, 30)), TimeSkipped)
    stale = replace(second, version=9)
    unchanged(desk, lambda: move(desk, third, stale, later=9), PerformanceChangedMeanwhile)
    put_on_sale(desk, first)
    (sold,) = again(desk, [first])
    unchanged(desk, lambda: move(desk, sold, day=date(2020, 1, 3)), PerformanceOver)
    run(desk, performances.cancel, performance_ids=[first.id])
    unchanged(desk, lambda: move(desk, *again(desk, [first]), later=9), PerformanceCancelled)


def test_a_preview_says_what_a_change_would_do(desk: Desk, shown: list[PerformanceView]) -> None:
    first, second, third = shown
    put_on_sale(desk, second)
    run(desk, performances.cancel, performance_ids=[third.id])

    def preview(*some: PerformanceView, **what: Any) -> tuple[list[int], int, dict[int, type]]:
        found = desk.read(
            lambda s: bulk_edit.preview_change(
                s, Change(**what), [one.id for one in some], now=desk.now
            )
        )
        left = {one.day.day: type(why[0]) for one, why in found.left_out}
        return [one.day.day for one in found.applies], len(found.stays), left

    before = desk.dump()
    assert preview(*shown, at=time(20, 0)) == ([4, 5], 0, {6: PerformanceCancelled})
    assert preview(first, second, day=FRIDAY) == ([], 1, {5: HallTaken})
    assert preview(first, later=1) == ([], 0, {4: HallTaken})
    assert preview(first, later=2) == ([4], 0, {})
    assert preview(second, day=date(2020, 1, 3)) == ([], 0, {5: PerformanceOver})
    assert before == desk.dump()


def test_the_database_refuses_every_step_against_the_rules(
    desk: Desk, shown: list[PerformanceView]
) -> None:
    """Raw SQL on a performance of every state, on every way, and not one row is another."""
    put_on_sale(desk, shown[0])
    run(desk, performances.cancel, performance_ids=[shown[1].id])
    desk.clock.set(shown[0].starts_at + timedelta(days=1))
    desk.write(
        lambda s: performances.mark_performed(desk.command_context(s), performance_id=shown[0].id)
    )
    with desk.owned.connect() as connection:
        attempts = programme_attempts(connection)
    before = desk.dump()

    outcomes: list[Outcome] = [
        _try(desk.owned, attempt, "our connection", {}, RING) for attempt in attempts
    ]

    assert before == desk.dump()
    assert {o.attempt.words: o.stopped_by for o in outcomes if not _is_guarded(o)} == {}
    assert len(outcomes) > 20


def _is_guarded(outcome: Outcome) -> bool:
    return (outcome.stopped_by or "").startswith("guard: performance")


def test_the_clock_does_not_read_what_was_performed_long_ago(
    desk: Desk, shown: list[PerformanceView]
) -> None:
    said: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        said.append((statement, values))

    event.listen(desk.database.engine, "before_cursor_execute", note)
    desk.read(lambda s: queries.over(s, now=desk.now))
    event.remove(desk.database.engine, "before_cursor_execute", note)

    asked, values = next(each for each in said if "running_minutes" in each[0])
    is_sqlite = desk.database.engine.dialect.name == "sqlite"
    with desk.database.engine.connect() as connection:
        if not is_sqlite:  # PostgreSQL reads a small table whole, unless it may not
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        how = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
        plan = connection.exec_driver_sql(f"{how} {asked}", values).all()
    assert any("ix_performance_sells" in row[-1] for row in plan)


def test_what_is_due_by_the_clock_ends_performances(
    desk: Desk, shown: list[PerformanceView]
) -> None:
    put_on_sale(desk, *shown)
    later = FrozenClock(shown[1].starts_at + timedelta(hours=5))
    with installed(desk.database, later) as parts:
        assert schedule.end_performances(parts) == 2
        assert schedule.end_performances(parts) == 0

    assert states(desk, shown) == ["performed", "performed", "on_sale"]
