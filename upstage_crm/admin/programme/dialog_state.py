"""The dialogs of the programme: add an event, change it, add performances."""

from collections.abc import Callable, Mapping
from datetime import date, time
from typing import TYPE_CHECKING, Any, ClassVar

import reflex as rx

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.programme.event_inputs import blamed
from upstage_crm.admin.programme.event_state import EventState
from upstage_crm.admin.programme.list_state import EventListState
from upstage_crm.admin.programme.season_copy_state import season_of_today, seasons_ahead
from upstage_crm.admin.programme.url import event_href
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.languages import LANGUAGES
from upstage_crm.pages.dialog_state import DialogMixin
from upstage_crm.pages.periods import season_year
from upstage_crm.programme import commands, copying, pictures, queries, translations
from upstage_crm.programme.event_texts import ALT, LIMITS, TITLE
from upstage_crm.programme.times import read_day, read_time, series
from upstage_crm.programme.views import Access
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, StaffMember
from upstage_crm.wiring import runtime
from upstage_crm.wording.consequences import counted
from upstage_crm.wording.sentences import LANGUAGE_WORDS, sentence

ADD, EDIT, PERFORM = "add_event", "edit_event", "add_performances"
TRANSLATE, REMOVE, COPY = "translate", "remove_picture", "copy_event"
SEASON = "season"
HALL, DAY, TIME, UNTIL = "hall", "day", "time", "until"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
Typed = Mapping[str, str]


def _nothing() -> dict[str, str]:
    return dict.fromkeys((*LIMITS, ALT), "")


class EventFormMixin(DialogMixin, rx.State, mixin=True):
    """What the dialogs hold: the texts as stored, and the sentence of each that was refused."""

    stored: rx.Field[dict[str, str]] = rx.field(default_factory=_nothing)
    errors: rx.Field[dict[str, str]] = rx.field(default_factory=_nothing)

    if TYPE_CHECKING:
        _actor: Callable[[], StaffMember]  # `AdminState` has it

    async def _send(
        self, dialog: str, form: object, command: Callable[[StaffContext[object], Typed], Any]
    ) -> tuple[Any, Any]:
        """Run a dialog's command; return its outcome and the event that follows a refusal.

        The outcome is None when the command did not run, or was refused.
        """
        typed = self._accept(dialog, form)
        if typed is None:
            return None, None
        actor = self._actor()
        self.errors, self.refusal = _nothing(), ""
        try:
            outcome = await self._command(
                lambda session: command(runtime().staff_context(session, actor), typed)
            )
        except UpstageError as error:
            name = blamed(error, typed)
            if not name:
                self.refusal = sentence(error)
                return None, None
            self.errors = _nothing() | {name: sentence(error)}
            self._focus(f"{dialog}-{name}")
            return None, None
        self._finish()
        return outcome or True, None


class AddEventState(EventFormMixin, AdminState):
    """The dialog that adds an event."""

    permission: ClassVar[Permission | None] = Permission.EDIT_PROGRAMME
    dialogs: ClassVar[tuple[str, ...]] = (ADD,)
    drafted: ClassVar[frozenset[str]] = frozenset({ADD})
    page: ClassVar[type[EventListState]] = EventListState

    seasons: rx.Field[list[tuple[str, str]]] = rx.field(default_factory=list)

    @rx.event
    async def open(self) -> None:
        """Open the dialog, for the season of today."""
        if await self._open(ADD, subject=ADD, about=""):
            self.seasons = seasons_ahead(await self._read(season_of_today))

    @rx.event
    async def add(self, form: dict[str, Any]) -> Any:
        """Add the event and go to its page."""

        def command(context: StaffContext[object], typed: Typed) -> str:
            season = season_year(typed.get(SEASON, ""))
            return commands.add_event(context, typed=typed, season=season)

        event_id, following = await self._send(ADD, form, command)
        if event_id is None:
            return following
        self._greeting = "Added. Now add its performances."
        return rx.redirect(event_href(event_id))


