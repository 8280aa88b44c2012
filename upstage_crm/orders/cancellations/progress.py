"""How far the orders of a cancelled or moved performance are."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.orders.cancellations import settling
from upstage_crm.orders.cancellations.cancelling import DISRUPTED, DISRUPTION
from upstage_crm.orders.cancellations.views import Answer, Progress, Stage
from upstage_crm.orders.order_refunds import AT_ONCE
from upstage_crm.organisation.currency import currency
from upstage_crm.payments import queries as payments
from upstage_crm.payments.views import RefundState

_CHOSEN = (Answer.REFUND, Answer.ANOTHER_DATE, Answer.KEEP)


def of_performance(session: Session, performance_id: str) -> Progress | None:
    """How far the newest disruption of a performance is; None where nothing was sold."""
    newest = (
        sa.select(DISRUPTION.c.id, DISRUPTION.c.kind)
        .where(DISRUPTION.c.performance_id == performance_id)
        .order_by(DISRUPTION.c.id.desc())
        .limit(1)
    )
    found = session.connection().execute(newest).one_or_none()
    if found is None:
        return None
    column = DISRUPTED.c
    listed, offered = column.stage == Stage.LISTED, column.stage == Stage.OFFERED

    def count(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)

    row = (
        session.connection()
        .execute(
            sa.select(
                sa.func.count().label("orders"),
                count(column.mail_id != "").label("told"),
                count(column.answer.in_(_CHOSEN)).label("answered"),
                count(column.stage == Stage.SETTLED).label("settled"),
                count(sa.and_(sa.not_(listed), column.mail_id == "")).label("unreachable"),
                sa.func.coalesce(sa.func.sum(column.amount), 0).label("amount"),
                sa.func.coalesce(sa.func.sum(column.rebooked), 0).label("rebooked"),
                sa.func.coalesce(sa.func.sum(sa.case((offered, column.amount), else_=0)), 0).label(
                    "owed"
                ),
            ).where(column.disruption_id == found.id)
        )
        .one()
    )
    sums = payments.refund_sums(session, settling.refund_keys(found.id))
    pending = {
        method: amount for (method, state), amount in sums.items() if state is RefundState.PENDING
    }
    return Progress(
        kind=found.kind,
        orders=row.orders,
        told=row.told,
        answered=row.answered,
        settled=row.settled,
        unreachable=row.unreachable,
        currency=currency(session),
        amount=int(row.amount),
        rebooked=int(row.rebooked),
        owed=int(row.owed),
        pending=sum(pending.values()),
        at_desk=sum(amount for method, amount in pending.items() if method in AT_ONCE),
        refunded=sum(amount for (_, state), amount in sums.items() if state is RefundState.DONE),
    )
