"""The dashboard: what waits, what needs a person, what patrons decided."""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import Any, ClassVar
from urllib.parse import urlencode

import reflex as rx
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from upstage_crm.admin.dashboard.plot_rows import (
    PERIODS,
    USUAL,
    Figures,
    figures,
    first_day,
    month_bounds,
)
from upstage_crm.admin.dashboard.rows import (
    Counts,
    DecidedRow,
    NeedRow,
    Tile,
    alert_row,
    decided_rows,
    dispute_row,
    finding_row,
    mail_row,
    need_row,
    tiles,
    with_more,
)
from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.patron_list.narrowed import hidden_filters
from upstage_crm.change_requests.lifecycle.mail_access import sights_of_mails
from upstage_crm.change_requests.limits import alerts
from upstage_crm.change_requests.model.rules import RequestState
from upstage_crm.change_requests.reads import dashboard, queue, requests
from upstage_crm.change_requests.reads import figures as request_figures
from upstage_crm.change_requests.reads.needs import Need, needing
from upstage_crm.change_requests.reads.queue import VIEW_STATES, Look, View
from upstage_crm.jobs.news import ALL_TOPICS, Topic
from upstage_crm.mail.delivery import MailState
from upstage_crm.mail.queries import MailSummary, health, mails
from upstage_crm.orders import queries as orders
from upstage_crm.organisation.settings import details, season_start
from upstage_crm.pages.forms import texts
from upstage_crm.pages.list_url import QUERY_LIMIT
from upstage_crm.pages.page_state import PageMixin
from upstage_crm.patrons.quality import quality
from upstage_crm.patrons.search.patron_list import best
from upstage_crm.payments import disputes
from upstage_crm.proof import integrity, naming
from upstage_crm.staff.roles import Permission, StaffMember, may
from upstage_crm.wiring import runtime

WEEK = timedelta(days=7)
FIGURES_FOR = timedelta(minutes=1)  # every commit refreshes the page: its plots need not follow
MAIL_TROUBLE = timedelta(days=14)  # an older failed mail is history: nobody can mend it any more
SHOWN_PER_NEED = 5
SHOWN_OF_ALL = 200  # more of one kind than a person works through in a day
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Overview:
    """What was read for the page, in one snapshot."""

    tiles: list[Tile]
    needs: list[NeedRow]
    needs_count: int
    decided: list[DecidedRow]
    is_first_use: bool


class DashboardState(PageMixin, AdminState):
    """What the dashboard shows. `shown` is loading, first_use, overview or failed.

    `whole` is the kind of need of which the address asks to see all.
    """

    permission: ClassVar[Permission | None] = Permission.VIEW_REQUESTS
    is_live: ClassVar[bool] = True
    topics: ClassVar[frozenset[Topic]] = ALL_TOPICS - {Topic.TRAIL}
    keeps: ClassVar[bool] = True

    shown: str = "loading"
    may_set_up: bool = False
    tiles: list[Tile] = []
    needs: list[NeedRow] = []
    needs_count: str = ""
    whole: str = ""
    decided: list[DecidedRow] = []
    figures: Figures = Figures()

    _days: int = USUAL
    _figures_of: tuple[int, datetime] | None = None  # the days and the moment they were read for

    @rx.event
    async def search(self, form: dict[str, Any]) -> Any:
        """Look for a patron: open the only one who is found, else the list of all who are."""
        words = texts(form, QUERY_LIMIT).get("q", "").strip()
        if not words:
            return rx.redirect("/patrons/")
        reader = self._actor().role
        found = await self._read(lambda session: best(session, words, most=2, reader=reader))
        if len(found) == 1:
            return rx.redirect(f"/patrons/{found[0].number}/")
        return rx.redirect(f"/patrons/?{urlencode({'q': words})}")

    def _start(self) -> None:
        asked = self.router.url.query_parameters
        self.whole = asked.get("all", "")[:QUERY_LIMIT]
        days = asked.get("days", "")
        self._days = int(days) if days in {str(each) for each in PERIODS} else USUAL

    async def _show(self) -> None:
        now, viewer, whole = runtime().clock.now(), self._actor(), self.whole
        try:
            found = await self._read(lambda session: _overview(session, now, viewer, whole))
        except SQLAlchemyError:
            log.exception("the dashboard could not be read")
            self.shown = "failed"
            return
        self.tiles, self.needs, self.decided = found.tiles, found.needs, found.decided
        self.needs_count = f"{found.needs_count:,}" if found.needs_count else ""
        self.may_set_up = self._may(Permission.EDIT_SETTINGS)
        self.shown = "first_use" if found.is_first_use else "overview"
        await self._draw(now)

    async def _draw(self, now: datetime) -> None:
        """Read the figures behind the plots: at once, and then once a minute at most."""
        days, known = self._days, self._figures_of
        if known is not None and known[0] == days and now - known[1] < FIGURES_FOR:
            return
        hidden = hidden_filters(self._actor().role)
        self.figures = await self._read(lambda session: _figures(session, now, days, hidden))
        self._figures_of = (days, now)


