"""A newer plan under what is sold: who is asked for which seat, and when the plan is taken."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from tests.app.test_seat_moves import Moving
from tests.app.test_transfers import Office
from tests.support.factories import Desk, unchanged
from tests.support.houses import FLOOR, STALLS, seat
from tests.support.pipeline import installed
from tests.support.shop import open_shop
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.inventory import seatings
from upstage_crm.inventory.errors import PlanSold
from upstage_crm.inventory.views import SeatState
from upstage_crm.orders.transfers import moving_seats, plan_moves
from upstage_crm.orders.transfers.plan_moves import PlanMoves, Question
from upstage_crm.orders.transfers.views import SeatMoveReason
from upstage_crm.venues import plans
from upstage_crm.wording.sales.plan_moves import NO_YES, plan_move_words

A1, C3, C4 = seat("A", 1), seat("C", 3), seat("C", 4)


class Replanned(Moving):
    """A performance whose hall gets another plan."""

    def plan(self, **changes: str) -> None:
        made, desk = self.shop.made, self.desk
        desk.act(
            desk.owner, plans.save, hall_id=made.hall, after=1, sections=[STALLS | changes, FLOOR]
        )

    def look(self) -> PlanMoves | None:
        performance = self.shop.made.performance
        return self.desk.read(lambda s: plan_moves.preview(s, performance, now=self.desk.now))

    def found(self) -> PlanMoves:
        found = self.look()
        assert found is not None
        return found

    def ask_all(self) -> list[str]:
        return [self.put(each) for each in self.found().questions]

    def put(self, each: Question) -> str:
        return self.shop.act(
            lambda c: moving_seats.propose(
                c,
                self.by_clock.mailer,
                order_id=each.order_id,
                ticket_id=each.ticket_id,
                seat_id=each.seat_id,
                reason=SeatMoveReason.SEAT_PLAN,
            )
        )

    def take(self) -> bool:
        performance = self.shop.made.performance
        return self.desk.act(
            self.desk.owner, seatings.move_to_newest_plan, performance_id=performance
        )


@pytest.fixture
def house(database: Database, clock: FrozenClock) -> Iterator[Replanned]:
    with installed(database, clock) as parts:
        yield Replanned(Office(parts, open_shop(Desk(database, clock)), clock))


def test_holders_whose_seats_a_plan_lacks_are_asked_and_then_it_is_taken(house: Replanned) -> None:
    assert house.look() is None, "it has the newest plan"
    kept, order = house.sold(A1), house.sold(C3, C4)
    house.plan(rows="2", wheelchair="")

    found = house.found()
    assert (found.fit.sold, found.lost, found.waiting) == (3, 2, 0)
    first, second = found.questions
    pair = [each.seat_id.rsplit("-", 1) for each in (first, second)]
    assert pair[0][0] == pair[1][0], "those of one order together, in one row"
    assert abs(int(pair[0][1]) - int(pair[1][1])) == 1
    words = plan_move_words(found)
    assert words[:2] == [
        "3 seats sold, 1 of them in the newest plan, too.",
        "2 sold seats without a counterpart.",
    ]
    assert NO_YES in words
    assert unchanged(house.desk, house.take, PlanSold).facts["seats"] == (C3, C4)

    house.put(first)
    assert (house.found().waiting, house.found().questions) == (1, (second,))
    house.say(accepts=True)
    house.put(second)
    house.say(accepts=True)

    assert house.found().fit.is_ready
    assert house.take()
    assert house.look() is None
    assert set(house.valid(order)) == {first.seat_id, second.seat_id}
    assert house.valid(kept) == [A1]
    sold = [A1, first.seat_id, second.seat_id]
    assert house.states(*sold) == [SeatState.SOLD] * 3


def test_who_says_no_or_nothing_keeps_the_seat_and_the_plan_waits(house: Replanned) -> None:
    no, silent = house.sold(C3), house.sold(C4)
    house.plan(rows="2", wheelchair="")
    house.put(house.found().questions[0])
    house.say(accepts=False)
    house.put(house.found().questions[0])
    house.desk.clock.advance(moving_seats.ANSWER_WITHIN)
    assert house.lapse() == 1

    found = house.found()
    assert (found.questions, found.waiting) == ((), 0), "no one is asked twice"
    assert found.refused == (
        f"{no.reference}: Stalls, row C, seat 3",
        f"{silent.reference}: Stalls, row C, seat 4",
    )
    assert (house.valid(no), house.valid(silent)) == ([C3], [C4])
    unchanged(house.desk, house.take, PlanSold)
    assert plan_move_words(found)[-1].startswith("Take these tickets back")


def test_what_a_plan_has_no_room_for_is_named(house: Replanned) -> None:
    full = [seat(row, number) for row in "AB" for number in range(1, 7)]
    house.sold(*full)
    order = house.sold(C3)
    house.plan(rows="2", wheelchair="")
    found = house.found()
    assert found.questions == ()
    assert found.crowded == (f"{order.reference}: Stalls, row C, seat 3",)


def test_the_database_keeps_a_plan_that_has_what_is_sold(house: Replanned) -> None:
    house.sold(C3)
    house.plan(rows="2", wheelchair="")
    made, desk = house.shop.made, house.desk
    newest = desk.read(lambda s: plans.newest_id(s, made.hall))

    def forge(plan: str) -> None:
        desk.write(
            lambda s: s.connection().execute(
                sa.text("UPDATE seating SET plan_id = :plan"), {"plan": plan}
            )
        )

    for plan in (newest or "", "x"):
        with pytest.raises(DBAPIError, match=r"seating|every plan|FOREIGN|foreign"):
            forge(plan)
    wider = desk.act(
        desk.owner,
        plans.save,
        hall_id=made.hall,
        after=2,
        sections=[STALLS | {"rows": "4", "wheelchair": ""}, FLOOR],
    )
    assert wider == 3
    forge(desk.read(lambda s: plans.newest_id(s, made.hall)) or "")
