"""The base of every list: search, filters, order, pages. The address says what it shows.

A list says what its address can say (`shape`) and how a page of it is read (`_query`); its rows are
read in the background, and only what was asked for last is shown. What a person chooses is shown
at once and put into the address afterwards; the browser's arrival there is no news (`_sent`).
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import reflex as rx
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from upstage_crm.core.counting import some
from upstage_crm.pages.forms import texts
from upstage_crm.pages.list_url import QUERY_LIMIT, ListShape, ListUrl
from upstage_crm.pages.page_state import PageMixin
from upstage_crm.wiring import runtime

RECENT = 3  # addresses of its own that a list may be ahead of the browser
PAGE_SIZE = 50
NOT_READ = "Part of the address is unknown here, so the list shows everything else it asks for."
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """One page of a list. `rows` are what the browser draws.

    `total` counts the rows of every page. A list that is paged by key says with `after` from which
    key its rows go on, "" at their end, and may say with `back` how to go back a page; its `total`
    is None where it counts nothing. `notice` is a sentence about what was asked, `extra` what was
    read with the rows. `is_first` and `is_last` tell that there are no rows before, and after.
    """

    rows: Sequence[Any] = ()
    total: int | None = None
    after: str = ""
    back: str = ""
    is_first: bool = False
    is_last: bool = False
    notice: str = ""
    extra: Any = None


Query = Callable[[Session, ListUrl], ListPage]


class ListMixin(PageMixin, rx.State, mixin=True):
    """One list. `places` are the addresses that ask for its rows: the browser's and our newest.

    `shown` is loading, rows, nothing (no row fits), empty (there is none at all) or failed.
    `search_box` counts what we put into the search box; a new number draws it again. `list_href` is
    the address of the rows, which a record's crumb leads back to; "" until the list was opened.
    """

    is_live: ClassVar[bool] = True
    keeps: ClassVar[bool] = True
    shape: ClassVar[ListShape]
    nouns: ClassVar[tuple[str, str]] = ("row", "rows")
    size: ClassVar[int] = PAGE_SIZE
    numbers_pages: ClassVar[bool] = False
    """Whether pages have numbers, though they may go by key."""
    failures: ClassVar[tuple[type[Exception], ...]] = (SQLAlchemyError,)

    places: rx.Field[list[str]] = rx.field(default_factory=list)
    shown: str = "loading"
    is_busy: bool = False
    search_box: int = 0
    list_href: str = ""
    query: str = ""
    chosen: rx.Field[dict[str, str]] = rx.field(default_factory=dict)
    sort: str = ""
    is_descending: bool = False
    page: int = 1
    count: str = ""
    summary: str = ""
    notice: str = ""
    has_previous: bool = False
    has_next: bool = False
    seasons: rx.Field[list[tuple[str, str]]] = rx.field(default_factory=list)

    if TYPE_CHECKING:
        rows: Any  # each list says of what kind its rows are

    _sent: tuple[str, ...] = ()  # addresses we sent the browser to, whose arrival is no news
    _before: str = ""
    _after: str = ""
    _back: str = ""
    _unread: bool = False  # the browser's address said something that the list cannot read
    _missed: bool = False  # something was committed while the rows were read
    _opens_only: bool = False  # Enter was pressed: open the row if it is the only one

    @rx.event(background=True, supersedes=True)
    async def fetch(self) -> Any:
        """Read the rows that the list asks for; only what was asked for last is ever shown."""
        again, following = True, None
        while again:
            async with self:
                self.is_busy, self._missed = True, False
                asked, reader, query = self._url(), self._viewer(), self._query()
            found = await self._looked(query, asked)
            async with self:
                is_news = (asked, reader) != (self._url(), self._viewer())
                again = self._missed and not is_news
                if not is_news:
                    following = self._take(found)
        return following

    @rx.event
    async def refresh(self) -> Any:
        """Something changed somewhere: read the rows again.

        Rows that are being read are read once more instead: many commits must not keep a slow
        reading from ever being shown.
        """
        if self._page != self.get_full_name() or not self._follows():
            return None
        if self.is_busy:
            self._missed = True
            return None
        return await self._show()

    @rx.event
    def search(self, text: str) -> Any:
        """Show the rows that these words find."""
        return self._go(self.shape.searched(self._url(), text[:QUERY_LIMIT]))

    @rx.event
    def find(self, form: dict[str, Any]) -> Any:
        """Enter was pressed in the search box: search, and open the only row there is."""
        words = texts(form, QUERY_LIMIT).get("q", "")
        if not words.strip():
            return None
        following = self._go(self.shape.searched(self._url(), words))
        self._opens_only = bool(following)
        return following

    @rx.event
    def choose(self, name: str, value: str) -> Any:
        """Choose the value of one filter."""
        read = self.shape.filters.get(name)
        if read is None:
            return None
        chosen = {**self.chosen, name: read(value)}
        return self._go(replace(self._url().first_page(), chosen=chosen))

    @rx.event
    def sort_by(self, column: str) -> Any:
        """Order by a column; by the same column again, the other way round."""
        if column not in self.shape.sorts:
            return None
        turns = column == self.sort
        descends = not self.is_descending if turns else self.shape.sorts[column]
        sorted_by = replace(self._url().first_page(), sort=column, is_descending=descends)
        return self._go(sorted_by)

    @rx.event
    def previous_page(self) -> Any:
        """Go back one page; in a list that is paged by key, to its newest rows."""
        return self._go(replace(self._url(), page=max(self.page - 1, 1), before=self._back))

    @rx.event
    def next_page(self) -> Any:
        """Go on one page, if there is one."""
        if not self.has_next:
            return None
        page = 1 if self._after and not self.numbers_pages else self.page + 1
        return self._go(replace(self._url(), page=page, before=self._after))

    @rx.event
    def clear(self) -> Any:
        """Forget search and filters and put the cursor into the search box."""
        self.search_box += 1
        self._focus("search")
        return self._go(self.shape.cleared(self._url()))

    def _query(self) -> Query:
        """What reads a page of the list, for who looks at it now."""
        raise NotImplementedError

    def _take_extra(self, extra: Any) -> None:
        """Show what was read with the rows."""

    def _follows(self) -> bool:
        """Whether what is committed now can change the rows that are shown."""
        return True

    def _empty_rows(self) -> None:
        """Drop the rows: they are those of another address."""
        self.rows = []
        self.count, self.summary, self.notice, self.shown = "", "", "", "loading"
        self.has_previous = self.has_next = False
        self._after = self._back = ""

    def _url(self) -> ListUrl:
        """What the list shows; the plain list before any address was read."""
        return ListUrl(
            search=self.query,
            chosen={name: self.chosen.get(name, "") for name in self.shape.filters},
            sort=self.sort or self.shape.usual_sort(self.query),
            is_descending=self.is_descending,
            page=self.page,
            before=self._before,
            subject=self.subject,
        )

    def _set(self, url: ListUrl) -> None:
        """Take over what an address asks for."""
        self.query, self.chosen, self.page = url.search, dict(url.chosen), url.page
        self.sort, self.is_descending = url.sort, url.is_descending
        self._before, self.subject = url.before, url.subject
        self.list_href = self.shape.href(replace(url, subject=""))

    def _asked(self) -> ListUrl:
        """What the browser's address asks for."""
        return self.shape.read(self.router.url.query_parameters)

    def _start(self) -> None:
        url = self._asked()
        if url != self._url():
            self._empty_rows()
        self._set(url)
        self._unread = self.shape.unread(self.router.url.query_parameters)
        self.places, self._sent = [self._browser_place()], ()
        self._opens_only = False
        self.search_box += 1

    async def _frame(self) -> None:
        await super()._frame()
        if "when" in self.shape.filters:
            self.seasons = self._season_choices(self.chosen["when"])

    async def _leave(self) -> None:
        await super()._leave()
        self.places = self.places[-1:]

    def _is_same_place(self) -> bool:
        return self._browser_place() in self.places

    async def _show(self) -> Any:
        return self._fetching()

    def _fetching(self) -> Any:
        """The event that reads the rows."""
        return type(self).fetch

    def _is_awaited(self) -> bool:
        href = self.shape.href(self._asked())
        if href not in self._sent:
            return False
        self._sent = self._sent[self._sent.index(href) + 1 :]
        return True

    def _go(self, url: ListUrl) -> list[Any]:
        """Show what was chosen, and put it into the address.

        A search is sent a moment after the last key. The tab may have turned to a record by then,
        and stays there.
        """
        if self._browser_path() != self.path:
            return []
        # The rows are fetched at once, not after the browser has been to the new address and back.
        if url == self._url():
            return [self._fetching()]
        href = self.shape.href(url)
        self._set(url)
        self._unread = False
        self._sent = (*self._sent, href)
        self.places = [*self.places[-RECENT:], href]
        return [self._fetching(), rx.redirect(href, replace=True)]

    async def _looked(self, query: Query, url: ListUrl) -> ListPage | None:
        """One page as it is read in a thread; None when it could not be read."""
        try:
            return await asyncio.to_thread(_read, query, url)
        except self.failures:
            log.exception("a list could not be read: %s", self.shape.path)
            return None
        except Exception:
            async with self:  # what was not foreseen is told elsewhere; this list is not busy
                self.is_busy = False
            raise

    def _take(self, found: ListPage | None) -> Any:
        """Show a page of rows; return the event that follows, if any."""
        self.is_busy = False
        opens_only, self._opens_only = self._opens_only, False
        if found is None:
            self._empty_rows()
            self.shown = "failed"
            return None
        self.rows = list(found.rows)
        self._after, self._back, self.has_next = found.after, found.back, bool(found.after)
        if found.is_first:
            self.page, self._before = 1, ""
        self.has_previous = self.page > 1
        self.notice = found.notice or (NOT_READ if self._unread else "")
        if found.total is not None:
            self._count(found.total)
        self.has_next = self.has_next and not found.is_last
        self.shown = "rows" if self.rows else ("nothing" if self._url().is_narrowed else "empty")
        self._take_extra(found.extra)
        if opens_only and found.total == 1 and len(self.rows) == 1:
            return rx.redirect(self.rows[0].href)
        return None

    def _count(self, total: int) -> None:
        first = (self.page - 1) * self.size + 1
        last = first + len(self.rows) - 1
        self.count = f"{some(total)} {self.nouns[total != 1]}"
        shown = f"{first:,}–{last:,}" if self.rows else "0"
        self.summary = f"{shown} of {some(total)}"
        self.has_next = self.has_next or (bool(self.rows) and not self._back and last < total)


def _read(query: Query, url: ListUrl) -> ListPage:
    with runtime().database.reading() as session:
        return query(session, url)