def _figures(session: Session, now: datetime, days: int, hidden: Collection[str]) -> Figures:
    zone = details(session).zone
    today = now.astimezone(zone).date()
    since = first_day(days, today, season_start(session).season_of(today))
    return figures(
        request_figures.funnel(session, since=datetime.combine(since, time(), zone)),
        request_figures.trend(session, month_bounds(today, zone)),
        quality(session),
        hidden=hidden,
        days=days,
        since=since,
        today=today,
        zone=zone,
    )


def _overview(session: Session, now: datetime, viewer: StaffMember, whole: str) -> Overview:
    may_open_mail = may(viewer, Permission.VIEW_MAILBOX)
    by_state = requests.counts(session)
    zone = details(session).zone
    troubled = _troubled(session, now)
    counts = Counts(
        waiting=sum(by_state.get(state, 0) for state in VIEW_STATES[View.OPEN]),
        held=by_state.get(RequestState.HELD, 0),
        expiring=queue.count(session, View.EXPIRING, look=Look(viewer=viewer, now=now)),
        ended=dashboard.ended_counts(session, since=now - WEEK),
        mail_waiting=health(session, now=now).queued,
        mail_troubled=len(troubled),
    )
    look = _Look(session, viewer, now, zone, whole)
    groups = [
        *(look.findings(), look.alerts(), look.disputes(), look.mails(troubled)),
        *map(look.need, Need),
    ]
    return Overview(
        tiles=tiles(counts, may_open_mail=may_open_mail),
        needs=[row for group in groups for row in group.rows],
        needs_count=sum(group.total for group in groups),
        decided=decided_rows(
            dashboard.recently_decided(session, reader=viewer.role), now=now, time_zone=zone
        ),
        is_first_use=not by_state,
    )


@dataclass(frozen=True, slots=True)
class _Group:
    """What there is of one kind of need: how much, and the rows that are shown."""

    total: int = 0
    rows: tuple[NeedRow, ...] = ()


@dataclass(frozen=True, slots=True)
class _Look:
    """One viewer's look at what needs a person; of the kind `whole` all is shown."""

    session: Session
    viewer: StaffMember
    now: datetime
    zone: tzinfo
    whole: str

    def need(self, need: Need) -> _Group:
        """Requests and records."""
        found = needing(
            self.session,
            need,
            viewer=self.viewer,
            since=self.now - WEEK,
            limit=self._limit(need.value),
        )
        rows = [need_row(need, each, now=self.now, time_zone=self.zone) for each in found.items]
        return self._group(need.value, found.total, rows)

    def alerts(self) -> _Group:
        """Colleagues whose proposals tripped a wire; nobody is shown their own alert."""
        if not may(self.viewer, Permission.RELEASE_QUARANTINE):
            return _Group()
        found = [a for a in alerts.alerts_open(self.session) if a.staff_id != self.viewer.id]
        shown = found[: self._limit("alert")]
        rows = [alert_row(each, now=self.now, time_zone=self.zone) for each in shown]
        return self._group("alert", len(found), rows)

    def findings(self) -> _Group:
        """What was changed outside the CRM, for whoever may restore it."""
        if not may(self.viewer, Permission.RESTORE_ROWS):
            return _Group()
        found = integrity.standing(self.session)
        shown = found[: self._limit("finding")]
        called = naming.names(self.session, shown)
        rows = [
            finding_row(each, name=called.get(each.ref, ""), now=self.now, time_zone=self.zone)
            for each in shown
        ]
        return self._group("finding", len(found), rows)

    def disputes(self) -> _Group:
        """Payments that a bank wants back, for owners: the account at the provider is theirs."""
        if not may(self.viewer, Permission.EDIT_SETTINGS):
            return _Group()
        found = disputes.needing(self.session, since=self.now - WEEK)
        rows: list[NeedRow] = []
        for each in found[: self._limit("payment")]:
            order = orders.order(self.session, each.order_id).reference if each.order_id else ""
            rows.append(dispute_row(each, order=order, now=self.now, time_zone=self.zone))
        return self._group("payment", len(found), rows)

    def mails(self, troubled: list[MailSummary]) -> _Group:
        """Emails that failed or may not have left, for whoever may send them again."""
        if not (
            may(self.viewer, Permission.VIEW_MAILBOX)
            and may(self.viewer, Permission.RESEND_REQUEST)
        ):
            return _Group()
        shown = troubled[: self._limit("mail")]
        seen = sights_of_mails(self.session, shown, reader=self.viewer.role)
        rows = [
            mail_row(each, access=seen[each.id], now=self.now, time_zone=self.zone)
            for each in shown
        ]
        return self._group("mail", len(troubled), rows)

    def _limit(self, kind: str) -> int:
        return SHOWN_OF_ALL if kind == self.whole else SHOWN_PER_NEED

    def _group(self, kind: str, total: int, rows: list[NeedRow]) -> _Group:
        is_whole = kind == self.whole
        return _Group(total, tuple(rows if is_whole else with_more(rows, total=total, kind=kind)))


def _troubled(session: Session, now: datetime) -> list[MailSummary]:
    """Mails of the last two weeks that failed or may not have left, the newest first."""
    found = [
        mail
        for state in (MailState.FAILED, MailState.UNCERTAIN)
        for mail in mails(session, state=state, size=SHOWN_OF_ALL).items
        if mail.created_at >= now - MAIL_TROUBLE
    ]
    return sorted(found, key=lambda mail: mail.id, reverse=True)
