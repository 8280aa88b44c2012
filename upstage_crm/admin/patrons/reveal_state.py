"""The dialog "Show": one masked value, for a reason that the trail keeps."""

from typing import Any, ClassVar

import reflex as rx

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.patrons.record_state import PatronRecordState
from upstage_crm.core.errors import UpstageError
from upstage_crm.pages.dialog_state import DialogMixin
from upstage_crm.patrons import reveals
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.staff.roles import Permission
from upstage_crm.wiring import runtime
from upstage_crm.wording.sentences import sentence

REVEAL = "reveal"
REASON = "reason"


class RevealState(DialogMixin, AdminState):
    """The dialog. `field` names the field whose value it asks for."""

    permission: ClassVar[Permission | None] = Permission.REVEAL_VALUE
    dialogs: ClassVar[tuple[str, ...]] = (REVEAL,)
    drafted: ClassVar[frozenset[str]] = frozenset({REVEAL})
    page: ClassVar[type[PatronRecordState]] = PatronRecordState

    field: str = ""

    @rx.event
    async def open(self, field: str, subject: str) -> None:
        """Open the dialog for one masked field of the record that is shown."""
        record = await self.get_state(PatronRecordState)
        if record._is_about(subject) and isinstance(field, str) and field in FIELDS:
            await self._open(REVEAL, subject=record.subject, about=record._about(), part=field)
            self.field = field

    @rx.event
    async def reveal(self, form: dict[str, Any]) -> Any:
        """Show the value; a refusal stays in the dialog."""
        given = self._accept(REVEAL, form)
        if given is None:
            return None
        record = await self.get_state(PatronRecordState)
        field, reason, actor = self.field, given.get(REASON, ""), self._actor()
        patron_id = record._patron_id
        try:
            value = await self._command(
                lambda session: reveals.reveal(
                    runtime().staff_context(session, actor),
                    patron_id=patron_id,
                    field=field,
                    reason=reason,
                )
            )
        except UpstageError as error:
            self.refusal = sentence(error)
            return self._focus("reveal-reason")
        self._finish()
        await record._reveal(field, value)
        return None
