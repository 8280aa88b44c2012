"""Copies an event, and the events of one season into another.

What is copied begins as new: its performances are drafts. An event takes its texts in every
language along, and its picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from upstage_crm.audit.events import Action
from upstage_crm.core.db import table_of
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.ids import new_id
from upstage_crm.organisation.seasons import Season
from upstage_crm.organisation.settings import details
from upstage_crm.programme import pictures, queries
from upstage_crm.programme.errors import HallTaken, NothingToCopy, SeasonCopiedOntoItself
from upstage_crm.programme.event_texts import TITLE, cleaned
from upstage_crm.programme.recording import record
from upstage_crm.programme.tables import EventRow, EventTextRow, PerformanceRow
from upstage_crm.programme.times import first_moment, in_season, instant
from upstage_crm.programme.views import EventView, PerformanceState, PerformanceView, access_text
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may

MOST_EVENTS = 500  # of a season
_event, _text, _performance = table_of(EventRow), table_of(EventTextRow), table_of(PerformanceRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonCopy:
    """What copying a season makes.

    `performances` pairs each performance with its new day. `left_out` pairs those that cannot be
    copied with the reason. `known` are the titles that the other season has already.
    """

    events: tuple[EventView, ...]
    performances: tuple[tuple[PerformanceView, date], ...] = ()
    left_out: Sequence[tuple[PerformanceView, UpstageError]] = field(default=())
    known: tuple[str, ...] = ()


def copy_event(context: StaffContext[object], *, event_id: str, title: str) -> str:
    """Copy an event without its performances, under another title or the same; return its id.

    Raises:
        Forbidden: the actor may not edit the programme.
        UnknownEvent: there is none with this id.
        InvalidText, EventTextMissing: the title is refused.
    """
    ensure_may(context.actor, Permission.EDIT_PROGRAMME)
    event = queries.event(context.session, event_id)
    named = cleaned({TITLE: title})[TITLE]
    made = _copy(context, event, season=None, title=named)
    record(context, Action.EVENT_COPIED, named, {"copied_from": event.texts[TITLE]})
    return made


def preview_season(
    session: Session, *, source: Season, target: Season, with_days: bool
) -> SeasonCopy:
    """What `copy_season` would make now; nothing is locked or changed.

    Raises:
        SeasonCopiedOntoItself: both are the same season.
        NothingToCopy: there is no event in the source.
    """
    if source == target:
        raise SeasonCopiedOntoItself
    zone = ZoneInfo(details(session).time_zone)
    events = _events_of(session, source, zone)
    if not events:
        raise NothingToCopy
    there = {event.texts[TITLE] for event in _events_of(session, target, zone)}
    known = tuple(event.texts[TITLE] for event in events if event.texts[TITLE] in there)
    if not with_days:
        return SeasonCopy(events=tuple(events), known=known)
    fitting: dict[tuple[str, datetime], tuple[PerformanceView, date]] = {}
    left_out: list[tuple[PerformanceView, UpstageError]] = []
    for one in _performed_in(events, source):
        day = in_season(one.day, source, target)
        try:
            place = (one.hall_id, instant(day, one.at, zone))
            if fitting.setdefault(place, (one, day))[0] is not one:
                raise HallTaken(day=day.isoformat())
        except UpstageError as error:
            left_out.append((one, error))
    for place in queries.taken(session, fitting, besides=()):
        one, day = fitting.pop(place)
        left_out.append((one, HallTaken(day=day.isoformat())))
    return SeasonCopy(
        events=tuple(events),
        performances=tuple(fitting.values()),
        left_out=sorted(left_out, key=lambda pair: pair[0].starts_at),
        known=known,
    )


def copy_season(
    context: StaffContext[object], *, source: Season, target: Season, with_days: bool
) -> SeasonCopy:
    """Copy the events of a season into another, and return what was made.

    With `with_days` each performance that is not cancelled is copied to the same weekday of the
    other season, at the same time in the same hall; one that finds its hall taken is left out.

    Raises:
        Forbidden: the actor may not edit the programme.
        SeasonCopiedOntoItself, NothingToCopy: there is nothing to do.
        HallTaken: a colleague planned something at the same moment.
    """
    ensure_may(context.actor, Permission.EDIT_PROGRAMME)
    copied = preview_season(context.session, source=source, target=target, with_days=with_days)
    zone = details(context.session).time_zone
    for event in copied.events:
        made = _copy(context, event, season=target.year, title=event.texts[TITLE])
        own = [(one, day) for one, day in copied.performances if one.event_id == event.id]
        rows = [
            {
                "id": new_id(context.now),
                "event_id": made,
                "hall_id": one.hall_id,
                "day": day.isoformat(),
                "time": f"{one.at:%H:%M}",
                "zone": zone,
                "starts_at": instant(day, one.at, ZoneInfo(zone)),
                "access": access_text(one.access),
                "state": PerformanceState.DRAFT,
                "version": 1,
                "created_at": context.now,
            }
            for one, day in own
        ]
        if rows:
            try:
                with context.session.begin_nested():
                    context.session.connection().execute(sa.insert(_performance), rows)
            except IntegrityError as error:
                raise HallTaken(day=own[0][1].isoformat()) from error
        facts = {"copied_from": source.name, "copied_to": target.name, "performances": len(rows)}
        record(context, Action.EVENT_COPIED, event.texts[TITLE], facts)
    return copied


def _copy(
    context: StaffContext[object], event: EventView, *, season: int | None, title: str
) -> str:
    """A new event with the texts and the picture of another."""
    session, made = context.session, new_id(context.now)
    own = {"id", "title", "season", "version", "created_at"}
    same = [column.name for column in _event.columns if column.name not in own]
    fresh = {
        "id": made,
        "title": title,
        "season": season,
        "version": 1,
        "created_at": context.now,
    }
    row = session.connection().execute(sa.select(_event).where(_event.c.id == event.id))
    stored = row.mappings().one()
    session.connection().execute(
        sa.insert(_event).values(**{name: stored[name] for name in same}, **fresh)
    )
    for language, texts in event.translated.items():
        said = {"event_id": made, "language": language, **texts}
        session.connection().execute(sa.insert(_text).values(**said))
    pictures.copy(session, event_id=event.id, to=made)
    return made


def _events_of(session: Session, season: Season, zone: ZoneInfo) -> list[EventView]:
    """The events with a performance in a season, and those that are planned for it."""
    _, lines = queries.events(
        session,
        start=first_moment(season.first, zone),
        end=first_moment(season.last + timedelta(days=1), zone),
        season=season.year,
        size=MOST_EVENTS,
    )
    return [queries.event(session, line.id) for line in lines]


def _performed_in(events: Sequence[EventView], season: Season) -> list[PerformanceView]:
    return [
        one
        for event in events
        for one in event.performances
        if season.first <= one.day <= season.last and one.state is not PerformanceState.CANCELLED
    ]
