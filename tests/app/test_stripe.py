"""Stripe over real HTTP: its emulator behind our proxy, from the basket to the ticket and back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from starlette.applications import Starlette

from tests.conftest import START
from tests.support.confirming import OURS, Browser, serving
from tests.support.factories import Desk, together
from tests.support.houses import seat
from tests.support.paying import Buyer
from tests.support.shop import ADULT, open_shop
from tests.support.stripe_stand import API_KEY, SECRET, Stripe, running_stripe
from upstage_crm.core.clock import FrozenClock
from upstage_crm.jobs import card_payments
from upstage_crm.ledger.views import Account
from upstage_crm.orders.settlement import Outcome
from upstage_crm.payments import checkout, disputes, refunds
from upstage_crm.payments.errors import (
    CardUnfit,
    FactsDiffer,
    PaymentOver,
    ProviderAway,
    ProviderRefused,
)
from upstage_crm.payments.views import (
    DisputeState,
    DisputeView,
    PaymentState,
    PaymentView,
    RefundCause,
    RefundState,
)
from upstage_crm.webhooks import stripe as stripe_webhook

A1, A2 = seat("A", 1), seat("A", 2)
TOTAL = 2 * ADULT


@pytest.fixture(scope="module")
def stand() -> Iterator[Stripe]:
    with running_stripe(FrozenClock(START)) as stripe:
        yield stripe


@pytest.fixture
def stripe(stand: Stripe, clock: FrozenClock) -> Stripe:
    """Stripe as it was before anything happened, at the test's time."""
    stand.clock, stand.calls, stand.is_away, stand.loses_answers = clock, 0, False, False
    for known in (stand.keys, stand.extra, stand.refunds, stand.disputes):
        known.clear()
    stand.said.clear()
    return stand


@pytest.fixture
def buyer(desk: Desk, stripe: Stripe) -> Iterator[Buyer]:
    more = {
        "STRIPE_API_KEY": API_KEY,
        "STRIPE_API_URL": stripe.url,
        "STRIPE_WEBHOOK_SECRET": SECRET,
    }
    web = Browser(Starlette(routes=stripe_webhook.routes(has_secret=True)))

    def deliver(headers: dict[str, str], body: bytes) -> int:
        return web.post(stripe_webhook.PATH, content=body, headers=headers).status_code

    with serving(desk, more=more) as parts:
        stripe.deliver = deliver
        yield Buyer(open_shop(desk), parts)
        stripe.deliver = None


def balance(buyer: Buyer) -> tuple[int, int]:
    shop = buyer.shop
    return shop.balance(Account.CARD_CLEARING), shop.balance(Account.REFUNDS_DUE)


def paid(buyer: Buyer, stripe: Stripe) -> PaymentView:
    payment, _url = buyer.opened(A1, A2)
    stripe.pay(buyer.again(payment).reference)
    return buyer.again(payment)


def give_back(buyer: Buyer, payment: PaymentView, amount: int) -> None:
    buyer.shop.desk.write(
        lambda s: refunds.refund(
            s,
            payment_id=payment.id,
            amount=amount,
            cause=RefundCause.STAFF,
            reason="",
            key=f"{payment.id}:{amount}",
            now=buyer.shop.desk.now,
        )
    )


def pass_time(buyer: Buyer, minutes: float) -> None:
    buyer.shop.desk.clock.advance(timedelta(minutes=minutes))


# --- paying --------------------------------------------------------------------------------------


def test_the_event_sells_before_the_browser_is_back(buyer: Buyer, stripe: Stripe) -> None:
    payment, url = buyer.opened(A1, A2)

    stripe.pay(buyer.again(payment).reference)

    found = buyer.again(payment)
    assert url.startswith(f"{stripe.url}/checkout/cs_")
    assert stripe.said == [200]
    assert (found.state, found.note) == (PaymentState.CAPTURED, "Visa 4242")
    assert found.capture_reference.startswith("pi_")
    assert (buyer.tickets(payment), balance(buyer)) == (2, (TOTAL, 0))


def test_two_workers_that_open_a_page_open_one(buyer: Buyer, stripe: Stripe) -> None:
    payment, url = buyer.opened(A1, A2)
    first = buyer.again(payment).reference

    again = [buyer.page(payment), buyer.page(buyer.again(payment))]

    assert again == [url, url]
    assert buyer.again(payment).reference == first
    assert len(stripe.extra) == 1


