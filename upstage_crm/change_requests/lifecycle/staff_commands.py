"""What staff do to change requests: propose, release, withdraw, send again.

Every command takes a session inside `Database.transaction()` and `now`; it never commits, sends
or reads the clock. It locks the patron, then the request, then checks, then writes; the trail's
head comes last. Whatever it refuses, it refuses before it has changed anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import (
    Action,
    Channel,
)
from upstage_crm.change_requests.lifecycle import (
    create,
    held_requests,
    locked_request,
    notices,
)
from upstage_crm.change_requests.lifecycle.checks import (
    check,
    clean_reason,
    needs_second,
)
from upstage_crm.change_requests.lifecycle.create import (
    Draft,
    Proposer,
    proposed_values,
    start,
)
from upstage_crm.change_requests.lifecycle.locked_request import LockedRequest
from upstage_crm.change_requests.limits import alerts, proposal_limits
from upstage_crm.change_requests.model import policy_store
from upstage_crm.change_requests.model.errors import (
    NothingWaits,
    RequestEnded,
    ResendLimit,
    ResendTooSoon,
)
from upstage_crm.change_requests.model.policy import resend_wait
from upstage_crm.change_requests.model.rules import (
    Cause,
    DeskKind,
    DeskMethod,
    HeldFor,
    ReasonCode,
    RequestPath,
    RequestState,
)
from upstage_crm.change_requests.model.tables import ChangeRequestRow, DeskConfirmationRow
from upstage_crm.change_requests.notifications.notifier import (
    BOTH,
    Notifier,
)
from upstage_crm.change_requests.reads import second_person
from upstage_crm.core.ids import new_id
from upstage_crm.links.claims import Reviewer
from upstage_crm.patrons.fields import Context
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may, may

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
# Who may let go what is held for a second person, by why it is held.
_RELEASE = {
    HeldFor.SECOND_PERSON: Permission.RELEASE_REQUEST,
    HeldFor.QUARANTINE: Permission.RELEASE_QUARANTINE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """What became of a proposal. `is_new` is False when the same one was pending already.

    `held_for` says what it waits for before a mail is sent, None when it waits for nothing.
    """

    request_id: str
    reference: str
    is_new: bool
    held_for: HeldFor | None = None

    @property
    def is_held(self) -> bool:
        """Whether no one is mailed yet."""
        return self.held_for is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identification:
    """How a clerk at the desk found out who the patron is, and what was seen or asked."""

    method: DeskMethod
    note: str


def propose(
    context: StaffContext[Notifier],
    *,
    patron_id: str,
    changes: Mapping[str, Mapping[str, str]],
    reason_code: ReasonCode,
    reason_text: str,
    parsing: Context,
    override: bool = False,
    ask_both: bool = False,
    identification: Identification | None = None,
) -> Proposed:
    """Propose new values for protected fields: rows, mails and trail, nothing of the patron's.

    `changes` maps field keys to inputs by column. An open proposal for a field is superseded;
    the same values proposed again are the same request. `override` skips the 30-day rests, with
    `ask_both` the current address has to say yes to a new one, too. Where a second person is
    wanted, or a tripwire wants a pause or a manager's look, the request is HELD and no patron is
    mailed; what the desk vouches for by an `identification` always is: see `desk.identify`.
    The caller notes a refusal: `proposal_limits.note_refused`.

    Raises:
        UnknownPatron, and what `proposal_limits.watch`, `checks.check` and `clean_reason` raise.
        HeldCannotReplace: it has to wait, so it cannot take the place of an open request.
        ChangeWaits: an approved change of one of the fields is about to take effect.
    """
    session, actor = context.session, context.actor
    path = RequestPath.LINK if identification is None else RequestPath.DESK
    words = clean_reason(reason_code, reason_text)
    patron = proposal_limits.lock(session, actor=actor, patron_id=patron_id)
    policy = policy_store.for_proposal(session, now=context.now)
    counted = proposal_limits.watch(
        context, patron=patron, changes=changes, policy=policy, path=path
    )
    parsed = check(
        context,
        patron=patron,
        changes=changes,
        parsing=parsing,
        policy=policy,
        override=override,
        ask_both=ask_both,
        path=path,
    )
    proposed = {change.field.key: change.proposed for change in parsed}
    if identification is None:
        same = create.same_open_request(
            session, patron_id=patron_id, wanted=proposed, now=context.now
        )
        if same is not None:
            counted.note(is_repeated=True)
            return Proposed(request_id=same.id, reference=same.reference, is_new=False)
    counted.ensure_takes_no_place()
    held_for = HeldFor.DESK
    if identification is None:
        is_second_needed = needs_second(policy, patron, parsed)
        held_for = proposal_limits.held_for(counted.ruling.verdict, needs_second=is_second_needed)
    draft = Draft(reason_code=reason_code, reason_text=words, held_for=held_for, path=path)
    by = Proposer(id=actor.id, label=actor.label, actor=actor.as_actor(), channel=context.channel)
    locked, replaced = start(
        context, by=by, patron=patron, parsed=parsed, draft=draft, policy=policy
    )
    asked: list[str | None] = []
    if held_for is None:
        locked.ask()
        locked.plan_reminder()
        asked = [locked.matter().address_of(who) for who in BOTH]
    create.say_goodbye(replaced, besides=asked)
    facts: dict[str, str | bool] = {"fields": ", ".join(proposed), "reason": reason_code.value}
    if identification is None:
        facts |= {"override": override, "held": held_for is not None}
    locked.note(
        Action.REQUEST_PROPOSED,
        by.actor,
        by.channel,
        facts=dict(facts),
        values=proposed_values(locked),
    )
    if identification is not None:
        _note_identified(context, locked, identification)
    before = [event for old in replaced for event in old.locked.events]
    trail.record(session, [*before, *locked.events, *counted.note()], now=context.now)
    return Proposed(
        request_id=locked.request.id,
        reference=locked.request.reference,
        is_new=True,
        held_for=held_for,
    )


def _note_identified(
    context: StaffContext[Notifier], locked: LockedRequest, identification: Identification
) -> None:
    """Remember how a clerk found out who the patron is; a second member has to confirm it."""
    actor = context.actor
    row = DeskConfirmationRow(
        id=new_id(context.now),
        request_id=locked.request.id,
        kind=DeskKind.IDENTITY,
        method=identification.method,
        note=identification.note,
        clerk_id=actor.id,
        clerk_label=actor.label,
        created_at=context.now,
    )
    context.session.add(row)
    context.session.flush()
    locked.note(
        Action.DESK_IDENTIFIED,
        actor.as_actor(),
        context.channel,
        facts={"method": identification.method.value},
        values={"note": identification.note},
    )


def release(context: StaffContext[Notifier], *, reference: str) -> RequestState:
    """Let a request that waited for a second person go to the patron; its clock starts now.

    What is in quarantine goes the same way. Returns the request's state afterwards, which is
    WITHDRAWN when it can no longer be true.

    Raises:
        Forbidden, UnknownRequest; all that `second_person.ensure_second` raises.
        NothingWaits: it does not wait for a second person (any more).
        NoMailbox: no mailbox that would be asked works any more.
    """
    actor = context.actor
    if not any(may(actor, permission) for permission in _RELEASE.values()):
        ensure_may(actor, Permission.RELEASE_REQUEST)
    locked = LockedRequest.by_reference(context, reference)
    ensure_releasable(context, locked.request, locked.patron)
    held_requests.let_go(locked, released_by=actor)
    locked.record()
    return locked.request.state


def ensure_releasable(
    context: StaffContext[Notifier], request: ChangeRequestRow, patron: PatronRow
) -> None:
    """Raise what `release` raises, unless a request may be released by this member now."""
    permission = _RELEASE.get(request.held_for) if request.held_for else None
    if request.state is not RequestState.HELD or permission is None:
        raise NothingWaits
    ensure_may(context.actor, permission)
    second_person.ensure_second(context, first_id=request.proposer_id, patron=patron)


def withdraw(context: StaffContext[Notifier], *, reference: str) -> None:
    """Withdraw an open request; everybody who was mailed about it is told.

    Raises:
        Forbidden, UnknownRequest; OwnRecord: it is about the actor's own record.
        RequestEnded: it is over already; carries its state.
        AlertOpen: it is a colleague's, and an alert about the actor is open.
    """
    actor = context.actor
    ensure_may(actor, Permission.WITHDRAW_REQUEST)
    locked = LockedRequest.by_reference(context, reference)
    ensure_withdrawable(context, locked.request, locked.patron)
    locked.withdraw(Cause.STAFF, actor=actor.as_actor(), channel=context.channel)
    locked.record()


def resend(context: StaffContext[Notifier], *, reference: str) -> None:
    """Send the decision mails again, with a new link; the old link dies.

    The notice to the current mailbox goes again only when the first one has not arrived.

    Raises:
        Forbidden, UnknownRequest; OwnRecord: it is about the actor's own record.
        RequestEnded: it is over already.
        ResendTooSoon: within five minutes of the last mail; carries the `wait`.
        ResendLimit: three in the last 24 hours.
        NoMailbox: no mailbox that is asked works any more.
        AlertOpen: an alert about the actor is open.
    """
    session, actor, now = context.session, context.actor, context.now
    ensure_may(actor, Permission.RESEND_REQUEST)
    locked = LockedRequest.by_reference(context, reference)
    request = locked.request
    ensure_resendable(context, request, locked.patron)
    held_requests.ensure_reachable(locked)
    notices.refresh(locked)
    locked_request.cancel_asking(session, request_id=request.id, now=now)
    request.last_sent_at = now
    request.sent_count += 1
    locked.ask(locked.undecided, only=_unanswered(locked), again=True)
    locked.note(
        Action.REQUEST_RESENT,
        actor.as_actor(),
        Channel.CRM,
        facts={"version": request.link_version},
    )
    locked.record()


def ensure_withdrawable(
    context: StaffContext[object], request: ChangeRequestRow, patron: PatronRow
) -> None:
    """Let `actor` withdraw this request, as far as its row tells.

    Raises:
        Forbidden, OwnRecord, AlertOpen, RequestEnded: as `withdraw`.
    """
    actor = context.actor
    ensure_may(actor, Permission.WITHDRAW_REQUEST)
    second_person.ensure_not_own(actor, patron)
    if actor.id != request.answerable_id:
        alerts.ensure_none(context.session, actor.id)
    if not request.state.is_open:
        raise RequestEnded(state=request.state)


def ensure_resendable(
    context: StaffContext[object], request: ChangeRequestRow, patron: PatronRow
) -> None:
    """Let `actor` send this request's question again, as far as its row and the trail tell.

    Raises:
        Forbidden, OwnRecord, AlertOpen, RequestEnded, ResendTooSoon, ResendLimit: as `resend`.
    """
    session, actor, now = context.session, context.actor, context.now
    ensure_may(actor, Permission.RESEND_REQUEST)
    alerts.ensure_none(session, actor.id)
    second_person.ensure_not_own(actor, patron)
    if request.state is not RequestState.PENDING or now >= request.expires_at:
        raise RequestEnded(state=request.state)
    policy = policy_store.read(request.policy)
    wait = resend_wait(policy, last_sent_at=request.last_sent_at, now=now)
    if wait > timedelta():
        raise ResendTooSoon(wait=_MINUTE * -(-wait // _MINUTE))
    if _resent_since(session, request.id, now - _DAY) >= policy.resend_limit_per_day:
        raise ResendLimit(limit=policy.resend_limit_per_day)


def _unanswered(locked: LockedRequest) -> list[Reviewer]:
    """Who has to say yes and has not; and the current mailbox if its notice is lost."""
    asked = [
        r for change in locked.undecided for r in locked.counting(change) if r.decision is None
    ]
    state = locked.request.notice_state
    is_lost = state is not None and state.is_stopped
    return [
        who
        for who in Reviewer
        if any(r.reviewer is who and (r.is_binding or is_lost) for r in asked)
    ]


def _resent_since(session: Session, request_id: str, since: datetime) -> int:
    lines = trail.timeline(session, request_id=request_id, action=Action.REQUEST_RESENT)
    return sum(line.at > since for line in lines)
