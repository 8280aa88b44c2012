"""Reads orders: one with all its steps and tickets, and lists of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.ids import parse_reference
from upstage_crm.core.text import comparable
from upstage_crm.orders import order_contacts
from upstage_crm.orders.errors import UnknownOrder, UnknownTicket
from upstage_crm.orders.order_contacts import CONTACT
from upstage_crm.orders.steps import ORDER, STEP, TICKET
from upstage_crm.orders.views import (
    OrderLine,
    OrderView,
    StepView,
    TicketState,
    TicketView,
)

MOST_FOUND = 50
_ID = sa.bindparam("id", type_=sa.String)
_ORDER = sa.select(ORDER).where(ORDER.c.id == _ID)
_STEPS = sa.select(STEP).where(STEP.c.order_id == _ID).order_by(STEP.c.n)
_TICKETS = sa.select(TICKET).where(TICKET.c.order_id == _ID).order_by(TICKET.c.id)


def order(session: Session, order_id: str) -> OrderView:
    """One order.

    Raises:
        UnknownOrder: there is none with this id.
    """
    connection = session.connection()
    row = connection.execute(_ORDER, {"id": order_id}).one_or_none()
    if row is None:
        raise UnknownOrder
    steps = tuple(
        StepView(
            n=each.n,
            kind=each.kind,
            total=each.total,
            staff_id=each.staff_id,
            reason=each.reason,
            created_at=each.created_at,
        )
        for each in connection.execute(_STEPS, {"id": order_id})
    )
    tickets = connection.execute(_TICKETS, {"id": order_id}).all()
    return OrderView(
        id=row.id,
        reference=row.reference,
        channel=row.channel,
        patron_id=row.patron_id,
        contact=order_contacts.of_order(session, order_id),
        currency=row.currency,
        total=sum(step.total for step in steps),
        staff_id=row.staff_id,
        shift_id=row.shift_id,
        created_at=row.created_at,
        steps=steps,
        tickets=tuple(ticket_view(each) for each in tickets),
    )


def by_reference(session: Session, typed: str) -> OrderView:
    """The order that a person names by its reference, however that is spelt.

    Raises:
        UnknownOrder: there is none.
    """
    query = sa.select(ORDER.c.id).where(ORDER.c.reference == parse_reference(typed))
    found = session.connection().execute(query).scalar_one_or_none()
    if found is None:
        raise UnknownOrder
    return order(session, found)


def ticket(session: Session, ticket_id: str) -> TicketView:
    """One ticket.

    Raises:
        UnknownTicket: there is none with this id.
    """
    query = sa.select(TICKET).where(TICKET.c.id == ticket_id)
    row = session.connection().execute(query).one_or_none()
    if row is None:
        raise UnknownTicket
    return ticket_view(row)


def of_patron(session: Session, patron_id: str) -> list[OrderLine]:
    """The orders that are filed at a record, the newest first."""
    return _lines(session, ORDER.c.patron_id == patron_id)


def count_of_patron(session: Session, patron_id: str) -> int:
    """How many orders are filed at a record."""
    query = sa.select(sa.func.count()).where(ORDER.c.patron_id == patron_id)
    return session.connection().execute(query).scalar_one()


def for_performance(session: Session, performance_id: str, *, text: str = "") -> list[OrderLine]:
    """Orders with valid tickets for a performance whose name or reference begins with `text`."""
    valid = sa.exists().where(
        TICKET.c.order_id == ORDER.c.id,
        TICKET.c.performance_id == performance_id,
        TICKET.c.state == TicketState.VALID,
    )
    return _lines(session, valid, *_named(text))


def search(session: Session, text: str) -> list[OrderLine]:
    """The newest orders whose reference, name or email address is, or begins with, `text`."""
    return _lines(session, *_named(text))


def _named(text: str) -> list[sa.ColumnElement[bool]]:
    wanted = text.strip()
    if not wanted:
        return []
    if "@" in wanted:
        return [CONTACT.c.email_key == wanted.casefold()]
    name = comparable(wanted)
    reference = parse_reference(wanted)
    is_named = CONTACT.c.name_key.like(f"{name}%") | CONTACT.c.name_key.like(f"% {name}%")
    return [sa.or_(ORDER.c.reference == reference, is_named) if name else sa.false()]


def _lines(session: Session, *fitting: sa.ColumnElement[bool]) -> list[OrderLine]:
    query = (
        sa.select(
            ORDER.c.id,
            ORDER.c.reference,
            ORDER.c.channel,
            ORDER.c.patron_id,
            ORDER.c.currency,
            ORDER.c.created_at,
            CONTACT.c.name,
        )
        .join(CONTACT, CONTACT.c.order_id == ORDER.c.id)
        .where(*fitting)
        .order_by(ORDER.c.id.desc())
        .limit(MOST_FOUND)
    )
    rows = session.connection().execute(query).all()
    ids = [row.id for row in rows]
    sums = totals(session, ids)
    tickets = {each[0]: (each[1], each[2]) for each in _counts(session, ids)}
    return [
        OrderLine(
            id=row.id,
            reference=row.reference,
            channel=row.channel,
            patron_id=row.patron_id,
            name=row.name,
            currency=row.currency,
            total=sums[row.id],
            tickets=tickets.get(row.id, (0, ""))[0],
            performance_id=tickets.get(row.id, (0, ""))[1],
            created_at=row.created_at,
        )
        for row in rows
    ]


def totals(session: Session, order_ids: Sequence[str]) -> dict[str, int]:
    """What each of these orders comes to: the sum of its steps."""
    query = (
        sa.select(STEP.c.order_id, sa.func.sum(STEP.c.total))
        .where(STEP.c.order_id.in_(order_ids))
        .group_by(STEP.c.order_id)
    )
    return {row[0]: int(row[1]) for row in session.connection().execute(query)}


def _counts(session: Session, order_ids: Sequence[str]) -> list[tuple[str, int, str]]:
    query = (
        sa.select(TICKET.c.order_id, sa.func.count(), sa.func.min(TICKET.c.performance_id))
        .where(TICKET.c.order_id.in_(order_ids), TICKET.c.state == TicketState.VALID)
        .group_by(TICKET.c.order_id)
    )
    return [(row[0], row[1], row[2]) for row in session.connection().execute(query)]


def ticket_view(row: Any) -> TicketView:
    """A ticket from its row."""
    return TicketView(
        id=row.id,
        order_id=row.order_id,
        performance_id=row.performance_id,
        seat_id=row.seat_id,
        pool_id=row.pool_id,
        place=row.place,
        zone=row.zone,
        type_id=row.type_id,
        amount=row.amount,
        state=row.state,
        code_version=row.code_version,
        collected_at=row.collected_at,
    )
