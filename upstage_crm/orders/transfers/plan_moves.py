"""Asks the holders whose sold seats a newer plan of the hall lacks: which other seat for whom.

A performance takes the plan once no sold seat is without a counterpart. Until then nothing changes:
each holder is asked by a proposal of their own (`moving_seats`), at the price that was paid, for a
seat that both plans have, in their zone or in one that costs no less. Silence keeps the seat, and
the plan waits: then staff take the ticket back, or keep the plan.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.inventory import plan_needs
from upstage_crm.inventory import queries as seating
from upstage_crm.inventory.best_available import USUAL_KINDS
from upstage_crm.inventory.plan_needs import PlanFit
from upstage_crm.orders import basket_prices
from upstage_crm.orders.order_contacts import CONTACT
from upstage_crm.orders.steps import ORDER, TICKET
from upstage_crm.orders.transfers.seat_proposal import MOVE
from upstage_crm.orders.transfers.ticket_offers import OFFER
from upstage_crm.orders.transfers.views import OfferState, SeatMoveReason, SeatMoveState
from upstage_crm.orders.views import TicketState
from upstage_crm.programme.prices.versions import holding
from upstage_crm.programme.prices.views import Cell
from upstage_crm.venues.seat_plan import SeatKind

REFUSED = (OfferState.DECLINED, OfferState.LAPSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One ticket whose holder can be asked, and the seat that is proposed."""

    order_id: str
    ticket_id: str
    old_place: str
    seat_id: str
    new_place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanMoves:
    """What a performance has to do before it can take the newest plan; nothing is done yet.

    `lost` counts the tickets whose seat has no counterpart: `questions` can be asked now, `waiting`
    are asked already. Staff see to the others, named by order and place: `refused` said no or
    nothing, `unreachable` have no mailbox, and for `crowded` ones there is no seat as good.
    """

    fit: PlanFit
    lost: int
    questions: tuple[Question, ...]
    waiting: int
    refused: tuple[str, ...]
    unreachable: tuple[str, ...]
    crowded: tuple[str, ...]


def preview(session: Session, performance_id: str, *, now: datetime) -> PlanMoves | None:
    """What the newest plan asks of the holders; None where the performance has it already.

    Raises:
        UnknownPerformance, NotLaidOut: there is none with this id, or it has no seats.
    """
    fit = plan_needs.fit(session, performance_id)
    if fit is None:
        return None
    tickets = _tickets(session, performance_id, fit.lost)
    asked = _asked(session, {each["id"] for each in tickets})
    unasked = [each for each in tickets if each["id"] not in asked]
    reached = [each for each in unasked if each["email"]]
    questions = _seated(session, performance_id, fit, reached, now)
    seated = {each.ticket_id for each in questions}
    return PlanMoves(
        fit=fit,
        lost=len(tickets),
        questions=questions,
        waiting=sum(state is OfferState.OPEN for state in asked.values()),
        refused=_named(each for each in tickets if asked.get(each["id"]) in REFUSED),
        unreachable=_named(each for each in unasked if not each["email"]),
        crowded=_named(each for each in reached if each["id"] not in seated),
    )


def _tickets(
    session: Session, performance_id: str, seat_ids: Collection[str]
) -> Sequence[sa.RowMapping]:
    """The tickets of these seats, order by order."""
    query = (
        sa.select(TICKET, ORDER.c.reference, CONTACT.c.email)
        .join(ORDER, ORDER.c.id == TICKET.c.order_id)
        .join(CONTACT, CONTACT.c.order_id == TICKET.c.order_id)
        .where(TICKET.c.performance_id == performance_id, TICKET.c.state == TicketState.VALID)
        .order_by(TICKET.c.order_id, TICKET.c.id)
    )
    found = session.connection().execute(query).mappings().all()
    return [each for each in found if each["seat_id"] in seat_ids]


