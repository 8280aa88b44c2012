"""The list of events."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import partial
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.programme.url import SHAPE, event_href
from upstage_crm.core import when
from upstage_crm.jobs.news import Topic
from upstage_crm.organisation.seasons import Season, SeasonStart
from upstage_crm.organisation.settings import details, season_start
from upstage_crm.pages.list_state import ListMixin, ListPage, Query
from upstage_crm.pages.list_url import ListShape, ListUrl
from upstage_crm.pages.periods import season_value, season_year, span_of
from upstage_crm.programme import queries
from upstage_crm.programme.queries import EventSort
from upstage_crm.programme.views import EventLine
from upstage_crm.staff.roles import Permission
from upstage_crm.wiring import runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One event, as it is drawn."""

    title: str = ""
    genre: str = ""
    season: str = ""
    count: str = ""
    on_sale: str = ""
    first: str = ""
    first_iso: str = ""
    last: str = ""
    last_iso: str = ""
    href: str = ""


class EventListState(ListMixin, AdminState):
    """What the list of events shows; by the dates of their performances."""

    permission: ClassVar[Permission | None] = Permission.VIEW_PROGRAMME
    topics: ClassVar[frozenset[Topic]] = frozenset({Topic.PROGRAMME})
    shape: ClassVar[ListShape] = SHAPE
    nouns: ClassVar[tuple[str, str]] = ("event", "events")

    rows: rx.Field[list[EventRow]] = rx.field(default_factory=list)
    may_edit: bool = False

    async def _show(self) -> Any:
        self.may_edit = self._may(Permission.EDIT_PROGRAMME)
        return await super()._show()

    def _season_choices(self, chosen: str) -> list[tuple[str, str]]:
        return with_the_next(super()._season_choices(chosen), self._season)

    def _query(self) -> Query:
        return partial(_events, size=self.size)


def with_the_next(offered: list[tuple[str, str]], season: Season | None) -> list[tuple[str, str]]:
    """The seasons that a list offers, and after the first one that which comes next."""
    if season is None:
        return offered
    following = season.moved(1)
    choice = (season_value(following.year), following.name)
    return [*offered[:1], choice, *(one for one in offered[1:] if one != choice)]


def _season_of(line: EventLine, zone: tzinfo, start: SeasonStart) -> str:
    """The season of the first performance; without one, that which it is planned for."""
    if line.first:
        return start.season_of(line.first.astimezone(zone).date()).name
    return Season(line.season, start).name if line.season is not None else ""


def _events(session: Session, url: ListUrl, *, size: int) -> ListPage:
    now, zone, start = runtime().clock.now(), details(session).zone, season_start(session)
    span = span_of(url.chosen, now=now, time_zone=zone, season_start=start)
    total, lines = queries.events(
        session,
        text=url.search,
        start=span.start,
        end=span.end,
        season=season_year(url.chosen.get("when", "")),
        sort=EventSort(url.sort),
        is_descending=url.is_descending,
        first=(url.page - 1) * size,
        size=size,
    )

    def told(at: datetime | None) -> tuple[str, str]:
        return (when.short(at, zone), when.iso(at)) if at else ("", "")

    rows: list[EventRow] = []
    for line in lines:
        (first, first_iso), (last, last_iso) = told(line.first), told(line.last)
        season = _season_of(line, zone, start)
        rows.append(
            EventRow(
                title=line.title,
                genre=line.genre,
                season=season,
                count=str(line.count) if line.count else "",
                on_sale=f"{line.on_sale} on sale" if line.on_sale else "",
                first=first,
                first_iso=first_iso,
                last=last,
                last_iso=last_iso,
                href=event_href(line.id),
            )
        )
    return ListPage(rows=rows, total=total)
