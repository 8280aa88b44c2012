"""What needs care on a record: a dispute, protection, its status, an erasure by two people."""

from collections.abc import Callable
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.forms import texts
from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.patrons.record_state import PatronRecordState
from upstage_crm.change_requests import erasing, freezing, record_changes
from upstage_crm.change_requests.rules import RecordChangeKind
from upstage_crm.core.errors import UpstageError
from upstage_crm.patrons import commands
from upstage_crm.patrons.commands import PatronStatus
from upstage_crm.staff.roles import Permission
from upstage_crm.ui.copy import STATUS_WORDS, sentence
from upstage_crm.wiring import runtime

DIALOGS = (
    "clear",
    "protect",
    "unprotect",
    "status",
    "confirm_change",
    "decline_change",
    "erase",
    "confirm_erasure",
    "decline_erasure",
)
NOTE, STATUS = "note", "status"
_LIMIT = 1_000  # characters of a field that are read at all


class PatronCareState(AdminState):
    """`dialog` names the question that stands open; it is closed while that is empty."""

    permission: ClassVar[Permission | None] = Permission.VIEW_PATRONS
    fresh: ClassVar[frozenset[str]] = frozenset({"clear", "confirm_change", "confirm_erasure"})

    dialog: str = ""
    refusal: str = ""
    form: int = 0
    kind: str = ""

    @rx.event
    def ask(self, dialog: str) -> None:
        """Open one of the dialogs."""
        if dialog in DIALOGS:
            self.dialog, self.refusal, self.form = dialog, "", self.form + 1

    @rx.event
    def ask_about(self, dialog: str, kind: str) -> None:
        """Open one of the dialogs about a change that waits."""
        if kind in set(RecordChangeKind):
            self.kind = kind
            self.ask(dialog)

    @rx.event
    def turn(self, is_open: bool) -> None:
        """Close the dialog; the browser says so when Escape or its cross was pressed."""
        if is_open is not True:
            self.dialog, self.refusal = "", ""

    @rx.event
    async def clear(self, form: dict[str, Any]) -> None:
        """Say what was found in a dispute; the second member who does clears it."""

        def words(is_cleared: object) -> str:
            if is_cleared:
                return "Cleared. Changes can be proposed again."
            return "Noted. A second staff member must look into it, too."

        await self._step("clear", freezing.clear, words, note=_text(form))

    @rx.event
    async def protect(self, form: dict[str, Any]) -> None:
        """Mark the patron as protected."""
        words = "Marked as protected."
        await self._step("protect", commands.protect, words, reason=_text(form))

    @rx.event
    async def unprotect(self, form: dict[str, Any]) -> None:
        """Ask for the removal of the protection."""
        words = "Requested. The record stays protected until a colleague confirms it."
        await self._step("unprotect", record_changes.ask_to_unprotect, words, reason=_text(form))

    @rx.event
    async def change_status(self, form: dict[str, Any]) -> None:
        """Change the record's status, or ask for it."""
        chosen = texts(form, _LIMIT).get(STATUS, "")
        if chosen not in set(PatronStatus):
            return

        def words(is_done: object) -> str:
            done = f"The record is now {STATUS_WORDS[PatronStatus(chosen)].lower()}."
            return done if is_done else "Requested. Nothing changes until a colleague confirms it."

        await self._step(
            "status",
            record_changes.change_status,
            words,
            status=PatronStatus(chosen),
            reason=_text(form),
            mailroom=runtime().mailroom,
        )

    @rx.event
    async def confirm_change(self) -> None:
        """Confirm, as second person, what waits on the record."""
        if self.kind in set(RecordChangeKind):
            await self._step(
                "confirm_change",
                record_changes.confirm,
                "Confirmed.",
                kind=RecordChangeKind(self.kind),
                mailroom=runtime().mailroom,
            )

    @rx.event
    async def decline_change(self, form: dict[str, Any]) -> None:
        """Decline what waits on the record, or take it back."""
        if self.kind in set(RecordChangeKind):
            await self._step(
                "decline_change",
                record_changes.decline,
                "Declined. The record stays as it is.",
                kind=RecordChangeKind(self.kind),
                note=_text(form),
            )

    @rx.event
    async def erase(self, form: dict[str, Any]) -> None:
        """Ask for the erasure; nothing is erased before a second member confirms it."""
        words = "Asked for. Nothing is erased before a second staff member confirms it."
        await self._step("erase", erasing.request_erasure, words, reason=_text(form))

    @rx.event
    async def confirm_erasure(self) -> None:
        """Erase, as second person."""
        words = "Erased. The number, what happened and its receipts stay, without any value."
        await self._step(
            "confirm_erasure", erasing.confirm_erasure, words, mailroom=runtime().mailroom
        )

    @rx.event
    async def decline_erasure(self, form: dict[str, Any]) -> None:
        """Decline an erasure that waits, or take it back."""
        words = "Declined. Nothing was erased."
        await self._step("decline_erasure", erasing.decline_erasure, words, note=_text(form))

    async def _step(
        self,
        dialog: str,
        command: Callable[..., Any],
        words: str | Callable[[object], str],
        **more: Any,
    ) -> None:
        """Run one command if its question stands open; a refusal stays in its dialog."""
        if self.dialog != dialog:
            return
        record = await self.get_state(PatronRecordState)
        actor, patron_id = self._actor(), record._patron_id  # noqa: SLF001  # one area
        now = runtime().clock.now()

        def run(session: Session) -> Any:
            return command(session, actor=actor, patron_id=patron_id, now=now, **more)

        try:
            outcome = await self._command(run)
        except UpstageError as error:
            self.refusal = sentence(error)
            await record._reload()  # noqa: SLF001  # one area
            return
        self.dialog, self.refusal = "", ""
        await record._told(words if isinstance(words, str) else words(outcome))  # noqa: SLF001  # one area


def _text(form: object) -> str:
    return texts(form, _LIMIT).get(NOTE, "")
