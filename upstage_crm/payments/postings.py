"""What payments write into the ledger: only what is between us and who moved the money.

The sale's and the return's own postings are written by `orders`, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from upstage_crm.ledger import books
from upstage_crm.ledger.views import Account, Leg, Posting, PostingKind
from upstage_crm.payments.views import Method, PaymentView, RefundView

ACCOUNTS: Mapping[Method, Account] = {
    Method.CASH: Account.CASH_DRAWER,
    Method.CARD: Account.CARD_CLEARING,
    Method.TERMINAL: Account.TERMINAL_CLEARING,
    Method.INVOICE: Account.INVOICES_OWED,
}
"""Where what is paid by each method arrives, and where it comes from when it is given back."""


def refund_done(
    session: Session,
    payment: PaymentView,
    refund: RefundView,
    *,
    now: datetime,
    shift_id: str = "",
) -> None:
    """Money has left: less is owed, and less is where the payment arrived."""
    _post(session, payment, refund, refund.amount, now, shift_id)


def refund_came_back(
    session: Session, payment: PaymentView, refund: RefundView, *, now: datetime
) -> None:
    """Money that had left is here again, and owed as before."""
    _post(session, payment, refund, -refund.amount, now, "")


def disputed(session: Session, payment: PaymentView, amount: int, *, now: datetime) -> None:
    """A bank withholds `amount` of a payment; what is below zero it has let go."""
    legs = (Leg(Account.DISPUTED, amount), Leg(ACCOUNTS[payment.method], -amount))
    posting = Posting(
        kind=PostingKind.DISPUTE, legs=legs, order_id=payment.order_id, payment_id=payment.id
    )
    books.post(session, posting, now=now)


def _post(
    session: Session,
    payment: PaymentView,
    refund: RefundView,
    amount: int,
    now: datetime,
    shift_id: str,
) -> None:
    legs = (Leg(Account.REFUNDS_DUE, amount), Leg(ACCOUNTS[payment.method], -amount))
    posting = Posting(
        kind=PostingKind.REFUND,
        legs=legs,
        order_id=payment.order_id,
        payment_id=payment.id,
        refund_id=refund.id,
        shift_id=shift_id,
    )
    books.post(session, posting, now=now)
