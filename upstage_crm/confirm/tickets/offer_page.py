"""The page on which a recipient says yes or no to tickets that someone offers.

What it does with an answer is `answer_page`.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Final

from sqlmodel import Session

from upstage_crm.change_requests.reads import revert_windows
from upstage_crm.confirm import link_visit
from upstage_crm.confirm.link_visit import Visitor
from upstage_crm.confirm.tickets.answer_page import Question, routes
from upstage_crm.confirm.tickets.choice_words import ChoiceWords, broken_words
from upstage_crm.confirm.tickets.offered_words import Played, offer_words
from upstage_crm.core.languages import choose, negotiate
from upstage_crm.links.claims import LinkRefused
from upstage_crm.orders.transfers import taking as answering
from upstage_crm.orders.transfers import ticket_offers as offers
from upstage_crm.organisation.settings import details
from upstage_crm.programme import queries as programme
from upstage_crm.programme.event_texts import TITLE, in_language
from upstage_crm.venues import queries as venues
from upstage_crm.wiring import runtime

PATH: Final = link_visit.OFFER_PAGE


def look(visitor: Visitor) -> ChoiceWords:
    """The page that a visitor sees. Writes nothing, however often it is asked."""
    parts = runtime()
    with parts.database.reading() as session:
        organisation = details(session)
        try:
            claims = link_visit.claims_of(visitor)
            offer = offers.offer_by(session, claims, now=parts.clock.now())
        except LinkRefused:
            language = negotiate(visitor.languages, organisation.language)
            return broken_words(organisation, language=language)
        language = choose(offer.language, organisation.language)
        return offer_words(
            offer,
            played_of(session, {each.performance_id for each in offer.tickets}, language),
            organisation=organisation,
            language=language,
        )


def _answer(visitor: Visitor, accepts: bool) -> None:  # a thread takes it by place
    parts = runtime()
    claims = link_visit.claims_of(visitor)

    def work(session: Session) -> None:
        context = parts.order_context(session)
        answering.answer(
            context,
            claims=claims,
            accepts=accepts,
            in_window=partial(revert_windows.is_open, now=context.now),
        )

    parts.database.attempt(work)


def played_of(
    session: Session, performance_ids: Collection[str], language: str
) -> dict[str, Played]:
    """These performances by their ids, in the reader's language."""
    found: dict[str, Played] = {}
    for one in programme.performances(session, performance_ids):
        event = programme.event(session, one.event_id)
        hall = venues.hall(session, one.hall_id)
        found[one.id] = Played(
            title=in_language(event.texts, event.translated, language)[TITLE],
            starts_at=one.starts_at,
            zone=one.zone,
            hall=f"{hall.texts['name']}, {hall.venue_name}",
        )
    return found


QUESTION: Final = Question(path=PATH, look=look, answer=_answer)
ROUTES = routes(QUESTION)
