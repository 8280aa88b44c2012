"""What cancelling performances would do, before it is done; it locks and writes nothing."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.orders.cancellations import mailboxes
from upstage_crm.orders.cancellations.views import DryRun, TenderSum
from upstage_crm.orders.order_refunds import AT_ONCE, shares_of
from upstage_crm.orders.steps import TICKET
from upstage_crm.orders.views import TicketState
from upstage_crm.organisation.currency import currency
from upstage_crm.payments import queries as payments


def dry_run(session: Session, performance_ids: Collection[str]) -> DryRun:
    """Count the tickets and orders of performances, and what would go back by which method."""
    query = (
        sa.select(TICKET.c.order_id, sa.func.count(), sa.func.sum(TICKET.c.amount))
        .where(TICKET.c.performance_id.in_(performance_ids), TICKET.c.state == TicketState.VALID)
        .group_by(TICKET.c.order_id)
        .order_by(TICKET.c.order_id)
    )
    rows = session.connection().execute(query).all()
    known = payments.of_orders(session, [row[0] for row in rows])
    sums: dict[str, int] = {}
    by_desk: set[str] = set()
    for order_id, _, amount in rows:
        for share in shares_of(known.get(order_id, ()), int(amount)):
            method = share.payment.method
            sums[method.value] = sums.get(method.value, 0) + share.amount
            if method in AT_ONCE:
                by_desk.add(method.value)
    reach = mailboxes.reach(session, [row[0] for row in rows])
    return DryRun(
        tickets=sum(row[1] for row in rows),
        orders=len(rows),
        amount=sum(int(row[2]) for row in rows),
        currency=currency(session),
        tenders=tuple(
            TenderSum(method=method, amount=amount, by_desk=method in by_desk)
            for method, amount in sorted(sums.items())
        ),
        unreachable=sum(not one.address for one in reach.values()),
        anonymous=sum(one.is_anonymous for one in reach.values()),
    )
