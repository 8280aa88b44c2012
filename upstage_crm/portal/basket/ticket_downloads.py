"""The tickets of an order as files: on paper, and in a calendar."""

from __future__ import annotations

from upstage_crm.core.email_address import parse_email
from upstage_crm.core.languages import speaker
from upstage_crm.orders.files import calendar_file
from upstage_crm.orders.files.ticket_facts import TicketFacts, VisitFacts
from upstage_crm.organisation.details import OrganisationDetails
from upstage_crm.portal import portal_words
from upstage_crm.portal.basket.order_words import OrderWords
from upstage_crm.portal.readers import Reader


def paper(order: OrderWords, organisation: OrganisationDetails, reader: Reader) -> bytes:
    """Every valid ticket on a page of its own, as PDF; nothing without one."""
    facts = [
        TicketFacts(
            language=reader.language,
            organisation=organisation.name,
            event=visit.title,
            when=visit.whole,
            doors=visit.doors,
            venue=visit.venue,
            address=visit.address,
            hall=visit.hall,
            seat=ticket.place,
            zone=ticket.zone,
            price_type=ticket.price_type,
            price=ticket.price,
            reference=order.reference,
            code=ticket.code,
            notes=tuple(filter(None, (visit.step_free, visit.access_notes))),
            issued_at=order.sold_at,
        )
        for visit in order.visits
        for ticket in visit.tickets
        if ticket.code
    ]
    if not facts:
        return b""
    # Loading the library of PDFs costs 0.3 s and 30 MB, which only the first ticket needs.
    from upstage_crm.orders.files import ticket_pdf

    return ticket_pdf.render(facts)


def calendar(
    order: OrderWords,
    performance_id: str,
    organisation: OrganisationDetails,
    reader: Reader,
    *,
    url: str,
) -> bytes:
    """One visit of the order as a calendar entry; nothing where there is none."""
    for visit in order.visits:
        if visit.performance_id == performance_id:
            say = speaker(reader.language)
            seats = "; ".join(one.place for one in visit.tickets if one.code)
            return calendar_file.render(
                VisitFacts(
                    uid=f"{order.reference}-{performance_id}",
                    sequence=0,
                    title=visit.title,
                    place=f"{visit.hall}, {visit.venue}, {visit.address}".replace("\n", ", "),
                    description="\n".join(
                        filter(
                            None,
                            (
                                say(portal_words.ORDER).format(reference=order.reference),
                                seats,
                                visit.doors,
                            ),
                        )
                    ),
                    url=url,
                    organiser=organisation.name,
                    organiser_address=parse_email(organisation.reply_to).wire,
                    starts_at=visit.starts_at,
                    minutes=visit.minutes,
                    stamped_at=order.sold_at,
                    is_cancelled=visit.is_off,
                )
            )
    return b""
