"""Household and relationships on a patron's record: as they are shown, and the dialogs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.patrons.record_state import PatronRecordState
from upstage_crm.admin.patrons.rows import patron_href
from upstage_crm.admin.patrons.tabs.record_tab import Reading
from upstage_crm.households import commands, queries
from upstage_crm.households.rules import RelationKind
from upstage_crm.pages.dialog_state import DialogMixin
from upstage_crm.pages.list_url import QUERY_LIMIT
from upstage_crm.patrons import queries as patrons
from upstage_crm.patrons.errors import UnknownPatron
from upstage_crm.patrons.search.patron_list import best
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, Role
from upstage_crm.wiring import runtime
from upstage_crm.wording.households import RELATION_WORDS

JOIN, LEAVE, HEAD = "join", "leave", "head"
RELATE, UNRELATE = "relate", "unrelate"
KIND = "kind"
MOST = 6  # patrons that are offered


@dataclass(frozen=True)
class KinView:
    """Another patron, or the patron's own place in the household. `words` say what they are."""

    number: str = ""
    name: str = ""
    href: str = ""
    words: str = ""
    is_head: bool = False


@dataclass(frozen=True)
class Kin:
    """The members of the household, the head first, and the relationships."""

    members: list[KinView]
    relations: list[KinView]


@dataclass(frozen=True)
class Match:
    """A patron that is offered by name: `name` is the number, by which the patron is known."""

    name: str = ""
    group: str = ""
    words: str = ""
    detail: str = ""


class HouseholdState(DialogMixin, AdminState):
    """The dialogs. `other` is the number of the patron that the open one is about.

    It is `chosen` by name among those `found` for `asked`. The browser shows them under exactly
    those words.
    """

    permission: ClassVar[Permission | None] = Permission.EDIT_PATRON
    dialogs: ClassVar[tuple[str, ...]] = (JOIN, LEAVE, HEAD, RELATE, UNRELATE)
    page: ClassVar[type[PatronRecordState]] = PatronRecordState

    other: str = ""
    chosen: str = ""
    asked: str = ""
    found: rx.Field[list[Match]] = rx.field(default_factory=list)

    @rx.event
    async def ask(self, dialog: str, subject: str, other: str = "") -> None:
        """Open one of the dialogs about the record that is shown."""
        record = await self.get_state(PatronRecordState)
        if dialog not in self.dialogs or not record._is_about(subject):
            return
        if await self._open(dialog, subject=record.subject, about=record._about(), part=other):
            self.other = other[:10]

    @rx.event
    async def find(self, words: str) -> None:
        """Find patrons by what is typed; without words, forget who was found."""
        asked = words.strip()[:QUERY_LIMIT] if isinstance(words, str) and self.dialog else ""
        reader = self._actor().role
        found = await self._read(lambda s: matches(s, asked, reader=reader)) if asked else []
        self.asked, self.found = asked, found

    @rx.event
    async def choose(self, number: str, name: str) -> None:
        """Take one of those who were found."""
        about = (number, name)
        one = next((m for m in self.found if (m.name, m.words) == about), None)
        if one is not None:
            self.other, self.chosen, self.refusal = one.name, one.words, ""
        self.asked, self.found = "", []

    @rx.event
    async def join(self, form: dict[str, Any]) -> Any:
        """Let the patron who was chosen live in this one's household."""

        def run(context: StaffContext[object], own: str, other: str, _given: object) -> None:
            commands.join(context, patron_id=own, other_id=other)

        return await self._step(JOIN, form, run, "Added to the household.")

    @rx.event
    async def leave(self, form: dict[str, Any]) -> Any:
        """Let a member leave the household."""

        def run(context: StaffContext[object], _own: str, other: str, _given: object) -> None:
            commands.leave(context, patron_id=other)

        return await self._step(LEAVE, form, run, "Left the household.")

    @rx.event
    async def make_head(self, form: dict[str, Any]) -> Any:
        """Make a member the head of the household."""

        def run(context: StaffContext[object], _own: str, other: str, _given: object) -> None:
            commands.make_head(context, patron_id=other)

        return await self._step(HEAD, form, run, "Saved.")

    @rx.event
    async def relate(self, form: dict[str, Any]) -> Any:
        """Note what the patron who was chosen is to this one."""

        def run(context: StaffContext[object], own: str, other: str, given: dict[str, str]) -> None:
            kind = given.get(KIND, "")
            commands.relate(
                context,
                patron_id=own,
                other_id=other,
                kind=RelationKind(kind) if kind in set(RelationKind) else RelationKind.PARTNER,
            )

        return await self._step(RELATE, form, run, "Relationship saved.")

    @rx.event
    async def unrelate(self, form: dict[str, Any]) -> Any:
        """Take a relationship away."""

        def run(context: StaffContext[object], own: str, other: str, _given: object) -> None:
            commands.unrelate(context, patron_id=own, other_id=other)

        return await self._step(UNRELATE, form, run, "Relationship removed.")

    async def _step(
        self,
        dialog: str,
        form: object,
        command: Callable[[StaffContext[object], str, str, dict[str, str]], None],
        words: str,
    ) -> Any:
        given = self._accept(dialog, form)
        if given is None:
            return None
        record, actor = await self.get_state(PatronRecordState), self._actor()
        own, number = record._patron_id, self.other

        def run(session: Session) -> None:
            other = _id_of(session, number)
            command(runtime().staff_context(session, actor), own, other, given)

        return await self._run(run, words)


def matches(session: Session, words: str, *, reader: Role) -> list[Match]:
    """The patrons whom `words` find, a few, as far as this role may read them."""
    lines = best(session, words, most=MOST, reader=reader)
    return [
        Match(
            name=str(line.number),
            group="Patrons",
            words=line.name,
            detail=" · ".join(filter(None, (line.email or line.phone, line.city))),
        )
        for line in lines
    ]


def read_kin(reading: Reading) -> Kin:
    """Read the household and the relationships, each name as far as the viewer may read it."""
    session, own, reader = reading.session, reading.record.id, reading.viewer.role
    household = queries.household_of(session, own, reader=reader)
    return Kin(
        members=[
            KinView(
                number=str(one.number),
                name=one.name,
                href=patron_href(one.number),
                words="Head of the household" if one.is_head else "",
                is_head=one.is_head,
            )
            for one in (household.members if household else ())
        ],
        relations=[
            KinView(
                number=str(one.number),
                name=one.name,
                href=patron_href(one.number),
                words=RELATION_WORDS[one.kind],
            )
            for one in queries.relations_of(session, own, reader=reader)
        ],
    )


def _id_of(session: Session, number: str) -> str:
    """The id of the patron with a typed number. Raises UnknownPatron."""
    text = number.lstrip("#")
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise UnknownPatron
    return patrons.get_by_number(session, int(text)).id
