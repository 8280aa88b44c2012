"""Reads and locks rows of payments for the commands, and makes views of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.payments.errors import UnknownPayment, UnknownRefund
from upstage_crm.payments.tables import PaymentRow, RefundRow
from upstage_crm.payments.views import OPEN, PaymentView, RefundView

PAYMENT, REFUND = table_of(PaymentRow), table_of(RefundRow)
IS_OPEN = PAYMENT.c.state.in_(OPEN)
_ID = sa.bindparam("id", type_=sa.String)
_LOCK = sa.select(PAYMENT).where(PAYMENT.c.id == _ID).with_for_update()
_LOCK_REFUND = sa.select(REFUND).where(REFUND.c.id == _ID).with_for_update()


def lock(session: Session, payment_id: str) -> PaymentView:
    """A payment, locked until the transaction ends. A basket's row is locked before it.

    Raises:
        UnknownPayment: there is none with this id.
    """
    row = session.connection().execute(_LOCK, {"id": payment_id}).mappings().one_or_none()
    if row is None:
        raise UnknownPayment
    return payment_view(row)


def lock_refund(session: Session, refund_id: str) -> RefundView:
    """A refund, locked until the transaction ends. Its payment's row is locked before it.

    Raises:
        UnknownRefund: there is none with this id.
    """
    row = session.connection().execute(_LOCK_REFUND, {"id": refund_id}).mappings().one_or_none()
    if row is None:
        raise UnknownRefund
    return refund_view(row)


def payment_view(row: Mapping[Any, Any]) -> PaymentView:
    """What others see of a row."""
    values: dict[str, Any] = dict(row)
    for name in ("reference", "capture_reference"):
        values[name] = values[name] or ""
    return PaymentView(**values)


def refund_view(row: Mapping[Any, Any]) -> RefundView:
    """What others see of a row."""
    values: dict[str, Any] = dict(row)
    values["reference"] = values["reference"] or ""
    return RefundView(**values)
