"""What the buyer of an order is told, and which other dates there are. It writes nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.inventory import queries as inventory
from upstage_crm.inventory.errors import NotLaidOut
from upstage_crm.inventory.views import SeatState
from upstage_crm.links.claims import LinkClaims, LinkRefused, Purpose
from upstage_crm.orders.cancellations import settling
from upstage_crm.orders.cancellations.cancelling import ITEM
from upstage_crm.orders.cancellations.settling import DisruptedOrder
from upstage_crm.orders.cancellations.views import (
    Answer,
    DisruptionKind,
    Offer,
    OtherDate,
    Stage,
)
from upstage_crm.orders.order_contacts import CONTACT
from upstage_crm.orders.order_refunds import AT_ONCE
from upstage_crm.orders.steps import ORDER, TICKET
from upstage_crm.orders.views import TicketState
from upstage_crm.payments import queries as payments
from upstage_crm.programme import queries as programme
from upstage_crm.programme.views import PerformanceState
from upstage_crm.venues import queries as venues

TicketRow = Any  # a row of `ticket`, as SQLAlchemy returns it
MOST_DATES = 12  # other dates that are offered


def offer_by(session: Session, claims: LinkClaims) -> Offer:
    """What a link opens.

    Raises:
        LinkRefused: it is no link of this kind, or of nothing that we know.
    """
    if claims.purpose is not Purpose.CHOICE or settling.find(session, claims.request_id) is None:
        raise LinkRefused
    return offer_of(session, claims.request_id)


def offer_of(session: Session, disrupted_id: str) -> Offer:
    """What the buyer of one disrupted order is told; the row exists."""
    row = settling.find(session, disrupted_id)
    assert row is not None, "the caller has found it"
    now = programme.performance(session, row.performance_id)
    event = programme.event(session, now.event_id)
    order = (
        session.connection()
        .execute(
            sa.select(ORDER.c.reference, ORDER.c.currency, CONTACT.c.language)
            .join(CONTACT, CONTACT.c.order_id == ORDER.c.id)
            .where(ORDER.c.id == row.order_id)
        )
        .one()
    )
    translated = event.translated.get(order.language, {}).get("title", "")
    tickets = tickets_of(session, row)
    return Offer(
        id=row.id,
        kind=row.kind,
        stage=row.stage,
        answer=row.answer,
        reference=order.reference,
        event=translated or now.title,
        event_id=now.event_id,
        performance_id=row.performance_id,
        zone=now.zone,
        was_starts_at=row.was_starts_at,
        was_hall=hall_words(session, row.was_hall_id),
        new_starts_at=now.starts_at,
        new_hall=hall_words(session, now.hall_id),
        seats=tuple(each.place for each in tickets),
        currency=order.currency,
        amount=_amount(row, tickets),
        rebooked=row.rebooked,
        at_desk=_at_desk(session, row),
        until=row.answer_until,
        language=order.language,
        version=row.link_version,
    )


def tickets_of(session: Session, row: DisruptedOrder) -> list[TicketRow]:
    """The tickets that a disruption is about: the listed ones, or those that are valid still."""
    query = sa.select(TICKET).order_by(TICKET.c.id)
    if row.kind is DisruptionKind.CANCELLED:
        query = query.join(ITEM, ITEM.c.ticket_id == TICKET.c.id).where(
            ITEM.c.disrupted_order_id == row.id,
            TICKET.c.state.in_((TicketState.VALID, TicketState.VOID)),
        )
    else:
        query = query.where(
            TICKET.c.order_id == row.order_id,
            TICKET.c.performance_id == row.performance_id,
            TICKET.c.state == TicketState.VALID,
        )
    return list(session.connection().execute(query).all())


def other_dates(session: Session, offer: Offer, *, now: datetime) -> list[OtherDate]:
    """The performances of the event on sale that have enough free seats and places, the next first.

    Whether they cost no more is known only once they are held.
    """
    if offer.kind is not DisruptionKind.CANCELLED or not offer.amount:
        return []
    found: list[OtherDate] = []
    for one in programme.event(session, offer.event_id).performances:
        is_there = one.state is PerformanceState.ON_SALE and one.starts_at > now
        if is_there and len(found) < MOST_DATES and _free(session, one.id, now) >= len(offer.seats):
            found.append(
                OtherDate(
                    performance_id=one.id, starts_at=one.starts_at, zone=one.zone, hall=one.hall
                )
            )
    return found


def hall_words(session: Session, hall_id: str) -> str:
    """A hall with its venue: "Main Hall, Lyric Theatre"."""
    hall = venues.hall(session, hall_id)
    return f"{hall.texts['name']}, {hall.venue_name}"


def is_open(offer: Offer, *, now: datetime) -> bool:
    """Whether the buyer may still answer."""
    return (
        offer.stage is Stage.OFFERED
        and offer.answer is Answer.NONE
        and offer.until is not None
        and now < offer.until
    )


def _amount(row: DisruptedOrder, tickets: list[TicketRow]) -> int:
    if row.amount or (row.kind is DisruptionKind.CANCELLED and row.stage is not Stage.LISTED):
        return row.amount
    return sum(each.amount for each in tickets)


def _at_desk(session: Session, row: DisruptedOrder) -> int:
    """What of an order the desk gives back, once it is settled."""
    prefix = settling.refund_keys(row.disruption_id)
    return sum(
        refund.amount
        for payment in payments.of_order(session, row.order_id)
        if payment.method in AT_ONCE
        for refund in payments.refunds_of(session, payment.id)
        if refund.key.startswith(prefix)
    )


def _free(session: Session, performance_id: str, now: datetime) -> int:
    try:
        house = inventory.house(session, performance_id, now=now)
    except NotLaidOut:
        return 0
    seats = sum(each.state is SeatState.FREE for each in house.seats)
    return seats + sum(pool.free for pool in house.pools)
