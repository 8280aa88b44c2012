"""Performances are laid out, moved to another plan, held back by letter, and taken off."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from tests.app.test_inventory import give_back, hold, release, sell
from tests.app.test_venues import add_hall, add_venue
from tests.support.factories import Desk, unchanged
from tests.support.houses import FLOOR, STALLS, LaidOut, laid_out, performance_in, seat
from upstage_crm.audit.events import Action, Channel
from upstage_crm.core.errors import Forbidden
from upstage_crm.demo.attacks.attack_seats import seat_attempts
from upstage_crm.inventory import availability, holds, house_holds, queries, sale_steps, seatings
from upstage_crm.inventory.errors import (
    HallLaidOut,
    HallWithoutPlan,
    LetterUnreadable,
    NothingWanted,
    NotLaidOut,
    PlacesTaken,
    PlanSold,
    PlanWithoutSeats,
    ReasonMissing,
    ReleasePassed,
    SeatsTaken,
    UnknownHouseHold,
    UnknownPool,
)
from upstage_crm.inventory.views import SeatState, Wanted
from upstage_crm.programme import commands as programme
from upstage_crm.programme import performances
from upstage_crm.programme import queries as events
from upstage_crm.programme.bulk_edit import Change
from upstage_crm.programme.errors import PerformanceCancelled, UnknownPerformance
from upstage_crm.programme.performances import place_of
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role
from upstage_crm.venues import plans

A1, A2, A3, C1 = seat("A", 1), seat("A", 2), seat("A", 3), seat("C", 1)
OTHERS = [role for role in Role if Permission.HOLD_SEATS not in PERMISSIONS[role]]


@pytest.fixture
def made(desk: Desk) -> LaidOut:
    return laid_out(desk)


def hold_back(made: LaidOut, *seats: str, letter: str = "h", **how: object) -> str:
    owner, usual = made.desk.owner, {"reason": "For the director"}
    return made.desk.act(
        owner,
        house_holds.hold_back,
        performance_id=made.performance,
        letter=letter,
        seat_ids=seats,
        **{**usual, **how},
    )


def cancel(made: LaidOut) -> int:
    """Cancel the performance; return how many seats and places are no longer for sale."""
    desk, performance = made.desk, made.performance
    desk.act(desk.owner, performances.cancel, performance_ids=[performance])
    return made.attempt(lambda s: seatings.take_off(s, performance_id=performance, now=desk.now))


def new_plan(made: LaidOut, **changes: str) -> None:
    desk = made.desk
    desk.act(desk.owner, plans.save, hall_id=made.hall, after=1, sections=[STALLS | changes, FLOOR])


def test_a_performance_is_laid_out_once(made: LaidOut) -> None:
    desk, house = made.desk, made.house()
    assert (len(house.seats), house.pools[0].capacity) == (18, 10)
    assert {one.state for one in house.seats} == {SeatState.FREE}
    told = desk.lines(action=Action.HOUSE_LAID_OUT)
    assert [dict(line.facts) for line in told] == [
        {"place": "Hamlet", "day": "2026-12-04", "time": "19:30", "seats": 18, "places": 10}
    ]
    before = desk.dump()

    assert not desk.act(desk.owner, seatings.lay_out, performance_id=made.performance)

    assert desk.dump() == before


def test_only_what_can_be_laid_out_is(made: LaidOut) -> None:
    desk = made.desk
    other = performance_in(desk, made.hall, made.event, date(2026, 12, 11))
    desk.act(desk.owner, performances.cancel, performance_ids=[other])
    clerk = desk.staff("Vic", Role.BOX_OFFICE)
    for performance, actor, refusal in (
        (other, desk.owner, PerformanceCancelled),
        ("x", desk.owner, UnknownPerformance),
        (made.performance, clerk, Forbidden),
    ):

        def lay_out(performance: str = performance, actor: object = actor) -> None:
            desk.act(actor, seatings.lay_out, performance_id=performance)  # pyright: ignore[reportArgumentType]

        unchanged(desk, lay_out, refusal)
    with pytest.raises(NotLaidOut):
        desk.read(lambda s: queries.house(s, other, now=desk.now))


def test_a_hall_without_a_plan_lays_nothing_out(desk: Desk) -> None:
    with pytest.raises(HallWithoutPlan):
        laid_out_without_plan(desk)


def laid_out_without_plan(desk: Desk) -> None:
    hall = add_hall(desk, add_venue(desk))
    event = desk.act(desk.owner, programme.add_event, typed={"title": "Hamlet"})
    performance = performance_in(desk, hall, event, date(2026, 12, 4))
    desk.act(desk.owner, seatings.lay_out, performance_id=performance)


def test_a_newer_plan_is_taken_while_nothing_is_sold(made: LaidOut) -> None:
    desk = made.desk
    hold(made, "ina", A1, places=2)
    hold_back(made, A2)
    new_plan(made, rows="2", seats="8", wheelchair="A1-2")

    assert desk.act(desk.owner, seatings.move_to_newest_plan, performance_id=made.performance)

    house = made.house()
    assert len(house.seats) == 16
    assert made.states() == {A1: SeatState.HELD, A2: SeatState.BLOCKED}
    assert (house.pools[0].held, house.holds[0].seats) == (2, (A2,))
    assert not desk.act(desk.owner, seatings.move_to_newest_plan, performance_id=made.performance)
    assert len(desk.lines(action=Action.HOUSE_MOVED)) == 1


def test_a_newer_plan_must_have_room_for_what_is_held(made: LaidOut) -> None:
    desk = made.desk
    hold(made, "ina", C1)
    new_plan(made, rows="2", wheelchair="A1-2")

    def move() -> None:
        desk.act(desk.owner, seatings.move_to_newest_plan, performance_id=made.performance)

    error = unchanged(desk, move, PlanWithoutSeats)
    assert error.facts == {"seats": (C1,), "words": "Stalls, row C, seat 1"}
    release(made, "ina")
    move()
    assert len(made.house().seats) == 12


def test_what_is_sold_goes_into_a_newer_plan_that_has_its_seats(made: LaidOut) -> None:
    desk = made.desk
    for who, wanted in (("ina", A1), ("ole", C1)):
        hold(made, who, wanted)
        sell(made, who, wanted)
    new_plan(made, rows="2", wheelchair="A6")

    def move() -> None:
        desk.act(desk.owner, seatings.move_to_newest_plan, performance_id=made.performance)

    error = unchanged(desk, move, PlanSold)
    assert error.facts == {"seats": (C1,), "words": "Stalls, row C, seat 1"}
    give_back(made, C1)
    move()

    assert made.states() == {A1: SeatState.SOLD}
    assert len(made.house().seats) == 12
    assert dict(desk.lines(action=Action.HOUSE_MOVED)[-1].facts)["sold"] == 1


@pytest.mark.parametrize(
    ("changes", "fits"),
    [
        ({"wheelchair": "A1-2"}, False),
        ({"wheelchair": "", "restricted": "A1"}, False),
        ({"wheelchair": "", "removable": "A1"}, True),
    ],
)
def test_a_sold_seat_has_its_like_only_in_a_seat_that_is_as_good(
    made: LaidOut, changes: dict[str, str], *, fits: bool
) -> None:
    desk = made.desk
    hold(made, "ina", A1)
    sell(made, "ina", A1)
    new_plan(made, **changes)

    def move() -> None:
        desk.act(desk.owner, seatings.move_to_newest_plan, performance_id=made.performance)

    if fits:
        move()
    else:
        assert unchanged(desk, move, PlanSold).facts["seats"] == (A1,)


def test_places_that_are_sold_need_room_in_a_newer_plan(made: LaidOut) -> None:
    desk = made.desk
    hold(made, "ina", places=4)
    sell(made, "ina", places=4)
    floors = [FLOOR | {"places": "3"}, FLOOR | {"places": "4"}]
    for version, floor in enumerate(floors, start=1):
        desk.act(desk.owner, plans.save, hall_id=made.hall, after=version, sections=[STALLS, floor])

        def move() -> None:
            desk.act(desk.owner, seatings.move_to_newest_plan, performance_id=made.performance)

        if floor is floors[0]:
            assert unchanged(desk, move, PlanSold).facts["words"] == "Floor"
        else:
            move()
    assert (made.house().pools[0].sold, made.house().pools[0].free) == (4, 0)


def test_seats_are_held_back_by_letter_until_they_are_released(made: LaidOut) -> None:
    desk = made.desk
    hold_id = hold_back(made, A1, A2, pool_id=made.pool, places=4)

    house = made.house()
    assert made.states() == {A1: SeatState.BLOCKED, A2: SeatState.BLOCKED}
    assert {one.letter for one in house.seats} == {"", "H"}
    assert (house.pools[0].blocked, house.holds[0].places) == (4, 4)
    facts = desk.lines(action=Action.HOUSE_HELD_BACK)[-1].facts
    assert (facts["which"], facts["reason"]) == ("Stalls, row A, seats 1 and 2", "For the director")
    unchanged(desk, lambda: hold(made, "ina", A1), SeatsTaken)
    unchanged(desk, lambda: hold(made, "ina", places=7), PlacesTaken)

    assert desk.act(desk.owner, house_holds.release, house_hold_id=hold_id) == 6

    assert (made.states(), made.house().pools[0].free, made.house().holds) == ({}, 10, ())
    assert desk.lines(action=Action.HOUSE_RELEASED)[-1].facts["seats"] == 2
    unchanged(
        desk,
        lambda: desk.act(desk.owner, house_holds.release, house_hold_id=hold_id),
        UnknownHouseHold,
    )


def test_what_is_in_a_basket_is_not_held_back_until_it_lapses(made: LaidOut) -> None:
    hold(made, "ina", A1, places=8)
    error = unchanged(made.desk, lambda: hold_back(made, A1, A2), SeatsTaken)
    assert error.facts["seats"] == (A1,)
    unchanged(made.desk, lambda: hold_back(made, pool_id=made.pool, places=3), PlacesTaken)
    made.desk.clock.advance(timedelta(minutes=12))

    hold_back(made, A1, A2, pool_id=made.pool, places=10)

    assert made.states() == {A1: SeatState.BLOCKED, A2: SeatState.BLOCKED}


def test_a_house_hold_needs_a_letter_a_reason_and_something(made: LaidOut) -> None:
    desk = made.desk
    for seats, how, refusal in (
        ((A1,), {"letter": "hh"}, LetterUnreadable),
        ((A1,), {"letter": "é"}, LetterUnreadable),
        ((A1,), {"reason": " "}, ReasonMissing),
        ((A1,), {"release_at": desk.now}, ReleasePassed),
        ((), {}, NothingWanted),
        ((), {"pool_id": made.pool, "places": -3}, NothingWanted),
        ((), {"pool_id": "x", "places": 3}, UnknownPool),
    ):

        def attempt(seats: tuple[str, ...] = seats, how: object = how) -> None:
            hold_back(made, *seats, **how)  # pyright: ignore[reportCallIssue]

        unchanged(desk, attempt, refusal)


@pytest.mark.parametrize("role", OTHERS)
def test_others_hold_nothing_back(made: LaidOut, role: Role) -> None:
    desk, hold_id = made.desk, hold_back(made, A1)
    other = desk.staff("Sam", role)

    unchanged(desk, lambda: desk.act(other, house_holds.release, house_hold_id=hold_id), Forbidden)


def test_a_house_hold_with_a_time_ends_by_itself(made: LaidOut) -> None:
    desk = made.desk
    hold_id = hold_back(made, A1, release_at=desk.now + timedelta(days=1))

    def ends() -> bool:
        return desk.run(house_holds.release_due, house_hold_id=hold_id)

    assert (ends(), desk.read(lambda s: house_holds.due(s, now=desk.now))) == (False, ())
    desk.clock.advance(timedelta(days=1))
    assert desk.read(lambda s: house_holds.due(s, now=desk.now)) == (hold_id,)

    assert (ends(), ends()) == (True, False)

    assert made.states() == {}
    assert desk.lines(action=Action.HOUSE_RELEASED)[-1].channel is Channel.SCHEDULE


def test_what_is_taken_off_is_for_sale_no_more(made: LaidOut) -> None:
    desk = made.desk
    hold_id = hold_back(made, A1, pool_id=made.pool, places=1)
    hold(made, "ina", A2, places=2)
    hold(made, "ole", A3, places=3)
    sell(made, "ole", A3, places=3)

    assert cancel(made) == 16 + 6
    desk.act(desk.owner, house_holds.release, house_hold_id=hold_id)

    states = [one.state for one in made.house().seats]
    assert states.count(SeatState.BLOCKED) == 17
    assert made.states()[A3] is SeatState.SOLD
    assert (made.house().pools[0].free, made.house().pools[0].sold) == (0, 3)


def test_a_cancelled_performance_has_nothing_free_again(made: LaidOut) -> None:
    desk = made.desk
    hold(made, "ole", A3, places=3)
    sell(made, "ole", A3, places=3)
    hold(made, "ina", A1)
    cancel(made)

    give_back(made, A3, places=3)

    states = [one.state for one in made.house().seats]
    assert states.count(SeatState.BLOCKED) == len(states) == 18
    assert (made.house().pools[0].free, made.house().pools[0].sold) == (0, 0)
    new_plan(made, rows="4")
    unchanged(
        desk,
        lambda: desk.act(desk.owner, seatings.move_to_newest_plan, performance_id=made.performance),
        PerformanceCancelled,
    )


def test_a_declared_on_sale_has_shorter_holds(made: LaidOut) -> None:
    desk = made.desk
    desk.act(desk.owner, seatings.declare_rush, performance_id=made.performance, is_rush=True)

    until = hold(made, "ina", A1, places=1)

    assert (until.at - desk.now, until.extensions_left) == (timedelta(minutes=8), 2)
    assert hold(made, "ina", A2) == until
    manager = desk.staff("Rosa", Role.MANAGER)
    unchanged(
        desk,
        lambda: desk.act(
            manager, seatings.declare_rush, performance_id=made.performance, is_rush=False
        ),
        Forbidden,
    )


def test_what_is_added_in_an_on_sale_ends_with_it(made: LaidOut) -> None:
    desk = made.desk
    usual = hold(made, "ina", A1)
    desk.act(desk.owner, seatings.declare_rush, performance_id=made.performance, is_rush=True)

    added = hold(made, "ina", A2)

    assert added.at < usual.at
    assert (added.at - desk.now, added.extensions_left) == (timedelta(minutes=8), 2)
    desk.clock.advance(timedelta(minutes=7))
    assert hold(made, "ina", A3) == added


def test_availability_is_two_bits_a_seat(made: LaidOut) -> None:
    hold(made, "ina", A1)
    hold_back(made, A2)
    hold(made, "ole", A3)
    sell(made, "ole", A3)

    bits = made.desk.read(lambda s: queries.bits(s, made.performance, now=made.desk.now))

    assert len(bits) == 5
    assert availability.unpacked(bits, 18) == [one.state for one in made.house().seats]
    assert bits[0] == 0b00_10_11_01


def is_refused(desk: Desk, statement: str) -> bool:
    try:
        with desk.database.engine.begin() as connection:
            connection.execute(sa.text(statement))
    except DatabaseError:
        return True
    return False


def test_the_database_refuses_what_no_sale_did(made: LaidOut) -> None:
    desk = made.desk
    hold(made, "ole", A1, places=2)
    sell(made, "ole", A1, places=2)
    hold(made, "ina", A2)
    hold_id = hold_back(made, A3)
    new_plan(made, name="Parterre")  # no sold seat has its counterpart there
    sold, held, free = (
        f"performance_id = '{made.performance}' AND seat_id = '{one}'"
        for one in (A1, A2, seat("B", 1))
    )
    kept = f"performance_id = '{made.performance}' AND seat_id = '{A3}'"
    columns = "performance_id, seat_id, state, holder, extensions_left, changed_at"
    born_sold = (
        f"INSERT INTO seat_state ({columns}) SELECT performance_id, 'x', 'sold', 'evil', 0, "
        f"changed_at FROM seat_state WHERE {sold}"
    )
    newest = "(SELECT id FROM seat_plan ORDER BY version DESC LIMIT 1)"
    for statement in (
        f"UPDATE seat_state SET holder = 'evil' WHERE {sold}",
        f"UPDATE seat_state SET state = 'held', expires_at = changed_at WHERE {sold}",
        f"UPDATE seat_state SET holder = 'evil' WHERE {held}",
        f"UPDATE seat_state SET holder = 'evil', expires_at = '2099-01-01' WHERE {held}",
        f"UPDATE seat_state SET state = 'sold', holder = 'evil' WHERE {free}",
        f"UPDATE seat_state SET state = 'sold', holder = 'evil', house_hold_id = NULL WHERE {kept}",
        f"UPDATE seat_state SET seat_id = 'x' WHERE {free}",
        f"UPDATE seat_state SET state = 'mine' WHERE {free}",
        f"DELETE FROM seat_state WHERE {sold}",
        f"DELETE FROM seat_state WHERE {held}",
        f"INSERT INTO seat_state SELECT * FROM seat_state WHERE {sold}",
        born_sold,
        "UPDATE pool SET sold = 11",
        "UPDATE pool SET sold = -1",
        "UPDATE pool SET capacity = 1",
        "UPDATE pool SET held = -1",
        "DELETE FROM pool",
        f"UPDATE seating SET plan_id = {newest}",
        "DELETE FROM seating",
        "UPDATE house_hold SET letter = 'X'",
        "DELETE FROM house_hold",
    ):
        assert is_refused(desk, statement), statement
    desk.act(desk.owner, house_holds.release, house_hold_id=hold_id)
    assert is_refused(desk, "UPDATE house_hold SET released_at = NULL")


def test_the_attack_gets_no_seat(made: LaidOut) -> None:
    desk = made.desk
    hold(made, "ole", A1)
    sell(made, "ole", A1)
    with desk.database.engine.connect() as connection:
        attempts = seat_attempts(connection)
    before = desk.dump()

    for attempt in attempts:
        assert all(is_refused(desk, one) for one in attempt.statements), attempt.words

    assert len(attempts) > 10
    assert before == desk.dump()


def test_several_performances_are_held_together_or_not_at_all(made: LaidOut) -> None:
    desk = made.desk
    other = performance_in(desk, made.hall, made.event, date(2026, 12, 11))
    desk.act(desk.owner, seatings.lay_out, performance_id=other)
    both = Wanted(seats={made.performance: frozenset({A1}), other: frozenset({A1})})

    def take(holder: str) -> None:
        made.attempt(lambda s: holds.hold(s, holder=holder, wanted=both, now=desk.now))

    hold(made, "ole", A1)
    unchanged(desk, lambda: take("ina"), SeatsTaken)
    release(made, "ole")
    take("ina")
    assert made.states() == {A1: SeatState.HELD}


def test_a_performance_is_seated_in_the_hall_to_which_it_moves(desk: Desk) -> None:
    made = laid_out(desk)
    other = laid_out(desk, [{**STALLS, "name": "Parquet"}], venue=add_venue(desk, name="Other"))
    bare = add_hall(desk, add_venue(desk, name="The Third House"))
    later = performance_in(desk, made.hall, made.event, date(2026, 12, 6))

    def moved(performance_id: str, hall: str, version: int = 1) -> None:
        change, versions = Change(hall_id=hall, later=1), {performance_id: version}
        desk.act(desk.owner, sale_steps.change_all, change=change, versions=versions)

    moved(later, bare)
    with pytest.raises(HallWithoutPlan):
        moved(made.performance, bare)
    moved(made.performance, other.hall)

    halls = desk.read(lambda s: events.event(s, made.event)).performances
    assert [one.hall_id for one in halls] == [other.hall, bare]
    assert {one.id.partition("-")[0] for one in made.house().seats} == {"Parquet"}
    assert made.house().pools == (), "the standing places of the hall before"


@pytest.mark.parametrize("taken", ["held", "blocked"])
def test_a_performance_with_a_taken_seat_stays_in_its_hall(desk: Desk, taken: str) -> None:
    made = laid_out(desk)
    other = laid_out(desk, venue=add_venue(desk, name="The Other House"))
    if taken == "held":
        hold(made, "basket", A1)
    else:
        hold_back(made, A1)
    place = place_of(desk.read(lambda s: events.event(s, made.event)).performances[0])
    places = {made.performance: replace(place, hall_id=other.hall, day=date(2026, 12, 5))}
    versions = {made.performance: 1}

    with pytest.raises(HallLaidOut):
        desk.act(desk.owner, sale_steps.move, places=places, versions=versions)

    assert made.house().seats != (), "nothing was done by halves"
    (kept,) = desk.read(lambda s: events.event(s, made.event)).performances
    assert kept.hall_id == made.hall
