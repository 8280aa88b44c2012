"""Complimentary tickets above what one person may give alone: asked for, and decided by another.

The basket that keeps the seats, the price type and the reason are opaque here. Who may be second,
and what giving them does to the basket, the caller adds in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, AuditEvent
from upstage_crm.core.db import lock_clause, table_of
from upstage_crm.core.ids import new_id
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, Role, StaffMember, ensure_may, may
from upstage_crm.tills.errors import GiftDecided, UnknownGift
from upstage_crm.tills.tables import TillGiftRow
from upstage_crm.tills.views import REASON_LIMIT, GiftState, GiftView

GIVEN_ALONE: Final[Mapping[Role, int]] = {Role.MANAGER: 10}
"""How many tickets of one sale a role may give away alone; a role that is not named, any number
that its permission allows."""

_gift = table_of(TillGiftRow)
_ONE = sa.select(_gift).where(_gift.c.id == sa.bindparam("gift", type_=sa.String))


def may_give_alone(member: StaffMember, tickets: int) -> bool:
    """Whether a member may give so many tickets of one sale away without a second person."""
    most = GIVEN_ALONE.get(member.role)
    return may(member, Permission.GIVE_TICKETS) and (most is None or tickets <= most)


def ask(
    context: StaffContext[object],
    *,
    basket_id: str,
    shift_id: str,
    type_id: str,
    reason: str,
    tickets: int,
    about: str,
) -> str:
    """Ask a second person for complimentary tickets, and return the id of that.

    Raises:
        Forbidden: the actor may not run a till.
    """
    ensure_may(context.actor, Permission.RUN_TILLS)
    gift_id = new_id(context.now)
    row = {
        "id": gift_id,
        "basket_id": basket_id,
        "shift_id": shift_id,
        "type_id": type_id,
        "reason": reason,
        "seats": tickets,
        "about": about[:REASON_LIMIT],
        "asked_by_id": context.actor.id,
        "asked_by": context.actor.label[:120],
        "state": GiftState.ASKED,
        "decided_by_id": None,
        "decided_by": "",
        "created_at": context.now,
        "decided_at": None,
    }
    context.session.connection().execute(sa.insert(_gift).values(**row))
    _record(context, Action.GIFT_ASKED, tickets, reason, about)
    return gift_id


def decide(context: StaffContext[object], *, gift_id: str, is_given: bool) -> GiftView:
    """Give the tickets, or decline to; return what was asked for.

    The database refuses the one who asked. What was decided stays.

    Raises:
        Forbidden: the actor may not give tickets away.
        UnknownGift: there is none with this id.
        GiftDecided: it was decided before. Facts: `by`.
    """
    ensure_may(context.actor, Permission.GIVE_TICKETS)
    connection = context.session.connection()
    found = connection.execute(lock_clause(_ONE), {"gift": gift_id}).one_or_none()
    if found is None:
        raise UnknownGift
    if found.state is not GiftState.ASKED:
        raise GiftDecided(by=found.decided_by)
    connection.execute(
        sa.update(_gift)
        .where(_gift.c.id == gift_id)
        .values(
            state=GiftState.GIVEN if is_given else GiftState.DECLINED,
            decided_by_id=context.actor.id,
            decided_by=context.actor.label[:120],
            decided_at=context.now,
        )
    )
    action = Action.GIFT_GIVEN if is_given else Action.GIFT_DECLINED
    _record(context, action, found.seats, found.reason, found.about)
    return _view(found)


def asked(session: Session) -> list[GiftView]:
    """What waits for a second person, the oldest first."""
    query = sa.select(_gift).where(_gift.c.state == GiftState.ASKED).order_by(_gift.c.id)
    return [_view(row) for row in session.connection().execute(query)]


def gift(session: Session, gift_id: str) -> GiftView:
    """What a second person is asked for.

    Raises:
        UnknownGift: there is none with this id.
    """
    row = session.connection().execute(_ONE, {"gift": gift_id}).one_or_none()
    if row is None:
        raise UnknownGift
    return _view(row)


def _view(row: Any) -> GiftView:
    return GiftView(
        id=row.id,
        basket_id=row.basket_id,
        shift_id=row.shift_id,
        type_id=row.type_id,
        reason=row.reason,
        tickets=row.seats,
        about=row.about,
        asked_by_id=row.asked_by_id,
        asked_by=row.asked_by,
        state=row.state,
        decided_by=row.decided_by,
        created_at=row.created_at,
    )


def _record(
    context: StaffContext[object], action: Action, tickets: int, reason: str, about: str
) -> None:
    event = AuditEvent(
        action=action,
        actor=context.actor.as_actor(),
        channel=context.channel,
        facts={"tickets": tickets, "reason": reason, "about": about},
    )
    trail.record(context.session, [event], now=context.now)
