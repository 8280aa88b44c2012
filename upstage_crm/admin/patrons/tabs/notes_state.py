"""The dialogs in which staff write notes about a patron."""

from typing import Any, ClassVar

import reflex as rx

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.patrons.record_state import PatronRecordState
from upstage_crm.admin.patrons.tabs.overview_state import OverviewTabState
from upstage_crm.pages.dialog_state import DialogMixin
from upstage_crm.patrons.details import notes
from upstage_crm.staff.roles import Permission
from upstage_crm.wiring import runtime

ADD, CHANGE, REMOVE = "add_note", "change_note", "remove_note"
TEXT = "text"


class NotesState(DialogMixin, AdminState):
    """The dialogs of notes. `start` is what the note said when it was opened."""

    permission: ClassVar[Permission | None] = Permission.EDIT_PATRON
    dialogs: ClassVar[tuple[str, ...]] = (ADD, CHANGE, REMOVE)
    drafted: ClassVar[frozenset[str]] = frozenset({ADD, CHANGE})
    page: ClassVar[type[PatronRecordState]] = PatronRecordState

    start: str = ""

    _note_id: str = ""

    @rx.event
    async def ask(self, dialog: str, subject: str, note: str = "") -> None:
        """Open one of the dialogs about the record that is shown."""
        record = await self.get_state(PatronRecordState)
        if dialog not in self.dialogs or not record._is_about(subject):
            return
        shown = (await self.get_state(OverviewTabState)).notes
        found = next((one for one in shown if one.id == note and one.can_change), None)
        if dialog != ADD and found is None:
            return
        if await self._open(dialog, subject=record.subject, about=record._about(), part=note):
            self._note_id, self.start = note, found.text if found else ""

    @rx.event
    async def add(self, form: dict[str, Any]) -> Any:
        """Note what was typed."""
        given = self._accept(ADD, form)
        if given is None:
            return None
        record, actor = await self.get_state(PatronRecordState), self._actor()
        patron_id, text = record._patron_id, given.get(TEXT, "")
        return await self._run(
            lambda session: notes.add(
                runtime().staff_context(session, actor), patron_id=patron_id, text=text
            ),
            "Note saved.",
        )

    @rx.event
    async def change(self, form: dict[str, Any]) -> Any:
        """Give the note the words that were typed."""
        given = self._accept(CHANGE, form)
        if given is None:
            return None
        actor, note_id, began = self._actor(), self._note_id, self.start
        text = given.get(TEXT, "")
        return await self._run(
            lambda session: notes.change(
                runtime().staff_context(session, actor), note_id=note_id, text=text, began=began
            ),
            "Note saved.",
        )

    @rx.event
    async def remove(self, form: dict[str, Any]) -> Any:
        """Remove the note."""
        if self._accept(REMOVE, form) is None:
            return None
        actor, note_id = self._actor(), self._note_id
        return await self._run(
            lambda session: notes.remove(runtime().staff_context(session, actor), note_id=note_id),
            "Note removed.",
        )
