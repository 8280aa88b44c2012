"""Many who want the same at once: one has it, the others are told, and nothing is held for ever."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections import Counter
from datetime import date, timedelta

import pytest
from sqlmodel import Session

from tests.app.test_recorded_row_races import held_up
from tests.support.factories import Desk, together
from tests.support.houses import FLOOR, STALLS, LaidOut, laid_out, performance_in, seat
from upstage_crm.inventory import (
    best_seats,
    holds,
    house_holds,
    queries,
    seatings,
    selling,
)
from upstage_crm.inventory.errors import NotLaidOut, PlacesTaken, SeatsTaken
from upstage_crm.inventory.views import SeatState, Wanted
from upstage_crm.programme.errors import PerformanceCancelled

ROWS = "ABCDEFGHJK"
CALLERS, ROUNDS, LONG_ROUNDS = 64, 4, 200
WIDE = STALLS | {"rows": "10", "seats": "20", "wheelchair": ""}
STANDING = FLOOR | {"places": "500"}

# Takes two seats, says so, and waits to be killed before it has committed.
pytestmark = pytest.mark.each_database
KILLED = """
import sys
from datetime import datetime
from tests.support.keyring import attach
from upstage_crm.core.db import Database, make_engine
from upstage_crm.inventory import holds
from upstage_crm.inventory.views import Wanted
url, performance, now, *seats = sys.argv[1:]
database = attach(Database(make_engine(url)))
wanted = Wanted(seats={performance: frozenset(seats)})
with database.transaction() as session:
    holds.hold(session, holder="killed", wanted=wanted, now=datetime.fromisoformat(now))
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def made(desk: Desk) -> LaidOut:
    return laid_out(desk, (WIDE, STANDING))


def hold(made: LaidOut, holder: str, wanted: Wanted) -> str:
    now = made.desk.now
    made.desk.database.attempt(
        lambda s: holds.hold(s, holder=holder, wanted=wanted, now=now), is_recorded=False
    )
    return holder


def race(made: LaidOut, turn: int, chance: random.Random) -> None:
    """Sixty-four callers want the same two seats, in either order."""
    pair = [seat(ROWS[turn % 10], number) for number in chance.sample(range(1, 21), 2)]

    def caller(number: int) -> str:
        return hold(made, f"{turn} {number}", made.wanted(*pair))

    acts = [lambda number=number: caller(number) for number in range(CALLERS)]
    results = together(*acts)

    won = [one for one in results if isinstance(one, str)]
    assert len(won) == 1
    refused = [one for one in results if isinstance(one, SeatsTaken)]
    assert len(refused) == CALLERS - 1, results
    assert {one.facts["seats"] for one in refused} == {tuple(sorted(pair))}
    assert set(made.states()) == set(pair)
    made.attempt(lambda s: holds.release(s, holder=won[0], now=made.desk.now))
    assert made.states() == {}


