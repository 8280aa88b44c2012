"""One venue with its halls."""

from dataclasses import dataclass
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.venues.plan_rows import size_words
from upstage_crm.admin.venues.url import plan_href
from upstage_crm.core.errors import UpstageError
from upstage_crm.jobs.news import Topic
from upstage_crm.pages.page_state import PageMixin
from upstage_crm.staff.roles import Permission
from upstage_crm.venues import plans, queries
from upstage_crm.venues.plans import PlanVersion
from upstage_crm.venues.texts import VENUE_TEXTS
from upstage_crm.venues.views import HallView, VenueView


@dataclass(frozen=True, slots=True, kw_only=True)
class HallCard:
    """One hall, as it is drawn."""

    id: str = ""
    name: str = ""
    step_free: str = ""
    doors: str = ""
    access_notes: str = ""
    size: str = ""
    plan_href: str = ""


def _nothing() -> dict[str, str]:
    return dict.fromkeys(VENUE_TEXTS, "")


class VenueRecordState(PageMixin, AdminState):
    """What the page of one venue shows; `shown` is loading, venue or missing."""

    permission: ClassVar[Permission | None] = Permission.VIEW_PROGRAMME
    is_live: ClassVar[bool] = True
    topics: ClassVar[frozenset[Topic]] = frozenset({Topic.PROGRAMME})

    shown: str = "loading"
    title: str = ""
    name: str = ""
    texts: rx.Field[dict[str, str]] = rx.field(default_factory=_nothing)
    halls: rx.Field[list[HallCard]] = rx.field(default_factory=list)
    may_edit: bool = False

    def _start(self) -> None:
        self.subject = self.router.url.path.rstrip("/").rpartition("/")[2]

    async def _show(self) -> Any:
        venue_id = self.subject
        self.may_edit = self._may(Permission.EDIT_VENUES)

        def stored(session: Session) -> tuple[VenueView, dict[str, PlanVersion]]:
            venue = queries.venue(session, venue_id)
            return venue, plans.newest_of(session, [hall.id for hall in venue.halls])

        try:
            venue, newest = await self._read(stored)
        except UpstageError:
            self.shown, self.title = "missing", f"No such venue · {self.organisation}"
            return
        self.shown, self.name = "venue", venue.texts["name"]
        self.title = f"{self.name} · {self.organisation}"
        self.texts = dict(venue.texts)
        self.halls = [_card(hall, newest.get(hall.id)) for hall in venue.halls]


def _card(hall: HallView, newest: PlanVersion | None) -> HallCard:
    return HallCard(
        id=hall.id,
        size=size_words(newest.seats, newest.places) if newest else "",
        plan_href=plan_href(hall.venue_id, hall.id),
        **hall.texts,
    )
