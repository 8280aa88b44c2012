"""What a letter to a buyer says and carries: visits in words, tickets to draw, calendar entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from upstage_crm.core import when
from upstage_crm.core.money import in_words
from upstage_crm.mail.attachments import Drawing
from upstage_crm.mail.catalogue import VisitLines
from upstage_crm.orders.files.drawing import tickets_drawing, visit_drawing
from upstage_crm.orders.files.ticket_facts import CodedTicket, TicketFacts, VisitFacts, visit_uid
from upstage_crm.orders.views import TicketView
from upstage_crm.organisation.details import OrganisationDetails
from upstage_crm.organisation.settings import details
from upstage_crm.programme import queries as programme
from upstage_crm.programme.event_texts import in_language
from upstage_crm.programme.prices.price_types import price_types
from upstage_crm.programme.views import PerformanceView
from upstage_crm.venues import queries as venues


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """A valid ticket with what a letter needs of its order."""

    ticket: TicketView
    reference: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One performance as a letter tells it; `drawings` are its tickets and its calendar entry.

    `tickets` are the same tickets, for what draws them at once.
    """

    lines: VisitLines
    tickets: tuple[CodedTicket, ...]
    drawings: tuple[Drawing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A performance with where it is, in the reader's language."""

    performance: PerformanceView
    title: str
    venue: str
    hall: str
    address: str
    doors: str
    notes: tuple[str, ...]


def visits(
    session: Session,
    bought: Sequence[Bought],
    *,
    language: str,
    kid: str,
    now: datetime,
) -> list[Visit]:
    """The visits that these tickets are for, the first one first.

    `kid` names the key that signs their codes when the files are drawn.
    """
    organisation = details(session)
    types = {type_id: each.name for type_id, each in price_types(session).items()}
    found: list[Visit] = []
    ids = {each.ticket.performance_id for each in bought}
    for performance in programme.performances(session, ids):
        mine = [each for each in bought if each.ticket.performance_id == performance.id]
        place = _place(session, performance, language)
        tickets = [
            CodedTicket(
                facts=_ticket(organisation, place, each, types, language, now),
                ticket_id=each.ticket.id,
                version=each.ticket.code_version,
                performance_id=performance.id,
                kid=kid,
            )
            for each in mine
        ]
        name = f"{mine[0].reference}-{len(found) + 1}" if len(ids) > 1 else mine[0].reference
        entry = _entry(organisation, place, mine, now)
        found.append(
            Visit(
                lines=_lines(organisation, place, mine, types, language),
                tickets=tuple(tickets),
                drawings=(
                    tickets_drawing(f"tickets-{name}.pdf", tickets),
                    visit_drawing(f"visit-{name}.ics", entry),
                ),
            )
        )
    return found


def _place(session: Session, performance: PerformanceView, language: str) -> _Place:
    event = programme.event(session, performance.event_id)
    hall = venues.hall(session, performance.hall_id)
    venue = venues.venue(session, hall.venue_id)
    said = {
        name: hall.texts[name] or venue.texts[name]
        for name in ("doors", "step_free", "access_notes")
    }
    return _Place(
        performance=performance,
        title=in_language(event.texts, event.translated, language)["title"],
        venue=venue.texts["name"],
        hall=hall.texts["name"],
        address=venue.texts["address"],
        doors=said["doors"],
        notes=tuple(text for text in (said["step_free"], said["access_notes"]) if text),
    )


def _when(organisation: OrganisationDetails, place: _Place, language: str) -> str:
    zone = organisation.zone_of(place.performance.zone)
    return when.in_words(place.performance.starts_at, zone, language)


def _lines(
    organisation: OrganisationDetails,
    place: _Place,
    mine: Sequence[Bought],
    types: dict[str, str],
    language: str,
) -> VisitLines:
    return VisitLines(
        title=place.title,
        when=_when(organisation, place, language),
        place=f"{place.venue}, {place.hall}",
        address=place.address,
        doors=place.doors,
        seats=tuple(
            ", ".join(filter(None, (each.ticket.place, types.get(each.ticket.type_id, ""))))
            for each in mine
        ),
        notes=place.notes,
    )


def _ticket(
    organisation: OrganisationDetails,
    place: _Place,
    each: Bought,
    types: dict[str, str],
    language: str,
    now: datetime,
) -> TicketFacts:
    return TicketFacts(
        language=language,
        organisation=organisation.name,
        event=place.title,
        when=_when(organisation, place, language),
        doors=place.doors,
        venue=place.venue,
        address=place.address,
        hall=place.hall,
        seat=each.ticket.place,
        zone=each.ticket.zone,
        price_type=types.get(each.ticket.type_id, ""),
        price=in_words(each.ticket.amount, each.currency, language),
        reference=each.reference,
        code="",
        notes=place.notes,
        issued_at=now,
    )


def _entry(
    organisation: OrganisationDetails,
    place: _Place,
    mine: Sequence[Bought],
    now: datetime,
) -> VisitFacts:
    """The calendar entry: of one order and performance there is one, whatever is sent again."""
    performance = place.performance
    seats = "\n".join(each.ticket.place for each in mine)
    return VisitFacts(
        uid=visit_uid(mine[0].reference, performance.id),
        sequence=performance.version,
        title=place.title,
        place=", ".join((place.venue, place.hall, *place.address.split("\n"))),
        description=f"{mine[0].reference}\n{seats}",
        url="",
        organiser=organisation.name,
        organiser_address=organisation.reply_to,
        starts_at=performance.starts_at.astimezone(ZoneInfo(performance.zone)),
        minutes=performance.running_minutes,
        stamped_at=now,
    )
