"""The list of orders, the page of one, and what is done from there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from tests.support.factories import Desk
from tests.support.houses import seat
from tests.support.pipeline import Client, Pipeline, sign_in
from tests.support.shop import INA, Shop, open_shop
from tests.support.visitor import OURS
from upstage_crm.admin.orders import ticket_printing
from upstage_crm.admin.orders.dialog_state import OrderDialogState
from upstage_crm.admin.orders.list_state import OrderListState
from upstage_crm.admin.orders.order_reveal_state import OrderRevealState
from upstage_crm.admin.orders.order_state import OrderRecordState
from upstage_crm.admin.orders.seat_dialog_state import CHOOSE_SEAT, SeatDialogState
from upstage_crm.admin.orders.url import print_href
from upstage_crm.admin.patron_list.list_state import PatronListState
from upstage_crm.admin.patrons.record_state import PatronRecordState
from upstage_crm.admin.patrons.tabs.orders_tab import OrdersTabState
from upstage_crm.audit.events import Action
from upstage_crm.core.clock import FrozenClock
from upstage_crm.orders.files.ticket_code import DIGITS
from upstage_crm.orders.views import OrderView, TicketState
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role
from upstage_crm.wiring import Runtime

A1, A2 = seat("A", 1), seat("A", 2)


@dataclass
class Scene:
    """A shop with one order of two seats, sold to a guest."""

    shop: Shop
    pipeline: Pipeline
    order: OrderView

    cookies: dict[Role, str] = field(default_factory=dict[Role, str])

    def tab(self, role: Role = Role.OWNER) -> Client:
        desk = self.shop.desk
        if role not in self.cookies:
            email = f"{role.value}@desk.example"
            self.cookies[role] = sign_in(desk.database, role, at=desk.now, email=email)
        return self.pipeline.client(self.cookies[role])

    async def at(self, tab: Client, path: str = "") -> Any:
        await self.pipeline.send(
            tab, OrderRecordState.load, path or f"/orders/{self.order.reference}/"
        )
        return await self.page(tab)

    async def listed(self, tab: Client, path: str = "/orders/") -> Any:
        await self.pipeline.send(tab, OrderListState.load, path)
        return await self.pipeline.state(tab, OrderListState)

    async def page(self, tab: Client) -> Any:
        return await self.pipeline.state(tab, OrderRecordState)

    async def dialog(self, tab: Client) -> Any:
        return await self.pipeline.state(tab, OrderDialogState)

    async def fill(self, tab: Client, handler: Any, **texts: str) -> Any:
        opened = await self.dialog(tab)
        carried = {"subject": opened.subject, "opening": str(opened.opening)}
        await self.pipeline.send(tab, handler, form=carried | texts)
        return await self.dialog(tab)

    async def ask(self, role: Role, reference: str = "", origin: str = OURS) -> httpx.Response:
        """Ask for the tickets on paper."""
        self.tab(role)
        transport = httpx.ASGITransport(app=Starlette(routes=ticket_printing.ROUTES))
        async with httpx.AsyncClient(transport=transport, base_url=OURS) as client:
            headers = {"cookie": self.cookies[role], "origin": origin}
            path = print_href(reference or self.order.reference)
            return await client.post(path, headers=headers)

    def now(self) -> OrderView:
        return self.shop.order(self.order.id)


@pytest.fixture
def scene(made: Runtime, clock: FrozenClock, pipeline: Pipeline) -> Scene:
    shop = open_shop(Desk(made.database, clock))
    return Scene(shop, pipeline, shop.sold(A1, A2))


async def test_the_list_shows_orders_and_is_narrowed(scene: Scene) -> None:
    page = await scene.listed(scene.tab())
    (row,) = page.rows
    assert (row.reference, row.name, row.tickets) == (scene.order.reference, INA.name, "2")
    assert "" not in (row.event, row.when, row.total)
    assert page.count == "1 order"
    chosen = await scene.listed(scene.tab(), f"/orders/?performance={scene.shop.performance}")
    assert [choice[0] for choice in chosen.performances] == [scene.shop.performance]

    for query, found in (
        ("q=ina", 1),
        (f"q={scene.order.reference}", 1),
        ("q=nobody", 0),
        (f"performance={scene.shop.performance}", 1),
        ("performance=none", 0),
        ("channel=portal", 0),
        ("channel=box_office", 1),
        ("when=today", 1),
        ("when=dates&from=1999-01-01&to=1999-12-31", 0),
    ):
        assert len((await scene.listed(scene.tab(), f"/orders/?{query}")).rows) == found, query


async def test_a_long_list_is_paged_by_key(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OrderListState, "size", 2)
    sold = [scene.shop.sold(seat("B", n)).reference for n in range(1, 5)]
    newest = [*sold[::-1], scene.order.reference]
    tab = scene.tab()
    seen: list[str] = []
    page = await scene.listed(tab)
    while True:
        seen += [row.reference for row in page.rows]
        if not page.has_next:
            break
        await scene.pipeline.send(tab, OrderListState.next_page)
        page = await scene.pipeline.state(tab, OrderListState)
    assert seen == newest
    assert page.summary == "5–5 of 5"
    await scene.pipeline.send(tab, OrderListState.previous_page)
    page = await scene.pipeline.state(tab, OrderListState)
    assert [row.reference for row in page.rows] == newest[2:4]
    await scene.pipeline.send(tab, OrderListState.previous_page)
    page = await scene.pipeline.state(tab, OrderListState)
    assert [row.reference for row in page.rows] == newest[:2]
    assert not page.has_previous


async def test_an_order_is_shown_with_tickets_steps_and_money(scene: Scene) -> None:
    page = await scene.at(scene.tab())
    record = page.record
    assert page.shown == "order"
    assert [one.place for one in record.tickets] == [
        "Stalls, row A, seat 1",
        "Stalls, row A, seat 2",
    ]
    assert {one.key: one.value for one in record.contact}["email"] == INA.email
    assert [one.words.partition(":")[0] for one in record.steps] == ["Sold"]
    assert [one.words for one in record.money] == ["Card terminal"]
    assert (record.owed, record.given_back, record.patron) == ("", "", "")
    assert record.claim.startswith("Bought as a guest")
    assert (page.may_refund, page.may_sell, page.can_return) == (True, True, True)

    assert (await scene.at(scene.tab(), "/orders/00-000/")).shown == "missing"
    reader = await scene.at(scene.tab(Role.READ_ONLY))
    assert (reader.may_refund, reader.may_sell) == (False, False)
    assert {one.key: one.value for one in reader.record.contact}["email"] == "i•••@example.org"
    assert not any(one.can_reveal for one in reader.record.contact)


async def test_tickets_are_taken_back_and_the_amount_is_said_before(scene: Scene) -> None:
    tab = scene.tab()
    await scene.at(tab)
    await scene.pipeline.send(tab, OrderDialogState.open_return)
    dialog = await scene.dialog(tab)
    first = f"ticket-{dialog.choices[0].id}"
    assert len(dialog.choices) == 2

    typed = {"draft": dialog.draft_of, first: "on", "money": "now"}
    carried = {"subject": dialog.subject, "opening": str(dialog.opening)}
    await scene.pipeline.send(tab, OrderDialogState.keep, form=carried | typed)
    lines = (await scene.dialog(tab)).lines
    assert lines[0].startswith("1 ticket: ")
    assert lines[0].endswith("35.00 goes back.")
    assert "Card terminal" in lines[1]

    assert (await scene.fill(tab, OrderDialogState.take_back, **{first: "on"})).reason_error
    dialog = await scene.fill(tab, OrderDialogState.take_back, money="now", reason="cannot_come")
    assert dialog.refusal == "Choose at least one ticket."
    await scene.fill(
        tab, OrderDialogState.take_back, money="now", reason="cannot_come", **{first: "on"}
    )
    assert [one.state for one in scene.now().tickets] == [TicketState.RETURNED, TicketState.VALID]
    page = await scene.page(tab)
    assert page.done.startswith("1 ticket taken back.")
    assert page.record.given_back


async def test_what_is_owed_is_given_back_later(scene: Scene) -> None:
    tab = scene.tab()
    await scene.at(tab)
    await scene.pipeline.send(tab, OrderDialogState.open_return)
    boxes = {f"ticket-{one.id}": "on" for one in scene.order.tickets}
    await scene.fill(tab, OrderDialogState.take_back, money="later", reason="cannot_come", **boxes)
    page = await scene.page(tab)
    assert page.record.owed.endswith("70.00")
    assert not page.can_return

    await scene.pipeline.send(tab, OrderDialogState.open_give_back)
    assert (await scene.dialog(tab)).owed == "70.00"
    for amount in ("71.00", "0", "-1", "lots"):
        dialog = await scene.fill(
            tab, OrderDialogState.give_back, amount=amount, reason="cannot_come"
        )
        assert dialog.amount_error, amount
    dialog = await scene.fill(tab, OrderDialogState.give_back, amount="70.00", reason=" ")
    assert dialog.reason_error
    assert not dialog.amount_error
    await scene.fill(tab, OrderDialogState.give_back, amount="70.00", reason="cannot_come")
    page = await scene.page(tab)
    assert page.record.owed == ""
    assert [one.is_refund for one in page.record.money] == [False, True]


async def test_a_ticket_is_issued_again(scene: Scene) -> None:
    tab = scene.tab(Role.BOX_OFFICE)
    await scene.at(tab)
    await scene.pipeline.send(tab, OrderDialogState.open_reissue)
    first = f"ticket-{scene.order.tickets[0].id}"
    await scene.fill(tab, OrderDialogState.reissue, reason="lost", **{first: "on"})

    assert [one.code_version for one in scene.now().tickets] == [2, 1]
    record = (await scene.page(tab)).record
    assert record.steps[0].words == "Issued again"
    assert record.steps[0].reason == "Tickets were lost"


async def test_tickets_of_what_has_begun_are_not_offered(scene: Scene) -> None:
    scene.shop.desk.clock.advance(timedelta(days=400))
    page = await scene.at(scene.tab())
    assert not page.can_return


async def test_a_masked_value_is_shown_for_a_reason(scene: Scene) -> None:
    tab = scene.tab(Role.MARKETING)
    contact = scene.shop.sell(
        scene.shop.filled(seat("C", 3)), contact=INA.__class__(name="Ola", phone="+12125550199")
    )
    await scene.at(tab, f"/orders/{contact.reference}/")
    await scene.pipeline.send(tab, OrderRevealState.open, field="phone", subject=contact.reference)
    opened = await scene.pipeline.state(tab, OrderRevealState)
    form = {"subject": opened.subject, "opening": str(opened.opening), "reason": "They rang"}
    await scene.pipeline.send(tab, OrderRevealState.reveal, form=form)

    shown = {one.key: one for one in (await scene.page(tab)).record.contact}
    assert shown["phone"].value == "(212) 555-0199"
    assert Action.VALUE_REVEALED in scene.shop.desk.actions()
    await scene.pipeline.send(tab, OrderRecordState.hide, field="phone", subject=contact.reference)
    shown = {one.key: one for one in (await scene.page(tab)).record.contact}
    assert shown["phone"].value == "••• 99"


async def test_a_record_has_its_orders_in_a_tab_the_coming_ones_first(scene: Scene) -> None:
    shop, desk = scene.shop, scene.shop.desk
    patron = desk.patron()
    past = shop.order(shop.sell(shop.filled(seat("B", 1), patron_id=patron.id)).order_id)
    shop.take_back(past, past.tickets[0].id, is_refunded=False)
    ahead = shop.sell(shop.filled(seat("B", 2), seat("B", 3), patron_id=patron.id))
    tab = scene.tab()
    await scene.pipeline.send(tab, PatronRecordState.load, f"/patrons/{patron.number}/?tab=orders")

    shown = await scene.pipeline.state(tab, OrdersTabState)
    assert [row.reference for row in shown.ahead] == [ahead.reference]
    assert [row.reference for row in shown.past] == [past.reference]
    assert shown.tickets == "2 tickets"
    assert shown.open == [f"{_money(35)} is owed for order {past.reference}."]
    record = await scene.pipeline.state(tab, PatronRecordState)
    assert {one.label: one.count for one in record.tabs}["Orders"] == "2"


async def test_the_patron_list_finds_whose_order_a_reference_is(scene: Scene) -> None:
    shop = scene.shop
    patron = shop.desk.patron()
    sold = shop.sell(shop.filled(seat("B", 1), patron_id=patron.id))
    tab = scene.tab()
    await scene.pipeline.send(tab, PatronListState.load, f"/patrons/?q={sold.reference}")

    rows = (await scene.pipeline.state(tab, PatronListState)).rows
    assert [row.number for row in rows] == [str(patron.number)]


def _money(units: int) -> str:
    return f"${units}.00"


async def test_tickets_are_printed_again_as_duplicates(scene: Scene) -> None:
    desk = scene.shop.desk
    answer = await scene.ask(Role.BOX_OFFICE)
    assert answer.status_code == 200
    assert answer.content.startswith(b"%PDF")
    assert answer.headers["cache-control"] == "no-store"
    line = desk.lines(action=Action.TICKETS_PRINTED_AGAIN)[-1]
    assert (line.facts["order"], line.facts["tickets"]) == (scene.order.reference, 2)

    facts = desk.read(lambda s: ticket_printing.facts_of(s, scene.now()))
    assert [one.is_duplicate for one in facts] == [True, True]
    assert [one.seat for one in facts] == [one.place for one in scene.order.tickets]
    assert len({one.code for one in facts}) == 2
    assert {len(one.code) for one in facts} == {DIGITS}


async def test_tickets_are_printed_for_who_sells_alone(scene: Scene) -> None:
    before = scene.shop.desk.actions()
    for role in Role:
        if Permission.SELL_TICKETS not in PERMISSIONS[role]:
            assert (await scene.ask(role)).status_code == 404, role
    assert (await scene.ask(Role.OWNER, "00-000")).status_code == 404
    assert (await scene.ask(Role.OWNER, origin="https://evil.example")).status_code == 403
    scene.shop.take_back(scene.order, *(one.id for one in scene.order.tickets))
    answer = await scene.ask(Role.OWNER)
    assert answer.status_code == 409
    assert "No ticket of this order is valid." in answer.text
    assert Action.TICKETS_PRINTED_AGAIN not in scene.shop.desk.actions()
    assert Action.TICKETS_PRINTED_AGAIN not in before


async def test_another_seat_is_proposed_and_withdrawn(scene: Scene) -> None:
    tab, other = scene.tab(), seat("B", 1)
    assert (await scene.at(tab)).can_move
    await scene.pipeline.send(tab, SeatDialogState.open_propose)
    dialog = await scene.pipeline.state(tab, SeatDialogState)
    assert (other, "Stalls, row B, seat 1") in dialog.seats
    assert not {A1, A2} & {key for key, _words in dialog.seats}

    async def ask(**typed: str) -> Any:
        opened = await scene.pipeline.state(tab, SeatDialogState)
        carried = {"subject": opened.subject, "opening": str(opened.opening)}
        await scene.pipeline.send(tab, SeatDialogState.propose, form=carried | typed)
        return await scene.pipeline.state(tab, SeatDialogState)

    ticket = scene.order.tickets[1].id
    assert (await ask(ticket=ticket, reason="broken")).seat_error == CHOOSE_SEAT
    assert (await ask(ticket=ticket, seat=other)).reason_error
    assert (await ask(ticket=ticket, seat=A1, reason="broken")).seat_error
    assert (await ask(ticket=ticket, seat=other, reason="broken")).dialog == ""

    newest = (await scene.page(tab)).record.steps[0]
    assert newest.words == (
        "Another seat proposed: Stalls, row B, seat 1 for Stalls, row A, seat 2"
    )
    assert newest.answer.startswith("No answer yet. The seat is held until ")
    assert [one.seat_id for one in scene.now().valid] == [A1, A2]

    reader = scene.tab(Role.READ_ONLY)
    await scene.at(reader)
    reference = scene.order.reference
    told = {"offer_id": newest.offer_id, "subject": reference}
    await scene.pipeline.send(reader, OrderRecordState.withdraw_seat, **told)
    assert (await scene.at(tab)).record.steps[0].offer_id, "who may not sell withdraws nothing"

    await scene.pipeline.send(tab, OrderRecordState.withdraw_seat, **told)
    newest = (await scene.page(tab)).record.steps[0]
    assert (newest.answer, newest.offer_id) == ("Taken back.", "")
