"""One patron's record: what it shows, and editing the free fields in place."""

import asyncio
import logging
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar
from urllib.parse import parse_qs

import reflex as rx
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.patrons.care import Care, care_of
from upstage_crm.admin.patrons.free_fields import (
    TAGS,
    FreeField,
    find_free_field,
    held_free,
    in_words,
    seen_free,
)
from upstage_crm.admin.patrons.record_rows import (
    ObstacleView,
    ProtectedView,
    RecordHead,
    RequestItem,
    obstacle_view,
    protected_views,
    record_head,
    request_items,
    with_revealed,
)
from upstage_crm.admin.second_person import refusals
from upstage_crm.admin.timeline import TimelineEntry, timeline_entries
from upstage_crm.audit import trail
from upstage_crm.change_requests.lifecycle import consequences
from upstage_crm.change_requests.model.rules import HeldFor
from upstage_crm.change_requests.reads import requests
from upstage_crm.change_requests.reads.proposable import proposable
from upstage_crm.core import when
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.ids import parse_reference
from upstage_crm.jobs.news import Topic
from upstage_crm.organisation.settings import details
from upstage_crm.pages.dialog_state import SUBJECT
from upstage_crm.pages.forms import texts
from upstage_crm.pages.page_state import PageMixin
from upstage_crm.patrons import commands, edit_tags, queries
from upstage_crm.patrons.errors import EditedMeanwhile, UnknownPatron
from upstage_crm.patrons.visibility import FieldAccess
from upstage_crm.privacy import erasure
from upstage_crm.privacy.record_care import (
    erasure_of,
    freeze_of,
    record_changes_of,
    status_takes_two,
)
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, StaffMember, may
from upstage_crm.wiring import runtime
from upstage_crm.wording.consequences import ending_words, erasing_words
from upstage_crm.wording.limits import HELD_WORDS
from upstage_crm.wording.sentences import sentence

EVENTS_SHOWN = 50
_BEGAN = "began"  # in a draft: what the record held when it was begun
ALREADY_PROPOSED = "This was proposed already and still waits for an answer. Nothing was sent."
LARGEST_NUMBER = 2**31 - 1  # what a patron number's column can hold
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Record:
    """Everything that one reading of a record gives to one viewer.

    `held` are the values that the viewer sees. `version` is another one when the record is.
    """

    patron_id: str
    version: tuple[str, bool]
    held: dict[str, str | None]
    head: RecordHead
    protected: list[ProtectedView]
    free: dict[str, str]
    fixed: list[str]
    events: list[TimelineEntry]
    requests: list[RequestItem]
    care: Care
    obstacle: ObstacleView


class PatronRecordState(PageMixin, AdminState):
    """What the record shows; `shown` names its state. Its subject is the patron's number."""

    permission: ClassVar[Permission | None] = Permission.VIEW_PATRONS
    is_live: ClassVar[bool] = True
    topics: ClassVar[frozenset[Topic]] = frozenset({Topic.PATRONS, Topic.REQUESTS})

    proposing: ClassVar[Any] = None  # the dialog's state, which knows this page and says so

    title: str = ""
    shown: str = "loading"  # loading, record, missing, failed
    head: rx.Field[RecordHead] = rx.field(default_factory=RecordHead)
    protected: rx.Field[list[ProtectedView]] = rx.field(default_factory=list)
    free: rx.Field[dict[str, str]] = rx.field(default_factory=dict)
    free_words: rx.Field[dict[str, str]] = rx.field(default_factory=dict)
    events: rx.Field[list[TimelineEntry]] = rx.field(default_factory=list)
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
        return rx.set_focus(f"edit-{name}") if name else None

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
            return rx.set_focus(f"field-{field.name}")
        except UpstageError as error:
            self.edit_error = sentence(error)
            return rx.set_focus(f"field-{field.name}")
        self._drop_draft(self._draft_of(field.name))
        self._succeed(f"{field.label} saved.")
        self.editing, self.edit_error, self.done_reference = "", "", ""
        await self._show()
        return rx.set_focus(f"edit-{field.name}")

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
        asked = parse_qs(self._browser_place().partition("?")[2]).get("again", [""])
        self._again = parse_reference(asked[0])

    def _is_awaited(self) -> bool:
        awaited, self._awaited = self._awaited, ""
        return bool(awaited) and awaited == self._browser_place()

    async def _show(self) -> Any:
        number = int(self.subject)
        try:
            found = await asyncio.to_thread(_record, number, self._actor())
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
        self.requests, self.events, self.fixed = found.requests, found.events, found.fixed
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


def _record(number: int, viewer: StaffMember) -> Record:
    with runtime().database.reading() as session:
        return _read_record(session, number, viewer)


def _read_record(session: Session, number: int, viewer: StaffMember) -> Record:
    found = queries.get_by_number(session, number)
    organisation = details(session)
    now, zone = runtime().clock.now(), organisation.zone
    access = FieldAccess(viewer.role, found.is_protected, (found.values,), organisation.home)
    asked = requests.of_patron(session, found.id, reader=viewer.role)
    lines = trail.timeline(session, patron_id=found.id, limit=EVENTS_SHOWN)
    may_erase = may(viewer, Permission.ERASE_PATRON)
    freeze, asked_erasure = freeze_of(session, found.id), erasure_of(session, found.id)
    waiting = record_changes_of(session, found.id)
    can = proposable(session, found.id, actor=viewer)
    firsts = [freeze.first_id if freeze else "", asked_erasure.asked_id if asked_erasure else ""]
    firsts += [one.asked_id for one in waiting]
    care = care_of(
        found,
        freeze=freeze,
        erasure=asked_erasure,
        blockers=erasure.blockers(session, found.id, now=now) if may_erase else (),
        waiting=waiting,
        status_takes_two=status_takes_two(session, found.id, now=now),
        ending=ending_words(consequences.of_patron(session, found.id)),
        empties=erasing_words(erasure.erasing(session, found.id)) if may_erase else "",
        was_asked=bool(asked),
        viewer=viewer,
        refusals=refusals(session, viewer, firsts, now=now),
        access=access,
        time_zone=zone,
    )
    held = held_free(found)
    free = seen_free(held, access)
    return Record(
        patron_id=found.id,
        version=(when.iso(found.updated_at), found.is_protected),
        held=access.kept(found.values),
        head=record_head(found, access=access, time_zone=zone),
        protected=protected_views(
            found, asked, viewer=viewer, access=access, can=can, time_zone=zone
        ),
        obstacle=obstacle_view(can),
        free=free,
        # Saving what was masked would lose it.
        fixed=[name for name, text in free.items() if text != held[name]],
        events=timeline_entries(lines, access=access, now=now, time_zone=zone),
        requests=request_items(asked, now=now, time_zone=zone),
        care=care,
    )
