"""Offers tickets to another person, and takes that back: both by their holder, never by staff.

The caller has proven that the order was opened by the link that was mailed to its address. The
order is locked, so no ticket of it is returned, exchanged or offered twice beside this.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, Actor, ActorKind, AuditEvent, Channel
from upstage_crm.core.email_address import parse_email
from upstage_crm.core.ids import new_id
from upstage_crm.core.languages import choose
from upstage_crm.mail import outbox
from upstage_crm.orders import order_contacts, steps
from upstage_crm.orders.errors import TicketNotValid
from upstage_crm.orders.letters.order_mailer import OrderMailer
from upstage_crm.orders.transfers import offer_rows, transfer_mails
from upstage_crm.orders.transfers import ticket_offers as offers
from upstage_crm.orders.transfers.errors import (
    NothingOffered,
    OfferedBefore,
    OfferEnded,
    OwnAddress,
    TooManyOffers,
    TransferTooLate,
    TransferWaits,
)
from upstage_crm.orders.transfers.ticket_offers import OFFER, TRANSFER
from upstage_crm.orders.transfers.views import OfferState, OfferView, TransferState
from upstage_crm.orders.views import TicketState
from upstage_crm.organisation.settings import details
from upstage_crm.programme import queries as programme
from upstage_crm.staff.command_context import CommandContext

MOST_OFFERS: Final = 10  # of one order within a day: each is a mail to a stranger
WITHIN: Final = timedelta(days=1)
BUYER: Final = Actor(ActorKind.PATRON, "The holder of the tickets")

InWindow = Callable[[Session, str], bool]
"""Whether a change of a patron's record can still be undone."""


def offer(
    context: CommandContext[OrderMailer],
    *,
    order_id: str,
    ticket_ids: Collection[str],
    email: str,
    language: str,
    in_window: InWindow,
) -> str:
    """Offer tickets of an order to a mailbox, mail it the question, and return the offer's id.

    Raises:
        NothingOffered: no ticket was chosen. InvalidEmail. OwnAddress: the tickets go there.
        UnknownOrder, UnknownTicket. TicketNotValid, OfferedBefore: a ticket cannot be given.
        TransferTooLate: the doors are open. TooManyOffers: enough for today.
        TransferWaits: the buyer's record may still be put back.
    """
    session, now = context.session, context.now
    if not ticket_ids:
        raise NothingOffered
    recipient = parse_email(email)
    order = steps.lock_order(session, order_id)
    tickets = steps.tickets_of(session, order_id, sorted(ticket_ids))
    giver = order_contacts.of_order(session, order_id).email
    if offers.is_own_address(giver, recipient.stored):
        raise OwnAddress
    _ensure_movable(context, tickets)
    ensure_no_window(session, order["patron_id"], tickets, in_window)
    recent = sa.select(sa.func.count()).where(
        OFFER.c.order_id == order_id,
        OFFER.c.created_at > now - WITHIN,
        sa.exists().where(TRANSFER.c.offer_id == OFFER.c.id),
    )
    if session.connection().execute(recent).scalar_one() >= MOST_OFFERS:
        raise TooManyOffers
    offer_id = _write(
        context, order_id, [row["id"] for row in tickets], recipient.stored, recipient.key, language
    )
    made = offers.offer(session, offer_id, now=now)
    assert made is not None, "it was written just now"
    transfer_mails.ask(context, made)
    record(context, Action.TICKETS_OFFERED, made, actor=BUYER, tickets=len(tickets))
    return offer_id


def take_back(context: CommandContext[object], *, order_id: str, offer_id: str) -> None:
    """The giver keeps the tickets after all: the link of the offer opens nothing any more.

    Raises:
        UnknownOrder. OfferEnded: it is no offer of this order, or was answered.
    """
    steps.lock_order(context.session, order_id)
    found = lock_open(context, offer_id)
    if found.order_id != order_id:
        raise OfferEnded
    outbox.cancel_letters(context.session, key=f"ticket_offer/{found.id}", now=context.now)
    end(context, found, OfferState.TAKEN_BACK)
    record(context, Action.OFFER_TAKEN_BACK, found, actor=BUYER, tickets=len(found.open_tickets))


def lock_open(context: CommandContext[object], offer_id: str) -> OfferView:
    """An open offer, locked after its order.

    Raises:
        OfferEnded: it is not open.
    """
    session = context.session
    session.connection().execute(
        sa.select(OFFER.c.id).where(OFFER.c.id == offer_id).with_for_update()
    )
    found = offers.offer(session, offer_id, now=context.now)
    if found is None or not found.is_open:
        raise OfferEnded
    return found


def end(context: CommandContext[object], found: OfferView, state: OfferState) -> None:
    """End a locked offer; what of it was not taken is free to be offered again."""
    connection = context.session.connection()
    taken = [each.id for each in found.open_tickets] if state is OfferState.ACCEPTED else []
    mine = TRANSFER.c.offer_id == found.id
    offer_rows.answer(context.session, found.id, state, now=context.now)
    connection.execute(
        sa.update(TRANSFER)
        .where(mine, TRANSFER.c.ticket_id.in_(taken))
        .values(state=TransferState.HELD)
    )
    connection.execute(
        sa.update(TRANSFER)
        .where(mine, TRANSFER.c.ticket_id.not_in(taken))
        .values(state=TransferState.ENDED)
    )


def ensure_no_window(
    session: Session, patron_id: str | None, tickets: Collection[Any], in_window: InWindow
) -> None:
    """Refuse while a change of the record of the buyer, or of a holder, may be put back.

    Raises:
        TransferWaits: it may.
    """
    holders = {patron_id, *(row["holder_id"] for row in tickets)} - {None}
    if any(in_window(session, str(each)) for each in sorted(map(str, holders))):
        raise TransferWaits


def record(
    context: CommandContext[object],
    action: Action,
    offer: OfferView,
    *,
    actor: Actor,
    tickets: int,
) -> None:
    """One entry of the trail about an offer. It holds no address: the offer's row does."""
    event = AuditEvent(
        action=action,
        actor=actor,
        channel=Channel.PATRON_PAGE,
        patron_id=offer.patron_id,
        facts={"order": offer.reference, "tickets": tickets},
    )
    trail.record(context.session, [event], now=context.now)


def _ensure_movable(context: CommandContext[object], tickets: Collection[Any]) -> None:
    session = context.session
    gone = [row["place"] for row in tickets if row["state"] is not TicketState.VALID]
    if gone:
        raise TicketNotValid(place=", ".join(gone))
    for row in tickets:
        about = programme.performance(session, row["performance_id"])
        if not offers.has_time(about.state, about.starts_at, now=context.now):
            raise TransferTooLate(place=row["place"])
    live = sa.select(TRANSFER.c.ticket_id).where(
        TRANSFER.c.ticket_id.in_([row["id"] for row in tickets]),
        TRANSFER.c.state != TransferState.ENDED,
    )
    taken = set(session.connection().execute(live).scalars())
    if taken:
        raise OfferedBefore(place=", ".join(row["place"] for row in tickets if row["id"] in taken))


def _write(
    context: CommandContext[object],
    order_id: str,
    ticket_ids: Collection[str],
    email: str,
    email_key: str,
    language: str,
) -> str:
    session, now = context.session, context.now
    offer_id = new_id(now)
    offer_rows.add(
        session,
        offer_id,
        order_id=order_id,
        email=email,
        email_key=email_key,
        language=choose(language, details(session).language),
        now=now,
    )
    for ticket_id in ticket_ids:
        offer_rows.add_ticket(session, offer_id, ticket_id, now=now)
    return offer_id
