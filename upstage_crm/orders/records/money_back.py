"""Gives back what an order is owed: money alone, and never a ticket."""

from __future__ import annotations

from dataclasses import dataclass

from upstage_crm.audit.events import Action
from upstage_crm.core.money import in_words
from upstage_crm.core.text import clean_line
from upstage_crm.orders import order_refunds, queries, returns, steps
from upstage_crm.orders.errors import MoreThanOwed, ReasonMissing
from upstage_crm.orders.records import order_money
from upstage_crm.orders.records.order_money import OrderMoney
from upstage_crm.orders.tables import REASON_LIMIT
from upstage_crm.orders.views import Seller
from upstage_crm.payments.errors import NothingToPay
from upstage_crm.payments.views import RefundCause
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenBack:
    """What was given back, in minor units; `on_its_way` of it waits for a provider."""

    amount: int
    on_its_way: int
    was_done: bool = False


def give_back(
    context: StaffContext[object],
    seller: Seller,
    *,
    order_id: str,
    amount: int,
    reason: str,
    key: str,
) -> GivenBack:
    """Give back a part of what is owed to the tenders it came from; the same `key` does it once.

    `amount` is in minor units of the order's currency.

    Raises:
        Forbidden: the staff member may not refund orders.
        UnknownOrder. NothingToPay: the amount is below one minor unit.
        ReasonMissing, InvalidText: why has to be said.
        MoreThanOwed: less is owed. Facts: `owed`. RefundAboveLimit: the role may not give so much.
        ShiftMissing: cash has to come from the drawer of an open shift.
    """
    ensure_may(context.actor, Permission.REFUND_ORDERS)
    session = context.session
    words = clean_line(reason, REASON_LIMIT)
    if not words:
        raise ReasonMissing
    if amount < 1:
        raise NothingToPay
    locked = steps.lock_order(session, order_id)
    order = queries.order(session, order_id)
    money = order_money.of_order(session, order)
    if (known := _done_before(money, key)) is not None:
        return known
    if amount > money.owed:
        raise MoreThanOwed(owed=in_words(money.owed, order.currency))
    parts = order_refunds.shares(session, order_id, amount)
    given = order_refunds.give_back(
        context, seller, parts, cause=RefundCause.STAFF, reason=words, key=key
    )
    order_refunds.ensure_within_limit(session, context.actor, order_id)
    returns.record(
        context,
        Action.MONEY_GIVEN_BACK,
        locked,
        amount=in_words(amount, order.currency),
        reason=words,
    )
    waiting = sum(one.amount for one in given if one.settled_at is None)
    return GivenBack(amount=amount, on_its_way=waiting)


def _done_before(money: OrderMoney, key: str) -> GivenBack | None:
    done = [
        refund
        for part in money.parts
        for refund in part.refunds
        if refund.key == f"{key}:{part.payment.id}"
    ]
    if not done:
        return None
    waiting = sum(refund.amount for refund in done if refund.settled_at is None)
    return GivenBack(
        amount=sum(refund.amount for refund in done), on_its_way=waiting, was_done=True
    )
