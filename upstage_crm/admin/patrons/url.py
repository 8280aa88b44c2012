"""The address of the patron list: what stands after the question mark, read and written. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from upstage_crm.patrons.queries import PatronSort

QUERY_LIMIT = 100  # characters; nothing that we search is longer
LAST_PAGE = 100_000  # a larger number is nonsense and would overflow the database's integers


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAddress:
    """Which patrons the list shows, in which order. `page` counts from 0."""

    query: str = ""
    tag: str = ""
    sort: PatronSort = PatronSort.NAME
    is_descending: bool = False
    page: int = 0

    def href(self) -> str:
        """The address; what is as usual is left out, so that the plain list is `/patrons/`."""
        said = {
            "q": self.query,
            "tag": self.tag,
            "sort": self.sort.value if self.sort is not PatronSort.NAME else "",
            "desc": "1" if self.is_descending else "",
            "page": str(self.page + 1) if self.page else "",
        }
        query = urlencode({name: text for name, text in said.items() if text})
        return f"/patrons/?{query}" if query else "/patrons/"


def read(parameters: Mapping[str, str]) -> ListAddress:
    """Return what an address asks for. Nonsense in it reads as not said: links get old."""
    sort = parameters.get("sort", "")
    page = parameters.get("page", "")
    return ListAddress(
        query=parameters.get("q", "")[:QUERY_LIMIT],
        tag=parameters.get("tag", "")[:QUERY_LIMIT],
        sort=PatronSort(sort) if sort in list(PatronSort) else PatronSort.NAME,
        is_descending=parameters.get("desc", "") == "1",
        page=min(int(page), LAST_PAGE) - 1 if page.isdecimal() and int(page) > 0 else 0,
    )
