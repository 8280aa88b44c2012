"""What the tab "Overview" shows besides the record itself: contacts, household and notes."""

from dataclasses import dataclass

import reflex as rx

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.patrons.tabs.contacts_state import ContactView, read_contacts
from upstage_crm.admin.patrons.tabs.household_state import Kin, KinView, read_kin
from upstage_crm.admin.patrons.tabs.note_rows import NoteView, read_notes
from upstage_crm.admin.patrons.tabs.record_tab import Reading, RecordTabMixin


@dataclass(frozen=True)
class Overview:
    """What the tab "Overview" shows besides the record itself."""

    notes: list[NoteView]
    contacts: list[ContactView]
    kin: Kin


class OverviewTabState(RecordTabMixin, AdminState):
    """What the tab "Overview" reads besides the record itself."""

    notes: rx.Field[list[NoteView]] = rx.field(default_factory=list)
    contacts: rx.Field[list[ContactView]] = rx.field(default_factory=list)
    members: rx.Field[list[KinView]] = rx.field(default_factory=list)
    relations: rx.Field[list[KinView]] = rx.field(default_factory=list)

    def _take(self, found: Overview) -> None:
        self.notes, self.contacts = found.notes, found.contacts
        self.members, self.relations = found.kin.members, found.kin.relations


def read(reading: Reading) -> Overview:
    """Read what the tab "Overview" shows besides the record itself."""
    return Overview(read_notes(reading), read_contacts(reading), read_kin(reading))
