"""The queue of requests: views, search, dates, order, pages."""

from functools import partial
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.requests.rows import (
    STEP_WORDS,
    TABS,
    QueueRow,
    QueueTab,
    queue_row,
    queue_tab,
)
from upstage_crm.admin.requests.url import MINE, PROPOSED, SHAPE
from upstage_crm.change_requests.reads import queue
from upstage_crm.change_requests.reads.figures import Step
from upstage_crm.change_requests.reads.queue import ENDINGS, FINISHED_VIEWS, Look, View
from upstage_crm.change_requests.reads.request_order import RequestSort
from upstage_crm.jobs.news import Topic
from upstage_crm.mail.message import MailKind
from upstage_crm.mail.queries import newest_state_by_request
from upstage_crm.organisation.settings import details, season_start
from upstage_crm.pages.list_state import ListMixin, ListPage, Query
from upstage_crm.pages.list_url import ListShape, ListUrl
from upstage_crm.pages.periods import span_of
from upstage_crm.staff.roles import Permission, StaffMember
from upstage_crm.wiring import runtime


class RequestQueueState(ListMixin, AdminState):
    """What the queue shows. `is_finished` says that the view holds requests that have ended.

    `is_closed` says that they may have ended in any way: each ending can be chosen then.
    """

    permission: ClassVar[Permission | None] = Permission.VIEW_REQUESTS
    topics: ClassVar[frozenset[Topic]] = frozenset({Topic.REQUESTS})
    shape: ClassVar[ListShape] = SHAPE
    nouns: ClassVar[tuple[str, str]] = ("request", "requests")

    tabs: rx.Field[list[QueueTab]] = rx.field(default_factory=list)
    rows: rx.Field[list[QueueRow]] = rx.field(default_factory=list)
    is_finished: bool = False
    is_closed: bool = False
    came: str = ""
    """How far the requests came that are listed, in words; "" for all."""

    def _set(self, url: ListUrl) -> None:
        super()._set(url)
        view = view_of(url)
        self.is_finished = view in FINISHED_VIEWS
        self.is_closed = view is View.CLOSED or view in ENDINGS
        self.came = STEP_WORDS.get(url.chosen.get("came", ""), "")

    def _query(self) -> Query:
        return partial(_requests, viewer=self._actor(), size=self.size)

    def _take_extra(self, extra: Any) -> None:
        self.tabs = extra


def view_of(url: ListUrl) -> View:
    """The view that an address asks for."""
    return View(url.chosen.get("view") or View.OPEN)


def _requests(session: Session, url: ListUrl, *, viewer: StaffMember, size: int) -> ListPage:
    now, zone = runtime().clock.now(), details(session).zone
    view, start = view_of(url), season_start(session)
    span = span_of(url.chosen, now=now, time_zone=zone, season_start=start)
    look = Look(viewer=viewer, now=now, is_mine=url.chosen.get("who") == MINE)
    total, lines = queue.page(
        session,
        view,
        look=look,
        start=span.start,
        end=span.end,
        by_proposal=url.chosen.get("by") == PROPOSED,
        step=Step(url.chosen["came"]) if url.chosen.get("came") else None,
        query=url.search,
        sort=RequestSort(url.sort),
        descending=url.is_descending,
        page=url.page - 1,
        size=size,
    )
    mails = newest_state_by_request(
        session, [line.id for line in lines], kind=MailKind.DECISION_REQUEST
    )
    rows = [queue_row(line, mail=mails.get(line.id), now=now, time_zone=zone) for line in lines]
    counts, who = queue.counts(session, look=look), url.chosen.get("who", "")
    tabs = [queue_tab(each, count=counts[each], active=view, who=who) for each in TABS]
    return ListPage(rows=rows, total=total, extra=tabs)
