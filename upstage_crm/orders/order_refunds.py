"""Gives money of an order back, to the tenders that it came from: money alone, never a ticket.

What a provider has to give back is pending until it has answered; cash is handed out at once, from
the drawer of an open shift.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from upstage_crm.core.money import in_words
from upstage_crm.orders.errors import RefundTooHigh, ShiftMissing
from upstage_crm.orders.views import Seller
from upstage_crm.payments import queries as payments
from upstage_crm.payments import refunds
from upstage_crm.payments.views import Method, PaymentView, RefundCause, RefundView
from upstage_crm.staff.command_context import CommandContext

AT_ONCE = (Method.CASH, Method.TERMINAL)
"""What a clerk gives back with their own hands, so that it is done as it is said."""


@dataclass(frozen=True, slots=True)
class Share:
    """What of one payment is given back, in minor units."""

    payment: PaymentView
    amount: int


def shares(session: Session, order_id: str, amount: int) -> list[Share]:
    """Which payments an amount goes back to: the newest first, each as far as it reaches.

    Raises:
        RefundTooHigh: the order's payments have less left. Facts: `left`.
    """
    known = payments.of_order(session, order_id)
    found = shares_of(known, amount)
    left = sum(share.amount for share in found)
    if left < amount:
        currency = known[0].currency if known else ""
        raise RefundTooHigh(left=in_words(left, currency) if currency else str(left))
    return found


def shares_of(known: Sequence[PaymentView], amount: int) -> list[Share]:
    """The same for payments, the oldest first; less than `amount` where less of them is left."""
    found: list[Share] = []
    rest = amount
    for payment in reversed(known):
        part = min(rest, payment.left)
        if part > 0:
            found.append(Share(payment, part))
            rest -= part
    return found


def give_back(
    context: CommandContext[object],
    seller: Seller,
    parts: Sequence[Share],
    *,
    cause: RefundCause,
    reason: str,
    key: str,
) -> list[RefundView]:
    """Refund each part; the same `key` refunds nothing twice.

    Raises:
        ShiftMissing: cash has to come from the drawer of an open shift.
        OverRefund: a payment has less left by now.
    """
    given: list[RefundView] = []
    for part in parts:
        if part.payment.method is Method.CASH and not seller.shift_id:
            raise ShiftMissing
        refund = refunds.refund(
            context.session,
            payment_id=part.payment.id,
            amount=part.amount,
            cause=cause,
            reason=reason,
            key=f"{key}:{part.payment.id}",
            now=context.now,
        )
        if part.payment.method in AT_ONCE:
            refunds.refund_done(
                context.session, refund.id, now=context.now, shift_id=seller.shift_id
            )
        given.append(refund)
    return given
