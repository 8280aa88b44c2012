"""The patron list: search, order, pages. The address is the truth; see `address.py`."""

import asyncio
import logging
from dataclasses import replace
from typing import Any, ClassVar

import reflex as rx
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.patrons.rows import ListRow, counted, list_row
from upstage_crm.admin.patrons.url import (
    QUERY_LIMIT,
    ListAddress,
    read,
)
from upstage_crm.change_requests.reads.references import patron_number
from upstage_crm.change_requests.reads.requests import pending_counts
from upstage_crm.jobs.news import Topic
from upstage_crm.organisation.settings import details
from upstage_crm.pages.list_state import ListMixin
from upstage_crm.patrons import queries
from upstage_crm.patrons.queries import PatronSort
from upstage_crm.patrons.views import PatronLine
from upstage_crm.patrons.visibility import FieldAccess
from upstage_crm.staff.roles import Permission, Role
from upstage_crm.wiring import runtime

PAGE_SIZE = 50
log = logging.getLogger(__name__)


class PatronListState(ListMixin, AdminState):
    """What the list shows. Texts are worded; `shown` names the state of the table."""

    permission: ClassVar[Permission | None] = Permission.VIEW_PATRONS
    topics: ClassVar[frozenset[Topic]] = frozenset({Topic.PATRONS, Topic.REQUESTS})

    rows: rx.Field[list[ListRow]] = rx.field(default_factory=list)
    shown: str = "loading"  # loading, rows, nothing (no match), empty (no patron at all), failed
    may_add: bool = False
    has_masks: bool = False
    count: str = ""
    summary: str = ""
    has_next: bool = False
    query: str = ""
    tag: str = ""
    sort: str = PatronSort.NAME.value
    is_descending: bool = False
    page: int = 0

    @rx.event(background=True, supersedes=True)
    async def fetch(self) -> None:
        """Read the wanted page; only the newest wish is ever shown."""
        async with self:
            self.is_busy = True
            wanted, reader = self._address(), self._actor().role
        try:
            found = await asyncio.to_thread(_page, wanted, reader)
        except SQLAlchemyError:
            log.exception("the patron list could not be read")
            found = None
        async with self:
            if wanted == self._address():
                self._take(found)

    @rx.event
    def search(self, text: str) -> Any:
        """Show the patrons whom these words find."""
        words = text[:QUERY_LIMIT] if isinstance(text, str) else ""
        return self._go(replace(self._address(), query=words, page=0))

    @rx.event
    def sort_by(self, column: str) -> Any:
        """Order by a column; by the same column again, the other way round."""
        if column not in list(PatronSort):
            return None
        turned = column == self.sort and not self.is_descending
        sorted_by = replace(self._address(), sort=PatronSort(column), is_descending=turned, page=0)
        return self._go(sorted_by)

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
        """Show all patrons again and put the cursor into the search box."""
        self.search_box += 1
        kept = replace(self._address(), query="", tag="", page=0)
        return [*self._go(kept), rx.set_focus("search")]

    @rx.event
    def clear_tag(self) -> Any:
        """Show patrons with any tag."""
        return self._go(replace(self._address(), tag="", page=0))

    def _address(self) -> ListAddress:
        return ListAddress(
            query=self.query,
            tag=self.tag,
            sort=PatronSort(self.sort),
            is_descending=self.is_descending,
            page=self.page,
        )

    def _asked(self) -> ListAddress:
        return read(self.router.url.query_parameters)

    def _empty_rows(self) -> None:
        self.rows, self.count, self.shown = [], "", "loading"

    def _set(self, address: ListAddress) -> None:
        self.query, self.tag, self.page = address.query, address.tag, address.page
        self.sort, self.is_descending = address.sort.value, address.is_descending

    async def _show(self) -> Any:
        self.may_add = self._may(Permission.ADD_PATRON)
        self.has_masks = not FieldAccess(self._actor().role, is_protected=True).sees_all
        return await super()._show()

    def _take(self, found: tuple[int, list[ListRow]] | None) -> None:
        self.is_busy = False
        if found is None:
            self.shown = "failed"
            return
        total, self.rows = found
        first = self.page * PAGE_SIZE + 1
        last = first + len(self.rows) - 1
        self.count = counted(total, "patron", "patrons")
        self.summary = f"{first:,}–{last:,} of {total:,}" if self.rows else f"0 of {total:,}"
        self.has_next = last < total
        asked = self.query.strip() or self.tag or self.page
        self.shown = "rows" if self.rows else ("nothing" if asked else "empty")


def _page(address: ListAddress, reader: Role) -> tuple[int, list[ListRow]]:
    parts = runtime()
    with parts.database.reading() as session:
        return _read_page(session, address, reader)


def _read_page(session: Session, address: ListAddress, reader: Role) -> tuple[int, list[ListRow]]:
    total, lines = _found(session, address, reader)
    if not total and (number := patron_number(session, address.query)):
        total, lines = _found(session, replace(address, query=str(number)), reader)
    pending = pending_counts(session, [line.id for line in lines])
    now, zone = runtime().clock.now(), details(session).zone
    rows = [
        list_row(line, pending=pending.get(line.id, 0), now=now, time_zone=zone) for line in lines
    ]
    return total, rows


def _found(
    session: Session, address: ListAddress, reader: Role
) -> tuple[int, tuple[PatronLine, ...]]:
    return queries.page(
        session,
        query=address.query,
        tag=address.tag,
        sort=address.sort,
        descending=address.is_descending,
        page=address.page,
        size=PAGE_SIZE,
        reader=reader,
    )
