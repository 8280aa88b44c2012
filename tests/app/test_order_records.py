"""What staff do with one order besides returns and exchanges, and how they find it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.factories import Desk, together, unchanged
from tests.support.houses import seat
from tests.support.shop import ADULT, INA, Shop, open_shop
from upstage_crm.audit.events import Action
from upstage_crm.core.errors import Forbidden
from upstage_crm.ledger.views import Account
from upstage_crm.orders import order_refunds
from upstage_crm.orders.errors import (
    MoreThanOwed,
    NothingToReturn,
    NoValidTicket,
    ReasonMissing,
    RefundAboveLimit,
    ShiftMissing,
    TicketNotValid,
    UnknownOrder,
    UnknownTicket,
)
from upstage_crm.orders.records import (
    contact_reveals,
    money_back,
    order_list,
    order_money,
    patron_orders,
    ticket_copies,
)
from upstage_crm.orders.records.order_list import OrderFilter, OrderPage
from upstage_crm.orders.records.order_money import OrderMoney
from upstage_crm.orders.views import Contact, OrderReason, OrderView, StepKind, Tender
from upstage_crm.patrons import marks
from upstage_crm.patrons.errors import PatronIsProtected, RevealReasonMissing, UnknownField
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.payments.errors import NothingToPay
from upstage_crm.payments.views import Method, RefundState
from upstage_crm.programme.prices.views import SaleChannel
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role

A1, A2, A3, B1 = seat("A", 1), seat("A", 2), seat("A", 3), seat("B", 1)


@pytest.fixture
def shop(desk: Desk) -> Shop:
    return open_shop(desk)


def money(shop: Shop, order: OrderView) -> OrderMoney:
    return shop.desk.read(lambda s: order_money.of_order(s, shop.order(order.id)))


def give_back(shop: Shop, order: OrderView, amount: int, **how: Any) -> money_back.GivenBack:
    given = {"reason": OrderReason.CANNOT_COME.value, "key": "once", **how}
    return shop.act(
        lambda c: money_back.give_back(c, shop.seller, order_id=order.id, amount=amount, **given)
    )


def reissue(shop: Shop, order: OrderView, *ticket_ids: str, **how: Any) -> int:
    given = {"reason": OrderReason.LOST.value, "key": f"again-{'-'.join(ticket_ids)}", **how}
    return shop.act(
        lambda c: ticket_copies.reissue(
            c, shop.seller, order_id=order.id, ticket_ids=ticket_ids, **given
        )
    )


def clerk(shop: Shop, role: Role, name: str = "Vic") -> Shop:
    member = shop.desk.staff(name, role)
    return replace(shop, clerk=member, seller=replace(shop.seller, actor=member))


def protect(shop: Shop, patron: PatronRecord) -> None:
    shop.desk.act(shop.desk.owner, marks.protect, patron_id=patron.id, reason="A public person")


def without(permission: Permission) -> list[Role]:
    return [role for role in Role if permission not in PERMISSIONS[role]]


# --- money --------------------------------------------------------------------------------------


def test_what_is_owed_is_given_back_later_and_in_parts(shop: Shop) -> None:
    order = shop.sold(A1, A2)
    shop.take_back(order, order.tickets[0].id, is_refunded=False)
    assert money(shop, order).owed == ADULT

    assert give_back(shop, order, 1_000).amount == 1_000
    left = money(shop, order)
    assert (left.paid, left.given_back, left.on_its_way, left.owed) == (
        2 * ADULT,
        1_000,
        0,
        ADULT - 1_000,
    )
    give_back(shop, order, ADULT - 1_000, key="twice")
    assert money(shop, order).owed == 0
    assert shop.balance(Account.REFUNDS_DUE) == 0
    assert shop.balance(Account.TERMINAL_CLEARING) == ADULT
    assert len(shop.order(order.id).valid) == 1


def test_what_a_provider_gives_back_is_on_its_way(shop: Shop) -> None:
    basket = shop.filled(A1)
    order = shop.order(shop.sell(basket, [Tender(method=Method.INVOICE, amount=ADULT)]).order_id)
    shop.take_back(order, order.tickets[0].id, is_refunded=False)

    assert give_back(shop, order, ADULT).on_its_way == ADULT
    found = money(shop, order)
    assert (found.on_its_way, found.owed) == (ADULT, 0)
    assert [one.state for one in found.parts[0].refunds] == [RefundState.PENDING]


def test_the_same_key_gives_money_back_once(shop: Shop) -> None:
    order = shop.sold(A1, A2)
    shop.take_back(order, *(one.id for one in order.tickets), is_refunded=False)
    together(*(lambda: give_back(shop, order, 1_000) for _ in range(4)))

    assert money(shop, order).given_back == 1_000
    assert give_back(shop, order, 1_000).was_done
    assert shop.desk.actions().count(Action.MONEY_GIVEN_BACK) == 1


def test_no_more_goes_back_than_is_owed_however_many_ask(shop: Shop) -> None:
    order = shop.sold(A1)
    shop.take_back(order, order.tickets[0].id, is_refunded=False)
    together(*(lambda key=key: give_back(shop, order, ADULT, key=key) for key in "abcd"))

    assert money(shop, order).given_back == ADULT
    assert shop.balance(Account.REFUNDS_DUE) == 0


def test_money_that_cannot_be_given_back_is_refused(shop: Shop) -> None:
    order = shop.sold(A1)
    desk = shop.desk
    unchanged(desk, lambda: give_back(shop, order, 1), MoreThanOwed)
    shop.take_back(order, order.tickets[0].id, is_refunded=False)

    unchanged(desk, lambda: give_back(shop, order, ADULT + 1), MoreThanOwed)
    unchanged(desk, lambda: give_back(shop, order, 0), NothingToPay)
    unchanged(desk, lambda: give_back(shop, order, -1), NothingToPay)
    unchanged(desk, lambda: give_back(shop, order, 1, reason="just so"), ReasonMissing)
    unchanged(desk, lambda: give_back(shop, replace(order, id="none"), 1), UnknownOrder)


def test_cash_comes_from_the_drawer_of_a_shift(shop: Shop) -> None:
    with_drawer = replace(shop, seller=replace(shop.seller, shift_id="shift"))
    basket = with_drawer.filled(A1)
    paid = [Tender(method=Method.CASH, amount=ADULT)]
    order = with_drawer.order(with_drawer.sell(basket, paid).order_id)
    shop.take_back(order, order.tickets[0].id, is_refunded=False)

    unchanged(shop.desk, lambda: give_back(shop, order, ADULT), ShiftMissing)
    give_back(with_drawer, order, ADULT)
    assert shop.balance(Account.CASH_DRAWER) == 0


@pytest.mark.parametrize("role", without(Permission.REFUND_ORDERS))
def test_who_may_not_refund_gives_no_money_back(shop: Shop, role: Role) -> None:
    order = shop.sold(A1)
    shop.take_back(order, order.tickets[0].id, is_refunded=False)
    other = clerk(shop, role)
    unchanged(shop.desk, lambda: give_back(other, order, 1), Forbidden)


def test_above_the_limit_of_a_role_somebody_else_gives_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_refunds, "MOST_BACK", {Role.BOX_OFFICE: ADULT})
    order, dana = shop.sold(A1, A2, A3), clerk(shop, Role.BOX_OFFICE)
    first, second, third = (one.id for one in order.tickets)

    unchanged(shop.desk, lambda: dana.take_back(order, first, second), RefundAboveLimit)
    dana.take_back(order, first)
    # Several small refunds are no way around it.
    unchanged(shop.desk, lambda: dana.take_back(order, second), RefundAboveLimit)
    dana.take_back(order, second, is_refunded=False)
    unchanged(shop.desk, lambda: give_back(dana, order, 1), RefundAboveLimit)
    give_back(clerk(shop, Role.MANAGER, "Morgan"), order, ADULT)
    shop.take_back(order, third)
    assert shop.balance(Account.TERMINAL_CLEARING) == 0


def test_money_given_back_is_in_the_trail(shop: Shop) -> None:
    order = shop.sold(A1)
    shop.take_back(order, order.tickets[0].id, is_refunded=False)
    give_back(shop, order, 1_000, reason="goodwill")

    facts = shop.desk.lines(action=Action.MONEY_GIVEN_BACK)[-1].facts
    assert facts["order"] == order.reference
    assert facts["reason"] == "goodwill"
    assert "10.00" in str(facts["amount"])


# --- tickets ------------------------------------------------------------------------------------


def test_a_ticket_issued_again_has_a_new_code(shop: Shop) -> None:
    order = shop.sold(A1, A2)
    first = order.tickets[0].id

    assert reissue(shop, order, first) == 1
    assert reissue(shop, order, first) == 1  # the same press
    now = shop.order(order.id)
    assert [one.code_version for one in now.tickets] == [2, 1]
    assert now.steps[-1].kind is StepKind.REISSUE
    assert (now.steps[-1].total, now.total) == (0, 2 * ADULT)
    facts = shop.desk.lines(action=Action.TICKETS_REISSUED)[-1].facts
    assert (facts["order"], facts["tickets"]) == (order.reference, 1)


def test_what_cannot_be_issued_again_is_refused(shop: Shop) -> None:
    order, other = shop.sold(A1), shop.sold(A2)
    ticket, desk = order.tickets[0].id, shop.desk

    unchanged(desk, lambda: reissue(shop, order), NothingToReturn)
    unchanged(desk, lambda: reissue(shop, order, ticket, reason=""), ReasonMissing)
    unchanged(desk, lambda: reissue(shop, order, other.tickets[0].id), UnknownTicket)
    shop.take_back(order, ticket)
    unchanged(desk, lambda: reissue(shop, order, ticket), TicketNotValid)
    unchanged(desk, lambda: print_again(shop, order), NoValidTicket)


def print_again(shop: Shop, order: OrderView) -> OrderView:
    return shop.act(lambda c: ticket_copies.print_again(c, order_id=order.id))


def test_printing_again_is_in_the_trail_and_changes_no_code(shop: Shop) -> None:
    order = shop.sold(A1, A2)

    assert print_again(shop, order) == order
    facts = shop.desk.lines(action=Action.TICKETS_PRINTED_AGAIN)[-1].facts
    assert (facts["order"], facts["tickets"]) == (order.reference, 2)


@pytest.mark.parametrize("role", without(Permission.SELL_TICKETS))
def test_who_may_not_sell_makes_no_copies(shop: Shop, role: Role) -> None:
    order, other = shop.sold(A1), clerk(shop, role)
    unchanged(shop.desk, lambda: print_again(other, order), Forbidden)
    unchanged(shop.desk, lambda: reissue(other, order, order.tickets[0].id), Forbidden)


# --- the contact --------------------------------------------------------------------------------


def test_a_contact_is_masked_as_the_record_is(shop: Shop) -> None:
    contact = Contact(email="ina@example.org", name="Ina Example", phone="+49 30 555 0101")

    def read_by(role: Role, patron_id: str | None = None) -> dict[str, str]:
        access = shop.desk.read(lambda s: contact_reveals.access_to(s, patron_id, role))
        return contact_reveals.seen(contact, access)

    assert read_by(Role.BOX_OFFICE) == contact_reveals.typed(contact)
    assert read_by(Role.AUDITOR) == {
        "name": "Ina Example",
        "email": "i•••@example.org",
        "phone": "••• 01",
    }
    patron = shop.desk.patron()
    protect(shop, patron)
    hidden = read_by(Role.BOX_OFFICE, patron.id)
    assert not set(hidden.values()) & set(contact_reveals.typed(contact).values())
    assert read_by(Role.OWNER, patron.id) == contact_reveals.typed(contact)


def reveal(shop: Shop, order: OrderView, field: str, reason: str = "They rang") -> str:
    return shop.act(
        lambda c: contact_reveals.reveal(c, order_id=order.id, field=field, reason=reason)
    )


def test_a_look_at_a_contact_is_in_the_trail(shop: Shop) -> None:
    order = shop.sold(A1)
    dev = clerk(shop, Role.MARKETING)

    assert reveal(dev, order, "email") == INA.email
    line = shop.desk.lines(action=Action.VALUE_REVEALED)[-1]
    assert line.facts == {"field": "email", "order": order.reference}
    assert line.values == {"reason": "They rang"}
    unchanged(shop.desk, lambda: reveal(dev, order, "email", "x"), RevealReasonMissing)
    unchanged(shop.desk, lambda: reveal(dev, order, "address"), UnknownField)
    for role in without(Permission.REVEAL_VALUE):
        other = clerk(shop, role, f"of-{role.value}")
        unchanged(shop.desk, lambda other=other: reveal(other, order, "email"), Forbidden)


def test_the_contact_of_a_protected_patron_is_for_the_few(shop: Shop) -> None:
    patron = shop.desk.patron()
    order = shop.order(shop.sell(shop.filled(A1, patron_id=patron.id)).order_id)
    protect(shop, patron)

    other = clerk(shop, Role.BOX_OFFICE)
    unchanged(shop.desk, lambda: reveal(other, order, "email"), PatronIsProtected)
    assert reveal(shop, order, "email") == INA.email


# --- the list -----------------------------------------------------------------------------------


def listed(shop: Shop, role: Role = Role.OWNER, **wanted: Any) -> list[str]:
    found = shop.desk.read(
        lambda s: order_list.page(s, OrderFilter(**wanted), size=50, reader=role)
    )
    return [one.reference for one in found.lines]


def test_an_order_is_found_by_reference_ticket_name_and_address(shop: Shop) -> None:
    order = shop.sold(A1)
    shop.sold(A2, contact=Contact(email="other@example.org", name="Ola Berg"))
    spoken = order.reference.replace("-", " ").lower()

    for words in (order.reference, spoken, order.tickets[0].id, "ina", "exam", INA.email.upper()):
        assert listed(shop, text=words) == [order.reference], words
    assert listed(shop, text="nobody") == []
    assert listed(shop, text="%") == []
    assert len(listed(shop)) == 2


def test_an_order_is_found_by_the_record_that_it_is_filed_at(shop: Shop) -> None:
    patron = shop.desk.patron(given_name="Wilhelmina", family_name="Quillfeather")
    sold = shop.sell(shop.filled(A1, patron_id=patron.id), contact=Contact())
    shop.sold(A2)

    assert listed(shop, text="quillf") == [sold.reference]
    assert listed(shop, patron_id=patron.id) == [sold.reference]


def test_what_a_role_may_not_read_finds_no_order(shop: Shop) -> None:
    patron = shop.desk.patron(given_name="Wilhelmina", family_name="Quillfeather")
    sold = shop.sell(shop.filled(A1, patron_id=patron.id))
    protect(shop, patron)

    assert listed(shop, text="ina") == [sold.reference]
    for role in (Role.BOX_OFFICE, Role.AUDITOR, Role.READ_ONLY):
        for words in ("ina", INA.email, "quillfeather"):
            assert listed(shop, role, text=words) == [], (role, words)
        assert listed(shop, role, text=sold.reference) == [sold.reference]
    guest = shop.sold(A2)
    assert listed(shop, Role.AUDITOR, text=INA.email) == []
    assert listed(shop, Role.AUDITOR, text="ina") == [guest.reference]
    assert listed(shop, Role.BOX_OFFICE, text=INA.email) == [guest.reference]


def test_orders_are_narrowed(shop: Shop) -> None:
    first = shop.sold(A1).reference
    shop.desk.clock.advance(timedelta(days=1))
    by_phone = replace(shop, seller=replace(shop.seller, channel=SaleChannel.PHONE))
    second = by_phone.sold(A2).reference
    day = shop.desk.now - timedelta(hours=1)

    assert listed(shop) == [second, first]
    assert listed(shop, channel=SaleChannel.PHONE) == [second]
    assert listed(shop, start=day) == [second]
    assert listed(shop, end=day) == [first]
    assert listed(shop, performance_id=shop.performance) == [second, first]
    assert listed(shop, performance_id="none") == []


def test_a_page_goes_on_after_the_last_row_of_the_one_before_and_back(shop: Shop) -> None:
    sold = [shop.sold(seat("A", n)).id for n in range(1, 6)][::-1]

    def read(before: str) -> OrderPage:
        wanted = OrderFilter()
        return shop.desk.read(
            lambda s: order_list.page(s, wanted, before=before, size=2, reader=Role.OWNER)
        )

    pages = [read("")]
    while pages[-1].after:
        pages.append(read(pages[-1].after))
    assert [one.id for page in pages for one in page.lines] == sold
    assert [page.total for page in pages] == [5, 5, 5]
    assert [page.is_first for page in pages] == [True, False, False]
    # Back from the third page is the second, and from that the first.
    assert [page.back for page in pages] == ["", "", sold[1]]
    assert read(pages[2].back) == pages[1]
    assert read("none").lines == ()


def test_a_list_tells_valid_tickets_and_what_an_order_comes_to(shop: Shop) -> None:
    order = shop.sold(A1, A2)
    shop.take_back(order, order.tickets[0].id)
    found = shop.desk.read(lambda s: order_list.page(s, OrderFilter(), size=9, reader=Role.OWNER))
    (one,) = found.lines

    assert (one.total, one.tickets) == (ADULT, ((shop.performance, 1),))
    assert (one.name, one.patron_id, one.is_claimed) == (INA.name, None, False)


# --- what a patron holds ------------------------------------------------------------------------


def test_what_a_patron_holds(shop: Shop) -> None:
    desk, patron = shop.desk, shop.desk.patron()

    def held() -> tuple[patron_orders.HeldOrder, ...]:
        return desk.read(lambda s: patron_orders.held(s, patron.id, now=desk.now))

    def dates() -> tuple[datetime | None, datetime | None]:
        return desk.read(lambda s: patron_orders.first_and_last(s, patron.id))

    assert (held(), dates()) == ((), (None, None))
    order = shop.order(shop.sell(shop.filled(A1, A2, patron_id=patron.id)).order_id)
    shop.sold(A3)
    shop.take_back(order, order.tickets[0].id, is_refunded=False)

    (one,) = held()
    assert dates() == (order.created_at, order.created_at)
    spoken = order.reference.replace("-", "").lower()
    assert desk.read(lambda s: patron_orders.patron_number(s, spoken)) == patron.number
    assert (one.reference, one.is_claimed) == (order.reference, True)
    assert (one.tickets, one.owed, one.on_its_way) == (1, ADULT, 0)
    assert one.until is not None
    assert desk.read(lambda s: patron_orders.future_tickets(s, patron.id, now=desk.now)) == 1
    desk.clock.advance(one.until - desk.now)
    assert (held()[0].tickets, held()[0].until) == (0, None)
    assert desk.read(lambda s: patron_orders.future_tickets(s, patron.id, now=desk.now)) == 0
