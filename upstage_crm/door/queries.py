"""Reads the door: the list for a device, how many are in, and what contradicts."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.door import rules
from upstage_crm.door.rules import Passage
from upstage_crm.door.tables import ScanRow
from upstage_crm.door.views import ConflictLine, DoorFigures, DoorList, ListedTicket, list_key
from upstage_crm.orders import admission
from upstage_crm.programme.prices.price_types import price_types

SCAN = table_of(ScanRow)


def door_list(session: Session, performance_id: str, *, now: datetime) -> DoorList:
    """The list of a performance; empty when nothing was sold for it."""
    tickets = admission.of_performance(session, performance_id)
    names = {type_id: each.name for type_id, each in price_types(session).items()}
    passages = passages_at(session, performance_id)
    by_ticket: dict[str, list[Passage]] = defaultdict(list)
    for passage in passages:
        by_ticket[passage.ticket_id].append(passage)
    return DoorList(
        performance_id=performance_id,
        made_at=now,
        tickets=tuple(
            ListedTicket(
                key=list_key(ticket.id),
                version=ticket.version,
                is_valid=ticket.is_valid,
                is_inside=rules.is_inside(by_ticket[ticket.id]),
                place=ticket.place,
                zone=ticket.zone,
                price_type=names.get(ticket.type_id, ""),
            )
            for ticket in tickets
        ),
        figures=_figures(passages, tickets),
    )


def figures(session: Session, performance_id: str) -> DoorFigures:
    """How many people are in, and how many could be."""
    tickets = admission.of_performance(session, performance_id)
    return _figures(passages_at(session, performance_id), tickets)


def conflicts(session: Session, performance_id: str) -> list[ConflictLine]:
    """Who passed and should not have, the latest first."""
    found = rules.conflicts(passages_at(session, performance_id))
    places = admission.by_ids(session, {each.passage.ticket_id for each in found} - {""})
    members = sa.select(SCAN.c.id, SCAN.c.staff_id).where(SCAN.c.performance_id == performance_id)
    staff = {row.id: row.staff_id for row in session.connection().execute(members)}
    return [
        ConflictLine(
            why=each.why,
            at=each.passage.scanned_at,
            device=each.passage.device,
            place=places[each.passage.ticket_id].place if each.passage.ticket_id in places else "",
            staff_id=staff[each.passage.scan_id],
            before_at=each.before.scanned_at if each.before else None,
            before_device=each.before.device if each.before else "",
        )
        for each in found
    ]


def passages_at(session: Session, performance_id: str) -> list[Passage]:
    """Every scan at the door of a performance."""
    return _passages(session, SCAN.c.performance_id == performance_id)


def passages_of(session: Session, *, ticket_id: str, performance_id: str) -> list[Passage]:
    """Every scan of one ticket at the door of a performance."""
    return _passages(
        session, SCAN.c.ticket_id == ticket_id, SCAN.c.performance_id == performance_id
    )


def _passages(session: Session, *fitting: sa.ColumnElement[bool]) -> list[Passage]:
    rows = session.connection().execute(sa.select(SCAN).where(*fitting))
    return [
        Passage(
            scan_id=row.id,
            ticket_id=row.ticket_id,
            direction=row.direction,
            verdict=row.result,
            shown=row.shown,
            scanned_at=row.scanned_at,
            device=row.device,
        )
        for row in rows
    ]


def _figures(passages: list[Passage], tickets: list[admission.AdmissionTicket]) -> DoorFigures:
    return DoorFigures(
        inside=rules.people_inside(passages),
        expected=sum(ticket.is_valid for ticket in tickets),
    )
