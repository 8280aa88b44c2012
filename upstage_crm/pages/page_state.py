"""The base of every page of the CRM: what a page shows ends when the tab leaves it.

A page says what its address asks for (`_start`) and how it is read and shown (`_show`). Whatever
it held before is emptied first, and the browser is told so before anything is read. The browser
draws a page's content under its own `path` alone (`pages.view.page_here`): after a press on Back it
does not wait for the server to learn that the content is another patron's.
"""

from collections.abc import AsyncGenerator, Callable
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.core.errors import UpstageError
from upstage_crm.jobs.news import ALL_TOPICS, Topic
from upstage_crm.pages.errors import SubjectMoved
from upstage_crm.pages.live import hub
from upstage_crm.pages.tab import TabMixin

Words = str | Callable[[Any], str]
"""What to say when a command is done; a function gets the outcome, and may refuse it after all."""


class PageMixin(TabMixin, rx.State, mixin=True):
    """One page. `subject` is the key of the one record it is about, "" when it is about none.

    `path` is where the content belongs. `is_live` pages are told of what was
    committed about their `topics`. A page that is about no single record and `keeps` its content
    shows it again at once when the tab comes back to it, and reads it again then.
    """

    is_live: ClassVar[bool] = False
    topics: ClassVar[frozenset[Topic]] = ALL_TOPICS
    keeps: ClassVar[bool] = False

    path: str = ""
    subject: str = ""

    @rx.event
    async def load(self) -> AsyncGenerator[Any, None]:
        """Show what the address asks for, and nothing of what the tab showed before."""
        is_here = self._page == self.get_full_name()
        if is_here and self._is_awaited():
            self._watch()
            return
        if is_here and self._turns_within():
            await self._close_any_dialog()
            self._greet()
            self._start()
        elif not (is_here and self._resumes and self._is_same_place()):
            await self._turn_to(self.get_full_name())
            await self._leave()
            self._greet()
            self.path = self._browser_path()
            self._start()
            yield  # the empty page goes out before anything is read
        self._resumes = False
        self._watch()
        await self._frame()
        following = await self._show()
        if following is not None:
            yield following

    @rx.event
    async def refresh(self) -> Any:
        """Something changed somewhere: read the page again."""
        return await self._show() if self._page == self.get_full_name() else None

    def _start(self) -> None:
        """Take from the address what the page is about. Nothing is read here."""

    async def _show(self) -> Any:
        """Read what the page is about and show it; return the events that follow, if any."""

    async def _leave(self) -> None:
        """Empty the page: the tab turns to another one, or to another subject of this one."""
        if not self.keeps:
            self.reset()

    async def _act(self, command: Callable[[Session], Any], words: Words) -> Any:
        """Run one command, say how it went, and show the page as it is now."""
        try:
            said = in_words(words, await self._command(command))
        except UpstageError as error:
            self._refuse(error)
        else:
            self._succeed(said)
        return await self._show()

    def _is_awaited(self) -> bool:
        """Whether the browser arrives where this page sent it, with what it shows already."""
        return False

    def _turns_within(self) -> bool:
        """Whether the address asks for another part of what the page shows, which stays then."""
        return False

    def _is_about(self, subject: object) -> bool:
        """Whether a form or a button speaks of what this page shows; says so when it does not."""
        is_here = self._page == self.get_full_name()
        if is_here and self.subject and subject == self.subject:
            return True
        self._refuse(SubjectMoved())
        return False

    def _is_same_place(self) -> bool:
        """Whether the browser is where this page was read for."""
        return self._browser_path() == self.path

    def _greet(self) -> None:
        """Say what the page before left to say, and nothing else."""
        self._quiet()
        if self._greeting:
            self._succeed(self._greeting)
            self._greeting = ""

    def _watch(self) -> None:
        """Ask for live updates of this page, and for those of no other."""
        token = self.router.session.client_token
        if self.is_live:
            hub.subscribe(token, type(self).refresh, self.topics)
        else:
            hub.unsubscribe(token)

    def _narrow(self, *subjects: str) -> None:
        """Be told only of what happened to these patrons and requests: the page shows no others."""
        hub.narrow(self.router.session.client_token, *subjects)


def in_words(words: Words, outcome: object) -> str:
    """What to say of an outcome.

    Raises:
        UpstageError: the outcome is a refusal, although it was committed.
    """
    return words if isinstance(words, str) else words(outcome)
