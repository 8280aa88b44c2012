"""Which ways money of an order goes back: what the clerk hands out, and what goes by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlmodel import Session

from upstage_crm.core.money import in_words
from upstage_crm.orders.order_refunds import shares_of
from upstage_crm.payments import queries as payments
from upstage_crm.payments.views import Method

WAYS: Mapping[Method, str] = {
    Method.CASH: "in cash",
    Method.TERMINAL: "by the card terminal",
    Method.CARD: "to the card, automatically",
    Method.INVOICE: "against the invoice",
}


@dataclass(frozen=True, slots=True)
class Back:
    """What goes back by each method, in minor units."""

    amounts: Mapping[Method, int] = field(default_factory=dict[Method, int])

    @property
    def cash(self) -> int:
        """What the clerk hands out of the drawer."""
        return self.amounts.get(Method.CASH, 0)

    def in_words(self, currency: str, *, with_cash: bool = True) -> str:
        """Each amount with its way, "" where nothing goes back."""
        return " and ".join(
            f"{in_words(self.amounts[method], currency)} {way}"
            for method, way in WAYS.items()
            if self.amounts.get(method) and (with_cash or method is not Method.CASH)
        )


def would_go_back(session: Session, order_id: str, amount: int) -> Back:
    """Which ways an amount of an order would go back, before it does."""
    found = Counter[Method]()
    for share in shares_of(payments.of_order(session, order_id), amount):
        found[share.payment.method] += share.amount
    return Back(found)


def given_back(session: Session, order_id: str, *, step_id: str) -> Back:
    """Which ways the money of one step of an order went back."""
    found = Counter[Method]()
    for payment in payments.of_order(session, order_id):
        for refund in payments.refunds_of(session, payment.id):
            if refund.key == f"{step_id}:{payment.id}":
                found[payment.method] += refund.amount
    return Back(found)
