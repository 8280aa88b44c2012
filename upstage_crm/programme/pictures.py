"""Keeps the picture of an event, with the words for a visitor who does not see it."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit.events import Action
from upstage_crm.core.db import table_of
from upstage_crm.core.text import clean_line
from upstage_crm.programme import queries
from upstage_crm.programme.errors import (
    EventChangedMeanwhile,
    PictureTextMissing,
    UnknownPicture,
)
from upstage_crm.programme.event_texts import ALT, ALT_LIMIT, TITLE
from upstage_crm.programme.picture_reading import Picture
from upstage_crm.programme.recording import record
from upstage_crm.programme.tables import EventPictureRow, EventRow
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may

_event, _picture = table_of(EventRow), table_of(EventPictureRow)


def set_picture(
    context: StaffContext[object],
    *,
    event_id: str,
    version: int,
    picture: Picture | None,
    alt: str,
) -> None:
    """Give an event this picture, or with None leave the one it has, and say `alt` of it.

    The same again records nothing. `version` is the one that the staff member saw.

    Raises:
        Forbidden: the actor may not edit the programme.
        UnknownEvent: there is none with this id.
        UnknownPicture: it has no picture to leave.
        InvalidText, PictureTextMissing: what is said of the picture is refused.
        EventChangedMeanwhile: a colleague changed the event since.
    """
    ensure_may(context.actor, Permission.EDIT_PROGRAMME)
    event, said = queries.event(context.session, event_id), clean_line(alt, ALT_LIMIT)
    if picture is None and not event.picture:
        raise UnknownPicture
    if not said:
        raise PictureTextMissing
    digest = event.picture if picture is None else picture.digest
    if (digest, said) == (event.picture, event.texts[ALT]):
        return
    _store(context, event_id, version, digest, said)
    if picture is not None and digest != event.picture:
        _replace(context.session, event_id, picture)
    facts: dict[str, str | int] = {"picture.old": event.picture, "picture.new": digest}
    facts |= {f"{ALT}.old": event.texts[ALT], f"{ALT}.new": said}
    record(context, Action.EVENT_PICTURE_CHANGED, event.texts[TITLE], facts)


def remove(context: StaffContext[object], *, event_id: str, version: int) -> None:
    """Take the picture of an event away.

    Raises:
        Forbidden: the actor may not edit the programme.
        UnknownEvent: there is none with this id.
        UnknownPicture: it has no picture.
        EventChangedMeanwhile: a colleague changed the event since.
    """
    ensure_may(context.actor, Permission.EDIT_PROGRAMME)
    event = queries.event(context.session, event_id)
    if not event.picture:
        raise UnknownPicture
    _store(context, event_id, version, "", "")
    context.session.connection().execute(sa.delete(_picture).where(_picture.c.event_id == event_id))
    facts = {"picture.old": event.picture, "picture.new": ""}
    record(context, Action.EVENT_PICTURE_CHANGED, event.texts[TITLE], facts)


def content(session: Session, *, event_id: str, digest: str, width: int) -> bytes:
    """The JPEG of an event's picture at one of our widths.

    Raises:
        UnknownPicture: it has none of this digest and width.
    """
    query = (
        sa.select(_picture.c.content)
        .join(_event, _event.c.id == _picture.c.event_id)
        .where(_event.c.id == event_id, _event.c.picture == digest, _picture.c.width == width)
    )
    found = session.connection().execute(query).scalar_one_or_none()
    if found is None:
        raise UnknownPicture
    return bytes(found)


def widths(session: Session, event_id: str) -> list[int]:
    """The widths at which an event's picture is kept, the smallest first."""
    query = sa.select(_picture.c.width).where(_picture.c.event_id == event_id)
    return list(session.connection().execute(query.order_by(_picture.c.width)).scalars())


def copy(session: Session, *, event_id: str, to: str) -> None:
    """Give another event the same picture."""
    names = [column.name for column in _picture.columns if column.name != "event_id"]
    same = sa.select(sa.literal(to), *(_picture.c[name] for name in names)).where(
        _picture.c.event_id == event_id
    )
    session.connection().execute(sa.insert(_picture).from_select(["event_id", *names], same))


def _store(
    context: StaffContext[object], event_id: str, version: int, digest: str, alt: str
) -> None:
    done = context.session.connection().execute(
        sa.update(_event)
        .where(_event.c.id == event_id, _event.c.version == version)
        .values(version=version + 1, picture=digest, picture_alt=alt)
    )
    if done.rowcount != 1:
        raise EventChangedMeanwhile


def _replace(session: Session, event_id: str, picture: Picture) -> None:
    connection = session.connection()
    connection.execute(sa.delete(_picture).where(_picture.c.event_id == event_id))
    connection.execute(
        sa.insert(_picture),
        [
            {"event_id": event_id, "width": width, "height": height, "content": made}
            for width, (height, made) in picture.sizes.items()
        ],
    )
