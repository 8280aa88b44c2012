"""Moves a sold ticket to another seat, once its holder has said yes.

Staff propose; the new seat is held for the answer. A no, silence and a withdrawal leave the ticket
as it was and let go of the held seat. A yes ends the ticket and issues another for the new seat, at
the price that was paid, in one transaction: so the old code opens no door. Seats are locked before
the order, and the order before the offer, as everywhere.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import SYSTEM, Action, Actor, ActorKind, AuditEvent, Channel
from upstage_crm.core.ids import new_id
from upstage_crm.core.languages import choose
from upstage_crm.inventory import holds
from upstage_crm.inventory import queries as seating
from upstage_crm.inventory import selling as inventory
from upstage_crm.inventory.errors import SeatUnknown
from upstage_crm.inventory.views import Wanted
from upstage_crm.ledger import books
from upstage_crm.ledger.views import Posting, PostingKind
from upstage_crm.links.claims import LinkClaims
from upstage_crm.mail import outbox
from upstage_crm.orders import order_postings, returns, steps
from upstage_crm.orders.errors import ReasonMissing, TicketNotValid
from upstage_crm.orders.letters.letter_rules import DOORS_BEFORE
from upstage_crm.orders.letters.order_mailer import OrderMailer
from upstage_crm.orders.order_contacts import CONTACT
from upstage_crm.orders.transfers import offer_rows, seat_mails
from upstage_crm.orders.transfers import seat_proposal as proposals
from upstage_crm.orders.transfers.errors import (
    NoMailbox,
    NotASeat,
    OfferEnded,
    SeatMoveTooLate,
    SeatProposedBefore,
)
from upstage_crm.orders.transfers.seat_proposal import MOVE
from upstage_crm.orders.transfers.ticket_offers import OFFER, TRANSFER, has_time
from upstage_crm.orders.transfers.views import (
    OfferState,
    SeatMoveReason,
    SeatMoveState,
    SeatMoveView,
    TransferState,
)
from upstage_crm.orders.views import Seller, StepKind, TicketState
from upstage_crm.organisation.settings import details
from upstage_crm.programme import queries as programme
from upstage_crm.programme.prices.views import SaleChannel
from upstage_crm.staff.command_context import CommandContext, StaffContext
from upstage_crm.staff.roles import Permission, ensure_may

ANSWER_WITHIN: Final = timedelta(days=3)  # or until the doors open, where that is sooner
HOLDER: Final = Actor(ActorKind.OUTSIDER, "The holder of the ticket")
_BY_ITSELF: Final = Seller(channel=SaleChannel.PORTAL)


def propose(
    context: StaffContext[object],
    mailer: OrderMailer,
    *,
    order_id: str,
    ticket_id: str,
    seat_id: str,
    reason: str,
) -> str:
    """Propose another free seat of the same performance to a ticket's holder; return the offer.

    Raises:
        Forbidden: the staff member may not sell.
        ReasonMissing: it is no `SeatMoveReason`. UnknownOrder, UnknownTicket.
        NotASeat: the ticket has no numbered seat. NoMailbox: the holder has no address.
        SeatsTaken, SeatUnknown: the seat is not free, or there is none like that.
        TicketNotValid, SeatProposedBefore, SeatMoveTooLate: the ticket cannot be moved.
    """
    ensure_may(context.actor, Permission.SELL_TICKETS)
    session, now = context.session, context.now
    if reason not in set(SeatMoveReason):
        raise ReasonMissing
    [ticket] = steps.tickets_of(session, order_id, [ticket_id])
    if not ticket["seat_id"]:
        raise NotASeat(place=ticket["place"])
    performance = programme.performance(session, ticket["performance_id"])
    if not has_time(performance.state, performance.starts_at, now=now):
        raise SeatMoveTooLate(place=ticket["place"])
    place = seating.places_of(session, performance.id).get(seat_id)
    if place is None:
        raise SeatUnknown(seats=(seat_id,), words=seat_id)
    offer_id = new_id(now)
    until = min(now + ANSWER_WITHIN, performance.starts_at - DOORS_BEFORE)
    wanted = Wanted(seats={performance.id: frozenset({seat_id})})
    holds.hold(session, holder=offer_id, wanted=wanted, now=now)
    holds.keep_until(session, holder=offer_id, until=until, now=now)
    order = steps.lock_order(session, order_id)
    [ticket] = steps.tickets_of(session, order_id, [ticket_id])
    if ticket["state"] is not TicketState.VALID:
        raise TicketNotValid(place=ticket["place"])
    _ensure_unasked(session, ticket)
    holder = _holder(session, order_id, ticket_id)
    if not holder.email:
        raise NoMailbox
    offer_rows.add(
        session,
        offer_id,
        order_id=order_id,
        email=holder.email,
        email_key=holder.email_key,
        language=choose(holder.language, details(session).language),
        now=now,
    )
    session.connection().execute(
        sa.insert(MOVE),
        {
            "id": new_id(now),
            "offer_id": offer_id,
            "ticket_id": ticket_id,
            "seat_id": seat_id,
            "place": place.words,
            "zone": place.zone,
            "reason": SeatMoveReason(reason),
            "staff_id": context.actor.id,
            "answer_until": until,
            "state": SeatMoveState.PROPOSED,
        },
    )
    made = proposals.proposal(session, offer_id, now=now)
    assert made is not None, "it was written just now"
    seat_mails.ask(session, mailer, made, now=now)
    returns.record(context, Action.SEAT_PROPOSED, order, reason=reason, **_seats(made))
    return offer_id


def withdraw(
    context: StaffContext[object], mailer: OrderMailer, *, order_id: str, offer_id: str
) -> None:
    """Withdraw a proposal before its answer: the ticket keeps its seat, the held one is free.

    Raises:
        Forbidden: the staff member may not sell. UnknownOrder.
        OfferEnded: it is no proposal of this order, or was answered.
    """
    ensure_may(context.actor, Permission.SELL_TICKETS)
    session, now = context.session, context.now
    holds.release(session, holder=offer_id, now=now)
    order = steps.lock_order(session, order_id)
    found = _lock_open(context, offer_id)
    if found.order_id != order_id:
        raise OfferEnded
    unsent = outbox.cancel_letters(session, key=seat_mails.key_of(offer_id), now=now)
    _end(context, found, OfferState.TAKEN_BACK)
    if not unsent:
        seat_mails.tell_holder(session, mailer, found, OfferState.TAKEN_BACK, now=now)
    returns.record(context, Action.SEAT_WITHDRAWN, order, **_seats(found))


def answer(context: CommandContext[OrderMailer], *, claims: LinkClaims, accepts: bool) -> None:
    """Record what the holder decided, and do it.

    Raises:
        LinkRefused: the link is not for this.
        OfferEnded: it was answered or withdrawn, its time is over, or the ticket has ended.
        SeatsLost: the house has taken the held seat away meanwhile.
    """
    session, now = context.session, context.now
    seen = proposals.proposal_by(session, claims, now=now)
    if not accepts:
        holds.release(session, holder=seen.id, now=now)
        steps.lock_order(session, seen.order_id)
        found = _lock_open(context, seen.id)
        _end(context, found, OfferState.DECLINED)
        _tell_both(context, found, OfferState.DECLINED)
        _record(context, Action.SEAT_DECLINED, found, actor=HOLDER)
        return
    old = Wanted(seats={seen.performance_id: frozenset({seen.old_seat})})
    new = Wanted(seats={seen.performance_id: frozenset({seen.seat_id})})
    both = Wanted(seats={seen.performance_id: frozenset({seen.old_seat, seen.seat_id})})
    inventory.lock(session, both)
    steps.lock_order(session, seen.order_id)
    found = _lock_open(context, seen.id)
    inventory.give_back(session, sale=found.order_id, wanted=old, now=now)
    inventory.sell(session, holder=found.id, sale=found.order_id, wanted=new, now=now)
    ticket_id = _reissue(context, found)
    if found.is_given:
        _keep_with_recipient(context, found, ticket_id)
    _end(context, found, OfferState.ACCEPTED)
    if found.is_given:
        _hand_over(session, ticket_id)
    _tell_both(context, found, OfferState.ACCEPTED, ticket_id=ticket_id)
    _record(context, Action.SEAT_MOVED, found, actor=HOLDER)


def lapse(context: CommandContext[OrderMailer], *, offer_id: str) -> bool:
    """End a proposal that no answer can come to any more; False when it is open, or has ended.

    The holder is told, unless the ticket itself has ended, of which they were told then.
    """
    session, now = context.session, context.now
    seen = proposals.proposal(session, offer_id, now=now)
    if seen is None or seen.is_open:
        return False
    holds.release(session, holder=offer_id, now=now)
    steps.lock_order(session, seen.order_id)
    found = _lock(context, offer_id)
    if found is None or found.state is not OfferState.OPEN:
        return False
    outbox.cancel_letters(session, key=seat_mails.key_of(offer_id), now=now)
    _end(context, found, OfferState.LAPSED)
    if found.is_valid:
        seat_mails.tell_holder(session, context.notifier, found, OfferState.LAPSED, now=now)
    seat_mails.tell_staff(session, context.notifier, found, OfferState.LAPSED, now=now)
    _record(context, Action.SEAT_LAPSED, found, actor=SYSTEM)
    return True


def _ensure_unasked(session: Session, ticket: sa.RowMapping) -> None:
    asked = sa.select(MOVE.c.id).where(
        MOVE.c.ticket_id == ticket["id"], MOVE.c.state == SeatMoveState.PROPOSED
    )
    if session.connection().execute(asked).first() is not None:
        raise SeatProposedBefore(place=ticket["place"])


def _holder(session: Session, order_id: str, ticket_id: str) -> Any:
    """Where the holder of a ticket is asked: who it was given to, or else who bought it."""
    columns = ("email", "email_key", "language")
    is_held = sa.and_(TRANSFER.c.ticket_id == ticket_id, TRANSFER.c.state == TransferState.HELD)
    given = (
        sa.select(*(OFFER.c[name] for name in columns))
        .join(TRANSFER, TRANSFER.c.offer_id == OFFER.c.id)
        .where(is_held, OFFER.c.id.not_in(offer_rows.forged(session, is_held)))
    )
    bought = sa.select(*(CONTACT.c[name] for name in columns)).where(CONTACT.c.order_id == order_id)
    connection = session.connection()
    return connection.execute(given).first() or connection.execute(bought).one()


def _lock(context: CommandContext[Any], offer_id: str) -> SeatMoveView | None:
    session = context.session
    session.connection().execute(
        sa.select(OFFER.c.id).where(OFFER.c.id == offer_id).with_for_update()
    )
    return proposals.proposal(session, offer_id, now=context.now)


def _lock_open(context: CommandContext[Any], offer_id: str) -> SeatMoveView:
    found = _lock(context, offer_id)
    if found is None or not found.is_open:
        raise OfferEnded
    return found


def _end(context: CommandContext[Any], found: SeatMoveView, state: OfferState) -> None:
    connection = context.session.connection()
    is_moved = state is OfferState.ACCEPTED
    offer_rows.answer(context.session, found.id, state, now=context.now)
    connection.execute(
        sa.update(MOVE)
        .where(MOVE.c.offer_id == found.id)
        .values(state=SeatMoveState.MOVED if is_moved else SeatMoveState.KEPT)
    )


def _reissue(context: CommandContext[Any], found: SeatMoveView) -> str:
    """End the ticket and issue one for the new seat, line for line at what was paid."""
    session = context.session
    tickets = steps.tickets_of(session, found.order_id, [found.ticket_id])
    step_id = steps.begin(
        context,
        _BY_ITSELF,
        order_id=found.order_id,
        kind=StepKind.SEAT_MOVE,
        key=f"seat_move:{found.id}",
        total=0,
        reason=found.reason.value,
    )
    booked, reversed_by = steps.take_back(
        context,
        order_id=found.order_id,
        step_id=step_id,
        tickets=tickets,
        state=TicketState.EXCHANGED,
    )
    issued = steps.carry(
        context,
        tickets[0],
        step_id=step_id,
        seat_id=found.seat_id,
        place=found.new_place,
        zone=found.zone,
    )
    legs = (
        *order_postings.taken_back(booked, reversed_by),
        *order_postings.sold(issued.booked),
    )
    posting = Posting(
        kind=PostingKind.EXCHANGE, legs=legs, order_id=found.order_id, step_id=step_id
    )
    books.post(session, posting, now=context.now)
    return issued.ticket_ids[0]


def _keep_with_recipient(context: CommandContext[Any], found: SeatMoveView, ticket_id: str) -> None:
    """The new ticket is the recipient's, as the old one was: by this offer, to their mailbox."""
    offer_rows.add_ticket(context.session, found.id, ticket_id, now=context.now)


def _hand_over(session: Session, ticket_id: str) -> None:
    session.connection().execute(
        sa.update(TRANSFER)
        .where(TRANSFER.c.ticket_id == ticket_id)
        .values(state=TransferState.HELD)
    )


def _tell_both(
    context: CommandContext[OrderMailer],
    found: SeatMoveView,
    state: OfferState,
    *,
    ticket_id: str = "",
) -> None:
    session, now, mailer = context.session, context.now, context.notifier
    seat_mails.tell_holder(session, mailer, found, state, ticket_id=ticket_id, now=now)
    seat_mails.tell_staff(session, mailer, found, state, now=now)


def _seats(found: SeatMoveView) -> dict[str, str]:
    return {"from": found.old_place, "to": found.new_place}


def _record(
    context: CommandContext[Any], action: Action, found: SeatMoveView, *, actor: Actor
) -> None:
    """One entry of the trail. It holds no address: the offer's row does."""
    event = AuditEvent(
        action=action,
        actor=actor,
        channel=Channel.SCHEDULE if actor is SYSTEM else Channel.PATRON_PAGE,
        patron_id=found.patron_id,
        facts={"order": found.reference, **_seats(found)},
    )
    trail.record(context.session, [event], now=context.now)
