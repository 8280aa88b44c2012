"""The patron list: search, tag, order, pages."""

from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.patron_list.chips import Chip, chips_of
from upstage_crm.admin.patron_list.chosen import acts_of
from upstage_crm.admin.patron_list.narrowed import hidden_filters, narrowed_by
from upstage_crm.admin.patron_list.view_tabs import ViewTab, href_of, tabs_for
from upstage_crm.admin.patrons.rows import ListRow, list_row
from upstage_crm.admin.patrons.url import SHAPE
from upstage_crm.change_requests.reads.asked_patrons import pending_counts
from upstage_crm.change_requests.reads.references import patron_number
from upstage_crm.jobs.news import Topic
from upstage_crm.organisation.settings import details
from upstage_crm.pages.list_state import ListMixin, ListPage, Query
from upstage_crm.pages.list_url import ListShape, ListUrl
from upstage_crm.patrons.search import patron_list
from upstage_crm.patrons.search.list_order import PatronSort, seen_sort
from upstage_crm.patrons.search.patron_list import FOUND, Narrowed, PatronPage
from upstage_crm.patrons.visibility import FieldAccess
from upstage_crm.staff import saved_views
from upstage_crm.staff.roles import Permission, StaffMember
from upstage_crm.wiring import runtime


class PatronListState(ListMixin, AdminState):
    """What the list shows. A request's reference leads to its patron."""

    permission: ClassVar[Permission | None] = Permission.VIEW_PATRONS
    topics: ClassVar[frozenset[Topic]] = frozenset({Topic.PATRONS, Topic.REQUESTS})
    shape: ClassVar[ListShape] = SHAPE
    nouns: ClassVar[tuple[str, str]] = ("patron", "patrons")
    numbers_pages: ClassVar[bool] = True

    rows: rx.Field[list[ListRow]] = rx.field(default_factory=list)
    views: rx.Field[list[ViewTab]] = rx.field(default_factory=list)
    chips: rx.Field[list[Chip]] = rx.field(default_factory=list)
    is_any: bool = False
    may_add: bool = False
    acts: rx.Field[list[list[str]]] = rx.field(default_factory=list)
    has_masks: bool = False
    hidden_orders: rx.Field[list[str]] = rx.field(default_factory=list)

    hidden_filters: rx.Field[list[str]] = rx.field(default_factory=list)
    view: str = ""
    """The address of the view that is shown, or would be without words and page."""

    _has_views: bool = False

    @rx.event
    async def forget_view(self, view_id: str) -> Any:
        """Remove a saved view."""
        actor = self._actor()
        self._has_views = False
        return await self._act(
            lambda session: saved_views.forget(
                runtime().staff_context(session, actor), view_id=view_id
            ),
            "The view is removed. Its patrons are still here.",
        )

    async def _show(self) -> Any:
        role = self._actor().role
        self.may_add = self._may(Permission.ADD_PATRON)
        self.acts = acts_of(self._actor())
        self.has_masks = not FieldAccess(role, is_protected=True).sees_all
        self.hidden_orders = [
            sort.value
            for sort in PatronSort
            if sort is not PatronSort.MATCH and seen_sort(sort, role) is not sort
        ]
        self.hidden_filters = sorted(hidden_filters(role))
        self._has_views = False  # they are counted with the rows, but not at every letter
        return await super()._show()

    def _set(self, url: ListUrl) -> None:
        super()._set(url)
        self.chips = chips_of(url)
        self.is_any = bool(url.chosen.get("any"))
        self.view = href_of(url)

    def _take_extra(self, extra: list[ViewTab] | None) -> None:
        if extra is not None:
            self.views, self._has_views = extra, True

    def _query(self) -> Query:
        return partial(
            _patrons,
            reader=self._actor(),
            size=self.size,
            manages=None if self._has_views else self._may(Permission.MANAGE_TEAM),
        )


def _patrons(
    session: Session,
    url: ListUrl,
    *,
    reader: StaffMember,
    size: int,
    manages: bool | None = None,
) -> ListPage:
    """A page of the list. With `manages`, whether the member manages the team, the views too."""
    now, zone = runtime().clock.now(), details(session).zone
    narrowed = narrowed_by(url, now=now, reader=reader)
    found = _found(session, url, narrowed, reader=reader, size=size)
    if not found.total and (number := patron_number(session, url.search)):
        named = replace(url, search=str(number))
        found = _found(session, named, narrowed, reader=reader, size=size)
    pending = pending_counts(session, [line.id for line in found.lines])
    rows = [
        list_row(line, pending=pending.get(line.id, 0), now=now, time_zone=zone)
        for line in found.lines
    ]
    views = None if manages is None else tabs_for(session, now=now, reader=reader, manages=manages)
    is_search = bool(url.search.strip())
    return ListPage(
        rows=rows,
        total=found.total,
        after=found.after,
        back=found.before,
        is_first=not is_search and not found.before,
        is_last=is_search and url.page * size >= FOUND,
        notice=_notice(url, found),
        extra=views,
    )


def _notice(url: ListUrl, found: PatronPage) -> str:
    """What has to be said of the rows: they are not quite what was asked for."""
    if found.words:
        return f"No match for “{url.search.strip()}”. Showing “{found.words}”."
    if found.is_lost:
        return "This page belongs to another order of the list. Here is the first page."
    if found.total > FOUND and url.search.strip():
        return f"More than {FOUND:,} patrons match. The best {FOUND:,} are listed: add a word."
    return ""


def _found(
    session: Session, url: ListUrl, narrowed: Narrowed, *, reader: StaffMember, size: int
) -> PatronPage:
    return patron_list.page(
        session,
        query=url.search,
        narrowed=narrowed,
        sort=PatronSort(url.sort),
        descending=url.is_descending,
        place=url.before,
        number=url.page,
        size=size,
        reader=reader.role,
    )
