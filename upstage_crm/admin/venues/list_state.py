"""The list of venues."""

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.venues.url import SHAPE, venue_href
from upstage_crm.jobs.news import Topic
from upstage_crm.pages.list_state import ListMixin, ListPage, Query
from upstage_crm.pages.list_url import ListShape, ListUrl
from upstage_crm.staff.roles import Permission
from upstage_crm.venues import queries


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueListRow:
    """One venue, as it is drawn."""

    name: str = ""
    address: str = ""
    halls: str = ""
    href: str = ""


class VenueListState(ListMixin, AdminState):
    """What the list of venues shows."""

    permission: ClassVar[Permission | None] = Permission.VIEW_PROGRAMME
    topics: ClassVar[frozenset[Topic]] = frozenset({Topic.PROGRAMME})
    shape: ClassVar[ListShape] = SHAPE
    nouns: ClassVar[tuple[str, str]] = ("venue", "venues")

    rows: rx.Field[list[VenueListRow]] = rx.field(default_factory=list)
    may_edit: bool = False

    async def _show(self) -> Any:
        self.may_edit = self._may(Permission.EDIT_VENUES)
        return await super()._show()

    def _query(self) -> Query:
        return partial(_venues, size=self.size)


def _venues(session: Session, url: ListUrl, *, size: int) -> ListPage:
    lines = queries.venues(session, url.search, is_descending=url.is_descending)
    first = (url.page - 1) * size
    rows = [
        VenueListRow(
            name=line.name,
            address=", ".join(line.address.splitlines()),
            halls=", ".join(line.halls),
            href=venue_href(line.id),
        )
        for line in lines[first : first + size]
    ]
    return ListPage(rows=rows, total=len(lines))
