"""Tickets of an order once more: printed again with the same code, or issued with a new one."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from upstage_crm.audit.events import Action
from upstage_crm.core.text import clean_line
from upstage_crm.orders import queries, returns, steps
from upstage_crm.orders.errors import NothingToReturn, NoValidTicket, ReasonMissing, TicketNotValid
from upstage_crm.orders.steps import TICKET
from upstage_crm.orders.tables import REASON_LIMIT
from upstage_crm.orders.views import OrderView, Seller, StepKind, TicketState
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may

_NEXT_CODE = (
    sa.update(TICKET)
    .where(
        TICKET.c.id.in_(sa.bindparam("tickets", type_=sa.String, expanding=True)),
        TICKET.c.state == TicketState.VALID,
    )
    .values(code_version=TICKET.c.code_version + 1)
)


def print_again(context: StaffContext[object], *, order_id: str) -> OrderView:
    """Record that the valid tickets of an order are printed once more, and return the order.

    Their codes stay as they are, so what is printed has to be marked as a duplicate.

    Raises:
        Forbidden: the staff member may not sell. UnknownOrder.
        NoValidTicket: there is nothing to print.
    """
    ensure_may(context.actor, Permission.SELL_TICKETS)
    order = queries.order(context.session, order_id)
    if not order.valid:
        raise NoValidTicket
    row = steps.lock_order(context.session, order_id)
    returns.record(context, Action.TICKETS_PRINTED_AGAIN, row, tickets=len(order.valid))
    return order


def reissue(
    context: StaffContext[object],
    seller: Seller,
    *,
    order_id: str,
    ticket_ids: Collection[str],
    reason: str,
    key: str,
) -> int:
    """Give tickets new codes, so that the earlier ones open no door; return how many.

    The same `key` does it once.

    Raises:
        Forbidden: the staff member may not sell.
        NothingToReturn: no ticket was chosen. ReasonMissing, InvalidText: why has to be said.
        UnknownOrder, UnknownTicket. TicketNotValid: one of them has ended. Facts: `place`.
    """
    ensure_may(context.actor, Permission.SELL_TICKETS)
    session = context.session
    words = clean_line(reason, REASON_LIMIT)
    if not ticket_ids:
        raise NothingToReturn
    if not words:
        raise ReasonMissing
    row = steps.lock_order(session, order_id)
    tickets = steps.tickets_of(session, order_id, sorted(ticket_ids))
    if steps.of_key(session, key) is not None:
        return len(tickets)
    gone = [one["place"] for one in tickets if one["state"] is not TicketState.VALID]
    if gone:
        raise TicketNotValid(place=", ".join(gone))
    steps.begin(
        context, seller, order_id=order_id, kind=StepKind.REISSUE, key=key, total=0, reason=words
    )
    session.connection().execute(_NEXT_CODE, {"tickets": [one["id"] for one in tickets]})
    returns.record(context, Action.TICKETS_REISSUED, row, tickets=len(tickets), reason=words)
    return len(tickets)
