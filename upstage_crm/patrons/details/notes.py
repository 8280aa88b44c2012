"""Notes of staff about a patron. Its author may change a note, and so may a manager or owner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, AuditEvent
from upstage_crm.core.counting import count_some
from upstage_crm.core.errors import Forbidden
from upstage_crm.core.ids import new_id
from upstage_crm.core.text import clean_block, ensure_no_card_number
from upstage_crm.patrons.commands import lock_unerased
from upstage_crm.patrons.details.tables import PatronNoteRow
from upstage_crm.patrons.errors import EditedMeanwhile, PatronNoteMissing, UnknownNote
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, StaffMember, ensure_may, may

NOTE_LIMIT = 4_000  # characters
READ = 100  # notes of one patron


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One note, as it is stored."""

    id: str
    author_id: str
    author: str
    text: str
    created_at: datetime
    changed_at: datetime | None


def of_patron(session: Session, patron_id: str, *, most: int = READ) -> tuple[Note, ...]:
    """The newest notes about a patron, `most` of them, the newest first."""
    query = select(PatronNoteRow).where(PatronNoteRow.patron_id == patron_id)
    newest_first = (col(PatronNoteRow.created_at).desc(), col(PatronNoteRow.id).desc())
    rows = session.exec(query.order_by(*newest_first).limit(most))
    return tuple(
        Note(
            id=row.id,
            author_id=row.author_id,
            author=row.author_label,
            text=row.text,
            created_at=row.created_at,
            changed_at=row.changed_at,
        )
        for row in rows
    )


def count(session: Session, patron_id: str) -> int:
    """How many notes there are about a patron."""
    rows = sa.select(col(PatronNoteRow.id)).where(col(PatronNoteRow.patron_id) == patron_id)
    return count_some(session, rows)


def may_change(member: StaffMember, note: Note | PatronNoteRow) -> bool:
    """Whether a staff member may change or remove a note: its author, or with `edit_any_note`."""
    is_theirs = note.author_id == member.id and may(member, Permission.EDIT_PATRON)
    return is_theirs or may(member, Permission.EDIT_ANY_NOTE)


def add(context: StaffContext[object], *, patron_id: str, text: str) -> str:
    """Note something about a patron, and return the note's id.

    Raises:
        Forbidden, UnknownPatron, PatronErased; PatronNoteMissing: there are no words.
        InvalidText: too long, or it holds a payment card's number.
    """
    session, actor, now = context.session, context.actor, context.now
    ensure_may(actor, Permission.EDIT_PATRON)
    words = _words(text)
    lock_unerased(session, patron_id)
    row = PatronNoteRow(
        id=new_id(now),
        patron_id=patron_id,
        author_id=actor.id,
        author_label=actor.label,
        text=words,
        created_at=now,
    )
    session.add(row)
    _record(context, row, old="", new=words)
    return row.id


def change(context: StaffContext[object], *, note_id: str, text: str, began: str) -> None:
    """Give a note other words. No change records nothing.

    `began` are the words that the staff member began to edit.

    Raises:
        Forbidden: it is a colleague's, and the actor does not lead. UnknownNote: there is none.
        PatronErased, PatronNoteMissing, InvalidText; EditedMeanwhile: it says something else now.
    """
    row = _lock(context, note_id)
    words, old = _words(text), row.text
    if words == old:
        return
    if old != began:
        raise EditedMeanwhile(now=old)
    row.text, row.changed_at = words, context.now
    context.session.add(row)
    _record(context, row, old=old, new=words)


def remove(context: StaffContext[object], *, note_id: str) -> None:
    """Remove a note; the trail keeps what it said until the patron is erased.

    Raises:
        Forbidden: it is a colleague's, and the actor does not lead. UnknownNote, PatronErased.
    """
    row = _lock(context, note_id)
    context.session.delete(row)
    _record(context, row, old=row.text, new="")


def _lock(context: StaffContext[object], note_id: str) -> PatronNoteRow:
    """The note, read while its patron is locked."""
    session = context.session
    ensure_may(context.actor, Permission.EDIT_PATRON)
    found = session.get(PatronNoteRow, note_id)
    if found is None:
        raise UnknownNote
    lock_unerased(session, found.patron_id)
    row = session.get(PatronNoteRow, note_id, populate_existing=True)
    if row is None:
        raise UnknownNote
    if not may_change(context.actor, row):
        raise Forbidden(permission=Permission.EDIT_ANY_NOTE.value)
    return row


def _words(text: str) -> str:
    words = clean_block(text, NOTE_LIMIT)
    if not words:
        raise PatronNoteMissing
    ensure_no_card_number(words)
    return words


def _record(context: StaffContext[object], row: PatronNoteRow, *, old: str, new: str) -> None:
    event = AuditEvent(
        action=Action.PATRON_EDITED,
        actor=context.actor.as_actor(),
        channel=context.channel,
        patron_id=row.patron_id,
        facts={"fields": "notes"},
        values={"notes.old": old, "notes.new": new},
    )
    trail.record(context.session, [event], now=context.now)
