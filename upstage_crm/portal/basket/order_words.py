"""An order in the words of its buyer: its tickets by performance, and how to get there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup
from sqlmodel import Session

from upstage_crm.core import when
from upstage_crm.core.email_address import mask_email
from upstage_crm.core.languages import Say, speaker
from upstage_crm.core.money import in_words
from upstage_crm.inventory import queries as inventory
from upstage_crm.inventory.errors import NotLaidOut
from upstage_crm.orders.files import qr_code
from upstage_crm.orders.transfers import seat_proposal
from upstage_crm.orders.transfers import ticket_offers as offers
from upstage_crm.orders.views import OrderView, TicketState, TicketView
from upstage_crm.organisation.settings import details
from upstage_crm.portal import portal_words
from upstage_crm.portal.basket.basket_words import place_in_words, places_in
from upstage_crm.portal.readers import Reader
from upstage_crm.programme import queries as programme
from upstage_crm.programme.event_texts import TITLE, in_language
from upstage_crm.programme.prices.price_types import price_types
from upstage_crm.programme.views import PerformanceView
from upstage_crm.venues import queries as venues
from upstage_crm.wiring import runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketLine:
    """One ticket. `state` is "" while it opens the door, else what became of it, and no code.

    `note` says what may become of it, "" for nothing.
    """

    id: str
    code: str
    place: str
    zone: str
    price_type: str
    price: str
    state: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitWords:
    """The tickets of one performance, with when and where it is."""

    performance_id: str
    event_id: str
    title: str
    starts_at: datetime
    minutes: int | None
    whole: str
    iso: str
    hall: str
    venue: str
    address: str
    doors: str
    step_free: str
    is_off: bool
    access_notes: str
    tickets: Sequence[TicketLine]

    @property
    def qr_codes(self) -> Mapping[str, Markup]:
        """The codes that open the door, drawn, by the ticket's id."""
        return {one.id: qr_code.svg(one.code) for one in self.tickets if one.code}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderWords:
    """The whole order."""

    reference: str
    sold_at: datetime
    email: str
    total: str
    visits: Sequence[VisitWords]


def order_words(session: Session, order: OrderView, reader: Reader) -> OrderWords:
    """The order as its page shows it."""
    passed = _passed(session, order.id, speaker(reader.language))
    ids = list(dict.fromkeys(ticket.performance_id for ticket in order.tickets))
    return OrderWords(
        reference=order.reference,
        sold_at=order.created_at,
        email=order.contact.email,
        total=in_words(order.total, order.currency, reader.language),
        visits=[
            _visit(session, order, one, reader, passed)
            for one in programme.performances(session, ids)
        ],
    )


def _passed(session: Session, order_id: str, say: Say) -> dict[str, tuple[bool, str]]:
    """What is under way with tickets, or has happened; True for those that were given away."""
    now, found = runtime().clock.now(), dict[str, tuple[bool, str]]()
    for move in seat_proposal.of_order(session, order_id, now=now):
        if move.is_open:
            place = _place(session, move.performance_id, move.seat_id, move.new_place, say)
            found[move.ticket_id] = False, say(portal_words.SEAT_PROPOSED).format(place=place)
    for offer in offers.of_order(session, order_id, now=now):
        address = mask_email(offer.email) if offer.email else "•••"
        for each in offer.held_tickets:
            found[each.id] = True, say(portal_words.GIVEN).format(address=address)
        for each in offer.open_tickets if offer.is_open else ():
            found[each.id] = False, say(portal_words.OFFERED).format(address=address)
    return found


def _visit(
    session: Session,
    order: OrderView,
    one: PerformanceView,
    reader: Reader,
    passed: Mapping[str, tuple[bool, str]],
) -> VisitWords:
    event = programme.event(session, one.event_id)
    hall = venues.hall(session, one.hall_id)
    venue = venues.venue(session, hall.venue_id)
    home = details(session).home
    zone = when.zone(one.zone, country=home)
    tickets = [ticket for ticket in order.tickets if ticket.performance_id == one.id]
    return VisitWords(
        performance_id=one.id,
        event_id=event.id,
        starts_at=one.starts_at.astimezone(zone),
        minutes=one.running_minutes,
        access_notes=hall.texts["access_notes"] or venue.texts["access_notes"],
        title=in_language(event.texts, event.translated, reader.language)[TITLE],
        whole=when.in_words(one.starts_at, zone, reader.language),
        iso=one.starts_at.astimezone(zone).isoformat(timespec="minutes"),
        hall=hall.texts["name"],
        venue=venue.texts["name"],
        address=venue.texts["address"],
        doors=hall.texts["doors"] or venue.texts["doors"],
        step_free=hall.texts["step_free"] or venue.texts["step_free"],
        is_off=one.state == "cancelled",
        tickets=[
            _ticket(session, order, ticket, reader, passed.get(ticket.id, (False, "")))
            for ticket in tickets
        ],
    )


def _ticket(
    session: Session,
    order: OrderView,
    ticket: TicketView,
    reader: Reader,
    passed: tuple[bool, str],
) -> TicketLine:
    kind = price_types(session).get(ticket.type_id)
    is_given, note = passed
    say, is_valid = speaker(reader.language), ticket.state is TicketState.VALID
    is_own = is_valid and not is_given
    return TicketLine(
        id=ticket.id,
        code=runtime().ticket_keys.draw(
            ticket_id=ticket.id,
            version=ticket.code_version,
            performance_id=ticket.performance_id,
        )
        if is_own
        else "",
        place=_place(session, ticket.performance_id, ticket.seat_id, ticket.place, say),
        zone=ticket.zone,
        price_type=kind.name if kind else "",
        price=in_words(ticket.amount, order.currency, reader.language),
        state=_state(ticket, say) or (note if is_given else ""),
        note="" if is_given or not is_valid else note,
    )


def _state(ticket: TicketView, say: Say) -> str:
    is_valid = ticket.state is TicketState.VALID
    return "" if is_valid else say(portal_words.TICKET_STATES[ticket.state])


def _place(session: Session, performance_id: str, seat_id: str, stored: str, say: Say) -> str:
    """The seat in the reader's language; as it is `stored` where the plan has it no more."""
    if not seat_id:
        return stored
    try:
        layout = inventory.layout_of(session, performance_id)
    except NotLaidOut:
        return stored
    place = places_in(*layout).get(seat_id)
    return stored if place is None else place_in_words(place, say)
