"""Saves and reads the versions of a hall's seat plan. No version ever changes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, AuditEvent
from upstage_crm.core.db import table_of
from upstage_crm.core.ids import new_id
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may
from upstage_crm.venues import builder, design, queries, seating_file
from upstage_crm.venues.plan_errors import PlanChangedMeanwhile, UnknownPlan
from upstage_crm.venues.seat_plan import SeatPlan, problems
from upstage_crm.venues.tables import SeatPlanRow

_plan = table_of(SeatPlanRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanVersion:
    """One version without its seats. `is_built` says that it was not taken from a file."""

    version: int
    seats: int
    places: int
    made_by: str
    created_at: datetime
    is_built: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPlan:
    """One version: the plan, its file, and what was typed about its sections."""

    version: int
    plan: SeatPlan
    file: str
    sections: Sequence[Mapping[str, str]]


def versions(session: Session, hall_id: str) -> list[PlanVersion]:
    """The versions of a hall's plan, the newest first."""
    query = (
        sa.select(
            _plan.c.version,
            _plan.c.seats,
            _plan.c.places,
            _plan.c.made_by,
            _plan.c.created_at,
            (_plan.c.design != "").label("is_built"),
        )
        .where(_plan.c.hall_id == hall_id)
        .order_by(_plan.c.version.desc())
    )
    found = session.connection().execute(query)
    return [
        PlanVersion(
            version=row.version,
            seats=row.seats,
            places=row.places,
            made_by=row.made_by,
            created_at=row.created_at,
            is_built=bool(row.is_built),
        )
        for row in found
    ]


def newest_of(session: Session, hall_ids: Sequence[str]) -> dict[str, PlanVersion]:
    """The newest version of each hall that has one."""
    found = {hall_id: versions(session, hall_id) for hall_id in hall_ids}
    return {hall_id: each[0] for hall_id, each in found.items() if each}


def halls_with_plan(session: Session) -> frozenset[str]:
    """The ids of the halls that have a seat plan."""
    return frozenset(session.connection().execute(sa.select(_plan.c.hall_id)).scalars())


def get(session: Session, hall_id: str, version: int) -> StoredPlan:
    """One version of a hall's plan.

    Raises:
        UnknownPlan: the hall has none of this number.
    """
    query = sa.select(_plan.c.plan, _plan.c.design).where(
        _plan.c.hall_id == hall_id, _plan.c.version == version
    )
    row = session.connection().execute(query).one_or_none()
    if row is None:
        raise UnknownPlan
    return StoredPlan(
        version=version,
        plan=seating_file.read(row.plan),
        file=row.plan,
        sections=design.from_text(row.design),
    )


def by_id(session: Session, plan_id: str) -> SeatPlan:
    """The seats of one version.

    Raises:
        UnknownPlan: there is none with this id.
    """
    query = sa.select(_plan.c.plan).where(_plan.c.id == plan_id)
    file = session.connection().execute(query).scalar_one_or_none()
    if file is None:
        raise UnknownPlan
    return seating_file.read(file)


def newest_id(session: Session, hall_id: str) -> str | None:
    """The id of the newest version of a hall's plan; None when it has none."""
    query = (
        sa.select(_plan.c.id)
        .where(_plan.c.hall_id == hall_id)
        .order_by(_plan.c.version.desc())
        .limit(1)
    )
    return session.connection().execute(query).scalar_one_or_none()


def save(
    context: StaffContext[object],
    *,
    hall_id: str,
    after: int,
    sections: Sequence[Mapping[str, str]],
) -> int:
    """Save what was built as the version after `after`, and return its number.

    The plan of `after` again is that version: nothing is saved.

    Raises:
        Forbidden: the actor may not edit venues.
        UnknownHall: there is none with this id.
        DesignRefused, PlanTooLarge, InvalidText: it cannot be built.
        Invalid: the first of `seat_plan.problems`.
        PlanChangedMeanwhile: the hall has a newer version than `after`.
    """
    ensure_may(context.actor, Permission.EDIT_VENUES)
    hall = queries.hall(context.session, hall_id)
    plan = builder.build(hall.texts["name"], sections)
    return _keep(context, hall_id, after, plan, design.to_text(sections), Action.PLAN_SAVED)


def import_file(context: StaffContext[object], *, hall_id: str, after: int, content: bytes) -> int:
    """Save the plan in a file as the version after `after`, and return its number.

    Raises:
        Forbidden: the actor may not edit venues.
        UnknownHall: there is none with this id.
        SeatingFileRefused, PlanTooLarge: the file cannot be read.
        Invalid: the first of `seat_plan.problems`.
        PlanChangedMeanwhile: the hall has a newer version than `after`.
    """
    ensure_may(context.actor, Permission.EDIT_VENUES)
    queries.hall(context.session, hall_id)
    plan = seating_file.from_file(content)
    return _keep(context, hall_id, after, plan, "", Action.PLAN_IMPORTED)


def bring_back(context: StaffContext[object], *, hall_id: str, version: int, after: int) -> int:
    """Make an older version the one after `after`, and return its number.

    Raises:
        Forbidden: the actor may not edit venues.
        UnknownHall, UnknownPlan: there is none.
        PlanChangedMeanwhile: the hall has a newer version than `after`.
    """
    ensure_may(context.actor, Permission.EDIT_VENUES)
    queries.hall(context.session, hall_id)
    old = get(context.session, hall_id, version)
    typed = design.to_text(old.sections) if old.sections else ""
    return _keep(context, hall_id, after, old.plan, typed, Action.PLAN_BROUGHT_BACK)


def _keep(
    context: StaffContext[object],
    hall_id: str,
    after: int,
    plan: SeatPlan,
    typed: str,
    action: Action,
) -> int:
    for problem in problems(plan):
        raise problem
    session, hall = context.session, queries.hall(context.session, hall_id)
    known = versions(session, hall_id)
    if (known[0].version if known else 0) != after:
        raise PlanChangedMeanwhile
    file = seating_file.to_file(plan)
    facts: dict[str, str | int | bool | None] = {
        "place": f"{hall.texts['name']}, {hall.venue_name}",
        "version": after + 1,
        "seats": plan.seat_count,
        "places": plan.place_count,
        "digest": hashlib.sha256(file.encode()).hexdigest(),
    }
    if known and get(session, hall_id, after).file == file:
        return after
    row = {
        "id": new_id(context.now),
        "hall_id": hall_id,
        "design": typed,
        "plan": file,
        **{name: facts[name] for name in ("version", "seats", "places", "digest")},
        "made_by": context.actor.label[:120],
        "created_at": context.now,
    }
    try:
        with session.begin_nested():
            session.connection().execute(sa.insert(_plan).values(**row))
    except IntegrityError as error:
        raise PlanChangedMeanwhile from error
    event = AuditEvent(
        action=action, actor=context.actor.as_actor(), channel=context.channel, facts=facts
    )
    trail.record(session, [event], now=context.now)
    return after + 1
