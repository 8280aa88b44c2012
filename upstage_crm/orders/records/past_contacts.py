"""Empties what guests typed for their orders, some months after the last performance of each.

An order that is the patron's for sure goes with the patron, whose data an erasure empties. What was
sold and paid stays in either case.
"""

from __future__ import annotations

import calendar
from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import SYSTEM, Action, AuditEvent, Channel
from upstage_crm.core.db import table_of, take_turns
from upstage_crm.mail import blanking
from upstage_crm.orders.letters import mails_of_orders
from upstage_crm.orders.order_contacts import CONTACT
from upstage_crm.orders.records import personal_data
from upstage_crm.orders.steps import ORDER, ORDER_LINE
from upstage_crm.orders.tables import BasketRow
from upstage_crm.organisation.contact_months import contact_months, was_chosen_since
from upstage_crm.programme import queries as programme
from upstage_crm.staff.command_context import CommandContext

MOST_AT_ONCE = 50  # orders in one transaction
_BASKET = table_of(BasketRow)
_GUESTS = (
    sa.select(ORDER.c.id)
    .join(CONTACT, CONTACT.c.order_id == ORDER.c.id)
    .outerjoin(_BASKET, _BASKET.c.id == ORDER.c.basket_id)
    .where(
        ORDER.c.claimed_at.is_(None),
        sa.or_(
            CONTACT.c.email_key + CONTACT.c.name + CONTACT.c.phone != "",
            _BASKET.c.label != "",
            _BASKET.c.contact != "{}",
        ),
    )
    .order_by(ORDER.c.id)
)


def kept_since(now: datetime, months: int) -> datetime:
    """The beginning of the earliest performance for which contacts are kept still.

    Months are counted by the calendar; what has no such day there ends with its month.
    """
    year, month = divmod(12 * now.year + now.month - 1 - months, 12)
    last_day = calendar.monthrange(year, month + 1)[1]
    return now.replace(year=year, month=month + 1, day=min(now.day, last_day))


def due(session: Session, *, now: datetime, since: datetime | None = None) -> list[str]:
    """The guests' orders whose contact is to be emptied, by id.

    With `since` those alone that became due after that moment, for every turn of the clock; all
    of them where the owner chose other months since then.
    """
    months = contact_months(session)
    until = kept_since(now, months)
    if since is not None and was_chosen_since(session, since):
        since = None
    start = None if since is None else kept_since(since, months)
    past = programme.begun_between(start=start, end=until)
    held = sa.select(ORDER_LINE.c.order_id).where(ORDER_LINE.c.performance_id.in_(past))
    query = _GUESTS.where(ORDER.c.id.in_(held), ~_has_later(until))
    return list(session.connection().execute(query).scalars())


def empty(context: CommandContext[object], *, order_ids: Collection[str]) -> int:
    """Empty the contacts of these orders, and return how many were; one that was claimed stays.

    The addresses that tickets were offered to are emptied too, and the mails blanked. The trail
    has one entry that counts them.
    """
    session = context.session
    take_turns(session, "empty contacts")
    until = kept_since(context.now, contact_months(session))
    query = _GUESTS.where(ORDER.c.id.in_(order_ids), ~_has_later(until))
    locked = query.with_for_update(of=ORDER)
    found = list(session.connection().execute(locked).scalars())
    if not found:
        return 0
    mails = blanking.blank_mails(session, mails_of_orders.sent(session, found))
    personal_data.forget_typed(session, found)
    event = AuditEvent(
        action=Action.CONTACTS_EMPTIED,
        actor=SYSTEM,
        channel=Channel.SCHEDULE,
        facts={"orders": len(found), "mails": mails},
    )
    trail.record(session, [event], now=context.now)
    return len(found)


def _has_later(until: datetime) -> sa.ColumnElement[bool]:
    """Whether an order has anything of a performance that began after this moment."""
    later = programme.begun_between(start=until, end=None)
    return sa.exists().where(
        ORDER_LINE.c.order_id == ORDER.c.id, ORDER_LINE.c.performance_id.in_(later)
    )
