"""What happens by the clock: mail leaves, patrons are reminded, requests lapse or take effect.

Several workers may run all of it at once: a mail is leased, and every step locks and looks again.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import date, datetime, timedelta
from functools import partial
from typing import Protocol

from sqlmodel import Session

from upstage_crm.audit.errors import RowMoved, RowNotProven
from upstage_crm.change_requests.desk import identify
from upstage_crm.change_requests.lifecycle import notices, scheduled
from upstage_crm.change_requests.limits import proposal_limits
from upstage_crm.change_requests.notifications import link_codes
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.change_requests.reads import due
from upstage_crm.inventory import holds, house_holds
from upstage_crm.jobs.order_letters import (
    end_seat_proposals,
    tell_buyers,
    tell_day_of,
    tell_of_disruptions,
)
from upstage_crm.jobs.waiting_lists import keep_waiting_lists
from upstage_crm.ledger import earning
from upstage_crm.mail import blanking
from upstage_crm.orders import baskets, filing
from upstage_crm.orders.cancellations import offering
from upstage_crm.orders.records import past_contacts
from upstage_crm.patron_accounts import mailed_codes
from upstage_crm.privacy import erasure
from upstage_crm.programme import performances
from upstage_crm.programme import queries as programme
from upstage_crm.programme.views import PerformanceState
from upstage_crm.reporting import rollups
from upstage_crm.staff.command_context import CommandContext
from upstage_crm.wiring import Runtime, runtime

EVERY_S = 10.0
FORGETTING = timedelta(minutes=1)  # a few turns: another process may have erased
DAYS_AT_ONCE = 5  # a day of many sales takes some hundredths of a second to sum up
LATE = timedelta(hours=1)  # a few turns, too: a booking may be late, or a turn
A_DAY = timedelta(days=1)  # what became due while this failed is not left for the next start

_log = logging.getLogger(__name__)


class _Due(Protocol):
    def __call__(self, session: Session, *, now: datetime) -> tuple[str, ...]: ...


class _Act(Protocol):
    def __call__(self, context: CommandContext[Notifier], *, request_id: str) -> bool: ...


class _Step(Protocol):
    def __call__(self, context: CommandContext[Notifier]) -> bool: ...


async def send_mail() -> None:
    """Drain the outbox until cancelled; a lifespan task of every worker."""
    stop = asyncio.Event()
    try:
        await runtime().dispatcher.run(stop)
    finally:
        stop.set()


async def keep_time() -> None:
    """Do what is due by the clock until cancelled; a lifespan task of every worker."""
    await asyncio.to_thread(_try_to_catch_up, runtime())
    while True:
        try:
            await asyncio.to_thread(do_what_is_due, runtime())
        except Exception:  # noqa: BLE001  # a database that is away must not end this for good
            _log.exception("what is due by the clock failed; trying again")
        await asyncio.sleep(EVERY_S)


def revoke_dead_links(parts: Runtime) -> int:
    """End or renew every request whose link key was taken out of the ring; return how many.

    A pending one is withdrawn; a waiting one has a new notice, and a new period.

    Keys come with the start of a process, so once at its start is enough. A start with none of the
    keys is refused before (`KeysLost`), so that a mistake does not withdraw everything.
    """
    codec = parts.notifier.codec
    with parts.database.reading() as session:
        dead = link_codes.open_links(session, codec).dead
    now, done = parts.clock.now(), 0
    for request_id in dead:
        done += _step(parts, partial(scheduled.revoke, request_id=request_id), now)
    if done:
        _log.warning("%d requests ended or asked anew: the key of their links was revoked", done)
    return done


def _try_to_catch_up(parts: Runtime) -> None:
    for step in (revoke_dead_links, earn_income, forget_guests):
        try:
            step(parts)
        except Exception:  # noqa: BLE001  # a database that is away must not end the clock
            _log.exception("%s failed at the start", step.__name__)


def do_what_is_due(parts: Runtime) -> None:
    """Everything that time and the provider's answers ask for, each step in its own transaction."""
    look_at_notices(parts)
    give_up_undeliverable(parts)
    release_cooled(parts)
    resume_at_desk(parts)
    remind_due(parts)
    apply_due(parts)
    expire_due(parts)
    end_performances(parts)
    tell_of_disruptions(parts)
    settle_silent(parts)
    end_seat_proposals(parts)
    earn_income(parts, since=parts.clock.now() - LATE)
    release_house_holds(parts)
    tidy_holds(parts)
    keep_waiting_lists(parts)
    file_orders(parts)
    tell_buyers(parts)
    tell_day_of(parts)
    let_go_of_baskets(parts)
    blank_erased(parts)
    forget_guests(parts, since=parts.clock.now() - A_DAY)
    forget_attempts(parts)
    forget_sign_ins(parts)
    sum_up_days(parts)


