"""Reads payments and refunds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.payments.errors import UnknownPayment, UnknownRefund
from upstage_crm.payments.payment_rows import IS_OPEN, PAYMENT, REFUND, payment_view, refund_view
from upstage_crm.payments.views import Method, PaymentState, PaymentView, RefundState, RefundView

MOST_AT_ONCE = 200  # of what a job does in one turn

_PAYMENTS = sa.select(PAYMENT).order_by(PAYMENT.c.id)
_REFUNDS = sa.select(REFUND).order_by(REFUND.c.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidSum:
    """What was captured for one order and is left of it, and what a provider has to give back."""

    left: int
    on_its_way: int


NOTHING_PAID = PaidSum(left=0, on_its_way=0)


def payment(session: Session, payment_id: str) -> PaymentView:
    """One payment.

    Raises:
        UnknownPayment: there is none with this id.
    """
    return _known(_find(session, PAYMENT.c.id == payment_id))


def by_public_name(session: Session, public_name: str) -> PaymentView:
    """The payment that an address names.

    Raises:
        UnknownPayment: there is none with this name.
    """
    return _known(_find(session, PAYMENT.c.public_name == public_name))


def find_by_reference(session: Session, reference: str) -> PaymentView | None:
    """The payment that a provider calls so, as a session or as what it captured."""
    if not reference:
        return None
    is_it = sa.or_(PAYMENT.c.reference == reference, PAYMENT.c.capture_reference == reference)
    return _find(session, is_it)


def find_open(session: Session, basket_id: str) -> PaymentView | None:
    """The payment of a basket that may still be captured in time."""
    return _find(session, sa.and_(PAYMENT.c.basket_id == basket_id, IS_OPEN))


def of_basket(session: Session, basket_id: str) -> tuple[PaymentView, ...]:
    """Every payment of a basket, the oldest first."""
    return _payments(session, PAYMENT.c.basket_id == basket_id)


def of_order(session: Session, order_id: str) -> tuple[PaymentView, ...]:
    """Every payment of an order, the oldest first; none for the order ""."""
    return _payments(session, sa.and_(PAYMENT.c.order_id == order_id, PAYMENT.c.order_id != ""))


def of_orders(session: Session, order_ids: Sequence[str]) -> Mapping[str, tuple[PaymentView, ...]]:
    """The payments of several orders by the order's id, the oldest first."""
    found: defaultdict[str, list[PaymentView]] = defaultdict(list)
    for start in range(0, len(order_ids), MOST_AT_ONCE):
        some = order_ids[start : start + MOST_AT_ONCE]
        for payment in _payments(session, PAYMENT.c.order_id.in_(some)):
            found[payment.order_id].append(payment)
    return {order_id: tuple(each) for order_id, each in found.items()}


def over(session: Session, *, now: datetime) -> tuple[PaymentView, ...]:
    """Open payments whose deadline has come, so that the provider has to end them; 200 at most."""
    query = _PAYMENTS.where(IS_OPEN, PAYMENT.c.deadline_at <= now).limit(MOST_AT_ONCE)
    return tuple(map(payment_view, session.connection().execute(query).mappings()))


def open_since(session: Session, *, before: datetime) -> tuple[PaymentView, ...]:
    """Open payments that began before an instant and have a page, the oldest first; 200 at most."""
    query = _PAYMENTS.where(
        IS_OPEN, PAYMENT.c.created_at <= before, PAYMENT.c.reference.is_not(None)
    ).limit(MOST_AT_ONCE)
    return tuple(map(payment_view, session.connection().execute(query).mappings()))


def alone(session: Session) -> tuple[PaymentView, ...]:
    """Captured payments that have neither an order nor a refund: there must be none."""
    has_refund = sa.exists().where(REFUND.c.payment_id == PAYMENT.c.id)
    query = _PAYMENTS.where(
        PAYMENT.c.state == PaymentState.CAPTURED, PAYMENT.c.order_id == "", ~has_refund
    ).limit(MOST_AT_ONCE)
    return tuple(map(payment_view, session.connection().execute(query).mappings()))


