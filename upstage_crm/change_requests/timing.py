"""What time and the mail provider do to change requests: expire, remind, give up.

Commands like those in `commands`. Any number of workers may run them at once: each locks, looks
again, and does nothing when another one was first.
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from upstage_crm.audit.events import SYSTEM, Action, Channel
from upstage_crm.change_requests import link_codes, opening, releasing
from upstage_crm.change_requests.errors import NoMailbox
from upstage_crm.change_requests.mails import Mailroom
from upstage_crm.change_requests.rules import Cause, FieldOutcome, HeldFor, RequestState
from upstage_crm.change_requests.settling import Case
from upstage_crm.links.claims import Reviewer
from upstage_crm.mail import facts
from upstage_crm.mail.message import Audience, MailKind
from upstage_crm.patrons import commands as patrons


def expire(session: Session, *, request_id: str, mailroom: Mailroom, now: datetime) -> bool:
    """Let a request whose time is up lapse; False when there is nothing to do (any more)."""
    case = opening.by_id(session, request_id, mailroom=mailroom, now=now)
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
    case = opening.by_id(session, request_id, mailroom=mailroom, now=now)
    request = case.request
    is_cooling = request.state is RequestState.HELD and request.held_for is HeldFor.COOLING
    if not is_cooling or now < request.created_at + case.policy.thresholds.cooling:
        return False
    try:
        releasing.let_go(case, released_by=None)
    except NoMailbox:
        request.held_for = HeldFor.QUARANTINE
        session.add(request)
        session.flush()
    case.record()
    return True


def remind(session: Session, *, request_id: str, mailroom: Mailroom, now: datetime) -> bool:
    """Send the reminder that is due; False when none is (any more).

    Whoever has answered is left alone, and so is a mailbox whose mail came back. An address that
    never answered us gets one reminder and no second one.
    """
    case = opening.by_id(session, request_id, mailroom=mailroom, now=now)
    request = case.request
    due = request.next_reminder_at
    if request.state is not RequestState.PENDING or due is None or now < due:
        return False
    asked_at = request.released_at or request.created_at
    planned = case.policy.reminders(sent_at=asked_at, expires_at=request.expires_at)
    # After an outage two may be due at once: one mail says as much as both.
    coming = [at for at in planned if at > now]
    request.next_reminder_at = coming[0] if coming else None
    session.add(request)
    session.flush()
    number = sum(at <= now for at in planned)
    to = [who for who in _waiting(case) if now < request.expires_at and _may_remind(case, who)]
    if to:
        matter = case.matter(case.open_changes)
        mailroom.remind(session, matter, to=to, number=number, now=now)
        names = ", ".join(who.value for who in to)
        said = {"number": number, "reviewers": names}
        case.note(Action.REQUEST_REMINDED, SYSTEM, Channel.SCHEDULE, facts=dict(said))
    case.record()
    return bool(to)


def give_up(
    session: Session, *, request_id: str, reviewer: Reviewer, mailroom: Mailroom, now: datetime
) -> bool:
    """A decision mail to `reviewer` came back for good: what it asked about is undeliverable.

    The proposer is told, and so is the other mailbox if it had heard of the request. The current
    address is marked as not working. False when nothing of it was open (any more).
    """
    case = opening.by_id(session, request_id, mailroom=mailroom, now=now)
    lost = [
        change
        for change in case.open_changes
        if any(review.reviewer is reviewer for review in case.reviews.get(change.id, []))
    ]
    if case.request.state is not RequestState.PENDING or not lost:
        return False
    told = [who for who in case.mailed() if who is not reviewer]
    case.settle(lost, FieldOutcome.UNDELIVERABLE)
    said = {"reviewer": reviewer.value, "fields": ", ".join(change.field for change in lost)}
    case.note(Action.REQUEST_UNDELIVERABLE, SYSTEM, Channel.SCHEDULE, facts=dict(said))
    state = case.close()
    kind = MailKind.CHANGE_UNDELIVERABLE
    mailroom.tell_ended(session, case.matter(lost), kind=kind, to=told, now=now)
    if not state.is_open:
        case.tell_proposer()
    if reviewer is Reviewer.CURRENT and patrons.note_bounce(
        session, patron_id=case.patron.id, now=now
    ):
        values = {"email": case.patron.email}
        case.note(Action.ADDRESS_BOUNCED, SYSTEM, Channel.SCHEDULE, values=values)
    case.record()
    return True


def revoke(session: Session, *, request_id: str, mailroom: Mailroom, now: datetime) -> bool:
    """The key of a request's links was revoked: it is withdrawn, and everybody is told.

    False when it is no longer pending, or has newer links by now.
    """
    case = opening.by_id(session, request_id, mailroom=mailroom, now=now)
    if case.request.state is not RequestState.PENDING:
        return False
    if not link_codes.is_dead(session, mailroom.codec, request_id=request_id):
        return False
    case.withdraw(Cause.KEY_REVOKED, channel=Channel.SCHEDULE)
    case.record()
    return True


def _waiting(case: Case) -> list[Reviewer]:
    """The reviewers who have not answered an open field, in the order of the mails."""
    open_reviews = [r for change in case.open_changes for r in case.reviews.get(change.id, [])]
    waiting = {review.reviewer for review in open_reviews if review.decision is None}
    return [who for who in Reviewer if who in waiting]


def _may_remind(case: Case, reviewer: Reviewer) -> bool:
    if reviewer is Reviewer.CURRENT and case.patron.email_bounced_at is not None:
        return False
    history = facts.asking_history(
        case.session, request_id=case.request.id, audience=Audience(reviewer.value)
    )
    if history.came_back:
        return False
    is_proven = reviewer is Reviewer.CURRENT and case.patron.email_verified_at is not None
    return is_proven or not history.reminders