def test_a_lost_answer_opens_no_second_page(buyer: Buyer, stripe: Stripe) -> None:
    payment = buyer.begin(A1, A2)
    stripe.loses_answers = True
    with pytest.raises(ProviderAway):
        buyer.page(payment)
    stripe.loses_answers = False

    buyer.page(payment)

    assert len(stripe.extra) == 1


def test_other_words_under_the_same_key_are_refused(buyer: Buyer, stripe: Stripe) -> None:
    payment, _url = buyer.opened(A1)

    with pytest.raises(ProviderRefused):
        buyer.page(replace(payment, amount=payment.amount + 1))

    assert len(stripe.extra) == 1


def test_an_event_that_comes_three_times_and_a_return_page_sell_once(
    buyer: Buyer, stripe: Stripe
) -> None:
    payment = paid(buyer, stripe)

    stripe.tell("checkout.session.completed", payment.reference, copies=2)
    results = together(*[lambda: card_payments.settle(buyer.parts, payment.id)] * 8)

    assert stripe.said == [200, 200, 200]
    assert set(results) == {Outcome.SOLD}
    assert (buyer.tickets(payment), balance(buyer)) == (2, (TOTAL, 0))


def test_a_payment_whose_event_is_lost_is_found_by_the_clock(buyer: Buyer, stripe: Stripe) -> None:
    payment, _url = buyer.opened(A1, A2)
    stripe.deliver = None
    stripe.pay(buyer.again(payment).reference)
    assert buyer.tickets(payment) == 0

    pass_time(buyer, 1)
    buyer.tick()

    assert buyer.tickets(payment) == 2


def test_an_event_that_says_paid_sells_nothing_that_stripe_does_not_confirm(
    buyer: Buyer, stripe: Stripe
) -> None:
    payment, _url = buyer.opened(A1, A2)

    stripe.tell("checkout.session.completed", buyer.again(payment).reference)

    assert stripe.said == [200]
    assert (buyer.tickets(payment), buyer.again(payment).is_open) == (0, True)


def test_another_amount_than_was_asked_for_is_never_taken_for_paid(
    buyer: Buyer, stripe: Stripe
) -> None:
    payment, _url = buyer.opened(A1, A2)
    reference = buyer.again(payment).reference
    stripe.extra[reference]["amount_total"] = 1

    stripe.pay(reference)

    assert stripe.said == [503]
    with pytest.raises(FactsDiffer):
        card_payments.settle(buyer.parts, payment.id)
    assert buyer.tickets(payment) == 0


def test_the_page_ends_a_minute_before_our_deadline(buyer: Buyer, stripe: Stripe) -> None:
    payment, _url = buyer.opened(A1, A2)
    pass_time(buyer, 14)

    buyer.tick()

    assert buyer.again(payment).state is PaymentState.EXPIRED
    reference = buyer.again(payment).reference
    facts = buyer.parts.cards.offered.fetch(reference, now=buyer.shop.desk.now)
    assert facts.state is PaymentState.EXPIRED
    assert stripe.said == [200]  # its own word of it, which was no news


def test_what_was_paid_as_the_page_was_ended_is_sold(buyer: Buyer, stripe: Stripe) -> None:
    payment, _url = buyer.opened(A1, A2)
    stripe.deliver = None
    stripe.pay(buyer.again(payment).reference)
    pass_time(buyer, 14)

    buyer.tick(is_minute=False)

    assert buyer.tickets(payment) == 2


def test_while_stripe_is_away_nothing_moves_and_nothing_is_lost(
    buyer: Buyer, stripe: Stripe
) -> None:
    payment, _url = buyer.opened(A1, A2)
    stripe.is_away = True
    pass_time(buyer, 14)
    buyer.tick()
    assert buyer.again(payment).is_open

    stripe.is_away = False
    buyer.tick()

    assert buyer.again(payment).state is PaymentState.EXPIRED


def test_a_payment_that_expired_opens_no_page(buyer: Buyer) -> None:
    payment = buyer.begin(A1)
    pass_time(buyer, 14)
    buyer.tick()

    with pytest.raises(PaymentOver):
        buyer.page(buyer.again(payment))


def test_an_amount_that_stripe_cannot_write_is_refused_before_anything(buyer: Buyer) -> None:
    with pytest.raises(CardUnfit):
        checkout.ensure_fits(buyer.parts.cards, 1_001, "KWD")
    checkout.ensure_fits(buyer.parts.cards, 1_010, "KWD")


# --- events --------------------------------------------------------------------------------------


