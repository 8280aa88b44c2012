"""One page of the list of orders: searched, narrowed, the newest first, as its reader may see it.

A page goes on from the key of a row, so nothing counts or skips all orders. What a role may not
read of a patron finds no order either.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.email_address import InvalidEmail, parse_email
from upstage_crm.core.ids import parse_reference
from upstage_crm.core.text import comparable
from upstage_crm.orders.order_contacts import CONTACT
from upstage_crm.orders.queries import totals
from upstage_crm.orders.steps import ORDER, ORDER_LINE, TICKET
from upstage_crm.orders.views import TicketState
from upstage_crm.patrons import queries as patrons
from upstage_crm.patrons.search import patron_list
from upstage_crm.patrons.search.patron_list import EVERYONE
from upstage_crm.programme.prices.views import SaleChannel
from upstage_crm.staff.roles import Role
from upstage_crm.staff.visibility import THE_FEW, sees

ID_LENGTH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """Which orders are listed; "" and None leave nothing out. From `start` on and before `end`."""

    text: str = ""
    patron_id: str = ""
    performance_id: str = ""
    channel: SaleChannel | None = None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedOrder:
    """One order of the list. `name` is what was typed, `patron` the record it is filed at, if any.

    `tickets` counts the valid ones, by performance; `total` is in minor units of `currency`.
    """

    id: str
    reference: str
    channel: SaleChannel
    name: str
    patron_id: str | None
    is_claimed: bool
    currency: str
    total: int
    tickets: tuple[tuple[str, int], ...]
    created_at: datetime


def page(
    session: Session, wanted: OrderFilter, *, before: str = "", size: int, reader: Role
) -> list[ListedOrder]:
    """The newest orders that fit, or those before the order with the id `before`."""
    query = (
        sa.select(ORDER, CONTACT.c.name)
        .join(CONTACT, CONTACT.c.order_id == ORDER.c.id)
        .where(*_conditions(session, wanted, reader))
        .order_by(ORDER.c.created_at.desc(), ORDER.c.id.desc())
        .limit(size)
    )
    if before:
        query = query.where(_comes_after(before))
    rows = session.connection().execute(query).all()
    ids = [row.id for row in rows]
    sums, tickets = totals(session, ids), _tickets(session, ids)
    return [
        ListedOrder(
            id=row.id,
            reference=row.reference,
            channel=row.channel,
            name=row.name,
            patron_id=row.patron_id,
            is_claimed=row.claimed_at is not None,
            currency=row.currency,
            total=sums.get(row.id, 0),
            tickets=tuple(tickets.get(row.id, ())),
            created_at=row.created_at,
        )
        for row in rows
    ]


def _comes_after(order_id: str) -> sa.ColumnElement[bool]:
    """Whether an order stands after this one in the list; of no order none does."""
    at = sa.select(ORDER.c.created_at).where(ORDER.c.id == order_id).scalar_subquery()
    return sa.and_(ORDER.c.created_at <= at, sa.or_(ORDER.c.created_at < at, ORDER.c.id < order_id))


def _conditions(
    session: Session, wanted: OrderFilter, reader: Role
) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if wanted.patron_id:
        found.append(ORDER.c.patron_id == wanted.patron_id)
    if wanted.performance_id:
        lines = sa.select(ORDER_LINE.c.order_id).where(
            ORDER_LINE.c.performance_id == wanted.performance_id
        )
        found.append(ORDER.c.id.in_(lines))
    if wanted.channel is not None:
        found.append(ORDER.c.channel == wanted.channel)
    if wanted.start is not None:
        found.append(ORDER.c.created_at >= wanted.start)
    if wanted.end is not None:
        found.append(ORDER.c.created_at < wanted.end)
    if words := wanted.text.strip():
        found.append(_fits(session, words, reader))
    return found


def _fits(session: Session, words: str, reader: Role) -> sa.ColumnElement[bool]:
    """Whether an order has this reference, ticket, name or address, or is of such a patron."""
    ways = [ORDER.c.reference == parse_reference(words)]
    if len(words) == ID_LENGTH:
        of_ticket = sa.select(TICKET.c.order_id).where(TICKET.c.id == words.lower())
        ways.append(ORDER.c.id.in_(of_ticket))
    typed: list[sa.ColumnElement[bool]] = []
    if "@" in words:
        if sees(reader, "email", is_protected=False):
            typed.append(CONTACT.c.email_key == _key_of(words))
    elif (name := comparable(words)) and sees(reader, "name", is_protected=False):
        begins = CONTACT.c.name_key.startswith(name, autoescape=True)
        typed.append(sa.or_(begins, CONTACT.c.name_key.contains(f" {name}", autoescape=True)))
    if typed and reader not in THE_FEW:
        # Of a protected patron only the few may learn that somebody of this name bought here.
        protected = patrons.protected_ids()
        typed = [
            sa.and_(one, sa.or_(ORDER.c.patron_id.is_(None), ORDER.c.patron_id.not_in(protected)))
            for one in typed
        ]
    ways += typed
    if numbers := patron_list.numbers_of(session, words, EVERYONE, reader=reader):
        ways.append(ORDER.c.patron_id.in_(patrons.ids_of(session, numbers)))
    return sa.or_(*ways)


def _key_of(words: str) -> str:
    try:
        return parse_email(words).key
    except InvalidEmail:
        return words.casefold()


def _tickets(session: Session, order_ids: list[str]) -> dict[str, list[tuple[str, int]]]:
    query = (
        sa.select(TICKET.c.order_id, TICKET.c.performance_id, sa.func.count())
        .where(TICKET.c.order_id.in_(order_ids), TICKET.c.state == TicketState.VALID)
        .group_by(TICKET.c.order_id, TICKET.c.performance_id)
        .order_by(TICKET.c.order_id, TICKET.c.performance_id)
    )
    found: dict[str, list[tuple[str, int]]] = {}
    for order_id, performance_id, count in session.connection().execute(query):
        found.setdefault(order_id, []).append((performance_id, count))
    return found
