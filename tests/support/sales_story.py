"""A story of sales: every step of an order, a till and a shift, each taken once."""

from __future__ import annotations

from datetime import timedelta

from tests.support.called_off import CalledOff
from tests.support.factories import Desk
from tests.support.houses import seat
from tests.support.patron_accounts import signed_in, signed_out
from tests.support.shop import ADULT, INA, Shop, open_shop
from upstage_crm.audit.events import Action
from upstage_crm.box_office.sale import gift_sales
from upstage_crm.box_office.sale.till_sales import RealSales, Tickets
from upstage_crm.ledger import row_seals
from upstage_crm.orders import filing
from upstage_crm.orders.records import handing_out, money_back, past_contacts, ticket_copies
from upstage_crm.orders.transfers import giving, moving_seats, taking
from upstage_crm.orders.views import BasketKind, OrderReason, Seller, Tender
from upstage_crm.payments.views import Method
from upstage_crm.programme.prices.views import CompReason, SaleChannel
from upstage_crm.proof.reconcile_seals import SUBJECTS
from upstage_crm.staff.roles import Role
from upstage_crm.tills import gifts, shifts, till_commands
from upstage_crm.tills.views import MoveKind

BEN = "ben@example.org"
OF_SALES = frozenset(
    {
        *(Action.TILL_ADDED, Action.TILL_RENAMED, Action.TILL_RETIRED),
        *(Action.SHIFT_OPENED, Action.CASH_MOVED, Action.SHIFT_CLOSED),
        *(Action.GIFT_ASKED, Action.GIFT_GIVEN, Action.GIFT_DECLINED, Action.TICKETS_GIVEN),
        *(Action.ORDER_FILED, Action.ORDER_CLAIMED, Action.TICKETS_RETURNED),
        Action.CONTACTS_EMPTIED,
        *(Action.TICKETS_EXCHANGED, Action.TICKETS_REISSUED, Action.TICKETS_PRINTED_AGAIN),
        *(Action.TICKETS_HANDED_OUT, Action.TICKETS_HANDED_BACK, Action.MONEY_GIVEN_BACK),
        *(Action.TICKETS_OFFERED, Action.OFFER_TAKEN_BACK, Action.OFFER_DECLINED),
        *(Action.SEAT_PROPOSED, Action.SEAT_WITHDRAWN, Action.SEAT_DECLINED),
        *(Action.SEAT_LAPSED, Action.SEAT_MOVED),
        *(Action.TICKETS_PASSED_ON, Action.ORDERS_MOVED, Action.ORDERS_CANCELLED),
        *(Action.PATRON_SIGNED_IN, Action.PATRON_SIGNED_OUT),
        Action.ROWS_SEALED,
    }
)


def sales(desk: Desk) -> None:
    """Everything that is written of a sale, and of what follows it."""
    shop = open_shop(desk)
    after_a_sale(shop)
    given_on(shop)
    reseated(shop)
    tills(shop)
    called_off(shop)
    long_after(shop)
    row_seals.seal(desk.database, SUBJECTS, now=desk.now)


def tills(shop: Shop) -> None:
    """A till, a shift at it, and complimentary tickets: given and declined."""
    desk, owner = shop.desk, shop.desk.owner
    will = desk.staff("Will", Role.BOX_OFFICE)
    till = desk.act(owner, till_commands.add, name="Foyer")
    desk.act(owner, till_commands.rename, till_id=till, version=1, name="Foyer left")
    shift = desk.act(will, shifts.open_shift, till_id=till, float_amount=100_00)
    desk.act(
        will, shifts.move, shift_id=shift, kind=MoveKind.DROP, amount=10_00, reason="To the safe"
    )
    own = RealSales(Seller(channel=SaleChannel.BOX_OFFICE, actor=will, shift_id=shift))
    for decide in (gift_sales.give, gift_sales.decline):
        wanted = Tickets(
            performance_id=shop.performance,
            choices={shop.comp: 1},
            comp_reason=CompReason.PRESS,
        )
        desk.act(will, gift_sales.ask, own, None, wanted, held_as=shop.adult)
        desk.act(owner, decide, gift_id=desk.read(gifts.asked)[-1].id)
    desk.act(will, shifts.close, shift_id=shift, counted_cash=90_00, counted_terminal=None)
    desk.act(owner, till_commands.retire, till_id=till)


