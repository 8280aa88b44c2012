"""What one tab of the CRM shows: one page, and at most one dialog over it."""

from typing import Any

import reflex as rx

from upstage_crm.ui.state.base import FeedbackMixin


class TabMixin(FeedbackMixin, rx.State, mixin=True):
    """The memory that all pages and dialogs of a tab share. The state around them mixes it in.

    Pages and dialogs are named by the full name of their state, "" for none. `_greeting` is what
    the next page says when it opens. `_resumes` is set when a lost connection came back, until the
    page has read its content again.
    """

    _page: str = ""
    _dialog: str = ""
    _greeting: str = ""
    _resumes: bool = False

    async def _frame(self) -> None:
        """Load what the frame around the page shows."""

    def _viewer(self) -> object:
        """Who looks at this tab; what is read for one viewer is never shown to another."""
        return None

    def _browser_place(self) -> str:
        """The address of the browser's page when it sent the event: path and query."""
        return str(self.router_data.get("asPath") or "").partition("#")[0]

    def _browser_path(self) -> str:
        """The path of that address."""
        return self._browser_place().partition("?")[0]

    async def _turn_to(self, page: str) -> None:
        """Leave the page that the tab shows, and whatever is open over it, for another one."""
        await self._close_any_dialog()
        if self._page not in ("", page):
            await (await self._named(self._page))._leave()
        self._page = page

    async def _close_any_dialog(self) -> None:
        """Close and empty the dialog that is open in this tab, if one is."""
        if self._dialog:
            (await self._named(self._dialog))._close()

    async def _named(self, full_name: str) -> Any:
        """The state of this name."""
        return await self.get_state(rx.State.get_class_substate(full_name))
