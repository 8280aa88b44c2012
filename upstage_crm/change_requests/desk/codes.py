"""Short codes: a patron without a link types one, or reads it out to the desk.

A wrong code counts against the request, wherever it was typed. So a refusal is an answer
here, not an error: the count must be kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from upstage_crm.audit.events import OUTSIDER, Action, Actor, Channel
from upstage_crm.audit.trail import canonical
from upstage_crm.change_requests.decisions import decide
from upstage_crm.change_requests.desk import second_step
from upstage_crm.change_requests.lifecycle.locked_request import LockedRequest
from upstage_crm.change_requests.model.errors import (
    AlreadyWaiting,
    NothingProposed,
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
from upstage_crm.staff.command_context import CommandContext, StaffContext
from upstage_crm.staff.roles import Permission, ensure_may

_SAID = frozenset({Decision.APPROVE.value, Decision.REJECT.value})


def redeem(context: CommandContext[Notifier], *, reference: str, code: str) -> LinkClaims | None:
    """The link that a typed reference and code stand for; it decides nothing by itself.

    None when they do not fit, when the tries are used up, or when there is no such request: one
    answer for every cause. Commit either way: a wrong try is counted.
    """
    try:
        stored = parse_reference(reference)
        locked = LockedRequest.by_reference(context, stored)
    except UnknownRequest:
        return None
    claims = _matched(locked, code, actor=OUTSIDER, channel=Channel.PATRON_PAGE)
    locked.record()
    return claims


def read_out(
    context: StaffContext[Notifier],
    *,
    reference: str,
    code: str,
    answers: Mapping[str, Decision],
    note: str,
) -> bool:
    """A patron reads a code out to a clerk and says what to answer; a second member must confirm.

    `answers` gives each field, by id, approve or reject. False when the code does not fit; commit
    all the same, because the try is counted.

    Raises:
        Forbidden, UnknownRequest, RequestEnded; OwnRecord: it is the actor's own record.
        NothingProposed: no answer was given. AlreadyWaiting: another one waits.
        InvalidText: the note is too long.
    """
    session, actor, now = context.session, context.actor, context.now
    ensure_may(actor, Permission.DESK_IDENTIFY)
    words = clean_block(note, REMARK_LIMIT)
    locked = LockedRequest.by_reference(context, reference)
    second_person.ensure_not_own(actor, locked.patron)
    state = locked.request.state
    is_over = state is RequestState.PENDING and now >= locked.request.expires_at
    if is_over or state not in (RequestState.PENDING, RequestState.WAITING):
        raise RequestEnded(state=state)
    open_ids = {change.id for change in locked.open_changes}
    by_field = {key: answer.value for key, answer in answers.items() if key in open_ids}
    if not by_field or not _SAID.issuperset(by_field.values()):
        raise NothingProposed
    if second_step.find_waiting(session, locked.request.id, DeskKind.CODE) is not None:
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
            answers=canonical({"version": claims.version, "fields": by_field}),
            clerk_id=actor.id,
            clerk_label=actor.label,
            created_at=now,
        )
        session.add(row)
        session.flush()
    locked.record()
    return claims is not None


def confirm(context: StaffContext[Notifier], *, reference: str) -> RequestState:
    """Confirm as second person what was read out: it counts as the patron's answer, now.

    Raises:
        All that `second_step.take` raises.
        LinkOutdated, LinkExpired, RequestEnded: the request has moved on since.
    """
    locked, row = second_step.take(context, reference=reference, kind=DeskKind.CODE)
    assert row.reviewer is not None, "a code that was read out is some reviewer's"
    answered = json.loads(row.answers)
    claims = link_codes.claims(
        context.session,
        request_id=locked.request.id,
        reviewer=row.reviewer,
        version=answered["version"],
    )
    second_step.confirm(context, row)
    answers = {key: Decision(value) for key, value in answered["fields"].items()}
    return decide.decide(
        context,
        claims=claims,
        decision=next(iter(answers.values())),
        answers=answers,
        channel=ReviewChannel.DESK,
        vouched={"clerk": row.clerk_id, "second": context.actor.id},
    )


def decline(context: StaffContext[Notifier], *, reference: str, note: str) -> None:
    """Refuse as second person: what was read out does not count, and the request goes on.

    Raises:
        As `second_step.decline`.
    """
    locked = second_step.decline(context, reference=reference, note=note, kind=DeskKind.CODE)
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
