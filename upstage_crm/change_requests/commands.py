"""What people and time do to change requests.

Every command takes a session inside `Database.transaction()` and `now`; it never commits, sends
or reads the clock. It locks the patron, then the request, then checks, then writes; the trail's
head comes last. Whatever it refuses, it refuses before it has changed anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, select

from upstage_crm.audit import trail
from upstage_crm.audit.events import (
    Action,
    Channel,
)
from upstage_crm.audit.trail import canonical
from upstage_crm.change_requests import queries, settling
from upstage_crm.change_requests.errors import (
    RequestEnded,
    ResendLimit,
    ResendTooSoon,
    UnknownRequest,
)
from upstage_crm.change_requests.mails import Mailroom
from upstage_crm.change_requests.policy import resend_wait
from upstage_crm.change_requests.proposing import ParsedChange, check, clean_reason
from upstage_crm.change_requests.rules import (
    Cause,
    FieldOutcome,
    ReasonCode,
    RequestState,
)
from upstage_crm.change_requests.settling import Case
from upstage_crm.change_requests.tables import (
    ChangeRequestRow,
    FieldChangeRow,
    ReviewRow,
)
from upstage_crm.core.ids import new_id, new_reference
from upstage_crm.links.claims import Reviewer
from upstage_crm.patrons import queries as patron_queries
from upstage_crm.patrons.fields import Context
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.staff.roles import Permission, StaffMember, ensure_may

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """What became of a proposal. `is_new` is False when the same one was pending already."""

    request_id: str
    reference: str
    is_new: bool


def propose(
    session: Session,
    *,
    actor: StaffMember,
    patron_id: str,
    changes: Mapping[str, Mapping[str, str]],
    reason_code: ReasonCode,
    reason_text: str,
    context: Context,
    mailroom: Mailroom,
    now: datetime,
    override: bool = False,
    channel: Channel = Channel.CRM,
) -> Proposed:
    """Propose new values for protected fields: rows, mails and trail, nothing of the patron's.

    `changes` maps field keys to inputs by column. An open proposal for a field is superseded;
    the same values proposed again are the same request. `override` skips the 30-day rests.

    Raises:
        UnknownPatron, and all that `proposing.check` and `clean_reason` raise.
    """
    words = clean_reason(reason_code, reason_text)
    patron = patron_queries.lock(session, patron_id)
    parsed = check(
        session,
        actor=actor,
        patron=patron,
        changes=changes,
        context=context,
        policy=mailroom.policy,
        override=override,
        now=now,
    )
    wanted = {change.field.key: change.key for change in parsed}
    standing = settling.same_open_request(session, patron_id=patron_id, wanted=wanted, now=now)
    if standing is not None:
        return Proposed(request_id=standing.id, reference=standing.reference, is_new=False)
    events = settling.supersede(
        session,
        patron=patron,
        field_keys=list(wanted),
        actor=actor.as_actor(),
        channel=channel,
        mailroom=mailroom,
        now=now,
    )
    request = ChangeRequestRow(
        id=new_id(now),
        reference=_free_reference(session),
        patron_id=patron_id,
        state=RequestState.PENDING,
        reason_code=reason_code,
        reason_text=words,
        proposer_id=actor.id,
        proposer_label=actor.label,
        created_at=now,
        expires_at=now + mailroom.policy.link_life,
        last_sent_at=now,
    )
    session.add(request)
    session.flush()
    _add_changes(session, request, patron, parsed)
    case = Case.opened(session, patron=patron, request=request, mailroom=mailroom, now=now)
    mailroom.ask(session, case.matter(), now=now)
    values: dict[str, str | None] = {"reason": words} if words else {}
    for change in case.changes:
        values |= settling.old_and_new(change)
    facts: dict[str, str | int | bool | None] = {
        "fields": ", ".join(wanted),
        "reason": reason_code.value,
        "override": override,
    }
    case.note(Action.REQUEST_PROPOSED, actor.as_actor(), channel, facts=facts, values=values)
    trail.record(session, [*events, *case.events], now=now)
    return Proposed(request_id=request.id, reference=request.reference, is_new=True)


def withdraw(
    session: Session,
    *,
    actor: StaffMember,
    reference: str,
    mailroom: Mailroom,
    now: datetime,
    channel: Channel = Channel.CRM,
) -> None:
    """Withdraw an open request; everybody who was mailed about it is told.

    Raises:
        Forbidden, UnknownRequest; RequestEnded: it is over already; carries its state.
    """
    ensure_may(actor, Permission.WITHDRAW_REQUEST)
    case = _open_by_reference(session, reference, mailroom, now)
    if not case.request.state.is_open:
        raise RequestEnded(state=case.request.state)
    case.withdraw(Cause.STAFF, actor=actor.as_actor(), channel=channel)
    case.record()


def resend(
    session: Session, *, actor: StaffMember, reference: str, mailroom: Mailroom, now: datetime
) -> None:
    """Send the decision mails again, with a new link; the old link dies.

    Raises:
        Forbidden, UnknownRequest; RequestEnded: it is over already.
        ResendTooSoon: within five minutes of the last mail; carries the `seconds` to wait.
        ResendLimit: three in the last 24 hours.
    """
    ensure_may(actor, Permission.RESEND_REQUEST)
    case = _open_by_reference(session, reference, mailroom, now)
    request, policy = case.request, mailroom.policy
    if request.state is not RequestState.PENDING or now >= request.expires_at:
        raise RequestEnded(state=request.state)
    wait = resend_wait(policy, last_sent_at=request.last_sent_at, now=now)
    if wait > timedelta():
        raise ResendTooSoon(seconds=int(wait.total_seconds()) + 1)
    if _resent_since(session, request.id, now - _DAY) >= policy.resend_limit_per_day:
        raise ResendLimit(limit=policy.resend_limit_per_day)
    request.link_version += 1
    request.last_sent_at = now
    request.sent_count += 1
    session.add(request)
    session.flush()
    settling.cancel_asking(session, request_id=request.id, now=now)
    mailroom.ask(session, case.matter(case.open_changes), now=now)
    case.note(
        Action.REQUEST_RESENT,
        actor.as_actor(),
        Channel.CRM,
        facts={"version": request.link_version},
    )
    case.record()


def expire(session: Session, *, request_id: str, mailroom: Mailroom, now: datetime) -> bool:
    """Let a request whose time is up lapse; False when there is nothing to do (any more)."""
    patron = patron_queries.lock(session, queries.patron_of(session, request_id))
    request = queries.lock(session, request_id)
    if request.state is not RequestState.PENDING or now < request.expires_at:
        return False
    case = Case.opened(session, patron=patron, request=request, mailroom=mailroom, now=now)
    case.lapse()
    case.record()
    return True


def _open_by_reference(session: Session, reference: str, mailroom: Mailroom, now: datetime) -> Case:
    query = select(ChangeRequestRow.id, ChangeRequestRow.patron_id).where(
        ChangeRequestRow.reference == reference
    )
    found = session.exec(query).first()
    if found is None:
        raise UnknownRequest
    request_id, patron_id = found
    patron = patron_queries.lock(session, patron_id)
    request = queries.lock(session, request_id)
    return Case.opened(session, patron=patron, request=request, mailroom=mailroom, now=now)


def _add_changes(
    session: Session,
    request: ChangeRequestRow,
    patron: PatronRow,
    parsed: tuple[ParsedChange, ...],
) -> None:
    for change in parsed:
        row = FieldChangeRow(
            id=new_id(request.created_at),
            request_id=request.id,
            patron_id=patron.id,
            field=change.field.key,
            current_value=canonical(dict(change.current)),
            proposed_value=canonical(dict(change.proposed)),
            proposed_key=change.key,
            outcome=FieldOutcome.PENDING,
        )
        session.add(row)
        session.flush()
        for reviewer in change.asked:
            mailbox = (
                change.proposed[change.field.mailbox_column]
                if reviewer is Reviewer.PROPOSED and change.field.mailbox_column
                else patron.email
            )
            session.add(
                ReviewRow(
                    id=new_id(request.created_at),
                    field_change_id=row.id,
                    request_id=request.id,
                    reviewer=reviewer,
                    mailbox=mailbox or "",
                )
            )
    session.flush()


def _free_reference(session: Session) -> str:
    while True:
        reference = new_reference()
        query = select(ChangeRequestRow.id).where(ChangeRequestRow.reference == reference)
        if session.exec(query).first() is None:
            return reference


def _resent_since(session: Session, request_id: str, since: datetime) -> int:
    lines = trail.timeline(session, request_id=request_id, action=Action.REQUEST_RESENT)
    return sum(line.at > since for line in lines)
