"""Reads and writes contact preferences. Every change of one is evidence in the trail."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlmodel import Session, col, select

from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, Actor, AuditEvent, Channel
from upstage_crm.core.db import table_of
from upstage_crm.patrons.commands import lock_unerased
from upstage_crm.patrons.details.preferences import (
    STAFF_SOURCES,
    WORDING,
    Answer,
    Basis,
    ContactChannel,
    Preference,
    Purpose,
    Source,
    settled_basis,
)
from upstage_crm.patrons.details.tables import ContactPreferenceRow
from upstage_crm.patrons.errors import SourceRefused
from upstage_crm.staff.command_context import CommandContext, StaffContext
from upstage_crm.staff.roles import Permission, ensure_may

Cell = tuple[ContactChannel, Purpose]

_preference = table_of(ContactPreferenceRow)


def of_patron(session: Session, patron_id: str) -> Mapping[Cell, Preference]:
    """What a patron answered; a cell that is not there was never asked."""
    query = select(ContactPreferenceRow).where(col(ContactPreferenceRow.patron_id) == patron_id)
    return {
        (row.channel, row.purpose): Preference(
            channel=row.channel,
            purpose=row.purpose,
            answer=row.answer,
            basis=row.basis,
            source=row.source,
            wording=row.wording,
            answered_at=row.answered_at,
        )
        for row in session.exec(query)
    }


def answer(
    context: StaffContext[object],
    *,
    patron_id: str,
    cell: Cell,
    answer: Answer,
    basis: Basis | None,
    source: Source,
) -> None:
    """Note what a patron answered to the words of today. The same once more renews its date.

    Raises:
        Forbidden: the actor may not edit patrons. UnknownPatron, PatronErased.
        BasisMissing, BasisRefused: a yes needs a basis that fits the way and the purpose.
        SourceRefused: staff say that the patron answered in the account.
    """
    ensure_may(context.actor, Permission.EDIT_PATRON)
    if source not in STAFF_SOURCES:
        raise SourceRefused
    note(
        context,
        patron_id=patron_id,
        cell=cell,
        answer=answer,
        basis=basis,
        source=source,
        actor=context.actor.as_actor(),
        channel=context.channel,
    )


def note(
    context: CommandContext[object],
    *,
    patron_id: str,
    cell: Cell,
    answer: Answer,
    basis: Basis | None,
    source: Source,
    actor: Actor,
    channel: Channel,
) -> None:
    """The same for an `actor` whom the caller has let, who said so by `channel`.

    Raises:
        UnknownPatron, PatronErased. BasisMissing, BasisRefused: as above.
    """
    new = Preference(
        channel=cell[0],
        purpose=cell[1],
        answer=answer,
        basis=settled_basis(*cell, answer, basis),
        source=source,
        wording=WORDING,
        answered_at=context.now,
    )
    _replace(context, patron_id, cell, new, actor, channel)


def forget(context: StaffContext[object], *, patron_id: str, cell: Cell) -> None:
    """Remove an answer that was recorded by mistake: the patron was never asked.

    Raises:
        Forbidden: the actor may not edit patrons. UnknownPatron, PatronErased.
    """
    ensure_may(context.actor, Permission.EDIT_PATRON)
    _replace(context, patron_id, cell, None, context.actor.as_actor(), context.channel)


def _replace(
    context: CommandContext[object],
    patron_id: str,
    cell: Cell,
    new: Preference | None,
    actor: Actor,
    channel: Channel,
) -> None:
    session = context.session
    lock_unerased(session, patron_id)
    old = of_patron(session, patron_id).get(cell)
    if old is None and new is None:
        return
    connection = session.connection()
    connection.execute(
        sa.delete(_preference).where(
            _preference.c.patron_id == patron_id,
            _preference.c.channel == cell[0],
            _preference.c.purpose == cell[1],
        )
    )
    if new is not None:
        row = {name: getattr(new, name) for name in _COLUMNS}
        connection.execute(sa.insert(_preference), {"patron_id": patron_id, **row})
    session.expire_all()
    event = AuditEvent(
        action=Action.PATRON_EDITED,
        actor=actor,
        channel=channel,
        patron_id=patron_id,
        facts={"fields": "preferences"},
        values={"preferences.old": _told(cell, old), "preferences.new": _told(cell, new)},
    )
    trail.record(session, [event], now=context.now)


_COLUMNS = ("channel", "purpose", "answer", "basis", "source", "wording", "answered_at")


def _told(cell: Cell, one: Preference | None) -> str:
    """The cell with all that proves it, in codes that never change their meaning."""
    name = f"{cell[1].value} by {cell[0].value}"
    if one is None:
        return f"{name}: not asked"
    basis = f", {one.basis.value}" if one.basis else ""
    said = f"{one.answer.value}{basis}, {one.source.value}, wording {one.wording}"
    return f"{name}: {said}, {one.answered_at.isoformat(timespec='minutes')}"
