"""Notes of staff as a patron's record shows them."""

from dataclasses import dataclass

from upstage_crm.admin.patrons.tabs.record_tab import Reading
from upstage_crm.core import when
from upstage_crm.patrons.details import notes


@dataclass(frozen=True)
class NoteView:
    """One note. `text` is as the viewer may read it; `can_change` only where it is whole."""

    id: str = ""
    author: str = ""
    text: str = ""
    at: str = ""
    at_iso: str = ""
    changed: str = ""
    can_change: bool = False


def read_notes(reading: Reading) -> list[NoteView]:
    """Read the notes, each as far as the viewer may read it."""
    access, found = reading.access, list[NoteView]()
    for note in notes.of_patron(reading.session, reading.record.id):
        text = access.words(access.free(note.text))
        found.append(
            NoteView(
                id=note.id,
                author=note.author,
                text=text,
                at=when.ago(note.created_at, now=reading.now, time_zone=reading.time_zone),
                at_iso=when.iso(note.created_at),
                changed=_changed(note, reading),
                # Saving what was masked would lose it.
                can_change=text == note.text and notes.may_change(reading.viewer, note),
            )
        )
    return found


def _changed(note: notes.Note, reading: Reading) -> str:
    if note.changed_at is None:
        return ""
    return f"edited {when.ago(note.changed_at, now=reading.now, time_zone=reading.time_zone)}"