def after_a_sale(shop: Shop) -> None:
    """An order is filed and claimed; tickets are handed out, given back, exchanged, reissued."""
    desk = shop.desk
    desk.patron(INA.email, "Ina")
    order = shop.sold(*(seat("B", number) for number in (1, 2, 3)))
    desk.clock.advance(timedelta(seconds=10))
    shop.run(filing.file_orders)
    signed_out(desk, signed_in(desk, INA.email))  # which claims the order
    first, second, third = (ticket.id for ticket in order.tickets)
    shop.act(lambda c: handing_out.hand_out(c, order_id=order.id))
    shop.act(lambda c: handing_out.hand_back(c, order_id=order.id))
    shop.act(lambda c: ticket_copies.print_again(c, order_id=order.id))
    shop.act(
        lambda c: ticket_copies.reissue(
            c,
            shop.seller,
            order_id=order.id,
            ticket_ids=[third],
            reason=OrderReason.LOST.value,
            key="lost",
        )
    )
    shop.take_back(order, first, is_refunded=False)
    shop.act(
        lambda c: money_back.give_back(
            c,
            shop.seller,
            order_id=order.id,
            amount=ADULT,
            reason=OrderReason.CANNOT_COME.value,
            key="owed",
        )
    )
    basket = shop.filled(seat("B", 4), seat("B", 5), kind=BasketKind.EXCHANGE)
    paid = [Tender(method=Method.TERMINAL, amount=ADULT)]
    shop.exchange(order, basket, second, tenders=paid)


def given_on(shop: Shop) -> None:
    """Tickets are offered to another person: taken back, declined, accepted."""
    order, clock = shop.sold(seat("C", 1)), CalledOff(shop)

    def offer() -> str:
        return clock.do(
            lambda c: giving.offer(
                c,
                order_id=order.id,
                ticket_ids=[order.tickets[0].id],
                email=BEN,
                language="en",
                in_window=lambda *_: False,
            )
        )

    taken_back = offer()
    clock.do(lambda c: giving.take_back(c, order_id=order.id, offer_id=taken_back))
    for accepts in (False, True):
        offer()
        shop.desk.deliver()
        claims = shop.desk.claims(BEN)
        clock.do(
            lambda c, claims=claims, accepts=accepts: taking.answer(
                c, claims=claims, accepts=accepts, in_window=lambda *_: False
            )
        )


def reseated(shop: Shop) -> None:
    """Another seat is proposed: withdrawn, declined, left without an answer, accepted."""
    order, clock = shop.sold(seat("C", 2)), CalledOff(shop)

    def propose() -> str:
        return shop.act(
            lambda c: moving_seats.propose(
                c,
                clock.mailer,
                order_id=order.id,
                ticket_id=order.tickets[0].id,
                seat_id=seat("C", 3),
                reason="broken",
            )
        )

    first = propose()
    shop.act(lambda c: moving_seats.withdraw(c, clock.mailer, order_id=order.id, offer_id=first))
    silent = propose()
    shop.desk.clock.advance(moving_seats.ANSWER_WITHIN)
    clock.do(lambda c: moving_seats.lapse(c, offer_id=silent))
    for accepts in (False, True):
        propose()
        shop.desk.deliver()
        claims = shop.desk.claims(INA.email)
        clock.do(
            lambda c, claims=claims, accepts=accepts: moving_seats.answer(
                c, claims=claims, accepts=accepts
            )
        )


def called_off(shop: Shop) -> None:
    """What was sold is moved, then cancelled."""
    by_clock = CalledOff(shop)
    by_clock.move(later=2)
    by_clock.cancel()


def long_after(shop: Shop) -> None:
    """What a guest typed is emptied when its time has come."""
    shop.desk.clock.advance(timedelta(days=1_200))
    due = shop.desk.read(lambda s: past_contacts.due(s, now=shop.desk.now))
    shop.run(lambda c: past_contacts.empty(c, order_ids=due))