def release_cooled(parts: Runtime) -> int:
    """Ask about every request that has cooled down; return how many."""
    return _each(parts, due.cooling, scheduled.release_cooled)


def expire_due(parts: Runtime) -> int:
    """Let every request whose time is up lapse; return how many."""
    return _each(parts, due.expiring, scheduled.expire)


def remind_due(parts: Runtime) -> int:
    """Send every reminder that is due; return how many requests were reminded of."""
    return _each(parts, due.reminders, scheduled.remind)


def apply_due(parts: Runtime) -> int:
    """Make every approved change whose waiting time is over; return how many requests moved."""
    return _each(parts, due.effects, scheduled.take_effect)


def end_performances(parts: Runtime) -> int:
    """End every performance on sale whose time is over; return how many."""
    now, done = parts.clock.now(), 0
    with parts.database.reading() as session:
        found = programme.over(session, now=now)
    for performance_id in found:
        done += _step(parts, partial(_end_performance, performance_id=performance_id), now)
    return done


def _end_performance(context: CommandContext[Notifier], *, performance_id: str) -> bool:
    if not performances.mark_performed(context, performance_id=performance_id):
        return False
    earning.earn(context.session, performance_id=performance_id, now=context.now)
    return True


def earn_income(parts: Runtime, *, since: datetime | None = None) -> int:
    """Earn what was booked of performances after their end; return of how many.

    `since` says from when on bookings are looked at. Without it all are, as at a start.
    """
    now, done = parts.clock.now(), 0
    with parts.database.reading() as session:
        deferred = earning.performances_with_deferred(session, since=since)
        found = programme.performances(session, deferred) if deferred else []
    for one in found:
        if one.state is PerformanceState.PERFORMED:
            earn = partial(earning.earn, performance_id=one.id, now=now)
            done += parts.database.attempt(earn, is_recorded=False)
    return done


def settle_silent(parts: Runtime) -> int:
    """Give back what buyers of a cancelled performance have not chosen in time; return how many."""
    now, done = parts.clock.now(), 0
    is_any = True
    while is_any:
        with parts.database.reading() as session:
            found = offering.silent(session, now=now)
        before = done
        for disrupted_id in found:
            step = partial(offering.settle_silent, disrupted_id=disrupted_id)
            done += _step(parts, step, now)
        is_any = done > before
    return done


def look_at_notices(parts: Runtime) -> int:
    """Take note of every notice that arrived, came back or is late; return how many."""
    return _each(parts, due.notices_with_news, notices.look)


def resume_at_desk(parts: Runtime) -> int:
    """Let what the desk confirmed under an older version go on; return how many."""
    return _each(parts, due.confirmed_at_desk, identify.resume)


def release_house_holds(parts: Runtime) -> int:
    """Let go of what the house kept back until now; return how many house holds ended."""
    now, done = parts.clock.now(), 0
    with parts.database.reading() as session:
        found = house_holds.due(session, now=now)
    for hold_id in found:
        done += _step(parts, partial(house_holds.release_due, house_hold_id=hold_id), now)
    return done


def tidy_holds(parts: Runtime) -> int:
    """Bring seats and places whose time is over in line; return how many were."""
    now, done = parts.clock.now(), 0
    with parts.database.reading() as session:
        is_any = holds.has_lapsed(session, now=now)
    while is_any:
        found = parts.database.attempt(partial(holds.tidy, now=now), is_recorded=False)
        done += found
        is_any = found >= holds.MOST_AT_ONCE
    return done


def file_orders(parts: Runtime) -> int:
    """File the orders of guests at records; return how many."""
    now, done = parts.clock.now(), 0
    with parts.database.reading() as session:
        is_any = filing.is_due(session, now=now)
    while is_any:
        found = parts.database.attempt(lambda s: filing.file_orders(parts.command_context(s)))
        done += found
        is_any = found >= filing.MOST_AT_ONCE
    return done


def let_go_of_baskets(parts: Runtime) -> int:
    """Forget baskets that were left long ago, and what was typed in them; return how many."""
    now = parts.clock.now()
    with parts.database.reading() as session:
        found = baskets.left(session, now=now)
    for basket_id in found:
        _step(parts, partial(_let_go, basket_id=basket_id), now)
    return len(found)


