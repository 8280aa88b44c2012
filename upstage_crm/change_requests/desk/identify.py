"""When the mailbox is lost: two staff members vouch for the patron, and the change waits.

A clerk records how the patron was identified; another member confirms it; then the change waits
while the current address, or a letter, tells how to stop it; then it is made. A new address has to
say yes besides. No single account can do it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from upstage_crm.audit.events import Action, Channel
from upstage_crm.change_requests.desk import second_step
from upstage_crm.change_requests.lifecycle import (
    advance,
    receipts,
    staff_commands,
)
from upstage_crm.change_requests.lifecycle.locked_request import LockedRequest
from upstage_crm.change_requests.lifecycle.staff_commands import Identification, Proposed
from upstage_crm.change_requests.limits import alerts
from upstage_crm.change_requests.model.errors import (
    NoteMissing,
)
from upstage_crm.change_requests.model.reviewers import Standing
from upstage_crm.change_requests.model.rules import (
    Cause,
    DeskKind,
    DeskMethod,
    FieldOutcome,
    NoticeState,
    ReasonCode,
    RequestState,
)
from upstage_crm.change_requests.model.tables import (
    FieldChangeRow,
)
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.core.text import REMARK_LIMIT, clean_block
from upstage_crm.patrons.fields import Context
from upstage_crm.staff.command_context import CommandContext, StaffContext
from upstage_crm.staff.roles import Permission, ensure_may

IDENTIFYING = (DeskMethod.IN_PERSON, DeskMethod.CALL_BACK, DeskMethod.POST)


def propose(
    context: StaffContext[Notifier],
    *,
    patron_id: str,
    changes: Mapping[str, Mapping[str, str]],
    reason_code: ReasonCode,
    reason_text: str,
    method: DeskMethod,
    note: str,
    parsing: Context,
    override: bool = False,
) -> Proposed:
    """Propose new values for a patron who cannot read the mailbox, and say who it is and how.

    The request is HELD: no one is mailed before a second member confirms it. `note` says what was
    seen or asked. It counts for the tripwires like any other proposal; while an alert about the
    clerk is open, no one can confirm it.

    Raises:
        UnknownPatron, and what `proposal_limits.watch`, `checks.check` and `clean_reason` raise.
        HeldCannotReplace: it has to wait, so it cannot take the place of an open request.
        NoteMissing: without a note. InvalidText: it is too long, or holds a card number.
    """
    ensure_may(context.actor, Permission.DESK_IDENTIFY)
    seen = clean_block(note, REMARK_LIMIT)
    if not seen or method not in IDENTIFYING:
        raise NoteMissing
    return staff_commands.propose(
        replace(context, channel=Channel.DESK),
        patron_id=patron_id,
        changes=changes,
        reason_code=reason_code,
        reason_text=reason_text,
        parsing=parsing,
        override=override,
        identification=Identification(method=method, note=seen),
    )


def confirm(context: StaffContext[Notifier], *, reference: str) -> datetime:
    """Confirm as second person who the patron is; return before when the change is not made.

    The current address is told at once, with a link that stops it; then a new one is asked. Where
    no mailbox works, the wait begins with a letter: see `notices.note_letter`.

    Raises:
        All that `second_step.take` raises.
        AlertOpen: a tripwire tripped for the clerk, and no colleague has looked into it yet.
    """
    locked, row = second_step.take(context, reference=reference, kind=DeskKind.IDENTITY)
    alerts.ensure_none(context.session, row.clerk_id)
    second_step.confirm(context, row)
    who = context.actor.as_actor()
    facts = {"method": row.method.value, "clerk": row.clerk_id}
    locked.note(Action.DESK_CONFIRMED, who, Channel.DESK, facts=facts)
    _begin(locked)
    receipts.of_desk(locked, who, clerk=row.clerk_label)
    locked.record()
    is_told = locked.request.notice_id is not None
    return context.now + (locked.policy.desk_wait if is_told else locked.policy.paper_wait)


def resume(context: CommandContext[Notifier], *, request_id: str) -> bool:
    """Let a request go on that two people vouched for before changes could wait as they do now.

    It begins again: told to the current address, and asked of a new one.
    """
    locked = LockedRequest.by_id(context, request_id)
    if locked.request.state is not RequestState.HELD or locked.desk_method is None:
        return False
    _begin(locked)
    locked.record()
    return True


def decline(context: StaffContext[Notifier], *, reference: str, note: str) -> None:
    """Refuse as second person: the request is withdrawn.

    Raises:
        As `second_step.decline`.
    """
    locked = second_step.decline(context, reference=reference, note=note, kind=DeskKind.IDENTITY)
    locked.withdraw(Cause.STAFF, actor=context.actor.as_actor(), channel=Channel.DESK)
    locked.record()


def _begin(locked: LockedRequest) -> None:
    """Ask and tell whom the plan names, and let the clock run from the notice's arrival."""
    request = locked.request
    for change in locked.changes:
        advance.add_missing(locked, change, locked.plan_of(change))
    asked = [change for change in locked.open_changes if _needs_yes(locked, change)]
    locked.settle(asked, FieldOutcome.PENDING)
    request.expires_at = locked.now + locked.policy.link_life
    request.released_at = locked.now
    if locked.evidence.standing is not Standing.WORKING:
        request.notice_state = NoticeState.NO_MAILBOX
    locked.ask()
    vouched = [change for change in locked.open_changes if change not in asked]
    advance.go_on(locked, vouched, channel=Channel.DESK)
    locked.plan_reminder()


def _needs_yes(locked: LockedRequest, change: FieldChangeRow) -> bool:
    """Whether a mailbox has to say yes besides the two who vouch."""
    return any(review.is_binding for review in locked.counting(change))
