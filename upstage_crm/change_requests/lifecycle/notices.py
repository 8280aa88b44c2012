"""The notice to the current mailbox, on whose delivery the clock of a waiting change depends.

No clock runs on the silence of a reader who was not told: a notice that came back, or did not
arrive within a day, stops it until a second person has looked.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from upstage_crm.audit.events import SYSTEM, Action, Channel
from upstage_crm.change_requests.lifecycle import advance, undeliverable
from upstage_crm.change_requests.lifecycle.locked_request import LockedRequest
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
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.change_requests.reads import second_person
from upstage_crm.core.text import REMARK_LIMIT, clean_block
from upstage_crm.links.claims import Reviewer
from upstage_crm.mail import delivery_history
from upstage_crm.mail.delivery_history import Arrival
from upstage_crm.staff.command_context import CommandContext, StaffContext
from upstage_crm.staff.roles import Permission, ensure_may

LATEST = timedelta(hours=24)  # a notice that has not arrived by then stops the clock
_FINAL = (NoticeState.ENDED, NoticeState.ON_PAPER)


def look(context: CommandContext[Notifier], *, request_id: str) -> bool:
    """Take note of what became of a notice; False when there is nothing new."""
    locked = LockedRequest.by_id(context, request_id)
    if not locked.request.state.is_open or not refresh(locked):
        return False
    locked.record()
    return True


def refresh(locked: LockedRequest) -> bool:
    """Bring a locked request up to what is known of its notice; whether that was anything new."""
    request = locked.request
    if request.notice_id is None or request.notice_state in _FINAL:
        return False
    arrival = delivery_history.arrival_of(locked.session, request.notice_id)
    state = judge(arrival, now=locked.now)
    if state is request.notice_state:
        return False
    if state is NoticeState.DELIVERED:
        assert arrival.delivered_at is not None
        arrived(locked, min(arrival.delivered_at, locked.now))
    elif state.is_stopped:
        _stop(locked, state)
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


def arrived(locked: LockedRequest, at: datetime, *, by: str = "delivery") -> None:
    """The notice has arrived: the clock runs from then. An answer proves it, too."""
    request = locked.request
    request.notice_state, request.noticed_at = NoticeState.DELIVERED, at
    facts = {"mail": request.notice_id, "at": at.isoformat(timespec="seconds"), "by": by}
    locked.note(Action.NOTICE_DELIVERED, SYSTEM, Channel.SCHEDULE, facts=facts)
    _restart(locked)


def end_period(context: StaffContext[Notifier], *, reference: str, note: str) -> RequestState:
    """Say as second person that a mailbox which cannot be told has not to be waited for.

    What everybody else approved takes effect at once. Returns the request's state afterwards.

    Raises:
        Forbidden, UnknownRequest; all that `second_person.ensure_second` raises.
        NothingWaits: the clock of this request does not stand.
        NoteMissing: why has to be said. InvalidText: it is too long.
    """
    actor = context.actor
    ensure_may(actor, Permission.RELEASE_REQUEST)
    words = clean_block(note, REMARK_LIMIT)
    locked = _stopped(context, reference)
    request = locked.request
    if request.path is RequestPath.DESK and request.notice_state is NoticeState.NO_MAILBOX:
        raise NothingWaits  # a letter starts that clock, and no one's word
    if not words:
        raise NoteMissing
    second_person.ensure_second(context, first_id=request.proposer_id, patron=locked.patron)
    request.notice_state, request.period_ended_by = NoticeState.ENDED, actor.id
    locked.note(Action.PERIOD_ENDED, actor.as_actor(), Channel.CRM, values={"note": words})
    _restart(locked)
    locked.record()
    return request.state


def note_letter(context: StaffContext[Notifier], *, reference: str, note: str) -> None:
    """Record that a letter told the patron of a change at the desk: its longer wait starts now.

    For a record without any mailbox that works, or whose notice did not arrive.

    Raises:
        Forbidden, UnknownRequest; OwnRecord: it is the actor's own record.
        NothingWaits: the clock does not stand, or it is no change at the desk.
        NoteMissing: when and where it was sent has to be said. InvalidText: it is too long.
    """
    actor = context.actor
    ensure_may(actor, Permission.DESK_IDENTIFY)
    words = clean_block(note, REMARK_LIMIT)
    locked = _stopped(context, reference)
    second_person.ensure_not_own(actor, locked.patron)
    if locked.request.path is not RequestPath.DESK:
        raise NothingWaits
    if not words:
        raise NoteMissing
    locked.request.notice_state, locked.request.noticed_at = NoticeState.ON_PAPER, context.now
    locked.note(Action.LETTER_NOTED, actor.as_actor(), Channel.DESK, values={"note": words})
    _restart(locked)
    locked.record()


def renew(locked: LockedRequest) -> None:
    """Tell the current mailbox once more, with a new link: its period begins again."""
    locked.ask(only=[Reviewer.CURRENT], again=True)
    facts = {"version": locked.request.notice_version}
    locked.note(Action.NOTICE_RENEWED, SYSTEM, Channel.SCHEDULE, facts=facts)
    _restart(locked)


def _stopped(context: CommandContext[Notifier], reference: str) -> LockedRequest:
    locked = LockedRequest.by_reference(context, reference)
    refresh(locked)
    request = locked.request
    is_open = request.state in (RequestState.PENDING, RequestState.WAITING)
    if not is_open or request.notice_state is None or not request.notice_state.is_stopped:
        raise NothingWaits
    return locked


def _stop(locked: LockedRequest, found: NoticeState) -> None:
    request = locked.request
    request.notice_state, request.noticed_at = found, None
    facts = {"cause": found.value, "mail": request.notice_id}
    locked.note(Action.NOTICE_STOPPED, SYSTEM, Channel.SCHEDULE, facts=facts)
    if found in (NoticeState.BOUNCED, NoticeState.SUPPRESSED):
        undeliverable.mark_bounced(locked)
        undeliverable.end(locked, Reviewer.CURRENT)
    _restart(locked)


def _restart(locked: LockedRequest) -> None:
    """Set the clock of everything that waits anew, and of the reminder."""
    locked.session.add(locked.request)
    waiting = [c for c in locked.open_changes if c.outcome is FieldOutcome.WAITING]
    advance.go_on(locked, waiting, channel=Channel.SCHEDULE)
    locked.plan_reminder()