def _asked(session: Session, ticket_ids: Collection[str]) -> dict[str, OfferState]:
    """How far the proposals of tickets are, by ticket; one that staff withdrew is none."""
    query = (
        sa.select(MOVE.c.ticket_id, MOVE.c.state, OFFER.c.state.label("offer_state"))
        .join(OFFER, OFFER.c.id == MOVE.c.offer_id)
        .where(
            sa.or_(
                MOVE.c.state == SeatMoveState.PROPOSED,
                sa.and_(MOVE.c.reason == SeatMoveReason.SEAT_PLAN, OFFER.c.state.in_(REFUSED)),
            )
        )
        .order_by(MOVE.c.id)
    )
    found = session.connection().execute(query).all()
    return {row.ticket_id: row.offer_state for row in found if row.ticket_id in ticket_ids}


def _seated(
    session: Session,
    performance_id: str,
    fit: PlanFit,
    tickets: Sequence[sa.RowMapping],
    now: datetime,
) -> tuple[Question, ...]:
    """A seat for each ticket that there is one for: those of one order together where they fit."""
    free = seating.free_seats(session, performance_id, now=now) & fit.common.keys()
    offer = basket_prices.offer_of(session, performance_id)
    prices = holding(offer.lists, now, performance_id=performance_id)
    amounts = {} if prices is None else {key: one.amount for key, one in prices.prices.items()}
    old_kinds = {seat.id: seat.kind for seat in seating.plan_of(session, performance_id).seats}
    found: list[Question] = []
    for _, order in groupby(tickets, key=lambda each: each["order_id"]):
        alike: dict[tuple[SeatKind, tuple[str, ...]], list[sa.RowMapping]] = {}
        for ticket in order:
            zones = _as_good(ticket, amounts)
            alike.setdefault((old_kinds[ticket["seat_id"]], zones), []).append(ticket)
        for (kind, zones), party in alike.items():
            chosen = _chosen(session, fit, free, party, kind, zones)
            free = free - set(chosen.values())
            found += [
                Question(
                    order_id=ticket["order_id"],
                    ticket_id=ticket["id"],
                    old_place=ticket["place"],
                    seat_id=chosen[ticket["id"]],
                    new_place=fit.common[chosen[ticket["id"]]][0].words,
                )
                for ticket in party
                if ticket["id"] in chosen
            ]
    return tuple(found)


def _as_good(ticket: sa.RowMapping, amounts: Mapping[Cell, int]) -> tuple[str, ...]:
    """The zone of a ticket, and then those that cost no less, the cheapest first."""
    dearer = sorted(
        (amount, cell.zone)
        for cell, amount in amounts.items()
        if cell.type_id == ticket["type_id"]
        and cell.zone != ticket["zone"]
        and amount >= ticket["amount"]
    )
    return (ticket["zone"], *(zone for _, zone in dearer))


def _chosen(
    session: Session,
    fit: PlanFit,
    free: Collection[str],
    party: Sequence[sa.RowMapping],
    kind: SeatKind,
    zones: Sequence[str],
) -> dict[str, str]:
    """The seats for the tickets of a party, by ticket: together in one zone, or else one by one."""
    kinds = _kinds(kind)
    for zone in zones:
        there = {each for each in free if fit.common[each][0].zone == zone}
        together = plan_needs.best_of(session, fit, there, len(party), kinds=kinds)
        if together is not None:
            return {one["id"]: seat for one, seat in zip(party, together, strict=True)}
    if len(party) == 1:
        return {}
    found: dict[str, str] = {}
    for one in party:
        rest = set(free) - set(found.values())
        found |= _chosen(session, fit, rest, [one], kind, zones)
    return found


def _kinds(kind: SeatKind) -> Collection[SeatKind]:
    """The kinds of seat that are as good as the one that was bought."""
    if kind in {SeatKind.WHEELCHAIR, SeatKind.COMPANION}:
        return {kind}
    return USUAL_KINDS - {SeatKind.RESTRICTED} | {kind}


def _named(tickets: Iterable[sa.RowMapping]) -> tuple[str, ...]:
    return tuple(f"{each['reference']}: {each['place']}" for each in tickets)
