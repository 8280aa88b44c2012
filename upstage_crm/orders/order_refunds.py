"""Gives money of an order back, to the tenders that it came from: money alone, never a ticket.

What a provider has to give back is pending until it has answered; cash is handed out at once, from
the drawer of an open shift.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from upstage_crm.core.money import in_words
from upstage_crm.orders.errors import RefundAboveLimit, RefundTooHigh, ShiftMissing
from upstage_crm.orders.views import Seller
from upstage_crm.payments import queries as payments
from upstage_crm.payments import refunds
from upstage_crm.payments.views import Method, PaymentView, RefundCause, RefundView
from upstage_crm.staff.command_context import CommandContext
from upstage_crm.staff.roles import Role, StaffMember

AT_ONCE = (Method.CASH, Method.TERMINAL)
"""What a clerk gives back with their own hands, so that it is done as it is said."""
MOST_BACK: Mapping[Role, int] = {Role.BOX_OFFICE: 50_000}
"""The minor units that a role may give back of one order; a role that is not named, any amount."""


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


def ensure_within_limit(session: Session, actor: StaffMember, order_id: str) -> None:
    """Refuse what takes the refunds of one order above what the actor's role may give back.

    Ask it after the refunds are written, in their transaction: all that was given back of the
    order counts, so that several small refunds are no way around the limit.

    Raises:
        RefundAboveLimit: they are above it. Facts: `most`.
    """
    most = MOST_BACK.get(actor.role)
    known = payments.of_order(session, order_id)
    if most is not None and sum(payment.refunded for payment in known) > most:
        raise RefundAboveLimit(most=in_words(most, known[0].currency))


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
