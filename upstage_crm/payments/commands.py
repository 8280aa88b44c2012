"""The verbs of a payment: begin, take, the guarded steps of what a provider says, and its order.

A step that has been taken already changes nothing and says so with False: the return page, the
webhook and the job of the minute may all bring the same news, in any order and at once.
"""

from __future__ import annotations

import re
import secrets
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import take_turns
from upstage_crm.core.ids import new_id
from upstage_crm.payments import payment_rows as rows
from upstage_crm.payments import queries
from upstage_crm.payments.errors import (
    CurrencyUnknown,
    NothingToPay,
    PaymentOfAnotherOrder,
    PaymentOpen,
    ReferenceTaken,
)
from upstage_crm.payments.payment_rows import PAYMENT
from upstage_crm.payments.tables import NOTE_LIMIT
from upstage_crm.payments.views import (
    BY_PROVIDER,
    PAYMENT_MOVES,
    Method,
    PaymentState,
    PaymentView,
)

PUBLIC_NAME_BYTES = 16
_NEW = sa.insert(PAYMENT)
_CURRENCY = re.compile(r"[A-Z]{3}")


def begin(
    session: Session,
    *,
    basket_id: str,
    method: Method,
    amount: int,
    currency: str,
    deadline: datetime,
    now: datetime,
    shift_id: str = "",
) -> PaymentView:
    """Write a payment down before its provider hears of it. Its id is the provider's key.

    The caller commits before the first call, and has locked the basket. `amount` is in minor units.

    Raises:
        NothingToPay, CurrencyUnknown: it is no amount.
        PaymentOpen: the basket has a payment that may still be captured.
        ValueError: no provider captures this method.
    """
    if method not in BY_PROVIDER:
        raise ValueError(f"{method} is taken, not begun")
    take_turns(session, f"payment of {basket_id}")
    if queries.find_open(session, basket_id) is not None:
        raise PaymentOpen
    return _insert(
        session,
        basket_id=basket_id,
        order_id="",
        method=method,
        state=PaymentState.CREATED,
        amount=amount,
        currency=currency,
        shift_id=shift_id,
        note="",
        deadline_at=deadline,
        created_at=now,
        settled_at=None,
    )


def take(
    session: Session,
    *,
    basket_id: str,
    order_id: str,
    method: Method,
    amount: int,
    currency: str,
    now: datetime,
    shift_id: str = "",
    note: str = "",
) -> PaymentView:
    """Write down what was taken: cash, the slip of a terminal, an invoice. It is captured at once.

    An order may be paid by several. `note` is the slip of a terminal, cut after 120 characters.

    Raises:
        NothingToPay, CurrencyUnknown: it is no amount.
        ValueError: a provider captures this method.
    """
    if method in BY_PROVIDER:
        raise ValueError(f"{method} is begun, not taken")
    return _insert(
        session,
        basket_id=basket_id,
        order_id=order_id,
        method=method,
        state=PaymentState.CAPTURED,
        amount=amount,
        currency=currency,
        shift_id=shift_id,
        note=note[:NOTE_LIMIT],
        deadline_at=None,
        created_at=now,
        settled_at=now,
    )


def action_needed(session: Session, payment_id: str, *, reference: str, now: datetime) -> bool:
    """The provider has a page for the buyer; `reference` is what it calls the payment.

    Raises:
        UnknownPayment: there is none with this id.
        ReferenceTaken: the reference belongs to another payment, or this one has another.
    """
    payment = rows.lock(session, payment_id)
    holder = queries.find_by_reference(session, reference)
    if payment.reference != reference and (payment.reference or holder is not None):
        raise ReferenceTaken
    return _step(session, payment, PaymentState.ACTION_NEEDED, now, reference=reference)


def captured(
    session: Session, payment_id: str, *, now: datetime, capture_reference: str = "", note: str = ""
) -> bool:
    """The provider has the money. Also after a failure or the deadline: what is captured is owed.

    `note` is the brand and the last four digits, never more of a card.

    Raises:
        UnknownPayment: there is none with this id.
    """
    payment = rows.lock(session, payment_id)
    said = {"note": note[:NOTE_LIMIT], "capture_reference": capture_reference or None}
    return _step(session, payment, PaymentState.CAPTURED, now, **said)


def failed(session: Session, payment_id: str, *, now: datetime, note: str = "") -> bool:
    """The provider has refused for good; `note` is its short word for why.

    Raises:
        UnknownPayment: there is none with this id.
    """
    payment = rows.lock(session, payment_id)
    return _step(session, payment, PaymentState.FAILED, now, note=note[:NOTE_LIMIT])


def expired(session: Session, payment_id: str, *, now: datetime) -> bool:
    """The provider has ended the payment, so that it cannot be captured any more.

    Raises:
        UnknownPayment: there is none with this id.
    """
    return _step(session, rows.lock(session, payment_id), PaymentState.EXPIRED, now)


def assign_order(session: Session, payment_id: str, *, order_id: str) -> bool:
    """Say which order a captured payment has paid for; False when it was said already.

    Raises:
        UnknownPayment: there is none with this id.
        PaymentOfAnotherOrder: it belongs to another order.
    """
    payment = rows.lock(session, payment_id)
    if payment.order_id == order_id:
        return False
    if payment.order_id:
        raise PaymentOfAnotherOrder
    _update(session, payment.id, order_id=order_id)
    return True


def _insert(session: Session, **values: Any) -> PaymentView:
    if values["amount"] < 1:
        raise NothingToPay
    if not _CURRENCY.fullmatch(values["currency"]):
        raise CurrencyUnknown(currency=values["currency"])
    row = {
        "id": new_id(values["created_at"]),
        "refunded": 0,
        "reference": None,
        "capture_reference": None,
        "public_name": secrets.token_hex(PUBLIC_NAME_BYTES),
        **values,
    }
    session.connection().execute(_NEW, row)
    return rows.payment_view(row)


def _step(
    session: Session, payment: PaymentView, state: PaymentState, now: datetime, **said: Any
) -> bool:
    if state not in PAYMENT_MOVES.get(payment.state, ()):
        return False
    if state is not PaymentState.ACTION_NEEDED:
        said["settled_at"] = now
    _update(session, payment.id, state=state, **said)
    return True


def _update(session: Session, payment_id: str, **values: Any) -> None:
    statement = sa.update(PAYMENT).where(PAYMENT.c.id == payment_id).values(**values)
    session.connection().execute(statement)
