"""The dialog "Add patron": typed refusals at their inputs, possible duplicates before adding."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.patron_list.list_state import PatronListState
from upstage_crm.admin.patrons.free_fields import FREE_FIELDS, TAGS
from upstage_crm.admin.patrons.inputs import refusals
from upstage_crm.admin.patrons.rows import patron_href
from upstage_crm.core.errors import UpstageError
from upstage_crm.organisation.settings import details
from upstage_crm.pages.dialog_state import DialogMixin
from upstage_crm.pages.list_url import QUERY_LIMIT
from upstage_crm.patrons import commands
from upstage_crm.patrons.commands import PatronKind
from upstage_crm.patrons.errors import AddressTaken, NameMissing, PossibleDuplicates
from upstage_crm.patrons.fields import FIELDS, Context
from upstage_crm.patrons.search_terms import plain_query
from upstage_crm.patrons.views import Duplicate
from upstage_crm.staff.roles import Permission, StaffMember
from upstage_crm.wiring import runtime
from upstage_crm.wording.sentences import (
    DUPLICATE_WORDS,
    sentence,
)

ADD = "add"
KIND, ANYWAY = "kind", "anyway"
_NAMED = {"given-name", "family-name"}
# People are entered by their name first; HTML's own words for inputs tell which field that is.
ORDER = tuple(
    sorted(FIELDS.values(), key=lambda f: not _NAMED.intersection(p.autocomplete for p in f.parts)),
)
FIRST_INPUT = ORDER[0].columns[0]
COUNTRY = next(p for f in FIELDS.values() for p in f.parts if p.type == "country").name
_ADDRESS = next(field.columns for field in FIELDS.values() if COUNTRY in field.columns)
UNIQUE_INPUT = next(field.columns[0] for field in FIELDS.values() if field.unique_column)


@dataclass(frozen=True)
class DuplicateView:
    """Somebody who may be the same person, and why."""

    name: str = ""
    number: str = ""
    href: str = ""
    email: str = ""
    reasons: str = ""


class AddPatronState(DialogMixin, AdminState):
    """The dialog, about a patron that is not there yet. What is typed stays in its inputs."""

    permission: ClassVar[Permission | None] = Permission.ADD_PATRON
    dialogs: ClassVar[tuple[str, ...]] = (ADD,)
    drafted: ClassVar[frozenset[str]] = frozenset({ADD})
    page: ClassVar[type[PatronListState]] = PatronListState

    start: rx.Field[dict[str, str]] = rx.field(default_factory=dict)
    errors: rx.Field[dict[str, str]] = rx.field(default_factory=dict)
    taken_by: str = ""
    duplicates: rx.Field[list[DuplicateView]] = rx.field(default_factory=list)

    _usual: dict[str, str] = {}  # what the inputs of a new record begin with

    @rx.event
    async def open(self, query: str = "") -> None:
        """Open the dialog, with what was searched for in its inputs."""
        house = await self._read(details)
        words = query[:QUERY_LIMIT] if isinstance(query, str) else ""
        if not await self._open(ADD, subject=ADD, about=""):
            return
        usual = {"language": house.language, COUNTRY: house.home}
        self.start = {**usual, **prefilled(words), **self.draft}
        self._usual = usual

    @rx.event
    async def add(self, form: dict[str, Any]) -> Any:
        """Add the patron and go to the record; a refusal leaves everything as it was typed."""
        raw = self._accept(ADD, form)
        if raw is None:
            return None
        self.errors, self.refusal, self.taken_by, self.duplicates = {}, "", "", []
        raw = without_lone_country(raw, self._usual[COUNTRY])
        actor, anyway = self._actor(), form.get(ANYWAY) in ("on", True)
        context = await asyncio.to_thread(runtime().context)
        self.errors = refusals(raw, context)
        if self.errors:
            return self._focus(f"add-{next(iter(self.errors))}")
        try:
            number = await self._command(lambda s: _add(s, raw, actor, context, anyway=anyway))
        except UpstageError as error:
            return self._say(error)
        self._finish()
        self._greeting = "Added."
        return rx.redirect(patron_href(number))

    async def _look(self, typed: dict[str, str]) -> None:
        """Say whom the record may be about while it is typed, and not only when it is sent."""
        context = await asyncio.to_thread(runtime().context)
        reader = self._actor().role
        typed = without_lone_country(typed, self._usual[COUNTRY])
        taken_by, found = await self._read(
            lambda session: commands.look_alikes(session, typed, context, reader=reader)
        )
        self.taken_by = "" if taken_by is None else str(taken_by)
        self.duplicates = [_view(duplicate) for duplicate in found]

    async def _begin(self) -> None:
        self.start = self._usual
        self.errors, self.refusal, self.taken_by, self.duplicates = {}, "", "", []

    def _say(self, error: UpstageError) -> Any:
        if isinstance(error, PossibleDuplicates):
            self.duplicates = _views(error)
            return self._focus("add-duplicates")
        place = {AddressTaken: UNIQUE_INPUT, NameMissing: FIRST_INPUT}.get(type(error), "")
        if not place:
            self.refusal = sentence(error)
            return None
        self.errors = {place: sentence(error)}
        self.taken_by = str(error.facts.get("number", ""))
        return self._focus(f"add-{place}")


def prefilled(query: str) -> dict[str, str]:
    """What was searched for, by the inputs it probably belongs to."""
    query = plain_query(query)
    words = query.split()
    if "@" in query:
        said = {"email": query}
    elif query.strip(" +()-.0123456789") == "":
        said = {"tel": query}
    else:
        said = {"given-name": " ".join(words[:-1] or words), "family-name": words[-1]}
        if len(words) == 1:
            del said["family-name"]
    parts = [part for field in FIELDS.values() for part in field.parts]
    return {part.name: said[part.autocomplete] for part in parts if said.get(part.autocomplete)}


def without_lone_country(raw: Mapping[str, str], home: str) -> dict[str, str]:
    """What was typed: the country that the form begins with is no address by itself."""
    others = (raw.get(column, "") for column in _ADDRESS if column != COUNTRY)
    is_lone = raw.get(COUNTRY) == home and not any(text.strip() for text in others)
    return {**raw, COUNTRY: ""} if is_lone else dict(raw)


def _add(
    session: Session,
    raw: Mapping[str, str],
    actor: StaffMember,
    context: Context,
    *,
    anyway: bool,
) -> int:
    is_organisation = raw.get(KIND) == PatronKind.ORGANISATION.value
    return commands.add(
        runtime().staff_context(session, actor),
        kind=PatronKind.ORGANISATION if is_organisation else PatronKind.PERSON,
        raw=raw,
        free={field.name: raw[field.name] for field in FREE_FIELDS if field.name in raw},
        tags=raw.get(TAGS.name, ""),
        parsing=context,
        even_if_duplicate=anyway,
    )


def _views(error: PossibleDuplicates) -> list[DuplicateView]:
    found = error.facts["duplicates"]
    assert isinstance(found, tuple)
    return [_view(duplicate) for duplicate in found if isinstance(duplicate, Duplicate)]


def _view(duplicate: Duplicate) -> DuplicateView:
    return DuplicateView(
        name=duplicate.name,
        number=str(duplicate.number),
        href=patron_href(duplicate.number),
        email=duplicate.email,
        reasons=", ".join(DUPLICATE_WORDS[reason] for reason in duplicate.reasons),
    )
