"""Mails to buyers that time or a sale asks for: tickets, reminders of the day, cancellations.

A letter is written before its transaction begins, so that no lock is held meanwhile.
"""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial

from sqlmodel import Session

from upstage_crm.change_requests.reads import revert_windows
from upstage_crm.core.errors import UpstageError
from upstage_crm.orders.cancellations import offering
from upstage_crm.orders.errors import LettersSent
from upstage_crm.orders.letters import confirmations, day_of
from upstage_crm.orders.transfers import moving_seats, seat_proposal
from upstage_crm.wiring import Runtime

_log = logging.getLogger(__name__)


def tell_buyers(parts: Runtime) -> int:
    """Mail the tickets of orders that were sold or changed; return how many orders' steps."""
    now, done = parts.clock.now(), 0
    mailer = parts.order_mailer
    with parts.database.reading() as session:
        found = confirmations.due(session)
    for step_id in found:
        with parts.database.reading() as session:
            letter = confirmations.write(session, step_id, mailer=mailer, now=now)
        post = partial(confirmations.post, letter=letter, now=now)
        done += parts.database.attempt(post)
    return done


def tell_day_of(parts: Runtime) -> int:
    """Mail everyone who has tickets for a performance of the day; return how many mails."""
    now, done = parts.clock.now(), 0
    with parts.database.reading() as session:
        found = day_of.due(session, now=now)
    for performance_id in found:
        with parts.database.reading() as session:
            is_any = day_of.has_unplanned(session, performance_id)
        if is_any:
            plan = partial(day_of.plan, performance_id=performance_id, now=now)
            parts.database.attempt(plan, is_recorded=False)
        while letters := _day_of_letters(parts, performance_id, now):
            try:
                parts.database.attempt(partial(day_of.post, letters=letters, now=now))
            except LettersSent:  # by another process: look again
                continue
            done += len(letters.mails)
    return done


def tell_of_disruptions(parts: Runtime) -> int:
    """Tell every buyer of a cancelled or moved performance; return how many were told."""
    now, done = parts.clock.now(), 0
    is_any = True
    while is_any:
        with parts.database.reading() as session:
            found = offering.listed(session)
        before = done
        for disrupted_id in found:
            done += _tell(parts, disrupted_id, now)
        is_any = done > before
    return done


def end_seat_proposals(parts: Runtime) -> int:
    """End every proposal of another seat that no answer can come to any more; return how many."""
    now = parts.clock.now()
    with parts.database.reading() as session:
        found = seat_proposal.lapsed(session, now=now)
    done = 0
    for offer_id in found:

        def end(session: Session, offer_id: str = offer_id) -> bool:
            return moving_seats.lapse(parts.order_context(session, now=now), offer_id=offer_id)

        done += parts.database.attempt(end)
    return done


def _day_of_letters(
    parts: Runtime, performance_id: str, now: datetime
) -> day_of.DayOfLetters | None:
    in_window = partial(revert_windows.is_open, now=now)
    with parts.database.reading() as session:
        return day_of.write(
            session, performance_id, mailer=parts.order_mailer, in_window=in_window, now=now
        )


def _tell(parts: Runtime, disrupted_id: str, now: datetime) -> bool:
    """Tell one buyer; one who cannot be told holds up no other."""
    try:
        return parts.database.attempt(
            lambda session: offering.tell(
                parts.order_context(session, now=now), disrupted_id=disrupted_id
            )
        )
    except UpstageError as refusal:
        _log.error("a disrupted order could not be told: %s", refusal.code)
    return False
