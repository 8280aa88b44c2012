"""Random stories of baskets, sales and the house against a simple model, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import Session

from tests.support.factories import Desk
from tests.support.houses import FLOOR, STALLS, LaidOut, laid_out, performance_in, seat
from tests.support.seat_model import Model, Refusal
from upstage_crm.core.errors import UpstageError
from upstage_crm.inventory import holds, house_holds, seatings, selling
from upstage_crm.inventory.views import SeatState
from upstage_crm.venues import plans

pytestmark = pytest.mark.each_database

ROWS = {2: "AB", 3: "ABC"}
holders = st.sampled_from(["ina", "ole", "mara"])
seats = st.sets(st.builds(seat, st.sampled_from("ABC"), st.integers(1, 6)), max_size=4)
places = st.integers(0, 4)


def seats_of(rows: int) -> set[str]:
    return {seat(row, number) for row in ROWS[rows] for number in range(1, 7)}


class Story(RuleBasedStateMachine):
    """One performance. Each verb does what the model does, or refuses as the model refuses."""

    house: LaidOut
    days = count()
    version = 1
    rows = 3

    @initialize()
    def open(self) -> None:
        desk = self.house.desk
        if Story.rows != 3:
            self._save_plan(3)
        day = date(2027, 1, 1) + timedelta(days=next(Story.days))
        self.house.performance = performance_in(desk, self.house.hall, self.house.event, day)
        desk.act(desk.owner, seatings.lay_out, performance_id=self.house.performance)
        self.house.pool = self.house.house().pools[0].id
        self.model = Model(seats_of(Story.rows), 10, desk.now)
        self.kept: dict[str, str] = {}

    def named(self, holder: str) -> str:
        """The holder's id: a basket belongs to one story."""
        return f"{holder} {self.house.performance}"[:64]

    def both(self, expected: Refusal | None, work: Callable[[Session], Any]) -> Any:
        """Run a verb; it must refuse as the model did."""
        refused, outcome = None, None
        try:
            outcome = self.house.attempt(work)
        except UpstageError as error:
            refused = type(error)
        assert refused is expected
        return outcome

    @rule(holder=holders, chosen=seats, some=places)
    def hold(self, holder: str, chosen: set[str], some: int) -> None:
        now, wanted = self.model.now, self.house.wanted(*chosen, places=some)
        expected = self.model.hold(holder, chosen, some)
        until = self.both(
            expected, lambda s: holds.hold(s, holder=self.named(holder), wanted=wanted, now=now)
        )
        if expected is None:
            assert (until.at, until.extensions_left) == self.model.deadline(holder)

    @rule(holder=holders)
    def extend(self, holder: str) -> None:
        now = self.model.now
        self.both(
            self.model.extend(holder), lambda s: holds.extend(s, holder=self.named(holder), now=now)
        )

    @rule(holder=holders)
    def release(self, holder: str) -> None:
        self.model.release(holder)
        now = self.model.now
        self.both(None, lambda s: holds.release(s, holder=self.named(holder), now=now))

    @rule(holder=holders, chosen=st.none() | seats)
    def sell(self, holder: str, chosen: set[str] | None) -> None:
        """Sell all that a holder has, or seats that may be another's."""
        some = 0
        if chosen is None:
            chosen = {one for one, held in self.model.held.items() if held.holder == holder}
            some = self.model.places[holder].count if holder in self.model.places else 0
        chosen &= self.model.seats
        now, wanted = self.model.now, self.house.wanted(*chosen, places=some)
        sale = f"sale of {holder}"
        self.both(
            self.model.sell(holder, chosen, some),
            lambda s: selling.sell(s, holder=self.named(holder), sale=sale, wanted=wanted, now=now),
        )

    @rule(holder=holders, chosen=st.none() | seats, some=places)
    def give_back(self, holder: str, chosen: set[str] | None, some: int) -> None:
        sale, now = f"sale of {holder}", self.model.now
        if chosen is None:
            chosen = {one for one, sold in self.model.sold.items() if sold == sale}
        chosen &= self.model.seats
        wanted = self.house.wanted(*chosen, places=some)
        self.both(
            self.model.give_back(holder, chosen, some),
            lambda s: selling.give_back(s, sale=sale, wanted=wanted, now=now),
        )

    @rule(minutes=st.sampled_from([1, 5, 6, 11, 12, 60]))
    def pass_time(self, minutes: int) -> None:
        self.model.now = self.house.desk.clock.advance(timedelta(minutes=minutes))

    @rule()
    def tidy(self) -> None:
        self.model.tidy()
        self.both(None, lambda s: holds.tidy(s, now=self.model.now))

    @rule(letter=st.sampled_from("HPT"), chosen=seats, some=places)
    def hold_back(self, letter: str, chosen: set[str], some: int) -> None:
        desk, name = self.house.desk, str(len(self.kept))
        chosen &= self.model.seats
        hold_id = self.both(
            self.model.keep(name, chosen, some),
            lambda s: house_holds.hold_back(
                desk.staff_context(s, desk.owner),
                performance_id=self.house.performance,
                letter=letter,
                reason="A story",
                seat_ids=chosen,
                pool_id=self.house.pool,
                places=some,
            ),
        )
        if hold_id is not None:
            self.kept[name] = hold_id

    @rule(data=st.data())
    def let_go(self, data: st.DataObject) -> None:
        if not self.kept:
            return
        desk, name = self.house.desk, data.draw(st.sampled_from(sorted(self.kept)))
        hold_id = self.kept.pop(name)
        self.model.let_go(name)
        self.both(
            None,
            lambda s: house_holds.release(desk.staff_context(s, desk.owner), house_hold_id=hold_id),
        )
        self.kept = {f"{one}'": held for one, held in self.kept.items()}
        self.model.kept = {one: f"{held}'" for one, held in self.model.kept.items()}
        self.model.places_kept = {f"{n}'": some for n, some in self.model.places_kept.items()}

    @rule()
    def move_to_another_plan(self) -> None:
        desk = self.house.desk
        self._save_plan(5 - Story.rows)
        self.both(
            self.model.move(seats_of(Story.rows)),
            lambda s: seatings.move_to_newest_plan(
                desk.staff_context(s, desk.owner), performance_id=self.house.performance
            ),
        )

    def _save_plan(self, rows: int) -> None:
        desk, Story.rows = self.house.desk, rows
        design = STALLS | {"rows": str(Story.rows), "wheelchair": ""}
        Story.version = desk.act(
            desk.owner,
            plans.save,
            hall_id=self.house.hall,
            after=Story.version,
            sections=[design, FLOOR],
        )

    @invariant()
    def says_what_the_model_says(self) -> None:
        if not hasattr(self, "model"):
            return
        house = self.house.house()
        assert {one.id: one.state for one in house.seats} == {
            one: self.model.state(one) for one in self.model.seats
        }
        assert house.pools[0].free == self.model.free_places()
        assert house.pools[0].sold == self.model.places_sold
        kept = {one.id for one in house.seats if one.state is SeatState.BLOCKED}
        assert kept == set(self.model.kept)


def test_stories_of_a_house(desk: Desk) -> None:
    Story.house = laid_out(desk, (STALLS | {"wheelchair": ""}, FLOOR))
    Story.version, Story.rows = 1, 3
    run_state_machine_as_test(
        Story,
        settings=settings(
            max_examples=12,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            # One venue lives through all stories, so a failure is told as it happened.
            phases=[Phase.generate],
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
