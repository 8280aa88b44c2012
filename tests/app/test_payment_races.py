"""Many who say the same of one payment at once: one is heard, and no money is made or lost."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlmodel import Session

from tests.support.factories import Desk, together
from upstage_crm.payments import commands, queries, refunds
from upstage_crm.payments.errors import OverRefund, PaymentOpen
from upstage_crm.payments.views import Method, PaymentView, RefundCause, RefundState

pytestmark = pytest.mark.each_database

CALLERS = 64


def begin(desk: Desk, basket: str) -> PaymentView:
    return desk.database.attempt(
        lambda s: commands.begin(
            s,
            basket_id=basket,
            method=Method.CARD,
            amount=1_000,
            currency="GBP",
            deadline=desk.now + timedelta(minutes=15),
            now=desk.now,
        ),
        is_recorded=False,
    )


@pytest.fixture
def payment(desk: Desk) -> PaymentView:
    found = begin(desk, "a basket")
    desk.write(lambda s: commands.captured(s, found.id, now=desk.now))
    return found


def refund(desk: Desk, payment: PaymentView, amount: int, key: str) -> str:
    def work(session: Session) -> str:
        return refunds.refund(
            session,
            payment_id=payment.id,
            amount=amount,
            cause=RefundCause.STAFF,
            reason="",
            key=key,
            now=desk.now,
        ).id

    return desk.database.attempt(work, is_recorded=False)


def kinds(results: list[object]) -> Counter[object]:
    return Counter(one if isinstance(one, bool) else type(one) for one in results)


def sums(desk: Desk, payment: PaymentView) -> tuple[int, int]:
    """The counter, and what the refunds behind it come to."""
    found = desk.read(lambda s: queries.refunds_of(s, payment.id))
    counted = desk.read(lambda s: queries.payment(s, payment.id)).refunded
    return counted, sum(one.amount for one in found if one.state is not RefundState.FAILED)


def test_of_sixty_four_refunds_as_many_are_made_as_were_paid_for(
    desk: Desk, payment: PaymentView
) -> None:
    results = together(
        *(lambda n=n: refund(desk, payment, 300, f"refund:{n}") for n in range(CALLERS))
    )

    assert kinds(results) == {str: 3, OverRefund: CALLERS - 3}
    assert sums(desk, payment) == (900, 900)


def test_sixty_four_who_ask_for_one_refund_get_the_same(desk: Desk, payment: PaymentView) -> None:
    results = together(*(lambda: refund(desk, payment, 1_000, "refund:1") for _ in range(CALLERS)))

    assert len(set(results)) == 1
    assert kinds(results) == {str: CALLERS}
    assert sums(desk, payment) == (1_000, 1_000)


def test_refunds_that_fail_while_others_are_asked_for_never_pass_what_was_paid(
    desk: Desk, payment: PaymentView
) -> None:
    first = [refund(desk, payment, 250, f"first:{n}") for n in range(4)]

    def fail(refund_id: str) -> bool:
        return desk.database.attempt(
            lambda s: refunds.refund_failed(s, refund_id, now=desk.now), is_recorded=False
        )

    def ask(n: int) -> str:
        return refund(desk, payment, 250, f"second:{n}")

    results = together(
        *(lambda one=one: fail(one) for one in first for _ in range(4)),
        *(lambda n=n: ask(n) for n in range(16)),
    )

    found = kinds(results)
    assert (found[True], found[False]) == (4, 12)
    assert set(found) <= {True, False, str, OverRefund}
    counted, owed = sums(desk, payment)
    assert counted == owed == 250 * found[str] <= 1_000


def test_of_sixty_four_who_pay_for_one_basket_one_begins(desk: Desk) -> None:
    results = together(*(lambda: begin(desk, "one basket") for _ in range(CALLERS)))

    assert kinds(results) == {PaymentView: 1, PaymentOpen: CALLERS - 1}


def test_the_same_news_from_everywhere_is_heard_once(desk: Desk) -> None:
    found = begin(desk, "a basket")

    def say(n: int) -> bool:
        step = (commands.captured, commands.expired)[n % 2]
        return desk.database.attempt(lambda s: step(s, found.id, now=desk.now), is_recorded=False)

    results = together(*(lambda n=n: say(n) for n in range(CALLERS)))

    # It may have expired first, and been captured after all: then both were news.
    assert kinds(results)[True] in (1, 2)
    assert desk.read(lambda s: queries.payment(s, found.id)).left == 1_000


def test_two_who_hear_of_a_refund_at_once_do_not_wait_for_each_other(
    desk: Desk, payment: PaymentView
) -> None:
    made = [refund(desk, payment, 100, f"refund:{n}") for n in range(10)]

    def hear(refund_id: str, n: int) -> bool:
        step = (refunds.refund_done, refunds.refund_failed)[n % 2]
        return desk.database.attempt(lambda s: step(s, refund_id, now=desk.now), is_recorded=False)

    results = together(*(lambda one=one, n=n: hear(one, n) for one in made for n in range(4)))

    assert set(kinds(results)) == {True, False}
    assert len(set(sums(desk, payment))) == 1
