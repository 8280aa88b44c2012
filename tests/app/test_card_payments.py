"""Payments by card from the basket to the ticket: whatever is lost, late or doubled in between."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.confirming import serving
from tests.support.factories import Desk, together
from tests.support.houses import seat
from tests.support.paying import RETURN, VISA, Buyer
from tests.support.shop import ADULT, open_shop
from upstage_crm.inventory import holds
from upstage_crm.jobs import card_payments
from upstage_crm.ledger.views import Account
from upstage_crm.orders.settlement import Outcome
from upstage_crm.payments import checkout, queries, refunds
from upstage_crm.payments.errors import CardNotOffered, PaymentOver
from upstage_crm.payments.providers.cards import Cards
from upstage_crm.payments.providers.published_cards import CARDS
from upstage_crm.payments.providers.published_cards import Outcome as CardOutcome
from upstage_crm.payments.views import PaymentState, PaymentView, RefundCause, RefundState
from upstage_crm.portal.acquirer.acquirer_html import words_of

A1, A2, A3 = seat("A", 1), seat("A", 2), seat("A", 3)
REAL_LOOKING = "4929 1234 5678 9015"  # passes the check sum, and was never issued
CLEAR = 2 * ADULT


@pytest.fixture
def buyer(desk: Desk) -> Iterator[Buyer]:
    with serving(desk) as parts:
        yield Buyer(open_shop(desk), parts)


def pass_time(buyer: Buyer, minutes: float) -> None:
    buyer.shop.desk.clock.advance(timedelta(minutes=minutes))


def balance(buyer: Buyer) -> tuple[int, int]:
    """What lies at the provider, and what is owed to buyers."""
    shop = buyer.shop
    return shop.balance(Account.CARD_CLEARING), shop.balance(Account.REFUNDS_DUE)


def give_back(buyer: Buyer, payment: PaymentView, amount: int) -> str:
    return buyer.shop.desk.write(
        lambda s: (
            refunds.refund(
                s,
                payment_id=payment.id,
                amount=amount,
                cause=RefundCause.STAFF,
                reason="",
                key=f"{payment.id}:{amount}",
                now=buyer.shop.desk.now,
            ).id
        )
    )


# --- all goes well -------------------------------------------------------------------------------


def test_a_card_buys_the_tickets_before_the_browser_is_back(buyer: Buyer) -> None:
    payment, path = buyer.opened(A1, A2)
    shown = buyer.browser.get(path)

    answer = buyer.pays(path)

    assert "Test payments. No money moves." in shown.text
    assert "Pay $70.00" in shown.text
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"{RETURN}{payment.public_name}",
    )
    found = buyer.again(payment)
    assert (found.state, found.note, buyer.tickets(payment)) == (
        PaymentState.CAPTURED,
        "Visa 4242",
        2,
    )
    assert balance(buyer) == (CLEAR, 0)
    assert buyer.browser.get(path).headers["location"] == f"{RETURN}{payment.public_name}"


def test_the_same_payment_has_the_same_page(buyer: Buyer) -> None:
    payment, path = buyer.opened(A1)

    assert buyer.page(buyer.again(payment)) == path
    # A worker that died before it kept the reference asks again, and gets the same one.
    assert buyer.page(payment) == path


def test_every_published_number_does_what_its_line_says(buyer: Buyer) -> None:
    """The published numbers: 6 are refused, 4 ask the bank first, and the others pay."""
    seats = [seat(row, number) for row in "ABC" for number in range(6, 0, -1)]
    for card, place in zip(CARDS, seats, strict=False):
        payment, path = buyer.opened(place)

        answer = buyer.pays(path, card.spaced)
        if card.asks_bank:
            assert (answer.status_code, "Your bank asks" in answer.text) == (200, True)
            answer = buyer.answers(path, "yes")

        is_paid = card.outcome is CardOutcome.PAID
        assert answer.status_code == (303 if is_paid else 402), card
        assert buyer.tickets(payment) == int(is_paid)
        assert words_of(card) in buyer.browser.get(path).text or is_paid


def test_a_refused_card_leaves_the_page_open_for_another_one(buyer: Buyer) -> None:
    payment, path = buyer.opened(A1, A2)

    refused = buyer.pays(path, "4000 0000 0000 9995")
    paid = buyer.pays(path)

    assert "There is not enough money on this card. Try another one." in refused.text
    assert (refused.status_code, paid.status_code) == (402, 303)
    assert buyer.tickets(payment) == 2


def test_who_tells_the_bank_no_is_not_charged(buyer: Buyer) -> None:
    payment, path = buyer.opened(A1, A2)
    buyer.pays(path, "4000 0000 0000 3220")

    answer = buyer.answers(path, "no")

    assert answer.status_code == 402
    assert "Nothing was charged." in answer.text
    assert buyer.again(payment).state is PaymentState.ACTION_NEEDED
    assert balance(buyer) == (0, 0)


# --- what is no test number ----------------------------------------------------------------------


def test_a_number_that_is_not_published_is_refused_and_kept_nowhere(
    buyer: Buyer, caplog: pytest.LogCaptureFixture
) -> None:
    payment, path = buyer.opened(A1, A2)
    desk, before = buyer.shop.desk, buyer.shop.desk.dump()

    with caplog.at_level(logging.DEBUG):
        answers = [buyer.pays(path, number) for number in (REAL_LOOKING, "", "x" * 5_000)]

    assert {answer.status_code for answer in answers} == {422}
    digits = re.sub("[^0-9]", "", REAL_LOOKING)
    for text in (answers[0].text, caplog.text, str(desk.dump())):
        assert digits not in re.sub("[ -]", "", text)
    assert desk.dump() == before
    assert buyer.again(payment).is_open


def test_not_even_a_published_number_is_kept(buyer: Buyer) -> None:
    buyer.paid(A1, A2)

    assert "4242424242424242" not in str(buyer.shop.desk.dump())


def test_a_form_of_another_site_pays_nothing(buyer: Buyer) -> None:
    payment, path = buyer.opened(A1)

    for place in (path, f"{path}/bank"):
        given = {"number": VISA, "answer": "yes"}
        answer = buyer.browser.post(place, data=given, headers={"origin": "https://evil.example"})
        assert answer.status_code == 403

    assert buyer.again(payment).is_open


def test_a_page_that_is_not_there_says_so(buyer: Buyer) -> None:
    assert buyer.browser.get("/pay/test/nothing").status_code == 404
    assert buyer.pays("/pay/test/nothing").status_code == 404
    assert buyer.answers("/pay/test/nothing", "yes").status_code == 404


# --- what is lost, late and doubled --------------------------------------------------------------


def test_an_answer_that_is_lost_is_heard_of_by_the_clock(buyer: Buyer) -> None:
    payment, path = buyer.opened(A1, A2)

    answer = buyer.pays(path, fault="no_answer")

    assert (answer.status_code, buyer.tickets(payment)) == (504, 0)
    buyer.tick()
    assert buyer.tickets(payment) == 0
    pass_time(buyer, 1)
    buyer.tick()
    assert buyer.tickets(payment) == 2


def test_news_that_is_late_finds_what_the_return_page_has_settled(buyer: Buyer) -> None:
    payment, path = buyer.opened(A1, A2)
    assert buyer.pays(path, fault="late_news").status_code == 303
    assert buyer.tickets(payment) == 0

    assert card_payments.settle(buyer.parts, payment.id) is Outcome.SOLD  # as the return page does
    pass_time(buyer, 1)
    buyer.tick()

    assert (buyer.tickets(payment), balance(buyer)) == (2, (CLEAR, 0))


def test_news_that_comes_three_times_sells_once(buyer: Buyer) -> None:
    payment, path = buyer.opened(A1, A2)

    buyer.pays(path, fault="twice")
    for _ in range(3):
        buyer.tick()

    assert (buyer.tickets(payment), balance(buyer)) == (2, (CLEAR, 0))
    assert buyer.acquirer.due_news(now=buyer.shop.desk.now) == ()


def test_eight_who_bring_the_same_news_make_one_order(buyer: Buyer) -> None:
    payment, path = buyer.opened(A1, A2)
    buyer.pays(path, fault="late_news")

    results = together(*[lambda: card_payments.settle(buyer.parts, payment.id)] * 8)

    assert Counter(results) == {Outcome.SOLD: 8}
    assert balance(buyer) == (CLEAR, 0)


def test_a_payment_of_which_nothing_is_heard_is_asked_about(buyer: Buyer) -> None:
    """The message is lost for good, and the buyer closes the browser."""
    payment, path = buyer.opened(A1, A2)
    buyer.pays(path, fault="late_news")
    for event in buyer.acquirer.due_news(now=buyer.shop.desk.now + timedelta(hours=1)):
        buyer.acquirer.told(event.id)

    pass_time(buyer, 1)
    buyer.tick()

    assert buyer.tickets(payment) == 2
    assert buyer.shop.desk.read(queries.alone) == ()


# --- the deadline --------------------------------------------------------------------------------


def test_a_minute_before_the_deadline_the_page_ends_and_the_basket_is_open_again(
    buyer: Buyer,
) -> None:
    payment, path = buyer.opened(A1, A2)
    pass_time(buyer, 13.9)
    buyer.tick()
    assert buyer.again(payment).is_open

    pass_time(buyer, 0.1)
    buyer.tick()

    assert buyer.again(payment).state is PaymentState.EXPIRED
    late = buyer.pays(path)
    assert (late.status_code, "Nothing was charged." in late.text) == (200, True)
    assert buyer.shop.view(payment.basket_id).is_held
    with pytest.raises(PaymentOver):
        buyer.page(buyer.again(payment))


def test_a_payment_that_never_had_a_page_expires(buyer: Buyer) -> None:
    payment = buyer.begin(A1)
    pass_time(buyer, 14)

    buyer.tick()

    assert buyer.again(payment).state is PaymentState.EXPIRED
    with pytest.raises(PaymentOver):  # the slow worker comes back, and nobody sees its page
        buyer.page(payment)
    assert buyer.again(payment).reference == ""


def test_what_was_paid_as_the_page_ended_is_sold(buyer: Buyer) -> None:
    payment, path = buyer.opened(A1, A2)
    buyer.pays(path, fault="no_answer")
    pass_time(buyer, 14)

    buyer.tick()

    assert buyer.tickets(payment) == 2


@pytest.mark.parametrize("is_taken", [False, True])
def test_what_is_captured_after_the_hold_buys_the_same_seats_or_goes_back(
    buyer: Buyer, is_taken: bool
) -> None:
    payment, path = buyer.opened(A1, A2)
    pass_time(buyer, 20)  # the clock has stood still: the page lives for half an hour
    now = buyer.shop.desk.now
    buyer.shop.made.attempt(lambda s: holds.tidy(s, now=now))
    if is_taken:
        buyer.shop.sold(A2, A3)

    buyer.pays(path)
    buyer.tick()

    assert buyer.tickets(payment) == (0 if is_taken else 2)
    assert balance(buyer) == ((0, 0) if is_taken else (CLEAR, 0))
    causes = [(one.cause, one.state) for one in buyer.refunds(payment)]
    assert causes == ([(RefundCause.SEATS_GONE, RefundState.DONE)] if is_taken else [])


# --- giving back ---------------------------------------------------------------------------------


def test_a_refund_leaves_once_and_its_news_changes_nothing(buyer: Buyer) -> None:
    payment = buyer.paid(A1, A2)
    give_back(buyer, payment, 500)

    for _ in range(3):
        buyer.tick()

    (refund,) = buyer.refunds(payment)
    assert refund.state is RefundState.DONE
    assert refund.reference.startswith("test_refund_")
    assert balance(buyer) == (CLEAR - 500, 500)  # what is owed less is the return's own posting


def test_a_refund_that_takes_a_minute_is_done_by_its_news(buyer: Buyer) -> None:
    payment = buyer.paid(A1, A2, number="4000000000007726")
    give_back(buyer, payment, 500)

    buyer.tick()
    states = [one.state for one in buyer.refunds(payment)]
    pass_time(buyer, 1)
    buyer.tick()

    assert states == [RefundState.PENDING]
    assert [one.state for one in buyer.refunds(payment)] == [RefundState.DONE]


def test_a_refund_that_a_bank_sends_back_is_owed_again(buyer: Buyer) -> None:
    payment = buyer.paid(A1, A2, number="4000000000005126")
    give_back(buyer, payment, CLEAR)

    buyer.tick()
    done = balance(buyer)
    pass_time(buyer, 1)
    buyer.tick()

    assert done == (0, CLEAR)
    assert [one.state for one in buyer.refunds(payment)] == [RefundState.FAILED]
    assert buyer.again(payment).left == CLEAR
    assert balance(buyer) == (CLEAR, 0)


def test_a_worker_that_dies_after_the_provider_answered_gives_back_once(buyer: Buyer) -> None:
    payment = buyer.paid(A1, A2)
    refund_id = give_back(buyer, payment, CLEAR)
    wanted = checkout.wanted_of(payment, buyer.refunds(payment)[0])

    first = buyer.acquirer.refund(wanted, now=buyer.shop.desk.now)  # and then it is gone
    buyer.tick()

    (refund,) = buyer.refunds(payment)
    assert (refund.id, refund.reference, refund.state) == (
        refund_id,
        first.reference,
        RefundState.DONE,
    )
    assert balance(buyer)[0] == 0


def test_the_acquirer_gives_back_no_more_than_was_paid(buyer: Buyer) -> None:
    """Were our own counter wrong, the refund would fail and be owed, and no money would be lost."""
    payment = buyer.paid(A1, A2)
    give_back(buyer, payment, CLEAR)
    wanted = checkout.wanted_of(payment, buyer.refunds(payment)[0])
    buyer.acquirer.refund(replace(wanted, refund_id="made there"), now=buyer.shop.desk.now)

    buyer.tick(is_minute=False)

    assert [one.state for one in buyer.refunds(payment)] == [RefundState.FAILED]
    assert buyer.again(payment).left == CLEAR


# --- where no card is taken ----------------------------------------------------------------------


def test_without_a_provider_no_card_is_offered(desk: Desk) -> None:
    with serving(desk, public_url="https://crm.example.org") as parts:
        assert not parts.cards.is_offered
        with pytest.raises(CardNotOffered):
            checkout.ensure_fits(parts.cards, 100, "GBP")
        card_payments.do_what_is_due(parts, is_minute=True)


def test_a_payment_of_a_provider_that_is_gone_waits(buyer: Buyer) -> None:
    payment, _path = buyer.opened(A1)
    pass_time(buyer, 15)
    parts = replace(buyer.parts, cards=Cards())

    assert card_payments.end_late(parts) == 0
    assert buyer.again(payment).is_open
