"""The valid tickets of an order on paper once more: `POST /orders/print/{reference}`, a PDF.

They are marked as duplicates, and the trail names who printed them. Their codes stay as they are.
"""

from __future__ import annotations

import asyncio
from typing import Final

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from upstage_crm.admin.orders.url import PRINT, order_href
from upstage_crm.admin.sign_in.routes import foreign
from upstage_crm.core import when
from upstage_crm.core.errors import NotFound, UpstageError
from upstage_crm.core.languages import choose
from upstage_crm.core.money import in_words
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.http.origins import is_own_form
from upstage_crm.http.session_cookie import member_of_cookie
from upstage_crm.orders import queries
from upstage_crm.orders.files.ticket_facts import TicketFacts
from upstage_crm.orders.records import ticket_copies
from upstage_crm.orders.views import OrderView, TicketView
from upstage_crm.organisation.settings import details
from upstage_crm.pages import calm_page
from upstage_crm.pages.calm_page import CalmPage
from upstage_crm.programme import queries as programme
from upstage_crm.programme.event_texts import TITLE, in_language
from upstage_crm.programme.prices.price_types import price_types
from upstage_crm.staff.roles import Permission, StaffMember, may
from upstage_crm.venues import queries as venues
from upstage_crm.wiring import runtime
from upstage_crm.wording.sentences import sentence

CONFLICT: Final = 409
_HEADERS: Final = {"cache-control": "no-store", "x-robots-tag": "noindex"}


async def print_tickets(request: Request) -> Response:
    """The tickets. A member who may not print them gets a 404."""
    if not is_own_form(request, runtime().settings.origins):
        return foreign()
    reference = str(request.path_params["reference"])
    member = await asyncio.to_thread(member_of_cookie, request.headers.get("cookie", ""))
    if member is None or not may(member, Permission.SELL_TICKETS):
        return _missing()
    try:
        facts = await to_writer_thread(_printed, member, reference)
    except NotFound:
        return _missing()
    except UpstageError as error:
        return _refusal(error, reference)
    # Loading the library of PDFs costs 0.3 s and 30 MB, which only the first ticket needs.
    from upstage_crm.orders.files import ticket_pdf

    content = await asyncio.to_thread(ticket_pdf.render, facts)
    named = {"content-disposition": f'inline; filename="tickets-{facts[0].reference}.pdf"'}
    return Response(content, media_type="application/pdf", headers={**_HEADERS, **named})


def facts_of(session: Session, order: OrderView) -> list[TicketFacts]:
    """The valid tickets of an order as they are drawn again, the first performance's first."""
    organisation = details(session)
    language = choose(order.contact.language, organisation.language)
    kinds = {type_id: one.name for type_id, one in price_types(session).items()}
    found: list[TicketFacts] = []
    for one in programme.performances(session, {t.performance_id for t in order.valid}):
        event = programme.event(session, one.event_id)
        hall = venues.hall(session, one.hall_id)
        venue = venues.venue(session, hall.venue_id)
        zone = when.zone(one.zone, country=organisation.home)
        notes = [hall.texts[name] or venue.texts[name] for name in ("step_free", "access_notes")]
        found += [
            TicketFacts(
                language=language,
                organisation=organisation.name,
                event=in_language(event.texts, event.translated, language)[TITLE],
                when=when.in_words(one.starts_at, zone, language),
                doors=hall.texts["doors"] or venue.texts["doors"],
                venue=venue.texts["name"],
                address=venue.texts["address"],
                hall=hall.texts["name"],
                seat=ticket.place,
                zone=ticket.zone,
                price_type=kinds.get(ticket.type_id, ""),
                price=in_words(ticket.amount, order.currency, language),
                reference=order.reference,
                code=_code(ticket),
                notes=tuple(filter(None, notes)),
                issued_at=order.created_at,
                is_duplicate=True,
            )
            for ticket in order.valid
            if ticket.performance_id == one.id
        ]
    return found


def _printed(member: StaffMember, reference: str) -> list[TicketFacts]:
    parts = runtime()
    with parts.database.transaction() as session:
        order = queries.by_reference(session, reference)
        context = parts.staff_context(session, member)
        return facts_of(session, ticket_copies.print_again(context, order_id=order.id))


def _code(ticket: TicketView) -> str:
    return runtime().ticket_keys.draw(
        ticket_id=ticket.id,
        version=ticket.code_version,
        performance_id=ticket.performance_id,
    )


def _refusal(error: UpstageError, reference: str) -> Response:
    shown = CalmPage(
        title="Nothing was printed",
        lines=(sentence(error),),
        action=("Back to the order", order_href(reference)),
    )
    headers = {**_HEADERS, "content-security-policy": calm_page.POLICY}
    return HTMLResponse(shown.as_html(), CONFLICT, headers)


def _missing() -> Response:
    return PlainTextResponse("There is no such order.\n", 404, _HEADERS)


ROUTES = [Route(f"{PRINT}/{{reference}}", print_tickets, methods=["POST"])]
