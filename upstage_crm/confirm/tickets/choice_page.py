"""The page on which a buyer chooses what becomes of a cancelled or moved performance.

Opening it changes nothing, and what comes short of a choice shows the page again; see
`choice_form`.
"""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from upstage_crm.confirm import fixed_copy, link_visit
from upstage_crm.confirm.link_visit import Visitor
from upstage_crm.confirm.tickets import choice_form
from upstage_crm.confirm.tickets.choice_words import (
    DATE,
    ChoiceWords,
    broken_words,
    choice_words,
)
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.languages import choose, negotiate, speaker
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.http.origins import is_own_form, typed
from upstage_crm.links.claims import LinkRefused
from upstage_crm.orders.cancellations import answering, offers
from upstage_crm.orders.cancellations.errors import AnsweredBefore, AnswerTooLate
from upstage_crm.orders.cancellations.views import Answer
from upstage_crm.organisation.settings import details
from upstage_crm.wiring import runtime
from upstage_crm.wording import sentences

PATH: Final = link_visit.TICKETS_PAGE


async def show(request: Request) -> Response:
    """Show the choice, or what became of it."""
    visitor = choice_form.visitor_of(request)
    return choice_form.drawn(await asyncio.to_thread(look, visitor), visitor)


async def decide(request: Request) -> Response:
    """Record a complete choice and go back to the page, which then says what holds."""
    visitor = choice_form.visitor_of(request)
    if not is_own_form(request, runtime().settings.origins):
        page = await asyncio.to_thread(look, visitor)
        problem = speaker(page.lang)(fixed_copy.FOREIGN)
        return choice_form.drawn(page, visitor, problem=problem, status=403)
    async with request.form() as form:
        given = typed(form)
    page = await asyncio.to_thread(look, visitor)
    if not page.options:
        return choice_form.see(PATH, visitor)
    say = speaker(page.lang)
    problem = say(choice_form.flaw(given, page, visitor))
    if not problem:
        refusal = await _record(visitor, given["answer"])
        if refusal is None:
            return choice_form.see(PATH, visitor)
        problem = sentences.sentence(refusal, say)
        page = await asyncio.to_thread(look, visitor)
    return choice_form.drawn(page, visitor, problem=problem)


def look(visitor: Visitor) -> ChoiceWords:
    """The page that a visitor sees. Writes nothing, however often it is asked."""
    parts = runtime()
    now = parts.clock.now()
    with parts.database.reading() as session:
        organisation = details(session)
        try:
            claims = link_visit.claims_of(visitor)
            offer = offers.offer_by(session, claims)
        except LinkRefused:
            language = negotiate(visitor.languages, organisation.language)
            return broken_words(organisation, language=language)
        is_newest = claims.version == offer.version
        is_open = is_newest and offers.is_open(offer, now=now)
        return choice_words(
            offer,
            offers.other_dates(session, offer, now=now) if is_open else (),
            is_open=is_open,
            is_newest=is_newest,
            organisation=organisation,
            language=choose(offer.language, organisation.language),
        )


async def _record(visitor: Visitor, chosen: str) -> UpstageError | None:
    """Record a choice; return why it was refused, if it was. A second press is no error."""
    try:
        await to_writer_thread(_answer, visitor, chosen)
    except (AnsweredBefore, AnswerTooLate, LinkRefused):
        return None
    except UpstageError as error:
        return error
    return None


def _answer(visitor: Visitor, chosen: str) -> None:
    parts = runtime()
    claims = link_visit.claims_of(visitor)
    is_date = chosen.startswith(DATE)
    parts.database.attempt(
        lambda session: answering.answer(
            parts.command_context(session),
            claims=claims,
            chosen=Answer.ANOTHER_DATE if is_date else Answer(chosen),
            performance_id=chosen.removeprefix(DATE) if is_date else "",
        )
    )


ROUTES = [
    Route(PATH, show, methods=["GET"]),
    Route(PATH, decide, methods=["POST"]),
]
