"""What was paid for an order, what was given back of it, and what is owed."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from upstage_crm.orders.views import OrderView
from upstage_crm.payments import queries
from upstage_crm.payments.views import PaymentState, PaymentView, RefundState, RefundView


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidPart:
    """One payment of an order with everything that was, is or could not be given back of it."""

    payment: PaymentView
    refunds: tuple[RefundView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderMoney:
    """The money of one order, in minor units of its currency. `parts` are its payments.

    `paid` was captured, `given_back` has left, `on_its_way` waits for the provider. `owed` is what
    was paid for nothing that the buyer still has, and is not on its way yet.
    """

    parts: tuple[PaidPart, ...]
    paid: int
    given_back: int
    on_its_way: int
    owed: int


def of_order(session: Session, order: OrderView) -> OrderMoney:
    """The money of an order as it is now."""
    parts = tuple(
        PaidPart(payment=payment, refunds=queries.refunds_of(session, payment.id))
        for payment in queries.of_order(session, order.id)
    )
    captured = [one.payment for one in parts if one.payment.state is PaymentState.CAPTURED]
    refunds = [refund for one in parts for refund in one.refunds]
    return OrderMoney(
        parts=parts,
        paid=sum(payment.amount for payment in captured),
        given_back=_sum(refunds, RefundState.DONE),
        on_its_way=_sum(refunds, RefundState.PENDING),
        owed=max(0, sum(payment.left for payment in captured) - order.total),
    )


def _sum(refunds: list[RefundView], state: RefundState) -> int:
    return sum(refund.amount for refund in refunds if refund.state is state)
