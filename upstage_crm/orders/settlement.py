"""Payments by a provider: begun before its page opens, settled by what it says afterwards.

`settle` is one function for the provider's message, the page that the buyer comes back to and the
minute's job: whichever is first does the work, and the others find it done. What was captured is
sold or goes back, in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlmodel import Session

from upstage_crm.core.errors import UpstageError
from upstage_crm.inventory import holds
from upstage_crm.inventory.errors import HoldLapsed
from upstage_crm.ledger import books
from upstage_crm.ledger.views import Posting, PostingKind
from upstage_crm.orders import basket_prices, baskets, order_contacts, order_postings, sale
from upstage_crm.orders.basket_reading import basket_row, contact_of, read, wanted_of
from upstage_crm.orders.errors import BasketEmpty
from upstage_crm.orders.views import (
    BasketState,
    Contact,
    Seller,
    Tender,
)
from upstage_crm.payments import commands as payments
from upstage_crm.payments import queries, refunds
from upstage_crm.payments.views import Method, PaymentState, PaymentView, RefundCause
from upstage_crm.staff import accounts
from upstage_crm.staff.command_context import CommandContext

TIME_TO_PAY = timedelta(minutes=15)
_SALE_FAILED = "The seats were no longer held"
_PAID_BEFORE = "The basket was paid before"


class Outcome(StrEnum):
    """What became of a payment."""

    OPEN = "open"
    SOLD = "sold"
    GIVEN_BACK = "given_back"
    FAILED = "failed"


class Said(StrEnum):
    """What the provider says of a payment, as it is now."""

    OPEN = "open"
    CAPTURED = "captured"
    FAILED = "failed"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the provider says. `note` is the brand and the last four digits of a card."""

    said: Said
    capture_reference: str = ""
    note: str = ""


def begin(
    context: CommandContext[object], seller: Seller, *, basket_id: str, contact: Contact
) -> PaymentView:
    """Write down that a basket is being paid by card, and keep its seats until that is over.

    The caller commits, and only then asks the provider for its page. The one payment that is open
    already is returned again.

    Raises:
        UnknownBasket, BasketOver, BasketEmpty: there is nothing to pay.
        HoldLapsed: the time is over; what is still free can be held again.
        ContactMissing, InvalidEmail, InvalidText: the contact cannot be kept.
        PriceChanged: the prices are not those that were promised.
    """
    session, now = context.session, context.now
    row = baskets.lock(session, basket_id)
    if row["state"] is BasketState.PAYING:
        known = queries.find_open(session, basket_id)
        if known is not None:
            return known
    else:
        baskets.ensure_open(row)
    view = read(session, basket_id, now=now)
    if not view.lines:
        raise BasketEmpty
    if not view.is_held:
        raise HoldLapsed
    kept = order_contacts.checked(contact, seller.channel)
    priced = basket_prices.price(session, view.lines, seller, now=view.priced_at)
    sale.ensure_promised(view, priced)
    deadline = now + TIME_TO_PAY
    holds.keep_until(session, holder=basket_id, until=deadline, now=now)
    baskets.keep_contact(context, basket_id, kept)
    baskets.turn(session, basket_id, BasketState.PAYING, now=now)
    return payments.begin(
        session,
        basket_id=basket_id,
        method=Method.CARD,
        amount=view.total,
        currency=view.currency,
        deadline=deadline,
        now=now,
        shift_id=seller.shift_id,
    )


def settle(
    context: CommandContext[object],
    seller: Seller,
    *,
    payment_id: str,
    facts: Facts,
) -> Outcome:
    """Bring a payment in line with what its provider says, and sell or give back what it paid for.

    Run it by `Database.attempt`; it may be run any number of times.

    Raises:
        UnknownPayment: there is none with this id.
    """
    session, now = context.session, context.now
    payment = queries.payment(session, payment_id)
    row = baskets.lock(session, payment.basket_id)
    payment = queries.payment(session, payment_id)
    if payment.order_id:
        return Outcome.SOLD
    if payment.state is PaymentState.CAPTURED:
        return Outcome.GIVEN_BACK
    if facts.said is Said.OPEN:
        return Outcome.OPEN if payment.is_open else Outcome.FAILED
    if facts.said is not Said.CAPTURED:
        end = payments.failed if facts.said is Said.FAILED else payments.expired
        if end(session, payment_id, now=now) and row["state"] is BasketState.PAYING:
            baskets.turn(session, payment.basket_id, BasketState.OPEN, now=now)
        return Outcome.FAILED
    payments.captured(
        session,
        payment_id,
        now=now,
        capture_reference=facts.capture_reference,
        note=facts.note,
    )
    cause, reason = RefundCause.PAID_TWICE, _PAID_BEFORE
    if row["state"] is not BasketState.SOLD:
        if _is_sold(context, seller, payment):
            return Outcome.SOLD
        cause, reason = RefundCause.SEATS_GONE, _SALE_FAILED
        # Another payment for it may be open by now, and counts on what the basket holds.
        is_free = queries.find_open(session, payment.basket_id) is None
        if row["state"] is BasketState.PAYING and is_free:
            baskets.turn(session, payment.basket_id, BasketState.OPEN, now=now)
    _owe(context, payment, cause, reason)
    return Outcome.GIVEN_BACK


def seller_of(session: Session, payment: PaymentView) -> Seller:
    """Who sells what a provider was paid for: the staff member who filled the basket, if any.

    Raises:
        UnknownBasket: the payment has no basket.
    """
    row = basket_row(session, payment.basket_id)
    actor = accounts.find_active(session, row["staff_id"]) if row["staff_id"] else None
    return Seller(channel=row["channel"], actor=actor, shift_id=payment.shift_id)


def _is_sold(context: CommandContext[object], seller: Seller, payment: PaymentView) -> bool:
    """Whether the basket could be sold for a captured payment; otherwise nothing is changed."""
    session, now = context.session, context.now
    paid = Tender(method=payment.method, amount=payment.amount, payment_id=payment.id)
    try:
        with session.begin_nested():
            view = read(session, payment.basket_id, now=now)
            if not view.is_held and view.lines:  # the same seats, where they are free again
                wanted = wanted_of(view.lines)
                holds.hold(session, holder=payment.basket_id, wanted=wanted, now=now)
            sale.sell(
                context,
                seller,
                basket_id=payment.basket_id,
                contact=contact_of(session, payment.basket_id),
                tenders=[paid],
            )
    except UpstageError:
        return False
    return True


def _owe(
    context: CommandContext[object], payment: PaymentView, cause: RefundCause, reason: str
) -> None:
    """Book what was captured for nothing, and ask for it to be given back."""
    paid = Tender(method=payment.method, amount=payment.amount)
    refund = refunds.refund(
        context.session,
        payment_id=payment.id,
        amount=payment.amount,
        cause=cause,
        reason=reason,
        key=f"unsold:{payment.id}",
        now=context.now,
    )
    books.post(
        context.session,
        Posting(
            kind=PostingKind.PROVIDER,
            legs=(*order_postings.paid([paid]), order_postings.owed(payment.amount)),
            payment_id=payment.id,
            refund_id=refund.id,
        ),
        now=context.now,
    )
