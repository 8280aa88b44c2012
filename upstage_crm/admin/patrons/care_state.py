"""What needs care on a record: a dispute, protection, its status, an erasure by two people."""

from collections.abc import Callable
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.patrons.record_state import PatronRecordState
from upstage_crm.change_requests.desk.identify import IDENTIFYING
from upstage_crm.change_requests.disputes import freezing, record_changes
from upstage_crm.change_requests.model.rules import (
    Finding,
    RecordChangeKind,
)
from upstage_crm.pages.dialog_state import DialogMixin
from upstage_crm.pages.forms import texts
from upstage_crm.patrons import marks
from upstage_crm.patrons.commands import PatronStatus
from upstage_crm.privacy import erasure
from upstage_crm.staff.roles import Permission
from upstage_crm.wiring import runtime
from upstage_crm.wording.sentences import STATUS_WORDS

NOTE, STATUS = "note", "status"
_LIMIT = 1_000  # characters of a field that are read at all


class PatronCareState(DialogMixin, AdminState):
    """The dialogs, each about the patron of the record."""

    permission: ClassVar[Permission | None] = Permission.VIEW_PATRONS
    fresh: ClassVar[frozenset[str]] = frozenset({"clear", "confirm_change", "confirm_erasure"})
    dialogs: ClassVar[tuple[str, ...]] = (
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
    drafted: ClassVar[frozenset[str]] = frozenset(dialogs) - {"confirm_change", "confirm_erasure"}
    page: ClassVar[type[PatronRecordState]] = PatronRecordState

    kind: str = ""  # of the waiting change that the dialog is about

    @rx.event
    async def ask(self, dialog: str, subject: str) -> Any:
        """Open one of the dialogs."""
        if dialog in self.fresh and (first := self._proof_first()):
            return first  # before anything is typed
        record = await self.get_state(PatronRecordState)
        if record._is_about(subject) and record.shown == "record" and dialog in self.dialogs:
            await self._open(dialog, subject=record.subject, about=record._about())
        return None

    @rx.event
    async def ask_about(self, dialog: str, subject: str, kind: str) -> Any:
        """Open one of the dialogs about a change that waits."""
        if kind not in set(RecordChangeKind):
            return None
        first = await self.ask(dialog, subject)
        self.kind = kind if self.dialog == dialog else ""
        return first

    @rx.event
    async def clear(self, form: dict[str, Any]) -> None:
        """Say what was found in a dispute; the second member who does clears it."""

        def words(is_cleared: object) -> str:
            if is_cleared:
                return "Cleared. Changes can be proposed again."
            return "Saved. A colleague must review it too."

        given = texts(form, _LIMIT)
        legal = {one.value: one for one in Finding}
        how = {one.value: one for one in IDENTIFYING}
        await self._step(
            "clear",
            form,
            freezing.clear,
            words,
            text="note",
            finding=legal.get(given.get("finding", ""), Finding.NOTHING_WRONG),
            method=how.get(given.get("method", "")),
        )

    @rx.event
    async def protect(self, form: dict[str, Any]) -> None:
        """Mark the patron as protected."""
        words = "Marked as protected."
        await self._step("protect", form, marks.protect, words, text="reason")

    @rx.event
    async def unprotect(self, form: dict[str, Any]) -> None:
        """Ask for the removal of the protection."""
        words = "Requested. The record stays protected until a colleague confirms it."
        await self._step("unprotect", form, record_changes.ask_to_unprotect, words, text="reason")

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
            form,
            record_changes.change_status,
            words,
            text="reason",
            status=PatronStatus(chosen),
        )

    @rx.event
    async def confirm_change(self, form: dict[str, Any]) -> None:
        """Confirm, as second person, what waits on the record."""
        if self.kind in set(RecordChangeKind):
            await self._step(
                "confirm_change",
                form,
                record_changes.confirm,
                "Confirmed.",
                kind=RecordChangeKind(self.kind),
            )

    @rx.event
    async def decline_change(self, form: dict[str, Any]) -> None:
        """Decline what waits on the record, or take it back."""
        if self.kind in set(RecordChangeKind):
            await self._step(
                "decline_change",
                form,
                record_changes.decline,
                "Declined. The record stays as it is.",
                text="note",
                kind=RecordChangeKind(self.kind),
            )

    @rx.event
    async def erase(self, form: dict[str, Any]) -> None:
        """Ask for the erasure; nothing is erased before a second member confirms it."""
        words = "Requested. Nothing is erased before a colleague confirms it."
        await self._step("erase", form, erasure.request_erasure, words, text="reason")

    @rx.event
    async def confirm_erasure(self, form: dict[str, Any]) -> None:
        """Erase, as second person."""
        words = "Erased. The number, what happened and its receipts stay, without any value."
        await self._step("confirm_erasure", form, erasure.confirm_erasure, words)

    @rx.event
    async def decline_erasure(self, form: dict[str, Any]) -> None:
        """Decline an erasure that waits, or take it back."""
        words = "Declined. Nothing was erased."
        await self._step("decline_erasure", form, erasure.decline_erasure, words, text="note")

    async def _step(
        self,
        dialog: str,
        form: object,
        command: Callable[..., Any],
        words: str | Callable[[Any], str],
        *,
        text: str = "",
        **more: Any,
    ) -> None:
        """Run one command on the dialog's patron; `text` names the argument for what was typed."""
        given = self._accept(dialog, form)
        if given is None:
            return
        record = await self.get_state(PatronRecordState)
        actor, patron_id = self._actor(), record._patron_id
        if text:
            more[text] = given.get(NOTE, "")[:_LIMIT]

        def run(session: Session) -> Any:
            return command(runtime().staff_context(session, actor), patron_id=patron_id, **more)

        await self._run(run, words)
