"""Events and performances: added, changed, cancelled, refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from tests.app.test_venues import add_hall, add_venue
from tests.support.factories import Desk, unchanged
from upstage_crm.audit.events import Action
from upstage_crm.core.errors import Forbidden, UpstageError
from upstage_crm.core.text import InvalidText
from upstage_crm.organisation import settings
from upstage_crm.programme import commands, performances, queries, translations
from upstage_crm.programme.errors import (
    EventChangedMeanwhile,
    EventTextMissing,
    HallTaken,
    PerformanceCancelled,
    TimeSkipped,
    UnknownEvent,
    UnknownPerformance,
)
from upstage_crm.programme.queries import EventSort
from upstage_crm.programme.views import Access, EventView, PerformanceState
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role
from upstage_crm.venues.errors import UnknownHall

HAMLET = {"title": "Hamlet", "genre": "Play"}
FRIDAY, SATURDAY = date(2026, 12, 4), date(2026, 12, 5)
STRANGERS = [role for role in Role if Permission.EDIT_PROGRAMME not in PERMISSIONS[role]]


def run(desk: Desk, command: Callable[..., Any], **how: Any) -> Any:
    owner = desk.owner
    return desk.write(lambda s: command(desk.staff_context(s, owner), **how))


@pytest.fixture
def hall(desk: Desk) -> str:
    """A hall in New York; its id."""
    details = desk.read(settings.details)
    run(desk, settings.change, proposed=replace(details, time_zone="America/New_York"))
    return add_hall(desk, add_venue(desk))


@pytest.fixture
def hamlet(desk: Desk) -> str:
    """An event; its id."""
    return str(run(desk, commands.add_event, typed=HAMLET))


def perform(desk: Desk, event: str, hall: str, *days: date, at: time = time(19, 30)) -> int:
    found = run(
        desk,
        commands.add_performances,
        event_id=event,
        hall_id=hall,
        days=days or [FRIDAY],
        at=at,
        access=[Access.SIGNED, Access.CAPTIONED],
    )
    return int(found)


def event_of(desk: Desk, event: str) -> EventView:
    return desk.read(lambda s: queries.event(s, event))


def test_performances_are_at_a_local_time_in_a_hall(desk: Desk, hall: str, hamlet: str) -> None:
    assert perform(desk, hamlet, hall, SATURDAY, FRIDAY) == 2

    first, second = event_of(desk, hamlet).performances
    assert (first.starts_at, second.starts_at) == (
        datetime(2026, 12, 5, 0, 30, tzinfo=UTC),
        datetime(2026, 12, 6, 0, 30, tzinfo=UTC),
    )
    assert (first.hall, first.zone, first.state) == (
        "Studio, Lantern Street Theatre",
        "America/New_York",
        PerformanceState.DRAFT,
    )
    assert first.access == (Access.CAPTIONED, Access.SIGNED)
    facts = desk.lines(action=Action.PERFORMANCES_ADDED)[-1].facts
    assert (facts["place"], facts["performances"], facts["first"]) == ("Hamlet", 2, "2026-12-04")


def test_a_performance_is_cancelled_for_good_and_frees_its_hall(
    desk: Desk, hall: str, hamlet: str
) -> None:
    perform(desk, hamlet, hall)
    one = event_of(desk, hamlet).performances[0]
    unchanged(desk, lambda: perform(desk, hamlet, hall, SATURDAY, FRIDAY), HallTaken)

    run(desk, performances.cancel, performance_ids=[one.id])

    assert event_of(desk, hamlet).performances[0].state is PerformanceState.CANCELLED
    unchanged(
        desk,
        lambda: run(desk, performances.cancel, performance_ids=[one.id]),
        PerformanceCancelled,
    )
    assert perform(desk, hamlet, hall) == 1


def test_a_series_over_a_time_that_is_skipped_adds_nothing(
    desk: Desk, hall: str, hamlet: str
) -> None:
    days = [date(2027, 3, 13), date(2027, 3, 14)]

    unchanged(desk, lambda: perform(desk, hamlet, hall, *days, at=time(2, 30)), TimeSkipped)


def test_an_event_is_changed_and_told_with_what_was_before(desk: Desk, hamlet: str) -> None:
    def change(version: int, **texts: str) -> None:
        run(
            desk,
            commands.change_event,
            event_id=hamlet,
            version=version,
            typed=HAMLET | texts,
        )

    change(1, age_advice="From 12 on")

    assert event_of(desk, hamlet).texts["age_advice"] == "From 12 on"
    assert desk.lines(action=Action.EVENT_CHANGED)[-1].facts == {
        "place": "Hamlet",
        "age_advice.old": "",
        "age_advice.new": "From 12 on",
    }
    before = desk.dump()
    change(1, age_advice="From 12 on")
    assert before == desk.dump()
    unchanged(desk, lambda: change(1, title="Macbeth"), EventChangedMeanwhile)


def test_the_list_tells_of_what_is_performed_between_two_instants(
    desk: Desk, hall: str, hamlet: str
) -> None:
    other = str(run(desk, commands.add_event, typed={"title": "An Evening Out"}))
    run(desk, commands.add_event, typed={"title": "Later"})
    perform(desk, hamlet, hall, FRIDAY, SATURDAY)
    perform(desk, other, hall, date(2027, 1, 9))

    def found(**how: Any) -> tuple[int, Sequence[tuple[str, int]]]:
        total, lines = desk.read(lambda s: queries.events(s, **how))
        return total, [(line.title, line.count) for line in lines]

    assert found() == (3, [("Hamlet", 2), ("An Evening Out", 1), ("Later", 0)])
    assert found(sort=EventSort.TITLE)[1][:2] == [("An Evening Out", 1), ("Hamlet", 2)]
    assert found(text="evening") == (1, [("An Evening Out", 1)])
    assert found(end=datetime(2026, 12, 5, 12, tzinfo=UTC)) == (1, [("Hamlet", 1)])
    assert found(start=datetime(2027, 1, 1, tzinfo=UTC)) == (1, [("An Evening Out", 1)])
    assert found(first=1, size=1) == (3, [("An Evening Out", 1)])


@pytest.mark.parametrize(
    ("texts", "refusal"),
    [({"title": " "}, EventTextMissing), ({"title": "x" * 161}, InvalidText)],
)
def test_a_text_that_cannot_be_used_is_refused(
    desk: Desk, texts: dict[str, str], refusal: type[UpstageError]
) -> None:
    assert desk.owner
    unchanged(desk, lambda: run(desk, commands.add_event, typed=HAMLET | texts), refusal)


def test_what_is_not_there_is_refused(desk: Desk, hall: str, hamlet: str) -> None:
    unchanged(desk, lambda: perform(desk, "nowhere", hall), UnknownEvent)
    unchanged(desk, lambda: perform(desk, hamlet, "nowhere"), UnknownHall)
    unchanged(
        desk,
        lambda: run(desk, performances.cancel, performance_ids=["none"]),
        UnknownPerformance,
    )


@pytest.mark.parametrize("role", STRANGERS)
def test_a_role_without_the_permission_changes_nothing(
    desk: Desk, hall: str, hamlet: str, role: Role
) -> None:
    perform(desk, hamlet, hall)
    one = event_of(desk, hamlet).performances[0].id
    member = replace(desk.owner, role=role)
    attempts: list[tuple[Callable[..., Any], dict[str, Any]]] = [
        (commands.add_event, {"typed": HAMLET}),
        (commands.change_event, {"event_id": hamlet, "version": 1, "typed": {"title": "x"}}),
        (
            commands.add_performances,
            {"event_id": hamlet, "hall_id": hall, "days": [SATURDAY], "at": time(12)},
        ),
        (performances.cancel, {"performance_ids": [one]}),
        (performances.pause, {"performance_ids": [one]}),
        (performances.put_on_sale, {"performance_ids": [one], "checks": ()}),
        (performances.move, {"places": {}, "versions": {}}),
        (translations.translate, {"event_id": hamlet, "language": "de", "version": 1, "typed": {}}),
    ]
    for command, how in attempts:
        unchanged(
            desk,
            lambda command=command, how=how: desk.write(
                lambda s: command(desk.staff_context(s, member), **how)
            ),
            Forbidden,
        )
