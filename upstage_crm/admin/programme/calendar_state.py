"""The calendar of performances: a month, a week, or the same days as a list."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.programme.calendar_days import (
    DAY,
    HALL,
    SEASON,
    SHAPE,
    STATE,
    View,
    is_of_month,
    turned,
    view_of,
    weeks_of,
    within,
)
from upstage_crm.admin.programme.list_state import with_the_next
from upstage_crm.admin.programme.taking_back_state import Undo, UndoMixin
from upstage_crm.admin.programme.url import event_href
from upstage_crm.core import when
from upstage_crm.jobs.news import Topic
from upstage_crm.organisation.seasons import Season
from upstage_crm.organisation.settings import details, season_start
from upstage_crm.pages.list_state import ListMixin, ListPage, Query
from upstage_crm.pages.list_url import FIRST_YEAR, LAST_YEAR, ListShape, ListUrl, as_day
from upstage_crm.pages.periods import season_year
from upstage_crm.programme import queries
from upstage_crm.programme.times import first_moment
from upstage_crm.programme.views import PerformanceState, PerformanceView
from upstage_crm.staff.roles import Permission
from upstage_crm.wiring import runtime
from upstage_crm.wording.programme import ACCESS_WORDS


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarLine:
    """One performance, as it is drawn."""

    id: str = ""
    time: str = ""
    time_iso: str = ""
    title: str = ""
    href: str = ""
    hall: str = ""
    access: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDay:
    """One day. `number` is for the grid, `words` are for the list and for screen readers."""

    iso: str = ""
    number: str = ""
    words: str = ""
    is_today: bool = False
    is_outside: bool = False
    lines: list[CalendarLine] = field(default_factory=list[CalendarLine])


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarWeek:
    """One week of days."""

    days: list[CalendarDay] = field(default_factory=list[CalendarDay])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """What was read besides the performances."""

    title: str
    weekdays: tuple[str, ...]
    halls: tuple[tuple[str, str], ...]
    day: date
    has_earlier: bool
    has_later: bool


class CalendarState(UndoMixin, ListMixin, AdminState):
    """What the calendar shows. `heading` says which days, `has_earlier` whether there are more."""

    permission: ClassVar[Permission | None] = Permission.VIEW_PROGRAMME
    topics: ClassVar[frozenset[Topic]] = frozenset({Topic.PROGRAMME})
    shape: ClassVar[ListShape] = SHAPE
    nouns: ClassVar[tuple[str, str]] = ("performance", "performances")

    rows: rx.Field[list[CalendarWeek]] = rx.field(default_factory=list)
    heading: str = ""
    weekdays: rx.Field[list[str]] = rx.field(default_factory=list)
    halls: rx.Field[list[tuple[str, str]]] = rx.field(default_factory=list)
    shown_count: int = 0
    has_earlier: bool = False
    has_later: bool = False
    may_edit: bool = False

    _day: str = ""  # the one that the shown days are around

    @rx.event
    def earlier(self) -> Any:
        """Turn to the month or week before."""
        return self._turn(-1) if self.has_earlier else None

    @rx.event
    def later(self) -> Any:
        """Turn to the month or week after."""
        return self._turn(1) if self.has_later else None

    @rx.event
    def today(self) -> Any:
        """Turn to the days of now, in any season."""
        return self._show_day("", season="")

    def _turn(self, steps: int) -> Any:
        at = as_day(self._day)
        if at is None:
            return None
        following = turned(at, view_of(self.chosen), steps)
        return self._show_day(following.isoformat(), season=self.chosen.get(SEASON, ""))

    def _show_day(self, day: str, *, season: str) -> Any:
        url = self._url()
        chosen = {**url.chosen, DAY: day, SEASON: season}
        return self._go(SHAPE.plain(**chosen))

    async def _frame(self) -> None:
        await super()._frame()
        offered = self._season_choices(self.chosen.get(SEASON, ""))
        self.seasons = with_the_next(offered, self._season)
        self.may_edit = self._may(Permission.EDIT_PROGRAMME)

    async def _leave(self) -> None:
        await super()._leave()
        self._offer(Undo())

    def _performance_ids(self) -> list[str]:
        """The performances that can be chosen here: those of the shown days."""
        return [line.id for week in self.rows for day in week.days for line in day.lines]

    def _query(self) -> Query:
        return partial(_weeks)

    def _take_extra(self, extra: Any) -> None:
        self.heading, self.weekdays = extra.title, list(extra.weekdays)
        self.halls, self._day = list(extra.halls), extra.day.isoformat()
        self.shown_count = sum(len(day.lines) for week in self.rows for day in week.days)
        self.has_earlier, self.has_later = extra.has_earlier, extra.has_later


def _weeks(session: Session, url: ListUrl) -> ListPage:
    house, start = details(session), season_start(session)
    zone, view = house.zone, view_of(url.chosen)
    country = when.country_of(zone)
    today = runtime().clock.now().astimezone(zone).date()
    year = season_year(url.chosen.get(SEASON, ""))
    season = None if year is None else Season(year, start)
    day = within(as_day(url.chosen.get(DAY, "")) or today, season)
    weeks = weeks_of(day, view, first_weekday=when.first_weekday(country))
    days = [one for week in weeks for one in week if _is_shown(one, day, view, season)]
    state = url.chosen.get(STATE, "")
    found = queries.between(
        session,
        start=first_moment(days[0] - timedelta(days=1), zone),
        end=first_moment(days[-1] + timedelta(days=2), zone),
        hall_id=url.chosen.get(HALL, ""),
        state=PerformanceState(state) if state else None,
    )
    fitting: dict[date, list[CalendarLine]] = {one: [] for one in days}
    for one in found:
        if one.day in fitting:
            fitting[one.day].append(_line(one, country))
    rows = [
        CalendarWeek(days=[_day(one, day, today, view, fitting, country) for one in week])
        for week in weeks
    ]
    earlier, later = turned(day, view, -1), turned(day, view, 1)
    around = _Around(
        title=_title(weeks, day, view, country),
        weekdays=tuple(when.weekday_in_words(one, country, is_short=True) for one in weeks[0]),
        halls=tuple((hall.id, hall.name) for hall in queries.hall_choices(session)),
        day=day,
        has_earlier=_is_there(earlier, view, season),
        has_later=_is_there(later, view, season),
    )
    total = sum(len(lines) for lines in fitting.values())
    return ListPage(rows=rows, total=total, extra=around)


def _is_shown(one: date, day: date, view: View, season: Season | None) -> bool:
    is_inside = season is None or season.first <= one <= season.last
    return is_inside and is_of_month(one, day, view)


def _is_there(day: date, view: View, season: Season | None) -> bool:
    """Whether the calendar can turn to the days around this one."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        return False
    if season is None:
        return True
    days = [one for week in weeks_of(day, view, first_weekday=0) for one in week]
    return any(_is_shown(one, day, view, season) for one in days)


def _title(weeks: list[list[date]], day: date, view: View, country: str) -> str:
    if view is not View.WEEK:
        return when.month_in_words(day, country)
    first, last = (when.date_in_words(one, country=country) for one in (weeks[0][0], weeks[0][-1]))
    return f"{first} – {last}"


def _day(
    one: date,
    day: date,
    today: date,
    view: View,
    fitting: dict[date, list[CalendarLine]],
    country: str,
) -> CalendarDay:
    weekday = when.weekday_in_words(one, country)
    return CalendarDay(
        iso=one.isoformat(),
        number=str(one.day),
        words=f"{weekday}, {when.date_in_words(one, country=country)}",
        is_today=one == today,
        is_outside=not is_of_month(one, day, view),
        lines=fitting.get(one, []),
    )


def _line(one: PerformanceView, country: str) -> CalendarLine:
    zone = when.zone(one.zone, country=country)
    return CalendarLine(
        id=one.id,
        time=when.weekday(one.starts_at, zone)[1],
        time_iso=when.iso(one.starts_at),
        title=one.title,
        href=event_href(one.event_id),
        hall=one.hall.partition(",")[0],
        access=", ".join(ACCESS_WORDS[kind] for kind in one.access),
        state=one.state,
    )