def test_only_stripe_is_believed(buyer: Buyer, stripe: Stripe) -> None:
    payment, _url = buyer.opened(A1, A2)
    stripe_body = b'{"id":"evt_1","type":"checkout.session.completed","data":{"object":{"id":"x"}}}'
    good = stripe.signed(stripe_body)
    assert stripe.deliver is not None
    before = buyer.shop.desk.dump()
    hour_ago = stripe.clock.now().timestamp() - 3_600
    for signature in (
        "",
        good[:-4] + "beef",
        good.replace("v1=", "v0="),
        stripe.signed(stripe_body, hour_ago),
        stripe.signed(stripe_body, stripe.clock.now().timestamp() + 3_600),
        "t=,v1=",
        "t=9" * 500,
    ):
        assert stripe.deliver({"stripe-signature": signature}, stripe_body) == 401, signature
    assert stripe.deliver({"stripe-signature": good}, stripe_body + b" ") == 401
    for odd in (b"[]", b"{}", b"\xff", b'{"id":1,"type":"x","data":[]}', b"[" * 50_000):
        assert stripe.deliver({"stripe-signature": stripe.signed(odd)}, odd) == 400, odd[:20]
    assert stripe.deliver({"stripe-signature": good}, b" " * 300_000) == 413

    assert buyer.shop.desk.dump() == before
    assert stripe.deliver({"stripe-signature": good}, stripe_body) == 200  # and not ours
    assert buyer.again(payment).is_open


def test_an_event_from_before_the_payment_knows_nothing(buyer: Buyer, stripe: Stripe) -> None:
    stripe.tell("checkout.session.completed", "cs_test_of_another_shop")
    stripe.tell("customer.created", "cus_1")
    stripe.tell("refund.created", "re_of_another_shop")
    stripe.tell("charge.dispute.created", "dp_of_another_shop")

    assert stripe.said == [200] * 4


def test_a_second_secret_is_valid_while_one_is_replaced(desk: Desk, stripe: Stripe) -> None:
    more = {"STRIPE_API_KEY": API_KEY, "STRIPE_WEBHOOK_SECRET": f"whsec_{'n' * 20},{SECRET}"}
    web = Browser(Starlette(routes=stripe_webhook.routes(has_secret=True)))
    body = b'{"id":"evt_1","type":"x","data":{"object":{"id":"x"}}}'
    with serving(desk, more=more):
        headers = {"stripe-signature": stripe.signed(body)}
        answer = web.post(stripe_webhook.PATH, content=body, headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"status": "not_ours"})


# --- giving back ---------------------------------------------------------------------------------


def test_a_refund_leaves_once_whatever_is_lost(buyer: Buyer, stripe: Stripe) -> None:
    payment = paid(buyer, stripe)
    give_back(buyer, payment, 500)
    stripe.loses_answers = True
    buyer.tick()
    assert [one.state for one in buyer.refunds(payment)] == [RefundState.PENDING]
    stripe.loses_answers = False

    buyer.tick()
    buyer.tick()

    assert len(stripe.refunds) == 1
    assert [one.state for one in buyer.refunds(payment)] == [RefundState.DONE]
    assert balance(buyer) == (TOTAL - 500, 500)


def test_the_event_of_a_refund_may_come_before_the_answer(buyer: Buyer, stripe: Stripe) -> None:
    payment = paid(buyer, stripe)
    give_back(buyer, payment, 500)
    wanted = checkout.wanted_of(payment, buyer.refunds(payment)[0])
    made = buyer.parts.cards.offered.refund(wanted, now=buyer.shop.desk.now)

    stripe.tell("refund.created", made.reference, copies=2)
    buyer.tick()

    assert [one.state for one in buyer.refunds(payment)] == [RefundState.DONE]
    assert balance(buyer) == (TOTAL - 500, 500)


def test_a_refund_that_fails_later_is_owed_again(buyer: Buyer, stripe: Stripe) -> None:
    payment = paid(buyer, stripe)
    give_back(buyer, payment, 500)
    buyer.tick()
    (name,) = stripe.refunds
    stripe.refunds[name]["status"] = "failed"

    stripe.tell("refund.failed", name)

    assert [one.state for one in buyer.refunds(payment)] == [RefundState.FAILED]
    assert buyer.again(payment).left == TOTAL
    assert balance(buyer) == (TOTAL, 0)


def test_a_refund_made_at_stripe_is_counted_and_the_tickets_stay(
    buyer: Buyer, stripe: Stripe
) -> None:
    payment = paid(buyer, stripe)
    name = stripe.refund_there(payment.capture_reference, 1_000, "usd")

    stripe.tell("refund.created", name)
    stripe.tell("refund.updated", name)

    (refund,) = buyer.refunds(payment)
    assert (refund.cause, refund.state, refund.amount) == (
        RefundCause.PROVIDER,
        RefundState.DONE,
        1_000,
    )
    assert buyer.again(payment).left == TOTAL - 1_000
    assert buyer.tickets(payment) == 2
    # No return was booked, so what was given back is a claim that staff have to explain.
    assert balance(buyer) == (TOTAL - 1_000, 1_000)


