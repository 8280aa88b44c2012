"""The organisation's details: read, and changed by who may."""

from typing import Any, ClassVar

import reflex as rx

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.settings.answer_days_state import AnswerDaysState
from upstage_crm.admin.settings.contact_months_state import ContactMonthsState
from upstage_crm.admin.settings.form import NAMES, blamed, details_of, problems, typed
from upstage_crm.admin.settings.policy_state import PolicyState
from upstage_crm.admin.settings.return_hours_state import ReturnHoursState
from upstage_crm.admin.settings.season_state import SeasonState
from upstage_crm.admin.settings.setup_state import SetupState
from upstage_crm.admin.settings.url import tab_of
from upstage_crm.core import when
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.postal.countries import countries
from upstage_crm.organisation.details import OrganisationDetails
from upstage_crm.organisation.settings import details
from upstage_crm.pages.page_state import PageMixin
from upstage_crm.staff.roles import Permission
from upstage_crm.team.contact import change, changed_contact
from upstage_crm.wiring import runtime
from upstage_crm.wording.sentences import (
    LANGUAGE_WORDS,
    sentence,
)

AGAIN = "Thank you. Nothing was saved yet: press Save again."
SAVED = "Saved. Every email and page now shows these details."
LOOK = "Not saved. Fix the highlighted fields."


def _nothing() -> dict[str, str]:
    return dict.fromkeys(NAMES, "")


class SettingsState(PageMixin, AdminState):
    """The page, and the details as stored (`shown`), with the sentence of each that was refused.

    `tab` is the part that is shown; others are `PolicyState`, `SeasonState`,
    `AnswerDaysState`, `ReturnHoursState`, `ContactMonthsState` and `SetupState`.
    """

    permission: ClassVar[Permission | None] = Permission.VIEW_SETTINGS

    tab: str = ""
    is_loaded: bool = False
    may_edit: bool = False
    shown: rx.Field[dict[str, str]] = rx.field(default_factory=_nothing)
    language: str = ""
    country: str = ""
    time_zone: str = ""
    errors: rx.Field[dict[str, str]] = rx.field(default_factory=_nothing)
    zones: rx.Field[list[tuple[str, str]]] = rx.field(default_factory=list)
    form_number: int = 0  # a new number draws the form again, with the stored details in it

    _draft: dict[str, str] = {}  # what was typed before the owner went to prove who they are

    @rx.event
    async def save(self, form: dict[str, Any]) -> Any:
        """Store the details, or say at each input why not; what was typed stays as it is.

        A new way to reach people needs a fresh proof of who presses.
        """
        raw, actor = typed(form), self._actor()
        self._quiet()
        self.errors = _nothing() | problems(raw)
        if any(self.errors.values()):
            return self._point_out()
        proposed, parts = details_of(raw), runtime()
        standing = await self._read(details)
        if changed_contact(standing, proposed) and (first := self._proof_first()):
            self._draft = raw
            return first
        try:
            stored = await self._command(
                lambda session: change(parts.team_context(session, actor), proposed=proposed)
            )
        except UpstageError as error:
            return self._blame(error)
        self._draw(stored)
        self._succeed(SAVED)
        return await self._frame()

    def _start(self) -> None:
        self.tab = tab_of(self.router.url.query_parameters).value

    async def _show(self) -> None:
        self.may_edit = self._may(Permission.EDIT_SETTINGS)
        self._draw(await self._read(details))
        if self._draft and self._session().is_fresh(runtime().clock.now()):
            self.shown = self._draft
            self._succeed(AGAIN)
        self._draft = {}
        await (await self.get_state(PolicyState))._show()
        await (await self.get_state(SeasonState))._show()
        await (await self.get_state(AnswerDaysState))._show()
        await (await self.get_state(ReturnHoursState))._show()
        await (await self.get_state(ContactMonthsState))._show()
        if self.may_edit:
            await (await self.get_state(SetupState))._show()

    async def _leave(self) -> None:
        draft = self._draft
        await super()._leave()
        self._draft = draft
        (await self.get_state(PolicyState)).reset()
        (await self.get_state(SeasonState)).reset()
        (await self.get_state(AnswerDaysState)).reset()
        (await self.get_state(ReturnHoursState)).reset()
        (await self.get_state(ContactMonthsState)).reset()
        (await self.get_state(SetupState)).reset()

    def _draw(self, stored: OrganisationDetails) -> None:
        self.shown = stored.stated() | {"country": stored.home}
        self.language = LANGUAGE_WORDS[stored.language]
        self.country = countries()[stored.home]
        self.time_zone = when.place_of(stored.time_zone)
        self.zones = when.zone_choices(stored.time_zone) if self.may_edit else []
        self.form_number += 1
        self.is_loaded = True

    def _blame(self, error: UpstageError) -> Any:
        name = blamed(error)
        if not name:
            self._refuse(error)
            return None
        self.errors = _nothing() | {name: sentence(error)}
        return self._point_out()

    def _point_out(self) -> Any:
        """Say that something is marked, and put the cursor into the first such input."""
        self.problem = LOOK
        return self._focus(f"field-{next(name for name in NAMES if self.errors[name])}")
