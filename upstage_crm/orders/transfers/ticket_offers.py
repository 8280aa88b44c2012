"""Reads offers of tickets, and which tickets are whose now. It writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import seals
from upstage_crm.core.email_address import parse_email, wire_of
from upstage_crm.links.claims import LinkClaims, LinkRefused, Purpose
from upstage_crm.orders.letters.letter_rules import DOORS_BEFORE
from upstage_crm.orders.order_contacts import CONTACT
from upstage_crm.orders.steps import ORDER, TICKET
from upstage_crm.orders.transfers import offer_rows
from upstage_crm.orders.transfers.offer_rows import OFFER, TRANSFER
from upstage_crm.orders.transfers.views import (
    OfferedTicket,
    OfferState,
    OfferView,
    TransferState,
)
from upstage_crm.orders.views import TicketState
from upstage_crm.programme import queries as programme
from upstage_crm.programme.views import PerformanceState

_PLAYED = (PerformanceState.ON_SALE, PerformanceState.PAUSED)
_OFFERS = (
    sa.select(
        OFFER,
        ORDER.c.reference,
        ORDER.c.patron_id,
        CONTACT.c.email.label("giver"),
        CONTACT.c.language.label("giver_language"),
    )
    .join(ORDER, ORDER.c.id == OFFER.c.order_id)
    .join(CONTACT, CONTACT.c.order_id == OFFER.c.order_id)
    .where(sa.exists().where(TRANSFER.c.offer_id == OFFER.c.id))  # not only of another seat
    .order_by(OFFER.c.id)
)


def offer_by(session: Session, claims: LinkClaims, *, now: datetime) -> OfferView:
    """The offer that a link opens.

    Raises:
        LinkRefused: it is no link of this kind, or of nothing that we know.
    """
    found = (
        _read(session, _OFFERS.where(OFFER.c.id == claims.request_id), now)
        if claims.purpose is Purpose.TRANSFER
        else ()
    )
    if not found:
        raise LinkRefused
    return found[0]


def offer(session: Session, offer_id: str, *, now: datetime) -> OfferView | None:
    """One offer; None where there is none with this id."""
    found = _read(session, _OFFERS.where(OFFER.c.id == offer_id), now)
    return found[0] if found else None


def of_order(session: Session, order_id: str, *, now: datetime) -> tuple[OfferView, ...]:
    """Every offer of an order, the earliest first."""
    return _read(session, _OFFERS.where(OFFER.c.order_id == order_id), now)


def to_address(session: Session, email_key: str, *, now: datetime) -> tuple[OfferView, ...]:
    """Every offer that was made to a mailbox, by the key of its address."""
    if not email_key:
        return ()
    return _read(session, _OFFERS.where(OFFER.c.email_key == email_key), now)


def mailboxes_of(session: Session, claims: LinkClaims) -> frozenset[str]:
    """The address that a link to an offer may be mailed to; none once it is erased.

    Raises:
        RowNotProven: the row that says so is not what was sealed.
    """
    query = sa.select(OFFER).where(OFFER.c.id == claims.request_id)
    row = session.connection().execute(query).mappings().one_or_none()
    if row is None or not row["email"]:
        return frozenset()
    seals.prove(session, OFFER.name, row)
    return frozenset({wire_of(row["email"])})


def held_of_order(session: Session, order_id: str) -> Mapping[str, str]:
    """The offer by which each ticket of an order went to someone else, by the ticket's id.

    By an offer that is not ours, none did.
    """
    is_held = sa.and_(OFFER.c.order_id == order_id, TRANSFER.c.state == TransferState.HELD)
    query = (
        sa.select(TRANSFER.c.ticket_id, TRANSFER.c.offer_id)
        .join(OFFER, OFFER.c.id == TRANSFER.c.offer_id)
        .where(is_held)
    )
    held = session.connection().execute(query).all()
    forged = offer_rows.forged(session, is_held) if held else frozenset[str]()
    return {row.ticket_id: row.offer_id for row in held if row.offer_id not in forged}


def givable(session: Session, order_id: str, *, now: datetime) -> frozenset[str]:
    """The tickets of an order that can be offered now, by id."""
    is_live = sa.exists().where(
        TRANSFER.c.ticket_id == TICKET.c.id, TRANSFER.c.state != TransferState.ENDED
    )
    query = sa.select(TICKET.c.id, TICKET.c.performance_id).where(
        TICKET.c.order_id == order_id,
        TICKET.c.state == TicketState.VALID,
        ~is_live,
    )
    rows = session.connection().execute(query).all()
    played = programme.performances(session, {row.performance_id for row in rows})
    timely = {each.id for each in played if has_time(each.state, each.starts_at, now=now)}
    return frozenset(row.id for row in rows if row.performance_id in timely)


def is_own_address(email: str, offers_to: str) -> bool:
    """Whether two addresses are one mailbox; an erased one is no one's."""
    return bool(email) and parse_email(email).key == parse_email(offers_to).key


