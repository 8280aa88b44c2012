"""Puts performances on sale, pauses, cancels, moves and ends them.

What is asked for several performances is done to all of them or to none. Each command locks them
in the order of their ids, and looks then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import SYSTEM, Action, AuditEvent, Channel
from upstage_crm.core.db import table_of
from upstage_crm.organisation.settings import details
from upstage_crm.programme import queries
from upstage_crm.programme.errors import (
    HallTaken,
    NotReadyForSale,
    PerformanceChangedMeanwhile,
    PerformanceOver,
    UnknownPerformance,
)
from upstage_crm.programme.performance_states import end_of, ensure_may_move, ensure_open
from upstage_crm.programme.recording import record
from upstage_crm.programme.sale_checks import SaleCheck, obstacles
from upstage_crm.programme.tables import PerformanceRow
from upstage_crm.programme.times import instant
from upstage_crm.programme.views import (
    Access,
    PerformanceState,
    PerformanceView,
    access_text,
)
from upstage_crm.staff.command_context import CommandContext, StaffContext
from upstage_crm.staff.roles import Permission, ensure_may
from upstage_crm.venues import queries as venues

_performance = table_of(PerformanceRow)
_ACTIONS: Mapping[PerformanceState, Action] = {
    PerformanceState.ON_SALE: Action.PERFORMANCES_ON_SALE,
    PerformanceState.PAUSED: Action.PERFORMANCES_PAUSED,
    PerformanceState.CANCELLED: Action.PERFORMANCE_CANCELLED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where and when a performance is, by the clocks of its hall, and for whom it is easier."""

    hall_id: str
    day: date
    at: time
    access: tuple[Access, ...]


def place_of(one: PerformanceView) -> Place:
    """Where and when it is now."""
    return Place(hall_id=one.hall_id, day=one.day, at=one.at, access=one.access)


def put_on_sale(
    context: StaffContext[object], *, performance_ids: Collection[str], checks: Sequence[SaleCheck]
) -> None:
    """Put performances on sale, or on again after a pause.

    Raises:
        Forbidden: the actor may not edit the programme.
        UnknownPerformance: there is none with one of these ids.
        PerformanceCancelled, PerformanceOver, PerformanceOnSale: one of them cannot go on sale.
        NotReadyForSale: one of the checks names what is in the way.
    """
    found = _locked(context, performance_ids, PerformanceState.ON_SALE)
    in_the_way = obstacles(context.session, found, checks, now=context.now)
    if in_the_way:
        raise NotReadyForSale(obstacles=len(in_the_way))
    _turn(context, found, PerformanceState.ON_SALE)


def pause(context: StaffContext[object], *, performance_ids: Collection[str]) -> None:
    """Sell nothing of these performances until they are put on sale again.

    Raises:
        Forbidden: the actor may not edit the programme.
        UnknownPerformance: there is none with one of these ids.
        PerformanceCancelled, PerformanceOver, PerformanceNotOnSale: one of them is not on sale.
    """
    _turn(
        context,
        _locked(context, performance_ids, PerformanceState.PAUSED),
        PerformanceState.PAUSED,
    )


def cancel(context: StaffContext[object], *, performance_ids: Collection[str]) -> None:
    """Cancel performances, for good; their halls are free again at those times.

    Raises:
        Forbidden: the actor may not edit the programme.
        UnknownPerformance: there is none with one of these ids.
        PerformanceCancelled, PerformanceOver: one of them has ended already.
    """
    _turn(
        context,
        _locked(context, performance_ids, PerformanceState.CANCELLED),
        PerformanceState.CANCELLED,
    )


def move(
    context: StaffContext[object], *, places: Mapping[str, Place], versions: Mapping[str, int]
) -> None:
    """Give performances another day, time, hall or access; the same place again records nothing.

    `places` and `versions`, the ones that the staff member saw, are by the performance's id. The
    time is one of the clocks of the house.

    Raises:
        Forbidden: the actor may not edit the programme.
        UnknownPerformance, UnknownHall: there is none.
        PerformanceCancelled: it has ended.
        PerformanceOver: it has ended, or what is sold would be moved into the past.
        PerformanceChangedMeanwhile: a colleague changed it since.
        TimeSkipped, TimeDoubled: on that day the clocks change over that time.
        HallTaken: another performance begins there at that moment.
    """
    ensure_may(context.actor, Permission.EDIT_PROGRAMME)
    session = context.session
    found = _lock(session, places)
    for one in found:
        ensure_open(one.state)
        if one.version != versions.get(one.id):
            raise PerformanceChangedMeanwhile
    halls = {place.hall_id for place in places.values()}
    names = {hall_id: venues.hall(session, hall_id).texts["name"] for hall_id in sorted(halls)}
    zone = details(session).time_zone
    steps = [
        _Step(one, places[one.id], instant(places[one.id].day, places[one.id].at, ZoneInfo(zone)))
        for one in found
        if places[one.id] != place_of(one)
    ]
    for step in _without_collision(steps):
        if step.one.state is not PerformanceState.DRAFT and step.starts_at <= context.now:
            raise PerformanceOver
        _write(session, step, zone)
    for step in steps:
        record(context, Action.PERFORMANCE_MOVED, step.one.title, _moved_facts(step, names))


