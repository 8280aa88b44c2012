"""Issues the receipt of a decision: what each kind of decision puts into it.

Called by a command after everything is settled and before the trail is recorded: one receipt for
one decision, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from upstage_crm.audit.events import Actor, ActorKind, Channel
from upstage_crm.change_requests.lifecycle.answer import (
    Answer,
    Evidence,
)
from upstage_crm.change_requests.lifecycle.locked_request import LockedRequest
from upstage_crm.change_requests.model.rules import Decision
from upstage_crm.change_requests.model.tables import FieldChangeRow
from upstage_crm.change_requests.reads import requests
from upstage_crm.core.ids import new_id
from upstage_crm.core.languages import choose
from upstage_crm.mail import delivery_history
from upstage_crm.mail.message import Audience
from upstage_crm.receipts import issuing
from upstage_crm.receipts.facts import (
    AT_THE_DESK,
    BY_DISPLACED,
    BY_STAFF,
    NOT_PUT_BACK,
    Decided,
    DecidedField,
    ReceiptEvent,
    hashed_link,
)
from upstage_crm.staff.names import shown_label


def of_answers(
    locked: LockedRequest, answer: Answer, said: Sequence[tuple[FieldChangeRow, Decision]]
) -> None:
    """A reviewer answered: each field with what was said and what came of it.

    Without a field nothing was decided, so there is no receipt: it came too late to be true.
    """
    if said:
        fields = tuple(_field(change, decision) for change, decision in said)
        _issue(locked, answer, _event({decision for _change, decision in said}), fields)


def of_late_objection(
    locked: LockedRequest,
    answer: Answer,
    *,
    restored: Sequence[FieldChangeRow],
    blocked: Sequence[FieldChangeRow],
) -> None:
    """A reader objected to a change that had been made: what was put back, and what was not."""
    event = ReceiptEvent.REVERTED if restored else ReceiptEvent.OBJECTED
    fields = _put_back(Decision.OBJECT, restored=restored, blocked=blocked)
    _issue(locked, answer, event, fields)


def of_revert(
    locked: LockedRequest,
    actor: Actor,
    *,
    restored: Sequence[FieldChangeRow],
    blocked: Sequence[FieldChangeRow],
) -> None:
    """A change was put back by staff, or with another one that a mailbox objected to."""
    fields = _put_back("revert", restored=restored, blocked=blocked)
    by_staff = actor.kind is ActorKind.STAFF
    _write(
        locked,
        ReceiptEvent.REVERTED,
        fields,
        reviewer=BY_STAFF if by_staff else BY_DISPLACED,
        channel=Channel.CRM,
        actor=actor,
    )


def of_desk(locked: LockedRequest, actor: Actor, *, clerk: str) -> None:
    """The second staff member confirmed who the patron is: the change is made after a while."""
    fields = tuple(_field(change, Decision.APPROVE) for change in locked.open_changes)
    both = replace(actor, label=f"{clerk}; {actor.label}")
    event = ReceiptEvent.CONFIRMED_AT_DESK
    _write(locked, event, fields, reviewer=AT_THE_DESK, channel=Channel.DESK, actor=both)


def _issue(
    locked: LockedRequest, answer: Answer, event: ReceiptEvent, fields: tuple[DecidedField, ...]
) -> None:
    """The receipt of an answer by link: with the wording that was read and the browser's traces."""
    evidence = answer.evidence or Evidence()
    reviewer = answer.reviewer.value
    _write(
        locked,
        event,
        fields,
        reviewer=reviewer,
        channel=answer.door,
        actor=answer.actor,
        notice_hash=delivery_history.wording_hash(
            locked.session, request_id=locked.request.id, audience=Audience(reviewer)
        ),
        link_id=hashed_link(answer.jti),
        ip_prefix=evidence.ip_prefix,
        user_agent=evidence.user_agent,
    )


def _write(
    locked: LockedRequest,
    event: ReceiptEvent,
    fields: tuple[DecidedField, ...],
    *,
    reviewer: str,
    channel: Channel,
    actor: Actor,
    notice_hash: str = "",
    link_id: str = "",
    ip_prefix: str = "",
    user_agent: str = "",
) -> None:
    request = locked.request
    decided = Decided(
        receipt_id=new_id(locked.now),
        request_id=request.id,
        reference=request.reference,
        patron_id=locked.patron.id,
        reviewer=reviewer,
        event=event,
        state=request.state.value,
        channel=channel,
        actor=actor,
        proposer=shown_label(request.proposer_label),
        language=choose(locked.patron.language, locked.organisation.language),
        organisation=locked.organisation,
        reason_code=request.reason_code.value,
        asked_at=request.created_at,
        decided_at=locked.now,
        notice_hash=notice_hash,
        link_id=link_id,
        ip_prefix=ip_prefix,
        user_agent=user_agent,
        fields=fields,
    )
    key = locked.notifier.signer
    locked.events.append(issuing.issue(locked.session, decided=decided, key=key, now=locked.now))


def _event(said: set[Decision]) -> ReceiptEvent:
    if Decision.OBJECT in said:
        return ReceiptEvent.OBJECTED
    if len(said) > 1:
        return ReceiptEvent.PARTLY_APPROVED
    return ReceiptEvent.APPROVED if Decision.APPROVE in said else ReceiptEvent.REJECTED


def _put_back(
    decision: str, *, restored: Sequence[FieldChangeRow], blocked: Sequence[FieldChangeRow]
) -> tuple[DecidedField, ...]:
    """What was put back, the way it went back, and what was not, as it stands."""
    return (
        *(_turned(_field(change, decision)) for change in restored),
        *(replace(_field(change, decision), outcome=NOT_PUT_BACK) for change in blocked),
    )


def _turned(field: DecidedField) -> DecidedField:
    return replace(field, current=field.proposed, proposed=field.current, is_revert=True)


def _field(change: FieldChangeRow, decision: str) -> DecidedField:
    return DecidedField(
        key=change.field,
        decision=str(decision),
        outcome=change.outcome.value,
        current=requests.values(change.current_value),
        proposed=requests.values(change.proposed_value),
    )
