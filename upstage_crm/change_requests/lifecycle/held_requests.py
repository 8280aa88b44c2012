"""Lets a request that was held go to the patron: by a second person, or by the clock."""

from __future__ import annotations

from upstage_crm.audit.events import SYSTEM, Action, Channel
from upstage_crm.change_requests.lifecycle.locked_request import LockedRequest
from upstage_crm.change_requests.model.errors import NoMailbox
from upstage_crm.change_requests.model.rules import (
    FieldOutcome,
    RequestState,
)
from upstage_crm.staff.roles import StaffMember


def let_go(locked: LockedRequest, *, released_by: StaffMember | None) -> None:
    """Ask the patron; the request's clock starts now. What can no longer be true is withdrawn.

    `released_by` is None when the clock does it. Recording is up to the caller.

    Raises:
        NoMailbox: no mailbox that would be asked works any more.
    """
    channel = Channel.CRM if released_by else Channel.SCHEDULE
    late = [cause for change in locked.open_changes if (cause := locked.obstacle_of(change))]
    cause = locked.obstacle() or next(iter(late), None)
    if cause is not None:
        locked.withdraw(cause, channel=channel)
        return
    ensure_reachable(locked)
    request, now = locked.request, locked.now
    expires_at = now + locked.policy.link_life
    locked.settle(locked.open_changes, FieldOutcome.PENDING)
    request.state, request.released_at = RequestState.PENDING, now
    request.released_by = released_by.id if released_by else None
    request.expires_at, request.last_sent_at = expires_at, now
    locked.ask()
    locked.plan_reminder()
    who = released_by.as_actor() if released_by else SYSTEM
    locked.note(Action.REQUEST_RELEASED, who, channel)


def ensure_reachable(locked: LockedRequest) -> None:
    """At least one of the mailboxes that are asked can still be written to.

    Raises:
        NoMailbox.
    """
    matter = locked.matter(locked.open_changes)
    binding = {who for field in matter.fields for who in field.binding}
    if not any(matter.address_of(who) for who in binding):
        raise NoMailbox(field=matter.fields[0].field.key)