def test_a_refund_at_stripe_beside_one_of_ours_is_heard_when_ours_has_failed(
    buyer: Buyer, stripe: Stripe
) -> None:
    payment = paid(buyer, stripe)
    give_back(buyer, payment, TOTAL)
    name = stripe.refund_there(payment.capture_reference, 1_000, "usd")

    stripe.tell("refund.created", name)
    first = stripe.said[-1]
    buyer.tick()  # Stripe refuses ours: too little is left
    stripe.tell("refund.created", name)

    assert (first, stripe.said[-1]) == (503, 200)
    states = {one.cause: one.state for one in buyer.refunds(payment)}
    assert states == {RefundCause.STAFF: RefundState.FAILED, RefundCause.PROVIDER: RefundState.DONE}
    assert buyer.again(payment).left == TOTAL - 1_000


# --- disputes ------------------------------------------------------------------------------------


def test_a_dispute_is_booked_once_and_comes_back_when_it_is_won(
    buyer: Buyer, stripe: Stripe
) -> None:
    payment = paid(buyer, stripe)

    def tell(kind: str, status: str) -> None:
        name = stripe.dispute(payment.capture_reference, TOTAL, "usd", status)
        stripe.tell(f"charge.dispute.{kind}", name)

    tell("created", "warning_needs_response")
    assert buyer.shop.balance(Account.DISPUTED) == 0
    tell("updated", "needs_response")
    tell("funds_withdrawn", "under_review")
    assert buyer.shop.balance(Account.DISPUTED) == TOTAL
    tell("closed", "won")
    tell("funds_reinstated", "won")

    assert buyer.shop.balance(Account.DISPUTED) == 0
    assert (buyer.tickets(payment), balance(buyer)) == (2, (TOTAL, 0))


def test_a_dispute_is_kept_for_staff_until_it_is_over(buyer: Buyer, stripe: Stripe) -> None:
    payment, desk = paid(buyer, stripe), buyer.shop.desk
    due = START.replace(microsecond=0) + timedelta(days=9)

    def tell(kind: str, status: str, at: datetime | None = None) -> None:
        name = stripe.dispute(payment.capture_reference, TOTAL, "usd", status, at)
        stripe.tell(f"charge.dispute.{kind}", name)

    def listed() -> list[DisputeView]:
        return desk.read(lambda s: disputes.needing(s, since=desk.now - timedelta(days=7)))

    tell("created", "needs_response", due - timedelta(days=2))
    tell("funds_withdrawn", "needs_response", due)
    [found] = listed()
    assert (found.payment_id, found.order_id) == (payment.id, buyer.again(payment).order_id)
    assert (found.amount, found.currency, found.due_at) == (TOTAL, payment.currency, due)
    assert (found.state, found.closed_at) == (DisputeState.OPEN, None)

    tell("updated", "under_review", due)
    assert listed() == []
    tell("closed", "lost")
    tell("funds_reinstated", "under_review", due)  # what it says is older than what is known
    [lost] = listed()
    assert (lost.state, lost.closed_at) == (DisputeState.LOST, desk.now)
    assert buyer.tickets(payment) == 2
    pass_time(buyer, 8 * 24 * 60)
    assert listed() == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE payment_dispute SET amount = 1",
        "UPDATE payment_dispute SET state = 'open', closed_at = NULL",
        "UPDATE payment_dispute SET closed_at = NULL",
        "DELETE FROM payment_dispute",
    ],
)
def test_a_dispute_that_was_lost_cannot_be_hidden(
    buyer: Buyer, stripe: Stripe, change: str
) -> None:
    payment = paid(buyer, stripe)
    name = stripe.dispute(payment.capture_reference, TOTAL, "usd", "lost")
    stripe.tell("charge.dispute.closed", name)

    with pytest.raises(DBAPIError), buyer.shop.desk.database.transaction() as session:
        session.connection().execute(sa.text(change))
    assert buyer.shop.desk.scalar("SELECT state FROM payment_dispute") == "lost"


def test_a_form_may_lead_to_the_page_of_the_provider(buyer: Buyer, stripe: Stripe) -> None:
    assert buyer.parts.cards.offered.form_action == stripe.url
    assert OURS not in stripe.url
