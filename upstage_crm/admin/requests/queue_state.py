"""The queue of requests: views, search, pages. The address is the truth; see `address.py`."""

import asyncio
import logging
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

import reflex as rx
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.requests.rows import (
    SOON,
    QueueRow,
    QueueTab,
    counted,
    queue_row,
    queue_tab,
)
from upstage_crm.admin.requests.url import (
    QUERY_LIMIT,
    QueueAddress,
    read,
)
from upstage_crm.change_requests.reads import dashboard, requests
from upstage_crm.change_requests.reads.dashboard import (
    VIEW_STATES,
    View,
)
from upstage_crm.jobs.news import Topic
from upstage_crm.mail.message import MailKind
from upstage_crm.mail.queries import newest_state_by_request
from upstage_crm.organisation.settings import details
from upstage_crm.pages.list_state import ListMixin
from upstage_crm.staff.roles import Permission, StaffMember
from upstage_crm.wiring import runtime

PAGE_SIZE = 50
log = logging.getLogger(__name__)

Found = tuple[int, list[QueueRow], list[QueueTab]]


class RequestQueueState(ListMixin, AdminState):
    """What the queue shows. Texts are worded; `shown` names the state of the table."""

    permission: ClassVar[Permission | None] = Permission.VIEW_REQUESTS
    topics: ClassVar[frozenset[Topic]] = frozenset({Topic.REQUESTS})

    tabs: list[QueueTab] = []
    rows: list[QueueRow] = []
    shown: str = "loading"  # loading, rows, nothing (no match), empty (none in this view), failed
    count: str = ""
    summary: str = ""
    has_next: bool = False
    view: str = View.OPEN.value
    query: str = ""
    page: int = 0

    @rx.event(background=True, supersedes=True)
    async def fetch(self) -> None:
        """Read the wanted page; only the newest wish is ever shown."""
        async with self:
            self.is_busy = True
            wanted, viewer = self._address(), self._actor()
        try:
            found = await asyncio.to_thread(_page, wanted, viewer)
        except SQLAlchemyError:
            log.exception("the queue could not be read")
            found = None
        async with self:
            if wanted == self._address():
                self._take(found)

    @rx.event
    def search(self, text: str) -> Any:
        """Show the requests that these words find in this view."""
        words = text[:QUERY_LIMIT] if isinstance(text, str) else ""
        return self._go(replace(self._address(), query=words, page=0))

    @rx.event
    def previous_page(self) -> Any:
        """Go back one page."""
        return self._go(replace(self._address(), page=max(self.page - 1, 0)))

    @rx.event
    def next_page(self) -> Any:
        """Go on one page, if there is one."""
        return self._go(replace(self._address(), page=self.page + 1)) if self.has_next else None

    @rx.event
    def clear(self) -> Any:
        """Forget the search and put the cursor into its box."""
        self.search_box += 1
        kept = replace(self._address(), query="", page=0)
        return [*self._go(kept), rx.set_focus("search")]

    @rx.event
    def search_everywhere(self) -> Any:
        """Look for the same words among all requests."""
        return self._go(replace(self._address(), view=View.ALL, page=0))

    def _address(self) -> QueueAddress:
        return QueueAddress(view=View(self.view), query=self.query, page=self.page)

    def _asked(self) -> QueueAddress:
        return read(self.router.url.query_parameters)

    def _set(self, address: QueueAddress) -> None:
        self.view, self.query, self.page = address.view.value, address.query, address.page

    def _empty_rows(self) -> None:
        self.rows, self.count, self.shown = [], "", "loading"

    def _take(self, found: Found | None) -> None:
        self.is_busy = False
        if found is None:
            self.shown = "failed"
            return
        total, self.rows, self.tabs = found
        first = self.page * PAGE_SIZE + 1
        last = first + len(self.rows) - 1
        self.count = counted(total, "request", "requests")
        self.summary = f"{first:,}–{last:,} of {total:,}" if self.rows else f"0 of {total:,}"
        self.has_next = last < total
        asked = self.query.strip() or self.page
        self.shown = "rows" if self.rows else ("nothing" if asked else "empty")


def _page(address: QueueAddress, viewer: StaffMember) -> Found:
    parts = runtime()
    now = parts.clock.now()
    with parts.database.reading() as session:
        total, rows = _rows(session, address, viewer, now)
        counts = dashboard.view_counts(session, proposer_id=viewer.id, expiring_before=now + SOON)
    tabs = [queue_tab(view, count=counts[view], active=address.view) for view in View]
    return total, rows, tabs


def _rows(
    session: Session, address: QueueAddress, viewer: StaffMember, now: datetime
) -> tuple[int, list[QueueRow]]:
    total, lines = requests.page(
        session,
        states=VIEW_STATES[address.view],
        proposer_id=viewer.id if address.view is View.MINE else None,
        expiring_before=now + SOON if address.view is View.EXPIRING else None,
        query=address.query,
        page=address.page,
        size=PAGE_SIZE,
        reader=viewer.role,
    )
    mails = newest_state_by_request(
        session, [line.id for line in lines], kind=MailKind.DECISION_REQUEST
    )
    zone = details(session).zone
    rows = [queue_row(line, mail=mails.get(line.id), now=now, time_zone=zone) for line in lines]
    return total, rows
