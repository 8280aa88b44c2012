"""The house of one performance: its map, what is free, and what the house keeps back."""

import asyncio
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.house.house_rows import CountRow, DrawnHouse, HoldRow, SeatRow, drawn
from upstage_crm.admin.programme.url import event_href
from upstage_crm.core import when
from upstage_crm.core.errors import UpstageError
from upstage_crm.inventory import queries, seatings
from upstage_crm.inventory.errors import NotLaidOut
from upstage_crm.inventory.views import House
from upstage_crm.jobs.news import Topic
from upstage_crm.orders.cancellations import progress
from upstage_crm.orders.cancellations.views import Progress
from upstage_crm.organisation.settings import details
from upstage_crm.pages.page_state import PageMixin
from upstage_crm.programme import queries as programme
from upstage_crm.programme.views import PerformanceFacts, PerformanceState
from upstage_crm.staff.roles import Permission
from upstage_crm.venues import plans
from upstage_crm.venues import queries as venues
from upstage_crm.venues.seat_plan import SeatPlan
from upstage_crm.waiting_list import queries as waiting_list
from upstage_crm.waiting_list.views import ListCounts
from upstage_crm.wiring import runtime
from upstage_crm.wording.programme import PERFORMANCE_WORDS
from upstage_crm.wording.sales.cancellations import progress_rows, progress_title
from upstage_crm.wording.sales.waiting_lists import list_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What one reading gives; no `house` of a performance that is not laid out."""

    about: PerformanceFacts
    hall: str
    time: str
    zone: tzinfo
    is_behind: bool
    house: House | None
    progress: Progress | None
    waiting: ListCounts
    plan: SeatPlan | None


class HouseState(PageMixin, AdminState):
    """What the page shows; `shown` is loading, house, empty or missing.

    Its subject is the performance's id. `places` are the sections and pools to choose from.
    """

    permission: ClassVar[Permission | None] = Permission.VIEW_PROGRAMME
    is_live: ClassVar[bool] = True
    topics: ClassVar[frozenset[Topic]] = frozenset({Topic.PROGRAMME, Topic.SEATS, Topic.ORDERS})

    shown: str = "loading"
    title: str = ""
    name: str = ""
    time: str = ""
    event_path: str = ""
    hall: str = ""
    size: str = ""
    state: str = ""
    is_cancelled: bool = False
    is_rush: bool = False
    is_behind: bool = False  # the hall has a newer plan
    may_edit: bool = False
    may_hold: bool = False
    may_rush: bool = False
    progress_title: str = ""
    progress: rx.Field[list[tuple[str, str]]] = rx.field(default_factory=list)
    waiting: rx.Field[list[tuple[str, str]]] = rx.field(default_factory=list)
    picture: str = ""
    counts: rx.Field[list[CountRow]] = rx.field(default_factory=list)
    holds: rx.Field[list[HoldRow]] = rx.field(default_factory=list)
    rows: rx.Field[list[SeatRow]] = rx.field(default_factory=list)
    places: rx.Field[list[tuple[str, str]]] = rx.field(default_factory=list)

    @rx.event
    async def lay_out(self) -> Any:
        """Make the seats ready to be held."""
        actor, performance_id = self._actor(), self.subject
        return await self._act(
            lambda session: seatings.lay_out(
                runtime().staff_context(session, actor), performance_id=performance_id
            ),
            "Laid out. Seats can be held now.",
        )

    @rx.event
    async def rush(self, is_rush: bool) -> Any:
        """Declare an on-sale, or end it."""
        actor, performance_id = self._actor(), self.subject
        return await self._act(
            lambda session: seatings.declare_rush(
                runtime().staff_context(session, actor),
                performance_id=performance_id,
                is_rush=is_rush is True,
            ),
            "Holds last 8 minutes now." if is_rush is True else "Holds last 12 minutes now.",
        )

    def _start(self) -> None:
        self.subject = self.router.url.path.rstrip("/").rpartition("/")[2]

    async def _show(self) -> Any:
        performance_id, now = self.subject, runtime().clock.now()
        self.may_edit = self._may(Permission.EDIT_PROGRAMME)
        self.may_hold = self._may(Permission.HOLD_SEATS)
        self.may_rush = self._may(Permission.EDIT_POLICY)

        def stored(session: Session) -> _Found:
            about = programme.performance(session, performance_id)
            hall = venues.hall(session, about.hall_id)
            house, plan = None, None
            try:
                house = queries.house(session, performance_id, now=now)
                plan = queries.plan_of(session, performance_id)
            except NotLaidOut:
                pass
            newest = plans.newest_id(session, about.hall_id)
            zone = when.zone(about.zone, country=details(session).country)
            return _Found(
                about=about,
                hall=f"{hall.texts['name']}, {hall.venue_name}",
                time=when.in_words(about.starts_at, zone),
                zone=zone,
                is_behind=house is not None and newest != house.plan_id,
                house=house,
                progress=progress.of_performance(session, performance_id),
                waiting=waiting_list.counts(session, performance_id),
                plan=plan,
            )

        try:
            found = await self._read(stored)
        except UpstageError:
            self.shown, self.title = "missing", f"No such performance · {self.organisation}"
            return
        self._tell(found)
        if found.house is None or found.plan is None:
            self.shown = "empty"
            return
        self.places = [
            *((section.name, section.name) for section in found.plan.sections),
            *((pool.id, f"{pool.name} (standing)") for pool in found.house.pools),
        ]
        made = await asyncio.to_thread(drawn, found.house, found.plan, time_zone=found.zone)
        self._fill(made)

    def _tell(self, found: _Found) -> None:
        about = found.about
        self.name, self.time, self.hall = about.title, found.time, found.hall
        self.event_path = event_href(about.event_id)
        self.title = f"{self.name}, {self.time} · {self.organisation}"
        self.state = PERFORMANCE_WORDS[about.state]
        self.is_cancelled = about.state is PerformanceState.CANCELLED
        self.is_behind = found.is_behind and not self.is_cancelled
        self.may_edit = self.may_edit and not self.is_cancelled
        self.is_rush = found.house is not None and found.house.is_rush
        self.waiting = list_rows(found.waiting)
        told = found.progress if self._may(Permission.VIEW_ORDERS) else None
        self.progress_title = "" if told is None else progress_title(told)
        self.progress = [] if told is None else progress_rows(told)

    def _fill(self, made: DrawnHouse) -> None:
        self.shown, self.picture, self.size = "house", made.picture, made.size
        self.counts, self.holds, self.rows = made.counts, made.holds, made.rows
