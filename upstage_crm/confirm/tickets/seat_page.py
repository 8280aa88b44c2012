"""The page on which the holder of a ticket says yes or no to another seat.

What it does with an answer is `answer_page`.
"""

from __future__ import annotations

from typing import Final

from sqlmodel import Session

from upstage_crm.confirm import link_visit
from upstage_crm.confirm.link_visit import Visitor
from upstage_crm.confirm.tickets import seat_copy
from upstage_crm.confirm.tickets.answer_page import Question, routes
from upstage_crm.confirm.tickets.choice_words import ChoiceWords, broken_words
from upstage_crm.confirm.tickets.offer_page import played_of
from upstage_crm.confirm.tickets.seats_offered import seat_words
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.languages import Say, choose, negotiate
from upstage_crm.inventory.errors import SeatsLost
from upstage_crm.links.claims import LinkRefused
from upstage_crm.orders.transfers import moving_seats
from upstage_crm.orders.transfers import seat_proposal as proposals
from upstage_crm.organisation.settings import details
from upstage_crm.wiring import runtime
from upstage_crm.wording import sentences

PATH: Final = link_visit.SEAT_PAGE


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


def _answer(visitor: Visitor, accepts: bool) -> None:  # a thread takes it by place
    parts = runtime()
    claims = link_visit.claims_of(visitor)

    def work(session: Session) -> None:
        moving_seats.answer(parts.order_context(session), claims=claims, accepts=accepts)

    parts.database.attempt(work)


def _problem(refusal: UpstageError, say: Say) -> str:
    is_lost = isinstance(refusal, SeatsLost)
    return say(seat_copy.NO_LONGER) if is_lost else sentences.sentence(refusal, say)


QUESTION: Final = Question(path=PATH, look=look, answer=_answer, problem=_problem)
ROUTES = routes(QUESTION)
