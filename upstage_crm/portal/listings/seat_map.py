"""The map of a seat plan: SVG that never changes, so a browser keeps it for good.

It has a shape for each seat, in the order of the plan, and no prices and no states: those come
with the page and as two bits a seat.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import dist
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from upstage_crm.portal.addresses import ENDING_LENGTH, PLANS, ending, ending_of, performance_path
from upstage_crm.portal.answers import FOREVER, NO_STORE, Document, answer, document
from upstage_crm.portal.listings import public_programme
from upstage_crm.portal.listings.event_pictures import SVG
from upstage_crm.portal.listings.public_programme import Programme
from upstage_crm.portal.memory import Memory
from upstage_crm.portal.portal_page import TEMPLATES
from upstage_crm.programme.views import EventView, PerformanceView
from upstage_crm.venues.picture import ZONE_LOOKS, zone_looks
from upstage_crm.venues.seat_plan import Row, Seat, SeatKind, SeatPlan

LOOK_PREFIX: Final = "u-zone-"
KEPT_S: Final = 3600.0
MARKS: Final = {SeatKind.WHEELCHAIR: "w", SeatKind.COMPANION: "c", SeatKind.RESTRICTED: "v"}
USUAL_PITCH: Final = 20.0

_plans: Memory[Document] = Memory(life_s=KEPT_S, most=64)


@dataclass(frozen=True, slots=True)
class _Row:
    section: str
    label: str
    y: float
    left: float
    right: float
    seats: Sequence[Seat]


def map_href(performance: PerformanceView, plan_id: str) -> str:
    """Where the map of a performance's plan is, by the version of the plan."""
    return f"{PLANS}{ending(performance.id)}/{ending(plan_id)}.svg"


def bits_href(event: EventView, performance: PerformanceView) -> str:
    """Where it says what is free now."""
    return f"{performance_path(event, performance)}seats"


async def show(request: Request) -> Response:
    """The map of the plan that an announced performance has."""
    asked = str(request.path_params["performance"]), str(request.path_params["plan"])
    if any(len(one) != ENDING_LENGTH or ending_of(one) != one for one in asked):
        return _missing()
    made = _plans.fresh(asked[1])
    if made is None:
        made = await asyncio.to_thread(_found, *asked)
    return _missing() if made is None else answer(request, made)


def looks_of(plan: SeatPlan) -> dict[str, int]:
    """The look of each zone, from 1 on: its colour and its shape."""
    return {zone: int(look.removeprefix(LOOK_PREFIX)) for zone, look in zone_looks(plan).items()}


def drawn(plan: SeatPlan) -> str:
    """The map as SVG."""
    return TEMPLATES.render(
        "seat_map.html",
        lang="en",
        width=plan.width,
        height=plan.height,
        pitch=round(pitch(plan), 1),
        areas=[area for area in plan.areas if not area.places],
        rows=[
            _Row(
                section.name,
                row.label,
                round(row.seats[0].y + 4, 1),
                round(min(seat.x for seat in row.seats) - 20, 1),
                round(max(seat.x for seat in row.seats) + 20, 1),
                row.seats,
            )
            for section in plan.sections
            for row in section.rows
        ],
        names=[_name(section.name, list(section.seats)) for section in plan.sections],
        looks=looks_of(plan),
        marks=MARKS,
        shapes=range(1, ZONE_LOOKS + 1),
    )


def pitch(plan: SeatPlan) -> float:
    """How far two neighbours are from each other, in the units of the plan."""
    steps = sorted(
        dist((one.x, one.y), (other.x, other.y))
        for row in _all_rows(plan)
        for one, other in pairwise(row.seats)
    )
    return steps[len(steps) // 2] if steps else USUAL_PITCH


def _all_rows(plan: SeatPlan) -> list[Row]:
    return [row for section in plan.sections for row in section.rows]


def _name(name: str, seats: Sequence[Seat]) -> tuple[str, float, float]:
    left, right = min(seat.x for seat in seats), max(seat.x for seat in seats)
    return name, round((left + right) / 2, 1), round(min(seat.y for seat in seats) - 20, 1)


def _found(performance: str, plan: str) -> Document | None:
    layout = _layout_of(public_programme.programme(), performance)
    if layout is None or ending(layout[0]) != plan:
        return None
    return _plans.get(plan, lambda: _document(layout[1]))


def _document(plan: SeatPlan) -> Document:
    return document(drawn(plan), kind=SVG, headers={"cache-control": FOREVER})


def _layout_of(programme: Programme, performance: str) -> tuple[str, SeatPlan] | None:
    for event in programme.events:
        for one in event.performances:
            if ending(one.id) == performance:
                layout = programme.offer(one).layout
                return None if layout is None else (layout.plan_id, layout.plan)
    return None


def _missing() -> Response:
    return PlainTextResponse("There is no such map.\n", 404, {"cache-control": NO_STORE})


ROUTES = [Route(f"{PLANS}{{performance}}/{{plan}}.svg", show, methods=["GET"])]
