"""Adds and changes venues and halls."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, AuditEvent
from upstage_crm.core.db import table_of
from upstage_crm.core.errors import Invalid
from upstage_crm.core.ids import new_id
from upstage_crm.core.text import comparable
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may
from upstage_crm.venues import queries
from upstage_crm.venues.errors import HallNameTaken, VenueChangedMeanwhile, VenueNameTaken
from upstage_crm.venues.tables import KEY_LIMIT, HallRow, VenueRow
from upstage_crm.venues.texts import HALL_TEXTS, VENUE_TEXTS, cleaned

_venue, _hall = table_of(VenueRow), table_of(HallRow)


def add_venue(context: StaffContext[object], *, typed: Mapping[str, str]) -> str:
    """Add a venue and return its id. `typed` holds the texts of `VENUE_TEXTS`.

    Raises:
        Forbidden: the actor may not edit venues.
        InvalidText, VenueTextMissing: a text is refused.
        VenueNameTaken: another venue has this name.
    """
    ensure_may(context.actor, Permission.EDIT_VENUES)
    texts = cleaned(VENUE_TEXTS, typed)
    venue_id = new_id(context.now)
    row = {"id": venue_id, "version": 1, "created_at": context.now, **_named(texts)}
    _write(context.session, sa.insert(_venue).values(**row), VenueNameTaken())
    _record(context, Action.VENUE_ADDED, texts["name"], {})
    return venue_id


def change_venue(
    context: StaffContext[object], *, venue_id: str, version: int, typed: Mapping[str, str]
) -> None:
    """Change what is said of a venue; the same texts again record nothing.

    `version` is the one that the staff member saw.

    Raises:
        Forbidden: the actor may not edit venues.
        UnknownVenue: there is none with this id.
        InvalidText, VenueTextMissing: a text is refused.
        VenueNameTaken: another venue has this name.
        VenueChangedMeanwhile: a colleague changed it since.
    """
    ensure_may(context.actor, Permission.EDIT_VENUES)
    before = queries.venue(context.session, venue_id).texts
    texts = cleaned(VENUE_TEXTS, typed)
    if changes := _changes(before, texts):
        _update(context.session, _venue, venue_id, version, texts, VenueNameTaken())
        _record(context, Action.VENUE_CHANGED, texts["name"], changes)


def add_hall(context: StaffContext[object], *, venue_id: str, typed: Mapping[str, str]) -> str:
    """Add a hall to a venue and return its id. `typed` holds the texts of `HALL_TEXTS`.

    Raises:
        Forbidden: the actor may not edit venues.
        UnknownVenue: there is none with this id.
        InvalidText, VenueTextMissing: a text is refused.
        HallNameTaken: another hall of the venue has this name.
    """
    ensure_may(context.actor, Permission.EDIT_VENUES)
    venue = queries.venue(context.session, venue_id)
    texts = cleaned(HALL_TEXTS, typed)
    hall_id = new_id(context.now)
    row = {"id": hall_id, "venue_id": venue_id, "version": 1, "created_at": context.now}
    _write(context.session, sa.insert(_hall).values(**row, **_named(texts)), HallNameTaken())
    _record(context, Action.HALL_ADDED, f"{texts['name']}, {venue.texts['name']}", {})
    return hall_id


def change_hall(
    context: StaffContext[object], *, hall_id: str, version: int, typed: Mapping[str, str]
) -> None:
    """Change what is said of a hall; the same texts again record nothing.

    `version` is the one that the staff member saw.

    Raises:
        Forbidden: the actor may not edit venues.
        UnknownHall: there is none with this id.
        InvalidText, VenueTextMissing: a text is refused.
        HallNameTaken: another hall of the venue has this name.
        VenueChangedMeanwhile: a colleague changed it since.
    """
    ensure_may(context.actor, Permission.EDIT_VENUES)
    hall = queries.hall(context.session, hall_id)
    texts = cleaned(HALL_TEXTS, typed)
    if changes := _changes(hall.texts, texts):
        _update(context.session, _hall, hall_id, version, texts, HallNameTaken())
        _record(context, Action.HALL_CHANGED, f"{texts['name']}, {hall.venue_name}", changes)


def _named(texts: Mapping[str, str]) -> dict[str, str]:
    """The columns of these texts, with the key by which names are compared."""
    key = comparable(texts["name"]) or texts["name"].casefold()
    return {**texts, "name_key": key[:KEY_LIMIT]}


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """The facts of what differs."""
    changes: dict[str, str] = {}
    for name, text in after.items():
        if text != before[name]:
            changes |= {f"{name}.old": before[name], f"{name}.new": text}
    return changes


def _update(
    session: Session,
    table: sa.Table,
    row_id: str,
    version: int,
    texts: Mapping[str, str],
    taken: Invalid,
) -> None:
    statement = (
        sa.update(table)
        .where(table.c.id == row_id, table.c.version == version)
        .values(version=version + 1, **_named(texts))
    )
    if _write(session, statement, taken) != 1:
        raise VenueChangedMeanwhile


def _write(session: Session, statement: sa.Insert | sa.Update, taken: Invalid) -> int:
    """Run a statement and return how many rows it wrote; a name that exists is `taken`."""
    try:
        with session.begin_nested():
            return session.connection().execute(statement).rowcount
    except IntegrityError as error:
        raise taken from error


def _record(
    context: StaffContext[object], action: Action, place: str, changes: Mapping[str, str]
) -> None:
    event = AuditEvent(
        action=action,
        actor=context.actor.as_actor(),
        channel=context.channel,
        facts={"place": place, **changes},
    )
    trail.record(context.session, [event], now=context.now)
