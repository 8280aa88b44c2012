"""The day on which seasons begin: read, and changed by who may."""

from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.core.errors import UpstageError
from upstage_crm.organisation.errors import UnknownSeasonStart
from upstage_crm.organisation.seasons import SeasonStart
from upstage_crm.organisation.settings import change_season_start, details, season_start
from upstage_crm.pages.forms import texts
from upstage_crm.staff.roles import Permission
from upstage_crm.wiring import runtime
from upstage_crm.wording.sentences import sentence

SAVED = "Saved. Every list and number goes by these seasons now, past ones included."


class SeasonState(AdminState):
    """The day as stored, and the season of today and the next as they are called."""

    permission: ClassVar[Permission | None] = Permission.VIEW_SETTINGS

    is_loaded: bool = False
    may_edit: bool = False
    month: str = ""
    day: str = ""
    current: str = ""
    following: str = ""
    error: str = ""
    form_number: int = 0  # a new number draws the form again, with the stored day in it

    @rx.event
    async def save(self, form: dict[str, Any]) -> Any:
        """Store the day, or say at the input why not."""
        actor, given = self._actor(), texts(form)
        self._quiet()
        self.error = ""
        try:
            start = _typed_start(given.get("month", ""), given.get("day", ""))
            await self._command(
                lambda session: change_season_start(
                    runtime().staff_context(session, actor), start=start
                )
            )
        except UnknownSeasonStart as error:
            self.error = sentence(error)
            return self._focus("field-day")
        except UpstageError as error:
            self._refuse(error)
            return None
        self._succeed(SAVED)
        return await self._show()

    async def _show(self) -> None:
        """Show what is stored; the page does so when it opens."""
        self.may_edit = self._may(Permission.EDIT_SETTINGS)
        now = runtime().clock.now()

        def stored(session: Session) -> tuple[SeasonStart, str, str]:
            start = season_start(session)
            season = start.season_of(now.astimezone(details(session).zone).date())
            return start, season.name, season.moved(1).name

        start, self.current, self.following = await self._read(stored)
        self.month, self.day = str(start.month), str(start.day)
        self.form_number += 1
        self.is_loaded = True


def _typed_start(month: str, day: str) -> SeasonStart:
    if not (month.strip().isdecimal() and day.strip().isdecimal()):
        raise UnknownSeasonStart
    return SeasonStart(int(month[:5]), int(day[:5]))
