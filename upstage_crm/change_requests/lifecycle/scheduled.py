"""What time and the mail provider do to change requests: remind, take effect, expire, give up.

Commands like those in `staff_commands`. Any number of workers may run them: each locks, looks
again, and does nothing when another one was first.
"""

from __future__ import annotations

from datetime import timedelta

from upstage_crm.audit.events import SYSTEM, Action, Channel
from upstage_crm.change_requests.lifecycle import (
    advance,
    held_requests,
    notices,
    undeliverable,
)
from upstage_crm.change_requests.lifecycle.gathered_request import Planned
from upstage_crm.change_requests.lifecycle.locked_request import LockedRequest
from upstage_crm.change_requests.model.errors import NoMailbox
from upstage_crm.change_requests.model.rules import (
    Cause,
    FieldOutcome,
    HeldFor,
    RequestState,
)
from upstage_crm.change_requests.notifications import link_codes
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.links.claims import Reviewer
from upstage_crm.mail import delivery_history
from upstage_crm.mail.message import Audience, MailKind
from upstage_crm.staff.command_context import CommandContext

_ASKED = (RequestState.PENDING, RequestState.WAITING)
# The reminder of the notice names what else is asked: nothing more is said of it for a while.
_QUIET = timedelta(days=2)


def expire(context: CommandContext[Notifier], *, request_id: str) -> bool:
    """Let a request whose time is up lapse; False when there is nothing to do (any more)."""
    locked = LockedRequest.by_id(context, request_id)
    if locked.request.state is not RequestState.PENDING or context.now < locked.request.expires_at:
        return False
    locked.lapse()
    locked.record()
    return True


def release_cooled(context: CommandContext[Notifier], *, request_id: str) -> bool:
    """Ask the patron about a request that has cooled down; False when there is nothing to do.

    A wire that tripped meanwhile has put it into quarantine. A patron who cannot be asked has to be
    looked at by a person, too.
    """
    locked = LockedRequest.by_id(context, request_id)
    request = locked.request
    is_cooling = request.state is RequestState.HELD and request.held_for is HeldFor.COOLING
    if not is_cooling or context.now < request.created_at + locked.policy.thresholds.cooling:
        return False
    try:
        held_requests.let_go(locked, released_by=None)
    except NoMailbox:
        request.held_for = HeldFor.QUARANTINE
        context.session.add(request)
        context.session.flush()
    locked.record()
    return True


def remind(context: CommandContext[Notifier], *, request_id: str) -> bool:
    """Send the reminder that is due; False when none is (any more).

    A reviewer who answered is left alone, and so is a mailbox whose mail came back. An address that
    never answered us gets one reminder and no second one. A current mailbox that is silent hears
    once more a day before the change takes effect.
    """
    locked = LockedRequest.by_id(context, request_id)
    request, since = locked.request, locked.request.next_reminder_at
    if request.state not in _ASKED or since is None or context.now < since:
        return False
    due = [planned for planned in locked.reminders() if since <= planned.at <= context.now]
    locked.plan_reminder()
    # After an outage several may be due at once: one mail says as much as all of a kind.
    newest = {planned.kind: planned for planned in due}
    reminded = [_remind(locked, planned) for planned in newest.values()]
    locked.record()
    return any(reminded)


def take_effect(context: CommandContext[Notifier], *, request_id: str) -> bool:
    """Make approved changes whose waiting time is over; False when there are none (any more).

    Everything is checked once more; what can no longer be true is withdrawn.
    """
    locked = LockedRequest.by_id(context, request_id)
    due = [
        change
        for change in locked.open_changes
        if change.outcome is FieldOutcome.WAITING
        and change.applies_at
        and change.applies_at <= context.now
    ]
    if not due:
        return False
    notices.refresh(locked)  # it may have come back since
    advance.go_on(locked, [c for c in due if c.outcome.is_open], channel=Channel.SCHEDULE)
    locked.record()
    return True


def give_up(context: CommandContext[Notifier], *, request_id: str, reviewer: Reviewer) -> bool:
    """A question to `reviewer` came back for good: what it asked about is undeliverable.

    False when nothing of it was open (any more).
    """
    locked = LockedRequest.by_id(context, request_id)
    is_lost = locked.request.state is RequestState.PENDING and undeliverable.end(locked, reviewer)
    locked.record()
    return is_lost


def revoke(context: CommandContext[Notifier], *, request_id: str) -> bool:
    """The key of a request's links was revoked: it is withdrawn, and everybody is told.

    Where the notice alone is lost, to a change that was approved or can still be, it goes again,
    and its period begins from the start. False when it is over, or has newer links by now.
    """
    locked = LockedRequest.by_id(context, request_id)
    dead = link_codes.dead_of(context.session, context.notifier.codec, request_id=request_id)
    if locked.request.state not in _ASKED or not dead:
        return False
    is_approved = any(c.outcome is FieldOutcome.WAITING for c in locked.open_changes)
    has_notice = locked.request.notice_id is not None
    if is_approved or (has_notice and dead == frozenset({Reviewer.CURRENT})):
        notices.renew(locked)
    else:
        locked.withdraw(Cause.KEY_REVOKED, channel=Channel.SCHEDULE)
    locked.record()
    return True


def _remind(locked: LockedRequest, planned: Planned) -> bool:
    """Send one reminder to each reviewer who still needs it; whether one did."""
    is_notice = planned.kind is MailKind.NOTICE_REMINDER
    open_reviews = [
        review
        for change in locked.open_changes
        for review in locked.counting(change)
        if review.decision is None and review.is_binding is not is_notice
    ]
    waiting = {review.reviewer for review in open_reviews}
    is_over = (
        locked.request.state is RequestState.PENDING and locked.now >= locked.request.expires_at
    )
    # What was approved already is asked about no more, except where silence lets it happen.
    matter = locked.matter(locked.open_changes if is_notice else locked.undecided, warns=True)
    to = [who for who in Reviewer if who in waiting and matter.address_of(who) is not None]
    to = [who for who in to if _may_remind(locked, who) and not is_over]
    if not to:
        return False
    locked.notifier.remind(
        locked.session, matter, to=to, kind=planned.kind, number=planned.number, now=locked.now
    )
    names = ", ".join(who.value for who in to)
    facts = {"number": planned.number, "reviewers": names, "kind": planned.kind.value}
    locked.note(Action.REQUEST_REMINDED, SYSTEM, Channel.SCHEDULE, facts=facts)
    return True


def _may_remind(locked: LockedRequest, reviewer: Reviewer) -> bool:
    history = delivery_history.asking_history(
        locked.session, request_id=locked.request.id, audience=Audience(reviewer.value)
    )
    told_at = history.notice_again_at
    if history.came_back or (told_at is not None and locked.now < told_at + _QUIET):
        return False
    is_proven = reviewer is Reviewer.CURRENT and locked.patron.email_verified_at is not None
    return is_proven or reviewer is Reviewer.CURRENT or not history.reminders
