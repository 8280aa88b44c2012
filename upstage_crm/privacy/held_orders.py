"""What is held of a patron's orders, for the copy that the person asks for.

A guest's order is not in it before its mailbox is proven: somebody else may have typed the address.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from upstage_crm.core import when
from upstage_crm.core.email_address import mask_email, parse_email
from upstage_crm.core.money import as_typed
from upstage_crm.orders import queries
from upstage_crm.orders.records import contact_reveals, order_money, patron_orders
from upstage_crm.orders.transfers import ticket_offers as offers
from upstage_crm.orders.views import OrderView
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.patrons.visibility import FieldAccess
from upstage_crm.programme import queries as programme
from upstage_crm.programme.prices import price_types

Value = str | int | bool | None
Row = Mapping[str, Value]


def bought(session: Session, patron_id: str) -> list[OrderView]:
    """The orders that the patron is known to have made, the newest first."""
    return [queries.order(session, each) for each in patron_orders.claimed(session, patron_id)]


def orders(bought: Sequence[OrderView], access: FieldAccess) -> Iterator[Row]:
    """Each order, with the contact that was typed for it as the reader may see it."""
    for order in bought:
        yield {
            "order": order.reference,
            "sold": order.channel.value,
            **contact_reveals.seen(order.contact, access),
            "total": _amount(order.total, order),
            "currency": order.currency,
            "created_at": _at(order.created_at),
        }


def tickets(session: Session, bought: Sequence[OrderView]) -> Iterator[Row]:
    """Every ticket that the orders ever had."""
    wanted = {ticket.performance_id for order in bought for ticket in order.tickets}
    known = {one.id: one for one in programme.performances(session, wanted)}
    kinds = price_types.price_types(session)
    for order in bought:
        for ticket in order.tickets:
            performance, kind = known.get(ticket.performance_id), kinds.get(ticket.type_id)
            yield {
                "order": order.reference,
                "event": performance.title if performance else None,
                "starts_at": _at(performance.starts_at) if performance else None,
                "seat": ticket.place,
                "price_type": kind.name if kind else None,
                "price": _amount(ticket.amount, order),
                "ticket": ticket.state.value,
                "collected_at": _at(ticket.collected_at),
            }


def transfers(
    session: Session, bought: Sequence[OrderView], record: PatronRecord, *, now: datetime
) -> Iterator[Row]:
    """Tickets that the patron offered, and those offered to the proven address of the record.

    The other person's address is masked.
    """
    made = [each for order in bought for each in offers.of_order(session, order.id, now=now)]
    email = (record.values["email"] or "") if record.email_verified_at else ""
    got = offers.to_address(session, parse_email(email).key, now=now) if email else ()
    for direction, found in (("given", made), ("received", got)):
        for each in found:
            other = each.email if direction == "given" else each.giver
            yield {
                "transfer": direction,
                "order": each.reference,
                "seats": "; ".join(ticket.place for ticket in each.tickets),
                "other_person": mask_email(other) if other else None,
                "answer": each.state.value,
                "created_at": _at(each.created_at),
                "answered_at": _at(each.answered_at),
            }


def payments(session: Session, bought: Sequence[OrderView]) -> Iterator[Row]:
    """Every payment for the orders."""
    for order in bought:
        for part in order_money.of_order(session, order).parts:
            payment = part.payment
            yield {
                "order": order.reference,
                "paid_by": payment.method.value,
                "amount": _amount(payment.amount, order),
                "given_back": _amount(payment.refunded, order) if payment.refunded else None,
                "payment": payment.state.value,
                "slip": payment.note,
                "at": _at(payment.settled_at or payment.created_at),
            }


def _amount(amount: int, order: OrderView) -> str:
    return as_typed(amount, order.currency)


def _at(moment: datetime | None) -> str | None:
    return when.iso(moment) if moment else None
