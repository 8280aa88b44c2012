"""What a patron holds: tickets for performances to come, money that is owed, earlier orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.ids import parse_reference
from upstage_crm.orders.queries import totals
from upstage_crm.orders.steps import ORDER, TICKET
from upstage_crm.orders.views import TicketState
from upstage_crm.patrons import queries as patrons
from upstage_crm.payments import queries as payments
from upstage_crm.programme import queries as programme

_PATRON = sa.bindparam("patron", type_=sa.String)
_ORDERS = (
    sa.select(
        ORDER.c.id,
        ORDER.c.reference,
        ORDER.c.currency,
        ORDER.c.created_at,
        ORDER.c.claimed_at,
    )
    .where(ORDER.c.patron_id == _PATRON)
    .order_by(ORDER.c.id.desc())
)
_VALID = (
    sa.select(
        TICKET.c.order_id,
        TICKET.c.performance_id,
        ORDER.c.claimed_at,
        sa.func.count().label("tickets"),
    )
    .join(ORDER, ORDER.c.id == TICKET.c.order_id)
    .where(ORDER.c.patron_id == _PATRON, TICKET.c.state == TicketState.VALID)
    .group_by(TICKET.c.order_id, TICKET.c.performance_id, ORDER.c.claimed_at)
)
_FIRST = sa.select(ORDER.c.created_at).order_by(ORDER.c.created_at, ORDER.c.id).limit(1)
_LAST = (
    sa.select(ORDER.c.created_at)
    .where(ORDER.c.patron_id == _PATRON)
    .order_by(ORDER.c.id.desc())
    .limit(1)
)
_FIRST_AND_LAST = sa.select(_FIRST.scalar_subquery(), _LAST.scalar_subquery())


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOrder:
    """What one order of a patron still comes to.

    `tickets` are valid ones for performances to come, of which the last begins at `until`. `owed`
    is money, in minor units, that has to be given back; `on_its_way` is asked of a provider.
    `is_claimed` says that the patron is known to be the buyer.
    """

    order_id: str
    reference: str
    currency: str
    created_at: datetime
    is_claimed: bool
    tickets: int
    until: datetime | None
    owed: int
    on_its_way: int


def held(session: Session, patron_id: str, *, now: datetime) -> tuple[HeldOrder, ...]:
    """Every order that is filed at a record, the newest first, with what is open of it."""
    connection, wanted = session.connection(), {"patron": patron_id}
    orders = connection.execute(_ORDERS, wanted).all()
    if not orders:
        return ()
    valid = connection.execute(_VALID, wanted).all()
    ahead = _starts(session, {row.performance_id for row in valid}, now) if valid else {}
    sums = totals(session, [row.id for row in orders])
    paid = payments.sums_of_orders(session, [row.id for row in orders])
    found: list[HeldOrder] = []
    for order in orders:
        theirs = [r for r in valid if r.order_id == order.id and r.performance_id in ahead]
        money = paid.get(order.id, payments.NOTHING_PAID)
        found.append(
            HeldOrder(
                order_id=order.id,
                reference=order.reference,
                currency=order.currency,
                created_at=order.created_at,
                is_claimed=order.claimed_at is not None,
                tickets=sum(row.tickets for row in theirs),
                until=max((ahead[row.performance_id] for row in theirs), default=None),
                owed=max(0, money.left - sums.get(order.id, 0)),
                on_its_way=money.on_its_way,
            )
        )
    return tuple(found)


def future_tickets(session: Session, patron_id: str, *, now: datetime) -> int:
    """How many valid tickets for performances to come a patron is known to have bought.

    A guest's order does not count before its mailbox is proven.
    """
    rows = session.connection().execute(_VALID, {"patron": patron_id}).all()
    own = [row for row in rows if row.claimed_at is not None]
    if not own:
        return 0
    ahead = _starts(session, {row.performance_id for row in own}, now)
    return sum(row.tickets for row in own if row.performance_id in ahead)


def claimed(session: Session, patron_id: str) -> tuple[str, ...]:
    """The ids of the orders that a patron is known to have made, the newest first."""
    query = sa.select(ORDER.c.id).where(
        ORDER.c.patron_id == patron_id, ORDER.c.claimed_at.is_not(None)
    )
    return tuple(session.connection().execute(query.order_by(ORDER.c.id.desc())).scalars())


def first_and_last(session: Session, patron_id: str) -> tuple[datetime | None, datetime | None]:
    """When the first order was made that is kept here, and when the newest at a record.

    None for the one before there was any, and for the other if the record has none.
    """
    first, last = session.connection().execute(_FIRST_AND_LAST, {"patron": patron_id}).one()
    return first, last


def patron_number(session: Session, words: str) -> int | None:
    """The patron number of the record at which the order is filed that `words` refer to."""
    query = sa.select(ORDER.c.patron_id).where(ORDER.c.reference == parse_reference(words))
    patron_id = session.connection().execute(query).scalar()
    return patrons.get(session, patron_id).number if patron_id else None


def _starts(session: Session, performance_ids: set[str], now: datetime) -> dict[str, datetime]:
    """When those of the performances begin that are still to come."""
    found = programme.performances(session, performance_ids)
    return {one.id: one.starts_at for one in found if one.starts_at > now}
