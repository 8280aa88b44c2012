"""The one sale of every channel: a basket becomes an order with tickets, in one transaction.

Locks are taken in this order: basket, payments, the patron's record (shared), seats and places, and
then rows that nothing else has seen. Nothing is written to the trail unless a staff member gives
tickets away: its head row would make sales wait for each other, so seals cover them afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, AuditEvent, Channel
from upstage_crm.core.ids import new_id, new_reference
from upstage_crm.core.money import in_words
from upstage_crm.inventory import selling as inventory
from upstage_crm.ledger import books
from upstage_crm.ledger.views import Posting, PostingKind
from upstage_crm.orders import basket_prices, baskets, order_contacts, order_postings, steps
from upstage_crm.orders.basket_reading import view_of, wanted_of
from upstage_crm.orders.errors import (
    BasketEmpty,
    BasketOver,
    BuyerGone,
    PriceChanged,
    ShiftMissing,
    TendersDiffer,
)
from upstage_crm.orders.steps import ORDER, TICKET
from upstage_crm.orders.views import (
    BasketState,
    BasketView,
    Contact,
    Seller,
    Sold,
    StepKind,
    Tender,
)
from upstage_crm.patrons import queries as patrons
from upstage_crm.payments import commands as payments
from upstage_crm.payments import queries as known_payments
from upstage_crm.payments.errors import NotCaptured
from upstage_crm.payments.views import Method, PaymentState
from upstage_crm.pricing.views import Priced
from upstage_crm.staff.command_context import CommandContext
from upstage_crm.staff.roles import Permission, ensure_may

_OF_BASKET = sa.select(ORDER.c.id, ORDER.c.reference).where(
    ORDER.c.basket_id == sa.bindparam("basket", type_=sa.String)
)
_NEW_ORDER = sa.insert(ORDER)
_OF_REFERENCE = sa.select(ORDER.c.id).where(
    ORDER.c.reference == sa.bindparam("reference", type_=sa.String)
)
_TICKET_IDS = (
    sa.select(TICKET.c.id)
    .where(TICKET.c.order_id == sa.bindparam("order", type_=sa.String))
    .order_by(TICKET.c.id)
)


def is_recorded(view: BasketView) -> bool:
    """Whether the sale of a basket goes to the trail by itself: tickets are given away."""
    return any(line.comp_reason is not None for line in view.lines)


def sell(
    context: CommandContext[object],
    seller: Seller,
    *,
    basket_id: str,
    contact: Contact,
    tenders: Sequence[Tender],
) -> Sold:
    """Sell what is in a basket. A basket that was sold before returns that order.

    Run it by `Database.attempt`, recorded where `is_recorded` says so.

    Raises:
        Forbidden: the staff member may not sell.
        UnknownBasket, BasketOver, BasketEmpty: there is nothing to sell.
        ContactMissing, InvalidEmail, InvalidText: the contact cannot be kept.
        TendersDiffer, ShiftMissing, NotCaptured: it is not paid.
        BuyerGone: the patron's record is erased or closed.
        SeatsLost, PlacesLost: something of it is no longer held.
        PriceChanged: the prices are not those that were promised; RowNotProven.
        UpstageError: as `pricing.price_basket`.
    """
    if seller.actor is not None:
        ensure_may(seller.actor, Permission.SELL_TICKETS)
    session, now = context.session, context.now
    row = baskets.lock(session, basket_id)
    if row["state"] is BasketState.SOLD:
        return _sold_before(session, basket_id)
    if row["state"] is BasketState.LET_GO:
        raise BasketOver(state=row["state"].value)
    view = view_of(session, row, now)
    if not view.lines:
        raise BasketEmpty
    kept = order_contacts.checked(contact, seller.channel)
    ensure_paid(session, view, view.total, tenders, seller)
    if view.patron_id is not None and not patrons.share_lock(session, view.patron_id):
        raise BuyerGone
    order_id = new_id(now)
    wanted = wanted_of(view.lines)
    inventory.sell(session, holder=basket_id, sale=order_id, wanted=wanted, now=now)
    priced = basket_prices.price(session, view.lines, seller, now=view.priced_at, is_proven=True)
    ensure_promised(view, priced)
    reference = _write_order(context, seller, view, priced, order_id, kept)
    order_contacts.keep(session, order_id, kept)
    step_id = steps.begin(
        context,
        seller,
        order_id=order_id,
        kind=StepKind.SALE,
        key=basket_id,
        total=priced.total,
    )
    issued = steps.issue(
        context,
        order_id=order_id,
        step_id=step_id,
        lines=view.lines,
        priced=priced,
        holder_id=view.patron_id,
    )
    payment_ids = take(context, seller, view, order_id, tenders)
    books.post(
        session,
        Posting(
            kind=PostingKind.SALE,
            legs=(*order_postings.paid(tenders), *order_postings.sold(issued.booked)),
            order_id=order_id,
            step_id=step_id,
            payment_id=payment_ids[0] if payment_ids else "",
            shift_id=seller.shift_id,
            staff_id=seller.staff_id,
        ),
        now=now,
    )
    baskets.turn(session, basket_id, BasketState.SOLD, now=now, order_id=order_id)
    record_gifts(context, seller, view, reference)
    return Sold(order_id=order_id, reference=reference, ticket_ids=issued.ticket_ids)


def take(
    context: CommandContext[object],
    seller: Seller,
    view: BasketView,
    order_id: str,
    tenders: Sequence[Tender],
) -> list[str]:
    """Write down what was paid, and which order each captured payment is for; return the ids."""
    found: list[str] = []
    for tender in tenders:
        if tender.payment_id:
            payments.assign_order(context.session, tender.payment_id, order_id=order_id)
            found.append(tender.payment_id)
            continue
        taken = payments.take(
            context.session,
            basket_id=view.id,
            order_id=order_id,
            method=tender.method,
            amount=tender.amount,
            currency=view.currency,
            now=context.now,
            shift_id=seller.shift_id,
            note=tender.note,
        )
        found.append(taken.id)
    return found


def ensure_promised(view: BasketView, priced: Priced) -> None:
    """Refuse prices that are not those that the buyer has seen.

    Raises:
        PriceChanged: a line has another one.
    """
    if {line.key: line.amount for line in view.lines} != {
        each.line.key: each.amount for each in priced.lines
    }:
        raise PriceChanged(
            before=in_words(view.total, priced.currency),
            now=in_words(priced.total, priced.currency),
        )


def ensure_tenders(total: int, currency: str, tenders: Sequence[Tender], seller: Seller) -> None:
    """See that what is paid is what is to be paid, and that cash has a drawer.

    Raises:
        TendersDiffer, ShiftMissing: it is not, or has not.
    """
    paid = sum(tender.amount for tender in tenders)
    if paid != total or any(tender.amount <= 0 for tender in tenders):
        raise TendersDiffer(total=in_words(total, currency), paid=in_words(paid, currency))
    if not seller.shift_id and any(tender.method is Method.CASH for tender in tenders):
        raise ShiftMissing


def ensure_paid(
    session: Session, view: BasketView, total: int, tenders: Sequence[Tender], seller: Seller
) -> None:
    """See that what a basket costs is paid, and by a card only what was captured for it, once.

    Raises:
        TendersDiffer, ShiftMissing, NotCaptured: it is not.
    """
    ensure_tenders(total, view.currency, tenders, seller)
    captured = [tender.payment_id for tender in tenders if tender.payment_id]
    if len(set(captured)) != len(captured):
        raise NotCaptured
    for tender in tenders:
        if tender.method is Method.CARD and not tender.payment_id:
            raise NotCaptured
        if tender.payment_id:
            payment = known_payments.payment(session, tender.payment_id)
            is_his = payment.basket_id == view.id and payment.amount == tender.amount
            if payment.state is not PaymentState.CAPTURED or not is_his:
                raise NotCaptured


def _write_order(
    context: CommandContext[object],
    seller: Seller,
    view: BasketView,
    priced: Priced,
    order_id: str,
    contact: Contact,
) -> str:
    """Write the order under a reference that is free, and return that.

    A guest's is filed at a record by a job; what names no mailbox belongs to none.
    """
    session, now = context.session, context.now
    row = {
        "id": order_id,
        "basket_id": view.id,
        "channel": seller.channel,
        "patron_id": view.patron_id,
        "staff_id": seller.staff_id,
        "shift_id": seller.shift_id,
        "currency": priced.currency,
        "total": priced.total,
        "tax_mode": priced.tax_mode.value,
        "created_at": now,
        "filed_at": now if view.patron_id or not contact.email else None,
        "claimed_at": now if view.patron_id else None,
    }
    reference = _free_reference(session)
    session.connection().execute(_NEW_ORDER, row | {"reference": reference})
    return reference


def _free_reference(session: Session) -> str:
    """A reference that no order has; its unique index is what makes sure."""
    while True:
        drawn = new_reference()
        if session.connection().execute(_OF_REFERENCE, {"reference": drawn}).first() is None:
            return drawn


def _sold_before(session: Session, basket_id: str) -> Sold:
    connection = session.connection()
    order = connection.execute(_OF_BASKET, {"basket": basket_id}).one()
    tickets = connection.execute(_TICKET_IDS, {"order": order.id}).scalars()
    return Sold(
        order_id=order.id,
        reference=order.reference,
        ticket_ids=tuple(tickets),
        was_sold=True,
    )


def record_gifts(
    context: CommandContext[object], seller: Seller, view: BasketView, reference: str
) -> None:
    """One entry of the staff member's about the tickets of a basket that were given away."""
    gifts = [line for line in view.lines if line.comp_reason is not None]
    if not gifts or seller.actor is None:
        return
    reasons = sorted({line.comp_reason.value for line in gifts if line.comp_reason})
    event = AuditEvent(
        action=Action.TICKETS_GIVEN,
        actor=seller.actor.as_actor(),
        channel=Channel.CRM,
        patron_id=view.patron_id,
        facts={"order": reference, "tickets": len(gifts), "reason": ", ".join(reasons)},
    )
    trail.record(context.session, [event], now=context.now)
