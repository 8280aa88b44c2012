"""A till with baskets and orders: gifts by two people, tickets handed out, the end of a shift."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from tests.support.factories import Desk, unchanged
from tests.support.shop import Shop, open_shop
from upstage_crm.audit.events import Action
from upstage_crm.box_office.sale import gift_sales
from upstage_crm.box_office.sale.till_sales import RealSales, Tickets
from upstage_crm.box_office.shifts.closing import close_and_let_go
from upstage_crm.change_requests.model.errors import SamePerson
from upstage_crm.core.errors import Forbidden
from upstage_crm.inventory.views import SeatState
from upstage_crm.orders.errors import UnknownOrder
from upstage_crm.orders.records import handing_out
from upstage_crm.orders.views import BasketState, Seller
from upstage_crm.pricing.errors import CompNotAllowed
from upstage_crm.programme.prices.views import CompReason, SaleChannel
from upstage_crm.staff.roles import Role, StaffMember
from upstage_crm.tills import gifts, shifts, till_commands
from upstage_crm.tills.errors import GiftDecided, UnknownGift


@pytest.fixture
def shop(desk: Desk) -> Shop:
    return open_shop(desk)


def shift_of(shop: Shop, member: StaffMember, till: str = "Foyer") -> str:
    till_id = shop.desk.act(shop.desk.owner, till_commands.add, name=till)
    return shop.desk.act(member, shifts.open_shift, till_id=till_id, float_amount=0)


def sales_of(member: StaffMember, shift: str) -> RealSales:
    return RealSales(Seller(channel=SaleChannel.BOX_OFFICE, actor=member, shift_id=shift))


def comps(shop: Shop, count: int) -> Tickets:
    return Tickets(
        performance_id=shop.performance,
        choices={shop.comp: count},
        comp_reason=CompReason.PRESS,
    )


def asked(shop: Shop, member: StaffMember, shift: str, count: int = 2) -> str:
    """A clerk asks for complimentary tickets; the id of that."""
    shop.desk.act(
        member,
        gift_sales.ask,
        sales_of(member, shift),
        None,
        comps(shop, count),
        held_as=shop.adult,
    )
    return shop.desk.read(gifts.asked)[-1].id


def test_another_person_gives_what_a_clerk_asked_for(shop: Shop) -> None:
    desk, vic = shop.desk, shop.desk.staff("Vic", Role.BOX_OFFICE)
    gift = asked(shop, vic, shift_of(shop, vic))
    assert set(shop.made.states().values()) == {SeatState.HELD}

    desk.act(desk.owner, gift_sales.give, gift_id=gift)

    assert set(shop.made.states().values()) == {SeatState.SOLD}
    assert desk.read(gifts.asked) == []
    told = [desk.lines(action=action)[0] for action in (Action.GIFT_ASKED, Action.GIFT_GIVEN)]
    assert [line.actor.label for line in told] == ["Vic, box office", "Dana, box office"]
    given = desk.lines(action=Action.TICKETS_GIVEN)[0]
    assert (given.actor.label, given.facts["tickets"]) == ("Dana, box office", 2)
    unchanged(desk, lambda: desk.act(desk.owner, gift_sales.decline, gift_id=gift), GiftDecided)


def test_what_is_declined_is_free_again(shop: Shop) -> None:
    desk, vic = shop.desk, shop.desk.staff("Vic", Role.BOX_OFFICE)
    gift = asked(shop, vic, shift_of(shop, vic))

    desk.act(desk.owner, gift_sales.decline, gift_id=gift)

    assert shop.made.states() == {}
    assert len(desk.lines(action=Action.GIFT_DECLINED)) == 1


def test_nobody_decides_alone_or_without_the_right(shop: Shop) -> None:
    desk, vic = shop.desk, shop.desk.staff("Vic", Role.BOX_OFFICE)
    rosa = desk.staff("Rosa", Role.MANAGER)
    own = asked(shop, rosa, shift_of(shop, rosa), 11)
    other = asked(shop, vic, shift_of(shop, vic, "Bar"))

    unchanged(desk, lambda: desk.act(rosa, gift_sales.give, gift_id=own), SamePerson)
    unchanged(desk, lambda: desk.act(rosa, gift_sales.decline, gift_id=own), SamePerson)
    unchanged(desk, lambda: desk.act(vic, gifts.decide, gift_id=own, is_given=True), Forbidden)
    unchanged(desk, lambda: desk.act(rosa, gift_sales.give, gift_id="none"), UnknownGift)
    for statement in (
        f"UPDATE till_gift SET state = 'given', decided_by_id = '{rosa.id}' WHERE id = '{own}'",
        f"UPDATE till_gift SET state = 'given' WHERE id = '{other}'",
        f"UPDATE till_gift SET asked_by_id = 'x' WHERE id = '{other}'",
        f"DELETE FROM till_gift WHERE id = '{other}'",
    ):

        def attempt(statement: str = statement) -> None:
            desk.as_owner(lambda session: session.connection().execute(sa.text(statement)))

        with pytest.raises(DatabaseError):
            attempt()


@pytest.mark.parametrize(
    ("role", "tickets", "alone"),
    [
        (Role.OWNER, 50, True),
        (Role.MANAGER, 10, True),
        (Role.MANAGER, 11, False),
        (Role.BOX_OFFICE, 1, False),
        (Role.MARKETING, 1, False),
    ],
)
def test_how_many_a_role_gives_alone(desk: Desk, role: Role, tickets: int, alone: bool) -> None:
    assert gifts.may_give_alone(desk.staff("Sam", role), tickets) is alone


def test_a_sale_of_more_than_one_may_give_is_refused(shop: Shop) -> None:
    desk, rosa = shop.desk, shop.desk.staff("Rosa", Role.MANAGER)
    sales = sales_of(rosa, shift_of(shop, rosa))
    view = desk.act(rosa, sales.add, None, comps(shop, 6))
    view = desk.act(rosa, sales.add, view, comps(shop, 5))

    unchanged(desk, lambda: desk.act(rosa, sales.sell, view, ()), CompNotAllowed)


def test_tickets_are_handed_out_once_and_taken_back(shop: Shop) -> None:
    desk = shop.desk
    order = shop.sold("Stalls-A-1", "Stalls-A-2")

    assert desk.act(desk.owner, handing_out.hand_out, order_id=order.id) == 2
    assert desk.act(desk.owner, handing_out.hand_out, order_id=order.id) == 0
    assert [one.collected_at for one in shop.order(order.id).tickets] == [desk.now] * 2
    assert desk.act(desk.owner, handing_out.hand_back, order_id=order.id) == 2

    assert [one.collected_at for one in shop.order(order.id).tickets] == [None] * 2
    assert len(desk.lines(action=Action.TICKETS_HANDED_OUT)) == 1
    assert len(desk.lines(action=Action.TICKETS_HANDED_BACK)) == 1
    ray = desk.staff("Ray", Role.READ_ONLY)
    unchanged(desk, lambda: desk.act(ray, handing_out.hand_out, order_id=order.id), Forbidden)
    unchanged(
        desk, lambda: desk.act(desk.owner, handing_out.hand_out, order_id="none"), UnknownOrder
    )


def test_a_shift_ends_with_the_sales_in_it(shop: Shop) -> None:
    desk, vic = shop.desk, shop.desk.staff("Vic", Role.BOX_OFFICE)
    shift = shift_of(shop, vic)
    sales = sales_of(vic, shift)
    two = Tickets(performance_id=shop.performance, choices={shop.adult: 2})
    views = [desk.act(vic, sales.add, None, two) for _ in range(2)]
    desk.act(vic, sales.park, views[0], "Red coat")
    other = shop.open()
    shop.add_places(other, {shop.adult: 1})

    desk.act(vic, close_and_let_go, shift_id=shift, counted_cash=0)

    assert [shop.view(view.id).state for view in views] == [BasketState.LET_GO] * 2
    assert shop.view(other).state is BasketState.OPEN
    assert shop.made.states() == {}