def has_time(state: PerformanceState, starts_at: datetime, *, now: datetime) -> bool:
    """Whether tickets of a performance may change hands: until its doors open."""
    return state in _PLAYED and now < starts_at - DOORS_BEFORE


def _read(session: Session, query: sa.Select[Any], now: datetime) -> tuple[OfferView, ...]:
    found = session.connection().execute(query).mappings()
    rows = [row for row in found if offer_rows.is_ours(session, OFFER, row)]
    tickets = _tickets(session, [row["id"] for row in rows], now)
    return tuple(
        OfferView(
            id=row["id"],
            order_id=row["order_id"],
            reference=row["reference"],
            state=row["state"],
            email=row["email"],
            language=row["language"],
            giver=row["giver"],
            giver_language=row["giver_language"],
            patron_id=row["patron_id"],
            created_at=row["created_at"],
            answered_at=row["answered_at"],
            tickets=tuple(
                _ticket(each, is_live=row["state"] is OfferState.OPEN)
                for each in tickets[row["id"]]
            ),
        )
        for row in rows
    )


def _tickets(
    session: Session, offer_ids: Sequence[str], now: datetime
) -> dict[str, list[tuple[Any, bool]]]:
    """The tickets of offers, and whether each could change hands."""
    query = (
        sa.select(
            TRANSFER.c.offer_id,
            TRANSFER.c.state.label("transfer_state"),
            TRANSFER.c.id.label("transfer_id"),
            TRANSFER.c.seal.label("transfer_seal"),
            TICKET,
        )
        .join(TICKET, TICKET.c.id == TRANSFER.c.ticket_id)
        .where(TRANSFER.c.offer_id.in_(offer_ids))
        .order_by(TICKET.c.id)
    )
    rows = [row for row in session.connection().execute(query) if _is_ours(session, row)]
    played = {
        each.id: each
        for each in programme.performances(session, {row.performance_id for row in rows})
    }
    found: dict[str, list[tuple[Any, bool]]] = {offer_id: [] for offer_id in offer_ids}
    for row in rows:
        performance = played[row.performance_id]
        is_movable = row.state is TicketState.VALID and has_time(
            performance.state, performance.starts_at, now=now
        )
        found[row.offer_id].append((row, is_movable))
    return found


def _is_ours(session: Session, row: Any) -> bool:
    part = {
        "id": row.transfer_id,
        "offer_id": row.offer_id,
        "ticket_id": row.id,
        "seal": row.transfer_seal,
    }
    return offer_rows.is_ours(session, TRANSFER, part)


def _ticket(pair: tuple[Any, bool], *, is_live: bool) -> OfferedTicket:
    row, is_movable = pair
    return OfferedTicket(
        id=row.id,
        performance_id=row.performance_id,
        place=row.place,
        state=row.transfer_state,
        is_open=is_live and is_movable and row.transfer_state is TransferState.OFFERED,
    )
