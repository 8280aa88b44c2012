"""Adds and changes events and performances."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, time

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from upstage_crm.audit.events import Action
from upstage_crm.core.db import table_of
from upstage_crm.core.ids import new_id
from upstage_crm.organisation.settings import details
from upstage_crm.programme import queries
from upstage_crm.programme.errors import EventChangedMeanwhile, HallTaken
from upstage_crm.programme.event_texts import TITLE, cleaned, columns
from upstage_crm.programme.recording import record
from upstage_crm.programme.tables import EventRow, PerformanceRow
from upstage_crm.programme.times import instant
from upstage_crm.programme.views import Access, PerformanceState, access_text
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may
from upstage_crm.venues import queries as venues

_event, _performance = table_of(EventRow), table_of(PerformanceRow)


def add_event(
    context: StaffContext[object], *, typed: Mapping[str, str], season: int | None = None
) -> str:
    """Add an event and return its id. `typed` holds texts by the names of `event_texts.LIMITS`,
    in the language of the organisation. `season` is the year in which the season begins that it is
    planned for; it counts until the event has performances.

    Raises:
        Forbidden: the actor may not edit the programme.
        InvalidText, EventTextMissing, MinutesUnreadable: a text is refused.
    """
    ensure_may(context.actor, Permission.EDIT_PROGRAMME)
    texts, event_id = cleaned(typed), new_id(context.now)
    row = {
        "id": event_id,
        "language": details(context.session).language,
        "season": season,
        "version": 1,
        "created_at": context.now,
        **columns(texts),
    }
    context.session.connection().execute(sa.insert(_event).values(**row))
    planned = {} if season is None else {"season": season}
    record(context, Action.EVENT_ADDED, texts[TITLE], planned)
    return event_id


def change_event(
    context: StaffContext[object], *, event_id: str, version: int, typed: Mapping[str, str]
) -> None:
    """Change what is said of an event; the same texts again record nothing.

    `version` is the one that the staff member saw.

    Raises:
        Forbidden: the actor may not edit the programme.
        UnknownEvent: there is none with this id.
        InvalidText, EventTextMissing, MinutesUnreadable: a text is refused.
        EventChangedMeanwhile: a colleague changed it since.
    """
    ensure_may(context.actor, Permission.EDIT_PROGRAMME)
    before, texts = queries.event(context.session, event_id).texts, cleaned(typed)
    changed = {name: text for name, text in texts.items() if text != before[name]}
    if not changed:
        return
    done = context.session.connection().execute(
        sa.update(_event)
        .where(_event.c.id == event_id, _event.c.version == version)
        .values(version=version + 1, **columns(changed))
    )
    if done.rowcount != 1:
        raise EventChangedMeanwhile
    facts: dict[str, str | int] = {}
    for name, text in changed.items():
        facts |= {f"{name}.old": before[name], f"{name}.new": text}
    record(context, Action.EVENT_CHANGED, texts[TITLE], facts)


def add_performances(
    context: StaffContext[object],
    *,
    event_id: str,
    hall_id: str,
    days: Sequence[date],
    at: time,
    access: Collection[Access] = (),
) -> int:
    """Add a performance on each of the days, all or none, and return how many.

    Raises:
        Forbidden: the actor may not edit the programme.
        UnknownEvent, UnknownHall: there is none.
        TimeSkipped, TimeDoubled: on one of the days the clocks change over that time.
        HallTaken: another performance begins there at that moment.
    """
    ensure_may(context.actor, Permission.EDIT_PROGRAMME)
    session = context.session
    event, hall = queries.event(session, event_id), venues.hall(session, hall_id)
    house = details(session)
    for day in days:
        row = {
            "id": new_id(context.now),
            "event_id": event_id,
            "hall_id": hall_id,
            "day": day.isoformat(),
            "time": f"{at:%H:%M}",
            "zone": house.time_zone,
            "starts_at": instant(day, at, house.zone),
            "access": access_text(access),
            "state": PerformanceState.DRAFT,
            "created_at": context.now,
        }
        try:
            with session.begin_nested():
                session.connection().execute(sa.insert(_performance).values(**row))
        except IntegrityError as error:
            raise HallTaken(day=day.isoformat()) from error
    facts: dict[str, str | int] = {
        "hall": hall.texts["name"],
        "performances": len(days),
        "first": min(days).isoformat(),
        "last": max(days).isoformat(),
        "time": f"{at:%H:%M}",
    }
    record(context, Action.PERFORMANCES_ADDED, event.texts[TITLE], facts)
    return len(days)
