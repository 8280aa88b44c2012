"""Adds, renames and retires tills."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, AuditEvent
from upstage_crm.core.db import lock_clause, table_of
from upstage_crm.core.ids import new_id
from upstage_crm.core.text import clean_line, comparable
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may
from upstage_crm.tills import queries
from upstage_crm.tills.errors import (
    TillChangedMeanwhile,
    TillInUse,
    TillNameMissing,
    TillNameTaken,
    TillRetired,
    UnknownTill,
)
from upstage_crm.tills.tables import KEY_LIMIT, TillRow
from upstage_crm.tills.views import NAME_LIMIT

TILL = table_of(TillRow)


def add(context: StaffContext[object], *, name: str) -> str:
    """Add a till and return its id.

    Raises:
        Forbidden: the actor may not manage tills.
        TillNameMissing, TillNameTaken, InvalidText: the name is refused.
    """
    ensure_may(context.actor, Permission.MANAGE_TILLS)
    till_id, named = new_id(context.now), _named(name)
    row = {"id": till_id, "version": 1, "created_at": context.now, "retired_at": None, **named}
    _write(context.session, sa.insert(TILL).values(**row))
    _record(context, Action.TILL_ADDED, {"till": named["name"]})
    return till_id


def rename(context: StaffContext[object], *, till_id: str, version: int, name: str) -> None:
    """Give a till another name; the same one again records nothing.

    `version` is the one that the staff member saw.

    Raises:
        Forbidden: the actor may not manage tills.
        UnknownTill: there is none with this id.
        TillRetired: it is not used any more.
        TillNameMissing, TillNameTaken, InvalidText: the name is refused.
        TillChangedMeanwhile: a colleague changed it since.
    """
    ensure_may(context.actor, Permission.MANAGE_TILLS)
    named = _named(name)
    before = locked(context.session, till_id)
    if before["name"] == named["name"]:
        return
    if before["version"] != version:
        raise TillChangedMeanwhile
    statement = sa.update(TILL).where(TILL.c.id == till_id).values(version=version + 1, **named)
    _write(context.session, statement)
    facts = {"till": named["name"], "name.old": before["name"], "name.new": named["name"]}
    _record(context, Action.TILL_RENAMED, facts)


def retire(context: StaffContext[object], *, till_id: str) -> None:
    """Use a till no more; its shifts stay, and its name is free.

    Raises:
        Forbidden: the actor may not manage tills.
        UnknownTill: there is none with this id.
        TillRetired: it was retired before.
        TillInUse: a shift is open at it. Facts: `till`, `by`.
    """
    ensure_may(context.actor, Permission.MANAGE_TILLS)
    row = locked(context.session, till_id)
    if (shift := queries.open_at(context.session, till_id)) is not None:
        raise TillInUse(till=shift.till, by=shift.staff)
    context.session.connection().execute(
        sa.update(TILL)
        .where(TILL.c.id == till_id)
        .values(retired_at=context.now, version=row["version"] + 1)
    )
    _record(context, Action.TILL_RETIRED, {"till": row["name"]})


def locked(session: Session, till_id: str) -> sa.RowMapping:
    """The row of a till that is used, locked until the transaction ends.

    Raises:
        UnknownTill, TillRetired.
    """
    query = lock_clause(sa.select(TILL).where(TILL.c.id == till_id))
    row = session.connection().execute(query).mappings().one_or_none()
    if row is None:
        raise UnknownTill
    if row["retired_at"] is not None:
        raise TillRetired
    return row


def _named(typed: str) -> dict[str, str]:
    """The columns of a name, with the key by which names are compared."""
    name = clean_line(typed, NAME_LIMIT)
    if not name:
        raise TillNameMissing
    return {"name": name, "name_key": (comparable(name) or name.casefold())[:KEY_LIMIT]}


def _write(session: Session, statement: sa.Insert | sa.Update) -> None:
    try:
        with session.begin_nested():
            session.connection().execute(statement)
    except IntegrityError as error:
        raise TillNameTaken from error


def _record(context: StaffContext[object], action: Action, facts: Mapping[str, str]) -> None:
    event = AuditEvent(
        action=action, actor=context.actor.as_actor(), channel=context.channel, facts=facts
    )
    trail.record(context.session, [event], now=context.now)
