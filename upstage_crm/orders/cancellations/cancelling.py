"""Cancels performances and lists what was sold for them; a job does the rest, order by order.

One transaction: the performances are cancelled for good, every seat and place that is not sold is
blocked, and the tickets that are live are listed. The seats are locked for that, so a sale under
way has either committed, and is in the list, or finds its seats blocked and gives its money back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, AuditEvent
from upstage_crm.core.db import table_of
from upstage_crm.core.ids import new_id
from upstage_crm.inventory import sale_steps
from upstage_crm.orders.cancellations.tables import (
    CancellationItemRow,
    DisruptedOrderRow,
    DisruptionRow,
)
from upstage_crm.orders.cancellations.views import Answer, DisruptionKind, Stage
from upstage_crm.orders.steps import TICKET
from upstage_crm.orders.views import TicketState
from upstage_crm.organisation.answer_days import answer_days
from upstage_crm.programme import queries as programme
from upstage_crm.programme.views import PerformanceFacts
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may

DISRUPTION, DISRUPTED = table_of(DisruptionRow), table_of(DisruptedOrderRow)
ITEM = table_of(CancellationItemRow)


def cancel(context: StaffContext[object], *, performance_ids: Collection[str]) -> None:
    """Cancel performances, for good, and list every live ticket for them.

    Raises:
        Forbidden: the actor may not edit the programme; or, where tickets are sold, not refund.
        UpstageError: as `sale_steps.cancel`.
    """
    session = context.session
    sale_steps.cancel(context, performance_ids=performance_ids)
    for performance_id in sorted(performance_ids):
        # Every seat and pool is locked by now: no ticket is born or ends beside this list.
        tickets = live_tickets(session, performance_id)
        if not tickets:
            continue
        ensure_may(context.actor, Permission.REFUND_ORDERS)
        about = programme.performance(session, performance_id)
        close_older(context, performance_id)
        disruption_id = begin(context, about, DisruptionKind.CANCELLED)
        listed = list_orders(context, disruption_id, [row.order_id for row in tickets])
        items: list[dict[str, Any]] = [
            {"ticket_id": row.id, "disrupted_order_id": listed[row.order_id], "amount": row.amount}
            for row in tickets
        ]
        session.connection().execute(sa.insert(ITEM), items)
        record(
            context,
            Action.ORDERS_CANCELLED,
            about,
            tickets=len(tickets),
            orders=len(listed),
            amount=sum(row.amount for row in tickets),
        )


def live_tickets(session: Session, performance_id: str) -> Sequence[Any]:
    """The valid tickets of a performance in the order of their ids."""
    query = (
        sa.select(TICKET.c.id, TICKET.c.order_id, TICKET.c.amount)
        .where(TICKET.c.performance_id == performance_id, TICKET.c.state == TicketState.VALID)
        .order_by(TICKET.c.id)
    )
    return session.connection().execute(query).all()


def close_older(context: StaffContext[object], performance_id: str) -> Sequence[Any]:
    """End what older moves of a performance still tell or ask; return those rows as they were."""
    connection = context.session.connection()
    older = (
        sa.select(DISRUPTED.c.id, DISRUPTED.c.order_id, DISRUPTED.c.stage)
        .add_columns(DISRUPTION.c.was_starts_at, DISRUPTION.c.was_hall_id)
        .join(DISRUPTION, DISRUPTION.c.id == DISRUPTED.c.disruption_id)
        .where(DISRUPTION.c.performance_id == performance_id, DISRUPTED.c.stage != Stage.SETTLED)
        .order_by(DISRUPTED.c.id)
        .with_for_update(of=DISRUPTED)
    )
    rows = connection.execute(older).all()
    connection.execute(
        sa.update(DISRUPTED)
        .where(DISRUPTED.c.id.in_([row.id for row in rows]))
        .values(
            stage=Stage.SETTLED,
            settled_at=context.now,
            link_version=DISRUPTED.c.link_version + 1,
        )
    )
    return rows


def begin(context: StaffContext[object], was: PerformanceFacts, kind: DisruptionKind) -> str:
    """Write down that a performance is no longer what its tickets say; `was` is what they do."""
    disruption_id = new_id(context.now)
    row = {
        "id": disruption_id,
        "performance_id": was.id,
        "kind": kind,
        "was_starts_at": was.starts_at,
        "was_hall_id": was.hall_id,
        "answer_days": answer_days(context.session),
        "staff_id": context.actor.id,
        "created_at": context.now,
    }
    context.session.connection().execute(sa.insert(DISRUPTION).values(**row))
    return disruption_id


def list_orders(
    context: StaffContext[object], disruption_id: str, order_ids: Sequence[str]
) -> dict[str, str]:
    """List orders, each once, to be told; return the rows' ids by the orders' ids."""
    listed: defaultdict[str, str] = defaultdict(lambda: new_id(context.now))
    rows: list[dict[str, Any]] = [
        {
            "id": listed[order_id],
            "disruption_id": disruption_id,
            "order_id": order_id,
            "stage": Stage.LISTED,
            "answer": Answer.NONE,
            "amount": 0,
            "rebooked": 0,
            "link_version": 1,
            "mail_id": "",
        }
        for order_id in sorted(set(order_ids))
    ]
    context.session.connection().execute(sa.insert(DISRUPTED), rows)
    return dict(listed)


def record(
    context: StaffContext[object], action: Action, about: PerformanceFacts, **facts: int
) -> None:
    """One entry of the staff member's about the orders of a performance."""
    place = {"place": about.title, "day": about.day, "time": about.time}
    event = AuditEvent(
        action=action,
        actor=context.actor.as_actor(),
        channel=context.channel,
        facts=place | facts,
    )
    trail.record(context.session, [event], now=context.now)
