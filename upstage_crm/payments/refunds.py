"""Giving money back: a refund is counted by its payment before the provider hears of it.

A refund never changes a ticket. One that failed is no longer counted, and what it was about is
still owed: another refund, with a key of its own, tries again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.ids import new_id
from upstage_crm.core.money import in_words
from upstage_crm.payments import payment_rows as rows
from upstage_crm.payments import postings, queries
from upstage_crm.payments.errors import NotCaptured, NothingToPay, OverRefund, RefundKeyTaken
from upstage_crm.payments.payment_rows import PAYMENT, REFUND
from upstage_crm.payments.tables import REASON_LIMIT
from upstage_crm.payments.views import (
    REFUND_MOVES,
    PaymentState,
    PaymentView,
    RefundCause,
    RefundState,
    RefundView,
)

_ID, _N = sa.bindparam("which", type_=sa.String), sa.bindparam("n", type_=sa.BigInteger)
_COUNT = (
    sa.update(PAYMENT)
    .where(
        PAYMENT.c.id == _ID,
        PAYMENT.c.state == PaymentState.CAPTURED,
        PAYMENT.c.refunded + _N <= PAYMENT.c.amount,
    )
    .values(refunded=PAYMENT.c.refunded + _N)
)


def refund(
    session: Session,
    *,
    payment_id: str,
    amount: int,
    cause: RefundCause,
    reason: str,
    key: str,
    now: datetime,
) -> RefundView:
    """Owe a part of a payment to who paid it. The same `key` is the same refund, written once.

    What is refunded of a card is asked of the provider afterwards, by a job; cash is handed out
    and then `refund_done`. `amount` is in minor units of the payment's currency.

    Raises:
        NothingToPay: it is below one minor unit.
        UnknownPayment: there is none with this id.
        RefundKeyTaken: the key stands for another payment or amount.
        NotCaptured: nothing was captured.
        OverRefund: less is left; pending refunds count as given back.
    """
    if amount < 1:
        raise NothingToPay
    payment = rows.lock(session, payment_id)
    known = queries.find_refund_by_key(session, key)
    if known is not None:
        if (known.payment_id, known.amount) != (payment_id, amount):
            raise RefundKeyTaken
        return known
    if payment.state is not PaymentState.CAPTURED:
        raise NotCaptured(state=payment.state.value)
    counted = session.connection().execute(_COUNT, {"which": payment_id, "n": amount})
    if counted.rowcount != 1:
        raise OverRefund(left=in_words(payment.left, payment.currency), minor_units=payment.left)
    row = {
        "id": new_id(now),
        "payment_id": payment_id,
        "amount": amount,
        "state": RefundState.PENDING,
        "cause": cause,
        "reason": reason[:REASON_LIMIT],
        "key": key,
        "reference": None,
        "created_at": now,
        "settled_at": None,
    }
    session.connection().execute(sa.insert(REFUND).values(row))
    return rows.refund_view(row)


def name_refund(session: Session, refund_id: str, *, reference: str) -> bool:
    """Keep what the provider calls a refund that is on its way; False when that was known.

    Raises:
        UnknownRefund: there is none with this id.
    """
    _payment, found = _lock_both(session, refund_id)
    if found.reference:
        return False
    statement = sa.update(REFUND).where(REFUND.c.id == found.id).values(reference=reference)
    session.connection().execute(statement)
    return True


def refund_done(
    session: Session,
    refund_id: str,
    *,
    now: datetime,
    reference: str = "",
    shift_id: str = "",
) -> bool:
    """The money has left. False when that was known, or the refund has failed.

    `shift_id` is the shift whose drawer cash comes from.

    Raises:
        UnknownRefund: there is none with this id.
    """
    payment, found = _lock_both(session, refund_id)
    said = {"reference": reference} if reference and not found.reference else {}
    if not _step(session, found, RefundState.DONE, now, **said):
        return False
    postings.refund_done(session, payment, found, now=now, shift_id=shift_id)
    return True


def refund_failed(session: Session, refund_id: str, *, now: datetime) -> bool:
    """The provider could not give it back, or a bank has returned it; False when that was known.

    Raises:
        UnknownRefund: there is none with this id.
    """
    payment, found = _lock_both(session, refund_id)
    if not _step(session, found, RefundState.FAILED, now):
        return False
    session.connection().execute(
        sa.update(PAYMENT)
        .where(PAYMENT.c.id == payment.id)
        .values(refunded=PAYMENT.c.refunded - found.amount)
    )
    if found.state is RefundState.DONE:
        postings.refund_came_back(session, payment, found, now=now)
    return True


def _lock_both(session: Session, refund_id: str) -> tuple[PaymentView, RefundView]:
    """The payment first, as everywhere: then no two commands wait for each other."""
    payment = rows.lock(session, queries.refund(session, refund_id).payment_id)
    return payment, rows.lock_refund(session, refund_id)


def _step(
    session: Session, found: RefundView, state: RefundState, now: datetime, **said: Any
) -> bool:
    if state not in REFUND_MOVES.get(found.state, ()):
        return False
    statement = (
        sa.update(REFUND).where(REFUND.c.id == found.id).values(state=state, settled_at=now, **said)
    )
    session.connection().execute(statement)
    return True
