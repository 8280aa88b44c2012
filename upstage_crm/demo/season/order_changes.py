"""What came after some sales of the demo: exchanges whose money is open, a performance called off.

All of it by the commands that staff and buyers use, at one moment after the sales.
"""

from __future__ import annotations

from collections import Counter

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.demo.season.past_payments import CARD_CLOSED
from upstage_crm.inventory import queries as inventory
from upstage_crm.links.claims import LinkClaims, Purpose
from upstage_crm.mail.outbox import OUTBOX
from upstage_crm.mail.placeholders import thaw_links
from upstage_crm.orders import basket_lines, exchanges, queries
from upstage_crm.orders.cancellations import answering, cancelling, offering, offers
from upstage_crm.orders.cancellations.cancelling import DISRUPTED
from upstage_crm.orders.cancellations.views import Answer, Stage
from upstage_crm.orders.letters.order_mailer import OrderMailer
from upstage_crm.orders.steps import TICKET
from upstage_crm.orders.views import OrderReason, OrderView, Seller, TicketState
from upstage_crm.payments.tables import PaymentRow
from upstage_crm.programme import queries as programme
from upstage_crm.programme.prices.views import SaleChannel
from upstage_crm.programme.views import PerformanceState
from upstage_crm.staff.command_context import CommandContext, StaffContext

EXCHANGES = 3
FEWEST_TOLD = 12  # orders of the performance that is called off, at least
ANSWERS = (Answer.REFUND, Answer.ANOTHER_DATE, Answer.NONE, Answer.NONE)
_PAYMENT = table_of(PaymentRow)


def exchange(context: StaffContext[object]) -> None:
    """Exchange tickets of some orders for cheaper ones; the cards they were paid by are closed.

    The first minute of the clock hears that, and the difference is owed at the desk.
    """
    done = 0
    for order in _paid_by_closed_cards(context):
        if done < EXCHANGES and (zone := _cheaper(context.session, order)):
            _exchange(context, order, zone)
            done += 1


def call_off(context: StaffContext[object], buyers: CommandContext[OrderMailer]) -> None:
    """Cancel a performance and tell its buyers, of whom about half have answered."""
    session = context.session
    performance_id = _to_call_off(context)
    if performance_id is None:
        return
    cancelling.cancel(context, performance_ids=[performance_id])
    for disrupted_id in offering.listed(session):
        offering.tell(buyers, disrupted_id=disrupted_id)
    for place, (disrupted_id, claims) in enumerate(_asked(session)):
        chosen = ANSWERS[place % len(ANSWERS)]
        dates = offers.other_dates(session, offers.offer_of(session, disrupted_id), now=context.now)
        if chosen is Answer.REFUND:
            answering.answer(buyers, claims=claims, chosen=chosen)
        elif chosen is Answer.ANOTHER_DATE and dates:
            date = dates[0].performance_id
            answering.answer(buyers, claims=claims, chosen=chosen, performance_id=date)


def _paid_by_closed_cards(context: StaffContext[object]) -> list[OrderView]:
    query = (
        sa.select(_PAYMENT.c.order_id)
        .where(_PAYMENT.c.note == CARD_CLOSED)
        .order_by(_PAYMENT.c.id.desc())
    )
    found = context.session.connection().execute(query).scalars()
    return [queries.order(context.session, order_id) for order_id in found]


def _cheaper(session: Session, order: OrderView) -> str:
    """The last zone of the house, where every ticket is for a better one; else ""."""
    ids = {one.performance_id for one in order.valid}
    if len(ids) != 1:
        return ""
    about = programme.performance(session, next(iter(ids)))
    if about.state is not PerformanceState.ON_SALE:
        return ""
    last = max((one.zone for one in inventory.places_of(session, about.id).values()), default="")
    return "" if any(one.zone >= last or not one.seat_id for one in order.valid) else last


def _exchange(context: StaffContext[object], order: OrderView, zone: str) -> None:
    seller = Seller(channel=SaleChannel.PHONE, actor=context.actor)
    basket_id = exchanges.open_basket(context, seller, order_id=order.id)
    basket_lines.add_best(
        context,
        seller,
        basket_id,
        performance_id=order.valid[0].performance_id,
        choices=Counter(one.type_id for one in order.valid),
        zone=zone,
    )
    exchanges.exchange(
        context,
        seller,
        basket_id=basket_id,
        order_id=order.id,
        ticket_ids=[one.id for one in order.valid],
        tenders=(),
        reason=OrderReason.CHANGED.value,
    )


def _to_call_off(context: StaffContext[object]) -> str | None:
    """The performance with the fewest orders that are enough, of an event with other dates."""
    query = (
        sa.select(TICKET.c.performance_id, sa.func.count(TICKET.c.order_id.distinct()))
        .where(TICKET.c.state == TicketState.VALID)
        .group_by(TICKET.c.performance_id)
    )
    orders = {row[0]: row[1] for row in context.session.connection().execute(query)}
    _, events = programme.events(context.session, start=context.now)
    ahead = [
        [
            one.id
            for one in programme.event(context.session, event.id).performances
            if one.state is PerformanceState.ON_SALE and one.starts_at > context.now
        ]
        for event in events
    ]
    # The nearest one of an event stays: a visitor sells for it.
    found = [
        (orders[one], one)
        for dates in ahead
        for one in dates[1:-1]
        if orders.get(one, 0) >= FEWEST_TOLD
    ]
    return min(found, default=(0, None))[1]


def _asked(session: Session) -> list[tuple[str, LinkClaims]]:
    """The orders whose buyers were asked, each with what the link in the mail says."""
    query = (
        sa.select(DISRUPTED.c.id, OUTBOX.c.links)
        .join(OUTBOX, OUTBOX.c.id == DISRUPTED.c.mail_id)
        .where(DISRUPTED.c.stage == Stage.OFFERED)
        .order_by(DISRUPTED.c.id)
    )
    return [
        (row.id, link)
        for row in session.connection().execute(query)
        for link in thaw_links(row.links).values()
        if link.purpose is Purpose.CHOICE
    ]
