"""The second of two members at the desk: confirms or refuses what the first one recorded."""

from __future__ import annotations

from sqlmodel import Session, col, select

from upstage_crm.audit.events import Action, Channel
from upstage_crm.change_requests.lifecycle.locked_request import LockedRequest
from upstage_crm.change_requests.model.errors import NoteMissing, NothingWaits
from upstage_crm.change_requests.model.rules import DeskKind, RequestState
from upstage_crm.change_requests.model.tables import DeskConfirmationRow
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.change_requests.reads import second_person
from upstage_crm.core.text import REMARK_LIMIT, clean_block
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may


def take(
    context: StaffContext[Notifier], *, reference: str, kind: DeskKind
) -> tuple[LockedRequest, DeskConfirmationRow]:
    """Lock a request, and what of this kind waits for its second member; the actor may be that one.

    Raises:
        Forbidden, UnknownRequest; NothingWaits: nothing waits for a second person.
        All that `second_person.ensure_second` raises.
    """
    ensure_may(context.actor, Permission.DESK_CONFIRM)
    locked = LockedRequest.by_reference(context, reference)
    row = find_waiting(context.session, locked.request.id, kind)
    # An identification waits while its request is held; an answer, as long as it is open.
    is_over = kind is DeskKind.IDENTITY and locked.request.state is not RequestState.HELD
    if row is None or is_over:
        raise NothingWaits
    second_person.ensure_second(context, first_id=row.clerk_id, patron=locked.patron)
    return locked, row


def find_waiting(session: Session, request_id: str, kind: DeskKind) -> DeskConfirmationRow | None:
    """What the first member recorded, and no second one has confirmed or refused yet."""
    query = select(DeskConfirmationRow).where(
        DeskConfirmationRow.request_id == request_id,
        DeskConfirmationRow.kind == kind,
        col(DeskConfirmationRow.confirmed_at).is_(None),
        col(DeskConfirmationRow.declined_at).is_(None),
    )
    return session.exec(query).first()


def confirm(context: StaffContext[Notifier], row: DeskConfirmationRow) -> None:
    """Write that the actor confirmed what the first member recorded."""
    row.second_id, row.second_label = context.actor.id, context.actor.label
    row.confirmed_at = context.now
    context.session.add(row)
    context.session.flush()


def decline(
    context: StaffContext[Notifier], *, reference: str, note: str, kind: DeskKind
) -> LockedRequest:
    """Refuse what the first member recorded; the caller records the event.

    Raises:
        As `take`; NoteMissing: why has to be said. InvalidText: it is too long.
    """
    words = clean_block(note, REMARK_LIMIT)
    locked, row = take(context, reference=reference, kind=kind)
    if not words:
        raise NoteMissing
    row.second_id, row.second_label = context.actor.id, context.actor.label
    row.declined_at = context.now
    context.session.add(row)
    context.session.flush()
    who, values = context.actor.as_actor(), {"note": words}
    locked.note(Action.DESK_DECLINED, who, Channel.DESK, values=values)
    return locked
