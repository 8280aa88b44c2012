"""The dialog "Show" of an order: one masked value of its contact, for a reason that is kept."""

from typing import Any, ClassVar

import reflex as rx

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.orders.order_state import OrderRecordState
from upstage_crm.core.errors import UpstageError
from upstage_crm.orders.records import contact_reveals
from upstage_crm.orders.records.contact_reveals import CONTACT_FIELDS
from upstage_crm.pages.dialog_state import DialogMixin
from upstage_crm.staff.roles import Permission
from upstage_crm.wiring import runtime
from upstage_crm.wording.sentences import sentence

REVEAL = "reveal_contact"
REASON = "reason"


class OrderRevealState(DialogMixin, AdminState):
    """The dialog. `field` names the field whose value it asks for."""

    permission: ClassVar[Permission | None] = Permission.REVEAL_VALUE
    dialogs: ClassVar[tuple[str, ...]] = (REVEAL,)
    drafted: ClassVar[frozenset[str]] = frozenset({REVEAL})
    page: ClassVar[type[OrderRecordState]] = OrderRecordState

    field: str = ""

    @rx.event
    async def open(self, field: str, subject: str) -> None:
        """Open the dialog for one masked field of the order that is shown."""
        page = await self.get_state(OrderRecordState)
        if page._is_about(subject) and field in CONTACT_FIELDS:
            await self._open(REVEAL, subject=page.subject, about=page._about(), part=field)
            self.field = field

    @rx.event
    async def reveal(self, form: dict[str, Any]) -> Any:
        """Show the value; a refusal stays in the dialog."""
        given = self._accept(REVEAL, form)
        if given is None:
            return None
        page = await self.get_state(OrderRecordState)
        field, reason, actor = self.field, given.get(REASON, ""), self._actor()
        order_id = page.record.order_id
        try:
            value = await self._command(
                lambda session: contact_reveals.reveal(
                    runtime().staff_context(session, actor),
                    order_id=order_id,
                    field=field,
                    reason=reason,
                )
            )
        except UpstageError as error:
            self.refusal = sentence(error)
            return self._focus(f"{REVEAL}-{REASON}")
        self._finish()
        await page._reveal(field, value)
        return None
