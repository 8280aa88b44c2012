"""What staff do about a request among themselves: who answers for it, and comments on it.

No patron hears of either: no mail, no page, no receipt.
"""

from __future__ import annotations

from upstage_crm.audit.events import Action
from upstage_crm.change_requests.lifecycle.locked_request import LockedRequest
from upstage_crm.change_requests.limits import alerts
from upstage_crm.change_requests.model.errors import NotAKeeper, NoteMissing, RequestEnded
from upstage_crm.change_requests.model.tables import RequestCommentRow
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.change_requests.reads import second_person
from upstage_crm.core.ids import new_id
from upstage_crm.core.text import REMARK_LIMIT, clean_block
from upstage_crm.staff import accounts
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may, may


def assign(context: StaffContext[Notifier], *, reference: str, to_id: str) -> bool:
    """Let a member, who may be the actor, answer for an open request from now on.

    That member hears of the outcome, and the request may be applied while the member may propose.
    Who proposed it stays as it was: the second of two people is still second to the proposer.
    Returns whether it is another member than before.

    Raises:
        Forbidden, UnknownRequest; OwnRecord: it is about the actor's own record.
        AlertOpen: an alert about the actor is open.
        RequestEnded: it is over already.
        NotAKeeper: the member is disabled, may not propose, or is the patron.
    """
    session, actor = context.session, context.actor
    ensure_may(actor, Permission.PROPOSE_CHANGE)
    alerts.ensure_none(session, actor.id)
    alerts.lock_member(session, to_id)  # an offboarding either sees the request, or comes first
    locked = LockedRequest.by_reference(context, reference)
    second_person.ensure_not_own(actor, locked.patron)
    request = locked.request
    if not request.state.is_open:
        raise RequestEnded(state=request.state)
    keeper = accounts.find_active(session, to_id)
    if keeper is None or not may(keeper, Permission.PROPOSE_CHANGE):
        raise NotAKeeper
    if keeper.email_key == locked.patron.email_key:
        raise NotAKeeper
    before = request.answerable_id
    if before == to_id:
        return False
    request.keeper_id = to_id
    locked.note(
        Action.REQUEST_HANDED_OVER,
        actor.as_actor(),
        context.channel,
        facts={"reference": request.reference, "from": before, "to": to_id},
    )
    locked.record()
    return True


def comment(context: StaffContext[Notifier], *, reference: str, text: str) -> None:
    """Tell colleagues something about a request, open or ended.

    Raises:
        Forbidden, UnknownRequest; OwnRecord: it is about the actor's own record.
        NoteMissing: there are no words. InvalidText: they are too long.
    """
    ensure_may(context.actor, Permission.EDIT_PATRON)
    words = clean_block(text, REMARK_LIMIT)
    if not words:
        raise NoteMissing
    locked = LockedRequest.by_reference(context, reference)
    second_person.ensure_not_own(context.actor, locked.patron)
    row = RequestCommentRow(
        id=new_id(context.now),
        request_id=locked.request.id,
        author_id=context.actor.id,
        text=words,
        created_at=context.now,
    )
    context.session.add(row)
    context.session.flush()
    locked.note(
        Action.REQUEST_COMMENTED,
        context.actor.as_actor(),
        context.channel,
        facts={"reference": locked.request.reference, "comment": row.id},
    )
    locked.record()
