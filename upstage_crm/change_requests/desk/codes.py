"""Short codes: a patron without a link types one, or reads it out to the desk.

A wrong code counts against the request, whoever typed it and wherever. So a refusal is an answer
here, not an error: the count must be kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session, col, select

from upstage_crm.audit.events import OUTSIDER, Action, Actor, Channel
from upstage_crm.audit.trail import canonical
from upstage_crm.change_requests.decisions import decide
from upstage_crm.change_requests.lifecycle.locked_request import LockedRequest
from upstage_crm.change_requests.model.errors import (
    AlreadyWaiting,
    NoteMissing,
    NothingProposed,
    NothingWaits,
    RequestEnded,
    UnknownRequest,
)
from upstage_crm.change_requests.model.rules import (
    Decision,
    DeskKind,
    DeskMethod,
    RequestState,
    ReviewChannel,
)
from upstage_crm.change_requests.model.tables import DeskConfirmationRow
from upstage_crm.change_requests.notifications import link_codes
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.change_requests.reads import second_person
from upstage_crm.core.ids import new_id, parse_reference
from upstage_crm.core.text import REMARK_LIMIT, clean_block
from upstage_crm.links.claims import LinkClaims
from upstage_crm.staff.roles import Permission, StaffMember, ensure_may

_SAID = frozenset({Decision.APPROVE.value, Decision.REJECT.value})


def redeem(
    session: Session, *, reference: str, code: str, notifier: Notifier, now: datetime
) -> LinkClaims | None:
    """The link that a typed reference and code stand for; it decides nothing by itself.

    None when they do not fit, when the tries are used up, or when there is no such request: one
    answer for every cause. Commit either way: a wrong try is counted.
    """
    try:
        found = parse_reference(reference)
        locked = LockedRequest.by_reference(session, found, notifier=notifier, now=now)
    except UnknownRequest:
        return None
    claims = _matched(locked, code, actor=OUTSIDER, channel=Channel.PATRON_PAGE)
    locked.record()
    return claims


def read_out(
    session: Session,
    *,
    actor: StaffMember,
    reference: str,
    code: str,
    answers: Mapping[str, Decision],
    note: str,
    notifier: Notifier,
    now: datetime,
) -> bool:
    """A patron reads a code out to a clerk and says what to answer; a second member must confirm.

    `answers` gives each field, by id, approve or reject. False when the code does not fit; commit
    all the same, because the try is counted.

    Raises:
        Forbidden, UnknownRequest, RequestEnded; OwnRecord: it is the actor's own record.
        NothingProposed: no answer was given. AlreadyWaiting: another one waits.
        InvalidText: the note is too long.
    """
    ensure_may(actor, Permission.DESK_IDENTIFY)
    words = clean_block(note, REMARK_LIMIT)
    locked = LockedRequest.by_reference(session, reference, notifier=notifier, now=now)
    second_person.ensure_not_own(actor, locked.patron)
    state = locked.request.state
    is_over = state is RequestState.PENDING and now >= locked.request.expires_at
    if is_over or state not in (RequestState.PENDING, RequestState.WAITING):
        raise RequestEnded(state=state)
    open_ids = {change.id for change in locked.open_changes}
    given = {key: answer.value for key, answer in answers.items() if key in open_ids}
    if not given or not _SAID.issuperset(given.values()):
        raise NothingProposed
    if _waiting(locked) is not None:
        raise AlreadyWaiting
    claims = _matched(locked, code, actor=actor.as_actor(), channel=Channel.DESK)
    if claims is not None:
        row = DeskConfirmationRow(
            id=new_id(now),
            request_id=locked.request.id,
            kind=DeskKind.CODE,
            method=DeskMethod.CODE,
            reviewer=claims.reviewer,
            note=words,
            answers=canonical({"version": claims.version, "fields": given}),
            clerk_id=actor.id,
            clerk_label=actor.label,
            created_at=now,
        )
        session.add(row)
        session.flush()
    locked.record()
    return claims is not None


def confirm(
    session: Session, *, actor: StaffMember, reference: str, notifier: Notifier, now: datetime
) -> RequestState:
    """Confirm as second person what was read out: it counts as the patron's answer, now.

    Raises:
        Forbidden, UnknownRequest; NothingWaits: nothing waits for a second person.
        All that `second_person.ensure_second` raises.
        LinkOutdated, LinkExpired, RequestEnded: the request has moved on since.
    """
    ensure_may(actor, Permission.DESK_CONFIRM)
    locked, row = _second(session, actor, reference, notifier, now)
    assert row.reviewer is not None, "a code that was read out is some reviewer's"
    said = json.loads(row.answers)
    claims = link_codes.claims(
        session,
        request_id=locked.request.id,
        reviewer=row.reviewer,
        version=said["version"],
    )
    row.second_id, row.second_label, row.confirmed_at = actor.id, actor.label, now
    session.add(row)
    session.flush()
    answers = {key: Decision(value) for key, value in said["fields"].items()}
    return decide.decide(
        session,
        claims=claims,
        decision=next(iter(answers.values())),
        answers=answers,
        channel=ReviewChannel.DESK,
        notifier=notifier,
        vouched={"clerk": row.clerk_id, "second": actor.id},
        now=now,
    )


def decline(
    session: Session,
    *,
    actor: StaffMember,
    reference: str,
    note: str,
    notifier: Notifier,
    now: datetime,
) -> None:
    """Refuse as second person: what was read out does not count, and the request goes on.

    Raises:
        As `confirm`; NoteMissing: why has to be said. InvalidText: it is too long.
    """
    ensure_may(actor, Permission.DESK_CONFIRM)
    words = clean_block(note, REMARK_LIMIT)
    locked, row = _second(session, actor, reference, notifier, now)
    if not words:
        raise NoteMissing
    row.second_id, row.second_label, row.declined_at = actor.id, actor.label, now
    session.add(row)
    session.flush()
    locked.note(Action.DESK_DECLINED, actor.as_actor(), Channel.DESK, values={"note": words})
    locked.record()


def _matched(
    locked: LockedRequest, code: str, *, actor: Actor, channel: Channel
) -> LinkClaims | None:
    """The link whose code was typed, if there are tries left; a wrong one is counted."""
    request = locked.request
    if not request.state.is_open or request.code_tries >= locked.policy.code_tries:
        return None
    claims = link_codes.match(
        locked.session,
        request_id=request.id,
        typed=code,
        codec=locked.notifier.codec,
    )
    if claims is None:
        request.code_tries += 1
        locked.session.add(request)
        locked.session.flush()
        locked.note(Action.CODE_REFUSED, actor, channel, facts={"tries": request.code_tries})
    else:
        locked.note(Action.CODE_ACCEPTED, actor, channel, facts={"reviewer": claims.reviewer.value})
    return claims


def _second(
    session: Session, actor: StaffMember, reference: str, notifier: Notifier, now: datetime
) -> tuple[LockedRequest, DeskConfirmationRow]:
    locked = LockedRequest.by_reference(session, reference, notifier=notifier, now=now)
    row = _waiting(locked)
    if row is None:
        raise NothingWaits
    second_person.ensure_second(
        session, actor, first_id=row.clerk_id, patron=locked.patron, now=now
    )
    return locked, row


def _waiting(locked: LockedRequest) -> DeskConfirmationRow | None:
    query = select(DeskConfirmationRow).where(
        DeskConfirmationRow.request_id == locked.request.id,
        DeskConfirmationRow.kind == DeskKind.CODE,
        col(DeskConfirmationRow.confirmed_at).is_(None),
        col(DeskConfirmationRow.declined_at).is_(None),
    )
    return locked.session.exec(query).first()
