"""Versions of a seat plan: saved, imported, refused, and never changed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from tests.app.test_venues import add_hall, add_venue
from tests.support.factories import Desk, unchanged
from upstage_crm.audit.events import Action
from upstage_crm.core.errors import Forbidden, UpstageError
from upstage_crm.demo.attacks.attack_plans import plan_attempts
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role
from upstage_crm.venues import plans, seating_file
from upstage_crm.venues.design import FIELDS
from upstage_crm.venues.errors import UnknownHall
from upstage_crm.venues.plan_errors import (
    PlanChangedMeanwhile,
    PlanEmpty,
    PlanTooLarge,
    SeatingFileRefused,
    SeatLabelTwice,
    SectionNameTwice,
    UnknownPlan,
)

STALLS = FIELDS | {"name": "Stalls", "rows": "3", "seats": "4", "wheelchair": "A1"}
STRANGERS = [role for role in Role if Permission.EDIT_VENUES not in PERMISSIONS[role]]


@pytest.fixture
def hall(desk: Desk) -> str:
    """A hall without a plan; its id."""
    return add_hall(desk, add_venue(desk))


def save(desk: Desk, hall: str, *sections: dict[str, str], after: int = 0) -> int:
    owner = desk.owner
    return desk.write(
        lambda s: plans.save(
            desk.staff_context(s, owner), hall_id=hall, after=after, sections=sections
        )
    )


def take_in(desk: Desk, hall: str, content: bytes, *, after: int = 0) -> int:
    owner = desk.owner
    return desk.write(
        lambda s: plans.import_file(
            desk.staff_context(s, owner), hall_id=hall, after=after, content=content
        )
    )


def test_what_was_built_is_a_version_that_the_next_one_begins_with(desk: Desk, hall: str) -> None:
    numbers = [save(desk, hall, STALLS), save(desk, hall, STALLS | {"rows": "4"}, after=1)]

    assert numbers == [1, 2]
    stored = desk.read(lambda s: plans.get(s, hall, 1))
    assert (stored.plan.seat_count, stored.sections) == (12, [STALLS])
    known = desk.read(lambda s: plans.versions(s, hall))
    assert [(one.version, one.seats, one.places, one.is_built) for one in known] == [
        (2, 16, 0, True),
        (1, 12, 0, True),
    ]
    line = desk.lines(action=Action.PLAN_SAVED)[-1]
    assert (line.facts["place"], line.facts["version"], line.facts["seats"]) == (
        "Studio, Lantern Street Theatre",
        2,
        16,
    )


def test_the_same_plan_again_is_no_new_version(desk: Desk, hall: str) -> None:
    save(desk, hall, STALLS)
    before = desk.dump()

    assert save(desk, hall, STALLS, after=1) == 1
    assert before == desk.dump()


def test_a_plan_goes_out_as_a_file_and_comes_back_the_same(desk: Desk, hall: str) -> None:
    save(desk, hall, STALLS, FIELDS | {"name": "Pit", "form": "standing", "places": "120"})
    file = desk.read(lambda s: plans.get(s, hall, 1)).file
    other = add_hall(desk, add_venue(desk, name="The Barn"))

    take_in(desk, other, file.encode())

    stored = desk.read(lambda s: plans.get(s, other, 1))
    assert (stored.file, stored.sections) == (file, [])
    assert (stored.plan.seat_count, stored.plan.place_count) == (12, 120)
    assert not desk.read(lambda s: plans.versions(s, other))[0].is_built


def test_an_older_version_comes_back_as_the_newest(desk: Desk, hall: str) -> None:
    save(desk, hall, STALLS)
    save(desk, hall, STALLS | {"rows": "9"}, after=1)
    owner = desk.owner

    def bring_back(version: int, after: int) -> int:
        return desk.write(
            lambda s: plans.bring_back(
                desk.staff_context(s, owner), hall_id=hall, version=version, after=after
            )
        )

    assert bring_back(1, after=2) == 3
    first, third = (desk.read(lambda s, n=n: plans.get(s, hall, n)) for n in (1, 3))
    assert (first.file, first.sections) == (third.file, third.sections)
    assert desk.lines(action=Action.PLAN_BROUGHT_BACK)[-1].facts["version"] == 3
    unchanged(desk, lambda: bring_back(9, after=3), UnknownPlan)
    unchanged(desk, lambda: bring_back(2, after=2), PlanChangedMeanwhile)


def doubled() -> bytes:
    """A file whose first row has two seats 2."""
    told = json.loads(seating_file.to_file(built_plan()))
    told["zones"][0]["rows"][0]["seats"][2]["seat_number"] = "2"
    return json.dumps(told).encode()


def built_plan() -> seating_file.SeatPlan:
    from upstage_crm.venues.builder import build

    return build("Hall", [STALLS])


def test_what_cannot_be_used_is_refused_and_nothing_is_written(desk: Desk, hall: str) -> None:
    vast = [FIELDS | {"name": f"S{n}", "rows": "50", "seats": "200"} for n in range(5)]
    refusals: list[tuple[list[dict[str, str]], type[UpstageError]]] = [
        ([], PlanEmpty),
        (vast, PlanTooLarge),
        ([STALLS, STALLS], SectionNameTwice),
    ]
    for sections, refusal in refusals:
        unchanged(desk, lambda sections=sections: save(desk, hall, *sections), refusal)
    unchanged(desk, lambda: take_in(desk, hall, doubled()), SeatLabelTwice)
    unchanged(desk, lambda: take_in(desk, hall, b"[]"), SeatingFileRefused)
    unchanged(desk, lambda: save(desk, "nowhere", STALLS), UnknownHall)


def test_a_version_that_a_colleague_saved_is_not_passed_over(desk: Desk, hall: str) -> None:
    save(desk, hall, STALLS)

    unchanged(desk, lambda: save(desk, hall, STALLS | {"rows": "9"}), PlanChangedMeanwhile)
    unchanged(desk, lambda: save(desk, hall, STALLS, after=7), PlanChangedMeanwhile)


def test_a_version_that_there_is_not_is_told(desk: Desk, hall: str) -> None:
    with pytest.raises(UnknownPlan):
        desk.read(lambda s: plans.get(s, hall, 1))


@pytest.mark.parametrize("role", STRANGERS)
def test_a_role_without_the_permission_saves_no_plan(desk: Desk, hall: str, role: Role) -> None:
    member = replace(desk.owner, role=role)

    def command(session: object) -> int:
        context = desk.staff_context(session, member)  # pyright: ignore[reportArgumentType]
        return plans.save(context, hall_id=hall, after=0, sections=[STALLS])

    unchanged(desk, lambda: desk.write(command), Forbidden)


def is_refused(connection: sa.Connection, statements: tuple[str, ...]) -> bool:
    try:
        for statement in statements:
            connection.execute(sa.text(statement))
    except DatabaseError:
        return True
    return False


def test_the_database_refuses_every_change_of_a_version(desk: Desk, hall: str) -> None:
    save(desk, hall, STALLS)
    engine = desk.database.engine
    with engine.connect() as connection:
        attempts = plan_attempts(connection)
    before = desk.dump()

    for attempt in attempts:
        with engine.connect() as connection:
            assert is_refused(connection, attempt.statements), attempt.words

    assert len(attempts) > 10
    assert before == desk.dump()
