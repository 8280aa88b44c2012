"""What the clock does for waiting lists: offers end, what came free is offered, addresses go.

It runs after seats have come free, in transactions of its own: no return and no sale waits for it.
A job that is killed leaves either a whole offer or none.
"""

from __future__ import annotations

import logging

from sqlmodel import Session

from upstage_crm.core.errors import UpstageError
from upstage_crm.waiting_list import joining, queries, waiting_offers
from upstage_crm.waiting_list.errors import NothingFits
from upstage_crm.wiring import Runtime

_log = logging.getLogger(__name__)


def keep_waiting_lists(parts: Runtime) -> int:
    """Do what is due for every waiting list; return how many offers were made."""
    end_offers(parts)
    end_places(parts)
    done = make_offers(parts)
    forget_places(parts)
    return done


def end_offers(parts: Runtime) -> int:
    """End the offers that were bought, declined, or not answered in time; return how many."""
    now, done = parts.clock.now(), 0
    with parts.database.reading() as session:
        found = waiting_offers.to_settle(session)
    for place_id in found:

        def settle(session: Session, place_id: str = place_id) -> bool:
            return waiting_offers.settle(parts.order_context(session, now=now), place_id=place_id)

        done += parts.database.attempt(settle, is_recorded=False)
    return done


def make_offers(parts: Runtime) -> int:
    """Offer what is free to those who wait, in the order of joining; return how many."""
    now, done = parts.clock.now(), 0
    with parts.database.reading() as session:
        found = queries.to_ask(session, now=now)
    for place_id in found:

        def offer(session: Session, place_id: str = place_id) -> bool:
            return waiting_offers.offer(parts.order_context(session, now=now), place_id=place_id)

        try:
            done += parts.database.attempt(offer)
        except NothingFits:  # someone bought it meanwhile: the place is kept
            continue
        except UpstageError as refusal:
            _log.error("nothing can be offered to a waiting list: %s", refusal.code)
    return done


def end_places(parts: Runtime) -> int:
    """End places that no mailbox confirmed, or whose performance came; return how many."""
    now, done = parts.clock.now(), 0
    with parts.database.reading() as session:
        found = joining.out_of_time(session, now=now)
    for place_id in found:

        def end(session: Session, place_id: str = place_id) -> bool:
            context = parts.order_context(session, now=now)
            return joining.end_out_of_time(context, place_id=place_id)

        done += parts.database.attempt(end, is_recorded=False)
    return done


def forget_places(parts: Runtime) -> int:
    """Empty the addresses of places that have ended; return how many."""
    done = 0
    with parts.database.reading() as session:
        found = joining.to_forget(session)
    for place_id in found:

        def forget(session: Session, place_id: str = place_id) -> bool:
            return joining.forget(session, place_id=place_id)

        done += parts.database.attempt(forget, is_recorded=False)
    if done:
        parts.database.forget_the_past()
    return done
