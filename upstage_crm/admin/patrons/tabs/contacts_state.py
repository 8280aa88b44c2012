"""Other emails and phones on a patron's record: as they are shown, and the dialogs."""

import asyncio
from dataclasses import dataclass
from typing import Any, ClassVar

import reflex as rx

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.patrons.record_state import PatronRecordState
from upstage_crm.admin.patrons.tabs.record_tab import Reading
from upstage_crm.core import when
from upstage_crm.pages.dialog_state import DialogMixin
from upstage_crm.patrons.details import contacts, edit_contacts
from upstage_crm.patrons.details.contacts import REACHES, Contact
from upstage_crm.patrons.views import ContactPlace
from upstage_crm.staff.roles import Permission
from upstage_crm.wiring import runtime

ADD, REMOVE = "add_contact", "remove_contact"
FIELD, VALUE = "field", "value"
PLACE_WORDS = {ContactPlace.SECONDARY: "Secondary", ContactPlace.PREVIOUS: "Previous"}


@dataclass(frozen=True)
class ContactView:
    """One other contact. `name` finds it again without telling a value that is masked."""

    name: str = ""
    label: str = ""
    value: str = ""
    place: str = ""
    since: str = ""
    is_suppressed: bool = False


class ContactsState(DialogMixin, AdminState):
    """The dialogs. `start` is the contact that the open one is about, as it is shown."""

    permission: ClassVar[Permission | None] = Permission.EDIT_PATRON
    dialogs: ClassVar[tuple[str, ...]] = (ADD, REMOVE)
    drafted: ClassVar[frozenset[str]] = frozenset({ADD})
    page: ClassVar[type[PatronRecordState]] = PatronRecordState

    start: str = ""

    _chosen: tuple[str, str] = ("", "")

    @rx.event
    async def ask(self, dialog: str, subject: str, place: str = "") -> None:
        """Open one of the dialogs about the record that is shown."""
        record = await self.get_state(PatronRecordState)
        if dialog not in self.dialogs or not record._is_about(subject):
            return
        chosen: Contact | None = None
        if dialog == REMOVE:
            patron_id = record._patron_id
            held = await self._read(lambda session: contacts.of_patron(session, patron_id))
            chosen = next((one for nth, one in enumerate(held) if _name(nth, one) == place), None)
            if chosen is None:
                return
        if await self._open(dialog, subject=record.subject, about=record._about(), part=place):
            self._chosen = (chosen.field, chosen.key) if chosen else ("", "")
            self.start = REACHES[chosen.field].label.lower() if chosen else ""

    @rx.event
    async def add(self, form: dict[str, Any]) -> Any:
        """Add what was typed."""
        given = self._accept(ADD, form)
        if given is None:
            return None
        record, actor = await self.get_state(PatronRecordState), self._actor()
        field, value, patron_id = given.get(FIELD, ""), given.get(VALUE, ""), record._patron_id
        parsing = await asyncio.to_thread(runtime().context)
        entry = REACHES.get(field)
        raw = {entry.columns[0]: value} if entry else {}
        return await self._run(
            lambda session: edit_contacts.add(
                runtime().staff_context(session, actor),
                patron_id=patron_id,
                field=field,
                raw=raw,
                parsing=parsing,
            ),
            "Contact saved.",
        )

    @rx.event
    async def remove(self, form: dict[str, Any]) -> Any:
        """Remove the contact."""
        if self._accept(REMOVE, form) is None:
            return None
        record, actor = await self.get_state(PatronRecordState), self._actor()
        (field, key), patron_id = self._chosen, record._patron_id
        return await self._run(
            lambda session: edit_contacts.remove(
                runtime().staff_context(session, actor),
                patron_id=patron_id,
                field=field,
                key=key,
            ),
            "Contact removed.",
        )


def read_contacts(reading: Reading) -> list[ContactView]:
    """Read the other emails and phones, each as far as the viewer may read it."""
    return [
        ContactView(
            name=_name(nth, one),
            label=REACHES[one.field].label,
            value=reading.access.show(
                REACHES[one.field], {REACHES[one.field].columns[0]: one.value}
            ),
            place=PLACE_WORDS[one.place],
            since=when.short(one.since, reading.time_zone),
            is_suppressed=one.is_suppressed,
        )
        for nth, one in enumerate(contacts.of_patron(reading.session, reading.record.id))
    ]


def _name(nth: int, contact: Contact) -> str:
    return f"{nth}-{contact.since.timestamp():.0f}"
