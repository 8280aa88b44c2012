"""How long guests' contacts are kept: read, and changed by who may."""

from typing import Any, ClassVar

import reflex as rx

from upstage_crm.admin.guard import AdminState
from upstage_crm.core.errors import UpstageError
from upstage_crm.organisation import contact_months
from upstage_crm.organisation.errors import ContactTimeRefused
from upstage_crm.pages.forms import texts
from upstage_crm.staff.roles import Permission
from upstage_crm.wiring import runtime
from upstage_crm.wording.sentences import sentence

SAVED = "Saved. What is older is emptied within a minute or so."
INPUT = "contact_months"
_LONGEST = 4  # digits that are read


class ContactMonthsState(AdminState):
    """The months as stored."""

    permission: ClassVar[Permission | None] = Permission.VIEW_SETTINGS

    is_loaded: bool = False
    may_edit: bool = False
    months: str = ""
    said: str = ""
    error: str = ""
    form_number: int = 0  # a new number draws the form again, with the stored months in it

    @rx.event
    async def save(self, form: dict[str, Any]) -> Any:
        """Store the months, or say at the input why not."""
        actor, given = self._actor(), texts(form).get(INPUT, "").strip()
        self._quiet()
        self.error = ""
        months = _read(given)
        try:
            await self._command(
                lambda session: contact_months.change(
                    runtime().staff_context(session, actor), months=months
                )
            )
        except ContactTimeRefused as error:
            self.error = sentence(error)
            return self._focus(f"field-{INPUT}")
        except UpstageError as error:
            self._refuse(error)
            return None
        self._succeed(SAVED)
        return await self._show()

    async def _show(self) -> None:
        """Show what is stored; the page does so when it opens."""
        self.may_edit = self._may(Permission.EDIT_POLICY)
        months = await self._read(contact_months.contact_months)
        self.months = str(months)
        self.said = (
            f"What guests typed for an order is emptied {months} months after its last performance."
        )
        self.form_number += 1
        self.is_loaded = True


def _read(given: str) -> int:
    is_number = given.isascii() and given.isdecimal() and len(given) <= _LONGEST
    return int(given) if is_number else -1
