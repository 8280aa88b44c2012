"""The screen of a till: hold, pay, split, take out, clear; shifts; training that writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from tests.support.factories import Desk
from tests.support.pipeline import Client, Pipeline, sign_in
from tests.support.shop import ADULT, CHILD, Shop, open_shop
from upstage_crm.box_office.sale.till_sales import TRAINING
from upstage_crm.box_office.shifts.shift_state import ShiftDialogState
from upstage_crm.box_office.shifts.shifts_state import ShiftsState, TillDialogState
from upstage_crm.box_office.till.parked_state import TillParkedState
from upstage_crm.box_office.till.patron_state import TillPatronState
from upstage_crm.box_office.till.till_order_state import TillOrderState, TillReturnState
from upstage_crm.box_office.till.till_state import TillState
from upstage_crm.core.clock import FrozenClock
from upstage_crm.inventory.views import SeatState
from upstage_crm.ledger import queries as ledger
from upstage_crm.ledger.views import Account
from upstage_crm.orders import queries as orders
from upstage_crm.staff.roles import Role
from upstage_crm.tills import till_commands
from upstage_crm.wiring import Runtime
from upstage_crm.wording.sentences import SENTENCES


@dataclass
class Scene:
    """A shop with a till, and the tab of a clerk."""

    parts: Runtime
    pipeline: Pipeline
    shop: Shop
    tab: Client

    async def at(self, tab: Client | None = None) -> Any:
        await self.pipeline.send(tab or self.tab, TillState.load, "/box-office/")
        return await self.page(tab)

    async def page(self, tab: Client | None = None) -> Any:
        return await self.pipeline.state(tab or self.tab, TillState)

    async def fill(self, handler: Any, dialogs: Any = ShiftDialogState, **texts: str) -> Any:
        dialog = await self.pipeline.state(self.tab, dialogs)
        carried = {"subject": dialog.subject, "opening": str(dialog.opening)}
        await self.pipeline.send(self.tab, handler, form=carried | texts)
        return await self.pipeline.state(self.tab, dialogs)

    async def opened(self, **texts: str) -> Any:
        page = await self.at()
        await self.pipeline.send(self.tab, ShiftDialogState.ask_open, till_id=page.tills[0].id)
        await self.fill(ShiftDialogState.begin, **{"amount": "100", **texts})
        return await self.page()

    async def add(self, typed: str, marked: str = "", reason: str = "") -> Any:
        sent = {"typed": typed, "marked": marked, "reason": reason}
        await self.pipeline.send(self.tab, TillState.add, **sent)
        return await self.page()

    async def pay(self, typed: str = "", method: str = "cash", note: str = "") -> Any:
        sent = {"typed": typed, "method": method, "note": note}
        await self.pipeline.send(self.tab, TillState.pay, **sent)
        return await self.page()

    async def step(self, name: str) -> Any:
        await self.pipeline.send(self.tab, TillState.step, name=name)
        return await self.page()

    def balance(self, account: Account) -> int:
        with self.parts.database.reading() as session:
            return ledger.balance(session, account)


@pytest.fixture
def scene(made: Runtime, pipeline: Pipeline, clock: FrozenClock) -> Scene:
    desk = Desk(made.database, clock)
    shop = open_shop(desk)
    desk.act(desk.owner, till_commands.add, name="Foyer")
    cookie = sign_in(made.database, Role.OWNER, at=clock.now(), email="till@desk.example")
    return Scene(made, pipeline, shop, pipeline.client(cookie))


async def test_two_adults_are_held_and_paid_by_two_presses(scene: Scene) -> None:
    page = await scene.opened()
    assert (page.shown, page.till, [one.letter for one in page.types]) == (
        "open",
        "Foyer",
        ["A", "C", "G"],
    )

    page = await scene.add("2")
    assert (page.total, len(page.lines), page.codes.count("m")) == ("$70.00", 2, 2)
    page = await scene.pay()

    assert (page.lines, page.total, page.change) == ([], "", "")
    assert len(page.sold) == 6
    assert [(one.reference, one.type) for one in page.printed] == [(page.sold, "Adult")] * 2
    assert page.codes.count("s") == 2
    assert scene.balance(Account.CASH_DRAWER) == 100_00 + 2 * ADULT


async def test_types_zones_and_marked_seats_are_taken_as_they_are_typed(scene: Scene) -> None:
    page = await scene.opened()
    page = await scene.add("2A1C")
    assert [one.type for one in page.lines] == ["Adult", "Adult", "Child"]
    assert page.total == "$82.00"

    page = await scene.add("C", marked="0 1")
    assert [one.type for one in page.lines].count("Child") == 3
    assert page.codes[:2] == "mm"

    floor = next(one for one in page.zones if one.name == "Floor")
    await scene.pipeline.send(scene.tab, TillState.choose_zone, key=floor.key)
    page = await scene.add("4")
    assert [one.place for one in page.lines].count("Floor") == 4


async def test_change_is_told_and_a_split_sale_waits_for_its_rest(scene: Scene) -> None:
    await scene.opened()
    await scene.add("2")
    page = await scene.pay("50", "terminal", "slip 7")
    assert (page.sold, page.due, [one.method for one in page.paid]) == (
        "",
        "$20.00",
        ["Card terminal"],
    )
    assert [one.words for one in page.notes] == ["$50.00", "$100.00"]

    page = await scene.pay("100")

    assert (page.change, page.paid, page.due) == ("$80.00", [], "")
    assert scene.balance(Account.TERMINAL_CLEARING) == 50_00
    assert scene.balance(Account.CASH_DRAWER) == 120_00


async def test_tickets_and_parts_are_taken_back_one_by_one(scene: Scene) -> None:
    await scene.opened()
    await scene.add("3")
    await scene.pay("10")
    page = await scene.step("remove_last")
    assert (page.due, len(page.lines)) == ("$105.00", 3)
    page = await scene.step("remove_last")
    assert (page.due, len(page.lines)) == ("$70.00", 2)
    await scene.pipeline.send(scene.tab, TillState.remove, key=page.lines[0].key)
    page = await scene.step("clear")

    assert (page.lines, page.codes.count(".")) == ([], 18)


@pytest.mark.parametrize(
    ("typed", "marked", "code"),
    [
        ("X", "", "till_typed_unreadable"),
        ("0", "", "till_typed_too_many"),
        ("19", "", "no_seats_together"),
        ("", "999", "till_typed_too_many"),
        ("1A1C", "0 1 2", "till_typed_unreadable"),
        ("G", "", "comp_reason_missing"),
    ],
)
async def test_a_refusal_holds_nothing(scene: Scene, typed: str, marked: str, code: str) -> None:
    await scene.opened()

    page = await scene.add(typed, marked)

    words = SENTENCES[code].partition(" {")[0].partition(":")[0]
    assert words in page.problem
    assert (page.lines, page.codes.count("m")) == ([], 0)


async def test_a_complimentary_ticket_needs_a_reason_and_no_money(scene: Scene) -> None:
    await scene.opened()
    page = await scene.add("2G", reason="press")
    assert page.total == "$0.00"

    page = await scene.pay()

    assert len(page.sold) == 6
    assert scene.balance(Account.CASH_DRAWER) == 100_00


async def test_a_clerk_asks_a_second_person_who_gives_from_another_session(scene: Scene) -> None:
    parts = scene.parts
    giver = scene.pipeline.client(
        sign_in(parts.database, Role.MANAGER, at=parts.clock.now(), email="rosa@desk.example")
    )
    scene.tab = scene.pipeline.client(
        sign_in(parts.database, Role.BOX_OFFICE, at=parts.clock.now(), email="vic@desk.example")
    )
    await scene.opened()
    page = await scene.add("2G", reason="press")
    assert (page.lines, page.codes.count("h")) == ([], 2)
    assert page.done.startswith("A second person is asked for 2 complimentary tickets: Stalls")
    await scene.pipeline.send(scene.tab, ShiftsState.load, "/box-office/shifts/")
    own = await scene.pipeline.state(scene.tab, ShiftsState)
    assert own.gifts[0].refusal == "A manager decides this."
    assert isinstance(scene.parts.clock, FrozenClock)
    scene.parts.clock.advance(timedelta(minutes=2))

    await scene.pipeline.send(giver, ShiftsState.load, "/box-office/shifts/")
    shown = await scene.pipeline.state(giver, ShiftsState)
    assert (shown.gifts[0].reason, "7 days" in shown.gifts[0].refusal) == ("Press", False)
    await scene.pipeline.send(giver, ShiftsState.give, gift_id=shown.gifts[0].id)

    shown = await scene.pipeline.state(giver, ShiftsState)
    assert (shown.gifts, shown.done[:6], shown.problem) == ([], "Given:", "")
    assert list(scene.shop.made.states().values()) == [SeatState.SOLD] * 2


async def test_declined_tickets_are_free_and_paid_ones_are_no_gift(scene: Scene) -> None:
    parts = scene.parts
    giver, scene.tab = (
        scene.tab,
        scene.pipeline.client(
            sign_in(parts.database, Role.BOX_OFFICE, at=parts.clock.now(), email="vic@desk.example")
        ),
    )
    await scene.opened()
    page = await scene.add("1A1G", reason="press")
    assert page.problem == SENTENCES["gift_alone"]
    await scene.add("1G", reason="sponsor")
    await scene.pipeline.send(giver, ShiftsState.load, "/box-office/shifts/")
    shown = await scene.pipeline.state(giver, ShiftsState)
    await scene.pipeline.send(giver, ShiftsState.decline, gift_id=shown.gifts[0].id)

    shown = await scene.pipeline.state(giver, ShiftsState)
    assert (shown.gifts, shown.problem) == ([], "")
    assert scene.shop.made.states() == {}


async def test_a_patron_is_chosen_before_or_after_the_tickets(scene: Scene) -> None:
    desk = scene.shop.desk
    patron = desk.patron("mara@example.com", "Mara", "Okonkwo")
    await scene.opened()
    await scene.pipeline.send(scene.tab, TillPatronState.ask, words="oko")
    found = await scene.pipeline.state(scene.tab, TillPatronState)
    assert [one.words for one in found.found] == ["Mara Okonkwo"]
    await scene.add("1")
    picked = {"name": found.found[0].name, "words": ""}
    await scene.pipeline.send(scene.tab, TillPatronState.pick, **picked)

    page = await scene.page()
    assert page.patron == f"Mara Okonkwo ({patron.number})"
    page = await scene.pay()

    with scene.parts.database.reading() as session:
        assert [one.reference for one in orders.of_patron(session, patron.id)] == [page.sold]
    assert (page.patron, page.alerts) == ("", [])


async def test_a_training_sells_nothing_and_counts_right(scene: Scene) -> None:
    await scene.opened(training="on")
    before = scene.shop.desk.dump()
    page = await scene.add("2A1C")
    assert (page.is_training, page.total, len(page.lines)) == (True, "$82.00", 3)
    again = await scene.add("9")
    assert len(again.lines) == 12
    page = await scene.add("5")
    assert page.problem
    assert scene.shop.desk.dump() == before
    for line in again.lines[3:]:
        await scene.pipeline.send(scene.tab, TillState.remove, key=line.key)
    page = await scene.pay("100")

    assert (page.sold, page.change, len(page.printed)) == (TRAINING, "$18.00", 3)
    after = scene.shop.desk.dump()
    assert {name for name in after if after[name] != before[name]} == {"till_shift"}
    await scene.pipeline.send(scene.tab, ShiftDialogState.ask_close)
    dialog = await scene.fill(ShiftDialogState.end, amount="182")
    assert [row.name for row in dialog.rows if row.is_sum][-1] == "Nothing over or short"
    assert scene.balance(Account.CASH_DRAWER) == 0


async def test_a_shift_moves_cash_and_closes_by_a_blind_count(scene: Scene) -> None:
    await scene.opened()
    await scene.add("2")
    await scene.pay()
    await scene.pipeline.send(scene.tab, ShiftDialogState.ask_move)
    dialog = await scene.fill(ShiftDialogState.move_cash, kind="paid_out", amount="12.40")
    assert dialog.errors["reason"] == SENTENCES["move_reason_missing"]
    await scene.fill(ShiftDialogState.move_cash, kind="paid_out", amount="12.40", reason="Lamps")
    await scene.pipeline.send(scene.tab, ShiftDialogState.ask_close)
    dialog = await scene.fill(ShiftDialogState.end, amount="many")
    assert dialog.errors["amount"]

    dialog = await scene.fill(ShiftDialogState.end, amount="156.20", terminal="0")

    assert dialog.dialog == "shift_report"
    assert [(row.name, row.amount) for row in dialog.rows] == [
        ("Float", "$100.00"),
        ("Cash", "$70.00"),
        ("Paid out", "-$12.40"),
        ("Cash expected", "$157.60"),
        ("Cash counted", "$156.20"),
        ("Short", "$1.40"),
        ("Terminal expected", "$0.00"),
        ("Terminal counted", "$0.00"),
        ("Nothing over or short", "$0.00"),
    ]
    page = await scene.page()
    assert (page.shown, page.tills[0].by) == ("closed", "")
    assert scene.balance(Account.OVER_SHORT) == 1_40


async def test_a_clerk_does_not_see_what_the_count_is_compared_to(scene: Scene) -> None:
    at = scene.parts.clock.now()
    scene.tab = scene.pipeline.client(
        sign_in(scene.parts.database, Role.BOX_OFFICE, at=at, email="vic@desk.example", name="Vic")
    )
    await scene.opened()
    await scene.add("2")
    await scene.pay()

    await scene.pipeline.send(scene.tab, ShiftDialogState.ask_report)

    dialog = await scene.pipeline.state(scene.tab, ShiftDialogState)
    assert [row.name for row in dialog.rows] == ["Float", "Cash"]
    assert dialog.rows[1].amount == ""


async def test_a_sale_ends_with_its_shift(scene: Scene) -> None:
    """A second tab of the same person closes the shift under a sale."""
    await scene.opened()
    await scene.add("2")
    other = scene.pipeline.client(scene.tab.cookie)
    first, scene.tab = scene.tab, other
    await scene.at()
    await scene.pipeline.send(scene.tab, ShiftDialogState.ask_close)
    await scene.fill(ShiftDialogState.end, amount="100")
    scene.tab = first

    page = await scene.pay()

    assert page.problem == SENTENCES["shift_closed"]
    assert (page.sold, page.codes.count("h"), page.codes.count("m")) == ("", 0, 2)
    assert scene.shop.made.states() == {}


async def test_tills_are_added_renamed_retired_and_a_shift_is_closed_for_another(
    scene: Scene,
) -> None:
    await scene.opened()
    await scene.pipeline.send(scene.tab, ShiftsState.load, "/box-office/shifts/")
    await scene.pipeline.send(scene.tab, TillDialogState.ask_add)
    await scene.fill(TillDialogState.add, TillDialogState, name="Bar")
    page = await scene.pipeline.state(scene.tab, ShiftsState)
    assert [(one.name, bool(one.shift)) for one in page.tills] == [("Bar", False), ("Foyer", True)]
    bar, foyer = page.tills
    await scene.pipeline.send(scene.tab, TillDialogState.ask_rename, till_id=bar.id)
    await scene.fill(TillDialogState.rename, TillDialogState, name="Foyer")
    dialog = await scene.pipeline.state(scene.tab, TillDialogState)
    assert dialog.refusal == SENTENCES["till_name_taken"]
    await scene.fill(TillDialogState.rename, TillDialogState, name="Door")
    await scene.pipeline.send(scene.tab, TillDialogState.ask_close, shift_id=foyer.shift)
    await scene.fill(TillDialogState.close_left, TillDialogState, amount="100")
    await scene.pipeline.send(scene.tab, TillDialogState.ask_retire, till_id=foyer.id)
    await scene.fill(TillDialogState.retire, TillDialogState)

    page = await scene.pipeline.state(scene.tab, ShiftsState)
    assert [one.name for one in page.tills] == ["Door"]
    assert [(one.name, one.result) for one in page.shifts] == [("Foyer, no. 1", "Exact")]


async def test_an_order_is_found_handed_out_and_printed_as_a_duplicate(scene: Scene) -> None:
    await scene.opened()
    await scene.add("2")
    sold = (await scene.pay()).sold
    await scene.pipeline.send(scene.tab, TillOrderState.ask, words=sold)
    found = await scene.pipeline.state(scene.tab, TillOrderState)
    assert [one.words for one in found.found] == [sold]

    await scene.pipeline.send(scene.tab, TillOrderState.pick, name=found.found[0].name, words="")

    order = await scene.pipeline.state(scene.tab, TillOrderState)
    assert [(one.state, one.is_chosen) for one in order.tickets] == [("Valid", True)] * 2
    await scene.pipeline.send(scene.tab, TillOrderState.hand_out, is_out=True)
    order = await scene.pipeline.state(scene.tab, TillOrderState)
    assert ([one.state for one in order.tickets], order.is_out) == (["Handed out"] * 2, True)
    await scene.pipeline.send(scene.tab, TillOrderState.hand_out, is_out=False)
    order = await scene.pipeline.state(scene.tab, TillOrderState)
    assert [one.state for one in order.tickets] == ["Valid"] * 2

    await scene.pipeline.send(scene.tab, TillOrderState.print_again)

    page = await scene.page()
    assert [one.mark for one in page.printed] == ["DUPLICATE"] * 2
    assert all(one.code.startswith("<svg") for one in page.printed)


async def test_who_comes_on_the_day_is_handed_the_tickets_at_once(scene: Scene) -> None:
    await scene.opened()
    await scene.add("2")
    sold = (await scene.pay()).sold
    starts_at = scene.parts.clock.now() + timedelta(days=277)
    scene.shop.desk.clock.set(starts_at.replace(hour=22))
    cookie = sign_in(
        scene.parts.database, Role.OWNER, at=scene.parts.clock.now(), email="late@desk.example"
    )
    scene.tab = scene.pipeline.client(cookie)
    await scene.at()

    await scene.pipeline.send(scene.tab, TillOrderState.scan, text=sold.lower())

    order = await scene.pipeline.state(scene.tab, TillOrderState)
    assert [one.state for one in order.tickets] == ["Handed out"] * 2
    assert (await scene.page()).done == "2 tickets handed out."


async def test_a_scanned_ticket_is_exchanged_by_two_presses_of_enter(scene: Scene) -> None:
    await scene.opened()
    await scene.add("2A1C")
    page = await scene.pay()
    with scene.parts.database.reading() as session:
        order = orders.by_reference(session, page.sold)
    ticket = next(one for one in order.tickets if one.type_id == scene.shop.child)
    code = scene.parts.ticket_keys.draw(
        ticket_id=ticket.id, version=1, performance_id=ticket.performance_id
    )
    await scene.pipeline.send(scene.tab, TillOrderState.scan, text=code)
    await scene.pipeline.send(scene.tab, TillOrderState.act, name="exchange")
    page = await scene.page()
    assert page.exchange == f"{order.reference}: 1 ticket, $12.00 paid"

    page = await scene.add("")
    assert ([one.type for one in page.lines], page.due, page.is_back) == (["Child"], "$0.00", False)
    await scene.step("remove_last")
    page = await scene.add("A")
    assert (page.due, page.is_back) == ("$23.00", False)
    page = await scene.pay("50")

    assert (page.sold, page.change, page.exchange) == (order.reference, "$27.00", "")
    with scene.parts.database.reading() as session:
        order = orders.by_reference(session, page.sold)
    assert (order.total, len(order.valid)) == (3 * ADULT, 3)
    assert scene.balance(Account.CASH_DRAWER) == 100_00 + 3 * ADULT


async def test_what_an_exchange_gives_back_leaves_the_drawer(scene: Scene) -> None:
    await scene.opened()
    await scene.add("1")
    page = await scene.pay()
    await scene.pipeline.send(scene.tab, TillOrderState.scan, text=page.sold)
    await scene.pipeline.send(scene.tab, TillOrderState.act, name="exchange")

    page = await scene.add("C")
    assert (page.due, page.is_back) == ("$23.00", True)
    assert (page.settles, page.back) == ("Give back $23.00", "$23.00 in cash")
    page = await scene.pay()

    assert (page.deed, page.change, page.back) == ("Exchanged", "$23.00", "")
    assert scene.balance(Account.CASH_DRAWER) == 100_00 + CHILD


async def test_what_a_card_has_paid_is_not_handed_out_in_cash(scene: Scene) -> None:
    await scene.opened()
    await scene.add("1")
    page = await scene.pay(method="terminal")
    await scene.pipeline.send(scene.tab, TillOrderState.scan, text=page.sold)
    await scene.pipeline.send(scene.tab, TillOrderState.act, name="exchange")

    page = await scene.add("C")
    assert page.back == "$23.00 by the card terminal"
    page = await scene.pay()

    assert (page.deed, page.change) == ("Exchanged", "")
    assert page.back == "$23.00 by the card terminal"
    assert scene.balance(Account.CASH_DRAWER) == 100_00
    page = await scene.step("clear")
    assert (page.sold, page.back) == ("", "")


async def test_tickets_are_returned_with_a_reason(scene: Scene) -> None:
    await scene.opened()
    await scene.add("2")
    page = await scene.pay()
    await scene.pipeline.send(scene.tab, TillOrderState.scan, text=page.sold)
    order = await scene.pipeline.state(scene.tab, TillOrderState)
    first = order.tickets[0].id
    await scene.pipeline.send(scene.tab, TillOrderState.choose_ticket, ticket_id=first)
    await scene.pipeline.send(scene.tab, TillOrderState.act, name="return")

    await scene.fill(TillReturnState.give_back, TillReturnState, reason="Ill")

    page, order = await scene.page(), await scene.pipeline.state(scene.tab, TillOrderState)
    assert page.done == "Returned. To give back: $35.00 in cash."
    assert [one.state for one in order.tickets] == ["Valid", "Returned"]
    assert scene.balance(Account.CASH_DRAWER) == 100_00 + ADULT
    assert page.codes.count("s") == 1


@pytest.mark.parametrize("text", ["ZZ-ZZZ", "1" * 212, "", "x" * 900])
async def test_what_is_no_order_is_said(scene: Scene, text: str) -> None:
    await scene.opened()

    await scene.pipeline.send(scene.tab, TillOrderState.scan, text=text)

    assert (await scene.page()).problem in (SENTENCES["order_unknown"], SENTENCES["ticket_unknown"])


@pytest.mark.parametrize("training", ["", "on"])
async def test_a_sale_is_parked_and_taken_up_again(scene: Scene, training: str) -> None:
    await scene.opened(training=training)
    await scene.add("2")
    await scene.pipeline.send(scene.tab, TillParkedState.park, label="Red coat")
    page = await scene.page()
    assert (page.lines, page.done) == ([], "Parked: Red coat.")
    parked = await scene.pipeline.state(scene.tab, TillParkedState)
    assert [(one.label, one.tickets) for one in parked.parked] == [("Red coat", "2 tickets")]
    await scene.add("1")
    await scene.pay()

    await scene.pipeline.send(scene.tab, TillParkedState.park, label="")

    parked = await scene.pipeline.state(scene.tab, TillParkedState)
    page = await scene.page()
    assert (parked.parked, len(page.lines), page.due) == ([], 2, "$70.00")
    page = await scene.pay()
    assert page.sold
