"""The address of a list: what stands after the question mark, read and written. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from urllib.parse import parse_qs, urlencode

QUERY_LIMIT = 100  # characters; nothing that we search is longer
LAST_PAGE = 100_000  # a larger number is nonsense and would overflow the database's integers
FIRST_YEAR = 1970  # while a year is typed, a date field passes through the year 2, 20 and 202
LAST_YEAR = 9998  # the day after it is still a date, in every time zone

Read = Callable[[str], str]
"""Reads the value of a filter; returns "" for the usual one and for nonsense."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListUrl:
    """What an address asks of a list.

    `chosen` holds the value of every filter, "" for the usual one. `page` counts from 1; a list
    that is paged by key has `before` instead, the key that its rows come before. `subject` is the
    key of the row that is open, "" for none.
    """

    search: str = ""
    chosen: Mapping[str, str] = field(default_factory=dict[str, str])
    sort: str = ""
    is_descending: bool = False
    page: int = 1
    before: str = ""
    subject: str = ""

    def first_page(self) -> ListUrl:
        """The same rows from the start."""
        return replace(self, page=1, before="", subject="")

    @property
    def is_narrowed(self) -> bool:
        """Whether some rows are left out, or before the page that is asked for."""
        asked = self.search.strip() or self.before or any(self.chosen.values())
        return bool(asked) or self.page > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ListShape:
    """What the address of one list can say.

    `filters` read their values by name; those in `lasting` stay when a search is cleared. `sorts`
    are the columns it can be ordered by, the usual one first, each with whether its first press
    orders from the end. `search_sort` is the usual order while words are searched, if another.
    `subject` is the name of the parameter that opens a row.
    """

    path: str
    filters: Mapping[str, Read] = field(default_factory=dict[str, Read])
    lasting: frozenset[str] = frozenset()
    sorts: Mapping[str, bool] = field(default_factory=dict[str, bool])
    search_sort: str = ""
    subject: str = ""

    def usual_sort(self, search: str = "") -> str:
        """What orders the list when its address does not say."""
        if search.strip() and self.search_sort:
            return self.search_sort
        return next(iter(self.sorts), "")

    def searched(self, url: ListUrl, words: str) -> ListUrl:
        """The first page of what these words find; the usual order stays the usual one."""
        is_usual = url.sort == self.usual_sort(url.search)
        sort = self.usual_sort(words) if is_usual else url.sort
        way = False if is_usual and sort != url.sort else url.is_descending
        return replace(url.first_page(), search=words, sort=sort, is_descending=way)

    def read(self, parameters: Mapping[str, str]) -> ListUrl:
        """What an address asks for. Nonsense in it reads as not said: links get old."""
        parameters = {name: text for name, text in parameters.items() if "\0" not in text}
        sort = parameters.get("sort", "")
        page = parameters.get("page", "")
        before = parameters.get("before", "")
        search = parameters.get("q", "")[:QUERY_LIMIT]
        return ListUrl(
            search=search,
            chosen={name: of(parameters.get(name, "")) for name, of in self.filters.items()},
            sort=sort if sort in self.sorts else self.usual_sort(search),
            is_descending=parameters.get("desc", "") == "1",
            page=min(int(page), LAST_PAGE) if page.isdecimal() and int(page) > 0 else 1,
            before=before[:QUERY_LIMIT],
            subject=parameters.get(self.subject, "")[:QUERY_LIMIT] if self.subject else "",
        )

    def unread(self, parameters: Mapping[str, str]) -> bool:
        """Whether an address asks for something that the list does not know, or cannot read."""
        read = self.href(self.read(parameters)).partition("?")[2]
        usual = {"sort": self.usual_sort(parameters.get("q", "")), "page": "1", "desc": "0"}
        said = parse_qs(read)
        return any(
            text and text not in (usual.get(name), *said.get(name, ()))
            for name, text in parameters.items()
        )

    def href(self, url: ListUrl) -> str:
        """The address; what is as usual is left out, so that the plain list is its path alone."""
        said = {
            "q": url.search,
            **{name: url.chosen.get(name, "") for name in self.filters},
            "sort": url.sort if url.sort != self.usual_sort(url.search) else "",
            "desc": "1" if url.is_descending else "",
            "page": str(url.page) if url.page > 1 else "",
            "before": url.before,
            self.subject or "subject": url.subject,
        }
        query = urlencode({name: text for name, text in said.items() if text})
        return f"{self.path}?{query}" if query else self.path

    def plain(self, **chosen: str) -> ListUrl:
        """The first page of the list with these filters and nothing else."""
        whole = {name: chosen.get(name, "") for name in self.filters}
        return ListUrl(chosen=whole, sort=self.usual_sort())

    def cleared(self, url: ListUrl) -> ListUrl:
        """The list without search and filters, but for those that last."""
        kept = {name: value if name in self.lasting else "" for name, value in url.chosen.items()}
        return replace(self.searched(url, ""), chosen=kept)


def one_of(names: Iterable[str], *, usual: str = "") -> Read:
    """Reads one of these names; `usual` is what the address need not say."""
    known = {str(name) for name in names} - {usual}
    return lambda text: text if text in known else ""


def text(limit: int = QUERY_LIMIT) -> Read:
    """Reads any words, but not more than we store anywhere."""
    return lambda words: words if len(words) <= limit else ""


def day(words: str) -> str:
    """Reads a day as `2026-11-30`."""
    found = as_day(words)
    return found.isoformat() if found else ""


def as_day(words: str) -> date | None:
    """The day of a filter's value; None without one."""
    try:
        found = date.fromisoformat(words)
    except ValueError:
        return None
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else None
