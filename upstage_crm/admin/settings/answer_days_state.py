"""How long buyers may choose after a cancellation: read, and changed by who may."""

from typing import Any, ClassVar

import reflex as rx

from upstage_crm.admin.guard import AdminState
from upstage_crm.core.errors import UpstageError
from upstage_crm.organisation import answer_days
from upstage_crm.organisation.errors import AnswerTimeRefused
from upstage_crm.pages.forms import texts
from upstage_crm.staff.roles import Permission
from upstage_crm.wiring import runtime
from upstage_crm.wording.sentences import sentence

SAVED = "Saved. What is cancelled or moved from now on gives buyers this time."
INPUT = "answer_days"
_LONGEST = 3  # digits that are read


class AnswerDaysState(AdminState):
    """The days as stored."""

    permission: ClassVar[Permission | None] = Permission.VIEW_SETTINGS

    is_loaded: bool = False
    may_edit: bool = False
    days: str = ""
    error: str = ""
    form_number: int = 0  # a new number draws the form again, with the stored days in it

    @rx.event
    async def save(self, form: dict[str, Any]) -> Any:
        """Store the days, or say at the input why not."""
        actor, given = self._actor(), texts(form).get(INPUT, "").strip()
        self._quiet()
        self.error = ""
        is_number = given.isascii() and given.isdecimal() and len(given) <= _LONGEST
        days = int(given) if is_number else -1
        try:
            await self._command(
                lambda session: answer_days.change(
                    runtime().staff_context(session, actor), days=days
                )
            )
        except AnswerTimeRefused as error:
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
        self.days = str(await self._read(answer_days.answer_days))
        self.form_number += 1
        self.is_loaded = True
