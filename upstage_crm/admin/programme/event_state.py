"""One event with its performances."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.programme.url import house_href
from upstage_crm.core import when
from upstage_crm.core.errors import UpstageError
from upstage_crm.jobs.news import Topic
from upstage_crm.organisation.settings import details
from upstage_crm.pages.page_state import PageMixin
from upstage_crm.programme import queries
from upstage_crm.programme.event_texts import LIMITS, TITLE
from upstage_crm.programme.views import EventView, HallChoice, PerformanceState, PerformanceView
from upstage_crm.staff.roles import Permission
from upstage_crm.wording.programme import ACCESS_WORDS, PERFORMANCE_WORDS


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceLine:
    """One performance, as it is drawn."""

    id: str = ""
    time: str = ""
    time_iso: str = ""
    hall: str = ""
    access: list[str] = field(default_factory=list[str])
    state: str = ""
    is_cancelled: bool = False
    href: str = ""


def _nothing() -> dict[str, str]:
    return dict.fromkeys(LIMITS, "")


class EventState(PageMixin, AdminState):
    """What the page of one event shows; `shown` is loading, event or missing."""

    permission: ClassVar[Permission | None] = Permission.VIEW_PROGRAMME
    is_live: ClassVar[bool] = True
    topics: ClassVar[frozenset[Topic]] = frozenset({Topic.PROGRAMME})

    shown: str = "loading"
    title: str = ""
    name: str = ""
    texts: rx.Field[dict[str, str]] = rx.field(default_factory=_nothing)
    performances: rx.Field[list[PerformanceLine]] = rx.field(default_factory=list)
    halls: rx.Field[list[tuple[str, str]]] = rx.field(default_factory=list)
    may_edit: bool = False

    def _start(self) -> None:
        self.subject = self.router.url.path.rstrip("/").rpartition("/")[2]

    async def _show(self) -> Any:
        event_id = self.subject
        self.may_edit = self._may(Permission.EDIT_PROGRAMME)

        def stored(session: Session) -> tuple[EventView, list[HallChoice], str]:
            found = queries.event(session, event_id)
            return found, queries.hall_choices(session), details(session).country

        try:
            event, halls, country = await self._read(stored)
        except UpstageError:
            self.shown, self.title = "missing", f"No such event · {self.organisation}"
            return
        self.shown, self.name = "event", event.texts[TITLE]
        self.title = f"{self.name} · {self.organisation}"
        self.texts = dict(event.texts)
        self.halls = [(hall.id, hall.name) for hall in halls]
        self.performances = [_line(event_id, one, country) for one in event.performances]


def _line(event_id: str, one: PerformanceView, country: str) -> PerformanceLine:
    return PerformanceLine(
        id=one.id,
        time=when.in_words(one.starts_at, when.zone(one.zone, country=country)),
        time_iso=when.iso(one.starts_at),
        hall=one.hall,
        access=[ACCESS_WORDS[kind] for kind in one.access],
        state=PERFORMANCE_WORDS[one.state],
        is_cancelled=one.state is PerformanceState.CANCELLED,
        href=house_href(event_id, one.id),
    )
