"""The page on which the holder of a ticket says yes or no to another seat.

Opening it changes nothing, with or without scripts; see `choice_form`.
"""

from __future__ import annotations

import asyncio
from typing import Final

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from upstage_crm.confirm import fixed_copy, link_visit
from upstage_crm.confirm.link_visit import Visitor
from upstage_crm.confirm.tickets import choice_form, seat_copy
from upstage_crm.confirm.tickets.choice_words import ChoiceWords, broken_words
from upstage_crm.confirm.tickets.offer_page import played_of
from upstage_crm.confirm.tickets.offered_words import YES
from upstage_crm.confirm.tickets.seats_offered import seat_words
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.languages import choose, negotiate, speaker
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.http.origins import is_own_form, typed
from upstage_crm.inventory.errors import SeatsLost
from upstage_crm.links.claims import LinkRefused
from upstage_crm.orders.transfers import moving_seats
from upstage_crm.orders.transfers import seat_proposal as proposals
from upstage_crm.orders.transfers.errors import OfferEnded
from upstage_crm.organisation.settings import details
from upstage_crm.wiring import runtime
from upstage_crm.wording import sentences

PATH: Final = link_visit.SEAT_PAGE


async def show(request: Request) -> Response:
    """Show the question, or what became of it."""
    visitor = choice_form.visitor_of(request)
    return choice_form.drawn(await asyncio.to_thread(look, visitor), visitor)


async def decide(request: Request) -> Response:
    """Record a complete answer and go back to the page, which then says what holds."""
    visitor = choice_form.visitor_of(request)
    page = await asyncio.to_thread(look, visitor)
    say = speaker(page.lang)
    if not is_own_form(request, runtime().settings.origins):
        return choice_form.drawn(page, visitor, problem=say(fixed_copy.FOREIGN), status=403)
    async with request.form() as form:
        given = typed(form)
    if not page.options:
        return choice_form.see(PATH, visitor)
    problem = say(choice_form.flaw(given, page, visitor))
    if not problem:
        refusal = await _record(visitor, accepts=given["answer"] == YES)
        if refusal is None:
            return choice_form.see(PATH, visitor)
        problem = (
            say(seat_copy.NO_LONGER)
            if isinstance(refusal, SeatsLost)
            else sentences.sentence(refusal, say)
        )
        page = await asyncio.to_thread(look, visitor)
    return choice_form.drawn(page, visitor, problem=problem)


def look(visitor: Visitor) -> ChoiceWords:
    """The page that a visitor sees. Writes nothing, however often it is asked."""
    parts = runtime()
    with parts.database.reading() as session:
        organisation = details(session)
        try:
            claims = link_visit.claims_of(visitor)
            asked = proposals.proposal_by(session, claims, now=parts.clock.now())
        except LinkRefused:
            language = negotiate(visitor.languages, organisation.language)
            return broken_words(organisation, language=language)
        language = choose(asked.language, organisation.language)
        played = played_of(session, {asked.performance_id}, language)
        return seat_words(
            asked, played[asked.performance_id], organisation=organisation, language=language
        )


async def _record(visitor: Visitor, *, accepts: bool) -> UpstageError | None:
    """Record an answer; return why it was refused, if it was. A second press is no error."""
    try:
        await to_writer_thread(_answer, visitor, accepts)
    except (OfferEnded, LinkRefused):
        return None
    except UpstageError as error:
        return error
    return None


def _answer(visitor: Visitor, accepts: bool) -> None:  # a thread takes it by place
    parts = runtime()
    claims = link_visit.claims_of(visitor)

    def work(session: Session) -> None:
        moving_seats.answer(parts.order_context(session), claims=claims, accepts=accepts)

    parts.database.attempt(work)


ROUTES = [
    Route(PATH, show, methods=["GET"]),
    Route(PATH, decide, methods=["POST"]),
]
