"""Tickets that wait at the desk: handed out to who collects them, and that taken back."""

from __future__ import annotations

import sqlalchemy as sa

from upstage_crm.audit.events import Action
from upstage_crm.orders import returns, steps
from upstage_crm.orders.steps import TICKET
from upstage_crm.orders.views import TicketState
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may


def hand_out(context: StaffContext[object], *, order_id: str) -> int:
    """Note that the valid tickets of an order were collected; return how many are new to that.

    Raises:
        Forbidden: the staff member may not sell.
        UnknownOrder: there is none with this id.
    """
    return _note(context, order_id, is_out=True)


def hand_back(context: StaffContext[object], *, order_id: str) -> int:
    """Note that they were not collected after all; return how many.

    Raises:
        Forbidden: the staff member may not sell.
        UnknownOrder: there is none with this id.
    """
    return _note(context, order_id, is_out=False)


def _note(context: StaffContext[object], order_id: str, *, is_out: bool) -> int:
    ensure_may(context.actor, Permission.SELL_TICKETS)
    order = steps.lock_order(context.session, order_id)
    is_other = TICKET.c.collected_at.is_(None) if is_out else TICKET.c.collected_at.is_not(None)
    count = (
        context.session.connection()
        .execute(
            sa.update(TICKET)
            .where(TICKET.c.order_id == order_id, TICKET.c.state == TicketState.VALID, is_other)
            .values(collected_at=context.now if is_out else None)
        )
        .rowcount
    )
    if count:
        action = Action.TICKETS_HANDED_OUT if is_out else Action.TICKETS_HANDED_BACK
        returns.record(context, action, order, tickets=count)
    return count
