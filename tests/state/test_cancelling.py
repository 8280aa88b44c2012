"""Staff cancel a performance whose tickets are sold: the question says what goes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.called_off import CalledOff
from tests.support.factories import Desk
from tests.support.houses import seat
from tests.support.pipeline import Client, Pipeline, sign_in
from tests.support.shop import open_shop
from upstage_crm.admin.house.house_state import HouseState
from upstage_crm.admin.programme.event_state import EventState
from upstage_crm.admin.programme.performance_bulk_state import PerformanceBulkState
from upstage_crm.admin.settings.answer_days_state import SAVED, AnswerDaysState
from upstage_crm.admin.settings.contact_months_state import ContactMonthsState
from upstage_crm.admin.settings.return_hours_state import STAFF_ALONE, ReturnHoursState
from upstage_crm.core.clock import FrozenClock
from upstage_crm.jobs import order_letters, schedule
from upstage_crm.orders.views import Contact, Tender
from upstage_crm.payments.views import Method
from upstage_crm.programme.views import PerformanceState
from upstage_crm.staff.roles import Role
from upstage_crm.wiring import Runtime
from upstage_crm.wording.sales.cancellations import MAY_NOT_REFUND
from upstage_crm.wording.sentences import SENTENCES


@dataclass
class Scene:
    """A performance with three sold orders."""

    parts: Runtime
    pipeline: Pipeline
    off: CalledOff

    def tab(self, role: Role = Role.OWNER) -> Client:
        return self.pipeline.client(sign_in(self.parts.database, role, at=self.parts.clock.now()))

    async def asked(self, tab: Client, edit: str) -> Any:
        made = self.off.shop.made
        await self.pipeline.send(tab, EventState.load, f"/events/{made.event}/")
        await self.pipeline.send(
            tab, PerformanceBulkState.ask, edit=edit, performance_ids=[made.performance]
        )
        return await self.pipeline.state(tab, PerformanceBulkState)

    async def press(self, tab: Client, handler: Any, **texts: str) -> Any:
        opened = await self.pipeline.state(tab, PerformanceBulkState)
        form = {"subject": opened.subject, "opening": str(opened.opening)} | texts
        await self.pipeline.send(tab, handler, form=form)
        return await self.pipeline.state(tab, EventState)

    async def house(self, tab: Client) -> dict[str, str]:
        made = self.off.shop.made
        await self.pipeline.send(tab, HouseState.load, f"/events/{made.event}/{made.performance}/")
        return dict((await self.pipeline.state(tab, HouseState)).progress)


@pytest.fixture
def scene(made: Runtime, pipeline: Pipeline, clock: FrozenClock) -> Scene:
    off = CalledOff(open_shop(Desk(made.database, clock), shift_id="shift"))
    off.sold_by_card(seat("A", 1), seat("A", 2))
    for n, contact in ((3, Contact(name="Ravi")), (4, Contact())):
        basket = off.shop.filled(seat("A", n))
        off.shop.sell(basket, [Tender(method=Method.CASH, amount=3_500)], contact)
    return Scene(made, pipeline, off)


async def test_the_question_says_what_goes_back_and_the_press_does_it(scene: Scene) -> None:
    tab = scene.tab()
    asked = await scene.asked(tab, "cancel")
    assert asked.lines[2:] == [
        "Cancels 4 tickets in 3 orders, $140.00 goes back.",
        "$70.00 to the cards that paid; $70.00 in cash, at the desk.",
        "1 buyer gets an email, and has 7 days to choose another date.",
        "2 orders without an email address, 1 of them anonymous: the desk pays them back.",
    ]
    page = await scene.press(tab, PerformanceBulkState.cancel)
    assert page.performances[0].state == PerformanceState.CANCELLED

    assert (await scene.house(tab))["Told by email"] == "0 of 3 orders"
    order_letters.tell_of_disruptions(scene.parts)
    shown = await scene.house(tab)
    assert shown["Told by email"] == "1 of 3 orders"
    assert shown["Waiting for an answer"] == "$70.00"
    assert shown["To be paid out at the desk"] == "$70.00"
    scene.off.shop.desk.clock.advance(schedule.timedelta(days=8))
    assert schedule.settle_silent(scene.parts) == 1
    assert "Waiting for an answer" not in await scene.house(tab)


async def test_who_may_not_give_money_back_is_told_before(scene: Scene) -> None:
    tab = scene.tab(Role.MARKETING)
    asked = await scene.asked(tab, "cancel")
    assert (asked.applies, asked.lines[-1]) == (0, MAY_NOT_REFUND)
    assert await scene.house(tab) == {}, "sums are for who may see orders"


async def test_a_move_says_who_is_told(scene: Scene) -> None:
    tab = scene.tab()
    asked = await scene.asked(tab, "change")
    said = asked.lines[-3:]
    assert said[0] == "4 tickets stay valid."
    assert said[1] == "If the time or the hall changes, 1 buyer gets an email."
    page = await scene.press(tab, PerformanceBulkState.change, later="2", day="", time="")
    assert page.can_undo
    assert order_letters.tell_of_disruptions(scene.parts) == 3
    assert (await scene.house(tab))["Told by email"] == "1 of 3 orders"


@pytest.mark.parametrize("typed", ["15", "-1", "many", "", "²"])
async def test_a_time_to_answer_that_cannot_be_is_told_at_its_input(
    scene: Scene, typed: str
) -> None:
    tab = scene.tab()
    await scene.pipeline.send(tab, AnswerDaysState.save, form={"answer_days": typed})
    shown = await scene.pipeline.state(tab, AnswerDaysState)
    assert shown.error == SENTENCES["answer_time_refused"].format(most=14)


async def test_an_owner_chooses_the_time_to_answer(scene: Scene) -> None:
    tab = scene.tab()
    await scene.pipeline.send(tab, AnswerDaysState.save, form={"answer_days": "0"})
    shown = await scene.pipeline.state(tab, AnswerDaysState)
    assert (shown.done, shown.days) == (SAVED, "0")


async def test_an_owner_lets_patrons_return_tickets_and_takes_that_back(scene: Scene) -> None:
    tab = scene.tab()
    await scene.pipeline.send(tab, ReturnHoursState.save, form={"return_hours": "24"})
    shown = await scene.pipeline.state(tab, ReturnHoursState)
    assert (shown.hours, "until 24 hours" in shown.said) == ("24", True)
    await scene.pipeline.send(tab, ReturnHoursState.save, form={"return_hours": ""})
    shown = await scene.pipeline.state(tab, ReturnHoursState)
    assert (shown.hours, shown.said) == ("", STAFF_ALONE)


async def test_an_owner_chooses_how_long_guests_contacts_are_kept(scene: Scene) -> None:
    tab = scene.tab()
    await scene.pipeline.send(tab, ContactMonthsState.save, form={"contact_months": "12"})
    shown = await scene.pipeline.state(tab, ContactMonthsState)
    assert (shown.months, "12 months after" in shown.said) == ("12", True)
    await scene.pipeline.send(tab, ContactMonthsState.save, form={"contact_months": "²"})
    shown = await scene.pipeline.state(tab, ContactMonthsState)
    assert shown.error == SENTENCES["contact_time_refused"].format(least=3, most=84)


@pytest.mark.parametrize("typed", ["337", "-1", "many", "²"])
async def test_hours_that_cannot_be_are_told_at_their_input(scene: Scene, typed: str) -> None:
    tab = scene.tab()
    await scene.pipeline.send(tab, ReturnHoursState.save, form={"return_hours": typed})
    shown = await scene.pipeline.state(tab, ReturnHoursState)
    assert shown.error == SENTENCES["return_time_refused"].format(most=336)
