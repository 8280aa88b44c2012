"""The dialog with which two people restore a row that was changed outside the CRM."""

from typing import Any, ClassVar

import reflex as rx

from upstage_crm.admin.audit.state import AuditState
from upstage_crm.admin.guard import AdminState
from upstage_crm.pages.dialog_state import DialogMixin
from upstage_crm.pages.errors import SubjectMoved
from upstage_crm.proof import repair
from upstage_crm.staff.roles import Permission
from upstage_crm.wiring import runtime

RESTORE = "restore"


class RestoreState(DialogMixin, AdminState):
    """The dialog. Its subject is the id of a finding."""

    permission: ClassVar[Permission | None] = Permission.RESTORE_ROWS
    fresh: ClassVar[frozenset[str]] = frozenset({"ask", "restore"})
    dialogs: ClassVar[tuple[str, ...]] = (RESTORE,)
    page: ClassVar[type[AuditState]] = AuditState

    @rx.event
    async def ask(self, finding_id: str) -> None:
        """Say what restoring does before a colleague agrees to it."""
        page = await self.get_state(AuditState)
        found = [row for row in page.findings if row.id == finding_id]
        if not found:
            self._refuse(SubjectMoved())
            return
        await self._open(RESTORE, subject=found[0].id, about=found[0].words)

    @rx.event
    async def restore(self, form: dict[str, Any]) -> Any:
        """Agree that the row shall be what the trail says."""
        if self._accept(RESTORE, form) is None:
            return None
        actor, finding_id = self._actor(), self.subject

        def words(is_restored: bool) -> str:
            if is_restored:
                return "Restored. The row is what the trail says again."
            return "Noted. It is restored when a second person agrees."

        return await self._run(
            lambda s: repair.agree(runtime().staff_context(s, actor), finding_id=finding_id),
            words,
        )
