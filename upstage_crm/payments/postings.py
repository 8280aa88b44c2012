"""What payments write into the ledger: only what is between us and who moved the money.

The sale's and the return's own postings are written by `orders`, in the same transaction.
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from upstage_crm.payments.views import PaymentView, RefundView


def refund_done(
    session: Session, payment: PaymentView, refund: RefundView, *, now: datetime
) -> None:
    """Money has left: refunds due go down, and what was taken by the payment's tender."""


def refund_came_back(
    session: Session, payment: PaymentView, refund: RefundView, *, now: datetime
) -> None:
    """Money that had left is here again, and owed as before."""
