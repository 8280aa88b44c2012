"""Adds and changes events and performances."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, time

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, AuditEvent
from upstage_crm.core.db import table_of
from upstage_crm.core.ids import new_id
from upstage_crm.organisation.settings import details
from upstage_crm.programme import queries
from upstage_crm.programme.errors import (
    EventChangedMeanwhile,
    HallTaken,
    PerformanceCancelled,
    UnknownPerformance,
)
from upstage_crm.programme.event_texts import TITLE, cleaned
from upstage_crm.programme.tables import EventRow, PerformanceRow
from upstage_crm.programme.times import instant
from upstage_crm.programme.views import Access, PerformanceState
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may
from upstage_crm.venues import queries as venues

_event, _performance = table_of(EventRow), table_of(PerformanceRow)
Facts = Mapping[str, str | int]


def add_event(context: StaffContext[object], *, typed: Mapping[str, str]) -> str:
    """Add an event and return its id. `typed` holds texts by the names of `event_texts.LIMITS`.

    Raises:
        Forbidden: the actor may not edit the programme.
        InvalidText, EventTextMissing: a text is refused.
    """
    ensure_may(context.actor, Permission.EDIT_PROGRAMME)
    texts, event_id = cleaned(typed), new_id(context.now)
    row = {"id": event_id, "version": 1, "created_at": context.now, **texts}
    context.session.connection().execute(sa.insert(_event).values(**row))
    _record(context, Action.EVENT_ADDED, texts[TITLE], {})
    return event_id


def change_event(
    context: StaffContext[object], *, event_id: str, version: int, typed: Mapping[str, str]
) -> None:
    """Change what is said of an event; the same texts again record nothing.

    `version` is the one that the staff member saw.

    Raises:
        Forbidden: the actor may not edit the programme.
        UnknownEvent: there is none with this id.
        InvalidText, EventTextMissing: a text is refused.
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
        .values(version=version + 1, **changed)
    )
    if done.rowcount != 1:
        raise EventChangedMeanwhile
    facts: dict[str, str | int] = {}
    for name, text in changed.items():
        facts |= {f"{name}.old": before[name], f"{name}.new": text}
    _record(context, Action.EVENT_CHANGED, texts[TITLE], facts)


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
    kinds = ",".join(kind.value for kind in Access if kind in access)
    for day in days:
        row = {
            "id": new_id(context.now),
            "event_id": event_id,
            "hall_id": hall_id,
            "day": day.isoformat(),
            "time": f"{at:%H:%M}",
            "zone": house.time_zone,
            "starts_at": instant(day, at, house.zone),
            "access": kinds,
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
    _record(context, Action.PERFORMANCES_ADDED, event.texts[TITLE], facts)
    return len(days)


def cancel_performance(context: StaffContext[object], *, performance_id: str) -> None:
    """Cancel a performance, for good; its hall is free again at that time.

    Raises:
        Forbidden: the actor may not edit the programme.
        UnknownPerformance: there is none with this id.
        PerformanceCancelled: it is cancelled already.
    """
    ensure_may(context.actor, Permission.EDIT_PROGRAMME)
    connection = context.session.connection()
    found = connection.execute(
        sa.select(_performance).where(_performance.c.id == performance_id)
    ).one_or_none()
    if found is None:
        raise UnknownPerformance
    done = connection.execute(
        sa.update(_performance)
        .where(
            _performance.c.id == performance_id,
            _performance.c.state != PerformanceState.CANCELLED,
        )
        .values(state=PerformanceState.CANCELLED)
    )
    if done.rowcount != 1:
        raise PerformanceCancelled
    event = queries.event(context.session, found.event_id)
    facts: dict[str, str | int] = {"day": found.day, "time": found.time}
    _record(context, Action.PERFORMANCE_CANCELLED, event.texts[TITLE], facts)


def _record(context: StaffContext[object], action: Action, title: str, facts: Facts) -> None:
    event = AuditEvent(
        action=action,
        actor=context.actor.as_actor(),
        channel=context.channel,
        facts={"place": title, **facts},
    )
    trail.record(context.session, [event], now=context.now)
