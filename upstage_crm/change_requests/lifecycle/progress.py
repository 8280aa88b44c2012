"""Moves the fields of a request on after an answer or by the clock, and tells everybody once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from upstage_crm.audit.events import SYSTEM, Actor, Channel
from upstage_crm.change_requests.lifecycle import advance
from upstage_crm.change_requests.lifecycle.locked_request import (
    LockedRequest,
    is_mailbox,
)
from upstage_crm.change_requests.model.rules import (
    Cause,
    FieldOutcome,
    RequestState,
)
from upstage_crm.change_requests.model.tables import FieldChangeRow
from upstage_crm.change_requests.notifications.context import MailContext
from upstage_crm.core import when
from upstage_crm.mail.message import MailKind

_CONFIRMED = (FieldOutcome.APPLIED, FieldOutcome.REJECTED)


def go_on(
    locked: LockedRequest,
    changes: Sequence[FieldChangeRow],
    *,
    actor: Actor = SYSTEM,
    channel: Channel,
    late: Mapping[str, Cause] | None = None,
    comment: str = "",
) -> None:
    """Move open field changes as far as they can go now.

    `late` are those, by id, for which an answer came too late. Both sides hear of what took effect
    or was rejected; whoever approved and whoever answers for the request hear at once when it
    takes effect, and that member not once more when it does.
    """
    before = {change.id: change.outcome for change in changes}
    state_before = locked.request.state
    if FieldOutcome.WAITING in before.values() and (cause := locked.obstacle()) is not None:
        locked.withdraw(cause, channel=channel)
        return
    causes = dict(late or {})
    # A new address last: what the mailbox before it has answered counts until then.
    for change in sorted(changes, key=is_mailbox):
        if change.id not in causes and change.outcome.is_open:
            # What was approved before is checked again; an answer was, when it came.
            was_approved = change.outcome is FieldOutcome.WAITING
            cause = locked.obstacle_of(change) if was_approved else None
            cause = cause or advance.advance(locked, change, actor=actor, channel=channel)
            if cause is not None:
                causes[change.id] = cause
    withdrawn = locked.withdraw_fields(causes, channel=channel) if causes else []
    state = locked.close(cause=next(iter(causes.values()), None))
    settled = [change for change in changes if change.outcome in _CONFIRMED]
    if settled:
        told = locked.matter(_with_context(locked, settled)).only([change.id for change in settled])
        locked.notifier.tell_settled(locked.session, told, now=locked.now)
    lost = [change for change in changes if change.outcome is FieldOutcome.UNDELIVERABLE]
    locked.tell_ended(MailKind.CHANGE_UNDELIVERABLE, lost, to=locked.mailed())
    locked.tell_ended(MailKind.CHANGE_WITHDRAWN, withdrawn, to=locked.mailed() if withdrawn else ())
    began = [
        change
        for change in changes
        if change.outcome is FieldOutcome.WAITING and before[change.id] is not change.outcome
    ]
    if began:
        _tell_approvers(locked, began)
    is_approved = any(review.decision for change in began for review in locked.counting(change))
    # What two people vouched for alone is told with the rest, once the new address has answered.
    if is_approved or (state is RequestState.WAITING and state_before is not state):
        _tell_proposer_it_waits(locked, began or changes, comment=comment)
    is_as_told = state_before is RequestState.WAITING and all(
        change.outcome is FieldOutcome.APPLIED for change in changes
    )
    if not state.is_open and not is_as_told:
        locked.tell_proposer(comment=comment)


def _with_context(
    locked: LockedRequest, settled: Sequence[FieldChangeRow]
) -> Sequence[FieldChangeRow]:
    """The settled fields, and the address field, by which both sides' mailboxes are known."""
    return [c for c in locked.changes if c in settled or is_mailbox(c)]


def _tell_approvers(locked: LockedRequest, began: Sequence[FieldChangeRow]) -> None:
    """Tell who approved something that waits when it takes effect."""
    matter = locked.matter(began)
    at, is_sure = _effect(matter, locked.now)
    locked.notifier.tell_waiting(locked.session, matter, until=at, is_sure=is_sure, now=locked.now)


def _tell_proposer_it_waits(
    locked: LockedRequest, changes: Sequence[FieldChangeRow], *, comment: str
) -> None:
    """Tell the member who answers for the request what was approved, and when it takes effect."""
    matter = locked.matter()
    at, is_sure = _effect(matter, locked.now)
    approved = (FieldOutcome.WAITING, FieldOutcome.APPLIED)
    whole = all(field.outcome in approved for field in matter.fields)
    said = "takes effect on" if is_sure else "takes effect not before"
    words = when.in_words(at, when.zone(locked.organisation.time_zone))
    locked.tell_proposer(
        matter,
        outcome=f"{'approved' if whole else 'partly approved'}, {said} {words}",
        key=f"waiting/{changes[0].id}",
        comment=comment,
    )


def _effect(matter: MailContext, now: datetime) -> tuple[datetime, bool]:
    """When what waits takes effect, and whether that is sure: not while the clock stands."""
    return matter.applies_at or now + matter.wait, matter.applies_at is not None
