"""Writes a new request: the rows that propose and desk proposals share. Mails are not its business.

The patron is locked and everything has been checked before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

from upstage_crm.audit import trail
from upstage_crm.audit.events import Channel
from upstage_crm.audit.trail import canonical
from upstage_crm.change_requests.lifecycle import locked_request, supersede
from upstage_crm.change_requests.lifecycle.checks import ParsedChange
from upstage_crm.change_requests.lifecycle.locked_request import LockedRequest
from upstage_crm.change_requests.lifecycle.supersede import Superseded
from upstage_crm.change_requests.model.policy import (
    Policy,
    to_json,
)
from upstage_crm.change_requests.model.rules import (
    ChangeKind,
    FieldOutcome,
    HeldFor,
    ReasonCode,
    RequestPath,
    RequestState,
)
from upstage_crm.change_requests.model.tables import (
    ChangeRequestRow,
    FieldChangeRow,
    ReviewRow,
)
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.core.ids import new_id, new_reference
from upstage_crm.links.claims import Reviewer
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.staff.roles import StaffMember


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a new request says besides its fields; `reason_text` is cleaned already."""

    reason_code: ReasonCode
    reason_text: str
    held_for: HeldFor | None = None
    path: RequestPath = RequestPath.LINK


def start(
    session: Session,
    *,
    actor: StaffMember,
    patron: PatronRow,
    parsed: Sequence[ParsedChange],
    draft: Draft,
    policy: Policy,
    notifier: Notifier,
    channel: Channel,
    now: datetime,
) -> tuple[LockedRequest, list[Superseded]]:
    """Write a request with its field changes and reviews; return it and what it superseded."""
    replaced = supersede.supersede(
        session,
        patron=patron,
        field_keys=[change.field.key for change in parsed],
        actor=actor.as_actor(),
        channel=channel,
        notifier=notifier,
        now=now,
    )
    expires_at = now + policy.link_life
    request = ChangeRequestRow(
        id=new_id(now),
        reference=_free_reference(session),
        patron_id=patron.id,
        state=RequestState.HELD if draft.held_for else RequestState.PENDING,
        reason_code=draft.reason_code,
        reason_text=draft.reason_text,
        proposer_id=actor.id,
        proposer_label=actor.label,
        created_at=now,
        expires_at=expires_at,
        last_sent_at=now,
        policy=to_json(policy),
        path=draft.path,
        held_for=draft.held_for,
    )
    session.add(request)
    session.flush()
    _add_changes(session, request, patron, parsed)
    locked = LockedRequest.opened(
        session, patron=patron, request=request, notifier=notifier, now=now
    )
    return locked, replaced


def proposed_values(locked: LockedRequest) -> dict[str, str | None]:
    """The personal values of a new request, named as the trail names them."""
    words = locked.request.reason_text
    values: dict[str, str | None] = {"reason": words} if words else {}
    for change in locked.changes:
        values |= locked_request.old_and_new(change)
    return values


def record(locked: LockedRequest, replaced: Sequence[Superseded]) -> None:
    """Write the events of a new request and of those it superseded, in one go."""
    events = [event for old in replaced for event in old.locked.events]
    trail.record(locked.session, [*events, *locked.events], now=locked.now)


def _add_changes(
    session: Session,
    request: ChangeRequestRow,
    patron: PatronRow,
    parsed: Sequence[ParsedChange],
) -> None:
    is_desk = request.path is RequestPath.DESK
    for change in parsed:
        row = FieldChangeRow(
            id=new_id(request.created_at),
            request_id=request.id,
            patron_id=patron.id,
            field=change.field.key,
            current_value=canonical(dict(change.current)),
            proposed_value=canonical(dict(change.proposed)),
            proposed_key=change.key,
            kind=ChangeKind.DESK if is_desk else ChangeKind.CHANGE,
            outcome=FieldOutcome.HELD if request.held_for else FieldOutcome.PENDING,
        )
        session.add(row)
        session.flush()
        for reviewer in change.plan.asked:
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
                    is_binding=reviewer in change.plan.binding,
                )
            )
    session.flush()


def _free_reference(session: Session) -> str:
    while True:
        reference = new_reference()
        query = select(ChangeRequestRow.id).where(ChangeRequestRow.reference == reference)
        if session.exec(query).first() is None:
            return reference
