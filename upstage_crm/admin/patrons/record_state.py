"""One patron's record: what it shows, and editing the free fields in place."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar
from urllib.parse import parse_qs

import reflex as rx
from sqlalchemy.exc import SQLAlchemyError

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.patrons.care import Care
from upstage_crm.admin.patrons.free_fields import TAGS, FreeField, find_free_field, in_words
from upstage_crm.admin.patrons.record_rows import (
    ObstacleView,
    ProtectedView,
    RecordHead,
    RequestItem,
    with_revealed,
)
from upstage_crm.admin.patrons.tabs import record_reading
from upstage_crm.admin.patrons.tabs.record_reading import Record
from upstage_crm.admin.patrons.tabs.record_tab import TAB, RecordTab, TabLink
from upstage_crm.change_requests.model.rules import HeldFor
from upstage_crm.core import when
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.ids import parse_reference
from upstage_crm.jobs.news import Topic
from upstage_crm.pages.dialog_state import SUBJECT
from upstage_crm.pages.forms import texts
from upstage_crm.pages.page_state import PageMixin
from upstage_crm.patrons import commands, edit_tags
from upstage_crm.patrons.errors import EditedMeanwhile, UnknownPatron
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, StaffMember
from upstage_crm.wiring import runtime
from upstage_crm.wording.limits import HELD_WORDS
from upstage_crm.wording.sentences import sentence

_BEGAN = "began"  # in a draft: what the record held when it was begun
ALREADY_PROPOSED = "This was proposed already and still waits for an answer. Nothing was sent."
_ASKED_LIMIT = 200  # characters of what an address may ask for
LARGEST_NUMBER = 2**31 - 1  # what a patron number's column can hold
log = logging.getLogger(__name__)


class PatronRecordState(PageMixin, AdminState):
    """What the record shows; `shown` names its state. Its subject is the patron's number."""

    permission: ClassVar[Permission | None] = Permission.VIEW_PATRONS
    is_live: ClassVar[bool] = True
    topics: ClassVar[frozenset[Topic]] = frozenset({Topic.PATRONS, Topic.REQUESTS, Topic.ORDERS})

    # What knows this page says so: the dialog's state, and the table of the tabs.
    proposing: ClassVar[Any] = None
    parts: ClassVar[tuple[RecordTab, ...]] = ()

    title: str = ""
    shown: str = "loading"  # loading, record, missing, failed
    head: rx.Field[RecordHead] = rx.field(default_factory=RecordHead)
    protected: rx.Field[list[ProtectedView]] = rx.field(default_factory=list)
    free: rx.Field[dict[str, str]] = rx.field(default_factory=dict)
    free_words: rx.Field[dict[str, str]] = rx.field(default_factory=dict)
    contacts: rx.Field[list[ProtectedView]] = rx.field(default_factory=list)
    tabs: rx.Field[list[TabLink]] = rx.field(default_factory=list)
    tab: str = ""
    requests: rx.Field[list[RequestItem]] = rx.field(default_factory=list)
    care: rx.Field[Care] = rx.field(default_factory=Care)
    obstacle: rx.Field[ObstacleView] = rx.field(default_factory=ObstacleView)
    may_propose: bool = False
    first_field: str = ""
    may_edit: bool = False
    fixed: rx.Field[list[str]] = rx.field(default_factory=list)
    editing: str = ""
    start: str = ""  # what the input of the field that is edited begins with
    edit_error: str = ""
    zones: rx.Field[list[tuple[str, str]]] = rx.field(default_factory=list)
    done_reference: str = ""

    _patron_id: str = ""
    _held: dict[str, str | None] = {}  # Reflex copies a state's defaults
    _version: tuple[str, bool] = ("", False)
    _revealed: dict[str, str] = {}
    _began: str = ""
    _again: str = ""  # the request that the address asks to propose again
    _awaited: str = ""  # the address to which the browser was sent from here
    _place: str = ""  # the address for which the record was read
    _asked: dict[str, str] = {}  # what the address asks of the open tab

    @rx.event
    def edit(self, name: str, subject: str) -> None:
        """Open one free field for editing."""
        field = find_free_field(name)
        if field is None or not self.may_edit or field.name in self.fixed:
            return
        if self._is_about(subject):
            self.editing, self.edit_error = field.name, ""
            draft = self._draft(self._draft_of(field.name))
            self.start = draft.get(field.name, self.free[field.name])
            self._began = draft.get(_BEGAN, self.free[field.name])
            self.zones = when.zone_choices(self._began) if field.kind == "time_zone" else []

    @rx.event
    def keep(self, form: dict[str, Any]) -> None:
        """Remember what is typed into the field that is being edited, as it is typed."""
        given, name = texts(form), self.editing
        if name in given and given.get(SUBJECT) == self.subject:
            self._keep_draft(self._draft_of(name), {name: given[name], _BEGAN: self._began})

    @rx.event
    def cancel(self) -> Any:
        """Close the field that is being edited; nothing changes."""
        self._drop_draft(self._draft_of(self.editing))
        name, self.editing, self.edit_error = self.editing, "", ""
        return self._focus(f"edit-{name}") if name else None

    @rx.event
    async def save(self, form: dict[str, Any]) -> Any:
        """Keep what was typed into the field that is being edited."""
        given, field = texts(form), find_free_field(self.editing)
        if not self._is_about(given.get(SUBJECT)):
            return None
        if field is None or field.name not in given or field.name in self.fixed:
            return None
        save = partial(
            _save, field, given[field.name], patron_id=self._patron_id, began=self._began
        )
        actor = self._actor()
        try:
            await self._command(lambda s: save(runtime().staff_context(s, actor)))
        except EditedMeanwhile as error:
            await self._show()
            self._began = str(error.facts["now"])  # saving once more replaces it
            self.edit_error = f"{sentence(error)} {_says(self.free[field.name])}"
            return self._focus(f"field-{field.name}")
        except UpstageError as error:
            self.edit_error = sentence(error)
            return self._focus(f"field-{field.name}")
        self._drop_draft(self._draft_of(field.name))
        self._succeed(f"{field.label} saved.")
        self.editing, self.edit_error, self.done_reference = "", "", ""
        await self._show()
        return self._focus(f"edit-{field.name}")

    @rx.event
    def dismiss(self) -> None:
        """Take away what was said of the last action."""
        self._quiet()
        self.done_reference = ""

    @rx.event
    async def hide(self, field: str, subject: str) -> None:
        """Mask a value again that was revealed."""
        if isinstance(field, str) and field in self._revealed and self._is_about(subject):
            self._revealed = {k: text for k, text in self._revealed.items() if k != field}
            await self._show()

    async def _reveal(self, key: str, value: str) -> None:
        """Show a value that the member gave a reason for, until the page is left."""
        self._revealed = {**self._revealed, key: value}
        await self._show()

    async def _proposed(self, reference: str, *, is_new: bool, held_for: HeldFor | None) -> None:
        """Tell of a proposal that was sent, and show it as pending at once."""
        words = "Sent. The record changes when it is approved." if is_new else ALREADY_PROPOSED
        if held_for is not None:
            words = HELD_WORDS[held_for]
        self._succeed(words)
        self.done_reference = reference
        await self._show()

    def _succeed(self, words: str) -> None:
        self.done_reference = ""
        super()._succeed(words)

    def _start(self) -> None:
        self.subject = str(_number_in(self.router.url.path))
        self._place = self._browser_place()
        query = parse_qs(self._place.partition("?")[2])
        self._asked = {name: given[0][:_ASKED_LIMIT] for name, given in query.items()}
        self._again = parse_reference(self._asked.get("again", ""))
        keys = [part.key for part in self.parts]
        self.tab = tab if (tab := self._asked.get(TAB, "")) in keys else ""

    def _is_awaited(self) -> bool:
        awaited, self._awaited = self._awaited, ""
        return bool(awaited) and awaited == self._browser_place()

    def _turns_within(self) -> bool:
        """Whether the address asks for another tab of the record that is shown."""
        is_same = self.shown == "record" and self._browser_path() == self.path
        return is_same and self._browser_place() != self._place

    async def _leave(self) -> None:
        if (state := self._part().state) is not None:
            (await self.get_state(state)).reset()
        await super()._leave()

    def _part(self) -> RecordTab:
        """The tab that is open."""
        return next(part for part in self.parts if part.key == self.tab)

    async def _show(self) -> Any:
        number, part = int(self.subject), self._part()
        try:
            found = await asyncio.to_thread(
                _record, number, self._actor(), self.parts, part, self._asked
            )
        except UnknownPatron:
            self.shown, self.title = "missing", f"No such patron · Patrons · {self.organisation}"
            return None
        except SQLAlchemyError:
            log.exception("a patron's record could not be read")
            self.shown = "failed"
            return None
        self._narrow(found.patron_id)
        if found.version != self._version:  # what was shown may be another value by now
            self._version, self._revealed = found.version, {}
        self.shown, self._patron_id, self.head = "record", found.patron_id, found.head
        self.title = f"{found.head.name} · Patrons · {self.organisation}"
        self.protected = with_revealed(found.protected, self._revealed)
        self.contacts = [view for view in self.protected if view.is_contact]
        self.requests, self.fixed, self.tabs = found.requests, found.fixed, found.tabs
        if part.state is not None:
            (await self.get_state(part.state))._take(found.part)
        self._held, self.care, self.obstacle = found.held, found.care, found.obstacle
        is_live = not found.care.is_erased
        self.first_field = next((view.key for view in found.protected if view.way), "")
        self.may_propose = bool(self.first_field)
        self.may_edit = is_live and self._may(Permission.EDIT_PATRON)
        self.free, self.free_words = found.free, in_words(found.free)
        return await self._propose_again() if self._again else None

    async def _propose_again(self) -> Any:
        """Open the dialog with what an earlier request proposed; reload does not do so again."""
        reference, self._again = self._again, ""
        dialog = await self.get_state(self.proposing)
        following = await dialog._again(self, reference)
        self._awaited = self.path
        return [rx.redirect(self.path, replace=True), *following]

    def _draft_of(self, name: str) -> str:
        """The name under which what is typed into one field is kept."""
        return f"{self.get_full_name()}/{self.subject}/{name}"

    def _about(self) -> str:
        """How dialogs name the patron of this record."""
        return f"{self.head.name} · {self.head.number}"


def _save(
    field: FreeField, text: str, context: StaffContext[object], *, patron_id: str, began: str
) -> None:
    if field is TAGS:
        edit_tags.write(context, patron_id=patron_id, text=text, began=began)
    else:
        free, held = {field.name: text}, {field.name: began}
        commands.edit(context, patron_id=patron_id, free=free, began=held)


def _says(value: str) -> str:
    return f"It now says “{value}”." if value else "It is empty now."


def _number_in(path: str) -> int:
    """The patron number of `/patrons/1042/`; 0, which nobody has, when it is none."""
    text = path.strip("/").rpartition("/")[2]
    is_number = text.isascii() and text.isdecimal() and len(text) <= 10
    return int(text) if is_number and int(text) <= LARGEST_NUMBER else 0


def _record(
    number: int,
    viewer: StaffMember,
    tabs: Sequence[RecordTab],
    open_tab: RecordTab,
    asked: Mapping[str, str],
) -> Record:
    with runtime().database.reading() as session:
        return record_reading.read(
            session, number, viewer, tabs=tabs, open_tab=open_tab, asked=asked
        )