def refund(session: Session, refund_id: str) -> RefundView:
    """One refund.

    Raises:
        UnknownRefund: there is none with this id.
    """
    found = _find_refund(session, REFUND.c.id == refund_id)
    if found is None:
        raise UnknownRefund
    return found


def find_refund_by_key(session: Session, key: str) -> RefundView | None:
    """The refund that a key stands for."""
    return _find_refund(session, REFUND.c.key == key)


def find_refund_by_reference(session: Session, reference: str) -> RefundView | None:
    """The refund that a provider calls so."""
    return _find_refund(session, REFUND.c.reference == reference) if reference else None


def refunds_of(session: Session, payment_id: str) -> tuple[RefundView, ...]:
    """What is, was or could not be given back of a payment, the oldest first."""
    query = _REFUNDS.where(REFUND.c.payment_id == payment_id)
    return tuple(map(refund_view, session.connection().execute(query).mappings()))


def refund_sums(session: Session, key_prefix: str) -> Mapping[tuple[Method, RefundState], int]:
    """The sums of the refunds whose keys begin so, in minor units, by method and state."""
    key = REFUND.c.key
    query = (
        sa.select(PAYMENT.c.method, REFUND.c.state, sa.func.sum(REFUND.c.amount))
        .join(PAYMENT, PAYMENT.c.id == REFUND.c.payment_id)
        .where(key >= key_prefix, key.startswith(key_prefix, autoescape=True))
        .group_by(PAYMENT.c.method, REFUND.c.state)
    )
    return {(row[0], row[1]): int(row[2]) for row in session.connection().execute(query)}


def unsent_refunds(session: Session, method: Method) -> tuple[RefundView, ...]:
    """Pending refunds of one method without a name at a provider; the 200 oldest."""
    query = (
        _REFUNDS.join(PAYMENT, PAYMENT.c.id == REFUND.c.payment_id)
        .where(
            REFUND.c.state == RefundState.PENDING,
            REFUND.c.reference.is_(None),
            PAYMENT.c.method == method,
        )
        .limit(MOST_AT_ONCE)
    )
    return tuple(map(refund_view, session.connection().execute(query).mappings()))


def sums_of_orders(session: Session, order_ids: Sequence[str]) -> dict[str, PaidSum]:
    """What is left of the payments of each of these orders; one without a payment is left out."""
    waiting = (
        sa.select(sa.func.coalesce(sa.func.sum(REFUND.c.amount), 0))
        .where(REFUND.c.payment_id == PAYMENT.c.id, REFUND.c.state == RefundState.PENDING)
        .scalar_subquery()
    )
    query = sa.select(PAYMENT.c.order_id, PAYMENT.c.amount, PAYMENT.c.refunded, waiting).where(
        PAYMENT.c.order_id.in_(order_ids), PAYMENT.c.state == PaymentState.CAPTURED
    )
    sums: dict[str, PaidSum] = {}
    for order_id, amount, refunded, on_its_way in session.connection().execute(query):
        known = sums.get(order_id, NOTHING_PAID)
        sums[order_id] = PaidSum(
            left=known.left + amount - refunded, on_its_way=known.on_its_way + int(on_its_way)
        )
    return sums


def _known(found: PaymentView | None) -> PaymentView:
    if found is None:
        raise UnknownPayment
    return found


def _find(session: Session, condition: sa.ColumnElement[bool]) -> PaymentView | None:
    row: Any = session.connection().execute(_PAYMENTS.where(condition)).mappings().first()
    return None if row is None else payment_view(row)


def _payments(session: Session, condition: sa.ColumnElement[bool]) -> tuple[PaymentView, ...]:
    rows = session.connection().execute(_PAYMENTS.where(condition)).mappings()
    return tuple(map(payment_view, rows))


def _find_refund(session: Session, condition: sa.ColumnElement[bool]) -> RefundView | None:
    row: Any = session.connection().execute(_REFUNDS.where(condition)).mappings().first()
    return None if row is None else refund_view(row)