def kill_one(made: LaidOut, turn: int) -> None:
    """A process that is killed while it holds two seats holds nothing."""
    pair = [seat("A", 1 + turn % 18), seat("A", 2 + turn % 18)]
    url = made.desk.database.engine.url.render_as_string(hide_password=False)
    killed = subprocess.Popen(
        [sys.executable, "-c", KILLED, url, made.performance, made.desk.now.isoformat(), *pair],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert killed.stdout is not None
    assert killed.stdout.readline() == "held\n"
    killed.kill()
    killed.communicate()

    assert hold(made, f"after {turn}", made.wanted(*pair))
    made.attempt(lambda s: holds.release(s, holder=f"after {turn}", now=made.desk.now))


def test_of_sixty_four_one_has_the_seats_and_the_others_are_told_which(made: LaidOut) -> None:
    chance = random.Random(1)
    for turn in range(ROUNDS):
        race(made, turn, chance)
    kill_one(made, 1)


@pytest.mark.long
def test_of_sixty_four_one_has_the_seats_200_times(made: LaidOut) -> None:
    chance = random.Random(2)
    for turn in range(LONG_ROUNDS):
        race(made, turn, chance)
        if turn % 20 == 0:
            kill_one(made, turn)


def test_sixty_four_who_want_the_best_two_seats_all_have_some(made: LaidOut) -> None:
    now, performance = made.desk.now, made.performance

    def caller(number: int) -> tuple[str, ...]:
        def work(session: Session) -> list[str]:
            return best_seats.hold_best(
                session,
                holder=f"p{number}",
                performance_id=performance,
                size=2,
                seed=1_000 * number,
                now=now,
            )[0]

        return tuple(made.desk.database.attempt(work, is_recorded=False))

    results = together(*(lambda n=n: caller(n) for n in range(CALLERS)))

    pairs = [one for one in results if isinstance(one, tuple)]
    others = [one for one in results if not isinstance(one, tuple)]
    assert all(isinstance(one, SeatsTaken) for one in others), others
    assert len(pairs) >= CALLERS // 2
    held = [seat_id for pair in pairs for seat_id in pair]
    assert len(set(held)) == len(held)
    assert set(made.states()) == set(held)


def test_two_hundred_parties_never_take_more_places_than_there_are(made: LaidOut) -> None:
    chance = random.Random(3)
    hold(made, "lapsed", made.wanted(places=40))
    made.desk.clock.advance(timedelta(minutes=12))
    parties = [chance.randint(1, 6) for _ in range(200)]

    results = together(
        *(
            lambda number=number, size=size: hold(made, f"p{number}", made.wanted(places=size))
            for number, size in enumerate(parties)
        )
    )

    refused = [
        size for size, one in zip(parties, results, strict=True) if one.__class__ is PlacesTaken
    ]
    held = sum(size for size, one in zip(parties, results, strict=True) if isinstance(one, str))
    pool = made.house().pools[0]
    assert len(refused) + sum(isinstance(one, str) for one in results) == 200
    assert (pool.held, pool.free) == (held, 500 - held)
    assert pool.free >= 0
    assert not refused or pool.free < min(refused)


def pair_of(number: int) -> list[str]:
    """The two seats that caller `number` has at first: two pairs in each row."""
    first = 1 + number % 2 * 2
    return [seat(ROWS[number // 2], first), seat(ROWS[number // 2], first + 1)]


def test_exchanges_that_cross_each_other_all_come_through(made: LaidOut) -> None:
    """Each gives two seats back and takes two others, locked together; none waits for ever."""
    now = made.desk.now
    for number in range(20):
        mine = made.wanted(*pair_of(number))
        hold(made, f"h{number}", mine)
        made.attempt(
            lambda s, n=number, mine=mine: selling.sell(
                s, holder=f"h{n}", sale=f"s{n}", wanted=mine, now=now
            )
        )

    def exchange(number: int) -> str:
        old, holder, sale = pair_of(number), f"x{number}", f"s{number}"
        new = [
            seat(ROWS[(number * 7 + 3) % 10], 11 + number % 8),
            seat(ROWS[number % 10], 5 + number % 5),
        ]
        wanted, both = made.wanted(*new), made.wanted(*old, *new)

        def work(session: Session) -> None:
            selling.lock(session, both)
            holds.hold(session, holder=holder, wanted=wanted, now=now)
            selling.give_back(session, sale=sale, wanted=made.wanted(*old), now=now)
            selling.sell(session, holder=holder, sale=sale, wanted=wanted, now=now)

        made.attempt(work)
        return "done"

    results = Counter(
        one if isinstance(one, str) else type(one)
        for one in together(*(lambda n=n: exchange(n) for n in range(20)))
    )

    assert set(results) <= {"done", SeatsTaken}
    assert results["done"] >= 10
    assert Counter(made.states().values()) == {SeatState.SOLD: 40}


@pytest.mark.parametrize("command", ["lay out", "release", "give back"])
def test_a_cancellation_that_comes_first_leaves_nothing_free(made: LaidOut, command: str) -> None:
    """The command began before the cancellation was committed, and waits for it."""
    desk, a1 = made.desk, seat("A", 1)
    if desk.database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    other = performance_in(desk, made.hall, made.event, date(2026, 12, 11))
    hold_id = desk.act(
        desk.owner,
        house_holds.hold_back,
        performance_id=made.performance,
        letter="H",
        reason="The press",
        seat_ids=[seat("A", 2)],
        pool_id=made.pool,
        places=2,
    )
    wanted = made.wanted(a1, places=3)
    hold(made, "ina", wanted)
    made.attempt(lambda s: selling.sell(s, holder="ina", sale="1", wanted=wanted, now=desk.now))

    def lay_out() -> object:
        return desk.act(desk.owner, seatings.lay_out, performance_id=other)

    def release() -> object:
        return desk.act(desk.owner, house_holds.release, house_hold_id=hold_id)

    def give_back() -> object:
        return made.attempt(lambda s: selling.give_back(s, sale="1", wanted=wanted, now=desk.now))

    came: list[object] = []
    run = {"lay out": lay_out, "release": release, "give back": give_back}[command]
    thread = threading.Thread(target=lambda: came.extend(together(run)))
    wanted_ids = f"('{made.performance}', '{other}')"
    cancelled = f"UPDATE performance SET state = 'cancelled' WHERE id IN {wanted_ids}"
    with held_up(desk, cancelled) as connection:
        with Session(connection, join_transaction_mode="rollback_only") as session:
            seatings.take_off(session, performance_id=made.performance, now=desk.now)
        thread.start()
    thread.join()

    assert [type(one) for one in came if isinstance(one, Exception)] == (
        [PerformanceCancelled] if command == "lay out" else []
    )
    house = made.house()
    assert SeatState.FREE not in {one.state for one in house.seats}
    assert house.pools[0].free == 0
    with pytest.raises(NotLaidOut):
        desk.read(lambda s: queries.house(s, other, now=desk.now))
