"""The desk pays out what a cancellation owes: cash from the drawer, a card at the terminal."""

from __future__ import annotations

from upstage_crm.audit.events import Action
from upstage_crm.core.money import in_words
from upstage_crm.orders import steps
from upstage_crm.orders.cancellations.errors import NothingOwed
from upstage_crm.orders.errors import ShiftMissing
from upstage_crm.orders.order_refunds import AT_ONCE
from upstage_crm.orders.returns import record
from upstage_crm.orders.views import Seller
from upstage_crm.payments import queries as payments
from upstage_crm.payments import refunds
from upstage_crm.payments.views import Method, RefundCause, RefundState
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may

_REASON = "Performance cancelled"


def pay_out(context: StaffContext[object], seller: Seller, *, order_id: str) -> int:
    """Hand out all that the desk owes an order for cancelled performances; return how much.

    The clerk has the ticket or knows the buyer; paid a second time, nothing is owed any more.

    Raises:
        Forbidden: the staff member may not refund orders.
        UnknownOrder: there is no such order.
        ShiftMissing: cash has to come from the drawer of an open shift.
        NothingOwed: nothing waits for the desk.
    """
    ensure_may(context.actor, Permission.REFUND_ORDERS)
    order = steps.lock_order(context.session, order_id)
    paid = 0
    for payment in payments.of_order(context.session, order_id):
        if payment.method not in AT_ONCE:
            continue
        for refund in payments.refunds_of(context.session, payment.id):
            is_owed = refund.state is RefundState.PENDING and refund.cause is RefundCause.CANCELLED
            if not is_owed:
                continue
            if payment.method is Method.CASH and not seller.shift_id:
                raise ShiftMissing
            if refunds.refund_done(
                context.session, refund.id, now=context.now, shift_id=seller.shift_id
            ):
                paid += refund.amount
    if not paid:
        raise NothingOwed
    amount = in_words(paid, order["currency"])
    record(context, Action.MONEY_GIVEN_BACK, order, amount=amount, reason=_REASON)
    return paid
