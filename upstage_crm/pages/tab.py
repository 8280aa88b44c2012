"""What one tab of the CRM shows: one page, and at most one dialog over it."""

from typing import Any, Protocol

import reflex as rx

from upstage_crm.ui.state.base import FeedbackMixin

DRAFTS = 20  # forms of a tab whose texts are kept


class Viewer(Protocol):
    """Who looks at a tab; one who may read something else is not equal to the one before."""

    @property
    def id(self) -> str:
        """The same for one person, whatever they may read."""
        ...


class TabMixin(FeedbackMixin, rx.State, mixin=True):
    """The memory that all pages and dialogs of a tab share. The state around them mixes it in.

    Pages and dialogs are named by the full name of their state, "" for none. `_greeting` is what
    the next page says when it opens. `_resumes` is set when a lost connection came back, until the
    page has read its content again.

    `focus_at` is the id of the element that gets the focus, with a number that differs each time.

    `_drafts` are what a staff member typed and has not sent, by form. They outlive the form, its
    page, a reload and a session that ended, and are given back to the one who typed them.
    """

    focus_at: str = ""

    _page: str = ""
    _dialog: str = ""
    _greeting: str = ""
    _resumes: bool = False
    _drafts: dict[str, dict[str, str]] = {}  # noqa: RUF012  # Reflex copies a state's defaults
    _drafts_by: str = ""

    def _viewer(self) -> Viewer | None:
        """Who looks at this tab; what is read for one viewer is never shown to another."""
        return None

    def _focus(self, element: str) -> None:
        """Give the focus to the element with this id, once what is shown now has been drawn."""
        count = int(self.focus_at.partition("#")[2] or 0) + 1
        self.focus_at = f"{element}#{count}"

    def _draft(self, form: str) -> dict[str, str]:
        """What this staff member typed into a form before, by input; empty for nothing."""
        viewer = self._viewer()
        is_theirs = viewer is not None and viewer.id == self._drafts_by
        return dict(self._drafts.get(form, {})) if is_theirs else {}

    def _keep_draft(self, form: str, typed: dict[str, str]) -> None:
        """Remember what is typed; the form that was typed into first is forgotten first."""
        viewer = self._viewer()
        typed_by = viewer.id if viewer is not None else ""
        others = self._drafts if typed_by == self._drafts_by else {}
        kept = {name: texts for name, texts in others.items() if name != form}
        self._drafts = dict([*kept.items(), (form, typed)][-DRAFTS:])
        self._drafts_by = typed_by

    def _drop_draft(self, form: str) -> None:
        """Forget what was typed into a form: it was sent, or given up."""
        self._drafts = {name: texts for name, texts in self._drafts.items() if name != form}

    async def _frame(self) -> None:
        """Load what the frame around the page shows."""

    def _season_choices(self, chosen: str) -> list[tuple[str, str]]:
        """The seasons that a list of this tab offers, as pairs of value and name.

        The one of today comes first; `chosen` is among them, if it is a season.
        """
        del chosen
        return []

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
