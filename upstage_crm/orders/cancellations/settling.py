"""Ends what a disruption has opened for an order: one refund for each share of each payment.

What a provider has to give back is pending until it has answered; cash and what a card terminal
took is pending until the desk pays it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core import when
from upstage_crm.orders import order_refunds, queries
from upstage_crm.orders.cancellations.cancelling import DISRUPTED, DISRUPTION
from upstage_crm.orders.cancellations.views import Answer, DisruptionKind, Stage
from upstage_crm.orders.records import order_money
from upstage_crm.organisation.settings import details
from upstage_crm.payments import queries as payments
from upstage_crm.payments import refunds
from upstage_crm.payments.views import RefundCause
from upstage_crm.programme import queries as programme
from upstage_crm.staff.command_context import CommandContext

_ONE = (
    sa.select(
        DISRUPTED,
        DISRUPTION.c.performance_id,
        DISRUPTION.c.kind,
        DISRUPTION.c.answer_days,
        DISRUPTION.c.was_starts_at,
        DISRUPTION.c.was_hall_id,
    )
    .join(DISRUPTION, DISRUPTION.c.id == DISRUPTED.c.disruption_id)
    .where(DISRUPTED.c.id == sa.bindparam("which", type_=sa.String))
)
_LOCKED = _ONE.with_for_update(of=DISRUPTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class DisruptedOrder:
    """One order of a disruption as its row has it, with what became of the performance."""

    id: str
    disruption_id: str
    order_id: str
    performance_id: str
    kind: DisruptionKind
    was_starts_at: datetime
    was_hall_id: str
    answer_days: int
    stage: Stage
    answer: Answer
    amount: int
    rebooked: int
    link_version: int
    mail_id: str
    answer_until: datetime | None


def find(session: Session, disrupted_id: str) -> DisruptedOrder | None:
    """One row, to look at; a command locks it before it acts."""
    row = session.connection().execute(_ONE, {"which": disrupted_id}).mappings().one_or_none()
    return None if row is None else _read(row)


def lock(session: Session, disrupted_id: str) -> DisruptedOrder:
    """One row, locked after its order."""
    return _read(session.connection().execute(_LOCKED, {"which": disrupted_id}).mappings().one())


def set_values(session: Session, disrupted_id: str, **values: Any) -> None:
    """Write to a locked row."""
    statement = sa.update(DISRUPTED).where(DISRUPTED.c.id == disrupted_id).values(**values)
    session.connection().execute(statement)


def settle(context: CommandContext[object], row: DisruptedOrder, answer: Answer) -> int:
    """End a locked row with its answer and give back what is owed; return how much that is.

    What a clerk gave back by hand meanwhile is no longer owed, so it does not go back again.
    """
    session = context.session
    set_values(session, row.id, stage=Stage.SETTLED, answer=answer, settled_at=context.now)
    owed = min(row.amount - row.rebooked, owed_of(session, row.order_id))
    known = payments.of_order(session, row.order_id) if owed else ()
    reason = _reason(session, row)
    parts = order_refunds.shares_of(known, owed)
    for part in sorted(parts, key=lambda each: each.payment.id):
        refunds.refund(
            session,
            payment_id=part.payment.id,
            amount=part.amount,
            cause=RefundCause.CANCELLED,
            reason=reason,
            key=f"{refund_keys(row.disruption_id)}{part.payment.id}",
            now=context.now,
        )
    return sum(part.amount for part in parts)


def owed_of(session: Session, order_id: str) -> int:
    """What is owed of a whole order now, in minor units."""
    return order_money.of_order(session, queries.order(session, order_id)).owed


def refund_keys(disruption_id: str) -> str:
    """How the keys of all refunds of a disruption begin."""
    return f"cancel:{disruption_id}:"


def _reason(session: Session, row: DisruptedOrder) -> str:
    about = programme.performance(session, row.performance_id)
    zone = when.zone(about.zone, country=details(session).country)
    return f"{about.title}, {when.in_words(row.was_starts_at, zone)}"


def _read(row: sa.RowMapping) -> DisruptedOrder:
    return DisruptedOrder(
        id=row["id"],
        disruption_id=row["disruption_id"],
        order_id=row["order_id"],
        performance_id=row["performance_id"],
        kind=row["kind"],
        was_starts_at=row["was_starts_at"],
        was_hall_id=row["was_hall_id"],
        answer_days=row["answer_days"],
        stage=row["stage"],
        answer=row["answer"],
        amount=row["amount"],
        rebooked=row["rebooked"],
        link_version=row["link_version"],
        mail_id=row["mail_id"],
        answer_until=row["answer_until"],
    )
