"""Tags and towns that begin as the staff member types, to narrow the patron list by one of them."""

from dataclasses import dataclass
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.patron_list.list_state import PatronListState
from upstage_crm.admin.patrons.url import CITY_LIMIT, TAG_LIMIT, tags_of
from upstage_crm.core.counting import some
from upstage_crm.patrons import tags
from upstage_crm.patrons.search.towns import towns
from upstage_crm.staff.roles import Permission, Role

MOST = 8  # of each kind
TAG, TOWN = "tag", "city"
"""The filters of the list that are suggested."""


@dataclass(frozen=True)
class Suggestion:
    """One tag or town: the filter, its value, and how many patrons have it, where that is known."""

    name: str = ""
    group: str = ""
    words: str = ""
    detail: str = ""


class SuggestState(AdminState):
    """What begins with `asked`. The browser shows it under exactly those words."""

    permission: ClassVar[Permission | None] = Permission.VIEW_PATRONS

    asked: str = ""
    found: rx.Field[list[Suggestion]] = rx.field(default_factory=list)

    @rx.event
    async def ask(self, words: str) -> None:
        """Find the tags and towns that begin so; without words, forget what was found."""
        asked = words.strip()[:CITY_LIMIT] if isinstance(words, str) else ""
        reader = self._actor().role
        found = await self._read(lambda s: suggestions(s, asked, reader=reader)) if asked else []
        self.asked, self.found = asked, found

    @rx.event
    async def pick(self, name: str, words: str) -> Any:
        """Narrow the list by a tag, besides those that are chosen, or by a town."""
        self.asked, self.found = "", []
        shown = await self.get_state(PatronListState)
        if not isinstance(words, str) or name not in (TAG, TOWN):
            return None
        if name == TOWN:
            return PatronListState.choose(TOWN, words)
        chosen = tags_of(shown._url())
        known = {tags.key_of(tag) for tag in chosen}
        both = chosen if tags.key_of(words) in known else [*chosen, words]
        text = tags.joined(both)
        return PatronListState.choose(TAG, text if len(text) <= TAG_LIMIT else words)


def suggestions(session: Session, words: str, *, reader: Role) -> list[Suggestion]:
    """The tags and towns that begin with `words`, as far as this role may know of them."""
    found = [
        Suggestion(TAG, "Tags", tag.label, some(tag.patrons))
        for tag in tags.vocabulary(session, begins=words, limit=MOST)
    ]
    return [
        *found,
        *(
            Suggestion(TOWN, "Towns", town)
            for town in towns(session, words, reader=reader, most=MOST)
        ),
    ]