def mark_performed(context: CommandContext[object], *, performance_id: str) -> bool:
    """End a performance that was on sale and is over by the clock; return whether it was.

    Several workers may try at once: it is locked, then looked at again.
    """
    for one in _lock(context.session, [performance_id]):
        is_over = end_of(one.starts_at, one.running_minutes) <= context.now
        if one.state not in (PerformanceState.ON_SALE, PerformanceState.PAUSED) or not is_over:
            return False
        _set_state(context.session, [one], PerformanceState.PERFORMED)
        event = AuditEvent(
            action=Action.PERFORMANCE_PERFORMED,
            actor=SYSTEM,
            channel=Channel.SCHEDULE,
            facts={"place": one.title, "day": one.day.isoformat(), "time": f"{one.at:%H:%M}"},
        )
        trail.record(context.session, [event], now=context.now)
    return True


class _Step(NamedTuple):
    """One performance on its way to another place, with the moment at which it begins there."""

    one: PerformanceView
    place: Place
    starts_at: datetime


def _without_collision(steps: Sequence[_Step]) -> list[_Step]:
    """The steps in an order in which none takes a moment that another is about to leave."""
    later = [step for step in steps if step.starts_at > step.one.starts_at]
    others = [step for step in steps if step.starts_at <= step.one.starts_at]
    return [*reversed(later), *others]


def _write(session: Session, step: _Step, zone: str) -> None:
    place = step.place
    try:
        with session.begin_nested():
            session.connection().execute(
                sa.update(_performance)
                .where(_performance.c.id == step.one.id)
                .values(
                    hall_id=place.hall_id,
                    day=place.day.isoformat(),
                    time=f"{place.at:%H:%M}",
                    zone=zone,
                    starts_at=step.starts_at,
                    access=access_text(place.access),
                    version=step.one.version + 1,
                )
            )
    except IntegrityError as error:
        raise HallTaken(day=place.day.isoformat()) from error


def _moved_facts(step: _Step, halls: Mapping[str, str]) -> dict[str, str | int]:
    """The facts of a move: where it was, and what is another."""
    one, place = step.one, step.place
    facts: dict[str, str | int] = {"day": one.day.isoformat(), "time": f"{one.at:%H:%M}"}
    for name, old, new in (
        ("day", one.day.isoformat(), place.day.isoformat()),
        ("time", f"{one.at:%H:%M}", f"{place.at:%H:%M}"),
        ("access", access_text(one.access), access_text(place.access)),
    ):
        if old != new:
            facts |= {f"{name}.old": old, f"{name}.new": new}
    if one.hall_id != place.hall_id:
        facts |= {"hall.old": one.hall, "hall.new": halls[place.hall_id]}
    return facts


def _lock(session: Session, performance_ids: Collection[str]) -> list[PerformanceView]:
    """These performances, locked.

    Raises:
        UnknownPerformance: there is none with one of these ids.
    """
    wanted = sa.select(_performance.c.id).where(_performance.c.id.in_(performance_ids))
    session.connection().execute(wanted.order_by(_performance.c.id).with_for_update())
    found = queries.performances(session, performance_ids)
    if len(found) != len(set(performance_ids)):
        raise UnknownPerformance
    return found


def _locked(
    context: StaffContext[object], performance_ids: Collection[str], to: PerformanceState
) -> list[PerformanceView]:
    """These performances, locked, each of which may take this step."""
    ensure_may(context.actor, Permission.EDIT_PROGRAMME)
    found = _lock(context.session, performance_ids)
    for one in found:
        ensure_may_move(one.state, to)
    return found


def _turn(
    context: StaffContext[object], found: Sequence[PerformanceView], to: PerformanceState
) -> None:
    """Give performances a state and record it, in one entry for each event."""
    _set_state(context.session, found, to)
    of_event: defaultdict[str, list[PerformanceView]] = defaultdict(list)
    for one in found:
        of_event[one.event_id].append(one)
    for some in of_event.values():
        times = ", ".join(f"{one.day.isoformat()} {one.at:%H:%M}" for one in some)
        facts: dict[str, str | int] = {"performances": len(some), "times": times}
        record(context, _ACTIONS[to], some[0].title, facts)


def _set_state(session: Session, found: Sequence[PerformanceView], to: PerformanceState) -> None:
    session.connection().execute(
        sa.update(_performance)
        .where(_performance.c.id.in_([one.id for one in found]))
        .values(state=to, version=_performance.c.version + 1)
    )
