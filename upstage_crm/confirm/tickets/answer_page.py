"""A page behind a link on which a person says yes or no about tickets.

Opening it changes nothing, with or without scripts; see `choice_form`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from upstage_crm.confirm import fixed_copy
from upstage_crm.confirm.link_visit import Visitor
from upstage_crm.confirm.tickets import choice_form
from upstage_crm.confirm.tickets.choice_words import ChoiceWords
from upstage_crm.confirm.tickets.offered_words import YES
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.languages import Say, speaker
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.http.origins import is_own_form, typed
from upstage_crm.links.claims import LinkRefused
from upstage_crm.orders.transfers.errors import OfferEnded
from upstage_crm.wiring import runtime
from upstage_crm.wording import sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked. `look` draws the page and writes nothing; `answer` records a yes or a no, in
    a thread of the writers; `problem` says in words why an answer was refused.
    """

    path: str
    look: Callable[[Visitor], ChoiceWords]
    answer: Callable[[Visitor, bool], None]
    problem: Callable[[UpstageError, Say], str] = sentences.sentence


def routes(question: Question) -> list[Route]:
    """The addresses of a question's page."""
    return [
        Route(question.path, partial(_show, question), methods=["GET"]),
        Route(question.path, partial(_decide, question), methods=["POST"]),
    ]


async def _show(question: Question, request: Request) -> Response:
    """Show the question, or what became of it."""
    visitor = choice_form.visitor_of(request)
    return choice_form.drawn(await asyncio.to_thread(question.look, visitor), visitor)


async def _decide(question: Question, request: Request) -> Response:
    """Record a complete answer and go back to the page, which then says what holds."""
    visitor = choice_form.visitor_of(request)
    page = await asyncio.to_thread(question.look, visitor)
    say = speaker(page.lang)
    if not is_own_form(request, runtime().settings.origins):
        return choice_form.drawn(page, visitor, problem=say(fixed_copy.FOREIGN), status=403)
    async with request.form() as form:
        given = typed(form)
    if not page.options:
        return choice_form.see(question.path, visitor)
    problem = say(choice_form.flaw(given, page, visitor))
    if not problem:
        refusal = await _record(question, visitor, accepts=given["answer"] == YES)
        if refusal is None:
            return choice_form.see(question.path, visitor)
        problem = question.problem(refusal, say)
        page = await asyncio.to_thread(question.look, visitor)
    return choice_form.drawn(page, visitor, problem=problem)


async def _record(question: Question, visitor: Visitor, *, accepts: bool) -> UpstageError | None:
    """Record an answer; return why it was refused, if it was. A second press is no error."""
    try:
        await to_writer_thread(question.answer, visitor, accepts)
    except (OfferEnded, LinkRefused):
        return None
    except UpstageError as error:
        return error
    return None
