"""The dialogs of venues: add one, change what is said of it, add a hall, change a hall."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.venues.list_state import VenueListState
from upstage_crm.admin.venues.url import venue_href
from upstage_crm.admin.venues.venue_inputs import blamed
from upstage_crm.admin.venues.venue_state import VenueRecordState
from upstage_crm.core.errors import UpstageError
from upstage_crm.pages.dialog_state import DialogMixin
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, StaffMember
from upstage_crm.venues import commands, queries
from upstage_crm.venues.texts import HALL_TEXTS, VENUE_TEXTS
from upstage_crm.wiring import runtime
from upstage_crm.wording.sentences import sentence

ADD, EDIT, ADD_HALL, EDIT_HALL = "add_venue", "edit_venue", "add_hall", "edit_hall"
Typed = Mapping[str, str]


def _nothing() -> dict[str, str]:
    return dict.fromkeys(VENUE_TEXTS, "")


class VenueFormMixin(DialogMixin, rx.State, mixin=True):
    """What each of these dialogs holds: the texts as stored, and the sentence of each refused."""

    stored: rx.Field[dict[str, str]] = rx.field(default_factory=_nothing)
    errors: rx.Field[dict[str, str]] = rx.field(default_factory=_nothing)

    _seen: int = 0  # the version of what is changed

    if TYPE_CHECKING:
        _actor: Callable[[], StaffMember]  # `AdminState` has it

    async def _send(
        self,
        dialog: str,
        names: tuple[str, ...],
        form: object,
        command: Callable[[StaffContext[object], Typed], Any],
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
            name = blamed(error, names, typed)
            if not name:
                self.refusal = sentence(error)
                return None, None
            self.errors = _nothing() | {name: sentence(error)}
            self._focus(f"{dialog}-{name}")
            return None, None
        self._finish()
        return outcome or True, None


class AddVenueState(VenueFormMixin, AdminState):
    """The dialog that adds a venue."""

    permission: ClassVar[Permission | None] = Permission.EDIT_VENUES
    dialogs: ClassVar[tuple[str, ...]] = (ADD,)
    drafted: ClassVar[frozenset[str]] = frozenset({ADD})
    page: ClassVar[type[VenueListState]] = VenueListState

    @rx.event
    async def open(self) -> None:
        """Open the dialog."""
        await self._open(ADD, subject=ADD, about="")

    @rx.event
    async def add(self, form: dict[str, Any]) -> Any:
        """Add the venue and go to its page."""
        venue_id, following = await self._send(
            ADD, VENUE_TEXTS, form, lambda context, typed: commands.add_venue(context, typed=typed)
        )
        if venue_id is None:
            return following
        self._greeting = "Added. Now add its halls."
        return rx.redirect(venue_href(venue_id))


class VenueDialogState(VenueFormMixin, AdminState):
    """The dialogs over one venue. The subject is the venue's id, or the hall's."""

    permission: ClassVar[Permission | None] = Permission.EDIT_VENUES
    dialogs: ClassVar[tuple[str, ...]] = (EDIT, ADD_HALL, EDIT_HALL)
    drafted: ClassVar[frozenset[str]] = frozenset({ADD_HALL})
    page: ClassVar[type[VenueRecordState]] = VenueRecordState

    @rx.event
    async def open_edit(self) -> None:
        """Open the dialog that changes what is said of the venue."""
        venue_id = (await self.get_state(VenueRecordState)).subject
        try:
            venue = await self._read(lambda session: queries.venue(session, venue_id))
        except UpstageError as error:
            self._refuse(error)
            return
        if await self._open(EDIT, subject=venue_id, about=venue.texts["name"]):
            self.stored, self._seen = _nothing() | dict(venue.texts), venue.version

    @rx.event
    async def edit(self, form: dict[str, Any]) -> Any:
        """Store what is said of the venue."""
        venue_id, version = self.subject, self._seen
        return await self._save(
            EDIT,
            VENUE_TEXTS,
            form,
            lambda context, typed: commands.change_venue(
                context, venue_id=venue_id, version=version, typed=typed
            ),
            "Saved.",
        )

    @rx.event
    async def open_add_hall(self) -> None:
        """Open the dialog that adds a hall."""
        page = await self.get_state(VenueRecordState)
        await self._open(ADD_HALL, subject=page.subject, about=page.name)

    @rx.event
    async def add_hall(self, form: dict[str, Any]) -> Any:
        """Add a hall to the venue."""
        venue_id = self.subject
        return await self._save(
            ADD_HALL,
            HALL_TEXTS,
            form,
            lambda context, typed: commands.add_hall(context, venue_id=venue_id, typed=typed),
            "Hall added.",
        )

    @rx.event
    async def open_edit_hall(self, hall_id: str) -> None:
        """Open the dialog that changes what is said of a hall."""

        def found(session: Session) -> Any:
            return queries.hall(session, hall_id)

        try:
            hall = await self._read(found)
        except UpstageError as error:
            self._refuse(error)
            return
        if await self._open(
            EDIT_HALL, subject=hall_id, about=f"{hall.texts['name']}, {hall.venue_name}"
        ):
            self.stored, self._seen = _nothing() | dict(hall.texts), hall.version

    @rx.event
    async def edit_hall(self, form: dict[str, Any]) -> Any:
        """Store what is said of the hall."""
        hall_id, version = self.subject, self._seen
        return await self._save(
            EDIT_HALL,
            HALL_TEXTS,
            form,
            lambda context, typed: commands.change_hall(
                context, hall_id=hall_id, version=version, typed=typed
            ),
            "Saved.",
        )

    async def _save(
        self,
        dialog: str,
        names: tuple[str, ...],
        form: object,
        command: Callable[[StaffContext[object], Typed], Any],
        done: str,
    ) -> Any:
        outcome, following = await self._send(dialog, names, form, command)
        if outcome is None:
            return following
        page = await self.get_state(VenueRecordState)
        page._succeed(done)
        return await page._show()
