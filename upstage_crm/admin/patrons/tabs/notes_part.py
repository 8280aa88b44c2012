"""Notes of staff on a patron's record, drawn: the list in the tab "Overview", and the dialogs."""

from typing import Any, cast

import reflex as rx

from upstage_crm.admin.patrons.record_state import PatronRecordState
from upstage_crm.admin.patrons.tabs.note_rows import NoteView
from upstage_crm.admin.patrons.tabs.notes_state import (
    ADD,
    CHANGE,
    REMOVE,
    TEXT,
    NotesState,
)
from upstage_crm.admin.patrons.tabs.overview_state import OverviewTabState
from upstage_crm.pages.view import kept, question
from upstage_crm.patrons.details.notes import NOTE_LIMIT
from upstage_crm.ui.components.base import filled, hidden_text, show_if
from upstage_crm.ui.components.button import button
from upstage_crm.ui.components.forms.form import text_area
from upstage_crm.ui.components.page import card, inline, stack
from upstage_crm.ui.components.records.timeline import meta_line
from upstage_crm.ui.components.text import when as when_

_READ_BY_PATRON = "The patron can ask to read every note."


def notes_card() -> rx.Component:
    """Return the notes, the newest first."""
    shown = OverviewTabState.notes
    add = button(
        "Add note",
        size="small",
        icon="plus",
        on_click=NotesState.ask(ADD, PatronRecordState.subject, ""),
    )
    return card(
        rx.cond(
            cast("Any", shown).length() > 0,
            stack(rx.foreach(shown, lambda one: _note(cast("NoteView", one)))),
            rx.el.p("No notes yet.", class_name="u-muted"),
        ),
        title="Notes",
        actions=(show_if(PatronRecordState.may_edit, add),),
    )


def note_dialogs() -> rx.Component:
    """Return the dialogs; `NotesState.ask` opens one."""
    state = NotesState
    box = text_area(
        "Note",
        TEXT,
        id="note-text",
        default_value=kept(state, TEXT, state.start),
        hint=_READ_BY_PATRON,
        rows=4,
        max_length=NOTE_LIMIT,
    )
    return rx.fragment(
        question(state, ADD, box, title="Add a note", on_submit=state.add, send="Save note"),
        question(
            state, CHANGE, box, title="Edit the note", on_submit=state.change, send="Save note"
        ),
        question(
            state,
            REMOVE,
            rx.el.p(state.start, class_name="u-value u-lines", dir="auto"),
            title="Remove this note?",
            description="The audit trail keeps what it said until the patron is erased.",
            on_submit=state.remove,
            send="Remove note",
            send_variant="danger",
        ),
    )


def _note(note: NoteView) -> rx.Component:
    acts = inline(
        *(
            button(
                words,
                hidden_text(" the note of ", note.author, ", ", note.at),
                size="small",
                variant="quiet",
                on_click=NotesState.ask(dialog, PatronRecordState.subject, note.id),
            )
            for words, dialog in (("Edit", CHANGE), ("Remove", REMOVE))
        )
    )
    return rx.el.article(
        rx.el.p(note.text, class_name="u-value u-lines", dir="auto"),
        meta_line(
            note.author,
            when_(note.at, iso=note.at_iso),
            show_if(filled(note.changed), note.changed),
        ),
        show_if(cast("Any", note.can_change), acts),
    )
