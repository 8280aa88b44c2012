"""The patron list: search, tag, order, pages."""

from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.patrons.rows import ListRow, list_row
from upstage_crm.admin.patrons.url import (
    SHAPE,
)
from upstage_crm.change_requests.reads.references import patron_number
from upstage_crm.change_requests.reads.requests import pending_counts
from upstage_crm.jobs.news import Topic
from upstage_crm.organisation.settings import details
from upstage_crm.pages.list_state import ListMixin, ListPage, Query
from upstage_crm.pages.list_url import ListShape, ListUrl
from upstage_crm.patrons import queries
from upstage_crm.patrons.queries import PatronSort
from upstage_crm.patrons.views import PatronLine
from upstage_crm.patrons.visibility import FieldAccess
from upstage_crm.staff.roles import Permission, Role
from upstage_crm.wiring import runtime


class PatronListState(ListMixin, AdminState):
    """What the list shows. A request's reference leads to its patron."""

    permission: ClassVar[Permission | None] = Permission.VIEW_PATRONS
    topics: ClassVar[frozenset[Topic]] = frozenset({Topic.PATRONS, Topic.REQUESTS})
    shape: ClassVar[ListShape] = SHAPE
    nouns: ClassVar[tuple[str, str]] = ("patron", "patrons")

    rows: rx.Field[list[ListRow]] = rx.field(default_factory=list)
    may_add: bool = False
    has_masks: bool = False

    async def _show(self) -> Any:
        self.may_add = self._may(Permission.ADD_PATRON)
        self.has_masks = not FieldAccess(self._actor().role, is_protected=True).sees_all
        return await super()._show()

    def _query(self) -> Query:
        return partial(_patrons, reader=self._actor().role, size=self.size)


def _patrons(session: Session, url: ListUrl, *, reader: Role, size: int) -> ListPage:
    total, lines = _found(session, url, reader=reader, size=size)
    if not total and (number := patron_number(session, url.search)):
        total, lines = _found(session, replace(url, search=str(number)), reader=reader, size=size)
    pending = pending_counts(session, [line.id for line in lines])
    now, zone = runtime().clock.now(), details(session).zone
    rows = [
        list_row(line, pending=pending.get(line.id, 0), now=now, time_zone=zone) for line in lines
    ]
    return ListPage(rows=rows, total=total)


def _found(
    session: Session, url: ListUrl, *, reader: Role, size: int
) -> tuple[int, tuple[PatronLine, ...]]:
    return queries.page(
        session,
        query=url.search,
        tag=url.chosen["tag"],
        sort=PatronSort(url.sort),
        descending=url.is_descending,
        page=url.page - 1,
        size=size,
        reader=reader,
    )
