"""Reads which other seats are proposed to the holders of tickets. It writes nothing.

Whether a proposal is open is judged as it is looked at: its time is not over, the ticket is valid,
the performance takes place, and the ticket has not changed hands since.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.links.claims import LinkClaims, LinkRefused, Purpose
from upstage_crm.orders.order_contacts import CONTACT
from upstage_crm.orders.steps import ORDER, TICKET
from upstage_crm.orders.transfers import offer_rows
from upstage_crm.orders.transfers.tables import SeatMoveRow
from upstage_crm.orders.transfers.ticket_offers import OFFER, TRANSFER, has_time
from upstage_crm.orders.transfers.views import (
    OfferState,
    SeatMoveState,
    SeatMoveView,
    TransferState,
)
from upstage_crm.orders.views import TicketState
from upstage_crm.programme import queries as programme

MOVE = table_of(SeatMoveRow)
_gift = OFFER.alias("gift")
_MOVES = (
    sa.select(
        MOVE,
        OFFER.c.order_id,
        OFFER.c.state.label("offer_state"),
        OFFER.c.email,
        OFFER.c.email_key,
        OFFER.c.language,
        OFFER.c.created_at,
        OFFER.c.answered_at,
        OFFER.c.seal,
        ORDER.c.reference,
        ORDER.c.patron_id,
        TICKET.c.performance_id,
        TICKET.c.seat_id.label("old_seat"),
        TICKET.c.place.label("old_place"),
        TICKET.c.state.label("ticket_state"),
        _gift.c.id.label("gift_id"),
        sa.func.coalesce(_gift.c.email_key, CONTACT.c.email_key).label("holder_key"),
    )
    .join(OFFER, OFFER.c.id == MOVE.c.offer_id)
    .join(ORDER, ORDER.c.id == OFFER.c.order_id)
    .join(CONTACT, CONTACT.c.order_id == OFFER.c.order_id)
    .join(TICKET, TICKET.c.id == MOVE.c.ticket_id)
    .outerjoin(
        TRANSFER,
        sa.and_(TRANSFER.c.ticket_id == TICKET.c.id, TRANSFER.c.state == TransferState.HELD),
    )
    .outerjoin(_gift, _gift.c.id == TRANSFER.c.offer_id)
    .order_by(MOVE.c.id)
)


def proposal_by(session: Session, claims: LinkClaims, *, now: datetime) -> SeatMoveView:
    """The proposal that a link opens.

    Raises:
        LinkRefused: it is no link of this kind, or of nothing that we know.
    """
    found = None
    if claims.purpose is Purpose.SEAT_MOVE:
        found = proposal(session, claims.request_id, now=now)
    if found is None:
        raise LinkRefused
    return found


def proposal(session: Session, offer_id: str, *, now: datetime) -> SeatMoveView | None:
    """The proposal of one offer; None where there is none with this id."""
    found = _read(session, _MOVES.where(MOVE.c.offer_id == offer_id), now)
    return found[0] if found else None


def of_order(session: Session, order_id: str, *, now: datetime) -> tuple[SeatMoveView, ...]:
    """Every proposal of an order, the earliest first."""
    return _read(session, _MOVES.where(OFFER.c.order_id == order_id), now)


def lapsed(session: Session, *, now: datetime) -> tuple[str, ...]:
    """The offers whose proposals wait for an answer that cannot come any more."""
    waiting = _read(session, _MOVES.where(MOVE.c.state == SeatMoveState.PROPOSED), now)
    return tuple(each.id for each in waiting if not each.is_open)


def _read(session: Session, query: sa.Select[Any], now: datetime) -> tuple[SeatMoveView, ...]:
    found = session.connection().execute(query).all()
    rows = [row for row in found if offer_rows.is_ours(session, OFFER, _offer(row))]
    if not rows:
        return ()
    played = {
        each.id: each
        for each in programme.performances(session, {row.performance_id for row in rows})
    }
    return tuple(_view(row, played[row.performance_id], now) for row in rows)


def _offer(row: Any) -> dict[str, Any]:
    """The row of the offer, of what was read with it."""
    return {**row._asdict(), "id": row.offer_id, "state": row.offer_state}


def _view(row: Any, performance: Any, now: datetime) -> SeatMoveView:
    is_valid = row.ticket_state is TicketState.VALID and has_time(
        performance.state, performance.starts_at, now=now
    )
    is_theirs = bool(row.email) and row.holder_key == row.email_key
    return SeatMoveView(
        id=row.offer_id,
        order_id=row.order_id,
        reference=row.reference,
        patron_id=row.patron_id,
        state=row.offer_state,
        email=row.email,
        language=row.language,
        ticket_id=row.ticket_id,
        performance_id=row.performance_id,
        old_seat=row.old_seat,
        old_place=row.old_place,
        seat_id=row.seat_id,
        new_place=row.place,
        zone=row.zone,
        reason=row.reason,
        staff_id=row.staff_id,
        until=row.answer_until,
        created_at=row.created_at,
        answered_at=row.answered_at,
        is_given=row.gift_id is not None,
        is_valid=is_valid,
        is_open=row.offer_state is OfferState.OPEN
        and is_valid
        and is_theirs
        and now < row.answer_until,
    )
