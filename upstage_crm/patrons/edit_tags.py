"""Writes tags: those of one record as staff edit them, and one tag of many patrons at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, AuditEvent
from upstage_crm.core.db import table_of
from upstage_crm.patrons import tags
from upstage_crm.patrons.commands import lock_unerased
from upstage_crm.patrons.errors import EditedMeanwhile, TagMissing, TagsFull, TooManyPatrons
from upstage_crm.patrons.tables import PatronRow, PatronStatus, PatronTagRow
from upstage_crm.patrons.tags import MOST_TAGS, Tag, joined
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may

MOST_AT_ONCE = 1_000  # patrons of one command

_patron, _tag = table_of(PatronRow), table_of(PatronTagRow)
_Held = Mapping[str, str]  # labels by their keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """What became of one command over many patrons: how many of them fared in which way.

    `same` needed no change. `erased` take nothing any more, `full` have `MOST_TAGS` already.
    """

    changed: int = 0
    same: int = 0
    erased: int = 0
    full: int = 0


def write(
    context: StaffContext[object], *, patron_id: str, text: str, began: str | None = None
) -> None:
    """Give a patron exactly the tags of a text. No change records nothing.

    `began` is the text that the staff member began to edit.

    Raises:
        Forbidden: the actor may not edit patrons.
        UnknownPatron, PatronErased; TagTooLong, InvalidText: a tag is refused.
        TagsFull: more tags than a patron may have.
        EditedMeanwhile: the tags are no longer what `began` says.
    """
    session = context.session
    ensure_may(context.actor, Permission.EDIT_PATRON)
    given = tags.parse(text)
    lock_unerased(session, patron_id)
    held = tags.held_by(session, [patron_id])[patron_id]
    wanted = {tag.key: held.get(tag.key, tag.label) for tag in _as_spelled(session, given)}
    if wanted.keys() == held.keys():
        return
    if began is not None and {tag.key for tag in tags.parse(began)} != held.keys():
        raise EditedMeanwhile(now=joined(_sorted(held)))
    if len(wanted) > max(MOST_TAGS, len(held)):
        raise TagsFull(limit=MOST_TAGS)
    _record(context, {patron_id: (held, wanted)})


def add(context: StaffContext[object], *, patron_ids: Collection[str], text: str) -> Tagged:
    """Give every one of these patrons the tags of a text, besides those that they have.

    Raises:
        Forbidden, TooManyPatrons; TagMissing: the text holds none. TagTooLong, InvalidText.
    """
    given = _given(context, patron_ids, text)
    return _change(context, patron_ids, lambda held: {**{t.key: t.label for t in given}, **held})


def remove(context: StaffContext[object], *, patron_ids: Collection[str], text: str) -> Tagged:
    """Take the tags of a text from every one of these patrons who has one of them.

    Raises:
        Forbidden, TooManyPatrons; TagMissing: the text holds none. TagTooLong, InvalidText.
    """
    gone = {tag.key for tag in _given(context, patron_ids, text)}
    return _change(
        context, patron_ids, lambda held: {k: v for k, v in held.items() if k not in gone}
    )


def _given(
    context: StaffContext[object], patron_ids: Collection[str], text: str
) -> tuple[Tag, ...]:
    ensure_may(context.actor, Permission.EDIT_PATRON)
    if len(patron_ids) > MOST_AT_ONCE:
        raise TooManyPatrons(limit=MOST_AT_ONCE)
    found = tags.parse(text)
    if not found:
        raise TagMissing
    return tuple(_as_spelled(context.session, found))


def _change(
    context: StaffContext[object], patron_ids: Collection[str], change: Callable[[_Held], _Held]
) -> Tagged:
    """Change the tags of many patrons, locked in the one order in which all commands lock them."""
    connection = context.session.connection()
    query = sa.select(_patron.c.id, _patron.c.status).where(_patron.c.id.in_(patron_ids))
    found = connection.execute(query.order_by(_patron.c.id).with_for_update()).all()
    live = [row.id for row in found if row.status is not PatronStatus.ERASED]
    done, same, full = dict[str, tuple[_Held, _Held]](), 0, 0
    for patron_id, held in tags.held_by(context.session, live).items():
        wanted = change(held)
        if wanted.keys() == held.keys():
            same += 1
        elif len(wanted) > max(MOST_TAGS, len(held)):
            full += 1
        else:
            done[patron_id] = held, wanted
    _record(context, done)
    return Tagged(changed=len(done), same=same, erased=len(found) - len(live), full=full)


def _record(context: StaffContext[object], changes: Mapping[str, tuple[_Held, _Held]]) -> None:
    """Write the tags of locked patrons, and what they were and are to the trail."""
    if not changes:
        return
    connection, now = context.session.connection(), context.now
    added = [
        {"patron_id": patron_id, "key": key, "label": label}
        for patron_id, (held, wanted) in changes.items()
        for key, label in wanted.items()
        if key not in held
    ]
    gone = [
        {"patron": patron_id, "gone": key}
        for patron_id, (held, wanted) in changes.items()
        for key in held.keys() - wanted.keys()
    ]
    if gone:
        connection.execute(_REMOVE, gone)
    if added:
        connection.execute(sa.insert(_tag), added)
    connection.execute(_TOUCH, [{"patron": each, "moment": now} for each in changes])
    events = [
        AuditEvent(
            action=Action.PATRON_EDITED,
            actor=context.actor.as_actor(),
            channel=context.channel,
            patron_id=patron_id,
            facts={"fields": "tags"},
            values={"tags.old": joined(_sorted(held)), "tags.new": joined(_sorted(wanted))},
        )
        for patron_id, (held, wanted) in changes.items()
    ]
    trail.record(context.session, events, now=now)


def _as_spelled(session: Session, given: Iterable[Tag]) -> list[Tag]:
    return [replace(tag, label=tags.label_of(session, tag)) for tag in given]


def _sorted(held: _Held) -> list[str]:
    return [held[key] for key in sorted(held)]


_REMOVE = sa.delete(_tag).where(
    _tag.c.patron_id == sa.bindparam("patron"), _tag.c.key == sa.bindparam("gone")
)
_TOUCH = (
    sa.update(_patron)
    .where(_patron.c.id == sa.bindparam("patron"))
    .values(updated_at=sa.bindparam("moment"))
)