def _let_go(context: CommandContext[Notifier], *, basket_id: str) -> bool:
    baskets.let_go(context, basket_id)
    return True


def blank_erased(parts: Runtime) -> int:
    """Blank the mails about erased patrons once they have settled; return how many.

    What an erasure took away leaves SQLite's log too, as soon as no reader needs it.
    """
    blanked, since = 0, parts.clock.now() - FORGETTING
    with parts.database.reading() as session:
        patron_ids = erasure.left_to_blank(session)
        was_erased = erasure.was_done_since(session, since)
    if patron_ids:
        with parts.database.transaction() as session:
            blanked = blanking.blank(session, patron_ids=patron_ids)
    if blanked or was_erased or parts.database.holds_the_past:
        parts.database.forget_the_past()
    return blanked


def forget_guests(parts: Runtime, *, since: datetime | None = None) -> int:
    """Empty what guests typed for orders of long ago, some in one transaction; return how many.

    `since` says from when on orders have become due. Without it all are looked at, as at a start.
    """
    now, done = parts.clock.now(), 0
    with parts.database.reading() as session:
        found = past_contacts.due(session, now=now, since=since)
    for first in range(0, len(found), past_contacts.MOST_AT_ONCE):
        some = found[first : first + past_contacts.MOST_AT_ONCE]

        def empty(session: Session, some: list[str] = some) -> int:
            context = parts.command_context(session, now=now)
            return past_contacts.empty(context, order_ids=some)

        done += parts.database.attempt(empty)
    if done:
        parts.database.forget_the_past()
    return done


def forget_attempts(parts: Runtime) -> int:
    """Delete attempts to propose that no limit counts any more; return how many."""
    now = parts.clock.now()
    with parts.database.reading() as session:
        is_any = proposal_limits.has_old(session, now=now)
    if not is_any:
        return 0
    with parts.database.transaction() as session:
        return proposal_limits.forget_old(session, now=now)


def forget_sign_ins(parts: Runtime) -> int:
    """Delete sign-ins of patrons that no limit counts any more; return how many."""
    now = parts.clock.now()
    with parts.database.reading() as session:
        is_any = mailed_codes.has_old(session, now=now)
    if not is_any:
        return 0
    return parts.database.attempt(lambda s: mailed_codes.forget_old(s, now=now))


def sum_up_days(parts: Runtime) -> int:
    """Keep sums of days that are over for reports, a few in one turn; return of how many."""
    now = parts.clock.now()
    with parts.database.reading() as session:
        missing = rollups.missing(session, now=now)
    for day in missing[:DAYS_AT_ONCE]:
        rollups.roll_up(parts.database, day, now=now)
    return len(missing[:DAYS_AT_ONCE])


def check_sums(parts: Runtime) -> list[date]:
    """Sum up every day again and return those whose kept sums were not what the ledger says."""
    now = parts.clock.now()
    with parts.database.reading() as session:
        known = rollups.all_days(session)
    differed = [day for day in known if rollups.roll_up(parts.database, day, now=now)]
    for day in differed:
        _log.error("the sums of %s were not what the ledger says; they were made again", day)
    return differed


def give_up_undeliverable(parts: Runtime) -> int:
    """End what can no longer be decided because a question came back; return how many."""
    with parts.database.reading() as session:
        lost = due.lost_questions(session)
    now, ended = parts.clock.now(), 0
    for request_id, reviewer in lost:
        step = partial(scheduled.give_up, request_id=request_id, reviewer=reviewer)
        ended += _step(parts, step, now)
    return ended


def _each(parts: Runtime, wanted: _Due, act: _Act) -> int:
    """Do `act` to each request that is `wanted`; each looks again whether it still is."""
    now, done = parts.clock.now(), 0
    with parts.database.reading() as session:
        found = wanted(session, now=now)
    for request_id in found:
        done += _step(parts, partial(act, request_id=request_id), now)
    return done


def _step(parts: Runtime, act: _Step, now: datetime) -> bool:
    """One step in a transaction of its own; a row that is not proven holds up no other one."""
    try:
        return parts.database.attempt(lambda session: act(parts.command_context(session, now=now)))
    except RowNotProven as refusal:
        _log.error("by the clock nothing acts on %s %s", refusal.subject, refusal.row_id)
    except RowMoved:
        _log.warning("a row was changed at the same moment; trying again")
    return False
