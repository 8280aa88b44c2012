"""The dialog "Show": one masked value, for a reason that the trail keeps."""

from typing import Any, ClassVar

import reflex as rx

from upstage_crm.admin.forms import texts
from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.patrons.record_state import PatronRecordState
from upstage_crm.core.errors import UpstageError
from upstage_crm.patrons import reveals
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.staff.roles import Permission
from upstage_crm.ui.copy import sentence
from upstage_crm.wiring import runtime

REASON = "reason"


class RevealState(AdminState):
    """`field` names the field that the dialog asks for; it is closed while that is empty."""

    permission: ClassVar[Permission | None] = Permission.REVEAL_VALUE

    field: str = ""
    refusal: str = ""
    form: int = 0

    @rx.event
    def open(self, field: str) -> None:
        """Open the dialog for one masked field of the record that is shown."""
        if isinstance(field, str) and field in FIELDS:
            self.field, self.refusal, self.form = field, "", self.form + 1

    @rx.event
    def turn(self, is_open: bool) -> None:
        """Close the dialog; the browser says so when Escape or its cross was pressed."""
        if is_open is not True:
            self.field, self.refusal = "", ""

    @rx.event
    async def reveal(self, form: dict[str, Any]) -> Any:
        """Show the value; a refusal stays in the dialog."""
        if not self.field or not isinstance(form, dict):
            return None  # the second press of a double one
        record = await self.get_state(PatronRecordState)
        field, reason = self.field, texts(form).get(REASON, "")
        patron_id, actor, now = record._patron_id, self._actor(), runtime().clock.now()  # noqa: SLF001  # one area
        try:
            value = await self._command(
                lambda session: reveals.reveal(
                    session, actor=actor, patron_id=patron_id, field=field, reason=reason, now=now
                )
            )
        except UpstageError as error:
            self.refusal = sentence(error)
            return rx.set_focus("reveal-reason")
        self.field, self.refusal = "", ""
        await record._reveal(field, value)  # noqa: SLF001  # one area
        return None
