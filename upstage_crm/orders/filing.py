"""Files the orders of guests, seconds after their sale: beside a record, or in a new one.

The sale itself never looks at records, so neither its words nor its time tell that an address is
known. A guest's order is put beside the record whose primary address it names, else in a new record
without name or address. Either way nothing of it is the patron's until the mailbox is proven.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import BUYER, SYSTEM, Action, AuditEvent, Channel
from upstage_crm.core.db import table_of
from upstage_crm.orders.order_contacts import CONTACT
from upstage_crm.orders.steps import ORDER
from upstage_crm.patrons import commands as patrons
from upstage_crm.patrons import queries as known
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.staff.command_context import CommandContext

PATRON = table_of(PatronRow)

WAIT = timedelta(seconds=5)
MOST_AT_ONCE = 50  # orders in one transaction
_OPEN = (
    sa.select(ORDER.c.id, ORDER.c.reference, CONTACT.c.email_key, CONTACT.c.language)
    .join(CONTACT, CONTACT.c.order_id == ORDER.c.id)
    .where(
        ORDER.c.filed_at.is_(None),
        CONTACT.c.email_key != "",
        ORDER.c.created_at <= sa.bindparam("until", type_=ORDER.c.created_at.type),
    )
    .order_by(ORDER.c.id)
    .limit(MOST_AT_ONCE)
)


def is_due(session: Session, *, now: datetime) -> bool:
    """Whether an order waits to be filed."""
    found = session.connection().execute(_OPEN.limit(1), {"until": now - WAIT})
    return found.first() is not None


def file_orders(context: CommandContext[object]) -> int:
    """File what guests have bought, with an entry in the trail for each; return how many orders.

    What was sold at a till without an address belongs to no record and stays unfiled.
    """
    session, now = context.session, context.now
    rows = session.connection().execute(_OPEN, {"until": now - WAIT}).all()
    events: list[AuditEvent] = []
    for row in rows:
        found = known.find_live_id(session, row.email_key)
        patron_id = found or patrons.add_unasked(
            context, raw={}, language=row.language, actor=SYSTEM, channel=Channel.SCHEDULE
        )
        session.connection().execute(
            sa.update(ORDER)
            .where(ORDER.c.id == row.id, ORDER.c.filed_at.is_(None))
            .values(patron_id=patron_id, filed_at=now)
        )
        events.append(
            AuditEvent(
                action=Action.ORDER_FILED,
                actor=SYSTEM,
                channel=Channel.SCHEDULE,
                patron_id=patron_id,
                facts={"order": row.reference, "new": found is None},
            )
        )
    if events:
        trail.record(session, events, now=now)
    return len(rows)


def adopt(context: CommandContext[object], *, email_key: str, patron_id: str) -> int:
    """Put what a guest bought with an address beside the record that was made for it.

    Until then such orders lie at records without name or address. Return how many came.
    """
    session, now = context.session, context.now
    query = (
        sa.select(ORDER.c.id, ORDER.c.reference)
        .join(CONTACT, CONTACT.c.order_id == ORDER.c.id)
        .join(PATRON, PATRON.c.id == ORDER.c.patron_id)
        .where(
            CONTACT.c.email_key == email_key,
            ORDER.c.claimed_at.is_(None),
            PATRON.c.email.is_(None),
            PATRON.c.given_name.is_(None),
            PATRON.c.family_name.is_(None),
        )
        .order_by(ORDER.c.id)
    )
    rows = session.connection().execute(query).all()
    for row in rows:
        session.connection().execute(
            sa.update(ORDER).where(ORDER.c.id == row.id).values(patron_id=patron_id)
        )
    events = [
        AuditEvent(
            action=Action.ORDER_FILED,
            actor=SYSTEM,
            channel=Channel.PATRON_PAGE,
            patron_id=patron_id,
            facts={"order": row.reference, "new": False},
        )
        for row in rows
    ]
    if events:
        trail.record(session, events, now=now)
    return len(rows)


def claim(context: CommandContext[object], *, order_id: str) -> bool:
    """Say that the mailbox of a guest's order is proven; False when that was known, or not filed.

    The caller has the proof: a link from the confirmation mail was pressed, or a code was typed.
    """
    done = context.session.connection().execute(
        sa.update(ORDER)
        .where(ORDER.c.id == order_id, ORDER.c.claimed_at.is_(None), ORDER.c.filed_at.is_not(None))
        .values(claimed_at=context.now)
    )
    return done.rowcount == 1


def unclaimed(session: Session, email_key: str) -> list[str]:
    """The ids of the orders that this mailbox may claim, by the key of its address.

    They were bought with it, and are filed at the record whose primary address it is now: a mailbox
    that left a record, or never stood in it, says nothing about that record's orders.
    """
    patron_id = known.find_live_id(session, email_key) if email_key else None
    if patron_id is None:
        return []
    query = (
        sa.select(ORDER.c.id)
        .join(CONTACT, CONTACT.c.order_id == ORDER.c.id)
        .where(
            CONTACT.c.email_key == email_key,
            ORDER.c.patron_id == patron_id,
            ORDER.c.claimed_at.is_(None),
        )
    )
    return list(session.connection().execute(query.order_by(ORDER.c.id)).scalars())


def claim_all(context: CommandContext[object], *, email_key: str, only: str = "") -> int:
    """Claim what `unclaimed` lists, or one order of it, with an entry in the trail for each.

    The caller has the proof: a link that was mailed to this address was opened, and a button
    pressed. Return how many orders were claimed.
    """
    session, now = context.session, context.now
    events: list[AuditEvent] = []
    for order_id in unclaimed(session, email_key):
        if only not in {"", order_id} or not claim(context, order_id=order_id):
            continue
        query = sa.select(ORDER.c.reference, ORDER.c.patron_id).where(ORDER.c.id == order_id)
        row = session.connection().execute(query).one()
        events.append(
            AuditEvent(
                action=Action.ORDER_CLAIMED,
                actor=BUYER,
                channel=Channel.PATRON_PAGE,
                patron_id=row.patron_id,
                facts={"order": row.reference},
            )
        )
    if events:
        trail.record(session, events, now=now)
    return len(events)
