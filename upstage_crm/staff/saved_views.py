"""Views of a list that staff members name and come back to, for themselves or for everyone."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.core.ids import new_id
from upstage_crm.core.text import clean_line
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.errors import NotYourView, TooManyViews, ViewNameMissing
from upstage_crm.staff.roles import Permission, may
from upstage_crm.staff.tables import SavedViewRow

NAME_LIMIT = 40
MOST = 20  # views of one list that a staff member may name
_view = table_of(SavedViewRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """A named view. `address` is what stands behind the question mark of the list's address."""

    id: str
    name: str
    address: str
    is_shared: bool
    is_own: bool


def of(session: Session, list_path: str, *, staff_id: str) -> tuple[SavedView, ...]:
    """The views of a list that a staff member has: the own ones and those shared by others."""
    query = (
        sa.select(_view)
        .where(
            _view.c.list_path == list_path,
            sa.or_(_view.c.staff_id == staff_id, _view.c.is_shared.is_(True)),
        )
        .order_by(_view.c.is_shared, _view.c.name_key, _view.c.id)
    )
    return tuple(
        SavedView(
            id=row.id,
            name=row.name,
            address=row.address,
            is_shared=row.is_shared,
            is_own=row.staff_id == staff_id,
        )
        for row in session.connection().execute(query)
    )


def save(
    context: StaffContext[object], *, list_path: str, name: str, address: str, is_shared: bool
) -> None:
    """Name a view; the same name again means the same view.

    Raises:
        ViewNameMissing, InvalidText: the name is empty, or too long. TooManyViews.
    """
    words = clean_line(name, NAME_LIMIT)
    if not words:
        raise ViewNameMissing
    connection, staff_id = context.session.connection(), context.actor.id
    own = sa.and_(_view.c.staff_id == staff_id, _view.c.list_path == list_path)
    key = words.casefold()
    said = {"name": words, "address": address, "is_shared": is_shared}
    named = sa.update(_view).where(own, _view.c.name_key == key).values(said)
    if connection.execute(named).rowcount:
        return
    held = connection.execute(sa.select(sa.func.count()).select_from(_view).where(own))
    if held.scalar_one() >= MOST:
        raise TooManyViews(limit=MOST)
    row = {"id": new_id(context.now), "staff_id": staff_id, "list_path": list_path}
    row |= {"name_key": key, "created_at": context.now, **said}
    connection.execute(sa.insert(_view).values(row))


def forget(context: StaffContext[object], *, view_id: str) -> None:
    """Remove a view: an own one, or, for those who manage the team, one that others share.

    Raises:
        NotYourView: it is someone else's.
    """
    wanted = _view.c.id == view_id
    if may(context.actor, Permission.MANAGE_TEAM):
        allowed = sa.or_(_view.c.staff_id == context.actor.id, _view.c.is_shared.is_(True))
    else:
        allowed = _view.c.staff_id == context.actor.id
    connection = context.session.connection()
    if connection.execute(sa.delete(_view).where(wanted, allowed)).rowcount:
        return
    if connection.execute(sa.select(_view.c.id).where(wanted)).first() is not None:
        raise NotYourView
