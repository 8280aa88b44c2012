"""What needs care on a record: clearing a dispute, and the mark of a protected patron."""

from collections.abc import Mapping
from typing import Any, ClassVar

import reflex as rx

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.patrons.record_state import PatronRecordState
from upstage_crm.change_requests import freezing
from upstage_crm.core.errors import UpstageError
from upstage_crm.patrons import commands
from upstage_crm.staff.roles import Permission
from upstage_crm.ui.copy import sentence
from upstage_crm.wiring import runtime

DIALOGS = ("clear", "protect")
NOTE = "note"
_LIMIT = 1_000  # characters of a field that are read at all


class PatronCareState(AdminState):
    """`dialog` names the question that stands open; it is closed while that is empty."""

    permission: ClassVar[Permission | None] = Permission.VIEW_PATRONS

    dialog: str = ""
    refusal: str = ""
    form: int = 0

    @rx.event
    def ask(self, dialog: str) -> None:
        """Open one of the dialogs."""
        if dialog in DIALOGS:
            self.dialog, self.refusal, self.form = dialog, "", self.form + 1

    @rx.event
    def turn(self, is_open: bool) -> None:
        """Close the dialog; the browser says so when Escape or its cross was pressed."""
        if is_open is not True:
            self.dialog, self.refusal = "", ""

    @rx.event
    async def clear(self, form: dict[str, Any]) -> None:
        """Say what was found in a dispute; the second member who does clears it."""
        if self.dialog != "clear":
            return
        record = await self.get_state(PatronRecordState)
        actor, patron_id = self._actor(), record._patron_id  # noqa: SLF001  # one area
        note, now = _text(form), runtime().clock.now()
        try:
            is_cleared = await self._command(
                lambda s: freezing.clear(s, actor=actor, patron_id=patron_id, note=note, now=now)
            )
        except UpstageError as error:
            self.refusal = sentence(error)
            return
        await self._close(
            "Cleared. Changes can be proposed again."
            if is_cleared
            else "Noted. A second staff member must look into it, too."
        )

    @rx.event
    async def protect(self, form: dict[str, Any]) -> None:
        """Mark the patron as protected, or take the mark away."""
        if self.dialog != "protect":
            return
        record = await self.get_state(PatronRecordState)
        actor, patron_id = self._actor(), record._patron_id  # noqa: SLF001  # one area
        wanted, note, now = not record.care.is_protected, _text(form), runtime().clock.now()
        try:
            await self._command(
                lambda s: commands.protect(
                    s, actor=actor, patron_id=patron_id, is_protected=wanted, reason=note, now=now
                )
            )
        except UpstageError as error:
            self.refusal = sentence(error)
            return
        await self._close("Marked as protected." if wanted else "The mark is taken away.")

    async def _close(self, words: str) -> None:
        self.dialog, self.refusal = "", ""
        record = await self.get_state(PatronRecordState)
        await record._told(words)  # noqa: SLF001  # one area


def _text(form: object) -> str:
    given: Mapping[Any, Any] = form if isinstance(form, Mapping) else {}
    text = given.get(NOTE, "")
    return text[:_LIMIT] if isinstance(text, str) else ""
