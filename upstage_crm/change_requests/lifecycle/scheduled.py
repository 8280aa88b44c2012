"""What time and the mail provider do to change requests: remind, take effect, expire, give up.

Commands like those in `commands`. Any number of workers may run them at once: each locks, looks
again, and does nothing when another one was first.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session

from upstage_crm.audit.events import SYSTEM, Action, Channel
from upstage_crm.change_requests.lifecycle import (
    held_requests,
    locking,
    notices,
    progress,
    reminders,
    undeliverable,
)
from upstage_crm.change_requests.lifecycle.reminders import Planned
from upstage_crm.change_requests.lifecycle.transitions import Case
from upstage_crm.change_requests.model.errors import NoMailbox
from upstage_crm.change_requests.model.rules import (
    Cause,
    FieldOutcome,
    HeldFor,
    RequestState,
)
from upstage_crm.change_requests.notifications import link_codes
from upstage_crm.change_requests.notifications.notifier import Mailroom
from upstage_crm.links.claims import Reviewer
from upstage_crm.mail import facts
from upstage_crm.mail.message import Audience, MailKind

_ASKED = (RequestState.PENDING, RequestState.WAITING)
# The reminder of the notice names what else is asked: nothing more is said of it for a while.
_QUIET = timedelta(days=2)


def expire(session: Session, *, request_id: str, mailroom: Mailroom, now: datetime) -> bool:
    """Let a request whose time is up lapse; False when there is nothing to do (any more)."""
    case = locking.by_id(session, request_id, mailroom=mailroom, now=now)
    if case.request.state is not RequestState.PENDING or now < case.request.expires_at:
        return False
    case.lapse()
    case.record()
    return True


def release_cooled(session: Session, *, request_id: str, mailroom: Mailroom, now: datetime) -> bool:
    """Ask the patron about a request that has cooled down; False when there is nothing to do.

    A wire that tripped meanwhile has put it into quarantine. Whom nobody can ask by now has to be
    looked at by a person, too.
    """
    case = locking.by_id(session, request_id, mailroom=mailroom, now=now)
    request = case.request
    is_cooling = request.state is RequestState.HELD and request.held_for is HeldFor.COOLING
    if not is_cooling or now < request.created_at + case.policy.thresholds.cooling:
        return False
    try:
        held_requests.let_go(case, released_by=None)
    except NoMailbox:
        request.held_for = HeldFor.QUARANTINE
        session.add(request)
        session.flush()
    case.record()
    return True


def remind(session: Session, *, request_id: str, mailroom: Mailroom, now: datetime) -> bool:
    """Send the reminder that is due; False when none is (any more).

    Whoever has answered is left alone, and so is a mailbox whose mail came back. An address that
    never answered us gets one reminder and no second one. A current mailbox that is silent hears
    once more a day before the change takes effect.
    """
    case = locking.by_id(session, request_id, mailroom=mailroom, now=now)
    request, since = case.request, case.request.next_reminder_at
    if request.state not in _ASKED or since is None or now < since:
        return False
    due = [planned for planned in reminders.reminders(case) if since <= planned.at <= now]
    reminders.plan_reminder(case)
    # After an outage several may be due at once: one mail says as much as all of a kind.
    newest = {planned.kind: planned for planned in due}
    reminded = [_remind(case, planned) for planned in newest.values()]
    case.record()
    return any(reminded)


def take_effect(session: Session, *, request_id: str, mailroom: Mailroom, now: datetime) -> bool:
    """Make approved changes whose waiting time is over; False when there are none (any more).

    Everything is checked once more; what can no longer be true is withdrawn.
    """
    case = locking.by_id(session, request_id, mailroom=mailroom, now=now)
    due = [
        change
        for change in case.open_changes
        if change.outcome is FieldOutcome.WAITING and change.applies_at and change.applies_at <= now
    ]
    if not due:
        return False
    notices.refresh(case)  # it may have come back since
    progress.go_on(case, [c for c in due if c.outcome.is_open], channel=Channel.SCHEDULE)
    case.record()
    return True


def give_up(
    session: Session, *, request_id: str, reviewer: Reviewer, mailroom: Mailroom, now: datetime
) -> bool:
    """A question to `reviewer` came back for good: what it asked about is undeliverable.

    False when nothing of it was open (any more).
    """
    case = locking.by_id(session, request_id, mailroom=mailroom, now=now)
    is_lost = case.request.state is RequestState.PENDING and undeliverable.end(case, reviewer)
    case.record()
    return is_lost


def revoke(session: Session, *, request_id: str, mailroom: Mailroom, now: datetime) -> bool:
    """The key of a request's links was revoked: it is withdrawn, and everybody is told.

    Where the notice alone is lost, to a change that was approved or can still be, it goes again,
    and its period begins from the start. False when it is over, or has newer links by now.
    """
    case = locking.by_id(session, request_id, mailroom=mailroom, now=now)
    dead = link_codes.dead_of(session, mailroom.codec, request_id=request_id)
    if case.request.state not in _ASKED or not dead:
        return False
    is_approved = any(c.outcome is FieldOutcome.WAITING for c in case.open_changes)
    has_notice = case.request.notice_id is not None
    if is_approved or (has_notice and dead == frozenset({Reviewer.CURRENT})):
        notices.renew(case)
    else:
        case.withdraw(Cause.KEY_REVOKED, channel=Channel.SCHEDULE)
    case.record()
    return True


def _remind(case: Case, planned: Planned) -> bool:
    """Send one reminder to whoever still needs it; whether anybody did."""
    is_notice = planned.kind is MailKind.NOTICE_REMINDER
    open_reviews = [
        review
        for change in case.open_changes
        for review in case.counting(change)
        if review.decision is None and review.is_binding is not is_notice
    ]
    waiting = {review.reviewer for review in open_reviews}
    is_over = case.request.state is RequestState.PENDING and case.now >= case.request.expires_at
    # What was approved already is asked about no more, except where silence lets it happen.
    matter = case.matter(case.open_changes if is_notice else case.undecided, warns=True)
    to = [who for who in Reviewer if who in waiting and matter.address_of(who) is not None]
    to = [who for who in to if _may_remind(case, who) and not is_over]
    if not to:
        return False
    case.mailroom.remind(
        case.session, matter, to=to, kind=planned.kind, number=planned.number, now=case.now
    )
    names = ", ".join(who.value for who in to)
    said = {"number": planned.number, "reviewers": names, "kind": planned.kind.value}
    case.note(Action.REQUEST_REMINDED, SYSTEM, Channel.SCHEDULE, facts=said)
    return True


def _may_remind(case: Case, reviewer: Reviewer) -> bool:
    history = facts.asking_history(
        case.session, request_id=case.request.id, audience=Audience(reviewer.value)
    )
    told_at = history.notice_again_at
    if history.came_back or (told_at is not None and case.now < told_at + _QUIET):
        return False
    is_proven = reviewer is Reviewer.CURRENT and case.patron.email_verified_at is not None
    return is_proven or reviewer is Reviewer.CURRENT or not history.reminders
