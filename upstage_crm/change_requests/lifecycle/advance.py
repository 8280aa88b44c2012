"""What follows from the answers to a field: it is applied, waits, or another mailbox is asked.

One way for an answer, the clock and a second person alike: `go_on` takes the fields of a request
and tells both sides once, `advance` looks at all that is known of one field, inside the lock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value

from upstage_crm.audit.events import SYSTEM, Action, Actor, Channel
from upstage_crm.change_requests.lifecycle.locked_request import LockedRequest
from upstage_crm.change_requests.model.reviewers import Plan
from upstage_crm.change_requests.model.rules import (
    OPEN_OUTCOMES,
    Cause,
    ChangeKind,
    Decision,
    FieldOutcome,
    NoticeState,
    RequestState,
    settle,
)
from upstage_crm.change_requests.model.tables import FieldChangeRow, ReviewRow
from upstage_crm.change_requests.notifications.context import MailContext
from upstage_crm.change_requests.reads import requests
from upstage_crm.core import when
from upstage_crm.core.db import table_of
from upstage_crm.links.claims import Reviewer
from upstage_crm.mail.message import MailKind
from upstage_crm.patrons import fields
from upstage_crm.patrons.commands import Proof

_change, _review = table_of(FieldChangeRow), table_of(ReviewRow)
# Built once: every approved address runs it.
_LEFT_OPEN = (
    sa.select(_change.c.request_id, _change.c.id)
    .join(_review, _review.c.field_change_id == _change.c.id)
    .where(
        _change.c.patron_id == sa.bindparam("patron"),
        _change.c.outcome.in_(OPEN_OUTCOMES),
        _review.c.reviewer == Reviewer.CURRENT,
        _review.c.replaced_at.is_(None),
        _review.c.mailbox != sa.bindparam("newcomer"),
    )
    .order_by(_change.c.request_id, _change.c.id)
)


def advance(
    locked: LockedRequest, change: FieldChangeRow, *, actor: Actor, channel: Channel
) -> Cause | None:
    """Move an open field change as far as its answers allow; the cause when it must be withdrawn.

    What has everybody's yes takes effect, unless a revert window runs. What has the yes of those
    who had to say it waits for the others, until their time is over.
    """
    outcome = _outcome(locked, change)
    if outcome in (FieldOutcome.REJECTED, FieldOutcome.OBJECTED):
        locked.settle([change], outcome)
        return None
    plan = locked.plan_of(change)
    if change.kind is ChangeKind.CHANGE and not plan.binding:
        # No reviewer is left who could say yes: it cannot be asked about any more.
        locked.settle([change], FieldOutcome.UNDELIVERABLE)
        return None
    if outcome is not FieldOutcome.PENDING and _ask_more(locked, change, plan):
        outcome = _outcome(locked, change)
    if outcome is FieldOutcome.PENDING:
        return None
    until = effect_at(locked, change, plan)
    if until is None or until > locked.now:
        wait(locked, change, until, channel=channel)
        return None
    return apply(locked, change, actor=actor, channel=channel)


def apply(
    locked: LockedRequest, change: FieldChangeRow, *, actor: Actor, channel: Channel
) -> Cause | None:
    """Write an approved field change; whatever the displaced mailbox left open, the new one is
    asked.
    """
    own = locked.review_of(change, Reviewer.PROPOSED)
    proof = Proof(verified_at=own.decided_at if own is not None else None)
    if not locked.apply(change, proof=proof, actor=actor, channel=channel):
        return Cause.ADDRESS_TAKEN
    if (mailbox := requests.mailbox_of(change, Reviewer.PROPOSED)) is not None:
        hand_over(locked, mailbox)
    return None


def effect_at(locked: LockedRequest, change: FieldChangeRow, plan: Plan) -> datetime | None:
    """When an approved field change takes effect; None while the clock stands."""
    request, policy = locked.request, locked.policy
    earliest = plan.not_before or locked.now
    if not _waits(locked, change, plan) or request.notice_state is NoticeState.ENDED:
        return earliest
    if request.noticed_at is None:
        return None
    if request.notice_state is NoticeState.ON_PAPER:
        length = policy.paper_wait
    else:
        length = policy.desk_wait if change.kind is ChangeKind.DESK else policy.notice_period
    return max(earliest, request.noticed_at + length)


def _waits(locked: LockedRequest, change: FieldChangeRow, plan: Plan) -> bool:
    """Whether the yes of the others has to wait for the current mailbox."""
    current = locked.review_of(change, Reviewer.CURRENT)
    if current is not None and current.decision is Decision.APPROVE:
        return False
    # A second person who released the request has looked at a record without a working mailbox.
    needs_second = plan.needs_release and locked.request.released_by is None
    return plan.waits or needs_second


def _outcome(locked: LockedRequest, change: FieldChangeRow) -> FieldOutcome:
    reviews = locked.counting(change)
    if not reviews and change.kind is ChangeKind.DESK:
        return FieldOutcome.WAITING  # two people said yes, and there is no mailbox to be heard
    votes = [(review.decision, review.is_binding) for review in reviews]
    outcome = settle(votes)
    is_vouched = change.kind is ChangeKind.DESK and not any(r.is_binding for r in reviews)
    return FieldOutcome.WAITING if is_vouched and outcome is FieldOutcome.PENDING else outcome


def wait(
    locked: LockedRequest, change: FieldChangeRow, until: datetime | None, *, channel: Channel
) -> None:
    """Let a change wait until an instant; with None its clock stands."""
    if change.outcome is FieldOutcome.WAITING and change.applies_at == until:
        return
    locked.wait(change, until)
    when = until.isoformat(timespec="seconds") if until else None
    facts = {"field": change.field, "until": when}
    locked.note(Action.FIELD_WAITS, SYSTEM, channel, facts=facts)


def add_missing(locked: LockedRequest, change: FieldChangeRow, plan: Plan) -> list[Reviewer]:
    """Give a review to each mailbox of a plan that has none; return whom. The caller mails them."""
    added = [who for who in plan.asked if locked.review_of(change, who) is None]
    for reviewer in added:
        mailbox = requests.mailbox_of(change, reviewer) or locked.patron.email or ""
        locked.add_review(change, reviewer, mailbox, is_binding=reviewer in plan.binding)
        facts = {"reviewer": reviewer.value, "field": change.field}
        locked.note(Action.REVIEWER_ADDED, SYSTEM, Channel.SCHEDULE, facts=facts)
    return added


def _ask_more(locked: LockedRequest, change: FieldChangeRow, plan: Plan) -> bool:
    """Ask who has to be asked as things stand now, and was not; only more care is ever added."""
    added = add_missing(locked, change, plan)
    raised = [
        review
        for review in locked.counting(change)
        if review.reviewer in plan.binding and not review.is_binding
    ]
    for review in raised:
        review.is_binding = True
        locked.session.add(review)
        facts = {"reviewer": review.reviewer.value, "field": change.field}
        locked.note(Action.REVIEWER_ADDED, SYSTEM, Channel.SCHEDULE, facts=facts)
    if raised:
        locked.session.flush()
    to_ask = [*added, *(r.reviewer for r in raised if r.decision is None)]
    if to_ask:
        locked.ask([change], only=to_ask, again=True)
        locked.plan_reminder()
    return bool(added or raised)


def hand_over(locked: LockedRequest, mailbox: str) -> None:
    """Another mailbox holds the current one's place: what that one left open, it is asked.

    An answer counts only while its mailbox holds the place that it was asked in.
    """
    locked.newcomer = mailbox
    for request_id, changes in _left_open(locked, mailbox).items():
        other = locked if request_id == locked.request.id else locked.other(request_id)
        _ask_newcomer(other, changes, mailbox)
        if other is not locked:
            locked.events += other.events


def _left_open(locked: LockedRequest, mailbox: str) -> dict[str, list[str]]:
    """The open field changes in which another mailbox was the current one, by request."""
    locked.session.flush()
    binds = {"patron": locked.patron.id, "newcomer": mailbox}
    by_request: dict[str, list[str]] = {}
    for request_id, change_id in locked.session.connection().execute(_LEFT_OPEN, binds):
        by_request.setdefault(request_id, []).append(change_id)
    return by_request


def _ask_newcomer(locked: LockedRequest, change_ids: Sequence[str], mailbox: str) -> None:
    locked.newcomer = mailbox
    asked: list[FieldChangeRow] = []
    for change in locked.open_changes:
        review = locked.review_of(change, Reviewer.CURRENT)
        if change.id not in change_ids or review is None:
            continue
        replace_review(locked, review)
        # Who was only heard has been told, and silence let it happen.
        if not review.is_binding or fields.field(change.field).is_mailbox:
            continue
        if change.outcome is FieldOutcome.WAITING:
            locked.settle([change], FieldOutcome.PENDING)
        locked.add_review(change, Reviewer.CURRENT, mailbox)
        facts = {"field": change.field}
        locked.note(Action.REVIEWER_REPLACED, SYSTEM, Channel.SCHEDULE, facts=facts)
        if change.outcome is FieldOutcome.PENDING:
            asked.append(change)
    locked.close()
    if asked:
        expires_at = locked.now + locked.policy.link_life
        locked.request.expires_at = max(locked.request.expires_at, expires_at)
        locked.ask(asked, only=[Reviewer.CURRENT], again=True)
        locked.plan_reminder()


def replace_review(locked: LockedRequest, review: ReviewRow) -> None:
    """Let a review count no more: its mailbox has lost its place."""
    locked.session.connection().execute(
        sa.update(_review).where(_review.c.id == review.id).values(replaced_at=locked.now)
    )
    set_committed_value(review, "replaced_at", locked.now)


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
    or was rejected; those who approved and the one who answers for the request hear at once when it
    takes effect. That member hears once more when it does only where the end is another than told:
    a field was objected to meanwhile, say, or its question came back.
    """
    before = {change.id: change.outcome for change in changes}
    state_before = locked.request.state
    if FieldOutcome.WAITING in before.values() and (cause := locked.obstacle()) is not None:
        locked.withdraw(cause, channel=channel)
        return
    causes = dict(late or {})
    # A new address last: what the mailbox before it has answered counts until then.
    for change in sorted(changes, key=lambda change: fields.field(change.field).is_mailbox):
        if change.id not in causes and change.outcome.is_open:
            # What was approved before is checked again; an answer was, when it came.
            was_approved = change.outcome is FieldOutcome.WAITING
            cause = locked.obstacle_of(change) if was_approved else None
            cause = cause or advance(locked, change, actor=actor, channel=channel)
            if cause is not None:
                causes[change.id] = cause
    withdrawn = locked.withdraw_fields(causes, channel=channel) if causes else []
    state = locked.close(cause=next(iter(causes.values()), None))
    settled = [change for change in changes if change.outcome in _CONFIRMED]
    if settled:
        # By the address field both sides' mailboxes are known.
        known = [
            change
            for change in locked.changes
            if change in settled or fields.field(change.field).is_mailbox
        ]
        matter = locked.matter(known).only([change.id for change in settled])
        locked.notifier.tell_settled(locked.session, matter, now=locked.now)
    lost = [change for change in changes if change.outcome is FieldOutcome.UNDELIVERABLE]
    locked.tell_ended(MailKind.CHANGE_UNDELIVERABLE, lost, to=locked.mailed() if lost else ())
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
    is_as_told = (
        state_before is RequestState.WAITING
        and all(change.outcome is FieldOutcome.APPLIED for change in changes)
        and all(change.outcome in _CONFIRMED for change in locked.changes)
    )
    if not state.is_open and not is_as_told:
        locked.tell_proposer(comment=comment)


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
    outcomes = [field.outcome for field in matter.fields]
    told = "approved" if all(outcome in approved for outcome in outcomes) else "partly approved"
    if FieldOutcome.PENDING in outcomes:
        told = "partly approved so far"
    words = when.in_words(at, locked.organisation.zone)
    effect = f"takes effect on {words}" if is_sure else f"takes effect on {words} at the earliest"
    locked.tell_proposer(
        matter,
        outcome=f"{told}, {effect}",
        key=f"waiting/{changes[0].id}",
        comment=comment,
    )


def _effect(matter: MailContext, now: datetime) -> tuple[datetime, bool]:
    """When what waits takes effect, and whether that is sure: not while the clock stands."""
    return matter.applies_at or now + matter.wait, matter.applies_at is not None
