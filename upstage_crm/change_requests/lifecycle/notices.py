"""The notice to the current mailbox, on whose delivery the clock of a waiting change depends.

No clock runs on the silence of somebody who was not told: a notice that came back, or did not
arrive within a day, stops it until a second person has looked.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session

from upstage_crm.audit.events import SYSTEM, Action, Channel
from upstage_crm.change_requests.lifecycle import locking, progress, reminders, undeliverable
from upstage_crm.change_requests.lifecycle.transitions import Case
from upstage_crm.change_requests.model.errors import (
    NoteMissing,
    NothingWaits,
)
from upstage_crm.change_requests.model.rules import (
    FieldOutcome,
    NoticeState,
    RequestPath,
    RequestState,
)
from upstage_crm.change_requests.notifications.notifier import Mailroom
from upstage_crm.change_requests.reads import second_person
from upstage_crm.core.text import clean_block
from upstage_crm.links.claims import Reviewer
from upstage_crm.mail import facts
from upstage_crm.mail.facts import Arrival
from upstage_crm.staff.roles import Permission, StaffMember, ensure_may

NOTE_LIMIT = 500  # characters
LATEST = timedelta(hours=24)  # a notice that has not arrived by then stops the clock
_FINAL = (NoticeState.ENDED, NoticeState.ON_PAPER)


def look(session: Session, *, request_id: str, mailroom: Mailroom, now: datetime) -> bool:
    """Take note of what became of a notice; False when there is nothing new."""
    case = locking.by_id(session, request_id, mailroom=mailroom, now=now)
    if not case.request.state.is_open or not refresh(case):
        return False
    case.record()
    return True


def refresh(case: Case) -> bool:
    """Bring a locked request up to what is known of its notice; whether that was anything new."""
    request = case.request
    if request.notice_id is None or request.notice_state in _FINAL:
        return False
    arrival = facts.arrival_of(case.session, request.notice_id)
    found = judge(arrival, now=case.now)
    if found is request.notice_state:
        return False
    if found is NoticeState.DELIVERED:
        assert arrival.delivered_at is not None
        arrived(case, min(arrival.delivered_at, case.now))
    elif found.is_stopped:
        _stop(case, found)
    return True


def judge(arrival: Arrival, *, now: datetime) -> NoticeState:
    """What became of a notice. Pure. A complaint or a late bounce undoes its delivery."""
    if arrival.is_complained:
        return NoticeState.COMPLAINED
    if arrival.is_suppressed:
        return NoticeState.SUPPRESSED
    if arrival.has_bounced:
        return NoticeState.BOUNCED
    if arrival.delivered_at is not None:
        return NoticeState.DELIVERED
    if arrival.is_unsent:
        return NoticeState.NOT_SENT
    is_late = now >= arrival.queued_at + LATEST
    return NoticeState.NOT_DELIVERED if is_late else NoticeState.ON_ITS_WAY


def arrived(case: Case, at: datetime, *, by: str = "delivery") -> None:
    """The notice has arrived: the clock runs from then. An answer proves it, too."""
    request = case.request
    request.notice_state, request.noticed_at = NoticeState.DELIVERED, at
    said = {"mail": request.notice_id, "at": at.isoformat(timespec="seconds"), "by": by}
    case.note(Action.NOTICE_DELIVERED, SYSTEM, Channel.SCHEDULE, facts=said)
    _restart(case)


def end_period(
    session: Session,
    *,
    actor: StaffMember,
    reference: str,
    note: str,
    mailroom: Mailroom,
    now: datetime,
) -> RequestState:
    """Say as second person that a mailbox which cannot be told has not to be waited for.

    What everybody else approved takes effect at once. Returns the request's state afterwards.

    Raises:
        Forbidden, UnknownRequest; all that `second_person.ensure_second` raises.
        NothingWaits: the clock of this request does not stand.
        NoteMissing: why has to be said. InvalidText: it is too long.
    """
    ensure_may(actor, Permission.RELEASE_REQUEST)
    words = clean_block(note, NOTE_LIMIT)
    case = _stopped(session, reference, mailroom, now)
    request = case.request
    if request.path is RequestPath.DESK and request.notice_state is NoticeState.NO_MAILBOX:
        raise NothingWaits  # a letter starts that clock, and nobody's word
    if not words:
        raise NoteMissing
    second_person.ensure_second(
        session, actor, first_id=request.proposer_id, patron=case.patron, now=now
    )
    request.notice_state, request.period_ended_by = NoticeState.ENDED, actor.id
    case.note(Action.PERIOD_ENDED, actor.as_actor(), Channel.CRM, values={"note": words})
    _restart(case)
    case.record()
    return request.state


def note_letter(
    session: Session,
    *,
    actor: StaffMember,
    reference: str,
    note: str,
    mailroom: Mailroom,
    now: datetime,
) -> None:
    """Record that a letter told the patron of a change at the desk: its longer wait starts now.

    For a record without any mailbox that works, or whose notice did not arrive.

    Raises:
        Forbidden, UnknownRequest; OwnRecord: it is the actor's own record.
        NothingWaits: the clock does not stand, or it is no change at the desk.
        NoteMissing: when and where it was sent has to be said. InvalidText: it is too long.
    """
    ensure_may(actor, Permission.DESK_IDENTIFY)
    words = clean_block(note, NOTE_LIMIT)
    case = _stopped(session, reference, mailroom, now)
    second_person.ensure_not_own(actor, case.patron)
    if case.request.path is not RequestPath.DESK:
        raise NothingWaits
    if not words:
        raise NoteMissing
    case.request.notice_state, case.request.noticed_at = NoticeState.ON_PAPER, now
    case.note(Action.LETTER_NOTED, actor.as_actor(), Channel.DESK, values={"note": words})
    _restart(case)
    case.record()


def renew(case: Case) -> None:
    """Tell the current mailbox once more, with a new link: its period begins again."""
    case.ask(only=[Reviewer.CURRENT], again=True)
    said = {"version": case.request.notice_version}
    case.note(Action.NOTICE_RENEWED, SYSTEM, Channel.SCHEDULE, facts=said)
    _restart(case)


def _stopped(session: Session, reference: str, mailroom: Mailroom, now: datetime) -> Case:
    case = locking.by_reference(session, reference, mailroom=mailroom, now=now)
    refresh(case)
    request = case.request
    is_open = request.state in (RequestState.PENDING, RequestState.WAITING)
    if not is_open or request.notice_state is None or not request.notice_state.is_stopped:
        raise NothingWaits
    return case


def _stop(case: Case, found: NoticeState) -> None:
    request = case.request
    request.notice_state, request.noticed_at = found, None
    said = {"cause": found.value, "mail": request.notice_id}
    case.note(Action.NOTICE_STOPPED, SYSTEM, Channel.SCHEDULE, facts=said)
    if found in (NoticeState.BOUNCED, NoticeState.SUPPRESSED):
        undeliverable.mark_bounced(case)
        undeliverable.end(case, Reviewer.CURRENT)
    _restart(case)


def _restart(case: Case) -> None:
    """Set the clock of everything that waits anew, and of the reminder."""
    case.session.add(case.request)
    case.session.flush()
    waiting = [c for c in case.open_changes if c.outcome is FieldOutcome.WAITING]
    progress.go_on(case, waiting, channel=Channel.SCHEDULE)
    reminders.plan_reminder(case)
