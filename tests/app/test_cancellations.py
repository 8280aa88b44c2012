"""A performance is cancelled or moved: who held a ticket is told once, and the money goes back."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, time

import pytest

from tests.support.called_off import CalledOff
from tests.support.factories import Desk, together, unchanged
from tests.support.houses import seat
from tests.support.shop import ADULT, CHILD, INA, Shop, open_shop
from upstage_crm.audit.events import Action
from upstage_crm.core.errors import Forbidden
from upstage_crm.inventory.errors import SeatsTaken
from upstage_crm.inventory.views import SeatState
from upstage_crm.ledger.views import Account
from upstage_crm.links.claims import LinkRefused, Purpose
from upstage_crm.mail.message import MailKind
from upstage_crm.orders import basket_lines, settlement
from upstage_crm.orders.cancellations import answering
from upstage_crm.orders.cancellations.errors import (
    AnsweredBefore,
    AnswerTooLate,
    DateNotPossible,
    NothingOwed,
)
from upstage_crm.orders.cancellations.views import Answer, DisruptionKind, Stage
from upstage_crm.orders.errors import ShiftMissing
from upstage_crm.orders.records import money_back
from upstage_crm.orders.views import Contact, Tender, TicketState
from upstage_crm.organisation import answer_days
from upstage_crm.organisation.errors import AnswerTimeRefused
from upstage_crm.payments.views import Method, RefundState
from upstage_crm.programme.errors import PerformanceCancelled
from upstage_crm.programme.performances import Place
from upstage_crm.programme.prices.views import CompReason
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role

A1, A2, A3, B1, B2 = seat("A", 1), seat("A", 2), seat("A", 3), seat("B", 1), seat("B", 2)
NOBODY = Contact()
OWED = (Account.DEFERRED_INCOME, Account.DEFERRED_FEES, Account.TAX, Account.REFUNDS_DUE)
STRANGERS = [role for role in Role if Permission.REFUND_ORDERS not in PERMISSIONS[role]]


@pytest.fixture
def off(desk: Desk) -> CalledOff:
    return CalledOff(open_shop(desk, shift_id="shift"))


@pytest.fixture
def shop(off: CalledOff) -> Shop:
    return off.shop


def cash(shop: Shop, *seats: str, contact: Contact = NOBODY) -> str:
    basket = shop.filled(*seats)
    paid = [Tender(method=Method.CASH, amount=shop.view(basket).total)]
    return shop.sell(basket, paid, contact).order_id


def states(shop: Shop, order_id: str) -> list[TicketState]:
    return [one.state for one in shop.order(order_id).tickets]


def test_the_dry_run_counts_and_changes_nothing(off: CalledOff, shop: Shop) -> None:
    off.sold_by_card(A1, A2)
    cash(shop, B1)
    cash(shop, B2, contact=Contact(name="Ravi"))
    before = shop.desk.dump()

    found = off.dry_run()
    assert (found.tickets, found.orders, found.amount) == (4, 3, 4 * ADULT)
    assert {one.method: (one.amount, one.by_desk) for one in found.tenders} == {
        "card": (2 * ADULT, False),
        "cash": (2 * ADULT, True),
    }
    assert (found.unreachable, found.anonymous) == (2, 1)
    assert shop.desk.dump() == before


def test_silence_is_a_refund_of_exactly_the_cancelled_lines(off: CalledOff, shop: Shop) -> None:
    order = off.sold_by_card(A1, A2)
    off.cancel()

    assert set(shop.made.states().values()) == {SeatState.BLOCKED, SeatState.SOLD}
    assert states(shop, order.id) == [TicketState.VALID] * 2  # the job ends them
    assert off.tell() == 1
    assert states(shop, order.id) == [TicketState.VOID] * 2
    assert set(shop.made.states().values()) == {SeatState.BLOCKED}
    assert shop.balance(Account.DEFERRED_INCOME) == 0
    assert shop.balance(Account.REFUNDS_DUE) == -2 * ADULT
    assert off.wait(6.9) == 0
    assert off.refunds(order) == []

    assert off.wait(0.2) == 1
    (refund,) = off.refunds(order)
    assert (refund.amount, refund.state) == (2 * ADULT, RefundState.PENDING)
    assert off.provider_pays() == 2 * ADULT
    assert {shop.balance(each) for each in (*OWED, Account.CARD_CLEARING)} == {0}
    assert (off.tell(), off.wait(30)) == (0, 0)
    assert len(off.refunds(order)) == 1


def test_each_buyer_is_told_once_and_asked(off: CalledOff, shop: Shop) -> None:
    off.sold_by_card(A1, A2)
    off.cancel()
    off.tell()
    off.tell()

    (mail,) = shop.desk.mailbox.to(INA.email)
    assert "Hamlet" in mail.subject
    assert "Ina" not in mail.text + mail.html, "the mailbox may be a stranger's"
    assert off.claims().purpose is Purpose.CHOICE
    assert [kind for kind, *_ in shop.desk.queued()] == [MailKind.PERFORMANCE_CANCELLED]


def test_an_answer_gives_back_at_once_and_counts_once(off: CalledOff, shop: Shop) -> None:
    order = off.sold_by_card(A1)
    off.cancel()
    off.tell()
    assert off.offer().stage is Stage.OFFERED

    off.answer(Answer.REFUND)
    assert [each.amount for each in off.refunds(order)] == [ADULT]
    unchanged(shop.desk, lambda: off.answer(Answer.REFUND), AnsweredBefore)
    assert off.wait(8) == 0
    assert off.offer().answer is Answer.REFUND


def test_two_answers_at_once_are_one(off: CalledOff, shop: Shop) -> None:
    order = off.sold_by_card(A1)
    new = off.another_date()
    off.cancel()
    off.tell()
    results = together(
        lambda: off.answer(Answer.REFUND),
        lambda: off.answer(Answer.ANOTHER_DATE, performance_id=new),
        lambda: off.answer(Answer.REFUND),
    )

    done = [each for each in results if each is None]
    assert len(done) == 1, results
    owed = sum(each.amount for each in off.refunds(order))
    assert owed + off.progress().rebooked == ADULT


def test_after_the_time_no_answer_counts(off: CalledOff, shop: Shop) -> None:
    off.sold_by_card(A1)
    off.cancel()
    off.tell()
    claims = off.claims()
    assert claims.purpose is Purpose.CHOICE
    off.wait(7)
    unchanged(shop.desk, lambda: off.answer(Answer.REFUND), AnswerTooLate)


def test_another_date_takes_the_money_along(off: CalledOff, shop: Shop) -> None:
    order = off.sold_by_card(A1, A2)
    new = off.another_date()
    off.cancel()
    off.tell()
    assert [each.performance_id for each in off.dates()] == [new]

    off.answer(Answer.ANOTHER_DATE, performance_id=new)
    now = shop.order(order.id)
    assert Counter(one.state for one in now.tickets) == {TicketState.VOID: 2, TicketState.VALID: 2}
    assert {one.performance_id for one in now.valid} == {new}
    assert now.total == 2 * ADULT
    assert off.refunds(order) == []
    assert shop.balance(Account.REFUNDS_DUE) == 0
    assert shop.balance(Account.CARD_CLEARING) == 2 * ADULT
    unchanged(shop.desk, lambda: off.answer(Answer.REFUND), AnsweredBefore)


def test_standing_places_go_to_another_date_too(off: CalledOff, shop: Shop) -> None:
    basket = shop.open()
    shop.add_places(basket, {shop.adult: 2, shop.child: 1})
    off.captured(off.pay_by_card(basket))
    new = off.another_date()
    off.cancel()
    off.tell()
    off.answer(Answer.ANOTHER_DATE, performance_id=new)

    assert off.progress().rebooked == 2 * ADULT + CHILD
    assert shop.made.house().pools[0].sold == 0


def test_a_date_without_room_changes_nothing(off: CalledOff, shop: Shop) -> None:
    off.sold_by_card(A1, A2)
    new = off.another_date()
    off.cancel()
    off.tell()
    other = replace(shop, made=replace(shop.made, performance=new))
    row = [seat(letter, n) for letter in "ABC" for n in range(1, 7)]
    free = sorted(set(row) - set(other.made.states()))
    other.sell(other.filled(*free[:-1]))

    unchanged(
        shop.desk,
        lambda: off.answer(Answer.ANOTHER_DATE, performance_id=new),
        DateNotPossible,
    )
    unchanged(
        shop.desk,
        lambda: off.answer(Answer.ANOTHER_DATE, performance_id=shop.performance),
        DateNotPossible,
    )
    off.answer(Answer.REFUND)


def test_cash_waits_for_the_desk_and_is_paid_once(off: CalledOff, shop: Shop) -> None:
    order = shop.order(cash(shop, A1, A2))
    off.cancel()
    off.tell()

    assert shop.balance(Account.REFUNDS_DUE) == -2 * ADULT  # nobody to ask, so it waits already
    assert [each.state for each in off.refunds(order)] == [RefundState.PENDING]
    assert off.progress().at_desk == 2 * ADULT
    unchanged(shop.desk, lambda: off.pay_out(order, shift_id=""), ShiftMissing)
    assert off.pay_out(order) == 2 * ADULT
    assert {shop.balance(each) for each in (*OWED, Account.CASH_DRAWER)} == {0}
    unchanged(shop.desk, lambda: off.pay_out(order), NothingOwed)
    facts = shop.desk.lines(action=Action.MONEY_GIVEN_BACK)[-1].facts
    assert (facts["order"], facts["amount"]) == (order.reference, "$70.00")


def test_a_split_payment_goes_back_by_shares(off: CalledOff, shop: Shop) -> None:
    basket = shop.filled(A1, A2)
    parts = [
        Tender(method=Method.INVOICE, amount=5_000),
        Tender(method=Method.CASH, amount=2_000),
    ]
    order = shop.order(shop.sell(basket, parts).order_id)
    off.cancel()
    off.tell()
    off.wait()

    assert sorted(each.amount for each in off.refunds(order)) == [2_000, 5_000]
    assert (off.progress().pending, off.progress().at_desk) == (7_000, 2_000)


def test_what_was_given_back_by_hand_is_not_given_back_again(off: CalledOff, shop: Shop) -> None:
    order = off.sold_by_card(A1, A2)
    gone = off.sold_by_card(A3, email="omar@example.org")
    off.cancel()
    shop.take_back(order, order.tickets[0].id)
    shop.take_back(gone, gone.tickets[0].id)
    off.tell()
    off.wait()

    assert [each.amount for each in off.refunds(order)] == [ADULT, ADULT]
    assert [each.amount for each in off.refunds(gone)] == [ADULT]
    assert shop.desk.mailbox.to("omar@example.org") == []


def test_what_the_desk_gave_back_while_waiting_is_no_longer_owed(
    off: CalledOff, shop: Shop
) -> None:
    order = off.sold_by_card(A1, A2)
    new = off.another_date()
    off.cancel()
    off.tell()
    shop.act(
        lambda c: money_back.give_back(
            c, shop.seller, order_id=order.id, amount=5_000, reason="goodwill", key="by hand"
        )
    )
    unchanged(
        shop.desk, lambda: off.answer(Answer.ANOTHER_DATE, performance_id=new), DateNotPossible
    )
    off.wait()

    assert [each.amount for each in off.refunds(order)] == [5_000, 2 * ADULT - 5_000]
    off.provider_pays()
    assert {shop.balance(each) for each in (*OWED, Account.CARD_CLEARING)} == {0}


def test_free_tickets_end_and_owe_nothing(off: CalledOff, shop: Shop) -> None:
    basket = shop.open()
    shop.run(
        lambda c: basket_lines.add_seats(
            c,
            shop.seller,
            basket,
            performance_id=shop.performance,
            seats={A1: shop.comp},
            comp_reason=next(iter(CompReason)),
        )
    )
    order_id = shop.sell(basket, []).order_id
    off.cancel()
    off.tell()

    assert states(shop, order_id) == [TicketState.VOID]
    assert (off.progress().settled, off.progress().amount) == (1, 0)


def test_a_sale_under_way_is_listed_or_given_back(off: CalledOff, shop: Shop) -> None:
    baskets = [shop.filled(each) for each in (A1, A2, A3, B1, B2)]
    begun = [off.pay_by_card(basket) for basket in baskets]
    results = together(
        off.cancel,
        *(lambda one=each: off.captured(one) for each in begun),
    )

    assert results[0] is None
    outcomes = Counter(results[1:])
    assert set(outcomes) <= {settlement.Outcome.SOLD, settlement.Outcome.GIVEN_BACK}
    sold = outcomes[settlement.Outcome.SOLD]
    assert off.tell() == sold
    off.wait()
    assert off.provider_pays() == 5 * ADULT
    assert {shop.balance(each) for each in (*OWED, Account.CARD_CLEARING)} == {0}


def test_it_is_cancelled_for_good_and_its_seats_stay_off(off: CalledOff, shop: Shop) -> None:
    off.sold_by_card(A1)
    off.cancel()
    unchanged(shop.desk, off.cancel, PerformanceCancelled)
    off.tell()
    with pytest.raises((SeatsTaken, PerformanceCancelled)):
        shop.filled(A1)


def test_who_may_not_refund_cancels_only_what_is_unsold(off: CalledOff, shop: Shop) -> None:
    off.sold_by_card(A1)
    member = shop.desk.staff("Mia", Role.MARKETING)
    other = CalledOff(replace(shop, clerk=member))
    unchanged(shop.desk, other.cancel, Forbidden)


@pytest.mark.parametrize("role", STRANGERS)
def test_who_may_not_refund_pays_nothing_out(off: CalledOff, shop: Shop, role: Role) -> None:
    order = shop.order(cash(shop, A1))
    off.cancel()
    off.tell()
    other = CalledOff(replace(shop, clerk=shop.desk.staff("Vic", role)))
    unchanged(shop.desk, lambda: other.pay_out(order), Forbidden)


def test_the_trail_tells_how_much_was_cancelled(off: CalledOff, shop: Shop) -> None:
    off.sold_by_card(A1, A2)
    off.cancel()
    facts = shop.desk.lines(action=Action.ORDERS_CANCELLED)[-1].facts
    assert (facts["tickets"], facts["orders"], facts["amount"]) == (2, 1, 2 * ADULT)
    assert shop.desk.chain_is_whole()


def test_without_time_to_answer_the_money_goes_back_at_once(off: CalledOff, shop: Shop) -> None:
    desk = shop.desk
    desk.act(desk.owner, answer_days.change, days=0)
    order = off.sold_by_card(A1)
    off.cancel()
    off.tell()
    assert [each.amount for each in off.refunds(order)] == [ADULT]
    assert off.offer().answer is Answer.SILENCE


def test_the_owner_chooses_the_time_to_answer(shop: Shop) -> None:
    desk = shop.desk
    assert desk.read(answer_days.answer_days) == 7
    desk.act(desk.owner, answer_days.change, days=14)
    assert desk.read(answer_days.answer_days) == 14
    for days in (-1, 15):
        unchanged(
            desk, lambda n=days: desk.act(desk.owner, answer_days.change, days=n), AnswerTimeRefused
        )
    manager = desk.staff("Max", Role.MANAGER)
    unchanged(desk, lambda: desk.act(manager, answer_days.change, days=3), Forbidden)


def test_a_link_for_something_else_chooses_nothing(off: CalledOff, shop: Shop) -> None:
    off.sold_by_card(A1)
    off.cancel()
    off.tell()
    claims = off.claims()
    for wrong in (
        replace(claims, purpose=Purpose.DECISION),
        replace(claims, version=2),
        replace(claims, request_id="0" * 32),
    ):
        unchanged(
            shop.desk,
            lambda one=wrong: off.do(
                lambda c: answering.answer(c, claims=one, chosen=Answer.REFUND)
            ),
            LinkRefused,
        )
    unchanged(shop.desk, lambda: off.answer(Answer.KEEP), LinkRefused)


def test_after_a_move_the_tickets_stay_and_everybody_is_told(off: CalledOff, shop: Shop) -> None:
    order = off.sold_by_card(A1, A2)
    off.move(later=2)
    assert off.tell() == 1

    (mail,) = shop.desk.mailbox.to(INA.email)
    assert "6 December 2026" in mail.text
    assert "4 December 2026" in mail.text
    assert off.offer().kind is DisruptionKind.MOVED
    off.answer(Answer.KEEP)
    assert states(shop, order.id) == [TicketState.VALID] * 2
    assert off.wait(8) == 0
    assert off.refunds(order) == []


def test_who_cannot_come_gives_the_tickets_back(off: CalledOff, shop: Shop) -> None:
    order = off.sold_by_card(A1, A2)
    off.move(later=2)
    off.tell()
    off.answer(Answer.REFUND)

    assert states(shop, order.id) == [TicketState.RETURNED] * 2
    assert shop.made.states() == {}
    assert [each.amount for each in off.refunds(order)] == [2 * ADULT]
    off.provider_pays()
    assert {shop.balance(each) for each in (*OWED, Account.CARD_CLEARING)} == {0}
    unchanged(shop.desk, lambda: off.answer(Answer.REFUND), AnsweredBefore)


def test_silence_after_a_move_keeps_the_tickets(off: CalledOff, shop: Shop) -> None:
    order = off.sold_by_card(A1)
    off.move(later=20)
    off.tell()
    assert off.wait(7) == 1
    assert states(shop, order.id) == [TicketState.VALID]
    unchanged(shop.desk, lambda: off.answer(Answer.REFUND), AnswerTooLate)


def test_a_move_that_is_taken_back_in_time_is_told_to_nobody(off: CalledOff, shop: Shop) -> None:
    off.sold_by_card(A1)
    off.move(later=2)
    was = Place(hall_id=shop.made.hall, day=date(2026, 12, 4), at=time(19, 30), access=())
    off.move_back({shop.performance: was})
    assert off.tell() == 0

    off.move(later=2)
    off.tell()
    off.move_back({shop.performance: was})
    assert off.tell() == 1, "who heard of the move hears that it is off"
    assert len(shop.desk.mailbox.to(INA.email)) == 2


def test_a_cancellation_replaces_the_links_of_a_move(off: CalledOff, shop: Shop) -> None:
    order = off.sold_by_card(A1)
    off.move(later=2)
    off.tell()
    old = off.claims()
    off.cancel()
    off.tell()
    unchanged(
        shop.desk,
        lambda: off.do(lambda c: answering.answer(c, claims=old, chosen=Answer.REFUND)),
        LinkRefused,
    )
    off.wait(8)
    assert [each.amount for each in off.refunds(order)] == [ADULT]
