"""Whether patrons return tickets themselves, and until when: read, and changed by who may."""

from typing import Any, ClassVar

import reflex as rx

from upstage_crm.admin.guard import AdminState
from upstage_crm.core.errors import UpstageError
from upstage_crm.organisation import return_hours
from upstage_crm.organisation.errors import ReturnTimeRefused
from upstage_crm.pages.forms import texts
from upstage_crm.staff.roles import Permission
from upstage_crm.wiring import runtime
from upstage_crm.wording.sentences import sentence

SAVED = "Saved. It counts at once, for tickets that are sold already, too."
STAFF_ALONE = "Tickets are returned by staff alone."
INPUT = "return_hours"
_LONGEST = 4  # digits that are read


class ReturnHoursState(AdminState):
    """The hours as stored."""

    permission: ClassVar[Permission | None] = Permission.VIEW_SETTINGS

    is_loaded: bool = False
    may_edit: bool = False
    hours: str = ""
    said: str = ""
    error: str = ""
    form_number: int = 0  # a new number draws the form again, with the stored hours in it

    @rx.event
    async def save(self, form: dict[str, Any]) -> Any:
        """Store the hours, or say at the input why not."""
        actor, given = self._actor(), texts(form).get(INPUT, "").strip()
        self._quiet()
        self.error = ""
        hours = _read(given)
        try:
            await self._command(
                lambda session: return_hours.change(
                    runtime().staff_context(session, actor), hours=hours
                )
            )
        except ReturnTimeRefused as error:
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
        hours = await self._read(return_hours.return_hours)
        self.hours = "" if hours is None else str(hours)
        self.said = STAFF_ALONE if hours is None else _said(hours)
        self.form_number += 1
        self.is_loaded = True


def _read(given: str) -> int | None:
    if not given:
        return None
    is_number = given.isascii() and given.isdecimal() and len(given) <= _LONGEST
    return int(given) if is_number else -1


def _said(hours: int) -> str:
    if hours == 0:
        return "Patrons return tickets from their account until the doors open."
    unit = "hour" if hours == 1 else "hours"
    return f"Patrons return tickets from their account until {hours} {unit} before a performance."
