"""The base of every list: the address says what it shows.

A list tells its address from what it was asked for (`_asked`, `_address`, `_set`) and reads its
rows in a background handler `fetch`. What a person chooses is shown at once and put into the
address afterwards; the browser's arrival there is no news (`_sent`).
"""

from typing import Any, ClassVar, Protocol

import reflex as rx

from upstage_crm.pages.page_state import PageMixin

RECENT = 3  # addresses of its own that a list may be ahead of the browser


class Address(Protocol):
    """What an address asks of a list; two are equal when they ask the same."""

    def href(self) -> str:
        """The address as the browser shows it."""
        ...


class ListMixin(PageMixin, rx.State, mixin=True):
    """One list. `places` are the addresses that ask for its rows: the browser's and our newest.

    `search_box` counts what we put into the search box; a new number draws it again.
    """

    is_live: ClassVar[bool] = True
    keeps: ClassVar[bool] = True

    places: rx.Field[list[str]] = rx.field(default_factory=list)
    is_busy: bool = False
    search_box: int = 0

    _sent: tuple[str, ...] = ()  # addresses we sent the browser to, whose arrival is no news

    def _asked(self) -> Any:
        """What the browser's address asks for."""
        raise NotImplementedError

    def _address(self) -> Any:
        """What the list shows."""
        raise NotImplementedError

    def _set(self, address: Any) -> None:
        """Take over what an address asks for."""
        raise NotImplementedError

    def _empty_rows(self) -> None:
        """Drop the rows: they are those of another address."""
        raise NotImplementedError

    def _start(self) -> None:
        address = self._asked()
        if address != self._address():
            self._empty_rows()
        self._set(address)
        self.places, self._sent = [self._browser_place()], ()
        self.search_box += 1

    async def _leave(self) -> None:
        await super()._leave()
        self.places = self.places[-1:]

    def _is_same_place(self) -> bool:
        return self._browser_place() in self.places

    async def _show(self) -> Any:
        return self._fetching()

    def _fetching(self) -> Any:
        """The event that reads the rows."""
        return getattr(type(self), "fetch")  # noqa: B009  # each list has its own

    def _is_awaited(self) -> bool:
        href = self._asked().href()
        if href not in self._sent:
            return False
        self._sent = self._sent[self._sent.index(href) + 1 :]
        return True

    def _go(self, address: Address) -> list[Any]:
        """Show what was chosen, and put it into the address.

        A search is sent a moment after the last key. The tab may have turned to a record by then,
        and stays there.
        """
        if self._browser_path() != self.path:
            return []
        # The rows are fetched at once, not after the browser has been to the new address and back.
        if address == self._address():
            return [self._fetching()]
        href = address.href()
        self._set(address)
        self._sent = (*self._sent, href)
        self.places = [*self.places[-RECENT:], href]
        return [self._fetching(), rx.redirect(href, replace=True)]
