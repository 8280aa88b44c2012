"""The base of every dialog of the CRM: opened about one subject, and about no other.

The form of a dialog carries the subject's key and the number of the opening. A submission that
names another subject, or a dialog that was closed since, is refused: nothing is done. Every
navigation closes and empties the dialog (`TabMixin._close_any_dialog`). What was typed into one of
the `drafted` dialogs is kept, and stands in it again when it is opened about the same subject.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.core.errors import UpstageError
from upstage_crm.pages.errors import SubjectMoved
from upstage_crm.pages.forms import texts
from upstage_crm.pages.page_state import PageMixin, Words, in_words
from upstage_crm.pages.tab import TabMixin
from upstage_crm.wording.sentences import sentence

SUBJECT, OPENING, DRAFT = "subject", "opening", "draft"
_CARRIED = (SUBJECT, OPENING, DRAFT)


class DialogMixin(TabMixin, rx.State, mixin=True):
    """Dialogs over one page. `dialogs` names them all, `dialog` the open one, "" for none.

    `subject` is the key of what the dialog is about, `about` its name for people. `opening` counts
    the openings; a new number draws the inputs again. `drafted` names the dialogs whose texts are
    kept, `draft` is what the open one begins with, and `draft_of` the name it is kept under.
    """

    dialogs: ClassVar[tuple[str, ...]] = ()
    drafted: ClassVar[frozenset[str]] = frozenset()
    page: ClassVar[type[PageMixin]]

    dialog: str = ""
    subject: str = ""
    about: str = ""
    refusal: str = ""
    opening: int = 0
    draft: rx.Field[dict[str, str]] = rx.field(default_factory=dict)
    draft_of: str = ""
    is_restored: bool = False

    _answered: int = 0  # the opening whose form did its work

    @rx.event
    def turn(self, is_open: bool) -> None:
        """Close the dialog; the browser says so when Escape or its cross was pressed."""
        if is_open is not True:
            self._close()

    @rx.event
    async def keep(self, form: dict[str, Any]) -> None:
        """Remember what is typed, as it is typed. It may come after the dialog was closed."""
        given = texts(form)
        name = given.get(DRAFT, "")
        is_drafted = name.partition("/")[0] in self.drafted
        opening = given.get(OPENING)
        if is_drafted and opening == str(self.opening) and opening != str(self._answered):
            typed = {key: text for key, text in given.items() if key not in _CARRIED}
            self._keep_draft(f"{self.get_full_name()}/{name}", typed)
            if self.dialog:
                await self._look(typed)

    @rx.event
    async def start_over(self) -> None:
        """Give up what was kept: the dialog begins as it does the first time."""
        if self.dialog:
            self._drop_draft(f"{self.get_full_name()}/{self.draft_of}")
            self.draft, self.is_restored = {}, False
            self.opening += 1
            await self._begin()

    async def _look(self, typed: dict[str, str]) -> None:
        """Say about what was typed in the open dialog what is worth knowing before it is sent."""

    async def _begin(self) -> None:
        """Fill the inputs of the open dialog, from `draft` where it holds something."""

    async def _open(self, dialog: str, *, subject: str, about: str, part: str = "") -> bool:
        """Open one dialog, with what was typed into it before; one that is open is closed.

        `part` tells the drafts of one subject apart, where a dialog has several.

        Returns whether it is open: over another page than its own it is not.
        """
        assert dialog in self.dialogs
        if self._page != self.page.get_full_name():
            self._refuse(SubjectMoved())
            return False
        await self._close_any_dialog()
        self.dialog, self.subject, self.about = dialog, subject, about
        self.opening += 1
        self.draft_of = f"{dialog}/{subject}/{part}"
        if dialog in self.drafted:
            self.draft = self._draft(f"{self.get_full_name()}/{self.draft_of}")
            self.is_restored = any(text.strip() for text in self.draft.values())
        self._dialog = self.get_full_name()
        return True

    def _close(self) -> None:
        """Close the dialog and empty everything that it held."""
        opening, answered = self.opening, self._answered
        self.reset()
        self.opening, self._answered = opening, answered
        self._dialog = ""

    def _finish(self) -> None:
        """Close the dialog after its form did its work: a second press of a double one is none."""
        self._answered = self.opening
        self._drop_draft(f"{self.get_full_name()}/{self.draft_of}")
        self._close()

    def _accept(self, dialog: str, form: object) -> dict[str, str] | None:
        """The texts of the open dialog's form; None when there is nothing to do.

        That is so for the second press of a double one, and for a form of another subject or of an
        earlier opening, which the page then says.
        """
        given = texts(form)
        if not self.dialog and given.get(OPENING) == str(self._answered):
            return None
        expected = (self.dialog, self.subject, str(self.opening))
        if (dialog, given.get(SUBJECT), given.get(OPENING)) == expected:
            return given
        self._refuse(SubjectMoved())
        return None

    async def _run(self, command: Callable[[Session], Any], words: Words) -> Any:
        """Run one command: tell on the page how it went, or say the refusal in the dialog."""
        page = await self.get_state(self.page)
        try:
            said = in_words(words, await self._command(command))
        except UpstageError as error:
            self.refusal = sentence(error)
        else:
            self._finish()
            page._succeed(said)
        return await page._show()
