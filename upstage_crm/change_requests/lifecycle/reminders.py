"""When a request's mailboxes are reminded. The clock asks here, and so does whoever asks anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from upstage_crm.change_requests.lifecycle.locked_request import LockedRequest
from upstage_crm.change_requests.model.rules import (
    FieldOutcome,
    NoticeState,
    RequestPath,
    RequestState,
)
from upstage_crm.mail.message import MailKind

BEFORE_EFFECT = timedelta(hours=24)  # when a current mailbox that is silent hears once more


@dataclass(frozen=True, slots=True, order=True)
class Planned:
    """One reminder: when it is due, of which kind, and the how-many-eth of its kind it is."""

    at: datetime
    kind: MailKind
    number: int


def reminders(locked: LockedRequest) -> tuple[Planned, ...]:
    """Every reminder of a request that is asked about now, in order; past ones included."""
    request, policy = locked.request, locked.policy
    found: list[Planned] = []
    if any(change.outcome is FieldOutcome.PENDING for change in locked.open_changes):
        asked_at = request.released_at or request.created_at
        instants = policy.reminders(sent_at=asked_at, expires_at=request.expires_at)
        kind = MailKind.DECISION_REMINDER
        found += [Planned(at, kind, number) for number, at in enumerate(instants, 1)]
    if request.notice_state is NoticeState.DELIVERED and request.noticed_at is not None:
        is_desk = request.path is RequestPath.DESK
        length = policy.desk_wait if is_desk else policy.notice_period
        at = request.noticed_at + length - BEFORE_EFFECT
        # With the shortest period the notice itself is as late as its reminder.
        if at > request.noticed_at:
            found.append(Planned(at, MailKind.NOTICE_REMINDER, 1))
    return tuple(sorted(found))


def plan_reminder(locked: LockedRequest) -> None:
    """Set when the next reminder is due; it is stored with what the command records."""
    is_asked = locked.request.state in (RequestState.PENDING, RequestState.WAITING)
    coming = [planned.at for planned in reminders(locked) if planned.at > locked.now]
    at = coming[0] if coming and is_asked else None
    if locked.request.next_reminder_at != at:  # setting the same one would be stored once more
        locked.request.next_reminder_at = at
        locked.session.add(locked.request)
