"""When the mailbox is lost: two staff members vouch for the patron, and the change waits.

A clerk records how the patron was identified; another member confirms it; then the change waits
while the current address, or a letter, tells how to stop it; then it is made. A new address has to
say yes besides. No single account can do it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session, col, select

from upstage_crm.audit.events import Action, Channel
from upstage_crm.change_requests.lifecycle import advance, create, receipts, reminders
from upstage_crm.change_requests.lifecycle.checks import (
    check,
    clean_reason,
)
from upstage_crm.change_requests.lifecycle.create import (
    Draft,
    proposed_values,
    record,
    start,
)
from upstage_crm.change_requests.lifecycle.locked_request import LockedRequest
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.limits import alerts, proposal_limits
from upstage_crm.change_requests.model import policy_store
from upstage_crm.change_requests.model.errors import (
    NoteMissing,
    NothingWaits,
)
from upstage_crm.change_requests.model.rules import (
    Cause,
    DeskKind,
    DeskMethod,
    FieldOutcome,
    HeldFor,
    NoticeState,
    ReasonCode,
    RequestPath,
    RequestState,
)
from upstage_crm.change_requests.model.standing import Standing
from upstage_crm.change_requests.model.tables import (
    DeskConfirmationRow,
    FieldChangeRow,
)
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.change_requests.reads import second_person
from upstage_crm.core.ids import new_id
from upstage_crm.core.text import REMARK_LIMIT, clean_block
from upstage_crm.patrons.fields import Context
from upstage_crm.staff.roles import Permission, StaffMember, ensure_may

IDENTIFYING = (DeskMethod.IN_PERSON, DeskMethod.CALL_BACK, DeskMethod.POST)


def propose(
    session: Session,
    *,
    actor: StaffMember,
    patron_id: str,
    changes: Mapping[str, Mapping[str, str]],
    reason_code: ReasonCode,
    reason_text: str,
    method: DeskMethod,
    note: str,
    context: Context,
    notifier: Notifier,
    now: datetime,
    override: bool = False,
) -> Proposed:
    """Propose new values for a patron who cannot read the mailbox, and say who it is and how.

    The request is HELD: nobody is mailed before a second member confirms it. `note` says what was
    seen or asked. It counts for the tripwires like any other proposal; while an alert about the
    clerk is open, nobody can confirm it.

    Raises:
        UnknownPatron, and what `proposal_limits.watch`, `checks.check` and `clean_reason` raise.
        HeldCannotReplace: it has to wait, so it cannot take the place of an open request.
        NoteMissing: without a note. InvalidText: it is too long, or holds a card number.
    """
    ensure_may(actor, Permission.DESK_IDENTIFY)
    words, seen = clean_reason(reason_code, reason_text), clean_block(note, REMARK_LIMIT)
    if not seen or method not in IDENTIFYING:
        raise NoteMissing
    patron = proposal_limits.lock(session, actor=actor, patron_id=patron_id)
    policy = policy_store.for_proposal(session, now=now)
    watched = proposal_limits.watch(
        session,
        actor=actor,
        patron=patron,
        changes=changes,
        policy=policy,
        notifier=notifier,
        path=RequestPath.DESK,
        now=now,
    )
    parsed = check(
        session,
        actor=actor,
        patron=patron,
        changes=changes,
        context=context,
        policy=policy,
        override=override,
        path=RequestPath.DESK,
        now=now,
    )
    watched.ensure_takes_no_place()
    locked, replaced = start(
        session,
        actor=actor,
        patron=patron,
        parsed=parsed,
        draft=Draft(
            reason_code=reason_code,
            reason_text=words,
            held_for=HeldFor.DESK,
            path=RequestPath.DESK,
        ),
        policy=policy,
        notifier=notifier,
        channel=Channel.DESK,
        now=now,
    )
    create.say_goodbye(replaced, besides=())
    row = DeskConfirmationRow(
        id=new_id(now),
        request_id=locked.request.id,
        kind=DeskKind.IDENTITY,
        method=method,
        note=seen,
        clerk_id=actor.id,
        clerk_label=actor.label,
        created_at=now,
    )
    session.add(row)
    session.flush()
    facts = {"fields": ", ".join(c.field for c in locked.changes), "reason": reason_code.value}
    who = actor.as_actor()
    values = proposed_values(locked)
    locked.note(Action.REQUEST_PROPOSED, who, Channel.DESK, facts=dict(facts), values=values)
    said = {"method": method.value}
    locked.note(Action.DESK_IDENTIFIED, who, Channel.DESK, facts=dict(said), values={"note": seen})
    locked.events += watched.note(session, notifier=notifier, now=now)
    record(locked, replaced)
    return Proposed(
        request_id=locked.request.id,
        reference=locked.request.reference,
        is_new=True,
        held_for=HeldFor.DESK,
    )


def confirm(
    session: Session, *, actor: StaffMember, reference: str, notifier: Notifier, now: datetime
) -> datetime:
    """Confirm as second person who the patron is; return before when the change is not made.

    The current address is told at once, with a link that stops it; then a new one is asked. Where
    no mailbox works, the wait begins with a letter: see `notices.note_letter`.

    Raises:
        Forbidden, UnknownRequest; NothingWaits: nothing waits for a second person.
        All that `second_person.ensure_second` raises.
        AlertOpen: a tripwire tripped for the clerk, and nobody has looked into it yet.
    """
    ensure_may(actor, Permission.DESK_CONFIRM)
    locked = LockedRequest.by_reference(session, reference, notifier=notifier, now=now)
    row = _waiting(locked)
    second_person.ensure_second(
        session, actor, first_id=row.clerk_id, patron=locked.patron, now=now
    )
    alerts.ensure_none(session, row.clerk_id)
    row.second_id, row.second_label, row.confirmed_at = actor.id, actor.label, now
    session.add(row)
    session.flush()
    facts = {"method": row.method.value, "clerk": row.clerk_id}
    locked.note(Action.DESK_CONFIRMED, actor.as_actor(), Channel.DESK, facts=facts)
    _begin(locked)
    receipts.of_desk(locked, actor.as_actor(), clerk=row.clerk_label)
    locked.record()
    is_told = locked.request.notice_id is not None
    return now + (locked.policy.desk_wait if is_told else locked.policy.paper_wait)


def resume(session: Session, *, request_id: str, notifier: Notifier, now: datetime) -> bool:
    """Let a request go on that two people vouched for before changes could wait as they do now.

    It begins again: told to the current address, and asked of a new one.
    """
    locked = LockedRequest.by_id(session, request_id, notifier=notifier, now=now)
    if locked.request.state is not RequestState.HELD or locked.desk_method is None:
        return False
    _begin(locked)
    locked.record()
    return True


def decline(
    session: Session,
    *,
    actor: StaffMember,
    reference: str,
    note: str,
    notifier: Notifier,
    now: datetime,
) -> None:
    """Refuse as second person: the request is withdrawn.

    Raises:
        As `confirm`; NoteMissing: why has to be said. InvalidText: it is too long.
    """
    ensure_may(actor, Permission.DESK_CONFIRM)
    words = clean_block(note, REMARK_LIMIT)
    locked = LockedRequest.by_reference(session, reference, notifier=notifier, now=now)
    row = _waiting(locked)
    if not words:
        raise NoteMissing
    second_person.ensure_second(
        session, actor, first_id=row.clerk_id, patron=locked.patron, now=now
    )
    row.second_id, row.second_label, row.declined_at = actor.id, actor.label, now
    session.add(row)
    session.flush()
    locked.note(Action.DESK_DECLINED, actor.as_actor(), Channel.DESK, values={"note": words})
    locked.withdraw(Cause.STAFF, actor=actor.as_actor(), channel=Channel.DESK)
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
    reminders.plan_reminder(locked)


def _needs_yes(locked: LockedRequest, change: FieldChangeRow) -> bool:
    """Whether a mailbox has to say yes besides the two who vouch."""
    return any(review.is_binding for review in locked.counting(change))


def _waiting(locked: LockedRequest) -> DeskConfirmationRow:
    """The identification that waits for its second person."""
    query = select(DeskConfirmationRow).where(
        DeskConfirmationRow.request_id == locked.request.id,
        DeskConfirmationRow.kind == DeskKind.IDENTITY,
        col(DeskConfirmationRow.confirmed_at).is_(None),
        col(DeskConfirmationRow.declined_at).is_(None),
    )
    row = locked.session.exec(query).first()
    if row is None or locked.request.state is not RequestState.HELD:
        raise NothingWaits
    return row
