"""The preview beside the patron list: one record at a glance, while the list stays where it is."""

from dataclasses import dataclass, field
from typing import ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.patron_list.list_state import PatronListState
from upstage_crm.admin.patrons.rows import patron_href, status_words
from upstage_crm.admin.requests.url import request_href
from upstage_crm.change_requests.reads import requests
from upstage_crm.core import when
from upstage_crm.organisation.settings import details, home
from upstage_crm.patrons import queries, tags
from upstage_crm.patrons.errors import UnknownPatron
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.patrons.visibility import NAME, FieldAccess
from upstage_crm.staff.roles import Permission, StaffMember
from upstage_crm.wiring import runtime
from upstage_crm.wording.sentences import STATE_WORDS

REQUESTS_SHOWN = 3
LONGEST = 10  # digits of a patron's number


@dataclass(frozen=True)
class Fact:
    """One field of the record: its label, and its value in lines, or its mask."""

    label: str = ""
    lines: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Asked:
    """One request of the patron."""

    reference: str = ""
    href: str = ""
    words: str = ""


@dataclass(frozen=True)
class Preview:
    """A record at a glance; without a number nothing is previewed."""

    number: str = ""
    href: str = ""
    name: str = ""
    status: str = ""
    facts: list[Fact] = field(default_factory=list)
    tags: str = ""
    note: str = ""
    requests: list[Asked] = field(default_factory=list)
    updated: str = ""


class PatronPreviewState(AdminState):
    """The preview; `preview` is what it shows."""

    permission: ClassVar[Permission | None] = Permission.VIEW_PATRONS

    preview: rx.Field[Preview] = rx.field(default_factory=Preview)

    @rx.event
    async def show(self, number: str) -> None:
        """Preview the patron with this number; the one that is previewed already is put away."""
        is_number = number.isascii() and number.isdigit() and len(number) < LONGEST
        if self._page != PatronListState.get_full_name() or not is_number:
            return
        member = self._actor()
        self.preview = await self._read(lambda session: look(session, int(number), member))

    @rx.event
    def shut(self) -> None:
        """Put the preview away."""
        self.preview = Preview()


def look(session: Session, number: int, reader: StaffMember) -> Preview:
    """The record with this number as the reader sees it; nothing when there is none."""
    try:
        record = queries.get_by_number(session, number)
    except UnknownPatron:
        return Preview()
    access = FieldAccess(reader.role, record.is_protected, (record.values,), home(session))
    now, zone = runtime().clock.now(), details(session).zone
    asked = requests.of_patron(session, record.id, limit=REQUESTS_SHOWN, reader=reader.role)
    shown = {key: access.lines(entry, record.values) for key, entry in FIELDS.items()}
    return Preview(
        number=str(number),
        href=patron_href(number),
        name=access.name(record.values, number=number),
        status=status_words(record.status),
        facts=[Fact(FIELDS[key].label, list(lines)) for key, lines in shown.items() if key != NAME],
        tags=tags.joined(tags.labels_of(session, record.id)),
        note=access.words(access.free(record.free["note"])),
        requests=[
            Asked(one.reference, request_href(one.reference), STATE_WORDS[one.state])
            for one in asked
        ],
        updated=when.ago(record.updated_at, now=now, time_zone=zone),
    )