class EventDialogState(EventFormMixin, AdminState):
    """The dialogs over one event. The subject is the event's id."""

    permission: ClassVar[Permission | None] = Permission.EDIT_PROGRAMME
    dialogs: ClassVar[tuple[str, ...]] = (EDIT, PERFORM, TRANSLATE, REMOVE, COPY)
    drafted: ClassVar[frozenset[str]] = frozenset({PERFORM, TRANSLATE})
    page: ClassVar[type[EventState]] = EventState

    own: rx.Field[dict[str, str]] = rx.field(default_factory=_nothing)

    _seen: int = 0  # the version of the event that is changed
    _language: str = ""

    @rx.event
    async def open_edit(self) -> None:
        """Open the dialog that changes what is said of the event."""
        event_id = (await self.get_state(EventState)).subject
        try:
            event = await self._read(lambda session: queries.event(session, event_id))
        except UpstageError as error:
            self._refuse(error)
            return
        if await self._open(EDIT, subject=event_id, about=event.texts[TITLE]):
            self.stored, self._seen = dict(event.texts), event.version

    @rx.event
    async def edit(self, form: dict[str, Any]) -> Any:
        """Store what is said of the event."""
        event_id, version = self.subject, self._seen

        def change(context: StaffContext[object], typed: Typed) -> None:
            commands.change_event(context, event_id=event_id, version=version, typed=typed)

        return await self._do(EDIT, form, change, lambda _: "Saved.")

    @rx.event
    async def open_copy(self) -> None:
        """Open the dialog that copies the event."""
        page = await self.get_state(EventState)
        if await self._open(COPY, subject=page.subject, about=page.name):
            self.stored = _nothing() | {TITLE: page.name}

    @rx.event
    async def copy_event(self, form: dict[str, Any]) -> Any:
        """Copy the event and go to the copy."""
        event_id = self.subject

        def command(context: StaffContext[object], typed: Typed) -> str:
            return copying.copy_event(context, event_id=event_id, title=typed.get(TITLE, ""))

        made, following = await self._send(COPY, form, command)
        if made is None:
            return following
        self._greeting = "Copied, without performances."
        return rx.redirect(event_href(made))

    @rx.event
    async def open_translate(self, language: str) -> None:
        """Open the dialog with the texts in another language."""
        event_id = (await self.get_state(EventState)).subject
        try:
            event = await self._read(lambda session: queries.event(session, event_id))
        except UpstageError as error:
            self._refuse(error)
            return
        if language not in LANGUAGES or language == event.language:
            return
        about = f"{event.texts[TITLE]} · {LANGUAGE_WORDS[language]}"
        if await self._open(TRANSLATE, subject=event_id, about=about, part=language):
            self.stored = _nothing() | dict(event.translated.get(language, {}))
            self.own = dict(event.texts)
            self._seen, self._language = event.version, language

    @rx.event
    async def translate(self, form: dict[str, Any]) -> Any:
        """Store the texts in another language."""
        event_id, version, language = self.subject, self._seen, self._language

        def command(context: StaffContext[object], typed: Typed) -> None:
            translations.translate(
                context, event_id=event_id, language=language, version=version, typed=typed
            )

        return await self._do(TRANSLATE, form, command, lambda _: "Saved.")

    @rx.event
    async def ask_remove(self) -> None:
        """Say what removing the picture does before it is done."""
        page = await self.get_state(EventState)
        if await self._open(REMOVE, subject=page.subject, about=page.name):
            self._seen = int(page.version)

    @rx.event
    async def remove(self, form: dict[str, Any]) -> Any:
        """Take the picture away."""
        event_id, version = self.subject, self._seen

        def command(context: StaffContext[object], _: Typed) -> None:
            pictures.remove(context, event_id=event_id, version=version)

        return await self._do(REMOVE, form, command, lambda _: "Removed.")

    @rx.event
    async def open_perform(self) -> None:
        """Open the dialog that adds performances."""
        page = await self.get_state(EventState)
        await self._open(PERFORM, subject=page.subject, about=page.name)

    @rx.event
    async def perform(self, form: dict[str, Any]) -> Any:
        """Add one performance, or a series of them."""
        event_id = self.subject

        def add(context: StaffContext[object], typed: Typed) -> int:
            days, at = _days_and_time(typed)
            return commands.add_performances(
                context,
                event_id=event_id,
                hall_id=typed.get(HALL, ""),
                days=days,
                at=at,
                access=[kind for kind in Access if kind.value in typed],
            )

        def said(count: int) -> str:
            return f"{counted(count, 'performance')} added."

        return await self._do(PERFORM, form, add, said)

    async def _do(
        self,
        dialog: str,
        form: object,
        command: Callable[[StaffContext[object], Typed], Any],
        said: Callable[[Any], str],
    ) -> Any:
        outcome, following = await self._send(dialog, form, command)
        if outcome is None:
            return following
        page = await self.get_state(EventState)
        page._succeed(said(outcome))
        return await page._show()


def _days_and_time(typed: Typed) -> tuple[list[date], time]:
    """The days and the time that a form asks for: one day, or weekdays until another day."""
    first, at = read_day(typed.get(DAY, "")), read_time(typed.get(TIME, ""))
    weekdays = {number for number, name in enumerate(WEEKDAYS) if name in typed}
    if not weekdays and not typed.get(UNTIL, ""):
        return [first], at
    return series(first, read_day(typed.get(UNTIL, "")), weekdays or {first.weekday()}), at
