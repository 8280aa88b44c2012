"""Tells the buyers of a disruption, order by order: each step is one transaction, done once.

A worker may die between any two orders: what is listed is done by the next one.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.inventory import selling as inventory
from upstage_crm.ledger import books
from upstage_crm.ledger.views import Posting, PostingKind
from upstage_crm.orders import order_postings, steps
from upstage_crm.orders.cancellations import cancel_mails, mailboxes, settling
from upstage_crm.orders.cancellations.cancelling import DISRUPTED, ITEM
from upstage_crm.orders.cancellations.offers import offer_of
from upstage_crm.orders.cancellations.settling import DisruptedOrder, lock, set_values
from upstage_crm.orders.cancellations.views import Answer, DisruptionKind, Stage
from upstage_crm.orders.letters.order_mailer import OrderMailer
from upstage_crm.orders.returns import wanted_of
from upstage_crm.orders.views import Seller, StepKind, TicketState
from upstage_crm.programme import queries as programme
from upstage_crm.programme.prices.views import SaleChannel
from upstage_crm.staff.command_context import CommandContext

MOST_AT_ONCE = 200  # orders that one turn of the job looks for
BY_ITSELF = Seller(channel=SaleChannel.PORTAL)
"""Who acts where no staff member does."""


def listed(session: Session) -> tuple[str, ...]:
    """Orders that have not been told yet, the oldest first."""
    query = (
        sa.select(DISRUPTED.c.id)
        .where(DISRUPTED.c.stage == Stage.LISTED)
        .order_by(DISRUPTED.c.id)
        .limit(MOST_AT_ONCE)
    )
    return tuple(session.connection().execute(query).scalars())


def silent(session: Session, *, now: datetime) -> tuple[str, ...]:
    """Orders whose time to answer is over, the oldest first."""
    query = (
        sa.select(DISRUPTED.c.id)
        .where(DISRUPTED.c.stage == Stage.OFFERED, DISRUPTED.c.answer_until <= now)
        .order_by(DISRUPTED.c.answer_until, DISRUPTED.c.id)
        .limit(MOST_AT_ONCE)
    )
    return tuple(session.connection().execute(query).scalars())


def tell(context: CommandContext[OrderMailer], *, disrupted_id: str) -> bool:
    """Tell the buyer of one order, and ask; return whether that was still to be done.

    The tickets of a cancelled performance are void then, and what was paid for them is owed. Where
    there is nothing to choose (nothing was paid, no mailbox, no time to answer) it is settled.
    """
    session, now = context.session, context.now
    found = settling.find(session, disrupted_id)
    if found is None or found.stage is not Stage.LISTED:
        return False
    is_cancelled = found.kind is DisruptionKind.CANCELLED
    amount = _void(context, found) if is_cancelled else None
    if amount is None and is_cancelled:
        # Each of its tickets was given back or exchanged by hand since.
        return _settle_unasked(context, disrupted_id)
    if not is_cancelled:
        steps.lock_order(session, found.order_id)
    row = lock(session, disrupted_id)
    if row.stage is not Stage.LISTED:
        return False
    until = now + timedelta(days=row.answer_days)
    if not is_cancelled:
        starts_at = programme.performance(session, row.performance_id).starts_at
        until = max(now, min(until, starts_at))
    set_values(
        session,
        row.id,
        stage=Stage.OFFERED,
        amount=amount or 0,
        offered_at=now,
        answer_until=until,
    )
    reach = mailboxes.reach(session, [row.order_id])[row.order_id]
    if reach.address:
        offer = offer_of(session, row.id)
        mail_id = cancel_mails.tell(context, offer, reach)
        set_values(session, row.id, mail_id=mail_id)
    is_asked = reach.address and until > now and (amount or not is_cancelled)
    if not is_asked:
        settling.settle(context, lock(session, row.id), Answer.SILENCE)
    return True


def settle_silent(context: CommandContext[object], *, disrupted_id: str) -> bool:
    """Settle an order whose buyer has not answered in time; return whether that was to be done.

    Of a cancelled performance the money goes back; of a moved one the tickets stay.
    """
    session = context.session
    found = settling.find(session, disrupted_id)
    if found is None or found.stage is not Stage.OFFERED:
        return False
    steps.lock_order(session, found.order_id)
    row = lock(session, disrupted_id)
    if row.stage is not Stage.OFFERED or row.answer_until is None:
        return False
    if row.answer_until > context.now:
        return False
    settling.settle(context, row, Answer.SILENCE)
    return True


def _settle_unasked(context: CommandContext[object], disrupted_id: str) -> bool:
    row = lock(context.session, disrupted_id)
    if row.stage is Stage.LISTED:
        set_values(context.session, row.id, stage=Stage.SETTLED, settled_at=context.now)
    return True


def _void(context: CommandContext[object], found: DisruptedOrder) -> int | None:
    """End the tickets of a cancelled performance and book what is owed; None: none was left."""
    session, now = context.session, context.now
    query = sa.select(ITEM.c.ticket_id).where(ITEM.c.disrupted_order_id == found.id)
    ids = list(session.connection().execute(query).scalars())
    every = steps.tickets_of(session, found.order_id, ids)
    # A ticket ends under the lock of its seat, so what is valid now stays so.
    inventory.lock(session, wanted_of(every))
    live = [
        row
        for row in steps.tickets_of(session, found.order_id, ids)
        if row["state"] is TicketState.VALID
    ]
    steps.lock_order(session, found.order_id)
    if not live:
        return None
    inventory.give_back(session, sale=found.order_id, wanted=wanted_of(live), now=now)
    amount = sum(row["amount"] for row in live)
    step_id = steps.begin(
        context,
        BY_ITSELF,
        order_id=found.order_id,
        kind=StepKind.CANCELLATION,
        key=f"cancel:{found.id}",
        total=-amount,
    )
    booked, reversed_by = steps.take_back(
        context, order_id=found.order_id, step_id=step_id, tickets=live, state=TicketState.VOID
    )
    books.post(
        session,
        Posting(
            kind=PostingKind.CANCELLATION,
            legs=(*order_postings.taken_back(booked, reversed_by), order_postings.owed(amount)),
            order_id=found.order_id,
            step_id=step_id,
        ),
        now=now,
    )
    return amount
