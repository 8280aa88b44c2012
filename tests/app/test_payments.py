"""Payments and refunds: what begins, what is captured once, and what may be given back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from tests.support.factories import Desk, unchanged
from upstage_crm.payments import commands, queries, refunds
from upstage_crm.payments.errors import (
    CurrencyUnknown,
    NotCaptured,
    NothingToPay,
    OverRefund,
    PaymentOfAnotherOrder,
    PaymentOpen,
    ReferenceTaken,
    RefundKeyTaken,
    UnknownPayment,
    UnknownRefund,
)
from upstage_crm.payments.views import (
    Method,
    PaymentState,
    PaymentView,
    RefundCause,
    RefundState,
    RefundView,
)
from upstage_crm.wording.sentences import sentence

pytestmark = pytest.mark.each_database

BASKET, ORDER = "b" * 32, "o" * 32


def begin(desk: Desk, basket: str = BASKET, amount: int = 7_000) -> PaymentView:
    return desk.write(
        lambda s: commands.begin(
            s,
            basket_id=basket,
            method=Method.CARD,
            amount=amount,
            currency="GBP",
            deadline=desk.now + timedelta(minutes=15),
            now=desk.now,
        )
    )


def take(
    desk: Desk, method: Method = Method.CASH, amount: int = 7_000, currency: str = "GBP"
) -> PaymentView:
    return desk.write(
        lambda s: commands.take(
            s,
            basket_id=BASKET,
            order_id=ORDER,
            method=method,
            amount=amount,
            currency=currency,
            now=desk.now,
            shift_id="a shift",
            note="slip 41",
        )
    )


def paid(desk: Desk, amount: int = 7_000) -> PaymentView:
    payment = begin(desk, amount=amount)
    assert desk.write(lambda s: commands.captured(s, payment.id, now=desk.now))
    return again(desk, payment)


def again(desk: Desk, payment: PaymentView) -> PaymentView:
    return desk.read(lambda s: queries.payment(s, payment.id))


def give_back(desk: Desk, payment: PaymentView, amount: int, key: str = "refund:1") -> RefundView:
    return desk.write(
        lambda s: refunds.refund(
            s,
            payment_id=payment.id,
            amount=amount,
            cause=RefundCause.RETURNED,
            reason="two seats returned",
            key=key,
            now=desk.now,
        )
    )


def step(desk: Desk, act: Callable[[Session], bool]) -> bool:
    return desk.write(act)


# --- to begin and to take -----------------------------------------------------------------------


def test_a_card_payment_begins_before_its_provider_hears_of_it(desk: Desk) -> None:
    payment = begin(desk)

    assert payment == again(desk, payment)
    assert payment.state is PaymentState.CREATED
    assert payment.deadline_at == desk.now + timedelta(minutes=15)
    assert (payment.is_open, payment.left, payment.reference) == (True, 0, "")
    assert desk.read(lambda s: queries.by_public_name(s, payment.public_name)) == payment
    assert payment.public_name not in (payment.id, payment.basket_id)


def test_a_basket_has_one_open_payment(desk: Desk) -> None:
    first = begin(desk)

    unchanged(desk, lambda: begin(desk), PaymentOpen)

    assert step(desk, lambda s: commands.expired(s, first.id, now=desk.now))
    second = begin(desk)
    assert desk.read(lambda s: queries.find_open(s, BASKET)) == second
    assert len(desk.read(lambda s: queries.of_basket(s, BASKET))) == 2


def test_what_the_till_takes_is_captured_at_once_and_may_be_split(desk: Desk) -> None:
    cash, slip = take(desk), take(desk, Method.TERMINAL, amount=500)

    assert {one.state for one in (cash, slip)} == {PaymentState.CAPTURED}
    assert (slip.note, slip.shift_id, slip.left) == ("slip 41", "a shift", 500)
    assert desk.read(lambda s: queries.of_order(s, ORDER)) == (cash, slip)
    assert desk.read(lambda s: queries.of_order(s, "")) == ()


def test_an_amount_is_above_zero_and_has_a_currency(desk: Desk) -> None:
    error = unchanged(desk, lambda: take(desk, amount=0), NothingToPay)
    assert sentence(error) == "Enter an amount above zero."
    unchanged(desk, lambda: begin(desk, amount=-5), NothingToPay)
    unchanged(desk, lambda: take(desk, currency="gbp"), CurrencyUnknown)


def test_an_amount_of_money_may_pass_what_four_bytes_hold(desk: Desk) -> None:
    payment = paid(desk, amount=9_999_999_999)

    give_back(desk, payment, 9_999_999_999)

    assert again(desk, payment).refunded == 9_999_999_999


def test_a_card_is_never_taken_and_cash_never_begun(desk: Desk) -> None:
    with pytest.raises(ValueError, match="card is begun"):
        take(desk, Method.CARD)
    with pytest.raises(ValueError, match="cash is taken"):
        desk.write(
            lambda s: commands.begin(
                s,
                basket_id=BASKET,
                method=Method.CASH,
                amount=1,
                currency="GBP",
                deadline=desk.now,
                now=desk.now,
            )
        )


# --- steps ---------------------------------------------------------------------------------------


def test_each_step_is_taken_once_and_news_that_is_known_changes_nothing(desk: Desk) -> None:
    payment = begin(desk)

    def ask(session: Session) -> bool:
        return commands.action_needed(session, payment.id, reference="cs_1", now=desk.now)

    def capture(session: Session) -> bool:
        return commands.captured(
            session, payment.id, now=desk.now, capture_reference="pi_1", note="Visa 4242"
        )

    assert [step(desk, ask), step(desk, ask)] == [True, False]
    assert desk.read(lambda s: queries.find_by_reference(s, "cs_1")) == again(desk, payment)
    assert [step(desk, capture), step(desk, capture), step(desk, ask)] == [True, False, False]
    assert not step(desk, lambda s: commands.failed(s, payment.id, now=desk.now))
    assert not step(desk, lambda s: commands.expired(s, payment.id, now=desk.now))
    found = again(desk, payment)
    assert (found.state, found.note) == (PaymentState.CAPTURED, "Visa 4242")
    assert (found.settled_at, found.capture_reference) == (desk.now, "pi_1")
    assert desk.read(lambda s: queries.find_by_reference(s, "pi_1")) == found


@pytest.mark.parametrize("end", [commands.failed, commands.expired])
def test_what_is_captured_after_its_end_is_captured_all_the_same(
    desk: Desk, end: Callable[..., bool]
) -> None:
    payment = begin(desk)
    assert step(desk, lambda s: end(s, payment.id, now=desk.now))
    second = begin(desk)

    assert step(desk, lambda s: commands.captured(s, payment.id, now=desk.now))

    assert again(desk, payment).left == 7_000
    assert again(desk, second).is_open


def test_a_reference_belongs_to_one_payment_and_stays(desk: Desk) -> None:
    first, second = begin(desk), begin(desk, "another")

    def name(payment: PaymentView, reference: str) -> bool:
        return step(
            desk,
            lambda s: commands.action_needed(s, payment.id, reference=reference, now=desk.now),
        )

    assert name(first, "cs_1")
    unchanged(desk, lambda: name(second, "cs_1"), ReferenceTaken)
    unchanged(desk, lambda: name(first, "cs_2"), ReferenceTaken)


def test_a_payment_belongs_to_one_order(desk: Desk) -> None:
    payment = paid(desk)

    def assign(order: str) -> bool:
        return step(desk, lambda s: commands.assign_order(s, payment.id, order_id=order))

    assert [assign(ORDER), assign(ORDER)] == [True, False]
    unchanged(desk, lambda: assign("another"), PaymentOfAnotherOrder)


def test_what_does_not_exist_is_refused(desk: Desk) -> None:
    unchanged(
        desk, lambda: step(desk, lambda s: commands.failed(s, "x", now=desk.now)), UnknownPayment
    )
    unchanged(
        desk,
        lambda: step(desk, lambda s: refunds.refund_done(s, "x", now=desk.now)),
        UnknownRefund,
    )
    unchanged(desk, lambda: desk.read(lambda s: queries.by_public_name(s, "")), UnknownPayment)


def test_open_payments_past_their_deadline_are_due(desk: Desk) -> None:
    late, cash = begin(desk), take(desk)

    assert desk.read(lambda s: queries.over(s, now=desk.now)) == ()
    desk.clock.advance(timedelta(minutes=15))

    assert desk.read(lambda s: queries.over(s, now=desk.now)) == (late,)
    assert step(desk, lambda s: commands.captured(s, late.id, now=desk.now))
    assert desk.read(lambda s: queries.over(s, now=desk.now)) == ()
    assert cash.deadline_at is None


# --- giving back ---------------------------------------------------------------------------------


def test_a_refund_counts_from_the_moment_it_is_written(desk: Desk) -> None:
    payment = paid(desk)

    first = give_back(desk, payment, 5_000)

    assert (first.state, again(desk, payment).left) == (RefundState.PENDING, 2_000)
    error = unchanged(desk, lambda: give_back(desk, payment, 2_001, "refund:2"), OverRefund)
    assert sentence(error) == "Only £20.00 is left of this payment. Nothing was given back."
    assert give_back(desk, payment, 2_000, "refund:2").amount == 2_000
    assert desk.read(lambda s: queries.unsent_refunds(s, Method.CARD))[0] == first
    assert desk.read(lambda s: queries.unsent_refunds(s, Method.CASH)) == ()


def test_a_refund_asked_for_twice_is_one_refund(desk: Desk) -> None:
    payment = paid(desk)

    first, second = give_back(desk, payment, 3_000), give_back(desk, payment, 3_000)

    assert first == second
    assert again(desk, payment).refunded == 3_000
    unchanged(desk, lambda: give_back(desk, payment, 3_001), RefundKeyTaken)
    other = take(desk)
    unchanged(desk, lambda: give_back(desk, other, 3_000), RefundKeyTaken)


def test_nothing_is_given_back_of_what_was_not_captured(desk: Desk) -> None:
    payment, invoice = begin(desk), take(desk, Method.INVOICE)

    unchanged(desk, lambda: give_back(desk, payment, 1), NotCaptured)
    unchanged(desk, lambda: give_back(desk, invoice, 0), NothingToPay)


def test_a_refund_is_done_once_whoever_tells_first(desk: Desk) -> None:
    payment = paid(desk)
    refund = give_back(desk, payment, 7_000)

    def done(session: Session) -> bool:
        return refunds.refund_done(session, refund.id, now=desk.now, reference="re_1")

    assert [step(desk, done), step(desk, done)] == [True, False]
    found = desk.read(lambda s: queries.find_refund_by_reference(s, "re_1"))
    assert found is not None
    assert (found.state, found.settled_at) == (RefundState.DONE, desk.now)
    assert again(desk, payment).left == 0


@pytest.mark.parametrize("is_done", [False, True])
def test_a_refund_that_failed_is_owed_again(desk: Desk, is_done: bool) -> None:
    payment = paid(desk)
    refund = give_back(desk, payment, 7_000)
    if is_done:
        assert step(desk, lambda s: refunds.refund_done(s, refund.id, now=desk.now))

    def fail(session: Session) -> bool:
        return refunds.refund_failed(session, refund.id, now=desk.now)

    assert [step(desk, fail), step(desk, fail)] == [True, False]
    assert not step(desk, lambda s: refunds.refund_done(s, refund.id, now=desk.now))
    assert again(desk, payment).left == 7_000
    assert give_back(desk, payment, 7_000, "refund:2").state is RefundState.PENDING


# --- what the database refuses -------------------------------------------------------------------

PAYMENT_COPY = (
    "INSERT INTO payment SELECT {id}, basket_id, order_id, method, state, amount, currency, "
    "{refunded}, NULL, NULL, {name}, shift_id, note, deadline_at, created_at, settled_at "
    "FROM payment WHERE id = '{payment}'"
)
REFUND_COPY = (
    "INSERT INTO refund SELECT {id}, payment_id, {amount}, {state}, cause, reason, {key}, NULL, "
    "created_at, NULL FROM refund WHERE id = '{refund}'"
)


def attacks(payment: str, refund: str, open_one: str) -> list[str]:
    """Statements that would make money of nothing, or lose some."""
    where = f"WHERE id = '{payment}'"
    new = {"payment": payment, "id": "'x'", "name": "'x'", "refunded": "0"}
    of_refund = {"refund": refund, "id": "'x'", "key": "'x'", "amount": "1", "state": "'pending'"}
    return [
        f"UPDATE payment SET refunded = amount + 1 {where}",
        f"UPDATE payment SET refunded = -1 {where}",
        f"UPDATE payment SET refunded = 2999 {where}",  # less than its refunds
        f"UPDATE payment SET amount = amount * 2 {where}",
        f"UPDATE payment SET currency = 'JPY' {where}",
        f"UPDATE payment SET state = 'created', settled_at = NULL {where}",
        f"UPDATE payment SET state = 'failed' {where}",
        f"UPDATE payment SET reference = 'other' {where}",
        f"UPDATE payment SET order_id = 'other' {where}",
        f"UPDATE payment SET method = 'cash' {where}",
        f"UPDATE payment SET refunded = 1 WHERE id = '{open_one}'",
        f"UPDATE payment SET settled_at = created_at WHERE id = '{open_one}'",
        f"DELETE FROM payment {where}",
        PAYMENT_COPY.format(**new),  # a card payment that is born captured
        PAYMENT_COPY.format(**(new | {"payment": open_one})),  # a second open payment
        PAYMENT_COPY.format(**(new | {"payment": open_one, "refunded": "1"})),
        PAYMENT_COPY.format(**(new | {"name": f"(SELECT public_name FROM payment {where})"})),
        f"UPDATE refund SET amount = 1 WHERE id = '{refund}'",
        f"UPDATE refund SET payment_id = '{open_one}' WHERE id = '{refund}'",
        f"UPDATE refund SET key = 'x' WHERE id = '{refund}'",
        f"UPDATE refund SET state = 'pending', settled_at = NULL WHERE id = '{refund}'",
        f"DELETE FROM refund WHERE id = '{refund}'",
        REFUND_COPY.format(**of_refund),  # which no payment counts
        REFUND_COPY.format(**(of_refund | {"state": "'done'"})),
        REFUND_COPY.format(**(of_refund | {"amount": "-1"})),
        "UPDATE provider_event SET kind = 'x'",
        "DELETE FROM provider_event",
    ]


def test_the_database_refuses_what_no_command_does(desk: Desk) -> None:
    payment = paid(desk)
    open_one = begin(desk, "another")
    desk.write(lambda s: commands.assign_order(s, payment.id, order_id=ORDER))
    refund = give_back(desk, payment, 3_000)
    desk.write(lambda s: refunds.refund_done(s, refund.id, now=desk.now))
    desk.write(
        lambda s: s.connection().exec_driver_sql(
            "INSERT INTO provider_event (id, provider, kind, payment_id, received_at) "
            f"SELECT 'evt_1', 'stripe', 'x', id, created_at FROM payment WHERE id = '{payment.id}'"
        )
    )
    desk.write(
        lambda s: s.connection().exec_driver_sql(
            f"UPDATE payment SET reference = 'cs_1' WHERE id = '{payment.id}'"
        )
    )

    for statement in attacks(payment.id, refund.id, open_one.id):
        with pytest.raises(DBAPIError) as refused:
            desk.write(lambda s, said=statement: s.connection().execute(sa.text(said)))
        said = str(refused.value.orig)
        assert "guard" in said or "onstraint" in said or "permission denied" in said, said

    assert again(desk, payment).left == 4_000
